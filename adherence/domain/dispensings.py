"""Dispensings: how long what was handed out lasts, given what was prescribed and days in hospital.

A dispensing is a quantity; it becomes supplies, with days, by the daily dose prescribed while it is
used up. One patient and one medication at a time. Periods are half-open local days.

Terms and options are those of AdhereR's ``compute_event_durations`` (Dima and Dediu 2017,
doi:10.1371/journal.pone.0174426), read from its manual; results were not compared with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    """Supply in use from ``start`` for ``duration`` days (fractional at the end)."""

    dispensed_on: date
    start: date
    duration: float
    daily_dose: float


@dataclass(frozen=True, slots=True)
class DurationRule:
    """How dispensings become supplies.

    ``split_on_dose_change``: a change of dose ends a supply and the rest goes on at the new dose;
    otherwise the dose in force at its start holds to the end. ``first_from_dispensing``: a first
    prescription without an end counts from an earlier first dispensing. ``interruption`` and
    ``stay``: what happens while nothing is prescribed, and during stays.
    """

    split_on_dose_change: bool = True
    first_from_dispensing: bool = False
    interruption: While = While.CONTINUE
    stay: While = While.CONTINUE


def courses(prescriptions: Iterable[Prescription], visits: Iterable[date] = ()) -> list[Course]:
    """Return the stretches the ``prescriptions`` make, in order, none overlapping another.

    A prescription ends with its days or where the next begins. ``visits`` are days on which every
    medication has to be prescribed anew: one without a prescription ends what is running. Stretches
    that follow each other at one dose are joined. Of two on one day the later given holds.
    """
    by_day = {one.on: one for one in sorted(prescriptions, key=lambda one: one.on)}
    days = list(by_day)
    ends = sorted({*visits, *days})
    found: list[Course] = []
    for place, (on, one) in enumerate(by_day.items()):
        until = [] if one.days is None else [on + timedelta(days=one.days)]
        until += days[place + 1 : place + 2]
        until += [day for day in ends if day > on][:1] if visits else []
        course = Course(on, min(until, default=None), one.daily_dose)
        last = found[-1] if found else None
        if last and last.until == on and last.daily_dose == one.daily_dose:
            found[-1] = Course(last.start, course.until, course.daily_dose)
        else:
            found.append(course)
    return found


def supplies(
    dispensings: Iterable[Dispensing],
    prescribed: Sequence[Course],
    stays: Sequence[tuple[date, date]] = (),
    rule: DurationRule | None = None,
) -> list[Supply]:
    """Return the supplies that ``dispensings`` become, in order of their dispensing.

    Each dispensing is used from its own day: carry-over between dispensings is the measures' task.
    ``stays`` are half-open days. Nothing prescribed at any time gives no supplies. What cannot be
    used before a discard is lost; what is carried over without anything to follow is lost too.
    """
    rule = rule or DurationRule()
    if not prescribed:
        return []
    given = sorted(dispensings, key=lambda one: one.on)
    prescribed = sorted(prescribed, key=lambda one: one.start)
    first = prescribed[0]
    if rule.first_from_dispensing and first.until is None and given and given[0].on < first.start:
        prescribed = [Course(given[0].on, None, first.daily_dose), *prescribed[1:]]
    return [one for each in given for one in _used(each, prescribed, sorted(stays), rule)]


def _used(
    given: Dispensing,
    prescribed: Sequence[Course],
    stays: Sequence[tuple[date, date]],
    rule: DurationRule,
) -> Iterator[Supply]:
    day, left = given.on, given.quantity
    dose_at_start: float | None = None
    while True:
        stay = next((s for s in stays if s[0] <= day < s[1]), None)
        if stay and rule.stay is While.DISCARD:
            return
        if stay and rule.stay is While.CARRY_OVER:
            day = stay[1]
            continue
        course = next(
            (c for c in prescribed if c.start <= day and (c.until is None or day < c.until)), None
        )
        later = next((c for c in prescribed if c.start > day), None)
        if course is None and rule.interruption is While.DISCARD:
            return
        if course is None and rule.interruption is While.CARRY_OVER:
            if later is None:
                return
            day = later.start
            continue
        earlier = [c for c in prescribed if c.start <= day]
        dose = (course or (earlier[-1] if earlier else later or prescribed[0])).daily_dose
        if not rule.split_on_dose_change:
            dose = dose_at_start = dose_at_start or dose
        ends = [s[0] for s in stays if s[0] > day and rule.stay is not While.CONTINUE]
        if course and course.until and rule.interruption is not While.CONTINUE:
            ends.append(course.until)
        if later and rule.split_on_dose_change:
            ends.append(later.start)
        lasts = left / dose
        until = min(ends, default=None)
        if until is None or (until - day).days >= lasts - SMALLEST:
            yield Supply(given.on, day, lasts, dose)
            return
        yield Supply(given.on, day, float((until - day).days), dose)
        left -= (until - day).days * dose
        day = until


def initiation(prescribed: Iterable[date], dispensed: Iterable[date]) -> int | None:
    """Return the days from the first prescription to the first dispensing on or after it.

    None if nothing was prescribed, or nothing dispensed from then on (not initiated, or not yet).
    """
    first = min(prescribed, default=None)
    if first is None:
        return None
    after = min((day for day in dispensed if day >= first), default=None)
    return None if after is None else (after - first).days
