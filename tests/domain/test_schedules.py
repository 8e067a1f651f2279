"""Schedules: what each rule makes due, against a naive model that asks every day."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.schedules import (
    Schedule,
    ScheduleKind,
    ZonePolicy,
    last_due_day,
    next_due_day,
    occurrences,
)
from adherence.domain.windows import ANY_TIME, Window, WindowKind
from adherence.domain.zones import DAY, Zones
from tests.domain.calendar_model import Clock, changes
from tests.domain.examples import (
    BERLIN,
    FIRST,
    UNTIL,
    around,
    daily,
    per_week,
    schedules,
    zone_histories,
)
from tests.domain.test_zones import SAMPLE, TIMES, ZONES

MONDAY = date(2025, 6, 2)


def asked_by_hand(schedule: Schedule, day: date) -> bool:
    """Whether a daily rule asks for a day, told by counting from its start."""
    if day < schedule.starts_on or (schedule.ends_on and day >= schedule.ends_on):
        return False
    at, position, counter = schedule.starts_on, 0, 0
    while at < day:
        at += DAY
        position = (position + 1) % (schedule.cycle_on + schedule.cycle_off or 1)
        counter = (counter + 1) % schedule.every
    if schedule.cycle_off and position >= schedule.cycle_on:
        return False
    if schedule.kind is ScheduleKind.WEEKDAYS:
        return int(day.strftime("%w")) in {(weekday + 1) % 7 for weekday in schedule.weekdays}
    return counter == 0


@given(schedules(), zone_histories())
def test_daily_rules_ask_on_the_days_one_would_count_by_hand(schedule, zones):
    if schedule.kind not in (ScheduleKind.WEEKDAYS, ScheduleKind.EVERY_N_DAYS):
        return
    counted = Counter(occurrence.day for occurrence in occurrences(schedule, zones, FIRST, UNTIL))
    days = [FIRST + n * DAY for n in range((UNTIL - FIRST).days)]

    assert counted == {
        day: len(schedule.times) or 1 for day in days if asked_by_hand(schedule, day)
    }


@given(schedules(), zone_histories())
def test_a_fixed_interval_is_never_moved_by_any_clock(schedule, zones):
    if schedule.kind is not ScheduleKind.FIXED_INTERVAL:
        return
    found = occurrences(schedule, zones, FIRST, UNTIL)
    at, expected, rules = schedule.anchor, [], ZoneInfo(schedule.zone)
    while at < datetime(2025, 4, 20, tzinfo=UTC):
        day = at.astimezone(rules).date()
        if max(FIRST, schedule.starts_on) <= day < min(UNTIL, schedule.ends_on or UNTIL):
            expected.append((day, at))
        at += timedelta(hours=schedule.interval_hours)

    assert [(occurrence.day, occurrence.due_at) for occurrence in found] == expected


@given(schedules(), zone_histories(), st.integers(0, 20))
def test_the_next_and_the_last_due_day_are_those_of_a_long_list(schedule, zones, n):
    if schedule.is_weekly:
        return
    day = FIRST + n * DAY
    days = [o.day for o in occurrences(schedule, zones, FIRST - 60 * DAY, UNTIL + 60 * DAY)]

    assert next_due_day(schedule, zones, day) == min((d for d in days if d > day), default=None)
    assert last_due_day(schedule, zones, day) == max((d for d in days if d < day), default=None)


@given(schedules(), zone_histories())
def test_windows_open_before_they_close_and_hold_what_is_due(schedule, zones):
    for occurrence in occurrences(schedule, zones, FIRST, UNTIL):
        assert occurrence.closes_at is None or occurrence.opens_at < occurrence.closes_at
        if occurrence.due_at is not None:
            assert occurrence.opens_at <= occurrence.due_at
            assert occurrence.closes_at is None or occurrence.due_at <= occurrence.closes_at


@given(schedules())
def test_the_stored_form_gives_back_the_same_schedule(schedule):
    document = schedule.to_json()

    assert Schedule.from_json(document) == schedule
    assert Schedule.from_json(document).to_json() == document


def check_daily(zone: str, first: date, until: date) -> None:
    """Exactly one occurrence for each local day and time round every change of clocks."""
    zones, schedule = Zones.always(zone), daily(*TIMES, starts_on=date(2020, 1, 1))
    for change in changes(zone, first, until):
        days = [change + n * DAY for n in range(-1, 3)]
        clock = Clock(zone, days[0], days[-1] + DAY)
        expected = [
            (day, slot, clock.first_at_or_past(day, at))
            for day in days
            for slot, at in enumerate(TIMES)
            if day in clock.days
        ]
        found = occurrences(schedule, zones, days[0], days[-1] + DAY)
        assert [(o.day, o.slot, o.due_at) for o in found] == expected, zone
        for earlier, later in zip(found, found[4:], strict=False):
            assert earlier.closes_at == later.opens_at, (zone, earlier.day)


@pytest.mark.parametrize("zone", SAMPLE)
def test_a_daily_item_is_due_exactly_once_on_each_local_day(zone):
    check_daily(zone, date(2024, 1, 1), date(2026, 1, 1))


@pytest.mark.full
@pytest.mark.parametrize("part", range(8))
def test_a_daily_item_is_due_exactly_once_over_all_zones_and_changes(part):
    for zone in ZONES[part::8]:
        check_daily(zone, date(2020, 1, 1), date(2037, 1, 1))


def test_a_day_the_zone_leaves_out_has_no_occurrence():
    found = occurrences(
        daily(time(8), starts_on=date(2011, 12, 1)),
        Zones.always("Pacific/Apia"),
        date(2011, 12, 29),
        date(2012, 1, 1),
    )

    assert [occurrence.day.day for occurrence in found] == [29, 31]


@pytest.mark.parametrize(
    ("sessions", "weekdays"),
    [(1, [3]), (2, [1, 5]), (3, [1, 3, 5]), (5, [0, 2, 3, 4, 6]), (7, [0, 1, 2, 3, 4, 5, 6])],
)
def test_sessions_of_a_week_are_spread_evenly(sessions, weekdays):
    found = occurrences(per_week(sessions, MONDAY), BERLIN, MONDAY, MONDAY + 7 * DAY)

    assert [occurrence.day.weekday() for occurrence in found] == weekdays
    assert {occurrence.days for occurrence in found} == {(MONDAY, MONDAY + 7 * DAY)}


def test_a_partial_week_asks_for_its_part():
    wednesday, saturday = MONDAY + 2 * DAY, MONDAY + 5 * DAY
    found = occurrences(per_week(3, wednesday, ends_on=saturday), BERLIN, MONDAY, MONDAY + 14 * DAY)

    assert [occurrence.day.weekday() for occurrence in found] == [3]
    assert found[0].days == (wednesday, saturday)
    assert found[0].closes_at == BERLIN.start(saturday)


def test_three_weeks_on_one_off():
    schedule = daily(starts_on=MONDAY, cycle_on=21, cycle_off=7)
    found = occurrences(schedule, BERLIN, MONDAY, MONDAY + 56 * DAY)

    assert [(o.day - MONDAY).days for o in found] == [*range(21), *range(28, 49)]


def test_a_dose_follows_the_traveller_or_stays_at_home():
    abroad = Zones(((date.min, "Europe/Berlin"), (MONDAY, "Asia/Tokyo")))
    follows = daily(time(8), starts_on=MONDAY)
    stays = daily(time(8), starts_on=MONDAY, zone_policy=ZonePolicy.HOME, zone="Europe/Berlin")

    def hour(schedule):
        return occurrences(schedule, abroad, MONDAY, MONDAY + DAY)[0].due_at

    assert hour(follows) == datetime(2025, 6, 1, 23, tzinfo=UTC)
    assert hour(stays) == datetime(2025, 6, 2, 6, tzinfo=UTC)


def test_an_eight_hour_interval_goes_on_through_the_night_of_changing_clocks():
    schedule = Schedule(
        ScheduleKind.FIXED_INTERVAL,
        date(2025, 3, 29),
        interval_hours=8,
        anchor=datetime(2025, 3, 29, 5, tzinfo=UTC),
        zone="Europe/Berlin",
    )
    found = occurrences(schedule, BERLIN, date(2025, 3, 29), date(2025, 3, 31))

    assert [o.due_at.hour for o in found] == [5, 13, 21, 5, 13, 21]
    assert [(o.day.day, o.slot) for o in found] == [(29, n) for n in range(3)] + [
        (30, n) for n in range(3)
    ]


def test_any_time_lasts_until_the_day_of_the_next_and_the_last_for_ever():
    schedule = Schedule(
        ScheduleKind.EVERY_N_DAYS, MONDAY, ends_on=MONDAY + 6 * DAY, every=3, window=ANY_TIME
    )
    first, last = occurrences(schedule, BERLIN, MONDAY, MONDAY + 30 * DAY)

    assert first.closes_at == last.opens_at == BERLIN.start(MONDAY + 3 * DAY)
    assert last.closes_at is None


def test_as_needed_asks_for_nothing():
    schedule = Schedule(ScheduleKind.AS_NEEDED, MONDAY, min_interval_hours=6)

    assert occurrences(schedule, BERLIN, MONDAY, MONDAY + 30 * DAY) == []


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("weekdays", {"kind": "weekdays"}),
        ("weekdays", {"kind": "weekdays", "weekdays": [7]}),
        ("times", {"kind": "weekdays", "weekdays": [0], "times": ["09:00", "08:00"]}),
        ("times", {"kind": "weekdays", "weekdays": [0], "times": ["08:00:01"]}),
        ("times", {"kind": "weekdays", "weekdays": [0], "times": ["25:00"]}),
        ("every", {"kind": "every_n_days", "every": 0}),
        ("every", {"kind": "every_n_days", "every": True}),
        ("every", {"kind": "weekdays", "weekdays": [0], "every": 2}),
        ("per_week", {"kind": "n_per_week", "per_week": 8}),
        ("per_week", {"kind": "n_per_week"}),
        ("times", {"kind": "n_per_week", "per_week": 3, "times": ["08:00"]}),
        ("interval_hours", {"kind": "fixed_interval", "zone": "UTC"}),
        ("anchor", {"kind": "fixed_interval", "interval_hours": 8, "zone": "UTC"}),
        ("zone", {"kind": "as_needed", "zone_policy": "home"}),
        ("zone", {"kind": "as_needed", "zone": "Mars/Olympus"}),
        ("min_interval_hours", {"kind": "as_needed", "min_interval_hours": 0}),
        ("cycle_off", {"kind": "weekdays", "weekdays": [0], "cycle_on": 3}),
        ("ends_on", {"kind": "as_needed", "ends_on": "2025-06-02"}),
        ("kind", {"kind": "monthly"}),
        ("kind", {}),
        ("schedule.colour", {"kind": "as_needed", "colour": "red"}),
        ("window.kind", {"kind": "as_needed", "window": {"kind": "sometime"}}),
    ],
)
def test_a_schedule_that_makes_no_sense_names_the_field(field, given):
    with pytest.raises(InvalidInput) as refused:
        Schedule.from_json({"starts_on": "2025-06-02", **given})

    assert refused.value.field == field


def test_windows_of_two_days_may_not_overlap():
    daily(time(8), time(20), starts_on=MONDAY, window=around(6, 6))
    for schedule_of in (
        lambda: daily(time(8), time(20), starts_on=MONDAY, window=around(6, 7)),
        lambda: daily(time(8), starts_on=MONDAY, window=around(24, 1)),
    ):
        with pytest.raises(InvalidInput) as refused:
            schedule_of()
        assert refused.value.field == "window"


@pytest.mark.parametrize(
    "given",
    [
        (WindowKind.AROUND, timedelta(0), timedelta(0)),
        (WindowKind.AROUND, timedelta(hours=25), timedelta(0)),
        (WindowKind.AROUND, timedelta(seconds=90), timedelta(0)),
        (WindowKind.SAME_DAY, timedelta(hours=1), timedelta(0)),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(given):
    with pytest.raises(InvalidInput):
        Window(*given)


def test_three_months_twice_a_day_are_a_hundred_and_eighty_doses():
    schedule = daily(time(8), time(20), starts_on=MONDAY)
    found = occurrences(schedule, BERLIN, MONDAY, MONDAY + 90 * DAY)

    assert len(found) == 180
