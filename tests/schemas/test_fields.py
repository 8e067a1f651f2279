"""Days and instants on the wire: one spelling, and only where the calendar has room."""

from datetime import UTC, date, datetime

import pytest

from adherence.domain.errors import InvalidInput
from adherence.domain.schedules import EARLIEST, LATEST, Schedule, ScheduleKind
from adherence.schemas.fields import Clock, Day, Instant

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    [
        "2026-W47-7",
        "20261122",
        "2026-11-22 ",
        "2026-11-31",
        "２026-11-22",
        "1899-12-31",
        "2200-01-01",
    ],
)
def test_a_day_has_one_spelling_and_a_plausible_year(text: str):
    with pytest.raises(ValueError):
        Day().read(text)


def test_a_day_is_read():
    assert Day().read("2026-11-22") == DAY
    assert Day().read(EARLIEST.isoformat()) == EARLIEST


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T08:00:00", "2026-11-22"],
)
def test_an_instant_has_an_offset_and_a_plausible_year(text: str):
    with pytest.raises(ValueError):
        Instant().read(text)


def test_an_instant_is_read_into_utc():
    assert Instant().read("2026-11-22T08:00:00+01:00") == datetime(2026, 11, 22, 7, tzinfo=UTC)


@pytest.mark.parametrize("text", ["24:00", "8:00", "08:60", "08:00:00", "08:00+01:00", "０8:00"])
def test_a_time_of_day_has_one_spelling(text: str):
    with pytest.raises(ValueError):
        Clock().read(text)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("starts_on", {"starts_on": date.min}),
        ("starts_on", {"starts_on": LATEST}),
        ("ends_on", {"starts_on": DAY, "ends_on": date.max}),
    ],
)
def test_the_rules_refuse_days_at_the_ends_of_the_calendar_too(field: str, given: dict[str, date]):
    """A form's "for ever" of 31 December 9999 would break the patient's page on every later day."""
    with pytest.raises(InvalidInput) as refused:
        Schedule(ScheduleKind.WEEKDAYS, weekdays=frozenset({0}), **given)

    assert refused.value.field == field


def test_the_rules_refuse_an_anchor_at_the_ends_of_the_calendar():
    with pytest.raises(InvalidInput) as refused:
        Schedule(
            ScheduleKind.FIXED_INTERVAL,
            DAY,
            interval_hours=8,
            anchor=datetime.min.replace(tzinfo=UTC),
            zone="Europe/Berlin",
        )

    assert refused.value.field == "anchor"
