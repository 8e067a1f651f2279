"""How long a dispensed quantity lasts: by hand, and what must hold of any."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.dispensings import (
    Course,
    Dispensing,
    DurationRule,
    Prescription,
    Supply,
    While,
    courses,
    initiation,
    supplies,
)
from adherence.domain.errors import InvalidInput

FIRST = date(2024, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def spans(found: list[Supply]) -> list[tuple[int, float, float]]:
    return [((one.start - FIRST).days, one.duration, one.daily_dose) for one in found]


def test_a_quantity_lasts_by_the_daily_dose():
    found = supplies([Dispensing(day(5), 100)], courses([Prescription(FIRST, 8)]))

    assert spans(found) == [(5, 12.5, 8)]


def test_a_change_of_dose_splits_or_the_first_dose_holds():
    prescribed = courses([Prescription(FIRST, 1), Prescription(day(10), 2)])
    given = [Dispensing(FIRST, 30)]

    assert spans(supplies(given, prescribed)) == [(0, 10, 1), (10, 10, 2)]
    whole = DurationRule(split_on_dose_change=False)
    assert spans(supplies(given, prescribed, rule=whole)) == [(0, 30, 1)]


@pytest.mark.parametrize(
    ("method", "found"),
    [
        (While.CONTINUE, [(0, 30, 1)]),
        (While.DISCARD, [(0, 10, 1)]),
        (While.CARRY_OVER, [(0, 10, 1), (15, 20, 1)]),
    ],
)
def test_a_stay_is_passed_over_discards_or_carries_over(
    method: While, found: list[tuple[int, float, float]]
):
    stays = [(day(10), day(15))]
    prescribed = courses([Prescription(FIRST, 1)])

    rule = DurationRule(stay=method)
    assert spans(supplies([Dispensing(FIRST, 30)], prescribed, stays, rule)) == found


@pytest.mark.parametrize(
    ("method", "found"),
    [
        (While.CONTINUE, [(0, 20, 1), (20, 5, 2)]),
        (While.DISCARD, [(0, 10, 1)]),
        (While.CARRY_OVER, [(0, 10, 1), (20, 10, 2)]),
    ],
)
def test_an_interruption_of_the_prescription_does_the_same(
    method: While, found: list[tuple[int, float, float]]
):
    prescribed = courses([Prescription(FIRST, 1, 10), Prescription(day(20), 2)])

    rule = DurationRule(interruption=method)
    assert spans(supplies([Dispensing(FIRST, 30)], prescribed, rule=rule)) == found


def test_what_is_dispensed_before_the_first_prescription():
    prescribed = courses([Prescription(day(5), 1)])
    given = [Dispensing(FIRST, 10)]

    carried = DurationRule(interruption=While.CARRY_OVER)
    assert spans(supplies(given, prescribed, rule=carried)) == [(5, 10, 1)]
    forced = DurationRule(interruption=While.CARRY_OVER, first_from_dispensing=True)
    assert spans(supplies(given, prescribed, rule=forced)) == [(0, 10, 1)]
    assert supplies(given, []) == []


def test_a_visit_without_renewal_ends_a_prescription():
    given = [Prescription(FIRST, 1), Prescription(day(10), 1)]

    assert courses(given) == [Course(FIRST, None, 1)]
    assert courses(given, [FIRST, day(10), day(20)]) == [Course(FIRST, day(20), 1)]


def test_what_cannot_be_is_refused():
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InvalidInput):
            Dispensing(FIRST, wrong)
        with pytest.raises(InvalidInput):
            Prescription(FIRST, wrong)
    with pytest.raises(InvalidInput):
        Prescription(FIRST, 1, 0)


def test_initiation_counts_from_the_first_prescription():
    assert initiation([day(3), day(9)], [FIRST, day(7), day(8)]) == 4
    assert initiation([day(3)], [day(3)]) == 0
    assert initiation([day(3)], [FIRST]) is None
    assert initiation([], [FIRST]) is None


@given(
    quantity=st.floats(0.5, 400),
    doses=st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0.5, 1.0, 3.0])), max_size=4),
    away=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 20)), max_size=3),
)
def test_nothing_is_lost_where_everything_is_carried_over(
    quantity: float, doses: list[tuple[int, float]], away: list[tuple[int, int]]
):
    """Days times dose add up to the quantity, supplies do not overlap, none lies in a stay."""
    prescribed = courses(
        [Prescription(FIRST, 1.0), *(Prescription(day(on), dose) for on, dose in doses)]
    )
    stays = [(day(came), day(came + length)) for came, length in away]
    rule = DurationRule(interruption=While.CARRY_OVER, stay=While.CARRY_OVER)

    found = supplies([Dispensing(FIRST, quantity)], prescribed, stays, rule)

    assert sum(one.duration * one.daily_dose for one in found) == pytest.approx(quantity)
    for one, following in pairwise(found):
        assert one.start + timedelta(days=one.duration) <= following.start
    for one in found:
        assert not any(came <= one.start < went for came, went in stays)
