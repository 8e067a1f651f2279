"""Activities and their revisions."""

from datetime import date, time

import pytest

from adherence.domain.activities import Asked, due
from adherence.domain.entries import Amounts
from adherence.domain.errors import InvalidInput
from adherence.domain.schedules import Schedule, ScheduleKind
from adherence.domain.zones import DAY
from tests.domain.examples import BERLIN, activity, daily

MONDAY = date(2025, 6, 2)


def test_each_revision_governs_its_own_days():
    of = activity(
        daily(time(8), time(20), starts_on=MONDAY),
        daily(time(9), starts_on=MONDAY),
        on=(MONDAY, MONDAY + 2 * DAY),
    )
    found = due(of, BERLIN, MONDAY, MONDAY + 4 * DAY)

    assert [(o.day - MONDAY).days for o in found] == [0, 0, 1, 1, 2, 3]
    assert of.revision_on(MONDAY - DAY) is None
    assert of.revision_on(MONDAY + DAY).number == 1
    assert of.revision_on(MONDAY + 2 * DAY).number == 2


def test_phases_count_from_the_start_of_the_revision_s_own_schedule():
    every_third = Schedule(ScheduleKind.EVERY_N_DAYS, MONDAY, every=3)
    of = activity(every_third, every_third, on=(MONDAY, MONDAY + 2 * DAY))

    assert [(o.day - MONDAY).days for o in due(of, BERLIN, MONDAY, MONDAY + 7 * DAY)] == [0, 3, 6]


def test_nothing_is_due_from_the_end_on():
    of = activity(daily(starts_on=MONDAY), ended_on=MONDAY + 2 * DAY)

    assert [(o.day - MONDAY).days for o in due(of, BERLIN, MONDAY, MONDAY + 7 * DAY)] == [0, 1]


def test_the_stored_form_gives_back_what_was_asked():
    asked = Asked(
        "Heel raises", "Slowly", Amounts(3, 10), pain_limit=4, minutes=5, exercise="heel-raise@2"
    )

    assert Asked.from_json(asked.to_json()) == asked


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("title", {"title": " "}),
        ("title", {}),
        ("title", {"title": "x" * 121}),
        ("pain_limit", {"title": "x", "pain_limit": 11}),
        ("minutes", {"title": "x", "minutes": -1}),
        ("amounts.sets", {"title": "x", "amounts": {"sets": 0}}),
        ("amounts", {"title": "x", "amounts": {"kilos": 3}}),
        ("asked", {"title": "x", "colour": "red"}),
        ("exercise", {"title": "x", "exercise": "heel-raise"}),
        ("exercise", {"title": "x", "exercise": "heel-raise@0"}),
        ("exercise", {"title": "x", "exercise": "../heel@1"}),
    ],
)
def test_what_cannot_be_asked_names_the_field(field, given):
    with pytest.raises(InvalidInput) as refused:
        Asked.from_json(given)

    assert refused.value.field == field


def test_revisions_follow_each_other():
    with pytest.raises(InvalidInput):
        activity(daily(), daily(), on=(MONDAY, MONDAY))
    with pytest.raises(InvalidInput):
        activity()
