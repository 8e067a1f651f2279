"""Kaplan-Meier by hand and against lifelines; drug holidays."""

from __future__ import annotations

import warnings
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.persistence import Holiday, drug_holidays, median, persistence

SPANS = st.lists(
    st.tuples(st.one_of(st.integers(0, 12), st.sampled_from([0.5, 14.25, 125 / 3])), st.booleans()),
    min_size=1,
    max_size=40,
)


def test_ties_and_censoring_on_one_day_by_hand():
    """Five people; on day 10 two end and one is censored, who was still at risk."""
    points = persistence([(10, True), (10, True), (10, False), (20, True), (30, False)])

    assert [(point.day, point.at_risk, point.ended) for point in points] == [
        (0, 5, 0),
        (10, 5, 2),
        (20, 2, 1),
        (30, 1, 0),
    ]
    assert [point.share for point in points] == pytest.approx([1, 0.6, 0.3, 0.3])
    assert median(points) == 20


def test_nobody_and_nobody_who_ended():
    assert persistence([]) == []
    assert median(persistence([(10, False)])) is None
    with pytest.raises(InvalidInput):
        persistence([(-1, True)])
    with pytest.raises(InvalidInput):
        persistence([(float("nan"), True)])


@given(spans=SPANS)
@settings(max_examples=40, deadline=None)
def test_the_curve_and_its_interval_are_those_of_lifelines(spans: list[tuple[float, bool]]):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lifelines = pytest.importorskip("lifelines")
        fitted = lifelines.KaplanMeierFitter().fit(
            [days for days, _ in spans], [over for _, over in spans]
        )
    curve = fitted.survival_function_.iloc[:, 0]
    bounds = fitted.confidence_interval_

    for point in persistence(spans):
        assert point.share == pytest.approx(curve.loc[point.day], abs=1e-9)
        if point.lower is not None:
            low, high = bounds.loc[point.day]
            assert (point.lower, point.upper) == pytest.approx((low, high), abs=1e-9)


def test_a_run_of_days_without_a_dose_is_a_holiday_and_free_days_bridge_it():
    first = date(2024, 3, 1)
    taken = [1, 0, 0, None, 0, 1, 0, 0]
    days = [
        (first + timedelta(days=n), 0 if dose is None else 1, dose or 0)
        for n, dose in enumerate(taken)
    ]

    assert drug_holidays(days) == [Holiday(first + timedelta(1), first + timedelta(4), 3)]
    assert drug_holidays(days, at_least=2) == [
        Holiday(first + timedelta(1), first + timedelta(4), 3),
        Holiday(first + timedelta(6), first + timedelta(7), 2),
    ]


def test_no_dose_due_is_no_answer():
    assert drug_holidays([]) is None
    assert drug_holidays([(date(2024, 3, 1), 0, 0)]) is None
    assert drug_holidays([(date(2024, 3, 1), 1, 1)]) == []
