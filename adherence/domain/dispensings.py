"""Dispensings: how long what was handed out lasts, given what was prescribed and days in hospital.

A dispensing is a quantity; it becomes supplies, with days, by the daily dose prescribed while it is
used up. One patient and one medication at a time. Periods are half-open local days.

Terms and options are those of AdhereR's ``compute_event_durations`` and ``time_to_initiation``
(Dima and Dediu 2017, doi:10.1371/journal.pone.0174426), after their manual and its worked examples.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from math import isfinite

from adherence.domain.errors import InvalidInput

SMALLEST = 1e-9
"""Days of supply below which nothing is left."""


class While(StrEnum):
    """What happens to supply in hand while it is not used as usual."""

    CONTINUE = "continue"  # it is used up all the same
    DISCARD = "discard"  # what is left is lost
    CARRY_OVER = "carryover"  # what is left is used afterwards


class Unused(StrEnum):
    """Why a dispensing has no duration."""

    NOTHING_PRESCRIBED = "nothing was prescribed"
    BEFORE_PRESCRIPTION = "dispensed before the first prescription"
    DISCARDED = "discarded: dispensed while its use was interrupted"
    NEVER_USED = "never used: its use was interrupted and not resumed"


class Uninitiated(StrEnum):
    """Why there is no time to initiation."""

    NEVER = "never dispensed after it was prescribed"
    NOT_BEFORE_NEXT = "not dispensed before the next prescription"
    NOT_BY_END = "not dispensed by the end of the data"
    AFTER_END = "prescribed after the end of the data"


@dataclass(frozen=True, slots=True)
class Prescription:
    """A daily dose from ``on`` for ``days`` days; None: until the next one, or without an end."""

    on: date
    daily_dose: float
    days: int | None = None

    def __post_init__(self) -> None:
        if not (isfinite(self.daily_dose) and self.daily_dose > 0):
            raise InvalidInput("daily_dose", "not_positive")
        if self.days is not None and self.days < 1:
            raise InvalidInput("days", "not_positive")


@dataclass(frozen=True, slots=True)
class Dispensing:
    """A quantity handed out on a day, in the unit of the daily dose."""

    on: date
    quantity: float

    def __post_init__(self) -> None:
        if not (isfinite(self.quantity) and self.quantity > 0):
            raise InvalidInput("quantity", "not_positive")


@dataclass(frozen=True, slots=True)
class Course:
    """A prescribed stretch at one daily dose; ``until`` is outside, None without an end."""

    start: date
    until: date | None
    daily_dose: float


@dataclass(frozen=True, slots=True)
class Supply:
    """Supply in use from ``start`` for ``duration`` days (fractional at the end).

    ``course`` is what was prescribed at its start, or last before it. ``days_continued`` of its
    days fall into stays or interruptions during which it was used all the same; ``days_waited`` is
    how long the rest then waits for its use to resume.
    """

    dispensed_on: date
    start: date
    duration: float
    daily_dose: float
    course: Course
    days_continued: float = 0.0
    days_waited: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """What became of one dispensing: its supplies in order, or why there is none."""

    dispensing: Dispensing
    supplies: tuple[Supply, ...]
    reason: Unused | None = None


@dataclass(frozen=True, slots=True)
class DurationRule:
    """How dispensings become supplies.

    ``split_on_dose_change``: a change of dose ends a supply and the rest goes on at the new dose;
    otherwise the dose in force at its start holds to the end. ``first_from_dispensing``: a first
    prescription that says no days counts from an earlier first dispensing. ``renew_at_visits``: a
    prescription ends at the patient's first visit without a new one, a visit being any day on which
    anything was prescribed. ``interruption`` and ``stay``: what happens while nothing is
    prescribed, and during stays; where both hold, ``interruption`` decides.
    """

    split_on_dose_change: bool = True
    first_from_dispensing: bool = False
    renew_at_visits: bool = False
    interruption: While = While.CONTINUE
    stay: While = While.CONTINUE


@dataclass(frozen=True, slots=True)
class DurationQuestion:
    """The supplies that dispensings become. ``computable_only`` leaves out those without a use."""

    rule: DurationRule = field(default_factory=DurationRule)
    computable_only: bool = False


@dataclass(frozen=True, slots=True)
class InitiationQuestion:
    """Days from prescription to first dispensing; those of nobody dispensed by ``until`` are open.

    One row per patient and medication for the first prescription; with ``each_course`` one for each
    prescribed stretch (see ``courses``), up to the next.
    """

    until: date | None = None
    each_course: bool = False


@dataclass(frozen=True, slots=True)
class Initiation:
    """One time to initiation: ``days``, or why there is none.

    ``observed`` is how many days it took or, while open, was waited for by the end of the data;
    None without an end.
    """

    prescribed_on: date
    dispensed_on: date | None
    days: int | None
    observed: int | None
    reason: Uninitiated | None


def courses(
    prescriptions: Iterable[Prescription],
    visits: Iterable[date] = (),
    first_dispensed: date | None = None,
) -> list[Course]:
    """Return the stretches the ``prescriptions`` make, in order, none overlapping another.

    A prescription ends with its days or where the next begins. ``visits`` are days on which every
    medication has to be prescribed anew: one without a prescription ends what is running. Stretches
    that follow each other at one dose are joined. Of two on one day the later given holds. If the
    first prescription says no days, it counts from ``first_dispensed`` where that is earlier.
    """
    by_day = {one.on: one for one in sorted(prescriptions, key=lambda one: one.on)}
    days = list(by_day)
    ends = sorted({*visits, *days}) if visits else days
    found: list[Course] = []
    for on, one in by_day.items():
        until = [] if one.days is None else [on + timedelta(days=one.days)]
        until += [day for day in ends if day > on][:1]
        start = on
        if not found and one.days is None and first_dispensed is not None:
            start = min(on, first_dispensed)
        course = Course(start, min(until, default=None), one.daily_dose)
        last = found[-1] if found else None
        if last and last.until == on and last.daily_dose == one.daily_dose:
            found[-1] = Course(last.start, course.until, course.daily_dose)
        else:
            found.append(course)
    return found


def uses(
    dispensings: Iterable[Dispensing],
    prescribed: Sequence[Course],
    stays: Sequence[tuple[date, date]] = (),
    rule: DurationRule | None = None,
) -> list[Use]:
    """Return what became of ``dispensings``, in order of their day.

    Each is used from its own day: carry-over between dispensings is the measures' task. ``stays``
    are half-open days. What is left before a discard is lost, and what is carried over without
    anything to follow is lost too.
    """
    rule = rule or DurationRule()
    prescribed = sorted(prescribed, key=lambda one: one.start)
    given = sorted(dispensings, key=lambda one: one.on)
    return [_use(each, prescribed, stays, rule) for each in given]


def _use(
    given: Dispensing,
    prescribed: Sequence[Course],
    stays: Sequence[tuple[date, date]],
    rule: DurationRule,
) -> Use:
    if not prescribed:
        return Use(given, (), Unused.NOTHING_PRESCRIBED)
    if given.on < prescribed[0].start:
        return Use(given, (), Unused.BEFORE_PRESCRIPTION)
    found: list[Supply] = []
    left, waited_from = given.quantity, None
    kept_dose: float | None = None
    for first, until, course, method in _stretches(given.on, prescribed, stays, rule):
        if method is While.DISCARD:
            break
        if method is While.CARRY_OVER:
            waited_from = waited_from or first
            continue
        dose = kept_dose or course.daily_dose
        if not rule.split_on_dose_change:
            kept_dose = dose
        lasts = left / dose
        days = lasts if until is None else min(lasts, float((until - first).days))
        special = days if method is While.CONTINUE else 0.0
        last = found[-1] if found else None
        if last and waited_from is None and last.daily_dose == dose:
            found[-1] = _grown(last, days, special)
        else:
            if last and waited_from is not None:
                found[-1] = _waiting(last, (first - waited_from).days)
            found.append(Supply(given.on, first, days, dose, course, special))
        waited_from = None
        left -= days * dose
        if days >= lasts - SMALLEST:
            return Use(given, tuple(found))
    if found:
        return Use(given, tuple(found))
    return Use(given, (), Unused.NEVER_USED if waited_from else Unused.DISCARDED)


def _stretches(
    day: date,
    prescribed: Sequence[Course],
    stays: Sequence[tuple[date, date]],
    rule: DurationRule,
) -> Iterator[tuple[date, date | None, Course, While | None]]:
    """Yield from ``day`` on: first, until, the course (or the last one), and what interrupts use.

    The last stretch has no end. None interrupts: used as prescribed.
    """
    edges = {edge for stay in stays for edge in stay}
    edges |= {edge for one in prescribed for edge in (one.start, one.until) if edge is not None}
    starts = [day, *sorted(edge for edge in edges if edge > day)]
    for place, first in enumerate(starts):
        until = starts[place + 1] if place + 1 < len(starts) else None
        course = [one for one in prescribed if one.start <= first][-1]
        method = None
        if course.until is not None and course.until <= first:
            method = rule.interruption
        elif any(came <= first < went for came, went in stays):
            method = rule.stay
        yield first, until, course, method


def _grown(supply: Supply, days: float, special: float) -> Supply:
    return Supply(
        supply.dispensed_on,
        supply.start,
        supply.duration + days,
        supply.daily_dose,
        supply.course,
        supply.days_continued + special,
    )


def _waiting(supply: Supply, days: int) -> Supply:
    return Supply(
        supply.dispensed_on,
        supply.start,
        supply.duration,
        supply.daily_dose,
        supply.course,
        supply.days_continued,
        days,
    )


def initiation(prescribed: Iterable[date], dispensed: Iterable[date]) -> int | None:
    """Return the days from the first prescription to the first dispensing on or after it.

    None if nothing was prescribed, or nothing dispensed from then on (not initiated, or not yet).
    """
    found = initiations(sorted(prescribed)[:1], dispensed)
    return found[0].days if found else None


def initiations(
    prescribed: Iterable[date], dispensed: Iterable[date], until: date | None = None
) -> list[Initiation]:
    """Return the time from each day of ``prescribed`` to the first dispensing on or after it.

    A dispensing from the next prescription on belongs to that one. ``until`` is the last day of the
    data: what is not dispensed by then is open.
    """
    starts = sorted(set(prescribed))
    days = sorted(dispensed)
    found = []
    for place, on in enumerate(starts):
        following = starts[place + 1] if place + 1 < len(starts) else None
        if until is not None and on > until:
            found.append(Initiation(on, None, None, None, Uninitiated.AFTER_END))
            continue
        at = bisect_left(days, on)
        first = days[at] if at < len(days) else None
        why = Uninitiated.NEVER
        if first and following and first >= following:
            first, why = None, Uninitiated.NOT_BEFORE_NEXT
        if until is not None and (first is None or first > until):
            if first or following is None or following > until:
                why = Uninitiated.NOT_BY_END
            first = None
        end = first or (min(until, following) if until and following else until)
        observed = None if end is None else (end - on).days
        if first is None:
            found.append(Initiation(on, None, None, observed, why))
        else:
            found.append(Initiation(on, first, observed, observed, None))
    return found
