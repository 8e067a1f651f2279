"""Consent over the API: one list, one decision, nothing in earnest by a token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.town import Town


def path(town: Town) -> str:
    return f"/api/v1/patients/{town.records['own'].patient_id}/consents"


def said(**more: Any) -> dict[str, Any]:
    usual = {
        "purpose": "email",
        "answer": "given",
        "version": 1,
        "locale": "de",
        "signature": "Ruth Aldous",
    }
    return {**usual, **more}


def states(town: Town, who: str = "own") -> dict[str, str]:
    found = town.ask(who, path(town)).get_json()["consents"]
    return {one["purpose"]: one["state"] for one in found}


def test_a_decision_counts_at_the_next_request(town: Town):
    assert set(states(town).values()) == {"undecided", "withdrawn"}
    answer = town.ask("own", path(town), "POST", json=said())
    assert answer.status_code == 201
    assert answer.get_json()["words"]["title"] == "E-Mails, wenn es etwas Neues gibt"
    assert states(town, "therapist")["email"] == "given"

    again = said(answer="withdrawn")
    del again["signature"]
    assert town.ask("own", path(town), "POST", json=again).status_code == 201
    found = town.ask("own", f"{path(town)}?language=ru").get_json()["consents"]
    email = next(one for one in found if one["purpose"] == "email")
    assert [one["answer"] for one in email["decisions"]] == ["withdrawn", "given"]
    assert email["words"]["title"] == "Письма о новом"
    kept = town.ask("own", f"{path(town)}/{email['decisions'][1]['id']}").get_json()
    assert kept["words"]["agree"].startswith("Ich bin einverstanden")
    assert kept["decision"]["signature"] == "Ruth Aldous"


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": ""},
        {"signature": "\u200b\u200b"},
        {"signature": "\u202eRuth"},
        {"signature": "x"},
        {"signature": 7},
        {"version": 2},
        {"version": "1"},
        {"locale": "fr"},
        {"purpose": "everything"},
        {"purpose": "research"},
        {"answer": "yes"},
        {"source": "paper"},
        {"source": "self"},
        {"decided_on": "2026-03-01"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_changes_nothing(town: Town, wrong: dict[str, Any]):
    answer = town.ask("own", path(town), "POST", json=said(**wrong))

    assert answer.status_code == 422
    assert states(town)["email"] == "undecided"


def test_a_clinician_records_paper_and_a_no_that_was_said(town: Town):
    paper = said(purpose="research", decided_on="2026-02-20")
    assert town.ask("therapist", path(town), "POST", json=paper).status_code == 201
    assert states(town)["research"] == "given"
    spoken = {**paper, "answer": "withdrawn", "source": "spoken"}
    del spoken["decided_on"]
    assert town.ask("therapist", path(town), "POST", json=spoken).status_code == 201
    assert states(town)["research"] == "withdrawn"
    assert town.ask("therapist", path(town), "POST", json=said(source="spoken")).status_code == 422


def test_an_unknown_language_is_refused(town: Town):
    assert town.ask("own", f"{path(town)}?language=fr").status_code == 422
