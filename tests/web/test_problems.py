"""Refusals and failures: a form for machines, one for people, nothing of the inside in either."""

import json
import logging
import sqlite3

import pytest

from adherence.domain.errors import Conflict, InvalidInput
from adherence.web.problems import SAID, SHOWN
from tests.web.calls import CALLS, address, ids_of, routes
from tests.web.town import Town

MEMBERS = {"type", "title", "status", "detail"}


class Canary(Exception):
    """Carries what must never come out."""


CANARY = "Zq-canary-of-an-error"


def broken(town: Town, endpoint: str, error: Exception) -> None:
    """Let a view raise an error."""

    def fails(*args: object, **kwargs: object) -> None:
        raise error

    fails.door = town.app.view_functions[endpoint].door  # type: ignore[attr-defined]
    town.app.view_functions[endpoint] = fails


def test_every_refusal_of_the_api_is_a_problem_document(town: Town):
    own = town.records["own"].patient_id
    asked = {
        401: ("nobody", "/api/v1/me", "GET", {}),
        403: ("own", "/api/v1/patients", "GET", {}),
        404: ("own", "/api/v1/nowhere", "GET", {}),
        405: ("own", "/api/v1/me", "DELETE", {}),
        413: (
            "own",
            f"/api/v1/patients/{own}/entries",
            "POST",
            {"json": {"note": "x" * 1_000_001}},
        ),
        415: ("own", f"/api/v1/patients/{own}/entries", "POST", {"data": "x"}),
        422: ("own", f"/api/v1/patients/{own}/entries", "POST", {"json": {}}),
        400: ("own", f"/api/v1/patients/{own}/entries?limit=1&limit=2", "GET", {}),
    }
    for status, (who, path, method, more) in asked.items():
        answer = town.ask(who, path, method, **more)
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/problem+json"
        said = json.loads(answer.data)
        assert MEMBERS <= set(said) <= MEMBERS | {"errors", "instance"}
        assert said["status"] == status
        assert said["type"].startswith("urn:adherence:problem:")


def test_every_status_has_sentences_for_people_and_machines():
    assert set(SAID) == set(SHOWN)


def test_401_says_how_to_sign_in_and_405_which_methods_there_are(town: Town):
    assert "Bearer" in town.ask("nobody", "/api/v1/me").headers["WWW-Authenticate"]
    assert "GET" in town.ask("own", "/api/v1/me", "DELETE").headers["Allow"]


def test_P3_methods_that_nobody_offers_are_refused_everywhere(town: Town):
    for route, _ in routes(town.app):
        path = address(
            town.app, route, next(iter(route.methods or ())), ids_of(town.records["own"])
        )
        for method in ("TRACE", "CONNECT", "PATCH", "PROPFIND", "X" * 40):
            answer = town.ask("own", path, method, token="x")
            assert answer.status_code in (405, 403), (method, path)
            if answer.status_code == 405:
                assert method not in answer.headers.get("Allow", "")


def test_P3_no_header_or_field_changes_the_method(town: Town):
    own = town.records["own"]
    before = town.ask("own", f"/api/v1/patients/{own.patient_id}/pauses").get_json()
    path = f"/api/v1/patients/{own.patient_id}/pauses/{own.pause_id}"
    for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        assert town.ask("own", path, "POST", headers={header: "DELETE"}).status_code == 405
        assert town.ask("own", path, headers={header: "DELETE"}).status_code == 405
    assert town.ask("own", path, "POST", form={"_method": "DELETE"}).status_code == 405

    assert town.ask("own", f"/api/v1/patients/{own.patient_id}/pauses").get_json() == before


@pytest.mark.parametrize(
    ("path", "endpoint"), [("/today", "today.show"), ("/api/v1/me", "api_patients.me")]
)
def test_L8_an_unknown_error_shows_an_id_and_nothing_else(
    town: Town, caplog: pytest.LogCaptureFixture, path: str, endpoint: str
):
    broken(town, endpoint, Canary(CANARY))
    with caplog.at_level(logging.DEBUG):
        answer = town.ask("own", path)

    assert answer.status_code == 500
    number = answer.headers["X-Error-Id"]
    assert number in caplog.text
    text = f"{answer.headers}{answer.get_data(as_text=True)}"
    for inside in (CANARY, "Canary", "Traceback", ".py", "lambda"):
        assert inside not in text, inside
    assert CANARY not in caplog.text
    assert "Canary" in caplog.text, "the log says which kind of error it was"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (sqlite3.OperationalError(f"database is locked {CANARY}"), 500),
        (Conflict(CANARY), 409),
        (InvalidInput("note", "too_long"), 422),
        (RecursionError(CANARY), 500),
        (MemoryError(CANARY), 500),
        (UnicodeEncodeError("utf-8", CANARY, 0, 1, CANARY), 500),
        (KeyError(CANARY), 500),
        (OSError(28, CANARY), 500),
    ],
)
def test_L8_no_error_tells_what_is_in_it(
    town: Town, caplog: pytest.LogCaptureFixture, error: Exception, status: int
):
    broken(town, "api_patients.me", error)
    with caplog.at_level(logging.DEBUG):
        answer = town.ask("own", "/api/v1/me")

    assert answer.status_code == status
    assert CANARY not in f"{answer.headers}{answer.get_data(as_text=True)}{caplog.text}"


def test_L8_a_full_disk_and_a_lock_ask_to_try_again(town: Town):
    for name in ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_LOCKED_SHAREDCACHE"):
        error = sqlite3.OperationalError(CANARY)
        error.sqlite_errorname = name
        broken(town, "api_patients.me", error)
        answer = town.ask("own", "/api/v1/me")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert CANARY not in answer.get_data(as_text=True)


def test_L8_an_act_that_cannot_be_audited_does_not_happen(town: Town):
    """The audit line and the entry are one transaction: without the one there is no other."""
    import sqlalchemy as sa

    from adherence.store.columns import db

    own = town.records["own"]
    path = f"/api/v1/patients/{own.patient_id}/entries"
    before = town.ask("own", path).get_json()
    with town.inside(), db.engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TRIGGER no_audit BEFORE INSERT ON audit"
                " BEGIN SELECT RAISE(ABORT, 'no audit'); END"
            )
        )
    said = CALLS["api_entries.log"].json
    assert said is not None
    answer = town.ask("own", path, "POST", json=said(own))

    assert answer.status_code >= 500
    assert town.ask("own", path).get_json() == before
    # Looking at a patient is an act as well.
    assert town.ask("therapist", f"/api/v1/patients/{own.patient_id}").status_code >= 500


def test_a_page_that_refuses_says_so_in_the_readers_language(town: Town):
    with town.inside():
        from adherence.services import accounts

        actor = town.people["own"].actor
        assert actor is not None
        accounts.set_locale(actor, "de", town.at)
    answer = town.ask("own", "/review")

    assert answer.status_code == 403
    assert 'lang="de"' in answer.get_data(as_text=True)


def test_the_errors_of_a_document_are_named_by_field(town: Town):
    own = town.records["own"].patient_id
    answer = town.ask(
        "own",
        f"/api/v1/patients/{own}/entries",
        "POST",
        json={"client_id": "x", "pain": 11, "surprise": 1},
    )

    assert answer.status_code == 422
    assert {"client_id", "pain", "surprise"} <= set(answer.get_json()["errors"])


def test_L8_a_page_that_cannot_be_drawn_is_a_plain_sentence(
    town: Town, caplog: pytest.LogCaptureFixture
):
    def fails() -> str:
        raise Canary(CANARY)

    town.app.jinja_env.globals["sprite"] = fails
    for path, status in (("/nowhere", 404), ("/review", 403), ("/today", 500)):
        with caplog.at_level(logging.DEBUG):
            answer = town.ask("own", path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert CANARY not in f"{answer.get_data(as_text=True)}{caplog.text}"
