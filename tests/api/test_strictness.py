"""What is not exactly JSON of the described form is refused, by name, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from marshmallow import ValidationError

from adherence.store.ids import new_id
from tests.web.calls import CALLS, address, ids_of, routes
from tests.web.test_forms import content
from tests.web.town import Town

WRITES = sorted(name for name, call in CALLS.items() if name.startswith("api_") and call.json)


def post(town: Town, body: bytes | str, path: str = "/entries", who: str = "own", **more: Any):
    own = town.records["own"].patient_id
    data = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    return town.ask(
        who,
        f"/api/v1/patients/{own}{path}",
        "POST",
        data=data,
        content_type="application/json",
        **more,
    )


def entry(town: Town, **said: Any) -> dict[str, Any]:
    found = CALLS["api_entries.log"].json
    assert found is not None
    return {**found(town.records["own"]), **said}


def literal(town: Town, name: str, text: str) -> str:
    """An entry whose field ``name`` is the JSON text ``text``, whatever that is."""
    said = {key: value for key, value in entry(town).items() if key != name}
    return f'{json.dumps(said)[:-1]}, "{name}": {text}}}'


NOT_JSON = {
    "nothing": "",
    "a word": "hello",
    "NaN": '{"value": NaN}',
    "Infinity": '{"value": Infinity}',
    "minus Infinity": '{"value": -Infinity}',
    "beyond a double": '{"value": 1e400}',
    "beyond a double below": '{"value": -1e400}',
    "a key twice": '{"pain": 1, "pain": 2}',
    "a key twice below": '{"entries": [{"pain": 1, "pain": 1}]}',
    "a comment": '{"pain": 1} // no',
    "a trailing comma": '{"pain": 1,}',
    "single quotes": "{'pain': 1}",
    "two documents": "{}{}",
    "half a document": '{"pain": 1',
    "latin-1": '{"note": "über"}'.encode("latin-1"),
    "utf-16": '{"pain": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "bytes": b"\xff\xfe\x00",
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "a huge integer": '{"pain": ' + "9" * 10_000 + "}",
    "a raw line break in a text": '{"note": "a\nb"}',
}


@pytest.mark.parametrize("what", NOT_JSON)
def test_V1_what_is_not_json_is_refused(shared_town: Town, what: str):
    before = content(shared_town)
    for path in ("/entries", "/sync"):
        answer = post(shared_town, NOT_JSON[what], path)
        assert answer.status_code == 400, (path, answer.get_data(as_text=True))
        assert answer.headers["Content-Type"] == "application/problem+json"

    assert content(shared_town) == before


WRONG = {
    "pain": [
        "true",
        "false",
        '"3"',
        "3.0",
        "3.5",
        "-1",
        "11",
        "1e2",
        "[3]",
        "{}",
        '"３"',
        "1" * 400,
    ],
    "sets": ["true", '"1"', "-1", "1e10", "100000000000000000000"],
    "quantity": ["true", '"1"', "-0.1", "1e300", '"１"', "[]"],
    "value": ["true", '"1"', "1e7", "-1e7"],
    "declined": ["1", "0", '"true"', '"on"', "[]"],
    "status": [
        '"Done"',
        '"unreported"',
        '"upcoming"',
        '"excused"',
        "1",
        '""',
        '"done "',
        '"ｄone"',
    ],
    "reason": ['"bored"', "0", '"HURT"'],
    "source": ['"clinician"', '"import"', '"proxy"', '"Self"', "1"],
    "client_id": ['"x"', "1", "[]", '"{0192f0c1-2345-7890-abcd-ef0123456789}"', '""', "null"],
    "activity_id": ['"0192f0c1234578 90abcdef0123456789"', "7", '"urn:uuid:x"'],
    "performed_at": [
        '"2026-03-02T09:00:00"',
        '"2026-03-02"',
        "0",
        '"now"',
        '"9999-12-31T23:59:59-14:00"',
        '"0001-01-01T00:00:00+14:00"',
        '"２026-03-02T09:00:00Z"',
        '"2026-02-30T00:00:00Z"',
    ],
    "day": ['"2026-3-2"', '"20260302"', '"2026-W10-1"', "20260302", '"0001-01-01"', '"9999-12-31"'],
    "slot": ["-1", "24", '"0"', "0.0", "true"],
    "zone": ["1", "[]", '"' + "x" * 65 + '"'],
    "note": ["1", "[]", "{}", '"' + "x" * 1_001 + '"'],
    "symptom": ["1", '"' + "x" * 41 + '"'],
}


@pytest.mark.parametrize("name", WRONG)
def test_V1_a_value_of_the_wrong_type_or_range_is_refused_by_name(shared_town: Town, name: str):
    before = content(shared_town)
    for text in WRONG[name]:
        body = literal(shared_town, name, text)
        answer = post(shared_town, body)
        assert answer.status_code == 422, (name, text, answer.get_data(as_text=True))
        assert name in answer.get_json()["errors"], (name, text)
        batch = post(shared_town, f'{{"entries": [{body}]}}', "/sync")
        assert batch.status_code == 200
        receipt = batch.get_json()["receipts"][0]
        assert receipt["result"] == "invalid", (name, text)
        assert name in receipt["errors"]

    assert content(shared_town) == before


def test_V1_a_zone_that_does_not_exist_is_refused(shared_town: Town):
    for zone in (
        "Nowhere/Land",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe",
        "posixrules\0",
        "UTC\n",
    ):
        answer = post(shared_town, json.dumps(entry(shared_town, zone=zone)))
        assert answer.status_code in (422, 201), zone
        if answer.status_code == 201:
            assert zone.strip("\n") == "UTC"


def test_V1_minus_zero_is_zero(town: Town):
    own = town.records["own"]
    said = entry(town, symptom=own.symptom, activity_id=None, status=None, value=-0.0)
    assert post(town, json.dumps(said)).status_code == 201

    shown = town.ask("own", f"/api/v1/patients/{own.patient_id}/entries/{said['client_id']}")
    assert '"value":-0.0' not in shown.get_data(as_text=True)
    assert shown.get_json()["value"] == 0


ODD_TEXTS = {
    "NUL": "a\\u0000b",
    "a lone surrogate": "a\\ud800b",
    "two that are no pair": "a\\udc00\\ud800b",
    "a non-character": "a\\uffffb",
    "bidi": "a\\u202eb\\u2066c",
    "escape": "a\\u001b[31mb",
    "a line separator": "a\\u2028b",
    "decomposed": "u\\u0308ber",
    "an astral pair": "a\\ud83e\\uddb5b",
}


@pytest.mark.parametrize("what", ODD_TEXTS)
def test_V1_odd_characters_are_cleaned_out_and_what_is_left_is_stored(town: Town, what: str):
    client_id = str(new_id())
    body = literal(town, "note", f'"{ODD_TEXTS[what]}"')
    body = body.replace(json.loads(body)["client_id"], client_id)
    answer = post(town, body)

    assert answer.status_code == 201, answer.get_data(as_text=True)
    own = town.records["own"].patient_id
    note = town.ask("own", f"/api/v1/patients/{own}/entries/{client_id}").get_json()["note"]
    assert note
    for character in "\0\x1b\u202e\u2066\uffff":
        assert character not in note
    note.encode()


def test_V1_a_text_of_ten_megabytes_is_refused_before_it_is_read(shared_town: Town):
    answer = post(shared_town, json.dumps(entry(shared_town, note="x" * 10_000_000)))

    assert answer.status_code == 413


def test_V1_a_body_that_hides_its_length_is_held_to_the_limit_too(shared_town: Town):
    from io import BytesIO

    own = shared_town.records["own"].patient_id
    body = json.dumps(entry(shared_town, note="x")).encode() + b" " * 2_000_000
    answer = shared_town.browser().post(
        f"/api/v1/patients/{own}/entries",
        input_stream=BytesIO(body),
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {shared_town.people['own'].bearer}",
            "Transfer-Encoding": "chunked",
        },
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("endpoint", WRITES)
@pytest.mark.parametrize("body", ["[]", "null", "true", "0", '"text"', "{}", "[[]]", '[{"a": 1}]'])
def test_V1_a_document_of_another_shape_is_refused_everywhere(
    shared_town: Town, endpoint: str, body: str
):
    answer = to_endpoint(shared_town, endpoint, body)

    allowed = {400, 422}
    if body == "{}" and endpoint == "api_plans.end_pause":
        allowed = {204, 409}  # all of it is optional
    assert answer.status_code in allowed, answer.get_data(as_text=True)


def to_endpoint(town: Town, endpoint: str, body: str):
    """An answer of a writing endpoint to a body, as somebody who may write there."""
    route, method = next(
        (route, method)
        for route, method in routes(town.app)
        if route.endpoint == endpoint and method != "GET"
    )
    record = town.records["own"]
    who = "own" if endpoint in {"api_entries.push"} else "therapist"
    if CALLS[endpoint].spends:
        record.spent |= set(CALLS[endpoint].spends)
        with town.inside():
            town.renew("own")
    path = address(town.app, route, method, ids_of(record))
    return town.ask(who, path, method, data=body.encode(), content_type="application/json")


#: Names of columns and of what attackers try; a body may carry none that its schema does not list.
GENERIC = (
    "id", "role", "tenant_id", "clinic_id", "patient_id", "account_id", "author_id", "is_admin",
    "admin", "permissions", "scope", "seq", "created_at", "received_at", "recorded_at_server",
    "reviewed_by", "reviewed_at", "state", "payload_hash", "local_day", "audit_head", "password",
    "__proto__", "constructor", "_id", "$where", "",
)  # fmt: skip


def columns() -> set[str]:
    """The name of every column of every table."""
    from adherence.store.columns import db

    return {column.name for table in db.metadata.tables.values() for column in table.c}


@pytest.mark.parametrize("endpoint", WRITES)
def test_Z5_a_field_that_the_schema_does_not_list_is_refused_and_nothing_changes(
    shared_town: Town, endpoint: str
):
    """Mass assignment: every column name of the model and what else is tried (row 15)."""
    town = shared_town
    record = town.records["own"]
    said = CALLS[endpoint].json
    assert said is not None
    listed = listed_fields(town, endpoint)
    before = content(town)
    tried = 0
    for name in sorted(columns() | set(GENERIC)):
        if name in listed:
            continue
        for value in ("admin", 1, None, True):
            body = said(record)
            inner = body["entries"][0] if endpoint == "api_entries.push" else body
            inner[name] = value
            answer = to_plain(town, endpoint, body)
            if endpoint == "api_entries.push":
                receipt = answer.get_json()["receipts"][0]
                assert receipt["result"] == "invalid", name
                assert name in receipt["errors"]
            else:
                assert answer.status_code == 422, (name, answer.get_data(as_text=True))
                assert name in answer.get_json()["errors"]
            tried += 1

    assert tried > 100
    assert content(town) == before


def to_plain(town: Town, endpoint: str, body: dict[str, Any]):
    route, method = next(
        (route, method) for route, method in routes(town.app) if route.endpoint == endpoint
    )
    who = "own" if endpoint == "api_entries.push" else "therapist"
    path = address(town.app, route, method, ids_of(town.records["own"]))
    return town.ask(who, path, method, json=body)


def listed_fields(town: Town, endpoint: str) -> set[str]:
    """What the published description lists for the body of an endpoint."""
    spec = town.ask("nobody", "/api/v1/openapi.json").get_json()
    route, method = next(
        (route, method) for route, method in routes(town.app) if route.endpoint == endpoint
    )
    path = route.rule.replace("<uuid:", "{").replace(">", "}")
    body = spec["paths"][path][method.lower()]["requestBody"]
    name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    if endpoint == "api_entries.push":
        name = "Entry"
    return set(spec["components"]["schemas"][name]["properties"])


def test_Z5_a_patient_sets_neither_source_nor_author_nor_time_of_receipt(town: Town):
    own = town.records["own"]
    said = entry(town)
    assert post(town, json.dumps(said)).status_code == 201
    shown = town.ask("own", f"/api/v1/patients/{own.patient_id}/entries/{said['client_id']}")

    assert shown.get_json()["source"] == "self"
    assert shown.get_json()["received_at"].startswith("2026-03-02T09:00:00")


def test_Z5_a_clinicians_entry_says_so_whatever_it_claims(town: Town):
    own = town.records["own"]
    said = entry(town, source="self")
    assert post(town, json.dumps(said), who="therapist").status_code == 201
    shown = town.ask("therapist", f"/api/v1/patients/{own.patient_id}/entries/{said['client_id']}")

    assert shown.get_json()["source"] == "clinician"


QUERIES = {
    "/entries": ["limit", "before"],
    "/sync": ["limit", "after"],
    "/progress": ["days"],
    "/occurrences": ["first", "until"],
    "/activities": ["ended"],
}
PAYLOADS = [
    "'",
    '"',
    "1 OR 1=1",
    "1; DROP TABLE entry",
    "1' UNION SELECT 1--",
    "(SELECT 1)",
    "sleep(5)",
    "-1",
    "0x10",
    "1e3",
    "1.0",
    "NaN",
    "Infinity",
    "１",
    " 1",
    "1 ",
    "+1",
    "1_000",
    "",
    "null",
    "true",
    "[]",
    "9" * 50,
    "99999999999999999999",
    "\x00",
    "%00",
    "../",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2026-02-30",
    "2026-W10-1",
    "20260302",
    "today",
]


@pytest.mark.parametrize("path", QUERIES)
def test_V6_a_query_is_a_plain_value_or_refused(town: Town, path: str):
    own = town.records["own"].patient_id
    before = content(town)
    for name in QUERIES[path]:
        for payload in PAYLOADS:
            query = {name: payload}
            if path == "/occurrences":
                query = {"first": "2026-03-01", "until": "2026-03-08"} | query
            answer = town.ask("own", f"/api/v1/patients/{own}{path}", query_string=query)
            assert answer.status_code in (200, 422), (name, payload)
            if answer.status_code == 422:
                assert name in answer.get_json()["errors"] or path == "/occurrences", (
                    name,
                    payload,
                )

    assert content(town) == before


def test_V6_the_cursor_of_the_list_is_one_of_ours_or_refused(town: Town):
    for payload in [*PAYLOADS, "1.zz", ".", "1.", f"-1.{'0' * 32}", f"1.{{{'0' * 32}}}"]:
        if payload:
            answer = town.ask("therapist", "/api/v1/patients", query_string={"after": payload})
            assert answer.status_code == 422, payload
        page = town.ask("therapist", "/patients", query_string={"after": payload})
        assert page.status_code == 200, payload


def test_V6_no_statement_is_built_from_strings_without_a_reason_in_its_line():
    import re
    from pathlib import Path

    root = Path(__file__).parents[2] / "adherence"
    built = re.compile(r'f"[^"]*\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^"]*\{')
    wrong = [
        f"{path.name}:{number}"
        for path in root.rglob("*.py")
        if "migrations" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if built.search(line) and "noqa: S608 - " not in line
    ]

    assert wrong == []


def test_V8_nothing_that_comes_in_is_unpickled_or_evaluated():
    import re
    from pathlib import Path

    root = Path(__file__).parents[2] / "adherence"
    for path in root.rglob("*.py"):
        text = path.read_text()
        assert not re.search(r"\b(pickle|marshal|shelve|dill)\b", text), path
        assert not re.search(r"\byaml\.(load|unsafe_load)\b|(?<![\w.])(eval|exec)\(", text), path


@pytest.mark.parametrize("letter", ["a", "0", "-", "{", ".", ":", " ", "\u0301"])
def test_V9_a_hundred_thousand_characters_are_refused_at_once(letter: str):
    from time import perf_counter

    from adherence.schemas import fields

    text = letter * 100_000
    for field in (fields.Uuid(), fields.Instant(), fields.Day(), fields.Clock(), fields.Zone()):
        began = perf_counter()
        with pytest.raises((ValueError, ValidationError)):
            field.read(text)
        assert perf_counter() - began < 0.5
    began = perf_counter()
    with pytest.raises(ValidationError, match="Longer"):
        fields.Text(1_000, 40).read(f"x{text}x" * 2)
    assert perf_counter() - began < 1.0
