"""Every route x every role and relation x own, another's and random ids, through HTTP.

What is expected is computed from the policy table and from who is whose patient, never copied from
answers. A hidden thing reads, to the byte, like one that does not exist.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from adherence.domain.access import POLICY, Actor, Relation, Role, Scope, Stage
from adherence.store.buckets import BUCKET
from adherence.store.db import write
from adherence.store.ids import new_id
from adherence.store.statements import Statement
from adherence.web.pictures import key_of
from adherence.web.policy import doors
from tests.web.calls import CALLS, NAMED, address, ids_of, random_ids, routes
from tests.web.town import MONDAY, STAFF, TEAMS, Town, mark_of

KINDS = (*TEAMS, "random")
MARK = re.compile("|".join(mark_of(name) for name in TEAMS), re.IGNORECASE)
PEOPLE = [name for clinic in STAFF.values() for name in clinic] + [*TEAMS, "nobody"]
#: What is drawn anew for every page, and the id by which a receipt answers to what was sent.
NONCE = re.compile(rb'nonce-[\w-]+|nonce="[\w-]+"|"client_id": ?"[0-9a-f-]{36}"')
ENTERED, HIDDEN, FORBIDDEN, SIGNED_OUT = "entered", "hidden", "forbidden", "signed out"
#: A step of signing in, for somebody who is in already.
LED_ON = "led on"


#: The matrix asks more often than anybody may; what is tried too often is another test's.
NO_TRIES = Statement(sa.delete(BUCKET))


class Watch:
    """Which view a request got into, if any: the real view runs."""

    def __init__(self, town: Town) -> None:
        self.entered: str | None = None
        for endpoint, view in town.app.view_functions.items():
            town.app.view_functions[endpoint] = self._watched(endpoint, view)

    def _watched(self, endpoint: str, view: Any) -> Any:
        def entered(*args: Any, **kwargs: Any) -> Any:
            self.entered = endpoint
            return view(*args, **kwargs)

        return entered


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the matrix, and what came of it."""

    route: Route
    method: str
    who: str
    of: str
    entered: bool
    answer: TestResponse
    said: str

    def __str__(self) -> str:
        return (
            f"{self.method} {self.route.rule} by {self.who} of {self.of}:"
            f" {self.answer.status_code}{' entered' if self.entered else ''}"
        )


@pytest.fixture(scope="module")
def watch(shared_town: Town) -> Watch:
    return Watch(shared_town)


def expected(town: Town, route: Route, who: str, of: str) -> str:
    """What the policy table says of one request."""
    action = doors(town.app)[route.endpoint].action
    if action is None:
        return ENTERED
    actor = town.people[who].actor
    if actor is None or who == "disabled":
        return SIGNED_OUT
    rule = POLICY[action]
    if Stage.FULL not in rule.stages:
        return LED_ON
    if actor.role not in {role for role, _ in rule.may}:
        return FORBIDDEN
    names_patient = rule.scope is Scope.PATIENT and bool(
        route.arguments & {"patient_id", "notice_id"}
    )
    if (actor.role, _relation(town, rule.scope, names_patient, actor, who, of)) in rule.may:
        return ENTERED
    return HIDDEN if names_patient else FORBIDDEN


def _relation(
    town: Town, scope: Scope, names_patient: bool, actor: Actor, who: str, of: str
) -> Relation:
    if scope is Scope.ACCOUNT:
        return Relation.SELF
    if scope is Scope.CLINIC:
        return Relation.CLINIC
    if names_patient:
        return town.relation(who, of)
    return Relation.SELF if actor.role is Role.PATIENT else Relation.NONE


def ask(
    town: Town,
    watch: Watch,
    route: Route,
    method: str,
    who: str,
    of: str,
    ids: dict[str, Any] | None = None,
) -> Asked:
    """One request of the matrix. ``ids`` are the things named, usually those of the record ``of``.

    Bodies speak of that record too, and of the first one where ``of`` is nobody.
    """
    name = of if of in town.records else "own"
    record = town.records[name]
    if ids is None:
        ids = ids_of(record) if name == of else random_ids()
    elif "goal_id" in route.arguments:
        record = replace(record, goal_id=ids["goal_id"])  # its form's field is called after it
    call = CALLS[route.endpoint]
    path = address(town.app, route, method, ids)
    if call.query is not None:
        path += "?" + urlencode(call.query(record))
    said = expected(town, route, who, of)
    if doors(town.app)[route.endpoint].throttle is not None:
        with town.inside():
            write(lambda run: run.do(NO_TRIES))
    watch.entered = None
    answer = town.ask(
        who,
        path,
        method,
        json=None if call.json is None else call.json(record),
        form=None if call.form is None else call.form(record),
    )
    entered = watch.entered == route.endpoint
    if entered and call.spends:
        town.restore(call.spends, who, name)
    return Asked(route, method, who, of, entered, answer, said)


def targets(route: Route, who: str) -> tuple[str, ...]:
    """Whose things the address of a route can name; oneself where it names nobody."""
    if route.arguments & {"patient_id", "notice_id"}:
        return KINDS
    return (who if who in TEAMS else "own",)


def wrong_with(one: Asked) -> str | None:
    """What is not as expected in an answer, None if everything is."""
    status = one.answer.status_code
    if one.said == ENTERED:
        good = status < 400 or status in CALLS[one.route.endpoint].answers
        return None if one.entered and good else f"{one}, expected to enter"
    is_page = not one.route.rule.startswith("/api/") and one.method == "GET"
    away = 303 if is_page else 401
    right = {HIDDEN: 404, FORBIDDEN: 403, SIGNED_OUT: away, LED_ON: away}[one.said]
    return None if status == right and not one.entered else f"{one}, expected {right}"


def seen(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that an asker can tell two answers apart by."""
    headers = [(name, NONCE.sub(b"", value.encode()).decode()) for name, value in answer.headers]
    return answer.status_code, NONCE.sub(b"", answer.data), headers


#: Where the clinic's administration reads who is whose patient, and why a record was opened. It
#: sees names and reasons of its own clinic there, and no record.
ADMINISTRATION = {
    *("care_teams.show", "care_teams.add", "care_teams.substitute", "care_teams.end"),
    *("care_teams.of_member", "break_glass.index", "break_glass.see", "erasures.show"),
}


def leaks(town: Town, one: Asked) -> str | None:
    """What an answer gives away of people whom the asker may not know of."""
    # What is no text, such as a copy of one's data, has tests of its own.
    text = f"{one.answer.headers}{one.answer.data.decode(errors='replace')}"
    actor = town.people[one.who].actor
    if one.route.endpoint in ("audit.show", "audit.search") and actor is not None:
        # The clinic's audit says whom a line is about: the name, and nothing else of the record.
        for record in town.records.values():
            if record.actor.clinic_id == actor.clinic_id:
                text = text.replace(f"{record.mark} P", "")
    marks = town.foreign_marks(one.who, text)
    if one.route.endpoint in ADMINISTRATION and one.entered:
        marks -= town.clinic_marks(one.who, Role.ADMIN)
    if one.said != ENTERED and MARK.search(text):
        marks.add("a mark in a refusal")
    return f"{one}: {marks}" if marks else None


@pytest.fixture(scope="module")
def matrix(shared_town: Town, watch: Watch) -> list[Asked]:
    """Every request of the matrix, asked once."""
    return [
        ask(shared_town, watch, route, method, who, of)
        for route, method in routes(shared_town.app)
        for who in PEOPLE
        for of in targets(route, who)
    ]


def test_every_route_has_a_call_in_the_matrix(shared_town: Town):
    assert {route.endpoint for route, _ in routes(shared_town.app)} == set(CALLS)


def test_Z4_every_request_is_answered_as_the_policy_table_says(matrix: list[Asked]):
    assert [found for one in matrix if (found := wrong_with(one))] == []


def test_Z4_the_matrix_holds_every_kind_of_answer(matrix: list[Asked]):
    kinds = Counter(one.said for one in matrix)

    assert len(matrix) > 2_000
    assert all(kinds[one] > 100 for one in (ENTERED, HIDDEN, FORBIDDEN, SIGNED_OUT)), kinds


def test_Z3_anothers_thing_reads_like_one_that_does_not_exist(matrix: list[Asked]):
    nothing = {
        (one.route.endpoint, one.method, one.who): seen(one.answer)
        for one in matrix
        if one.of == "random"
    }
    hidden = [one for one in matrix if one.said == HIDDEN and one.of != "random"]

    assert len(hidden) > 300
    assert [
        str(one)
        for one in hidden
        if seen(one.answer) != nothing[one.route.endpoint, one.method, one.who]
    ] == []


def test_Z9_no_answer_says_anything_of_people_one_may_not_know_of(
    shared_town: Town, matrix: list[Asked]
):
    assert [found for one in matrix if (found := leaks(shared_town, one))] == []
    assert [
        str(one) for one in matrix if one.said != ENTERED and len(one.answer.data) > 4_000
    ] == []


@pytest.mark.parametrize("who", ["own", "therapist"])
def test_Z3_anothers_thing_below_ones_own_patient_reads_like_none(
    shared_town: Town, watch: Watch, who: str
):
    town, wrong, asked = shared_town, [], 0
    for route, method in routes(town.app):
        named = route.arguments & {*NAMED} - {"notice_id"}
        if not named or expected(town, route, who, "own") != ENTERED:
            continue
        answers = []
        for of in ("near", "far", "random"):
            things = random_ids() if of == "random" else ids_of(town.records[of])
            ids = things | {"patient_id": town.records["own"].patient_id}
            one = ask(town, watch, route, method, who, "own", ids)
            asked += 1
            if one.answer.status_code != 404 or leaks(town, one):
                wrong.append(f"{one} with {of}")
            answers.append(seen(one.answer))
        if answers[0] != answers[2] or answers[1] != answers[2]:
            wrong.append(f"{method} {route.rule} by {who} tells them apart")

    assert wrong == []
    assert asked > 15


SENT = str(new_id())


def _of(record: Any, name: str) -> str:
    return str(new_id() if record is None else getattr(record, name))


def body(endpoint: str, record: Any) -> dict[str, Any]:
    """What a valid call of a route sends for a record."""
    call = CALLS[endpoint]
    said = call.json or call.form
    assert said is not None
    return said(record)


#: Bodies and queries that name a thing: as whom, where, and what is sent for a record or for none.
NAMING: dict[str, tuple[str, str, str, Any]] = {
    "an entry's activity": (
        "own",
        "POST",
        "/api/v1/patients/{own}/entries",
        lambda own, one: {
            "client_id": SENT,
            "activity_id": _of(one, "activity_id"),
            "status": "done",
            "performed_at": MONDAY.isoformat(),
        },
    ),
    "an entry's goal": (
        "own",
        "POST",
        "/api/v1/patients/{own}/entries",
        lambda own, one: {
            "client_id": SENT,
            "goal_id": _of(one, "goal_id"),
            "value": 5,
            "performed_at": MONDAY.isoformat(),
        },
    ),
    "what an entry corrects": (
        "therapist",
        "POST",
        "/api/v1/patients/{own}/entries",
        lambda own, one: {
            "client_id": SENT,
            "corrects_id": _of(one, "client_id"),
            "withdrawn": True,
            "because": "Counted",
        },
    ),
    "a batch's correction": (
        "own",
        "POST",
        "/api/v1/patients/{own}/sync",
        lambda own, one: {
            "entries": [
                {"client_id": SENT, "corrects_id": _of(one, "client_id"), "withdrawn": True}
            ]
        },
    ),
    "an activity's plan": (
        "therapist",
        "POST",
        "/api/v1/patients/{own}/activities",
        lambda own, one: body("api_plans.assign", own) | {"plan_id": _of(one, "plan_id")},
    ),
    "an activity's goal": (
        "therapist",
        "POST",
        "/api/v1/patients/{own}/activities",
        lambda own, one: (
            body("api_plans.assign", own)
            | {"goals": [{"goal_id": _of(one, "goal_id"), "because": "it helps"}]}
        ),
    ),
    "a pause's activity": (
        "therapist",
        "POST",
        "/api/v1/patients/{own}/pauses",
        lambda own, one: {
            "kind": "stop",
            "first_day": "2026-03-05",
            "activity_id": _of(one, "activity_id"),
        },
    ),
    "a card's activity": (
        "own",
        "FORM",
        "/today/log",
        lambda own, one: {
            "client_id": SENT,
            "activity_id": _of(one, "activity_id"),
            "day": "2026-03-02",
            "slot": "0",
        },
    ),
    "a form's plan": (
        "therapist",
        "FORM",
        "/patients/{own}/activities/new",
        lambda own, one: body("plans.assign", own) | {"plan_id": _of(one, "plan_id")},
    ),
    "a chart's goal": (
        "own",
        "GET",
        "/charts/{own}/goal.svg",
        lambda own, one: {"of": _of(one, "goal_id")},
    ),
    "a chart's medicine": (
        "therapist",
        "GET",
        "/api/v1/patients/{own}/charts/doses.png",
        lambda own, one: {"of": _of(one, "medicine_id")},
    ),
    "a chart's symptom": (
        "own",
        "GET",
        "/charts/{own}/symptom.svg",
        lambda own, one: {"of": "0" * 16 if one is None else key_of(one.patient_id, one.symptom)},
    ),
}


@pytest.mark.parametrize("what", NAMING)
def test_Z3_a_body_that_names_anothers_thing_reads_like_one_that_names_none(
    shared_town: Town, what: str
):
    who, method, path, said = NAMING[what]
    own = shared_town.records["own"]
    answers = []
    for of in ("near", "far", None):
        sent = said(own, None if of is None else shared_town.records[of])
        address = path.format(own=own.patient_id)
        match method:
            case "GET":
                answer = shared_town.ask(who, f"{address}?{urlencode(sent)}")
            case "FORM":
                answer = shared_town.ask(who, address, "POST", form=sent)
            case _:
                answer = shared_town.ask(who, address, method, json=sent)
        assert not shared_town.foreign_marks(who, answer.get_data(as_text=True))
        answers.append(seen(answer))

    assert answers[0] == answers[1] == answers[2]
    # A batch has a receipt for each item, and a card's press leads back to the day.
    assert answers[0][0] in {"a batch's correction": {200}, "a card's activity": {404}}.get(
        what, {404, 422}
    )


def test_Z3_somebody_of_another_clinic_joins_no_care_team_and_reads_like_nobody(shared_town: Town):
    own = shared_town.records["own"]
    far = shared_town.people["stranger"].actor
    patient = shared_town.records["near"].actor
    assert far is not None
    answers = [
        seen(
            shared_town.ask(
                "therapist",
                f"/api/v1/patients/{own.patient_id}/care-team",
                "POST",
                json={"account_id": str(one), "discipline": "nursing"},
            )
        )
        for one in (far.account_id, patient.account_id, new_id())
    ]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 404
