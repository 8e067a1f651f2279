"""What the door costs each request, and what it does not let through by another method."""

from __future__ import annotations

from typing import Any

import pytest

from adherence.store.db import EXTENSION
from tests.web.town import Town


def statements(town: Town, who: str, path: str) -> list[str]:
    """The selects of one request, in order."""
    seen: list[str] = []
    with town.inside():
        connection: Any = town.app.extensions[EXTENSION].connection().connection.dbapi_connection
    connection.set_trace_callback(seen.append)
    try:
        town.ask(who, path)
    finally:
        connection.set_trace_callback(None)
    return [one for one in seen if one.startswith("SELECT")]


def asks_who(statement: str) -> bool:
    return "api_token" in statement


def asks_relation(statement: str) -> bool:
    return "care_relation" in statement and "in_team" in statement


def test_a_patient_is_let_in_by_one_statement(town: Town):
    patient = town.records["near"]

    asked = statements(town, "near", f"/api/v1/patients/{patient.patient_id}/pauses")

    assert asks_who(asked[0])
    assert sum(map(asks_who, asked)) == 1
    assert not any(map(asks_relation, asked))


def test_a_clinician_is_let_in_by_two(town: Town):
    patient = town.records["near"]

    asked = statements(town, "colleague", f"/api/v1/patients/{patient.patient_id}/pauses")

    assert asks_who(asked[0])
    assert asks_relation(asked[1])
    assert sum(map(asks_who, asked)) == sum(map(asks_relation, asked)) == 1


@pytest.mark.parametrize("path", ["/api/v1/me", "/today", "/sign-in", "/health"])
def test_no_other_site_is_told_what_it_may_send(town: Town, path: str):
    answer = town.browser().open(path, method="OPTIONS")

    assert answer.status_code == 405
    assert "OPTIONS" not in answer.headers["Allow"]


@pytest.mark.parametrize("of", ["000912345678901234567890", "0009" + "9" * 5000, "٣", "-1", "1e9"])
def test_a_calendar_of_odd_days_is_the_usual_one(town: Town, of: str):
    path = f"/api/v1/patients/{town.records['near'].patient_id}/charts/adherence.svg"

    usual = town.ask("near", path)
    odd = town.ask("near", path, query_string={"of": of})

    assert (odd.status_code, odd.data) == (200, usual.data)
