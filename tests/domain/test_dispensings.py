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
    Initiation,
    Prescription,
    Supply,
    Uninitiated,
    Unused,
    While,
    courses,
    initiation,
    initiations,
    uses,
)
from adherence.domain.errors import InvalidInput

FIRST = date(2024, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def supplies(
    given: list[Dispensing],
    prescribed: list[Course],
    stays: list[tuple[date, date]] | None = None,
    rule: DurationRule | None = None,
) -> list[Supply]:
    return [one for use in uses(given, prescribed, stays or [], rule) for one in use.supplies]


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


def test_what_is_dispensed_before_the_first_prescription_has_no_duration_unless_asked():
    given = [Dispensing(FIRST, 10)]
    prescribed = [Prescription(day(5), 1)]

    (use,) = uses(given, courses(prescribed))
    assert (use.supplies, use.reason) == ((), Unused.BEFORE_PRESCRIPTION)
    assert spans(supplies(given, courses(prescribed, first_dispensed=FIRST))) == [(0, 10, 1)]
    limited = courses([Prescription(day(5), 1, 30)], first_dispensed=FIRST)
    assert limited == [Course(day(5), day(35), 1)]
    assert uses(given, [])[0].reason is Unused.NOTHING_PRESCRIBED


def test_a_dispensing_that_is_never_used_says_why():
    prescribed = courses([Prescription(FIRST, 1, 10)])
    given = [Dispensing(day(12), 30)]

    assert uses(given, prescribed, rule=DurationRule(interruption=While.DISCARD))[0].reason is (
        Unused.DISCARDED
    )
    assert uses(given, prescribed, rule=DurationRule(interruption=While.CARRY_OVER))[0].reason is (
        Unused.NEVER_USED
    )
    (one,) = supplies(given, prescribed)
    assert (one.duration, one.days_continued, one.course) == (30, 30, prescribed[0])


def test_days_that_wait_and_days_that_go_on_are_counted():
    """Hospital on days 7 to 14 and 22 to 28, as in AdhereR's published example of carry-over."""
    stays = [(day(7), day(15)), (day(22), day(29))]
    prescribed = courses([Prescription(FIRST, 1)])

    waits = supplies(
        [Dispensing(FIRST, 30)], prescribed, stays, DurationRule(stay=While.CARRY_OVER)
    )
    assert [(*span, one.days_waited) for span, one in zip(spans(waits), waits, strict=True)] == [
        (0, 7, 1, 8),
        (15, 7, 1, 7),
        (29, 16, 1, 0),
    ]
    (goes_on,) = supplies([Dispensing(FIRST, 30)], prescribed, stays)
    assert (goes_on.duration, goes_on.days_continued) == (30, 15)


def test_an_interruption_of_the_prescription_decides_before_a_stay():
    prescribed = courses([Prescription(FIRST, 1, 10), Prescription(day(20), 1)])
    stays = [(day(12), day(22))]
    given = [Dispensing(FIRST, 30)]

    rule = DurationRule(interruption=While.CONTINUE, stay=While.CARRY_OVER)
    assert spans(supplies(given, prescribed, stays, rule)) == [(0, 20, 1), (22, 10, 1)]
    rule = DurationRule(interruption=While.CARRY_OVER, stay=While.CONTINUE)
    assert spans(supplies(given, prescribed, stays, rule)) == [(0, 10, 1), (20, 20, 1)]


def test_the_same_dose_again_splits_nothing():
    prescribed = courses([Prescription(FIRST, 1, 10), Prescription(day(20), 1)])

    assert spans(supplies([Dispensing(FIRST, 30)], prescribed)) == [(0, 30, 1)]


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


def test_each_prescription_has_its_own_time_to_initiation():
    found = initiations([FIRST, day(30), day(60)], [day(25), day(70)], until=day(65))

    assert found == [
        Initiation(FIRST, day(25), 25, 25, None),
        Initiation(day(30), None, None, 30, Uninitiated.NOT_BEFORE_NEXT),
        Initiation(day(60), None, None, 5, Uninitiated.NOT_BY_END),
    ]
    (open_still,) = initiations([FIRST], [], until=day(10))
    assert (open_still.observed, open_still.reason) == (10, Uninitiated.NOT_BY_END)
    (never,) = initiations([FIRST], [])
    assert (never.observed, never.reason) == (None, Uninitiated.NEVER)
    (too_late,) = initiations([day(11)], [], until=day(10))
    assert (too_late.observed, too_late.reason) == (None, Uninitiated.AFTER_END)


def walked(
    quantity: float,
    on: int,
    prescribed: list[Course],
    stays: list[tuple[date, date]],
    rule: DurationRule,
) -> list[tuple[int, float, float]]:
    """The supplies of one dispensing, day after day: each day some of it is used, or it waits."""
    found: list[tuple[int, float, float]] = []
    left, today, kept, waited = quantity, on, None, True
    while left > 1e-9 and today < 600:
        begun = [one for one in prescribed if one.start <= day(today)]
        if not begun:
            return []
        last = begun[-1]
        if last.until is not None and last.until <= day(today):
            method = rule.interruption
        elif any(came <= day(today) < went for came, went in stays):
            method = rule.stay
        else:
            method = While.CONTINUE
        if method is While.DISCARD:
            return found
        if method is While.CARRY_OVER:
            waited = True
        else:
            dose = last.daily_dose if kept is None or rule.split_on_dose_change else kept
            kept = kept or dose
            used = min(1.0, left / dose)
            if waited or found[-1][2] != dose:
                found.append((today, used, dose))
            else:
                found[-1] = (found[-1][0], found[-1][1] + used, dose)
            left, waited = left - used * dose, False
        today += 1
    return found


@given(
    quantity=st.sampled_from([0.5, 7, 30, 45.25, 100 / 3, 120]),
    on=st.integers(0, 80),
    given_for=st.lists(
        st.tuples(
            st.integers(0, 90),
            st.sampled_from([0.5, 1.0, 3.0]),
            st.one_of(st.none(), st.integers(1, 40)),
        ),
        max_size=5,
    ),
    away=st.lists(st.tuples(st.integers(0, 120), st.integers(1, 20)), max_size=3),
    rule=st.builds(
        DurationRule,
        split_on_dose_change=st.booleans(),
        interruption=st.sampled_from(While),
        stay=st.sampled_from(While),
    ),
)
def test_supplies_are_those_of_a_walk_through_the_days(quantity, on, given_for, away, rule):
    prescribed = courses([Prescription(day(begins), *rest) for begins, *rest in given_for])
    stays = [(day(came), day(came + length)) for came, length in away]

    (use,) = uses([Dispensing(day(on), quantity)], prescribed, stays, rule)

    want = walked(quantity, on, prescribed, stays, rule)
    have = spans(list(use.supplies))
    assert [(start, dose) for start, _, dose in have] == [(start, dose) for start, _, dose in want]
    for (_, days, _), (_, wanted, _) in zip(have, want, strict=True):
        assert days == pytest.approx(wanted, abs=1e-6)
    assert (use.reason is None) == bool(have)


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
