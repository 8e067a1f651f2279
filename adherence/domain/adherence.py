"""How much of what was asked was done: counts, denominators and honest bands.

Every figure can be computed again from ``DaySum`` rows, one per activity and local day. Rows do not
know what time it is: what is still open on a day turns from *upcoming* into *unreported* at
``open_until``, whoever reads it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import add, attrgetter
from uuid import UUID

from adherence.domain.activities import Activity
from adherence.domain.entries import Entry, Status
from adherence.domain.matching import Extra, Outcome
from adherence.domain.pauses import Pause, covers
from adherence.domain.schedules import ScheduleKind
from adherence.domain.values import light

# Customary, unverified: a programme parameter (share of the prescribed interval).
TIMING_TOLERANCE = 0.25


@light
@dataclass(frozen=True, slots=True)
class DaySum:
    """What one activity asked on one local day, and what became of it, without a clock.

    ``asked`` counts occurrences that no pause excuses. ``share`` is the sum of the shares done over
    them, ``unmeasured`` how many were partly done without an amount. ``doses`` is the amount done
    in units of the amount asked, uncapped and with extras, on days that are not excused; ``volume``
    is all that was done. Pain and effort are those of the entries that count on the day: 0 is a
    value, "prefer not to say" is none. ``open_until`` is when the last open window closes: None if
    nothing is open or it never closes. ``answered_until`` is when the latest of the entries that
    answer an occurrence was performed.
    """

    day: date
    activity_id: UUID | None
    asked: int = 0
    done: int = 0
    partly: int = 0
    skipped: int = 0
    missed: int = 0
    excused: int = 0
    extra: int = 0
    share: float = 0.0
    unmeasured: int = 0
    pain_n: int = 0
    pain_sum: int = 0
    pain_max: int | None = None
    effort_n: int = 0
    effort_sum: int = 0
    volume: float = 0.0
    doses: float = 0.0
    open_until: datetime | None = None
    answered_until: datetime | None = None

    @property
    def open(self) -> int:
        """How many occurrences nothing was reported for: upcoming, or unreported by now."""
        return self.asked - self.done - self.partly - self.skipped - self.missed

    def unreported(self, now: datetime) -> int:
        """How many of the open ones are past: all of them once the day's last window closed."""
        return self.open if self.open_until is not None and self.open_until <= now else 0

    @property
    def is_active(self) -> bool:
        """Whether something was done on the day, asked or not, paused or not."""
        return self.done + self.partly + self.extra > 0 or self.volume > 0


def day_sums(outcomes: Iterable[Outcome], extras: Iterable[Extra]) -> dict[date, DaySum]:
    """One row for each local day on which an occurrence or an entry of the activity counts.

    Days are those of account (``Outcome.on``, ``Extra.on``), so rows of different periods never
    overlap. Optional occurrences are never asked: done, they are extras, as is all that is taken
    as needed. An extra that says "not done" is no extra.
    """
    on_day: dict[date, tuple[list[Outcome], list[Extra]]] = defaultdict(lambda: ([], []))
    for outcome in outcomes:
        on_day[outcome.on][0].append(outcome)
    for extra in extras:
        on_day[extra.on][1].append(extra)
    return {day: _day_sum(day, *on_day[day]) for day in sorted(on_day)}


_NO_STATUS = dict.fromkeys(Status, 0)


def _day_sum(day: date, outcomes: Sequence[Outcome], extras: Sequence[Extra]) -> DaySum:
    count = _NO_STATUS.copy()
    asked = excused = extra = unmeasured = 0
    share = volume = doses = 0.0
    is_endless, open_until, answered_until = False, None, None
    entries: list[Entry] = []
    for outcome in outcomes:
        if outcome.entry is not None:
            entries.append(outcome.entry)
            answered_at = outcome.entry.performed_at
            if answered_until is None or answered_at > answered_until:
                answered_until = answered_at
            volume += outcome.volume
        if outcome.optional:
            extra += outcome.status in _DOING
            continue
        if outcome.status is Status.EXCUSED:
            excused += 1
            continue
        asked += 1
        count[outcome.status] += 1
        doses += outcome.doses or 0.0
        if outcome.share is None:
            unmeasured += 1
        else:
            share += outcome.share
        if outcome.entry is None:
            closes_at = outcome.occurrence.closes_at
            if closes_at is None:
                is_endless = True
            elif open_until is None or closes_at > open_until:
                open_until = closes_at
    for each in extras:
        entries.append(each.entry)
        if each.entry.is_doing:
            extra += 1
            volume += each.volume
            doses += 0.0 if each.excused else each.doses or 0.0
    pains = [entry.pain for entry in entries if entry.pain is not None]
    efforts = [entry.effort for entry in entries if entry.effort is not None]
    one = outcomes[0].occurrence if outcomes else extras[0].entry
    return DaySum(
        day=day,
        activity_id=one.activity_id,
        asked=asked,
        done=count[Status.DONE],
        partly=count[Status.PARTLY],
        skipped=count[Status.SKIPPED],
        missed=count[Status.MISSED],
        excused=excused,
        extra=extra,
        share=share,
        unmeasured=unmeasured,
        pain_n=len(pains),
        pain_sum=sum(pains),
        pain_max=max(pains, default=None),
        effort_n=len(efforts),
        effort_sum=sum(efforts),
        volume=volume,
        doses=doses,
        open_until=None if is_endless else open_until,
        answered_until=answered_until,
    )


def with_extras(before: DaySum, extras: Sequence[Extra]) -> DaySum:
    """The row of a day with some more extras, the same as from all its entries anew."""
    after = _day_sum(before.day, (), extras)
    pains = [pain for pain in (before.pain_max, after.pain_max) if pain is not None]
    return replace(
        before,
        extra=before.extra + after.extra,
        pain_n=before.pain_n + after.pain_n,
        pain_sum=before.pain_sum + after.pain_sum,
        pain_max=max(pains, default=None),
        effort_n=before.effort_n + after.effort_n,
        effort_sum=before.effort_sum + after.effort_sum,
        volume=before.volume + after.volume,
        doses=before.doses + after.doses,
    )


def is_all_answered(one: DaySum, at: datetime) -> bool:
    """Whether every occurrence of the day is answered by an entry performed before ``at``.

    False where a pause excuses some, or nothing was asked: then a row does not say it.
    """
    return (
        one.asked > 0
        and one.open == 0
        and one.excused == 0
        and one.answered_until is not None
        and one.answered_until < at
    )


_DOING = (Status.DONE, Status.PARTLY)
_SAME = 1e-9  # between sums of decimal fractions


@dataclass(frozen=True, slots=True)
class Adherence:
    """The counts behind an adherence figure, so that a reader always sees the denominator.

    Session adherence is ``done`` of ``due``; dose adherence is the mean share of the amount asked
    over ``due``, absent = 0, each occurrence capped at 1 so that Friday cannot repay Monday.

    Source: "implementation" in Vrijens et al. 2012, doi:10.1111/j.1365-2125.2012.04167.x.
    """

    done: int = 0
    partly: int = 0
    skipped: int = 0
    missed: int = 0
    unreported: int = 0
    excused: int = 0
    upcoming: int = 0
    extra: int = 0
    share_sum: float = 0.0
    unmeasured: int = 0

    @property
    def due(self) -> int:
        """The denominator: done, partly, skipped, missed and unreported."""
        return self.done + self.partly + self.skipped + self.missed + self.unreported

    @property
    def rate(self) -> float | None:
        """The confirmed share, done / due, 0.0 to 1.0; None when nothing was due."""
        return self.done / self.due if self.due else None

    @property
    def band(self) -> tuple[float, float] | None:
        """From confirmed to confirmed + not reported, of due; None when nothing was due."""
        due = self.due
        return (self.done / due, (self.done + self.unreported) / due) if due else None

    @property
    def dose_band(self) -> tuple[float, float] | None:
        """The mean share of the amount asked: from what is known to what is possible.

        The upper edge takes what was not reported, and what was partly done without an amount, as
        done. None when nothing was due.
        """
        due = self.due
        if not due:
            return None
        possible = self.share_sum + self.unmeasured + self.unreported
        return min(1.0, self.share_sum / due), min(1.0, possible / due)

    def __add__(self, other: "Adherence") -> "Adherence":
        return Adherence(*map(add, _counts(self), _counts(other)))


_counts = attrgetter(*(each.name for each in fields(Adherence)))


def adherence(rows: Iterable[DaySum], now: datetime) -> Adherence:
    """The counts of any set of rows (days, activities) as of ``now``."""
    done = partly = skipped = missed = unreported = excused = upcoming = extra = unmeasured = 0
    share = 0.0
    for row in rows:
        done += row.done
        partly += row.partly
        skipped += row.skipped
        missed += row.missed
        excused += row.excused
        extra += row.extra
        share += row.share
        unmeasured += row.unmeasured
        past = row.unreported(now)
        unreported += past
        upcoming += row.open - past
    return Adherence(
        done, partly, skipped, missed, unreported, excused, upcoming, extra, share, unmeasured
    )


class NothingDue(StrEnum):
    """Why there is no figure: nothing due is its own answer, neither 0 % nor 100 %."""

    NO_PLAN = "no_plan"
    NOT_STARTED = "not_started"
    PAUSED = "paused"
    AS_NEEDED_ONLY = "as_needed_only"
    NOTHING_PLANNED = "nothing_planned"


def why_nothing_due(
    activities: Sequence[Activity], pauses: Sequence[Pause], first: date, until: date
) -> NothingDue:
    """The reason to show where nothing was due on the days [first, until).

    In this order: no activity at all; none begins before ``until``; all that run are as needed; a
    pause lies on the period for all the others; else the plan has nothing on these days.
    """
    if not activities:
        return NothingDue.NO_PLAN
    running = []
    has_begun = False
    for activity in activities:
        revision = activity.revision_on(until - timedelta(days=1))
        if revision is None or revision.schedule.starts_on >= until:
            continue
        has_begun = True
        if activity.ended_on is None or activity.ended_on > first:
            running.append((activity, revision))
    if not has_begun:
        return NothingDue.NOT_STARTED
    asked = [each for each in running if each[1].schedule.kind is not ScheduleKind.AS_NEEDED]
    if running and not asked:
        return NothingDue.AS_NEEDED_ONLY
    days = [first + timedelta(days=n) for n in range((until - first).days)]
    if asked and all(
        any(covers(pauses, activity.id, day) for day in days) for activity, _ in asked
    ):
        return NothingDue.PAUSED
    return NothingDue.NOTHING_PLANNED


@dataclass(frozen=True, slots=True)
class Share:
    """A count with its denominator. ``unknown`` of the denominator could not be told: no record.

    ``count`` may exceed ``of`` (extra doses); cap it for display only.
    """

    count: float
    of: int
    unknown: int = 0

    @property
    def rate(self) -> float:
        """count / of, as it is."""
        return self.count / self.of


def doses_taken(rows: Iterable[DaySum], now: datetime) -> Share | None:
    """Taking adherence: doses taken / doses due, raw; None when nothing was due.

    Rows of one activity. A dose is the amount one occurrence asks for; extra doses count, so it
    may exceed 1. Doses not reported count as due and unknown; upcoming and excused ones are in
    neither number.

    Source: definition in Vrijens et al. 2012, doi:10.1111/j.1365-2125.2012.04167.x.
    """
    taken, total = 0.0, Adherence()
    for row in rows:
        taken += row.doses
        total += adherence((row,), now)
    return Share(taken, total.due, total.unreported) if total.due else None


def correct_dosing_days(rows: Iterable[DaySum], now: datetime) -> Share | None:
    """Days on which the number of doses taken was exactly the number due / days with any due.

    Only days of which every window has closed or been answered; rows of one activity. A dose partly
    taken is not a whole one. Days with something not reported count as unknown. None when there is
    no such day.
    """
    correct = days = unknown = 0
    for row in rows:
        if not row.asked or row.open > row.unreported(now):
            continue
        days += 1
        unknown += row.open > 0
        correct += not row.open and not row.partly and abs(row.doses - row.asked) < _SAME
    return Share(correct, days, unknown) if days else None


def active_days(rows: Iterable[DaySum], now: datetime) -> Share | None:
    """Frequency: days with anything done / days on which something was due; None if none was."""
    prescribed: dict[date, int] = defaultdict(int)
    active: set[date] = set()
    unknown: dict[date, int] = defaultdict(int)
    for row in rows:
        past = row.unreported(now)
        prescribed[row.day] += row.asked - row.open + past
        unknown[row.day] += past
        if row.done or row.partly:
            active.add(row.day)
    days = [day for day, due in prescribed.items() if due]
    if not days:
        return None
    silent = sum(1 for day in days if day not in active and unknown[day])
    return Share(sum(1 for day in days if day in active), len(days), silent)


def timing(outcomes: Sequence[Outcome], tolerance: float = TIMING_TOLERANCE) -> Share | None:
    """Intervals between doses that were as prescribed, within ``tolerance`` / intervals judged.

    An interval runs from a dose taken to the next one taken; prescribed is the time between the
    first one's due instant and that of the next dose due, so that a dose left out makes it too
    long. Both are instants, so a night of changing clocks is no fault. Excused doses end an
    interval; one with an unreported dose inside counts as unknown. ``tolerance`` is a share of the
    prescribed interval (customary, unverified: a parameter). None when there is no interval.
    """
    kept = judged = unknown = 0
    last: Outcome | None = None
    prescribed = timedelta(0)
    has_silence = False
    for outcome in sorted(outcomes, key=_when_due):
        due_at, entry = outcome.occurrence.due_at, outcome.entry
        if due_at is None or outcome.status is Status.UPCOMING:
            continue
        if outcome.status is Status.EXCUSED:
            last = None
            continue
        if last is not None and not prescribed and last.occurrence.due_at is not None:
            prescribed = due_at - last.occurrence.due_at
        if entry is None or outcome.status not in _DOING:
            has_silence = has_silence or entry is None
            continue
        if last is not None and last.entry is not None:
            judged += 1
            apart = entry.performed_at - last.entry.performed_at
            if has_silence:
                unknown += 1
            elif abs(apart - prescribed) <= tolerance * prescribed:
                kept += 1
        last, prescribed, has_silence = outcome, timedelta(0), False
    return Share(kept, judged, unknown) if judged else None


def _when_due(outcome: Outcome) -> tuple[date, int]:
    return outcome.occurrence.day, outcome.occurrence.slot
