"""The clinician's pages: agree a goal, prescribe, revise while the past stays, review."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adherence.domain.entries import Reason, Status
from adherence.services import entries, goals, plans
from tests.pages.browsers import Browser
from tests.wards import MONDAY, document, ward


@pytest.fixture
def ruth(app):
    return ward(MONDAY - timedelta(days=7))


@pytest.fixture
def browser(app, ruth):
    return Browser(app, ruth.therapist, MONDAY)


@pytest.mark.parametrize(
    ("measure", "typed"),
    [
        ("rating", {"rating_baseline": "3", "rating_target": "8"}),
        ("symptom", {"symptom": "knee pain", "symptom_baseline": "6", "symptom_target": "2"}),
        ("count", {"count_unit": "steps", "count_baseline": "3", "count_target": "14"}),
        ("amount", {"amount_unit": "metres", "amount_baseline": "100,5", "amount_target": "800"}),
        ("gas", {f"gas_{rung}": f"level {rung}" for rung in range(5)}),
    ],
)
def test_a_goal_of_each_measure_is_agreed(browser, ruth, measure, typed):
    page = browser.open(f"/patients/{ruth.patient_id}/goals/new")
    extra = {"gas_baseline": "-2", "gas_target": "0", "importance": "1", "difficulty": "2"}

    response = browser.press(
        page, "/goals/new", words="Walk to church", measure=measure, **extra, **typed
    )

    assert response.status_code == 303
    newest = goals.goals(ruth.therapist, ruth.patient_id, MONDAY)[-1].goal
    assert (newest.words, newest.measure) == ("Walk to church", measure)


def test_a_goal_without_words_or_way_is_sent_back_with_what_was_typed(browser, ruth):
    page = browser.open(f"/patients/{ruth.patient_id}/goals/new")

    response = browser.press(
        page,
        "/goals/new",
        words="",
        measure="rating",
        rating_baseline="5",
        rating_target="5",
        importance="1",
        difficulty="1",
    )

    assert response.status_code == 422
    assert "Write the goal as the patient says it." in response.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"rhythm": "every_n_days", "every": "1", "every_n_days_times": "8, 18.30"},
            "every_n_days",
        ),
        ({"rhythm": "weekdays", "weekdays": "0"}, "weekdays"),
        ({"rhythm": "n_per_week", "per_week": "3"}, "n_per_week"),
        (
            {"rhythm": "fixed_interval", "interval_hours": "8", "anchor_time": "06:00"},
            "fixed_interval",
        ),
        ({"rhythm": "as_needed", "min_interval_hours": "4"}, "as_needed"),
    ],
)
def test_a_medicine_is_prescribed_on_each_rhythm(browser, ruth, typed, said):
    page = browser.open(f"/patients/{ruth.patient_id}/activities/new")

    response = browser.press(
        page,
        "/activities/new",
        kind="medication",
        title="Ibuprofen 400 mg",
        quantity="1",
        unit="tablets",
        goal_id=str(ruth.goal_id),
        because="because a quiet night helps",
        plan_id="new:medication",
        starts_on="2026-03-03",
        **typed,
    )

    assert response.status_code == 303
    newest = plans.activities(ruth.therapist, ruth.patient_id, MONDAY)[-1]
    assert newest.activity.revisions[0].schedule.kind == said
    assert str(newest.activity.revisions[0].effective_on) == "2026-03-03"
    assert newest.plan.discipline == "medication"


def test_nothing_is_prescribed_without_a_because(browser, ruth):
    page = browser.open(f"/patients/{ruth.patient_id}/activities/new")
    before = len(plans.activities(ruth.therapist, ruth.patient_id, MONDAY))

    response = browser.press(
        page,
        "/activities/new",
        kind="exercise",
        title="Squats",
        goal_id=str(ruth.goal_id),
        because=" ",
        plan_id=str(ruth.plan_id),
    )

    assert response.status_code == 422
    assert 'value="Squats"' in response.text
    assert len(plans.activities(ruth.therapist, ruth.patient_id, MONDAY)) == before


def test_a_revision_begins_on_its_day_and_shows_that_the_past_is_locked(browser, ruth):
    address = f"/patients/{ruth.patient_id}/activities/{ruth.exercise_id}/revise"
    page = browser.open(address)
    assert "Revision 1" in page and "It cannot be edited." in page

    response = browser.press(
        page,
        "/revise",
        sets="3",
        reason="six were easy",
        effective_on="2026-03-04",
        rhythm="n_per_week",
        per_week="3",
    )

    assert response.status_code == 303
    revisions = plans.activity(
        ruth.therapist, ruth.patient_id, ruth.exercise_id, MONDAY
    ).activity.revisions
    assert [str(one.effective_on) for one in revisions] == ["2026-02-23", "2026-03-04"]
    assert [one.asked.amounts.sets for one in revisions] == [2, 3]


def test_a_revision_of_the_past_is_refused_beside_the_day(browser, ruth):
    address = f"/patients/{ruth.patient_id}/activities/{ruth.exercise_id}/revise"

    response = browser.press(
        browser.open(address),
        "/revise",
        reason="too late",
        effective_on="2026-02-27",
        rhythm="n_per_week",
        per_week="3",
    )

    assert response.status_code == 422
    assert "This day has passed." in response.text


def test_a_concern_waits_in_the_review_until_somebody_answers(app, browser, ruth):
    entries.log_entry(
        ruth.patient,
        ruth.patient_id,
        document(ruth.exercise_id, MONDAY, status=Status.SKIPPED, reason=Reason.HURT),
        MONDAY,
    )
    page = browser.open("/review")
    assert "Hurt:" in page and "Heel raises" in page
    path, fields = browser.forms(page, "/reply")[0]
    assert browser.post(path, fields).status_code == 422

    name = next(name for name in fields if name.startswith("reply-"))
    browser.post(path, fields | {name: "Take the lower step."})

    assert "Hurt:" not in browser.open("/review")
    patient = Browser(app, ruth.patient, MONDAY)
    assert "Take the lower step." in patient.open("/answers")
