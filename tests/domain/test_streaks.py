"""Streaks, and what bridges them."""

from datetime import date, timedelta

import pytest

from adherence.domain.goals import GoalDay
from adherence.domain.streaks import DayState, Streak, state, streak

STATES = {"k": DayState.KEPT, "x": DayState.BROKEN, "-": DayState.BRIDGED, "?": DayState.OPEN}


@pytest.mark.parametrize(
    ("days", "current", "best"),
    [
        ("", 0, 0),
        ("kkk", 3, 3),
        ("kkxk", 1, 2),
        ("kk-------kk", 4, 4),
        ("kk?", 2, 2),
        ("kkx", 0, 2),
        ("---", 0, 0),
    ],
)
def test_rest_and_illness_bridge(days, current, best):
    told = [(date(2025, 6, 1) + timedelta(days=n), STATES[letter]) for n, letter in enumerate(days)]

    assert streak(reversed(told)) == Streak(current, best)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ({"asked": 2, "done": 1, "partly": 1}, DayState.KEPT),
        ({"asked": 0, "excused": 2}, DayState.BRIDGED),
        ({"asked": 2, "done": 1}, DayState.BROKEN),
        ({"asked": 2, "done": 1, "settled": False}, DayState.OPEN),
    ],
)
def test_what_a_day_does_to_a_streak(day, expected):
    usual = {"asked": 0, "done": 0, "partly": 0, "excused": 0, "active": False, "settled": True}

    assert state(GoalDay(day=date(2025, 6, 1), **{**usual, **day})) is expected
