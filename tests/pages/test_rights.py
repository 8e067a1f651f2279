"""My data on pages: a copy, the wish for deletion, the team's copy, the administrators' list."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

from adherence.domain.access import Actor, Role
from adherence.services import accounts, erasures, exports, proxies
from adherence.services.erasures import ErasureState
from adherence.store.sessions import SESSION
from adherence.web.exports import page
from tests.pages.browsers import SITE, Browser
from tests.practice import rows
from tests.wards import MONDAY, Ward

if TYPE_CHECKING:
    from flask import Flask

MINUTE = timedelta(minutes=1)


def admin(app: Flask, ruth: Ward, name: str) -> Browser:
    made = accounts.create_account(ruth.clinic_id, Role.ADMIN, name, "en", MONDAY)
    return Browser(app, accounts.actor_of(made), MONDAY)


def test_a_patient_asks_for_a_copy_and_fetches_it(ruth: Ward, patient: Browser):
    answer = patient.press(patient.open("/my-data"), "/my-data/copies")
    assert answer.status_code == 303
    assert "being made" in patient.open("/my-data")
    exports.build_waiting(page, MONDAY)
    held = exports.exports_of(ruth.patient, ruth.patient_id, MONDAY)[0]
    path = f"/my-data/copies/{held.id}"
    answer = patient.press(patient.open("/my-data"), path)

    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None


def test_S9_an_old_step_up_is_asked_for_again(app: Flask, ruth: Ward, patient: Browser):
    patient.at(MONDAY + 6 * MINUTE)
    answer = patient.client.get("/my-data", base_url=SITE)
    assert answer.status_code == 303
    assert "/account/prove" in answer.headers["Location"]
    held = exports.exports_of(ruth.patient, ruth.patient_id, MONDAY)
    assert patient.post("/my-data/copies", {}).status_code in {400, 401, 403}
    assert exports.exports_of(ruth.patient, ruth.patient_id, MONDAY) == held
    doctor = admin(app, ruth, "Vera")
    doctor.at(MONDAY + 6 * MINUTE)
    assert doctor.client.get("/forgetting", base_url=SITE).status_code == 303


def test_a_wish_needs_a_tick_and_keeps_what_was_typed(ruth: Ward, patient: Browser):
    html = patient.open("/my-data")
    assert "nothing new is stored" not in html
    answer = patient.press(html, "/forget", words="I moved <away>")
    assert answer.status_code == 422
    assert "I moved &lt;away&gt;" in answer.text
    assert erasures.erasures_of(ruth.patient_id) == []
    assert patient.press(html, "/forget", words="I moved", sure="yes").status_code == 303
    again = patient.open("/my-data")
    assert "You asked for deletion" in again
    assert patient.press(again, "/withdraw").status_code == 303
    assert erasures.erasures_of(ruth.patient_id)[0].state is ErasureState.WITHDRAWN


def test_two_administrators_lock_a_record_and_the_patient_reads_why(
    app: Flask, ruth: Ward, patient: Browser
):
    erasures.ask(ruth.patient, ruth.patient_id, "Please forget me", MONDAY)
    vera, otto = admin(app, ruth, "Vera"), admin(app, ruth, "Otto")
    html = vera.open("/forgetting")
    assert "Please forget me" in html
    assert "Delete everything" not in html, "it must be kept, and yet deletion is offered"
    empty = vera.press(html, "/forgetting/", outcome="", reason="")
    assert empty.status_code == 422
    why = "The law wants it kept until 2036."
    assert vera.press(html, "/forgetting/", outcome="restrict", reason=why).status_code == 303
    mine = vera.open("/forgetting")
    assert "Another administrator has to agree" in mine
    refused = vera.press(mine, "/forgetting/", outcome="restrict", reason=why)
    assert refused.status_code == 422
    assert "You proposed this" in refused.text
    theirs = otto.open("/forgetting")
    assert otto.press(theirs, "/forgetting/", outcome="restrict", reason=why).status_code == 303

    assert why.replace("'", "&#39;") in patient.open("/my-data")
    assert "Ask for deletion" not in patient.open("/my-data")
    for path in ("/today", "/progress", "/my-data"):
        assert "nothing new is stored" in patient.open(path)
    form = {"client_id": str(ruth.goal_id), "symptom": "pain", "value": "3"}
    typed = patient.press(patient.open("/symptom"), "/symptom", **form)
    assert typed.status_code == 423
    assert "Your record is locked" in typed.text
    team = Browser(app, ruth.therapist, MONDAY)
    assert team.client.get(f"/patients/{ruth.patient_id}", base_url=SITE).status_code == 404
    assert "Ruth Aldous" not in team.open("/patients")


def test_whoever_was_erased_is_signed_out_and_gone(app: Flask, ruth: Ward, patient: Browser):
    from adherence.settings import EXTENSION

    object.__setattr__(app.extensions[EXTENSION], "retention_years", 0)
    wish = erasures.ask(ruth.patient, ruth.patient_id, "", MONDAY)
    deciders = [admin(app, ruth, name) for name in ("Vera", "Otto")]
    for one in deciders:
        html = one.open("/forgetting")
        one.press(html, str(wish), outcome="erase", reason="You asked for it.")

    answer = patient.client.get("/today", base_url=SITE)
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]
    assert [row for row in rows(SESSION) if row.account_id == ruth.patient.account_id] == []
    assert "Nobody asked." in deciders[0].open("/forgetting")


def test_the_team_has_a_copy_made_in_the_patients_language(app: Flask, ruth: Ward):
    accounts.set_locale(ruth.patient, "ru", MONDAY)
    team = Browser(app, ruth.therapist, MONDAY)
    address = f"/patients/{ruth.patient_id}/data"
    assert address in team.open(f"/patients/{ruth.patient_id}")
    assert team.press(team.open(address), address).status_code == 303
    exports.build_waiting(page, MONDAY)
    held = exports.exports_of(ruth.therapist, ruth.patient_id, MONDAY)[0]
    answer = team.press(team.open(address), f"{address}/copies/{held.id}")

    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert '<html lang="ru">' in archive.read("index.html").decode()


def maria_for(ruth: Ward) -> Actor:
    """Somebody who acts for the patient from now on."""
    proxies.add_proxy(
        ruth.therapist,
        ruth.patient_id,
        name="Maria",
        email="",
        until_at=None,
        until_grown=False,
        locale="en",
        now=MONDAY,
    )
    one = proxies.proxies_of(ruth.patient, ruth.patient_id, MONDAY)[0]
    return accounts.actor_of(one.account_id)


def test_who_acts_for_a_patient_has_no_way_to_their_data(app: Flask, ruth: Ward):
    browser = Browser(app, maria_for(ruth), MONDAY)
    browser.press(browser.open("/for"), "/for", patient_id=str(ruth.patient_id))
    assert "/my-data" not in browser.open("/account")
    assert "nothing new is stored" not in browser.open("/today")
    assert browser.client.get("/my-data", base_url=SITE).status_code == 403


def test_who_acts_for_a_patient_reads_that_the_record_is_locked(
    app: Flask, ruth: Ward, patient: Browser
):
    acts_for_her = maria_for(ruth)
    wish = erasures.ask(ruth.patient, ruth.patient_id, "", MONDAY)
    for name in ("Vera", "Otto"):
        vera = admin(app, ruth, name)
        html = vera.open("/forgetting")
        vera.press(html, str(wish), outcome="restrict", reason="It must be kept.")

    assert "nothing new is stored" in patient.open("/today")
    maria = Browser(app, acts_for_her, MONDAY)
    maria.press(maria.open("/for"), "/for", patient_id=str(ruth.patient_id))
    said = "The record of Ruth Aldous is locked: it can be read, nothing new is stored."
    for path in ("/today", "/progress", "/goals", "/account"):
        html = maria.open(path)
        assert said in html
        assert "You are Maria, here for Ruth Aldous." in html
        assert "/my-data" not in html


def test_copies_are_asked_for_a_few_times_a_day(app: Flask, ruth: Ward, patient: Browser):
    html = patient.open("/my-data")
    answers = []
    for _ in range(6):
        answers.append(patient.press(html, "/my-data/copies").status_code)
        exports.build_waiting(page, MONDAY)
    assert answers == [303] * 5 + [429]


def test_the_team_puts_name_and_year_of_birth_right(app: Flask, ruth: Ward):
    from adherence.services import audit
    from adherence.store.accounts import ACCOUNT
    from adherence.store.audit import AUDIT
    from adherence.store.patients import PATIENT

    team = Browser(app, ruth.therapist, MONDAY)
    address = f"/patients/{ruth.patient_id}/data"
    html = team.open(address)
    for typed in ({"name": " "}, {"birth_year": "soon"}, {"birth_year": "3000"}):
        answer = team.press(html, "/data/person", **typed)
        assert answer.status_code == 422
        for value in typed.values():
            assert f'value="{value}"' in answer.text, "what was typed is gone"
    assert rows(PATIENT)[0].name == "Ruth Aldous"
    answer = team.press(html, "/data/person", name="Ruth Aldoux", birth_year="1951")
    assert answer.status_code == 303

    assert (rows(PATIENT)[0].name, rows(PATIENT)[0].birth_year) == ("Ruth Aldoux", 1951)
    names = {row.id: row.name for row in rows(ACCOUNT)}
    assert names[ruth.patient.account_id] == "Ruth Aldoux"
    assert [row.action for row in rows(AUDIT)].count("patient.correct") == 1
    team.press(html, "/data/person", name="Ruth Aldoux", birth_year="1951")
    assert [row.action for row in rows(AUDIT)].count("patient.correct") == 1
    assert audit.verify(ruth.clinic_id) == []
