"""Runs of days on which what was asked was done; rest, illness and empty days bridge them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from adherence.domain.goals import GoalDay


class DayState(StrEnum):
    """What a day does to a streak: counts, ends it, leaves it as it is, or is not over yet."""

    KEPT = "kept"
    BROKEN = "broken"
    BRIDGED = "bridged"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Streak:
    """The run that goes on now and the longest one, in days that were kept."""

    current: int = 0
    best: int = 0


def state(day: GoalDay) -> DayState:
    """What a day does to a streak.

    Kept: everything asked was done, or partly. Bridged: nothing was asked (paused, or nothing
    planned). Open: something can still be reported in time. Broken: else, also by not reporting.
    """
    if not day.asked:
        return DayState.BRIDGED
    if day.done + day.partly == day.asked:
        return DayState.KEPT
    return DayState.BROKEN if day.settled else DayState.OPEN


def streak(days: Iterable[tuple[date, DayState]]) -> Streak:
    """The current and the best run of kept days.

    Days in any order; a day not given bridges, as do bridged and open ones: they neither count nor
    end a run, so that a week in hospital costs nobody a streak.
    """
    current = best = 0
    for _, of_day in sorted(days):
        if of_day is DayState.KEPT:
            current += 1
            best = max(best, current)
        elif of_day is DayState.BROKEN:
            current = 0
    return Streak(current, best)
