"""Dose logs: when doses were taken, beside how many were due, one patient and medication at a time.

A log is complete when a device records every dose, so that no record means not taken; otherwise a
dose is taken, reported missed, or not reported, and the share taken is a band from what is
confirmed to what would be if everything not reported had been taken. Days away (hospital, pauses)
and days without a dose due are not counted. Times are those of the clock on the wall.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from math import isfinite

from adherence.domain.errors import InvalidInput
from adherence.domain.persistence import HOLIDAY_DAYS, drug_holidays

TOLERANCE = 0.25
"""Share of the prescribed interval it may be shorter or longer by: customary, not verified."""
SLACK = 1e-9
"""Hours of slack when an interval is compared, so that rounding never decides."""

NOTHING_DUE = "no dose was due"
NO_INTERVAL = "timing: no interval between two doses"


@dataclass(frozen=True, slots=True)
class Regimen:
    """``doses`` due on ``first`` and on every ``every``th day from it through ``last``.

    A dose taken between two such days counts for the earlier one. No doses: taken as needed, so
    nothing is due.
    """

    first: date
    last: date
    doses: int
    every: int = 1

    def __post_init__(self) -> None:
        if self.doses < 0:
            raise InvalidInput("doses", "negative")
        if self.every < 1:
            raise InvalidInput("every", "not_positive")
        if self.last < self.first:
            raise InvalidInput("last", "before_first")

    def due_day(self, day: date) -> date:
        """The day with doses due that ``day``, which is not before ``first``, belongs to."""
        return day - timedelta(days=(day - self.first).days % self.every)

    @property
    def interval(self) -> float | None:
        """Hours between two doses as prescribed; None when nothing is due."""
        return 24 * self.every / self.doses if self.doses else None


@dataclass(frozen=True, slots=True)
class DoseRule:
    """What the dose-log measures depend on besides the log.

    ``complete``: no record of a dose means it was not taken. ``day_begins``: a dose before that
    time counts for the day before. ``once_within``: records closer than this count as one dose.
    ``holiday_days``: days without a dose that make a drug holiday.
    """

    complete: bool = True
    tolerance: float = TOLERANCE
    holiday_days: int = HOLIDAY_DAYS
    day_begins: time = time(0)
    once_within: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if not (isfinite(self.tolerance) and self.tolerance >= 0):
            raise InvalidInput("tolerance", "negative")
        if self.holiday_days < 1:
            raise InvalidInput("holiday_days", "not_positive")
        if self.once_within < timedelta(0):
            raise InvalidInput("once_within", "negative")


@dataclass(frozen=True, slots=True)
class DoseQuestion:
    """The dose-log measures from ``first`` through ``last``; None: as long as doses were due."""

    rule: DoseRule = field(default_factory=DoseRule)
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.last < self.first:
            raise InvalidInput("last", "before_first")


@dataclass(frozen=True, slots=True)
class DoseMeasures:
    """The measures of one log; a share is None where it is not computable, and ``reason`` says why.

    ``days`` are those with a dose due. ``taking`` may exceed 1; ``taking_at_most`` is what it would
    be if every dose not reported had been taken.
    """

    days: int
    doses_due: int
    doses_taken: int
    doses_missed: int
    doses_unreported: int
    taking: float | None
    taking_at_most: float | None
    correct_days: int
    correct_dosing: float | None
    intervals: int
    timely_intervals: int
    timing: float | None
    holidays: int | None
    holiday_days: int | None
    reason: str | None


def dose_measures(
    taken: Iterable[datetime],
    missed: Iterable[datetime],
    regimens: Sequence[Regimen],
    away: Sequence[tuple[date, date]] = (),
    question: DoseQuestion | None = None,
) -> DoseMeasures:
    """Return the measures of the doses ``taken``, and reported ``missed``, under the ``regimens``.

    ``away`` are spans of days, both ends inside, that are not counted. No two regimens overlap.
    Doses on days that belong to no day with a dose due count nowhere.
    """
    question = question or DoseQuestion()
    rule = question.rule
    doses = _placed(_once(taken, rule.once_within), regimens, rule)
    counts = Counter(day for _, day, _ in doses)
    reported = Counter(day for _, day, _ in _placed(missed, regimens, rule))
    had, told = counts.get, reported.get
    days: dict[date, tuple[int, int]] = {}
    due = taken_in_all = missed_in_all = correct = 0
    for regimen in regimens:
        asked = regimen.doses
        for day in _due_days(regimen, question):
            if away and _is_away(day, away):
                continue
            done = had(day, 0)
            left = asked - done if done < asked else 0
            said = left if rule.complete else min(told(day, 0), left)
            days[day] = (done, left - said)
            due += asked
            taken_in_all += done
            missed_in_all += said
            correct += done == asked
    unreported = sum(open_still for _, open_still in days.values())
    intervals = _intervals(doses, days, away, rule)
    timely = sum(
        abs(hours - prescribed) <= rule.tolerance * prescribed + SLACK
        for hours, prescribed in intervals
    )
    # A day about which too little is known is no day without a dose.
    runs = drug_holidays(
        ((day, 1, done + open_still) for day, (done, open_still) in days.items()),
        rule.holiday_days,
    )
    reason = NOTHING_DUE if not due else None if intervals else NO_INTERVAL
    return DoseMeasures(
        days=len(days),
        doses_due=due,
        doses_taken=taken_in_all,
        doses_missed=missed_in_all,
        doses_unreported=unreported,
        taking=taken_in_all / due if due else None,
        taking_at_most=(taken_in_all + unreported) / due if due else None,
        correct_days=correct,
        correct_dosing=correct / len(days) if days else None,
        intervals=len(intervals),
        timely_intervals=timely,
        timing=timely / len(intervals) if intervals else None,
        holidays=None if runs is None else len(runs),
        holiday_days=None if runs is None else sum(run.days for run in runs),
        reason=reason,
    )


def _once(taken: Iterable[datetime], within: timedelta) -> list[datetime]:
    """The moments in order; one less than ``within`` after the last that counts is left out."""
    kept: list[datetime] = []
    for moment in sorted(taken):
        if not kept or moment - kept[-1] >= within:
            kept.append(moment)
    return kept


_Placed = tuple[datetime, date, Regimen | None]


def _placed(
    moments: Iterable[datetime], regimens: Sequence[Regimen], rule: DoseRule
) -> list[_Placed]:
    """Each moment with the day it counts for and the regimen of that day."""
    begins = timedelta(hours=rule.day_begins.hour, minutes=rule.day_begins.minute)
    found: list[_Placed] = []
    one: Regimen | None = None
    for moment in moments:
        day = (moment - begins).date() if begins else moment.date()
        if one is None or not one.first <= day <= one.last:
            one = next((each for each in regimens if each.first <= day <= each.last), None)
        if one is not None and one.every > 1:
            found.append((moment, one.due_day(day), one))
        else:
            found.append((moment, day, one))
    return found


def _due_days(regimen: Regimen, question: DoseQuestion) -> Iterator[date]:
    """The days with a dose due that the question asks about, in order."""
    if not regimen.doses:
        return iter(())
    first = max(regimen.first, question.first or regimen.first)
    last = min(regimen.last, question.last or regimen.last).toordinal()
    if (begins := regimen.due_day(first)) < first:
        begins += timedelta(days=regimen.every)
    return map(date.fromordinal, range(begins.toordinal(), last + 1, regimen.every))


def _is_away(day: date, away: Sequence[tuple[date, date]]) -> bool:
    return any(first <= day <= last for first, last in away)


def _intervals(
    doses: Sequence[_Placed],
    days: dict[date, tuple[int, int]],
    away: Sequence[tuple[date, date]],
    rule: DoseRule,
) -> list[tuple[float, float]]:
    """Hours between doses that follow each other under one regimen, and the hours prescribed.

    Left out: an interval with a day away in it, and one that touches a day with a dose nobody
    reported on, because a dose may lie in it.
    """
    found = []
    for (before, first, one), (after, last, other) in pairwise(
        dose for dose in doses if dose[1] in days
    ):
        if one is not other or one is None or one.interval is None:
            continue
        if any(came <= last and first <= went for came, went in away):
            continue
        if not rule.complete and any(days.get(day, (0, 0))[1] for day in _span(first, last)):
            continue
        found.append(((after - before).total_seconds() / 3600, one.interval))
    return found


def _span(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` through ``last``."""
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
