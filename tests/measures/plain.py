"""The measures computed slowly and plainly, one patient after the other, straight from the words.

Nothing here is shared with the fast measures: supplies are walked in order, what is left over is
kept in one variable, and CMA9 looks at each day by itself.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta


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


def step(day: date, number: int, unit: str) -> date:
    """``number`` units after ``day``; a day that does not exist becomes the first of the next."""
    if unit in ("days", "weeks"):
        return day + timedelta(days=number * (7 if unit == "weeks" else 1))
    months = day.month - 1 + number * (12 if unit == "years" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    if day.day <= calendar.monthrange(year, month)[1]:
        return date(year, month, day.day)
    return date(year + month // 12, month % 12 + 1, 1)


def limits(events: list[Event], numbers: tuple[int, int, int, int], unit: str) -> Limits:
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
    if not fs <= os or not oe <= fe:
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
    if lag < oe:
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


def episodes(
    events: list[Event],
    windows: Limits,
    permitted: float,
    percent: bool = False,
    medication_change: bool = False,
    same: bool = False,
    dose: bool = False,
    over: bool = True,
) -> list[Span]:
    """Treatment episodes over the follow-up window; comparisons allow for the last digit."""
    fs, fe = windows.follow_up
    followed = [event for event in in_order(events) if fs <= event.day <= fe]
    found = gaps(followed, fe.toordinal(), same, dose, over)
    spans: list[Span] = []
    start = 0
    for place, (event, (gap, _)) in enumerate(zip(followed, found, strict=True)):
        limit = permitted / 100 * event.duration if percent else permitted
        began = followed[start].day.toordinal()
        if place + 1 == len(followed):
            end = fe.toordinal() - (0 if gap < limit - 1e-9 else gap)
            spans.append(Span(followed[start].day, end - began, gap))
            continue
        follower = followed[place + 1]
        changed = medication_change and follower.medication != event.medication
        if gap > limit + 1e-9 or changed:
            spans.append(Span(followed[start].day, follower.day.toordinal() - gap - began, gap))
            start = place + 1
    return spans
