"""The description of the API is valid, complete, and true of every answer."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from adherence.domain.access import POLICY, Role
from adherence.store.ids import new_id
from adherence.web.policy import doors
from tests.web.calls import CALLS, address, ids_of, random_ids, routes
from tests.web.town import Town

API = sorted(name for name in CALLS if name.startswith("api_"))


@pytest.fixture(scope="module")
def spec(shared_town: Town) -> dict[str, Any]:
    found: dict[str, Any] = shared_town.ask("nobody", "/api/v1/openapi.json").get_json()
    return found


def test_the_description_is_valid(spec: dict[str, Any]):
    assert spec["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []


def test_every_route_of_the_api_is_described_and_nothing_else(
    shared_town: Town, spec: dict[str, Any]
):
    served = {
        (path_of(route.rule), method.lower())
        for route, method in routes(shared_town.app)
        if route.endpoint.startswith("api_")
    }
    described = {
        (path, method)
        for path, item in spec["paths"].items()
        for method in item
        if method not in ("parameters",)
    }

    assert described == served


def test_every_call_says_who_may_and_what_it_is_refused_with(
    shared_town: Town, spec: dict[str, Any]
):
    for route, method in routes(shared_town.app):
        if not route.endpoint.startswith("api_"):
            continue
        said = spec["paths"][path_of(route.rule)][method.lower()]
        action = doors(shared_town.app)[route.endpoint].action
        assert said["x-action"] == action
        assert {"401", "403"} <= set(said["responses"])
        assert said["summary"], route.rule
        for status, answer in said["responses"].items():
            if status >= "400":
                assert "application/problem+json" in answer["content"], (route.rule, status)


def path_of(rule: str) -> str:
    return rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")


def operation(spec: dict[str, Any], rule: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = spec["paths"][path_of(rule)][method.lower()]
    return found


def fits(spec: dict[str, Any], operation: dict[str, Any], answer: Any) -> list[str]:
    """What in an answer is not as described."""
    described = operation["responses"].get(str(answer.status_code))
    if described is None:
        return [f"{answer.status_code} is not described"]
    content = described.get("content", {})
    if not content:
        return [] if not answer.data else ["a body where none is described"]
    if answer.mimetype not in content:
        return [f"{answer.mimetype} is not described"]
    if not answer.mimetype.endswith("json"):
        return []
    schema = {**content[answer.mimetype]["schema"], "components": spec["components"]}
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return [
        f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer.json)
    ]


def test_every_answer_conforms_to_its_description(shared_town: Town, spec: dict[str, Any]):
    town, wrong, seen = shared_town, [], set()
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        if not route.endpoint.startswith("api_"):
            continue
        for who in ("own", "therapist", "manager", "admin", "nobody", "stranger"):
            for ids in (ids_of(town.records["own"]), random_ids()):
                record = town.records["own"]
                for query in (call.query, None):
                    answer = town.ask(
                        who,
                        address(town.app, route, method, ids),
                        method,
                        json=None if call.json is None else call.json(record),
                        query_string=None if query is None else query(record),
                    )
                    if call.spends and answer.status_code < 300:
                        record.spent |= set(call.spends)
                        with town.inside():
                            town.renew("own")
                    seen.add((route.endpoint, answer.status_code // 100))
                    wrong += [
                        f"{method} {route.rule} by {who}: {one}"
                        for one in fits(spec, operation(spec, route.rule, method), answer)
                    ]

    assert wrong == []
    # Who is in the team already neither joins it nor stands in; test_care_teams has somebody new.
    # The town's clinics have no pictures; test_library_api has one.
    elsewhere = {"api_patients.join", "api_patients.stand_in", "api_exercises.medium"}
    assert {name for name, kind in seen if kind == 2} == set(API) - elsewhere


def test_no_answer_carries_a_field_that_is_not_described(shared_town: Town, spec: dict[str, Any]):
    """The names in the answers, against the names in their schemas, at every depth."""
    town = shared_town
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        if not route.endpoint.startswith("api_") or method != "GET":
            continue
        action = doors(town.app)[route.endpoint].action
        assert action is not None
        who = {Role.PATIENT: "own", Role.CLINICIAN: "therapist"}.get(
            next(iter(sorted(POLICY[action].roles))), "manager"
        )
        answer = town.ask(
            who,
            address(town.app, route, method, ids_of(town.records["own"])),
            query_string=None if call.query is None else call.query(town.records["own"]),
        )
        if answer.mimetype != "application/json":
            continue
        content = operation(spec, route.rule, method)["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
        assert surplus(spec, schema, answer.json) == [], route.rule


def surplus(spec: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "") -> list[str]:
    """Names in a value that its schema does not list; free objects list everything."""
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for kind in ("anyOf", "oneOf", "allOf"):
        if kind in schema:
            schema = next((one for one in schema[kind] if one.get("type") != "null"), {})
            return surplus(spec, schema, value, at)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [one for each in value[:5] for one in surplus(spec, items, each, f"{at}[]")]
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return [f"{at}.{name}" for name in value if name not in known] + [
            one
            for name, inner in value.items()
            if name in known
            for one in surplus(spec, known[name], inner, f"{at}.{name}")
        ]
    return []


def test_every_documented_refusal_of_an_entry_can_happen(shared_town: Town, spec: dict[str, Any]):
    town = shared_town
    own, near = town.records["own"], town.records["near"]
    path = f"/api/v1/patients/{own.patient_id}/entries"
    said = CALLS["api_entries.log"].json
    assert said is not None
    good = said(own)
    found = {
        town.ask("own", path, "POST", json=good).status_code,
        town.ask("own", path, "POST", json=good).status_code,
        town.ask("own", path, "POST", json=good | {"pain": 4}).status_code,
        town.ask("own", path, "POST", json=said(near)).status_code,
        town.ask("own", path, "POST", json={}).status_code,
        town.ask("own", path, "POST", data="{", content_type="application/json").status_code,
        town.ask("own", path, "POST", data="x").status_code,
        town.ask("own", path, "POST", json={"note": "x" * 1_000_001}).status_code,
        town.ask("manager", path, "POST", json=good).status_code,
        town.ask("nobody", path, "POST", json=good).status_code,
    }
    described = operation(spec, "/api/v1/patients/<uuid:patient_id>/entries", "POST")["responses"]

    assert {str(status) for status in found} == set(described) - {"default"}


def test_an_unknown_id_of_every_kind_is_a_404(shared_town: Town):
    town = shared_town
    own = ids_of(town.records["own"])
    for route, method in routes(town.app):
        named = route.arguments & {"goal_id", "activity_id", "client_id", "pause_id", "account_id"}
        if not route.endpoint.startswith("api_") or not named:
            continue
        call = CALLS[route.endpoint]
        ids = own | {name: new_id() for name in named}
        answer = town.ask(
            "therapist",
            address(town.app, route, method, ids),
            method,
            json=None if call.json is None else call.json(town.records["own"]),
        )
        assert answer.status_code == 404, route.rule


def test_the_pages_of_the_description_load_nothing_from_elsewhere(shared_town: Town):
    page = shared_town.ask("nobody", "/api/docs").get_data(as_text=True)

    assert "openapi.json" in page
    assert "//cdn" not in page
    assert "unpkg" not in page
