"""Milestones: what is reached when, and taken back when."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.goals import GoalDay, Measure
from adherence.domain.milestones import (
    GoalWeek,
    MilestoneKind,
    Reached,
    first_all_done,
    from_ratings,
    goal_weeks,
    newly,
    retracted,
    returns,
    sustained,
)
from tests.domain.test_goals import DAY_ONE, goal, ratings

CASES = Path(__file__).parents[1] / "cases" / "milestones.csv"
MONDAY = date(2025, 6, 2)


def table() -> list[dict[str, str]]:
    with CASES.open(newline="") as rows:
        return list(csv.DictReader(rows))


def told(text: str) -> list[tuple[int, float | None]]:
    pairs = (said.split(":") for said in text.split())
    return [(int(day), None if value == "-" else float(value)) for day, value in pairs]


@pytest.mark.parametrize("row", table(), ids=lambda row: row["why"])
def test_ratings_reach_what_the_table_says(row):
    baseline = float(row["baseline"]) if row["baseline"] else None
    of = goal(Measure(row["measure"]), baseline=baseline, target=float(row["target"]))
    found = sorted(from_ratings(of, ratings(*told(row["ratings"]))))

    shown = [
        f"{each.kind}{f' {each.level}' if each.kind is MilestoneKind.LEVEL_REACHED else ''}"
        f"@{(each.day - DAY_ONE).days + 1}"
        for each in found
    ]
    assert " ".join(shown) == row["reached"]


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10)), max_size=30))
def test_a_milestone_never_repeats_and_never_moves_with_later_ratings(said):
    said = sorted(said)
    of = goal(Measure.SYMPTOM)
    before, after = from_ratings(of, ratings(*said[:-1])), from_ratings(of, ratings(*said))

    assert before <= after
    assert len({(each.kind, each.level) for each in after}) == len(after)


def day(n: int, asked: int = 1, done: int = 0, excused: int = 0, active: bool | None = None):
    """The nth day: asked and not done, and settled, unless said otherwise."""
    is_active = done > 0 if active is None else active
    return GoalDay(DAY_ONE + timedelta(days=n), asked, done, 0, excused, is_active, True)


def test_the_first_day_on_which_all_was_done():
    days = [day(0, asked=2, done=1), day(1, asked=0, excused=1), day(2, 2, 2), day(3, 1, 1)]

    assert first_all_done(days) == Reached(MilestoneKind.FIRST_ALL_DONE, 1, days[2].day)
    assert first_all_done(days[:2]) is None


def test_coming_back_after_a_week_is_a_return():
    days = [day(0, done=1), *(day(n) for n in range(1, 8)), day(8, done=1), day(9, done=1)]

    assert [each.day for each in returns(days)] == [days[8].day]
    assert returns([*days[:7], day(7, done=1)]) == []


def test_coming_back_after_illness_is_a_return():
    ill = [day(n, asked=0, excused=1) for n in range(1, 9)]

    assert len(returns([day(0, done=1), *ill, day(9, done=1)])) == 1


def test_a_plan_that_asks_for_nothing_is_no_break():
    assert returns([day(0, done=1), day(14, done=1)]) == []


def test_the_first_activity_is_no_return():
    assert returns([*(day(n) for n in range(8)), day(8, done=1)]) == []


def weeks(*shares: tuple[int, int] | None) -> list[GoalWeek]:
    """Weeks as (done, asked); None is a week with nothing asked."""
    return [
        GoalWeek(MONDAY + timedelta(weeks=n), *((share or (0, 0))[::-1]), True)
        for n, share in enumerate(shares)
    ]


def test_weeks_in_a_row_are_sustained():
    found = sustained(weeks((4, 5), (5, 5), (3, 5), (5, 5), (5, 5), (5, 5), (5, 5)))

    assert [(each.level, each.day) for each in found] == [
        (2, MONDAY + timedelta(days=13)),
        (4, MONDAY + timedelta(days=48)),
    ]


def test_a_week_of_rest_bridges():
    assert [each.level for each in sustained(weeks((5, 5), None, (5, 5)))] == [2]


def test_the_share_is_a_parameter():
    assert sustained(weeks((3, 5), (3, 5)), share=0.6) != []
    assert sustained(weeks((3, 5), (3, 5))) == []


def test_a_week_not_over_is_not_looked_at():
    days = [day(n, done=1) for n in range(1, 15)]

    assert [week.settled for week in goal_weeks(days, MONDAY + timedelta(days=13))] == [True, False]
    assert sustained(goal_weeks(days, MONDAY + timedelta(days=13))) == []
    assert len(sustained(goal_weeks(days, MONDAY + timedelta(days=14)))) == 1


def test_a_correction_takes_a_milestone_back():
    of = goal()
    reached = from_ratings(of, ratings((1, 8), (2, 14)))
    awarded = {(each.kind, each.level) for each in newly(reached, [])}
    corrected = from_ratings(of, ratings((1, 8), (2, 4)))

    assert newly(reached, awarded) == []
    assert retracted(corrected, awarded) == [(MilestoneKind.TARGET_REACHED, 100)]


def test_every_kind_names_its_definition():
    assert len({kind.definition for kind in MilestoneKind}) == len(MilestoneKind)
