"""Milestones: thresholds of function a goal has passed, or a return; never for logging in.

Each rule is a pure function over everything known, so a correction changes its answer: what was
reached and is no longer is *retracted*. A milestone is known by (kind, level) within its goal.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from adherence.domain.goals import (
    SYMPTOM_DAYS,
    Goal,
    GoalDay,
    Measure,
    Rating,
    progress_of,
    values_in_order,
)
from adherence.domain.schedules import WEEK, monday_of
from adherence.domain.zones import DAY

# All customary, unverified: parameters.
BREAK_DAYS = 7
SUSTAINED_SHARE = 0.8
SUSTAINED_LEVELS = (2, 4, 8, 12)  # weeks
LEAST_SYMPTOM_VALUES = 3

_PASSED = 1e-9  # tolerance for sums of decimal fractions


class MilestoneKind(StrEnum):
    """What was reached."""

    LEVEL_REACHED = "level_reached"
    HALFWAY = "halfway"
    TARGET_REACHED = "target_reached"
    FIRST_ALL_DONE = "first_all_done"
    RETURN_AFTER_BREAK = "return_after_break"
    SUSTAINED_WEEKS = "sustained_weeks"

    @property
    def definition(self) -> str:
        """The key of the sentence that tells a reader exactly when this is reached."""
        return f"milestone.{self.value}.definition"


@dataclass(frozen=True, slots=True, order=True)
class Reached:
    """One milestone and the local day of its first being reached. ``level`` tells those of a kind
    apart: GAS level, percent, weeks, or the ordinal of the day of a return."""

    kind: MilestoneKind
    level: int
    day: date


def from_ratings(
    goal: Goal, ratings: Iterable[Rating], least_values: int = LEAST_SYMPTOM_VALUES
) -> set[Reached]:
    """The milestones of function: halfway (level 50), target (100), and each level of a ladder.

    *Halfway*, *target reached*: the first day on which (current - baseline) / (target - baseline)
    was at least 1/2, 1. A ladder has no halfway; instead *level reached* for every other level
    above the baseline. A symptom's mean counts once it rests on ``least_values``. Falling back
    later takes nothing away. Nothing is reached without a baseline.
    """
    reached: dict[tuple[MilestoneKind, int], date] = {}
    values = values_in_order(ratings)
    start = 0
    for n, (day, _) in enumerate(values, 1):
        while values[start][0] <= day - SYMPTOM_DAYS * DAY:
            start += 1
        now = progress_of(goal, values[start:n])
        if now.share is None or now.current is None:
            continue
        if goal.measure is Measure.SYMPTOM and now.n_current < least_values:
            continue
        for passed in _passed(goal, now.share, now.current):
            reached.setdefault(passed, day)
    return {Reached(kind, level, day) for (kind, level), day in reached.items()}


def _passed(goal: Goal, share: float, current: float) -> list[tuple[MilestoneKind, int]]:
    passed = []
    if share >= 1 - _PASSED:
        passed.append((MilestoneKind.TARGET_REACHED, 100))
    if goal.measure is Measure.GAS:
        passed += [
            (MilestoneKind.LEVEL_REACHED, level)
            for level in range(-2, 3)
            if goal.baseline is not None and goal.baseline < level <= current
            if level != goal.target
        ]
    elif share >= 0.5 - _PASSED:
        passed.append((MilestoneKind.HALFWAY, 50))
    return passed


def first_all_done(days: Sequence[GoalDay]) -> Reached | None:
    """The first day on which something was asked for the goal and all of it was done (level 1)."""
    for day in days:
        if day.asked and day.done == day.asked:
            return Reached(MilestoneKind.FIRST_ALL_DONE, 1, day.day)
    return None


def returns(days: Sequence[GoalDay], break_days: int = BREAK_DAYS) -> list[Reached]:
    """Each first active day after a break.

    A break: at least ``break_days`` whole days without activity after an active one, in which
    something was asked or excused (a plan that asks for nothing is no break). The level is the
    ordinal of the day of the return.
    """
    found = []
    last_active: date | None = None
    was_expected = False
    for day in days:
        if day.active:
            if last_active and was_expected and (day.day - last_active).days > break_days:
                level = day.day.toordinal()
                found.append(Reached(MilestoneKind.RETURN_AFTER_BREAK, level, day.day))
            last_active, was_expected = day.day, False
        else:
            was_expected = was_expected or day.asked + day.excused > 0
    return found


@dataclass(frozen=True, slots=True)
class GoalWeek:
    """One local week of a goal, by its Monday: see ``GoalDay``."""

    monday: date
    asked: int
    done: int
    settled: bool


def goal_weeks(days: Iterable[GoalDay], settled_on: date) -> list[GoalWeek]:
    """The weeks of the days, in order. A week is settled once all its days are, empty ones too."""
    weeks: dict[date, list[GoalDay]] = {}
    for day in days:
        weeks.setdefault(monday_of(day.day), []).append(day)
    return [
        GoalWeek(
            monday=monday,
            asked=sum(day.asked for day in of_week),
            done=sum(day.done for day in of_week),
            settled=monday + WEEK <= settled_on,
        )
        for monday, of_week in sorted(weeks.items())
    ]


def is_kept(asked: int, done: int, share: float) -> bool | None:
    """Whether at least ``share`` of a week was done; None if nothing was asked in it."""
    return done / asked >= share - _PASSED if asked else None


def sustained(
    weeks: Sequence[GoalWeek],
    share: float = SUSTAINED_SHARE,
    levels: Sequence[int] = SUSTAINED_LEVELS,
) -> list[Reached]:
    """For each of ``levels``, the first time so many weeks in a row were kept.

    Kept: settled, with done / asked at least ``share``. Weeks with nothing asked (paused, nothing
    planned) bridge; weeks not settled are not looked at. The day is the last of the last week.
    """
    found = []
    run = best = 0
    for week in weeks:
        kept = is_kept(week.asked, week.done, share)
        if kept is None or not week.settled:
            continue
        run = run + 1 if kept else 0
        if run > best:
            best = run
            if run in levels:
                last_day = week.monday + WEEK - DAY
                found.append(Reached(MilestoneKind.SUSTAINED_WEEKS, run, last_day))
    return found


def newly(
    reached: Iterable[Reached], already: Collection[tuple[MilestoneKind, int]]
) -> list[Reached]:
    """Those reached whose (kind, level) has not been awarded yet, by day."""
    new = [each for each in reached if (each.kind, each.level) not in already]
    return sorted(new, key=lambda each: (each.day, each))


def retracted(
    reached: Iterable[Reached], already: Iterable[tuple[MilestoneKind, int]]
) -> list[tuple[MilestoneKind, int]]:
    """Those awarded that no longer follow from the record: the entry beneath was corrected away."""
    standing = {(each.kind, each.level) for each in reached}
    return sorted(set(already) - standing)
