"""Answering on pages: one press, twice the same, a second dose, reasons, and back again."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from adherence.domain.activities import ActivityKind, Asked
from adherence.domain.entries import Amounts
from adherence.domain.schedules import Schedule, ScheduleKind
from adherence.services import entries, pauses, plans
from adherence.services import today as days
from tests.pages.browsers import SITE, Browser
from tests.wards import MONDAY

HOUR = timedelta(hours=1)


@pytest.fixture
def browser(app, ruth):
    return Browser(app, ruth.patient, MONDAY)


def stored(ruth, at=MONDAY):
    """The entries of the patient, newest first."""
    return entries.entries(ruth.patient, ruth.patient_id, None, 50, at).entries


def card_form(browser, activity_id, html=None):
    """The form on the card of an activity."""
    html = html or browser.open("/today")
    return next(
        (path, fields)
        for path, fields in browser.forms(html, "/today/log")
        if fields["activity_id"] == str(activity_id)
    )


def test_one_press_stores_the_answer_and_says_so_once(browser, ruth):
    path, fields = card_form(browser, ruth.exercise_id)

    response = browser.post(path, fields | {"status": "done"})

    assert response.status_code == 303
    assert [row.status for row in stored(ruth)] == ["done"]
    assert "Noted: done" in browser.open("/today")
    assert "Noted: done" not in browser.open("/today")


def test_the_same_form_sent_twice_is_one_entry(browser, ruth):
    path, fields = card_form(browser, ruth.exercise_id)

    answers = [browser.post(path, fields | {"status": "done"}).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert len(stored(ruth)) == 1


def test_a_second_dose_for_the_same_time_is_asked_about_and_then_stored_as_extra(app, ruth):
    """Nothing is merged in silence and nothing is refused: the person says which it was."""
    noon = MONDAY + 2 * HOUR
    browser = Browser(app, ruth.patient, noon)
    path, fields = card_form(browser, ruth.medicine_id)
    browser.post(path, fields | {"status": "done"})
    other = browser.open(f"/log/{ruth.medicine_id}/2026-03-02/1")

    question = browser.press(other, "/log/", status="done", quantity="1")

    assert question.status_code == 200
    assert "Is this a second one?" in question.text
    assert len(stored(ruth)) == 1
    answer = browser.press(question.text, "/log/", again="yes")
    assert answer.status_code == 303
    assert len(stored(ruth)) == 2
    view = days.today(ruth.patient, ruth.patient_id, noon)
    assert len(view.extras) == 1


def test_what_was_typed_stays_and_what_would_be_right_stands_beside_it(browser, ruth):
    page = browser.open(f"/log/{ruth.exercise_id}/2026-03-02/0")

    response = browser.press(page, "/log/", status="partly", reps="many", at_time="25:00")

    assert response.status_code == 422
    assert 'value="many"' in response.text
    assert 'value="25:00"' in response.text
    assert "25:00 is not a time" in response.text
    assert 'role="alert"' in response.text
    assert stored(ruth) == []


def test_pain_zero_no_pain_said_and_prefer_not_to_say_are_three_things(browser, ruth):
    for pain in ("0", "", "declined"):
        page = browser.open(f"/log/{ruth.exercise_id}/2026-03-02/0")
        path, fields = browser.forms(page, "/log/")[0]
        browser.post(path, fields | {"status": "done", "pain": pain, "again": "yes"})

    assert [(row.pain, row.pain_declined) for row in reversed(stored(ruth))] == [
        (0, False),
        (None, False),
        (None, True),
    ]


def test_not_today_keeps_the_reason_and_the_note_of_that_reason_alone(browser, ruth):
    page = browser.open(f"/not-today/{ruth.exercise_id}/2026-03-02/0")

    browser.press(
        page, "/not-today/", reason="hurt", note_hurt="left knee", note_ran_out="x", then="note"
    )

    (row,) = stored(ruth)
    assert (row.status, row.reason, row.note) == ("skipped", "hurt", "left knee")


def test_without_a_reason_it_is_missed_and_later_stores_nothing(browser, ruth):
    page = browser.open(f"/not-today/{ruth.exercise_id}/2026-03-02/0")

    browser.press(page, "/not-today/", reason="no_time", then="later")
    assert stored(ruth) == []
    browser.press(page, "/not-today/", then="no_reason")

    assert [(row.status, row.reason) for row in stored(ruth)] == [("missed", None)]


def test_undo_takes_the_answer_back_and_twice_is_once(browser, ruth):
    path, fields = card_form(browser, ruth.exercise_id)
    browser.post(path, fields | {"status": "done"})
    page = browser.open("/today")
    undo, token = browser.forms(page, "/undo")[0]

    browser.post(undo, token)
    browser.post(undo, token)

    assert [row.withdrawn for row in stored(ruth)] == [True, False]
    assert "Taken back" in browser.open("/today")
    assert card_form(browser, ruth.exercise_id)


def test_a_changed_answer_keeps_the_old_one_readable(browser, ruth):
    path, fields = card_form(browser, ruth.exercise_id)
    browser.post(path, fields | {"status": "done"})
    page = browser.open(f"/entries/{fields['client_id']}/correct")

    response = browser.press(page, "/correct", status="partly", sets="1", reps="6", pain="7")

    assert response.status_code == 303
    new, old = stored(ruth)
    assert (new.status, new.sets, new.reps, new.pain) == ("partly", 1, 6, 7)
    assert (old.status, old.corrected_by) == ("done", new.client_id)
    assert "What stood here before" in browser.open(f"/entries/{new.client_id}/correct")


def test_a_check_in_needs_a_number_or_a_no(app, ruth):
    browser = Browser(app, ruth.patient, MONDAY + 11 * HOUR)
    page = browser.open(f"/log/{ruth.check_id}/2026-03-02/0")

    assert browser.press(page, "/log/", status="done").status_code == 422
    browser.press(page, "/log/", status="done", value="0")

    (row,) = stored(ruth, MONDAY + 11 * HOUR)
    assert (row.symptom, row.value, row.declined) == ("pain", 0, False)


def test_a_pause_excuses_the_day_and_ends_with_one_press(browser, ruth):
    page = browser.open("/pause")
    assert browser.press(page, "/pause").status_code == 422
    browser.press(page, "/pause", kind="ill", last_day="2026-03-04")

    assert "I am ill" in browser.open("/today")
    (pause,) = pauses.pauses(ruth.patient, ruth.patient_id, MONDAY)
    assert (str(pause.first_day), str(pause.until)) == ("2026-03-02", "2026-03-05")
    browser.post(*browser.forms(browser.open("/pause"), "/end")[0])

    assert card_form(browser, ruth.exercise_id)


def test_a_goal_is_measured_again_on_its_own_card(browser, ruth):
    page = browser.open("/goals")
    name = f"rate-{ruth.goal_id}"

    assert browser.press(page, "/rate", **{name: "some"}).status_code == 422
    browser.press(page, "/rate", **{name: "9"})

    assert ">9</b>" in browser.open("/goals")


def test_a_form_that_is_not_ours_changes_nothing(browser, ruth):
    path, fields = card_form(browser, ruth.exercise_id)

    response = browser.post(path, fields | {"status": "done", "csrf_token": "guessed"})

    assert response.status_code == 403
    assert stored(ruth) == []


def test_an_address_holds_no_health_word(browser, ruth):
    """Where a post leads, and every address on a page, names things by id alone."""
    path, fields = card_form(browser, ruth.exercise_id)
    browser.post(path, fields | {"status": "done"})
    for page in ("/today", "/progress", "/goals", "/milestones", "/account"):
        html = browser.open(page)
        addresses = [part.split('"')[0] for part in html.split('href="')[1:]]
        addresses += [part.split('"')[0] for part in html.split('srcset="')[1:]]
        assert [a for a in addresses if "pain" in a or "hurt" in a or "Ruth" in a] == []


def test_a_dose_as_needed_too_soon_is_asked_about_and_never_refused(app, ruth):
    """The minimum interval is shown; what happened is always recorded."""
    activity_id = plans.assign_activity(
        ruth.therapist,
        ruth.patient_id,
        plan_id=ruth.plan_id,
        kind=ActivityKind.MEDICATION,
        schedule=Schedule(
            kind=ScheduleKind.AS_NEEDED, starts_on=MONDAY.date(), min_interval_hours=4
        ),
        asked=Asked(title="Ibuprofen 400 mg", amounts=Amounts(quantity=1), unit="tablet"),
        goals=[(ruth.goal_id, "because a quiet night helps")],
        now=MONDAY,
    )
    browser = Browser(app, ruth.patient, MONDAY)
    page = browser.open(f"/log/{activity_id}")
    assert browser.press(page, "/log/", status="done").status_code == 303
    assert "Next possible from 14:00." in browser.open("/today")

    browser = Browser(app, ruth.patient, MONDAY + HOUR)
    question = browser.press(browser.open(f"/log/{activity_id}"), "/log/", status="done")
    assert "You logged 1 tablet at 10:00." in question.text
    assert "from 14:00" in question.text

    assert browser.press(question.text, "/log/", again="yes").status_code == 303
    assert len(stored(ruth)) == 2


@pytest.mark.parametrize(
    ("day", "slot"),
    [
        (MONDAY.date(), 2),
        (MONDAY.date(), 23),
        (MONDAY.date() - timedelta(days=5), 0),
        ("0001-01-01", 0),
        ("9999-12-31", 0),
        ("20260302", 0),
        ("2026-W10-1", 0),
        ("2026-02-30", 0),
        ("today", 0),
        ("٢٠٢٦-٠٣-٠٢", 0),
    ],
)
def test_a_dose_that_was_never_asked_for_has_no_page(browser, ruth, day, slot):
    path = f"/log/{ruth.medicine_id}/{day}/{slot}"
    about = {"activity_id": str(ruth.medicine_id), "day": str(day), "slot": str(slot)}
    card, fields = card_form(browser, ruth.exercise_id)
    own = {name: fields[name] for name in ("csrf_token", "client_id")}

    for address, said in (
        (path, {"status": "done"}),
        (path.replace("/log/", "/not-today/"), {"reason": "no_time"}),
    ):
        assert browser.client.get(address, base_url=SITE).status_code == 404, address
        assert browser.post(address, own | said).status_code == 404, address
    assert browser.post(card, fields | about | {"status": "done"}).status_code == 404
    assert stored(ruth) == []


def test_an_open_form_outlives_the_revision_that_takes_its_dose_back(browser, ruth):
    """Two doses a day become one today; the second one's form lay open and was filled in."""
    path = f"/log/{ruth.medicine_id}/{MONDAY.date()}/1"
    form, fields = browser.forms(browser.open(path), "/log/")[0]
    plans.revise_activity(
        ruth.therapist,
        ruth.patient_id,
        ruth.medicine_id,
        effective_on=MONDAY.date(),
        schedule=Schedule(
            kind=ScheduleKind.WEEKDAYS,
            starts_on=MONDAY.date(),
            weekdays=frozenset(range(7)),
            times=(time(8),),
        ),
        asked=Asked(title="Paracetamol 500 mg", amounts=Amounts(quantity=1), unit="tablet"),
        reason="once a day is enough",
        now=MONDAY,
    )

    assert browser.post(form, fields | {"status": "done"}).status_code == 303
    assert [row.status for row in stored(ruth)] == ["done"]
    assert browser.client.get(path, base_url=SITE).status_code == 200
