"""GAS T-scores, also against values computed by software this project did not write."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.scores import gas_t

TRUTH = Path(__file__).parents[3] / "shared" / "truth" / "scores"

levels = st.lists(st.integers(-2, 2), min_size=1, max_size=10)


def truth(name: str) -> list[dict[str, str]]:
    if not (TRUTH / name).is_file():
        pytest.skip("the reference scores are not on this machine")
    with (TRUTH / name).open(newline="") as table:
        return list(csv.DictReader(table))


def numbers(text: str) -> list[float | None]:
    return [float(number) if number else None for number in text.split(";")]


def test_weighted_scores_equal_the_reference():
    for row in truth("gas_tscore_vectors.csv"):
        weights = numbers(row["weights"]) if row["weights"] else None
        found = gas_t(numbers(row["scores"]), weights, float(row["rho"]))
        assert found == pytest.approx(float(row["t_score"]), abs=1e-9), row["case_id"]


def test_equal_weights_equal_the_reference_table():
    for row in truth("gas_equal_weight_table.csv"):
        n, left = int(row["n_goals"]), int(row["sum_of_scores"])
        attained = []
        for _ in range(n):
            attained.append(max(-2, min(2, left)))
            left -= attained[-1]
        printed = row["t_score"]
        digits = len(printed.partition(".")[2])
        assert gas_t(attained) == pytest.approx(float(printed), abs=0.5 * 10**-digits + 1e-9)


@given(levels)
def test_attaining_more_never_scores_less(attained):
    assert gas_t([min(2, level + 1) for level in attained]) >= gas_t(attained)


@given(levels)
def test_as_far_above_as_below_fifty(attained):
    assert gas_t([-level for level in attained]) - 50 == pytest.approx(50 - gas_t(attained))


def test_a_goal_not_rated_is_left_out_and_is_not_nought():
    assert gas_t([2, None], [1, 3]) == gas_t([2])
    assert gas_t([2, None]) != gas_t([2, 0])
    assert gas_t([None]) is gas_t([]) is None


def test_all_weights_zero_weigh_one():
    assert gas_t([1, -1, 2], [0, 0, 0]) == gas_t([1, -1, 2])


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("levels", ([3],)),
        ("weights", ([1], [-1])),
        ("weights", ([1], [1, 1])),
        ("r", ([1], None, 1.5)),
    ],
)
def test_what_makes_no_sense_is_refused(field, given):
    with pytest.raises(InvalidInput) as refused:
        gas_t(*given)

    assert refused.value.field == field
