"""Consent on pages: as easy to take back as to give, typed names kept, effective at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adherence.domain.consent import Purpose
from adherence.services import consent
from adherence.settings import EXTENSION, Mode
from adherence.store.caseload import CASELOAD
from tests.builders import agrees, takes_back
from tests.pages.browsers import Browser
from tests.practice import rows
from tests.web.town import MONDAY, Town, founded

MINUTE = timedelta(minutes=1)
FORM = {"version": "1", "locale": "en", "signature": "Ruth Aldous"}
POSTS = re.compile(r'<form[^>]* method="post" action="(/consents/[^"]+)"')


@pytest.fixture
def town(store_url: str) -> Iterator[Town]:
    with founded(store_url) as made:
        yield made


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def but(form: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in form.items() if name not in names}


def state(town: Town, purpose: str, who: str = "own") -> str:
    record = town.records[who]
    with town.inside():
        found = consent.consent(record.actor, record.patient_id, Purpose(purpose), town.at)
    return found.state.value


@pytest.mark.parametrize("purpose", ["care", "programme", "email", "sms", "push"])
def test_G7_taking_back_takes_as_many_steps_as_giving(town: Town, purpose: str):
    """The list, the purpose's own page, one press: the same on both ways."""
    assert f'href="/consents/{purpose}"' in text(town.ask("own", "/consents"))
    page = text(town.ask("own", f"/consents/{purpose}"))
    assert f"/consents/{purpose}/give" in POSTS.findall(page)
    given = town.ask("own", f"/consents/{purpose}/give", "POST", form=FORM)
    assert (given.status_code, given.headers["Location"]) == (303, f"/consents/{purpose}")
    assert state(town, purpose) == "given"

    page = text(town.ask("own", f"/consents/{purpose}"))
    assert POSTS.findall(page) == [f"/consents/{purpose}/withdraw"]
    assert "signature" not in page
    back = town.ask("own", f"/consents/{purpose}/withdraw", "POST")
    assert (back.status_code, back.headers["Location"]) == (303, f"/consents/{purpose}")
    assert state(town, purpose) == "withdrawn"


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u200b", "\u202eRuth", "R"])
def test_a_blank_signature_is_refused_with_a_sentence_and_kept(town: Town, typed: str):
    answer = town.ask("own", "/consents/sms/give", "POST", form={**FORM, "signature": typed})

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in text(answer)
    assert re.search("at least two letters|nobody can see", text(answer))
    assert f'name="signature" type="text" value="{typed}"' in text(answer)
    assert state(town, "sms") == "undecided"


def test_research_is_signed_only_with_a_factor_shown_just_now(town: Town):
    page = text(town.ask("own", "/consents/research"))
    assert 'href="/consents/research/sign"' in page
    assert "/consents/research/give" not in page
    assert town.ask("own", "/consents/research/give", "POST", form=FORM).status_code == 404

    town.at = MONDAY + 6 * MINUTE
    away = town.ask("own", "/consents/research/sign")
    assert away.status_code == 303
    assert away.headers["Location"].startswith("/account/prove?to=%2Fconsents%2Fresearch%2Fsign")
    assert town.ask("own", "/consents/research/sign", "POST", form=FORM).status_code == 401
    assert state(town, "research") == "undecided"

    town.sign_in("own")
    assert town.ask("own", "/consents/research/sign").status_code == 200
    assert town.ask("own", "/consents/research/sign", "POST", form=FORM).status_code == 303
    assert state(town, "research") == "given"
    town.at += 6 * MINUTE
    assert town.ask("own", "/consents/research/withdraw", "POST").status_code == 303
    assert state(town, "research") == "withdrawn"


def test_a_name_typed_too_long_ago_survives_the_proof_and_new_words(town: Town):
    """The step is stale and the words have changed: nothing is stored, nothing typed lost."""
    given = town.app.extensions[EXTENSION]
    town.app.extensions[EXTENSION] = replace(given, mode=Mode.DEMO)
    with town.inside():
        ruth = Browser(town.app, town.records["own"].actor, MONDAY)
    page = ruth.open("/consents/research/sign")
    ruth.at(MONDAY + 6 * MINUTE)

    refused = ruth.press(page, "/sign", signature="Ruth Aldous", version="7")
    assert refused.status_code == 401
    assert "What you typed is kept" in refused.text
    asked = ruth.press(refused.text, "/account/prove/first")
    assert asked.status_code == 200
    (_to, carried), *_others = ruth.forms(asked.text, "/account/prove")
    proven = ruth.post("/account/prove", {**but(carried, "pin", "code", "answer"), "demo": "yes"})
    assert proven.status_code == 200
    assert state(town, "research") == "undecided"
    again = ruth.press(proven.text, "/consents/research/sign")
    assert again.status_code == 422
    assert "The words have changed meanwhile" in again.text
    assert 'name="signature" type="text" value="Ruth Aldous"' in again.text
    assert state(town, "research") == "undecided"
    assert ruth.press(again.text, "/consents/research/sign").status_code == 303
    assert state(town, "research") == "given"


@pytest.mark.parametrize(
    "waiting",
    [
        '["https://evil.example/x", [["signature", "x"]]]',
        '["//evil.example/consents/research/sign", [["signature", "x"]]]',
        '["/api/v1/me", [["signature", "x"]]]',
        '["/nowhere", [["signature", "x"]]]',
        '["/account/password", [["password", "x"]]]',
        '["/consents/research/sign", [["role", "admin"]]]',
        '["/consents/research/sign", [["signature", 1]]]',
        "no form at all",
    ],
)
def test_what_is_no_form_of_ours_is_not_offered_after_the_proof(town: Town, waiting: str):
    given = town.app.extensions[EXTENSION]
    town.app.extensions[EXTENSION] = replace(given, mode=Mode.DEMO)
    with town.inside():
        ruth = Browser(town.app, town.records["own"].actor, MONDAY)
    (_to, carried), *_others = ruth.forms(ruth.open("/account/prove"), "/account/prove")
    carried = but(carried, "pin", "code", "answer")
    answer = ruth.post("/account/prove", {**carried, "demo": "yes", "typed": waiting})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_words_that_changed_while_they_were_read_are_read_again(town: Town):
    form = {**FORM, "version": "7"}
    answer = town.ask("own", "/consents/email/give", "POST", form=form)

    assert answer.status_code == 422
    assert "The words have changed meanwhile" in text(answer)
    assert state(town, "email") == "undecided"


def test_the_words_of_then_are_shown_in_their_language(town: Town):
    town.ask("own", "/consents/sms/give", "POST", form={**FORM, "locale": "ru"})
    page = text(town.ask("own", "/consents/sms"))
    (link,) = re.findall(r'href="(/consents/decisions/[^"]+)"', page)

    found = text(town.ask("own", link))
    assert "СМС о новом" in found
    assert 'lang="ru"' in found
    assert "“Ruth Aldous”" in found


def test_the_first_page_asks_about_care_once_and_says_who_is_left_out(town: Town):
    assert "What happens with what you note?" in text(town.ask("own", "/today"))
    town.ask("own", "/consents/care/withdraw", "POST")
    assert "Your team does not work with what you note" in text(town.ask("own", "/today"))
    town.ask("own", "/consents/care/give", "POST", form=FORM)
    page = text(town.ask("own", "/today"))
    assert "What happens with what you note?" not in page
    assert "Your team does not work" not in page


def test_a_no_to_care_locks_nobody_out_and_empties_the_queue_at_once(town: Town):
    record = town.records["own"]
    assert record.mark in text(town.ask("therapist", "/review"))
    town.ask("own", "/consents/care/withdraw", "POST")

    assert record.mark not in text(town.ask("therapist", "/review"))
    assert record.mark not in text(town.ask("therapist", "/api/v1/review/queue"))
    for path in ("/today", "/progress", "/goals", "/answers", "/consents"):
        assert town.ask("own", path).status_code == 200
    sheet = text(town.ask("therapist", f"/patients/{record.patient_id}"))
    assert "does not want the team to work with what is noted here" in sheet


def test_a_clinician_writes_paper_down_and_keeps_what_was_typed_wrongly(town: Town):
    path = f"/patients/{town.records['own'].patient_id}/consents"
    wrong = {"purpose": "research", "answer": "given", "source": "paper", "locale": "de"}
    answer = town.ask("therapist", path, "POST", form={**wrong, "decided_on": "2999-01-01"})
    assert answer.status_code == 422
    assert 'value="2999-01-01"' in text(answer)
    assert 'value="research" selected' in text(answer)
    assert state(town, "research") == "undecided"

    good = {**wrong, "decided_on": "2026-02-20", "signature": "Ruth Aldous"}
    assert town.ask("therapist", path, "POST", form=good).status_code == 303
    assert "20 February 2026, on paper, written down by Staff therapist" in text(
        town.ask("therapist", path)
    )
    assert state(town, "research") == "given"
    spoken = {**good, "source": "spoken", "purpose": "sms"}
    answer = town.ask("therapist", path, "POST", form=spoken)
    assert "What was only said can end a consent" in text(answer)
    link = re.findall(rf'href="({path}/[^"]+)"', text(town.ask("therapist", path)))[0]
    assert "Daten für die Forschung" in text(town.ask("therapist", link))


def test_G5_the_programmes_next_page_leaves_out_who_took_it_back(town: Town):
    from sqlalchemy import update

    from adherence.services import accounts, patients, programmes
    from adherence.store.db import write
    from adherence.store.statements import Statement

    lead = town.people["therapist"].actor
    assert lead is not None
    with town.inside():
        people = []
        for n in range(12):
            account_id = accounts.create_account(
                lead.clinic_id, lead.role.PATIENT, f"P {n}", "en", MONDAY
            )
            patients.add_patient(
                lead, name=f"P {n}", zone="Europe/Berlin", account_id=account_id, now=MONDAY
            )
            people.append(accounts.actor_of(account_id))
            agrees(people[-1], "programme", at=MONDAY)
        mine = [one.patient_id for one in people]
        full = Statement(
            update(CASELOAD)
            .where(CASELOAD.c.patient_id.in_(mine))
            .values(due30=10, done30=6, unreported30=1)
        )
        write(lambda run: run.core(full.core))
        assert len(rows(CASELOAD)) > 12

    assert "Too few people for a sum" in text(town.ask("manager", "/programme"))
    with town.inside():
        programmes.count(lead.clinic_id, MONDAY)
    page = text(town.ask("manager", "/programme"))
    assert "72 of 120" in page
    assert "brings at least 11 people who were never counted before" in page
    with town.inside():
        takes_back(people[0], "programme", at=MONDAY + MINUTE)
    assert "Too few people for a sum" in text(town.ask("manager", "/programme"))


def test_unknown_purposes_are_not_found(town: Town):
    for path in ("/consents/everything", "/consents/care/sign"):
        assert town.ask("own", path).status_code == 404
