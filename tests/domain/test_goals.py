"""Goals and how far they are."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from adherence.domain.adherence import DaySum
from adherence.domain.errors import InvalidInput
from adherence.domain.goals import Direction, Goal, Measure, Rating, goal_days, progress

DAY_ONE = date(2025, 6, 1)
LADDER = ("none", "a few", "half", "most", "all")


def goal(measure: Measure = Measure.COUNT, **changes: object) -> Goal:
    """Fourteen steps, from two."""
    given: dict[str, object] = {"baseline": 2, "target": 14, "unit": "steps"}
    if measure is Measure.SYMPTOM:
        given = {"baseline": 8, "target": 2, "symptom": "knee pain"}
    if measure is Measure.GAS:
        given = {"baseline": -2, "target": 0, "ladder": LADDER}
    return Goal(UUID(int=3), "Climb to my flat", measure, **{**given, **changes})


def ratings(*said: tuple[int, float | None]) -> list[Rating]:
    """Values by day; the first day is 1."""
    return [
        Rating(
            datetime(2025, 6, 1, 12, n, tzinfo=UTC) + timedelta(days=day - 1),
            DAY_ONE + timedelta(days=day - 1),
            value,
        )
        for n, (day, value) in enumerate(said)
    ]


def test_progress_is_the_newest_value_on_the_way_from_baseline_to_target():
    found = progress(goal(), ratings((1, 4), (3, 8), (2, 6)))

    assert (found.current, found.share, found.first, found.n) == (8, 0.5, 4, 3)


def test_progress_is_raw_below_nought_and_above_one():
    assert progress(goal(), ratings((1, 0))).share == pytest.approx(-1 / 6)
    assert progress(goal(), ratings((1, 17))).share == 1.25


def test_without_a_baseline_or_a_value_there_is_no_share():
    assert progress(goal(baseline=None), ratings((1, 4))).share is None
    assert progress(goal(), []).current is None
    assert progress(goal(), ratings((1, None))).n == 0


def test_a_symptom_is_the_mean_of_the_seven_days_up_to_the_newest_value():
    said = ratings((1, 10), (2, 4), (5, None), (8, 0))
    found = progress(goal(Measure.SYMPTOM), said)

    assert (found.current, found.share, found.n_current) == (2, 1.0, 2)


def test_better_is_towards_the_target():
    assert goal().direction is Direction.UP
    assert goal(Measure.SYMPTOM).direction is Direction.DOWN
    assert goal(Measure.SYMPTOM, baseline=None).direction is Direction.DOWN
    assert goal(baseline=20).direction is Direction.DOWN


def test_the_weight_of_a_goal_is_importance_times_difficulty():
    assert goal(importance=3, difficulty=2).weight == 6


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("words", {"words": "  "}),
        ("target", {"target": 2}),
        ("target", {"target": -1}),
        ("target", {"target": float("nan")}),
        ("baseline", {"measure": Measure.RATING, "baseline": 11, "target": 5, "unit": None}),
        ("unit", {"unit": None}),
        ("symptom", {"measure": Measure.SYMPTOM, "target": 3, "baseline": 5}),
        ("symptom", {"symptom": "pain"}),
        ("ladder", {"measure": Measure.GAS, "target": 0, "baseline": -2}),
        ("ladder", {"ladder": LADDER}),
        (
            "ladder",
            {"measure": Measure.GAS, "target": 0, "baseline": -2, "ladder": ("", *LADDER[1:])},
        ),
        ("importance", {"importance": 4}),
    ],
)
def test_a_goal_that_cannot_be_measured_names_the_field(field, given):
    usual = {"id": UUID(int=3), "words": "Climb", "measure": Measure.COUNT, "target": 14}
    with pytest.raises(InvalidInput) as refused:
        Goal(**{**usual, "baseline": 2, "unit": "steps", **given})

    assert refused.value.field == field


def test_a_day_of_a_goal_is_the_sum_of_its_activities():
    now = datetime(2025, 6, 2, tzinfo=UTC)
    rows = [
        DaySum(DAY_ONE, UUID(int=1), asked=2, done=1, partly=1),
        DaySum(DAY_ONE, UUID(int=2), asked=1, open_until=now),
        DaySum(DAY_ONE + timedelta(days=1), UUID(int=2), asked=1, open_until=now + timedelta(1)),
    ]
    first, second = goal_days(rows, now)

    assert (first.asked, first.done, first.partly, first.active, first.settled) == (
        3,
        1,
        1,
        True,
        True,
    )
    assert (second.active, second.settled) == (False, False)
