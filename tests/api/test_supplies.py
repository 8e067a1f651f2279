"""Supplies over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from adherence.store.ids import new_id
from tests.web.town import MONDAY, Town

TODAY = MONDAY.date().isoformat()


def ask(town: Town, method: str = "GET", who: str = "therapist", path: str = "", **more: Any):
    patient_id = town.records["own"].patient_id
    return town.ask(who, f"/api/v1/patients/{patient_id}/supplies{path}", method, **more)


def said(**more: Any) -> dict[str, Any]:
    usual = {"date": TODAY, "duration": 30, "source": "dispensed"}
    return {"client_id": str(new_id()), **usual, **more}


def test_a_supply_is_stored_once_and_sending_again_changes_nothing(town: Town):
    document = said(daily_dose=2.5, medication="A02BC05")
    first, again = (ask(town, "POST", json=document) for _ in range(2))

    assert (first.status_code, first.get_json()["result"]) == (201, "created")
    assert (again.status_code, again.get_json()["result"]) == (200, "identical")
    assert again.get_json()["seq"] == first.get_json()["seq"]
    (shown,) = ask(town).get_json()["supplies"]
    assert shown["client_id"] == document["client_id"]
    assert (shown["date"], shown["duration"], shown["daily_dose"]) == (TODAY, 30.0, 2.5)
    assert (shown["source"], shown["corrected_by"]) == ("dispensed", None)


def test_something_else_under_a_known_id_is_a_conflict_with_its_receipt(town: Town):
    document = said()
    ask(town, "POST", json=document)
    answer = ask(town, "POST", json=document | {"duration": 60})

    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.get_json()["receipt"]["result"] == "conflict"


def test_a_correction_takes_over_what_it_does_not_say(town: Town):
    document = said(medication="A")
    ask(town, "POST", json=document)
    better = {"client_id": str(new_id()), "corrects_id": document["client_id"], "duration": 60}

    assert ask(town, "POST", json=better).get_json()["result"] == "corrected"
    new, old = ask(town).get_json()["supplies"]
    assert (new["duration"], new["medication"], new["corrects_id"]) == (
        60.0,
        "A",
        document["client_id"],
    )
    assert old["corrected_by"] == better["client_id"]
    unknown = {"client_id": str(new_id()), "corrects_id": str(new_id()), "withdrawn": True}
    assert ask(town, "POST", json=unknown).status_code == 404


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"duration": 0}, "duration"),
        ({"duration": -1}, "duration"),
        ({"duration": "30"}, "duration"),
        ({"date": "2999-01-01"}, "date"),
        ({"date": "01/02/2026"}, "date"),
        ({"daily_dose": 0}, "daily_dose"),
        ({"source": "guessed"}, "source"),
        ({"withdrawn": True}, "withdrawn"),
        ({"patient_id": "x"}, "patient_id"),
        ({"medication": "x" * 201}, "medication"),
    ],
    ids=str,
)
def test_what_cannot_be_is_named(town: Town, more: dict[str, Any], field: str):
    answer = ask(town, "POST", json=said(**more))

    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]
    assert ask(town).get_json()["supplies"] == []


@pytest.mark.parametrize("name", ["date", "duration", "source"])
def test_what_is_missing_is_named(town: Town, name: str):
    document = said()
    del document[name]

    assert name in ask(town, "POST", json=document).get_json()["errors"]


def test_the_patient_reads_and_the_care_team_writes(town: Town):
    assert ask(town, "POST", json=said()).status_code == 201
    assert len(ask(town, who="own").get_json()["supplies"]) == 1
    assert ask(town, "POST", "own", json=said()).status_code == 403
    for who in ("colleague", "stranger"):
        assert ask(town, who=who).status_code == 404
        assert ask(town, "POST", who, json=said()).status_code == 404


def test_pages_are_newest_first(town: Town):
    for _ in range(3):
        ask(town, "POST", json=said())

    first = ask(town, path="?limit=2").get_json()
    rest = ask(town, path=f"?limit=2&before={first['before']}").get_json()

    assert [len(page["supplies"]) for page in (first, rest)] == [2, 1]
    assert rest["before"] is None
