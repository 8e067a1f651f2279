"""Wall clocks, local days and changes of zone."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.zones import DAY, Zones, day_start, effective_day, first_instant, today
from tests.domain.calendar_model import Clock, changes
from tests.domain.examples import zone_histories

CASES = Path(__file__).parents[1] / "cases" / "dst.csv"
TIMES = (time(0), time(2, 30), time(8), time(23, 59))
HARD = {
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/Nuuk",
    "America/Scoresbysund",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Moscow",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Fiji",
    "Pacific/Norfolk",
}
# What a machine calls its own time is no zone of the world.
ZONES = sorted(available_timezones() - {"localtime", "posixrules"})
SAMPLE = sorted(HARD | set(ZONES[::16]))


def rows() -> list[dict[str, str]]:
    with CASES.open(newline="") as table:
        return list(csv.DictReader(table))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['zone']} {row['day']} {row['time']}")
def test_a_wall_clock_time_is_the_instant_the_table_says(row):
    at = first_instant(date.fromisoformat(row["day"]), time.fromisoformat(row["time"]), row["zone"])

    said = None
    if row["utc"] != "never":
        said = datetime.fromisoformat(row["utc"]).replace(tzinfo=UTC)
    assert at == said, row["why"]


def check_changes(zone: str, first: date, until: date) -> int:
    """Compare with a clock looked at every minute, round every change; the number of changes."""
    found = changes(zone, first, until)
    for change in found:
        days = [change + n * DAY for n in range(-1, 3)]
        clock = Clock(zone, days[0], days[-1] + DAY)
        for day in days:
            for at in TIMES:
                assert first_instant(day, at, zone) == clock.first_at_or_past(day, at), (
                    zone,
                    day,
                    at,
                )
    return len(found)


@pytest.mark.parametrize("zone", SAMPLE)
def test_times_round_changes_are_those_a_clock_shows(zone):
    check_changes(zone, date(2024, 1, 1), date(2026, 1, 1))


def test_a_day_left_out_has_no_instant_and_no_length():
    apia = Zones.always("Pacific/Apia")

    assert apia.start(date(2011, 12, 30)) == apia.end(date(2011, 12, 30))
    assert apia.end(date(2011, 12, 29)) == apia.start(date(2011, 12, 31))


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "right/UTC", "localtime"])
def test_a_zone_nobody_knows_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        Zones.always(name)

    assert refused.value.field == "zone"


def test_zones_have_a_history_in_order():
    moved = Zones(((date.min, "Europe/Berlin"), (date(2025, 5, 1), "Asia/Tokyo")))

    assert moved.on(date(2025, 4, 30)) == "Europe/Berlin"
    assert moved.on(date(2025, 5, 1)) == moved.current() == "Asia/Tokyo"
    with pytest.raises(InvalidInput):
        Zones(moved.history[::-1])
    with pytest.raises(InvalidInput):
        Zones(())


def test_flying_west_a_day_lasts_until_the_next_begins():
    west = Zones(((date.min, "Asia/Tokyo"), (date(2025, 5, 2), "Europe/Berlin")))

    assert west.end(date(2025, 5, 1)) == west.start(date(2025, 5, 2))
    assert west.end(date(2025, 5, 1)) - west.start(date(2025, 5, 1)) == timedelta(hours=31)
    assert today(west, datetime(2025, 5, 1, 21, 59, tzinfo=UTC)) == date(2025, 5, 1)
    assert today(west, datetime(2025, 5, 1, 22, tzinfo=UTC)) == date(2025, 5, 2)


def test_flying_east_the_new_day_has_begun_when_it_has_begun_there():
    east = Zones(((date.min, "Europe/Berlin"), (date(2025, 5, 2), "Asia/Tokyo")))

    assert east.end(date(2025, 5, 1)) == day_start(date(2025, 5, 2), "Europe/Berlin")
    assert today(east, datetime(2025, 5, 1, 14, 59, tzinfo=UTC)) == date(2025, 5, 1)
    assert today(east, datetime(2025, 5, 1, 15, tzinfo=UTC)) == date(2025, 5, 2)


def test_a_change_of_zone_begins_with_the_first_day_that_has_not_begun():
    berlin = Zones.always("Europe/Berlin")
    evening = datetime(2025, 5, 1, 21, tzinfo=UTC)

    assert effective_day(berlin, "Asia/Tokyo", evening) == date(2025, 5, 2)
    assert effective_day(berlin, "America/New_York", evening) == date(2025, 5, 2)
    with pytest.raises(InvalidInput):
        effective_day(berlin, "Mars/Olympus", evening)


@given(zone_histories(), st.integers(0, 60 * 24 * 60))
def test_every_instant_lies_in_its_local_day_and_days_never_run_backwards(zones, minutes):
    instant = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    day = zones.local_day(instant)

    assert zones.start(day) <= instant < max(zones.end(day), zones.start(day + DAY))
    assert instant < zones.start(day + DAY)
    assert zones.local_day(instant + timedelta(hours=1)) >= day
