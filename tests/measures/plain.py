"""The measures computed slowly and plainly, one patient after the other, straight from the words.

Nothing here is shared with the fast measures: supplies are walked in order, what is left over is
kept in one variable, and CMA9 looks at each day by itself.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor


@dataclass(frozen=True)
class Event:
    """One supply: its day, how many days it lasts, its daily dose and its medication."""

    day: date
    duration: float
    dose: float = 1.0
    medication: str = "A"


@dataclass(frozen=True)
class Limits:
    """Window limits of one patient, both ends inside."""

    follow_up: tuple[date, date]
    observation: tuple[date, date]


def step(day: date, number: float | date, unit: str) -> date:
    """``number`` units after ``day``, or the day that ``number`` is.

    A day that does not exist becomes the first of the next month.
    """
    if isinstance(number, date):
        return number
    if unit in ("days", "weeks"):
        return day + timedelta(days=round(number * (7 if unit == "weeks" else 1)))
    months = day.month - 1 + int(number) * (12 if unit == "years" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    if day.day <= calendar.monthrange(year, month)[1]:
        return date(year, month, day.day)
    return date(year + month // 12, month % 12 + 1, 1)


Numbers = tuple[float | date, float, float | date, float]


def limits(events: list[Event], numbers: Numbers, unit: str) -> Limits:
    """Follow-up and observation window from the patient's first supply."""
    start = step(min(event.day for event in events), numbers[0], unit)
    watch = step(start, numbers[2], unit)
    return Limits((start, step(start, numbers[1], unit)), (watch, step(watch, numbers[3], unit)))


def in_order(events: list[Event]) -> list[Event]:
    """By day; supplies of one day stay as they were given."""
    return sorted(events, key=lambda event: event.day)


def gaps(
    events: list[Event], end: float, same: bool, dose: bool, over: bool = True
) -> list[tuple[float, float]]:
    """For each event in order: the gap after it and what it received, ``end`` being the last."""
    found = []
    carry = 0.0
    for place, event in enumerate(events):
        follower = events[place + 1] if place + 1 < len(events) else None
        until = follower.day.toordinal() if follower else end
        received = carry
        left = until - event.day.toordinal() - event.duration - carry
        gap, carry = (0.0, -left) if left < 0 else (left, 0.0)
        if not over or (follower and same and follower.medication != event.medication):
            carry = 0.0
        elif follower and dose:
            carry *= event.dose / follower.dose
        found.append((gap, received))
    return found


def window_share(
    events: list[Event], start: float, end: float, same: bool, dose: bool
) -> float | None:
    """CMA7 of the follow-up ``events`` over the window from ``start`` to ``end``."""
    events = [event for event in events if event.day.toordinal() <= end]
    if not events:
        return None
    found = gaps(events, end, same, dose)
    inside = [i for i, event in enumerate(events) if event.day.toordinal() >= start]
    length = end - start
    if not inside:
        gap = found[-1][0]
        return 0.0 if gap > length else 1 - gap / length
    first = events[inside[0]].day.toordinal() - start
    before = first if inside[0] == 0 else min(found[inside[0] - 1][0], first)
    return 1 - (before + sum(found[i][0] for i in inside)) / length


def measures(
    events: list[Event], windows: Limits, same: bool = False, dose: bool = False
) -> dict[str, float | None]:
    """CMA1 to CMA9; None where not computable."""
    none: dict[str, float | None] = {f"CMA{n}": None for n in range(1, 10)}
    (fs, fe), (os, oe) = (
        (a.toordinal(), b.toordinal()) for a, b in (windows.follow_up, windows.observation)
    )
    if not fs <= os < oe <= fe:
        return none
    followed = [event for event in in_order(events) if fs <= event.day.toordinal() <= fe]
    seen = [event for event in followed if event.day.toordinal() <= oe]
    inside = [event for event in seen if event.day.toordinal() >= os]
    if not seen:
        return none
    result = dict(none)
    if inside:
        first, last = inside[0].day.toordinal(), inside[-1].day.toordinal()
        inner = [gap for gap, _ in gaps(inside, oe, same, dose)]
        if last > first:
            result["CMA1"] = sum(event.duration for event in inside[:-1]) / (last - first)
            result["CMA3"] = min(1, result["CMA1"])
            result["CMA5"] = 1 - sum(inner[:-1]) / (last - first)
        if oe > first:
            result["CMA2"] = sum(event.duration for event in inside) / (oe - first)
            result["CMA4"] = min(1, result["CMA2"])
            result["CMA6"] = 1 - sum(inner) / (oe - first)
    result["CMA7"] = window_share(followed, os, oe, same, dose)
    lag = float(os)
    for event, (_, received) in zip(followed, gaps(followed, fe, same, dose), strict=True):
        if event.day.toordinal() < os:
            lag = max(lag, event.day.toordinal() + event.duration + received)
    if round(oe - lag) > 0:
        result["CMA8"] = window_share(followed, lag, lag + round(oe - lag), same, dose)
    result["CMA9"] = daily_mean(followed, os, oe, fe, same, dose)
    return result


def daily_mean(
    events: list[Event], start: int, end: int, last: int, same: bool, dose: bool
) -> float:
    """CMA9: every day of the window has the share of the interval it lies in."""
    found = gaps(events, last, same, dose)
    total = 0.0
    for day in range(start, end):
        for place, event in enumerate(events):
            follower = events[place + 1].day.toordinal() if place + 1 < len(events) else last
            if event.day.toordinal() <= day < follower:
                total += 1 - found[place][0] / (follower - event.day.toordinal())
    return total / (end - start)


@dataclass(frozen=True)
class Span:
    """One episode."""

    start: date
    duration: float
    gap_at_end: float


@dataclass(frozen=True)
class Rule:
    """When an episode ends; ``permitted`` in days, or in percent of the supply's duration."""

    permitted: float
    percent: bool = False
    medication_change: bool = False
    dose_change: bool = False
    append: bool = False
    over: bool = True


def episodes(
    events: list[Event], windows: Limits, rule: Rule, same: bool = False, dose: bool = False
) -> list[Span]:
    """Treatment episodes over the follow-up window; comparisons allow for the last digit."""
    fs, fe = windows.follow_up
    followed = [event for event in in_order(events) if fs <= event.day <= fe]
    found = gaps(followed, fe.toordinal(), same, dose, rule.over)
    spans: list[Span] = []
    start = 0
    for place, (event, (gap, _)) in enumerate(zip(followed, found, strict=True)):
        limit = rule.permitted / 100 * event.duration if rule.percent else rule.permitted
        began = followed[start].day.toordinal()
        appended = limit if rule.append and gap > limit + 1e-9 else 0
        if place + 1 == len(followed):
            end = fe.toordinal() - (0 if gap < limit - 1e-9 else gap)
            spans.append(Span(followed[start].day, end - began + appended, gap))
            continue
        follower = followed[place + 1]
        changed = rule.medication_change and follower.medication != event.medication
        changed = changed or (rule.dose_change and follower.dose != event.dose)
        if gap > limit + 1e-9 or changed:
            end = follower.day.toordinal() - gap + appended
            spans.append(Span(followed[start].day, end - began, gap))
            start = place + 1
    return spans


@dataclass(frozen=True)
class Part:
    """The part of an episode inside the observation window, and its measures."""

    number: int
    start: date
    end: date
    span: Span
    measures: dict[str, float | None]


def per_episode(
    events: list[Event], windows: Limits, rule: Rule, same: bool = False, dose: bool = False
) -> list[Part]:
    """Measures of each episode by itself, over its part in the observation window.

    Lengths become whole days, half to even: they are handed to what adds days to a date.
    """
    (fs, fe), (os, oe) = windows.follow_up, windows.observation
    if os < fs or oe > fe:
        return []
    parts = []
    for number, span in enumerate(episodes(events, windows, rule, same, dose), 1):
        first = max(span.start.toordinal(), os.toordinal())
        last = min(span.start.toordinal() + span.duration, oe.toordinal())
        if last <= first:
            continue
        end = span.start.toordinal() + round(span.duration)
        until = min(first + round(last - first), end)
        own = Limits(
            (span.start, date.fromordinal(end)), (date.fromordinal(first), date.fromordinal(until))
        )
        parts.append(
            Part(
                number,
                date.fromordinal(first),
                date.fromordinal(floor(last)),
                span,
                measures(events, own, same, dose),
            )
        )
    return parts


def sliding(
    windows: Limits, start: int, length: int, step_days: int | None, count: int | None
) -> list[Limits]:
    """Windows inside the observation window: a step apart, or so many evenly spread over it."""
    (fs, fe), (os, oe) = windows.follow_up, windows.observation
    room = (oe - os).days - start - length
    if os < fs or oe > fe or room < 0:
        return []
    if step_days is not None:
        offsets: Iterable[int] = range(0, room + 1, step_days)
    else:
        many = count or 1
        offsets = (k * room // max(1, many - 1) for k in range(many))
    found = []
    for offset in offsets:
        first = os + timedelta(days=start + offset)
        found.append(Limits((fs, fe), (first, first + timedelta(days=length))))
    return found


def by_group(
    events: list[Event], groups: dict[str, Callable[[Event], bool]]
) -> dict[str, list[Event]]:
    """The supplies of each group, and of none; groups without supplies are left out."""
    found = {name: [event for event in events if holds(event)] for name, holds in groups.items()}
    found["__ALL_OTHERS__"] = [
        event for event in events if not any(holds(event) for holds in groups.values())
    ]
    return {name: held for name, held in found.items() if held}
