"""Putting the record right: a clinician corrects a past day and says why, where it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adherence.domain.entries import Reason, Status
from adherence.services import audit, entries, progress, rebuild, settle
from adherence.store.ids import new_id
from tests.pages.browsers import Browser
from tests.wards import DAY, MONDAY, document, ward

TODAY = MONDAY + 6 * DAY
WHY = "The tablets were counted at the visit"


@pytest.fixture
def ruth(app):
    """A patient of a week, whose first days are settled."""
    w = ward(MONDAY)
    for n in range(5):
        said = document(w.exercise_id, MONDAY + n * DAY, sets=2, reps=10, pain=1)
        entries.log_entry(w.patient, w.patient_id, said, MONDAY + n * DAY)
    settle.settle(w.patient_id, TODAY)
    return w


@pytest.fixture
def browser(app, ruth):
    return Browser(app, ruth.therapist, TODAY)


def entry_of(ruth, n):
    """The newest entry of the nth day."""
    rows = entries.entries(ruth.patient, ruth.patient_id, None, 50, TODAY).entries
    return next(row for row in rows if row.local_day == (MONDAY + n * DAY).date())


def page_of(ruth, row):
    return f"/patients/{ruth.patient_id}/entries/{row.client_id}/correct"


def done_on(ruth, n, now=TODAY):
    days = dict(progress.progress(ruth.patient, ruth.patient_id, 30, now).days)
    return days[(MONDAY + n * DAY).date()].done


def test_a_past_day_is_put_right_and_every_figure_of_it_says_so(browser, ruth, app):
    row = entry_of(ruth, 1)
    sheet = browser.open(f"/patients/{ruth.patient_id}")
    assert page_of(ruth, row) in sheet
    assert done_on(ruth, 1) == 1

    page = browser.open(page_of(ruth, row))
    response = browser.press(page, "/correct", status="skipped", because=WHY, then="save")

    assert response.status_code == 303
    new = entry_of(ruth, 1)
    assert (new.status, new.corrects_id, new.because) == (Status.MISSED, row.client_id, WHY)
    assert (new.source.value, new.author_id) == ("clinician", ruth.therapist.account_id)
    assert done_on(ruth, 1) == 0
    assert rebuild.check(ruth.patient_id, TODAY) == []
    assert audit.verify(ruth.clinic_id) == []
    said = f"3 Mar: put right by Ada Roth, because: {WHY}"
    for html in (
        browser.open(f"/patients/{ruth.patient_id}"),
        Browser(app, ruth.patient, TODAY).open("/progress"),
    ):
        figure = html.split('id="figure-adherence', 1)[1].split("</section>", 1)[0]
        assert said in figure
        assert figure.count(" *</td>") == 1
        # The picture says it too, to those who see it and to those who do not.
        assert 'class="put-right-cell"' in figure
        assert figure.count("On 1 day the record was put right afterwards.") == 2
    for reader in (ruth.therapist, ruth.patient):
        chart = f"/charts/{ruth.patient_id}/adherence.svg?of="
        assert 'id="put-right"' in Browser(app, reader, TODAY).open(f"{chart}42")
        assert 'id="put-right"' not in Browser(app, reader, TODAY).open(f"{chart}1")


def test_what_did_not_happen_is_taken_out_and_the_day_is_open_again(browser, ruth):
    row = entry_of(ruth, 2)

    page = browser.open(page_of(ruth, row))
    response = browser.press(page, "/correct", because=WHY, then="withdraw")

    assert response.status_code == 303
    assert done_on(ruth, 2) == 0
    assert "4 Mar: taken out by Ada Roth" in browser.open(f"/patients/{ruth.patient_id}")
    assert rebuild.check(ruth.patient_id, TODAY) == []


@pytest.mark.parametrize("then", ["save", "withdraw"])
def test_without_a_reason_nothing_is_stored_and_what_was_typed_stays(browser, ruth, then):
    row = entry_of(ruth, 1)

    page = browser.open(page_of(ruth, row))
    response = browser.press(page, "/correct", because=" ", sets="1", note="A quiet day", then=then)

    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert "Say why it was recorded wrongly" in html
    assert "A quiet day" in html
    assert entry_of(ruth, 1).client_id == row.client_id


def test_the_service_too_asks_a_clinician_for_the_reason_and_not_the_patient(ruth):
    row = entry_of(ruth, 1)
    new = {"client_id": new_id(), "corrects_id": row.client_id, "status": Status.PARTLY}

    refused = entries.log_entry(ruth.therapist, ruth.patient_id, new, TODAY)
    taken = entries.log_entry(ruth.patient, ruth.patient_id, new, TODAY)

    assert (refused.result.value, dict(refused.errors)) == ("invalid", {"because": ["required"]})
    assert taken.result.value == "corrected"
    assert progress.progress(ruth.patient, ruth.patient_id, 30, TODAY).put_right == ()


def test_both_days_are_marked_when_an_entry_moves_and_none_once_it_is_corrected_again(ruth):
    row = entry_of(ruth, 1)
    moved = {
        "client_id": new_id(),
        "corrects_id": row.client_id,
        "status": Status.DONE,
        "performed_at": MONDAY + 5 * DAY,
        "because": WHY,
    }
    entries.log_entry(ruth.therapist, ruth.patient_id, moved, TODAY)

    (one,) = progress.progress(ruth.patient, ruth.patient_id, 30, TODAY).put_right
    assert one.days == ((MONDAY + DAY).date(), (MONDAY + 5 * DAY).date())
    assert (done_on(ruth, 1), done_on(ruth, 5)) == (0, 1)

    again = {"client_id": new_id(), "corrects_id": moved["client_id"], "status": Status.PARTLY}
    entries.log_entry(ruth.patient, ruth.patient_id, again, TODAY)
    assert progress.progress(ruth.patient, ruth.patient_id, 30, TODAY).put_right == ()


def test_the_answer_to_a_question_can_be_changed(app, ruth):
    """Its form has no answers to choose from, only the number."""
    at = MONDAY + 4 * DAY + timedelta(hours=11)
    said = document(ruth.check_id, at, symptom="pain", value=4.0)
    entries.log_entry(ruth.patient, ruth.patient_id, said, at)
    patient = Browser(app, ruth.patient, TODAY)

    page = patient.open(f"/entries/{said['client_id']}/correct")
    assert patient.press(page, "/correct", value="6").status_code == 303

    new = entry_of(ruth, 4)
    assert (new.value, new.status) == (6.0, Status.DONE)
    therapist = Browser(app, ruth.therapist, TODAY)
    page = therapist.open(page_of(ruth, new))
    assert therapist.press(page, "/correct", value="7", because=WHY).status_code == 303
    html = therapist.open(f"/patients/{ruth.patient_id}")
    assert "6 Mar: put right by Ada Roth" in html.split('id="figure-symptom', 1)[1]


def test_a_measured_goal_can_be_put_right(app, ruth):
    said = document(goal_id=ruth.goal_id, value=12.0, at=MONDAY)
    entries.log_entry(ruth.patient, ruth.patient_id, said, MONDAY)
    therapist = Browser(app, ruth.therapist, TODAY)
    page = therapist.open(f"/patients/{ruth.patient_id}/entries/{said['client_id']}/correct")
    assert "12 steps" in page

    assert therapist.press(page, "/correct", value="", because=WHY).status_code == 422
    assert therapist.press(page, "/correct", value="9", because=WHY).status_code == 303

    newest = entries.entries(ruth.patient, ruth.patient_id, None, 1, TODAY).entries[0]
    assert (newest.value, newest.because, newest.goal_id) == (9.0, WHY, ruth.goal_id)
    html = therapist.open(f"/patients/{ruth.patient_id}")
    assert "2 Mar: put right by Ada Roth" in html.split('id="figure-goal', 1)[1]


def test_a_question_left_unanswered_keeps_its_answer_and_can_be_taken_out(app, ruth):
    """Nobody but the patient has the number; what a clinician can put right is the rest."""
    at = MONDAY + 4 * DAY + timedelta(hours=11)
    said = document(ruth.check_id, at, status=Status.SKIPPED, reason=Reason.NO_TIME)
    entries.log_entry(ruth.patient, ruth.patient_id, said, at)
    therapist = Browser(app, ruth.therapist, TODAY)

    page = therapist.open(page_of(ruth, entry_of(ruth, 4)))
    assert 'id="st-done"' not in page
    assert "If it was answered after all, take this out." in page
    stored = therapist.press(page, "/correct", reason="side_effect", because=WHY)
    assert stored.status_code == 303

    new = entry_of(ruth, 4)
    assert (new.status, new.reason, new.because) == (Status.SKIPPED, Reason.SIDE_EFFECT, WHY)
    patient = Browser(app, ruth.patient, TODAY)
    page = patient.open(f"/entries/{new.client_id}/correct")
    assert "The card then asks again." in page
    assert patient.press(page, "/correct", reason="", note="I slept").status_code == 303
    assert (entry_of(ruth, 4).status, entry_of(ruth, 4).note) == (Status.MISSED, "I slept")


def test_many_corrections_wait_behind_one_press(app, ruth):
    therapist = Browser(app, ruth.therapist, TODAY)
    for count in range(1, 5):
        page = therapist.open(page_of(ruth, entry_of(ruth, count)))
        therapist.press(page, "/correct", then="withdraw", because=WHY)
        html = Browser(app, ruth.patient, TODAY).open("/progress")
        figure = html.split('id="figure-adherence', 1)[1].split("</section>", 1)[0]
        assert figure.count("taken out by Ada Roth") == count
        assert ("Show what was put right (4)" in figure) == (count == 4)
