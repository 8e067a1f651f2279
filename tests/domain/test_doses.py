"""Dose-log measures by hand, and against a count that looks at one day after the other."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.doses import (
    NO_INTERVAL,
    NOTHING_DUE,
    DoseQuestion,
    DoseRule,
    Regimen,
    dose_measures,
)
from adherence.domain.errors import InvalidInput

FIRST = date(2024, 3, 28)
"""Three days before the clocks go forward in Europe."""


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def at(number: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day(number), time(hour, minute))


TWICE = Regimen(FIRST, day(9), 2)


def test_shares_of_a_complete_log_by_hand():
    """Ten days, twice a day: five full days, one with three doses, one with one, three without."""
    taken = [at(n, hour) for n in range(5) for hour in (8, 20)]
    taken += [at(5, 8), at(5, 12), at(5, 20), at(6, 8)]

    found = dose_measures(taken, [], [TWICE])

    assert (found.days, found.doses_due, found.doses_taken) == (10, 20, 14)
    assert (found.doses_missed, found.doses_unreported) == (7, 0)
    assert (found.taking, found.taking_at_most) == (0.7, 0.7)
    assert (found.correct_days, found.correct_dosing) == (5, 0.5)
    assert (found.intervals, found.timely_intervals) == (13, 11)
    assert found.timing == pytest.approx(11 / 13)
    assert (found.holidays, found.holiday_days) == (1, 3)
    assert found.reason is None


def test_what_nobody_reported_is_a_band_and_no_holiday_where_a_log_is_not_complete():
    taken = [at(n, 8) for n in range(5)]
    missed = [at(5, 8), at(6, 8), at(7, 8)]
    once = Regimen(FIRST, day(9), 1)
    question = DoseQuestion(DoseRule(complete=False))

    found = dose_measures(taken, missed, [once], question=question)

    assert (found.taking, found.taking_at_most) == (0.5, 0.7)
    assert (found.doses_missed, found.doses_unreported) == (3, 2)
    assert (found.holidays, found.holiday_days) == (1, 3)
    assert dose_measures(taken, [], [once], question=question).holidays == 0
    assert dose_measures(taken, [], [once]).holiday_days == 5


def test_extra_doses_count_so_that_taking_may_exceed_one():
    found = dose_measures([at(0, 8), at(0, 9), at(0, 10)], [], [Regimen(FIRST, FIRST, 2)])

    assert (found.taking, found.correct_dosing) == (1.5, 0.0)


def test_nothing_due_is_no_answer():
    for regimens in ([], [Regimen(FIRST, day(3), 0)]):
        found = dose_measures([at(0, 8)], [], regimens)
        shares = (found.taking, found.taking_at_most, found.correct_dosing, found.timing)
        assert (*shares, found.holidays) == (None,) * 5
        assert found.reason == NOTHING_DUE
    away = dose_measures([at(0, 8)], [], [TWICE], [(FIRST, day(9))])
    assert (away.doses_due, away.taking, away.reason) == (0, None, NOTHING_DUE)


def test_one_dose_has_no_interval_and_says_so():
    found = dose_measures([at(0, 8)], [], [TWICE])

    assert (found.timing, found.reason) == (None, NO_INTERVAL)


def test_days_away_leave_both_counts_and_end_an_interval():
    daily = Regimen(FIRST, day(9), 1)
    taken = [at(n, 8) for n in range(10)]

    found = dose_measures(taken, [], [daily], [(day(4), day(5))])

    assert (found.days, found.doses_taken, found.taking) == (8, 8, 1.0)
    assert (found.intervals, found.timely_intervals) == (6, 6)


def test_times_are_those_of_the_clock_on_the_wall():
    """On the last Sunday of March a night has 23 hours; eight o'clock stays eight o'clock."""
    taken = [at(n, 8) for n in range(6)]

    exact = DoseQuestion(DoseRule(tolerance=0))
    assert dose_measures(taken, [], [Regimen(FIRST, day(5), 1)], question=exact).timing == 1


def test_the_tolerance_belongs_to_the_interval():
    daily = Regimen(FIRST, day(3), 1)
    taken = [at(0, 8), at(1, 14), at(2, 20, 1)]

    found = dose_measures(taken, [], [daily])

    assert (found.intervals, found.timely_intervals) == (2, 1)


def test_a_day_may_begin_after_midnight():
    nightly = Regimen(FIRST, day(1), 1)
    taken = [at(0, 23), at(2, 1)]

    assert dose_measures(taken, [], [nightly]).correct_days == 1
    late = DoseQuestion(DoseRule(day_begins=time(3)))
    assert dose_measures(taken, [], [nightly], question=late).correct_days == 2


def test_a_second_tap_may_count_as_the_same_dose():
    taken = [at(0, 8), at(0, 8, 1), at(0, 20)]
    once = DoseQuestion(DoseRule(once_within=timedelta(minutes=5)))

    assert dose_measures(taken, [], [Regimen(FIRST, FIRST, 2)]).doses_taken == 3
    assert dose_measures(taken, [], [Regimen(FIRST, FIRST, 2)], question=once).doses_taken == 2


def test_a_weekly_dose_a_day_late_is_taken_and_its_interval_is_of_days():
    weekly = Regimen(FIRST, day(20), 1, every=7)
    taken = [at(0, 8), at(8, 8), at(14, 8)]

    found = dose_measures(taken, [], [weekly])

    assert (found.days, found.doses_due, found.taking) == (3, 3, 1.0)
    assert (found.correct_days, found.intervals, found.timely_intervals) == (3, 2, 2)


def test_a_change_of_regimen_changes_what_is_due_and_ends_an_interval():
    regimens = [Regimen(FIRST, day(1), 1), Regimen(day(2), day(3), 2)]
    taken = [at(0, 8), at(1, 8), at(2, 8), at(2, 20), at(3, 8)]

    found = dose_measures(taken, [], regimens)

    assert (found.doses_due, found.doses_taken, found.correct_days) == (6, 5, 3)
    assert (found.intervals, found.timely_intervals) == (3, 3)


def test_only_the_days_asked_about_count():
    taken = [at(n, 8) for n in range(4)]
    question = DoseQuestion(first=day(1), last=day(5))

    found = dose_measures(taken, [], [Regimen(FIRST, day(9), 1)], question=question)

    assert (found.days, found.doses_taken, found.intervals) == (5, 3, 2)


def test_what_cannot_be_is_refused():
    for wrong in (
        lambda: Regimen(FIRST, day(-1), 1),
        lambda: Regimen(FIRST, FIRST, -1),
        lambda: Regimen(FIRST, FIRST, 1, 0),
        lambda: DoseRule(tolerance=-1),
        lambda: DoseRule(holiday_days=0),
        lambda: DoseRule(once_within=timedelta(minutes=-1)),
        lambda: DoseQuestion(first=FIRST, last=day(-1)),
    ):
        with pytest.raises(InvalidInput):
            wrong()


DOSES = st.lists(st.tuples(st.integers(-3, 33), st.integers(0, 23)), max_size=60)
SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=3)


@given(taken=DOSES, missed=DOSES, away=SPANS, due=st.integers(1, 3), complete=st.booleans())
def test_counts_are_those_of_one_day_after_the_other(taken, missed, away, due, complete):
    spans = [(day(first), day(first + length)) for first, length in away]
    rule = DoseRule(complete=complete)

    found = dose_measures(
        [at(*one) for one in taken],
        [at(*one) for one in missed],
        [Regimen(FIRST, day(30), due)],
        spans,
        DoseQuestion(rule),
    )

    outside = {n for first, length in away for n in range(first, first + length + 1)}
    days = had = said = unknown = correct = run = holidays = holiday_days = 0
    for n in [*(n for n in range(31) if n not in outside), None]:
        doses = sum(one == n for one, _ in taken)
        if n is not None:
            reports = sum(one == n for one, _ in missed)
            open_doses = max(0, due - doses)
            told = open_doses if complete else min(reports, open_doses)
            days, had, said = days + 1, had + doses, said + told
            unknown += open_doses - told
            correct += doses == due
            if doses == 0 and open_doses == told:
                run += 1
                continue
        if run >= 3:
            holidays, holiday_days = holidays + 1, holiday_days + run
        run = 0
    assert (found.days, found.doses_due, found.doses_taken) == (days, days * due, had)
    assert (found.doses_missed, found.doses_unreported) == (said, unknown)
    assert found.correct_days == correct
    if days:
        assert found.taking == pytest.approx(had / (days * due))
        assert found.taking_at_most == pytest.approx((had + unknown) / (days * due))
        assert (found.holidays, found.holiday_days) == (holidays, holiday_days)
    assert found.timing is None or 0 <= found.timing <= 1
