"""Care teams through HTTP: the API, the clinic's pages, the patient's own page, and races."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from adherence.store.audit import AUDIT
from adherence.store.columns import db
from tests.web.town import DAY, MONDAY, Town

WRITERS = 50


def team(town: Town, who: str, path: str = "", method: str = "GET", **more: Any) -> TestResponse:
    """The answer of the API about the team of the own patient."""
    own = town.records["own"].patient_id
    return town.ask(who, f"/api/v1/patients/{own}/care-team{path}", method, **more)


def page(town: Town, who: str, path: str = "", **form: str) -> TestResponse:
    """The answer of the clinic's page about that team; with a form it is sent."""
    address = f"/patients/{town.records['own'].patient_id}/team{path}"
    return town.ask(who, address, "POST", form=form) if form or path else town.ask(who, address)


def account(town: Town, who: str) -> str:
    actor = town.people[who].actor
    assert actor is not None
    return str(actor.account_id)


def kinds(town: Town) -> dict[str, str]:
    return {
        one["name"].removeprefix("Staff "): one["kind"]
        for one in team(town, "therapist").get_json()["members"]
    }


def test_a_team_is_read_changed_and_handed_over_by_the_api(town: Town):
    joins = {"account_id": account(town, "colleague"), "discipline": "nursing"}
    assert team(town, "therapist", method="POST", json=joins).status_code == 204
    assert kinds(town) == {
        "therapist": "lead",
        "colleague": "supplementary",
        "disabled": "supplementary",
        "A spare colleague": "supplementary",
    }
    one = f"/{account(town, 'colleague')}"
    alone = team(town, "therapist", f"/{account(town, 'therapist')}", "DELETE")
    assert (alone.status_code, alone.get_json()["errors"]) == (422, {"successor": ["lead_leaves"]})
    assert team(town, "colleague", f"{one}/lead", "PUT").status_code == 403
    assert team(town, "therapist", f"{one}/lead", "PUT").status_code == 204
    assert kinds(town)["therapist"] == "supplementary"
    leaves = team(town, "therapist", f"/{account(town, 'therapist')}", "DELETE")
    assert leaves.status_code == 204
    assert team(town, "therapist").status_code == 404


def test_somebody_stands_in_by_the_api_on_their_days(town: Town):
    said = {
        "account_id": account(town, "colleague"),
        "first_day": "2026-03-05",
        "last_day": "2026-03-06",
    }
    assert team(town, "therapist", "/substitutes", "POST", json=said).status_code == 204
    again = team(town, "therapist", "/substitutes", "POST", json=said)
    assert (again.status_code, again.get_json()["errors"]) == (422, {"account_id": ["in_team"]})
    [planned] = team(town, "therapist").get_json()["planned"]

    assert planned["stands_for_id"] == account(town, "therapist")
    assert (planned["from_at"], planned["until_at"]) == (
        "2026-03-04T23:00:00+00:00",
        "2026-03-06T23:00:00+00:00",
    )
    answers = []
    for days in (0, 3, 5):
        town.at = MONDAY + days * DAY
        answers.append(team(town, "colleague").status_code)
    assert answers == [404, 200, 404]


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_day": "2026-03-01", "last_day": "2026-03-06"},
        {"first_day": "2026-03-06", "last_day": "2026-03-05"},
        {"first_day": "9999-12-31", "last_day": "9999-12-31"},
        {"first_day": "yesterday", "last_day": "2026-03-05"},
    ],
)
def test_days_that_cannot_be_are_said_beside_the_field_and_what_was_typed_stays(
    town: Town, wrong: dict[str, str]
):
    town.sign_in("therapist")
    who = account(town, "colleague")
    answer = page(town, "therapist", "/substitutes", substitute_id=who, scope="one", **wrong)
    text = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in text
    assert f'value="{wrong["last_day"]}"' in text
    assert f'<option value="{who}" selected>' in text
    assert kinds(town).get("colleague") is None


def test_the_clinics_page_adds_names_a_lead_and_lets_leave(town: Town):
    who = account(town, "colleague")
    assert page(town, "therapist", account_id=who, discipline="nursing").status_code == 303
    twice = page(town, "therapist", account_id=who, discipline="nursing")
    assert twice.status_code == 422
    assert "in the team at that time already" in twice.get_data(as_text=True)
    nobody = page(town, "therapist", account_id="", discipline="nursing")
    assert "Choose a person." in nobody.get_data(as_text=True)

    own = account(town, "therapist")
    alone = page(town, "therapist", f"/{own}/end", successor="")
    assert alone.status_code == 422
    assert "Say who leads the team from now on." in alone.get_data(as_text=True)
    left = page(town, "therapist", f"/{own}/end", successor=who)
    assert (left.status_code, left.headers["Location"]) == (303, "/patients")
    assert page(town, "therapist").status_code == 404
    assert page(town, "colleague").status_code == 200


def test_the_administration_sees_names_and_teams_and_no_record(town: Town):
    own = town.records["own"]
    places = town.ask("admin", f"/staff/{account(town, 'therapist')}/teams")
    assert f"{own.mark} P" in places.get_data(as_text=True)
    text = page(town, "admin").get_data(as_text=True)
    assert f"{own.mark} P" in text
    for secret in ("goal", "note", "reason", "raises", "tablet", "ache"):
        assert f"{own.mark} {secret}".lower() not in text.lower()
    for path in ("", "/goals", "/entries"):
        assert town.ask("admin", f"/api/v1/patients/{own.patient_id}{path}").status_code == 403
    assert town.ask("far_admin", f"/patients/{own.patient_id}/team").status_code == 404
    assert town.ask("far_admin", f"/staff/{account(town, 'therapist')}/teams").status_code == 404


def test_a_patient_reads_who_cares_for_them_from_when_to_when(town: Town):
    said = {
        "account_id": account(town, "colleague"),
        "first_day": "2026-03-05",
        "last_day": "2026-03-06",
    }
    team(town, "therapist", "/substitutes", "POST", json=said)
    text = town.ask("own", "/team").get_data(as_text=True)

    assert "Staff therapist" in text
    assert "since 20 February 2026" in text
    assert "stands in for Staff therapist" in text
    assert "from Thursday, 5 March to Friday, 6 March" in text
    assert "Staff disabled" not in text, "who is shut out cares for nobody"
    assert town.ask("own", f"/patients/{town.records['own'].patient_id}/team").status_code == 303


def test_Z14_a_revocation_that_races_fifty_writers_is_the_last_line_of_who_left(town: Town):
    """Half of the writers pass the door before the revocation commits and write after it."""
    own = town.records["own"]
    colleague = account(town, "colleague")
    joins = {"account_id": colleague, "discipline": "nursing"}
    assert team(town, "therapist", method="POST", json=joins).status_code == 204
    inside, revoked = threading.Semaphore(0), threading.Event()
    view = town.app.view_functions["api_plans.set_goal"]

    def held(*args: Any, **kwargs: Any) -> Any:
        inside.release()
        assert revoked.wait(60)
        return view(*args, **kwargs)

    goal = {"words": "Walk", "measure": "rating", "baseline": 2, "target": 8}
    address = f"/api/v1/patients/{own.patient_id}/goals"
    town.app.view_functions["api_plans.set_goal"] = held
    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            sent = [
                pool.submit(town.ask, "colleague", address, "POST", json=goal)
                for _ in range(WRITERS)
            ]
            for _ in range(WRITERS // 2):
                assert inside.acquire(timeout=60)
            left = team(town, "therapist", f"/{colleague}", "DELETE")
            revoked.set()
            answers = [one.result(60).status_code for one in sent]
    finally:
        revoked.set()
        town.app.view_functions["api_plans.set_goal"] = view

    assert left.status_code == 204
    with town.inside():
        lines = db.session.execute(
            sa.select(AUDIT.c.actor_id, AUDIT.c.action)
            .where(AUDIT.c.chain_id == own.patient_id)
            .order_by(AUDIT.c.n)
        ).all()
    leaving = max(n for n, line in enumerate(lines) if line.action == "team.leave")
    after = [line for line in lines[leaving + 1 :] if str(line.actor_id) == colleague]
    assert [line for line in after if line.action == "goal.set"] == []
    assert set(answers) == {404}
