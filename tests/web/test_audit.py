"""What the audit says of requests: who was refused, why, standing how, by which edge."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adherence.domain.access import POLICY, Relation, Source
from adherence.domain.activities import Discipline
from adherence.domain.audit import Kind, Wanted
from adherence.domain.errors import NotFound
from adherence.services import audit, care_teams, goals
from adherence.services.audit import note_read
from adherence.store.audit import AUDIT
from adherence.store.db import read
from adherence.store.ids import new_id
from adherence.web.policy import doors
from tests.web.town import MONDAY, Town


def lines(town: Town) -> list[Any]:
    """All lines of both clinics, oldest first."""
    with town.inside(), read() as run:
        return list(run.core(sa.select(AUDIT).order_by(AUDIT.c.at, AUDIT.c.chain_id, AUDIT.c.n)))


def added(town: Town, before: list[Any]) -> list[Any]:
    known = {(row.chain_id, row.n) for row in before}
    return [row for row in lines(town) if (row.chain_id, row.n) not in known]


def said(row: Any) -> tuple[str, str, str | None, str | None, str | None]:
    return row.action, row.result, row.reason, row.relation, row.source


REFUSED: dict[str, tuple[str, str, str, tuple[Any, ...]]] = {
    "another's patient": (
        "near",
        "GET",
        "/api/v1/patients/{own}",
        ("patient.read", "refused", "relation", "none", "api"),
    ),
    "a colleague's patient": (
        "colleague",
        "GET",
        "/patients/{own}",
        ("patient.read", "refused", "relation", "clinic", "page"),
    ),
    "a patient of another clinic": (
        "stranger",
        "GET",
        "/patients/{own}",
        ("patient.read", "refused", "relation", "none", "page"),
    ),
    "what a role never may": (
        "own",
        "GET",
        "/review",
        ("review.read", "refused", "role", "none", "page"),
    ),
    "a thing that is not there": (
        "therapist",
        "GET",
        "/api/v1/patients/{own}/entries/{nothing}",
        ("entry.read", "refused", "unknown", "care_team", "api"),
    ),
    "a form without its token": (
        "own",
        "POST",
        "/today/log",
        ("entry.log", "refused", "form", "self", "page"),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_L3_a_refusal_is_one_line_that_says_why(town: Town, what: str):
    who, method, path, expected = REFUSED[what]
    own = town.records["own"]
    path = path.format(own=own.patient_id, nothing=new_id())
    before = lines(town)

    answer = town.ask(who, path, method, token="x" * 64 if method == "POST" else None)

    assert answer.status_code in (403, 404)
    found = [row for row in added(town, before) if row.result == "refused"]
    assert [said(row) for row in found] == [expected]
    actor = town.people[who].actor
    assert actor is not None
    # In the asker's own clinic, never in the patient's record: it may be another clinic's.
    assert (found[0].chain_id, found[0].actor_id) == (actor.clinic_id, actor.account_id)
    assert len(found[0].request_id) == 16
    with town.inside():
        assert audit.verify(actor.clinic_id) == []


def test_L3_a_patient_that_does_not_exist_costs_the_same_line(town: Town):
    own, nobody = town.records["own"].patient_id, new_id()
    before = lines(town)

    for patient_id in (own, nobody):
        town.ask("stranger", f"/api/v1/patients/{patient_id}")

    found = added(town, before)
    assert [row.object_id for row in found] == [own, nobody]
    assert said(found[0]) == said(found[1])
    assert {row.chain_id for row in found} == {town.people["stranger"].actor.clinic_id}  # type: ignore[union-attr]


def test_L3_an_unknown_thing_in_a_batch_is_a_line_though_the_rest_is_taken(town: Town):
    """One receipt says unknown, be it another patient's entry or none; the batch answers 200."""
    own, near = town.records["own"], town.records["near"]
    path = f"/api/v1/patients/{own.patient_id}/sync"
    good = {
        "client_id": str(new_id()),
        "symptom": "ache",
        "value": 3,
        "performed_at": MONDAY.isoformat(),
    }
    before = lines(town)
    for corrects in (near.client_id, new_id()):
        wrong = {"client_id": str(new_id()), "corrects_id": str(corrects), "withdrawn": True}
        good["client_id"] = str(new_id())
        answer = town.ask("own", path, "POST", json={"entries": [wrong, good]})
        assert [one["result"] for one in answer.get_json()["receipts"]] == ["unknown", "created"]

    refused = [said(row) for row in added(town, before) if row.result == "refused"]
    assert refused == [("sync.push", "refused", "unknown", "self", "api")] * 2

    before = lines(town)
    assert town.ask("own", path, "POST", json={"entries": [good]}).status_code == 200
    assert [row for row in added(town, before) if row.result == "refused"] == []


def test_L3_a_step_that_is_missing_is_a_refusal_and_what_is_granted_is_none(town: Town):
    town.at = MONDAY + timedelta(minutes=10)  # the factor was shown too long ago
    before = lines(town)

    assert town.ask("own", "/account/sessions").status_code == 303
    assert [said(row) for row in added(town, before)] == [
        ("session.list", "refused", "step", "self", "page")
    ]
    before = lines(town)
    assert town.ask("own", "/today").status_code == 200
    assert added(town, before) == []


def test_L1_every_line_of_a_request_carries_its_number_and_its_edge(town: Town):
    own = town.records["own"]
    before = lines(town)

    town.ask("therapist", f"/api/v1/patients/{own.patient_id}/goals")
    town.ask("therapist", f"/patients/{own.patient_id}")

    found = added(town, before)
    assert [said(row)[2:] for row in found] == [
        (None, "care_team", "api"),
        (None, "care_team", "page"),
    ]
    assert len({row.request_id for row in found}) == 2


def test_Z14_what_let_somebody_in_is_asked_again_under_the_patients_lock(town: Town):
    """The request passed the door; the relation ends; the write must not come after it."""
    own = town.records["own"]
    therapist, admin, successor = (
        town.people[name].actor for name in ("therapist", "admin", "colleague")
    )
    assert therapist is not None
    assert admin is not None
    assert successor is not None
    with town.inside():
        care_teams.add_to_care_team(
            own.lead,
            own.patient_id,
            successor.account_id,
            discipline=Discipline.NURSING,
            now=MONDAY,
        )
    entered: list[Any] = []
    view = town.app.view_functions["api_plans.set_goal"]
    assert doors(town.app)["api_plans.set_goal"].action == "goal.set"

    def late(*args: Any, **kwargs: Any) -> Any:
        town.at += timedelta(seconds=1)
        care_teams.end_care_relation(
            admin, own.patient_id, therapist.account_id, town.at, successor.account_id
        )
        entered.append(args)
        town.at += timedelta(seconds=1)
        return view(*args, **kwargs)

    town.app.view_functions["api_plans.set_goal"] = late
    from tests.web.calls import CALLS

    body = CALLS["api_plans.set_goal"].json
    assert body is not None
    path = f"/api/v1/patients/{own.patient_id}/goals"
    with town.inside():
        before = len(goals_of(own))

    answer = town.ask("therapist", path, "POST", json=body(own))

    assert entered, "the door was shut before the view"
    assert answer.status_code == 404
    with town.inside():
        assert len(goals_of(own)) == before


def goals_of(own: Any) -> list[Any]:
    return list(goals.goals(own.actor, own.patient_id, MONDAY))


@pytest.mark.parametrize("relation", [Relation.CARE_TEAM, Relation.PROXY])
def test_Z14_an_entrance_whose_relation_never_held_writes_nothing(town: Town, relation: Relation):
    from adherence.domain.access import Entrance

    stranger = town.people["colleague"].actor
    assert stranger is not None
    own = town.records["own"]
    entrance = Entrance("patient.read", relation, Source.PAGE, "0" * 16, lambda: town.at)
    before = lines(town)

    with town.inside(), pytest.raises(NotFound):
        note_read(replace(stranger, entrance=entrance), own.patient_id, "patient.read", MONDAY)

    assert added(town, before) == []
    assert (stranger.role, relation) not in POLICY["today.read"].may


# --- pages ---------------------------------------------------------------------------------------


def test_a_patient_sees_who_else_opened_the_record_and_when(town: Town):
    own = town.records["own"]
    town.ask("therapist", f"/patients/{own.patient_id}")
    town.ask("therapist", f"/api/v1/patients/{own.patient_id}/goals")
    town.ask("own", "/today")

    page = town.ask("own", "/accesses").get_data(as_text=True)
    api = town.ask("own", f"/api/v1/patients/{own.patient_id}/accesses").get_json()

    assert "Staff therapist" in page
    assert "Record opened" in page
    assert "in the care team" in page
    assert f"{own.mark} P" not in page  # one's own looks are not listed
    found = [(one["action"], one["relation"]) for one in api["accesses"]][:2]
    assert found == [("goal.read", "care_team"), ("patient.read", "care_team")]
    assert api["before"] is None


def test_the_list_of_accesses_goes_on_where_the_page_ends(town: Town, monkeypatch: Any):
    own = town.records["own"]
    monkeypatch.setattr(audit, "LINES", 3)
    for _ in range(4):
        town.ask("therapist", f"/api/v1/patients/{own.patient_id}/goals")
    path = f"/api/v1/patients/{own.patient_id}/accesses"
    seen, before = [], None
    while True:
        found = town.ask("own", path + (f"?before={before}" if before else "")).get_json()
        seen += [one["n"] for one in found["accesses"]]
        before = found["before"]
        if before is None:
            break

    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) > 6
    page = town.ask("own", "/accesses").get_data(as_text=True)
    assert f"/accesses?before={seen[2]}" in page


SEARCHES: dict[str, tuple[dict[str, str], set[str], set[str]]] = {
    "refusals": (
        {"kind": "refusal"},
        {"not this person&#39;s patient", "wanted: goals seen"},
        {"Goals seen", "Entry logged"},
    ),
    "reads": ({"kind": "read"}, {"Goals seen"}, {"not this person&#39;s patient", "Goal agreed"}),
    "a name in any case": ({"patient": "qXOWNzq p"}, {"Goals seen"}, {"QxNearzq P"}),
    "a day without lines": (
        {"since": "2026-01-01", "until": "2026-01-02"},
        {"There is no such line."},
        {"Goals seen"},
    ),
}


@pytest.mark.parametrize("what", SEARCHES)
def test_the_audit_is_looked_through_by_what_who_whom_and_when(town: Town, what: str):
    form, there, not_there = SEARCHES[what]
    own = town.records["own"]
    town.ask("therapist", f"/api/v1/patients/{own.patient_id}/goals")
    town.ask("colleague", f"/api/v1/patients/{own.patient_id}/goals")
    every = {"since": "2026-02-01", "until": "2026-03-02"}

    page = town.ask("admin", "/audit", "POST", form=every | form).get_data(as_text=True)

    assert {text for text in there if text not in page} == set()
    assert {text for text in not_there if text in page} == set()


def test_the_audit_by_person_shows_that_person_alone_and_goes_on(town: Town, monkeypatch: Any):
    own = town.records["own"]
    therapist = town.people["therapist"].actor
    assert therapist is not None
    monkeypatch.setattr(audit, "CLINIC_LINES", 2)
    for path in ("goals", "progress", "entries"):
        town.ask("therapist", f"/api/v1/patients/{own.patient_id}/{path}")
    form = {"actor_id": str(therapist.account_id), "kind": "read"}

    first = town.ask("admin", "/audit", "POST", form=form).get_data(as_text=True)
    after = first.partition('name="after" value="')[2].partition('"')[0]
    assert after
    second = town.ask("admin", "/audit", "POST", form=form | {"after": after}).get_data(
        as_text=True
    )

    assert "Entries seen" in first
    assert "Progress seen" in first
    assert "Goals seen" not in first
    assert "Goals seen" in second
    assert "Entries seen" not in second


def turned(town: Town, page: str, press: str) -> tuple[str, dict[str, str]]:
    """The page behind one of the buttons under the lines, and what its form carries."""
    (form,) = re.findall(
        rf'<form method="post" action="/audit">((?:(?!</form>).)*?){press}', page, re.DOTALL
    )[-1:]
    held = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form.rpartition("<form")[2]))
    held.pop("csrf_token")
    answer = town.ask("admin", "/audit", "POST", form=held)
    assert answer.status_code == 200
    return answer.get_data(as_text=True), held


def times(page: str) -> list[str]:
    return re.findall(r'<tr data-kind="[a-z]+"><td><time datetime="([^"]+)"', page)


def test_the_audit_is_turned_page_by_page_with_what_was_asked_for(town: Town):
    """25 lines at once; none twice, none left out, though every look adds one on top."""
    own = town.records["own"]
    therapist = town.people["therapist"].actor
    assert therapist is not None
    at = town.at
    for _number in range(60):
        town.at += timedelta(milliseconds=7)
        town.ask("therapist", f"/api/v1/patients/{own.patient_id}/goals")
    form = {
        "since": "2026-03-01",
        "until": "2026-03-03",
        "actor_id": str(therapist.account_id),
        "kind": "read",
        "patient": f"{own.mark} P",
    }
    page = town.ask("admin", "/audit", "POST", form=form).get_data(as_text=True)
    found, pages = times(page), 1
    assert "The newest 25 lines" in page
    assert "The newest ones" not in page
    while "Older ones" in page:
        page, held = turned(town, page, "Older ones")
        assert {name: held[name] for name in form} == form
        assert 0 < len(times(page)) <= 25
        found += times(page)
        pages += 1

    reads = [moment for moment in found if datetime.fromisoformat(moment) > at]
    assert len(reads) == len(set(reads)) == 60
    assert found == sorted(found, reverse=True)
    assert pages >= 3
    first, held = turned(town, page, "The newest ones")
    assert held == form
    assert times(first) == found[:25]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"since": "2026-03-02", "until": "2026-03-01"}, "The last day lies before the first."),
        ({"since": "1999-01-01", "until": "2026-03-01"}, "At most ten years at once."),
        ({"since": "soon"}, "soon is not a day."),
        ({"patient": "Nobody Atall"}, "Nobody here has this name."),
    ],
)
def test_what_cannot_be_looked_for_is_said_and_kept(
    town: Town, form: dict[str, str], sentence: str
):
    answer = town.ask("admin", "/audit", "POST", form=form)

    page = answer.get_data(as_text=True)
    assert sentence in page
    assert all(f'value="{typed}"' in page for typed in form.values())


@pytest.mark.parametrize("form", [{"kind": "all"}, {"after": "1 2 3"}, {"actor_id": "x"}])
def test_a_form_that_is_not_ours_finds_nothing(town: Town, form: dict[str, str]):
    assert town.ask("admin", "/audit", "POST", form=form).status_code == 404


def test_the_condition_of_a_kind_is_the_rule_of_a_kind(town: Town):
    """What the store asks the database for is what ``kind_of`` says of each line."""
    own = town.records["own"]
    for who in ("therapist", "colleague"):
        town.ask(who, f"/api/v1/patients/{own.patient_id}/goals")
    admin = town.people["admin"].actor
    assert admin is not None

    with town.inside():
        found = {
            kind: audit.examine(
                admin,
                Wanted(MONDAY - timedelta(days=400), MONDAY + timedelta(days=1), kind),
                MONDAY,
            ).lines
            for kind in (None, *Kind)
        }

    every = found.pop(None)
    assert len(every) < audit.LINES
    for kind, some in found.items():
        expected = {(one.chain_id, one.n) for one in every if one.kind is kind}
        got = {(one.chain_id, one.n) for one in some} - {
            (one.chain_id, one.n) for one in some if one.action == "audit.read"
        }
        assert got == expected - {
            (one.chain_id, one.n) for one in every if one.action == "audit.read"
        }, kind
    assert {kind for kind, some in found.items() if some} >= {Kind.READ, Kind.CHANGE, Kind.REFUSAL}
