"""Fifteen holes that were found in other health systems, each tried on ours.

The numbers are those of a list of published advisories: OpenEMR, OpenEyes, OpenMRS, OpenClinica,
DHIS2, a medicine tracker and others. What each was stands in its test.
"""

from __future__ import annotations

import inspect
import json
import pickle
import re
import socket
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from io import BytesIO
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import argon2
import pytest
import sqlalchemy as sa

from adherence import store as store_room
from adherence.domain.access import Stage
from adherence.services import passwords
from adherence.store.columns import db
from adherence.store.ids import new_id
from adherence.store.statements import Statement
from adherence.web.policy import doors
from tests.authenticator import Authenticator
from tests.practice import MINUTE, invited
from tests.web.calls import CALLS, NAMED, address, ids_of, random_ids, routes
from tests.web.test_forms import POLYGLOT, content
from tests.web.test_sessions import SCRIPT
from tests.web.test_sign_in import SITE, House, pending
from tests.web.town import MONDAY, Town, mark_of

MARKS = re.compile("|".join(mark_of(name) for name in ("own", "near", "far")), re.IGNORECASE)


def of_patient(town: Town, name: str) -> str:
    """All rows that belong to a patient, as one text."""
    patient_id = town.records[name].patient_id
    found = []
    with town.inside():
        for table in db.metadata.sorted_tables:
            if "patient_id" in table.c and table.name != "audit":
                query = sa.select(table).where(table.c.patient_id == patient_id)
                found.append(repr(sorted(map(repr, db.session.execute(query)))))
        db.session.rollback()
    return "\n".join(found)


@pytest.mark.parametrize("who", ["near", "therapist", "stranger", "far"])
def test_vulnerability_01_an_id_of_anothers_entry_overwrites_nothing(town: Town, who: str):
    """CVE-2026-25744: a POST that named an id became an update of another patient's vitals."""
    own = town.records["own"]
    before = of_patient(town, "own")
    at = town.records["near"] if who in ("near", "therapist") else town.records["far"]
    near = at.patient_id
    answers = []
    for client_id in (own.client_id, new_id()):
        body = {
            "client_id": str(client_id),
            "symptom": "ache",
            "value": 9,
            "performed_at": MONDAY.isoformat(),
        }
        for path, sent in (("entries", body), ("sync", {"entries": [body]})):
            answer = town.ask(who, f"/api/v1/patients/{near}/{path}", "POST", json=sent)
            said = re.sub(r'"(client_id|seq)": ?("[^"]+"|\d+)', "", answer.text)
            answers.append((answer.status_code, said))
        forged = {"id": str(own.client_id), "patient_id": str(own.patient_id), **body}
        answer = town.ask(who, f"/api/v1/patients/{near}/entries", "POST", json=forged)
        assert answer.status_code in (403, 404, 422)

    assert of_patient(town, "own") == before
    assert answers[:2] == answers[2:], "a known id is told from a random one"


def statements() -> Iterator[tuple[str, Statement]]:
    """Every prepared statement of the store, by module and name."""
    for module in iter_modules(store_room.__path__):
        found = import_module(f"adherence.store.{module.name}")
        for name, value in inspect.getmembers(found):
            many = value.values() if isinstance(value, dict) else (value,)
            for one in many:
                if isinstance(one, Statement):
                    yield f"{module.name}.{name}", one


#: Statements that name no patient, and why that is right. Whoever adds a line has looked.
REVIEWED = {
    "outbox.lease_outbox": "the job hands over everybody's lines and takes no id from a request",
    "outbox.hand_over": "the same, a line at a time",
    "outbox.put_back": "the same, when it could not",
    "mails.lease_mail": "the job sends everybody's mails and takes no id from a request",
    "mails.end_mail": "the same, a mail at a time",
    "mails.put_back": "the same, when it could not",
    "mails.drop_old_mails": "the job removes what was sent",
    "mails.reseal_mail": "the operator's command puts every waiting mail under the secret in use",
    "exports.set_export": "the job builds everybody's copies and takes no id from a request",
    "exports.drop_export": "the job removes copies that are over",
    "exports.count_download": "found by patient and asker in the same transaction",
    "erasures.set_erasure": "found by patient or clinic in the same transaction",
    "break_glass.clear_expired": "the actor's own emergencies that are over",
    "programmes.leave_group": "the nightly count dissolves groups of sums; no id from a request",
    "break_glass.see": "the privacy officer sees it, found in the actor's clinic first",
}


def test_vulnerability_02_no_statement_changes_rows_of_patients_without_naming_whose():
    """CVE-2026-25147 and others: ``WHERE id = ?`` with an id from the address, and no patient.

    That the door resolves every patient is the matrix's; here the statements themselves are read.
    """
    wrong, seen = [], 0
    for name, one in statements():
        core = one.core
        if not isinstance(core, sa.Update | sa.Delete) or "patient_id" not in core.table.c:
            continue
        seen += 1
        where = str(core.whereclause)
        if "patient_id" not in where and name not in REVIEWED:
            wrong.append(f"{name}: {where}")

    assert seen > 5
    assert wrong == []


def test_vulnerability_03_a_picture_is_its_patients_alone(shared_town: Town):
    """CVE-2026-25929: any patient's photo, by a parameter; and a cache that mixes people up."""
    town, wrong = shared_town, []
    pictures = [
        (route, name, kind)
        for route, _ in routes(town.app)
        for name in ("adherence", "doses", "goal", "symptom")
        for kind in ("svg", "png")
        if route.endpoint.rpartition(".")[2] in ("chart", "show") and "format" in route.arguments
    ]
    assert pictures
    for route, name, kind in pictures:
        for who, of in (("own", "near"), ("near", "own"), ("stranger", "own"), ("nobody", "own")):
            values = {"patient_id": town.records[of].patient_id, "name": name, "format": kind}
            path = town.app.url_map.bind("localhost").build(route.endpoint, values, "GET")
            warm = town.ask(of, path)
            tag = warm.headers.get("ETag", '"x"')
            for query in ("", f"?patient_id={town.records[of].patient_id}", "?user=1&context=2"):
                answer = town.ask(who, path + query, headers={"If-None-Match": tag})
                if (
                    answer.status_code < 300
                    or answer.status_code == 304
                    or MARKS.search(answer.text)
                ):
                    wrong.append((who, path + query, answer.status_code))

    assert wrong == []


@pytest.mark.parametrize("who", ["own", "therapist"])
def test_vulnerability_04_an_id_of_one_kind_is_none_of_another(shared_town: Town, who: str):
    """OpenEMR #10168: a document was joined by the wrong key, and somebody else's came back."""
    town, wrong, asked = shared_town, [], 0
    record = town.records["own"]
    kinds = {**ids_of(record), "plan_id": record.plan_id, "medicine_id": record.medicine_id}
    alike = {frozenset({"activity_id", "medicine_id"})}
    for route, method in routes(town.app):
        named = (route.arguments & {*NAMED}) - {"patient_id"}
        if method != "GET" or not named or CALLS[route.endpoint].answers:
            continue
        for name in named:
            for other, value in kinds.items():
                if other == name or frozenset({other, name}) in alike:
                    continue
                path = address(town.app, route, method, ids_of(record) | {name: value})
                answer = town.ask(who, path)
                asked += 1
                if answer.status_code not in (401, 403, 404):
                    wrong.append(f"{path}: {other} as {name}: {answer.status_code}")

    assert wrong == []
    assert asked > 20


class Live(HTMLParser):
    """What on a page or a drawing does something that is not ours."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        to = [value.strip().lower() for name, value in attrs if name in LEADS and value]
        if (
            any(name.startswith("on") for name in said)
            or (tag == "script" and not {"src", "nonce", "type"} & said.keys())
            or tag in ("foreignobject", "iframe", "object", "embed")
            or any(one == "x" or one.startswith(("javascript:", "data:text")) for one in to)
        ):
            self.found.append(self.get_starttag_text() or tag)


LEADS = ("href", "xlink:href", "src", "action", "formaction")


def test_vulnerability_05_a_title_on_a_chart_is_text(town: Town):
    """CVE-2026-32118: script in the legend of a pain map, by the words of an annotation."""
    own = town.records["own"]
    base = f"/api/v1/patients/{own.patient_id}"
    made = town.ask(
        "therapist",
        f"{base}/goals",
        "POST",
        json={"words": POLYGLOT, "measure": "count", "unit": "x", "baseline": 1, "target": 9},
    )
    entry = {
        "client_id": str(new_id()),
        "symptom": POLYGLOT[:40],
        "value": 3,
        "performed_at": MONDAY.isoformat(),
    }
    assert town.ask("own", f"{base}/entries", "POST", json=entry).status_code == 201
    goal = made.get_json()["id"]
    seen = 0
    for path in (
        f"{base}/charts/goal.svg?of={goal}",
        f"/charts/{own.patient_id}/goal.svg?of={goal}",
        f"{base}/charts/symptom.svg",
        f"{base}/charts/adherence.svg",
        "/progress",
        "/goals",
    ):
        answer = town.ask("own", path)
        if answer.status_code != 200:
            continue
        seen += 1
        assert Live(answer.text).found == [], path
        if answer.mimetype == "image/svg+xml":
            assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert seen >= 5


def test_vulnerability_06_a_refusal_carries_nothing_of_what_it_refuses(shared_town: Town):
    """CVE-2021-40375: a page that said 403 on top, with the patient's data below."""
    town, wrong = shared_town, []
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        for who in ("near", "manager", "stranger", "disabled", "nobody"):
            record = town.records["own"]
            answer = town.ask(
                who,
                address(town.app, route, method, ids_of(record)),
                method,
                json=None if call.json is None else call.json(record),
                form=None if call.form is None else call.form(record),
            )
            if call.spends and answer.status_code < 400:
                town.restore(call.spends, who, "own")
            if answer.status_code in (401, 403, 404) and (
                len(answer.data) > 4000 or record.mark.lower() in answer.text.lower()
            ):
                wrong.append((method, route.rule, who, len(answer.data)))

    assert wrong == []


#: What attackers have sent to be somebody, and what they might.
MAGIC = (
    *(
        "ignoreAuth",
        "debug",
        "admin",
        "is_admin",
        "role",
        "skip",
        "bypass",
        "auth",
        "authenticated",
    ),
    *("user", "user_id", "account_id", "actor", "acts_for", "impersonate", "sudo", "as", "token"),
    *(
        "session",
        "session_id",
        "sid",
        "stage",
        "step",
        "via",
        "site",
        "clinic",
        "clinic_id",
        "test",
    ),
    *("pid", "patient_id", "portal", "register", "csrf_token", "skip_timeout_reset", "_method"),
    *("X-Forwarded-User", "Remote-User", "access_token", "api_key", "key", "id", "uid", "login"),
    *(f"p{number}" for number in range(440)),
)


def test_vulnerability_07_no_parameter_opens_a_door(house: House):
    """CVE-2015-4453: ``ignoreAuth=1``; and a half-built session that reached other pages."""
    windows = {"nobody": house.window(), **pending(house)}
    wrong = []
    query = "&".join(f"{name}=1" for name in MAGIC)
    forged = {"X-Forwarded-User": "ada@example.org", "Remote-User": "ada@example.org"}
    for route, method in routes(house.app):
        door = doors(house.app)[route.endpoint]
        if door.rule is None or method != "GET":
            continue
        path = address(house.app, route, method, random_ids())
        for name, window in windows.items():
            if name != "nobody" and Stage.PENDING in door.rule.stages:
                continue
            answer = window.get(f"{path}?{query}", **forged)
            if answer.status_code not in (303, 400, 401, 403):
                wrong.append((path, name, answer.status_code))

    assert len(MAGIC) >= 480
    assert wrong == []


@pytest.mark.parametrize(
    "path",
    [
        "/today?skip_timeout_reset=0",
        "/today?skip_timeout_reset=1&keepalive=1&heartbeat=1&touch=1&extend=1",
        "/account?ping=1",
        "/today#keep",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_vulnerability_08_no_client_turns_the_timeout_off(town: Town, path: str, method: str):
    """CVE-2026-25476: a parameter told the server not to count a request as idle."""
    town.form_token(town.people["own"])
    for _ in range(8):
        town.at += 4 * MINUTE
        town.ask("own", path, method, headers=SCRIPT)

    answer = town.ask("own", "/account", headers=SCRIPT)
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/sign-in")


INJECTIONS = (
    *("'", '"', "`", ";", "--", "/*", "\\", "%", "_", "\0", "')", "'))", "1'1", "' OR '1'='1"),
    *("1 OR 1=1", "1) OR (1=1", "' UNION SELECT NULL--", "' UNION SELECT password FROM account--"),
    *("1; DROP TABLE entry", "'; DELETE FROM entry; --", "id; SELECT pg_sleep(30)", "pg_sleep(30)"),
    *("1 AND (SELECT COUNT(*) FROM account) > 0", "randomblob(1000000000)", "name DESC", "id ASC"),
    *("(CASE WHEN 1=1 THEN id ELSE name END)", "id,(SELECT 1)", "1 LIMIT 1 OFFSET 1", "null"),
    *("1e309", "-1", "0x31", "1/0", "CAST('a' AS INTEGER)", "load_extension('x')", "ATTACH 'x'"),
    *("%27", "%2527", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "𝟙"),
)  # fmt: skip


def test_vulnerability_09_nothing_in_a_query_is_a_statement(shared_town: Town):
    """OpenEMR #1782, DHIS2, Bahmni: a column to sort by or a filter that became SQL."""
    town = shared_town
    record = town.records["own"]
    before, wrong = content(town), []
    names = {"sort", "sortby", "order", "q", "of", "before", "after", "limit", "days", "first"}
    names |= {"until", "theme", "width", "lang", "region", "position", "goal", "page", "filter"}
    for route, method in routes(town.app):
        if method != "GET" or route.rule.startswith("/static"):
            continue
        path = address(town.app, route, method, ids_of(record))
        usual = getattr(town.app.view_functions[route.endpoint], "parameters", None)
        # What names all that it takes is asked one by one; a page gets everything at once.
        alone = [{name: value} for name in sorted(usual or ()) for value in INJECTIONS]
        together = [dict.fromkeys(names, value) for value in INJECTIONS[::4]]
        for query in alone if usual is not None else together:
            begun = time.perf_counter()
            answer = town.ask("therapist", path, query_string=query)
            took = time.perf_counter() - begun
            known = CALLS[route.endpoint].answers
            if (answer.status_code >= 500 and answer.status_code not in known) or took > 15:
                wrong.append((path, query, answer.status_code, took))

    assert len(INJECTIONS) >= 40
    assert wrong == []
    assert content(town) == before


class Trap:
    """Unpickled, it would leave a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def with_body(town: Town, path: str, method: str, kind: str, body: bytes) -> Any:
    """The answer to a body of some type from somebody who is signed in, with their form token."""
    person = town.people["therapist"]
    headers = {
        "Cookie": f"__Host-session={person.secret}",
        "X-CSRF-Token": town.form_token(person),
        "Authorization": f"Bearer {person.bearer}",
    }
    return town.browser().open(path, method=method, headers=headers, data=body, content_type=kind)


def test_vulnerability_10_no_body_becomes_an_object(shared_town: Town, tmp_path: Path):
    """CVE-2018-19276: a body in another type was deserialised, and ran."""
    town, wrong = shared_town, []
    trap = tmp_path / "ran"
    yaml = f"!!python/object/apply:os.system ['touch {trap}']".encode()
    xml = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    bodies = {
        "application/x-python-pickle": pickle.dumps(Trap(trap)),
        "application/octet-stream": pickle.dumps(Trap(trap)),
        "application/x-yaml": yaml,
        "text/yaml": yaml,
        "application/xml": xml,
        "text/xml": xml,
        "application/x-java-serialized-object": b"\xac\xed\x00\x05",
        "application/msgpack": b"\x81\xa1a\x01",
        "text/plain": b"{}",
        "": b"{}",
        "application/json+pickle": b"{}",
    }
    for route, method in routes(town.app):
        if method == "GET" or doors(town.app)[route.endpoint].throttle:
            continue
        path = address(town.app, route, method, ids_of(town.records["own"]))
        for kind, body in bodies.items():
            answer = with_body(town, path, method, kind, body)
            if answer.status_code != 415:
                wrong.append((method, path, kind, answer.status_code))

    assert wrong == []
    assert not trap.exists()


PNG = b"\x89PNG\r\n\x1a\n"
UPLOADS = {
    "a page": b"<html><script>alert(1)</script>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a program": b"\x7fELF\x02\x01\x01" + b"\0" * 64,
    "a script": b"#!/bin/sh\ntouch /tmp/x\n",
    "php behind a picture's head": PNG + b"<?php system($_GET[0]); ?>",
    "php behind another": b"GIF89a<?php system($_GET[0]); ?>",
    "a picture that is a page": b"\xff\xd8\xff\xe0<html><script>alert(1)</script>",
    "a document": b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>",
    "an archive": b"PK\x03\x04" + b"\0" * 26 + b"../../x",
    "nothing": b"",
    "a link to a file": b"file:///etc/passwd",
    "PostScript": b"%!PS\n(/etc/passwd) (r) file",
}
NAMES = (
    "../../../etc/passwd", "..\\..\\x.py", "/etc/passwd", "x.php", "x.svg\0.png", ".htaccess",
    "\u202egnp.php", "con", "x" * 5000, "a\r\nSet-Cookie: b", "%2e%2e%2fx", "",
)  # fmt: skip


@pytest.mark.parametrize("what", UPLOADS)
def test_vulnerability_11_what_is_no_picture_is_not_kept(town: Town, tmp_path: Path, what: str):
    """CVE-2020-19364, CVE-2022-24830: uploads that ran, and names that left their folder."""
    from dataclasses import replace

    from adherence.settings import EXTENSION

    folder = tmp_path / "media"
    town.app.extensions[EXTENSION] = replace(
        town.app.extensions[EXTENSION], media_folder=str(folder)
    )
    before = content(town)
    token = town.form_token(town.people["therapist"])
    for name in NAMES:
        form = {
            "csrf_token": token,
            "then": "add",
            "said": "A leg",
            "file": (BytesIO(UPLOADS[what]), name),
        }
        answer = town.ask(
            "therapist",
            "/library/own/new",
            "POST",
            data=form,
            content_type="multipart/form-data",
        )
        assert answer.status_code in (200, 422), name
        assert "Set-Cookie: b" not in str(answer.headers)

    kept = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    assert kept == []
    assert not (tmp_path / "x").exists()
    assert content(town) == before


def test_vulnerability_12_the_server_calls_nobody(
    shared_town: Town, monkeypatch: pytest.MonkeyPatch
):
    """DHIS2, Nextcloud, GitLab: a server that fetches an address it was given."""
    called: list[Any] = []

    def refuse(self: Any, to: Any, *rest: Any) -> None:
        called.append(to)
        raise OSError("no network in tests")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: called.append(a) or [])
    town = shared_town
    urls = (
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//x.test",
    )
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        record = town.records["own"]
        path = address(town.app, route, method, ids_of(record))
        takes_any = getattr(town.app.view_functions[route.endpoint], "parameters", None) is None
        for who, url in zip(("own", "therapist", "own", "therapist"), urls, strict=True):
            form = None
            if call.form is not None:
                form = {**call.form(record), "url": url, "callback": url, "note": url}
            said = None if call.json is None else call.json(record)
            if isinstance(said, dict) and "note" in said:
                said["note"] = url
            query = {"url": url} if takes_any and not route.rule.startswith("/api") else {}
            town.ask(who, path, method, json=said, form=form, query_string=query)
            if call.spends:
                town.restore(call.spends, who, "own")

    assert called == []


class Counted(argon2.PasswordHasher):
    """A hasher that counts what it verifies."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.verified += 1
        return super().verify(hash, password)


def signatures_checked(house: House, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many signatures are checked for an answer of a known passkey, and of one of nobody's."""
    import webauthn

    known, stranger = Authenticator(SITE), Authenticator(SITE)
    owner = house.window()
    owner.sign_in(house.ada)
    options = owner.options("/account/ways-in", "/account/passkeys")
    made = json.dumps(known.create(options))
    assert owner.send("/account/ways-in", "/account/passkeys", answer=made).status_code == 303
    stranger.create(options)
    calls: list[int] = []
    real = webauthn.verify_authentication_response

    def counted(**given: Any) -> Any:
        calls.append(1)
        return real(**given)

    monkeypatch.setattr(webauthn, "verify_authentication_response", counted)
    found = []
    for phone in (known, stranger):
        window = house.window()
        answer = phone.get(window.options("/sign-in", "/sign-in/passkey"))
        answer["response"]["signature"] = "AAAA"
        before = len(calls)
        done = window.send("/sign-in", "/sign-in/passkey", answer=json.dumps(answer))
        assert done.status_code == 422
        found.append(len(calls) - before)
    return found


def test_vulnerability_13_every_way_in_costs_the_same_for_known_and_unknown(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    """CVE-2023-30458, a medicine tracker: the time of an answer said who has an account."""
    password = Counted(time_cost=1, memory_cost=64, parallelism=1)
    pin = Counted(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", password)
    monkeypatch.setattr(passwords, "PIN_HASHER", pin)
    passwords.fits(None, "x")
    passwords.pin_fits(None, "x", "y")

    def cost(work: Any) -> tuple[int, int]:
        before = password.verified, pin.verified
        work()
        return password.verified - before[0], pin.verified - before[1]

    costs = {
        "password": [
            cost(lambda email=email: house.window().password(email, "wrong"))
            for email in (house.ada.email, "ruth@example.org", "nobody@example.org", "x")
        ],
        "mail": [
            cost(
                lambda email=email: house.window().send(
                    "/sign-in/mail", "/sign-in/mail", email=email
                )
            )
            for email in (house.ada.email, "ruth@example.org", "nobody@example.org")
        ],
    }
    _, cookie = invited(house.ada.actor, house.ruth, house.at)

    def by_pin(secret: str) -> Any:
        window = house.window()
        token = re.search(r'csrf_token" value="([0-9a-f]{64})', window.get("/code").text)
        assert token
        window.client.set_cookie("__Host-device", secret, domain="localhost", secure=True)
        return window.post("/sign-in/pin", {"csrf_token": token[1], "pin": "135791"})

    costs["pin"] = [cost(lambda secret=secret: by_pin(secret)) for secret in (cookie, "x" * 43, "")]

    checked = signatures_checked(house, monkeypatch)
    assert checked == [1, 1], "a key that nobody has is told from one that somebody has"
    assert {name: set(found) for name, found in costs.items()} == {
        "password": {(1, 0)},
        "mail": {(0, 0)},
        "pin": {(0, 1)},
    }


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0")


def test_vulnerability_14_no_exported_cell_is_a_formula(town: Town):
    """CVE-2026-93581: words of a patient that ran in the therapist's spreadsheet.

    The exporters are counted: one that is forgotten here is how it happened elsewhere.
    """
    own = town.records["own"]
    for text in FORMULAS:
        entry = {
            "client_id": str(new_id()),
            "symptom": text,
            "value": 1,
            "note": text,
            "performed_at": MONDAY.isoformat(),
        }
        path = f"/api/v1/patients/{own.patient_id}/entries"
        assert town.ask("own", path, "POST", json=entry).status_code == 201
    tables = {}
    for route, method in routes(town.app):
        if method == "GET":
            answer = town.ask("own", address(town.app, route, method, ids_of(own)))
            if answer.mimetype not in TEXTS and not answer.mimetype.startswith(
                ("image/", "video/")
            ):
                tables[route.endpoint] = answer
    assert set(tables) == {"api_entries.export"}
    import csv
    from io import StringIO

    for answer in tables.values():
        assert answer.headers["Content-Disposition"].startswith("attachment")
        cells = [cell for row in csv.reader(StringIO(answer.text)) for cell in row]
        texts = [cell for cell in cells if not re.fullmatch(r"-?\d+(\.\d+)?", cell)]
        assert len(cells) > 100
        assert not [one for one in texts if one[:1] in "=+-@\t\r" and one]


TEXTS = ("text/html", "application/json", "application/problem+json", "text/css", "text/plain")
#: What nobody sets by a form: whose a row is, who may what, and what the server writes down.
GUARDED = {
    "account": ("clinic_id", "role", "active", "password", "totp", "totp_step", "handle"),
    "patient": ("clinic_id", "account_id", "started_on", "audit_n", "audit_head"),
    "care_relation": ("patient_id", "account_id", "until_at"),
    "proxy": ("patient_id", "account_id"),
    "api_token": ("account_id", "ends_at"),
}


def guarded(town: Town) -> str:
    """Everything of ``GUARDED`` that was there before the test began."""
    found = []
    with town.inside():
        for name, columns in GUARDED.items():
            table = db.metadata.tables.get(name)
            if table is None:
                continue
            kept = [table.c[one] for one in columns if one in table.c and "audit" not in one]
            found.append(repr(sorted(map(repr, db.session.execute(sa.select(*kept))))))
        db.session.rollback()
    return "\n".join(found)


def test_vulnerability_15_no_form_sets_a_column_that_it_does_not_list(town: Town):
    """GHSA-cc3r-grh4-27gj, CVE-2026-109927: a form with one field more made an administrator."""
    columns = {column.name for table in db.metadata.tables.values() for column in table.c}
    columns |= {"is_admin", "admin", "roles[]", "user[role]", "account.role", "__class__", "scope"}
    clinic = town.records["far"].actor.clinic_id
    values = {"role": "admin", "active": "1", "clinic_id": str(clinic), "stage": "full"}
    asked = 0
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        if method == "GET" or call.form is None or route.endpoint in ADDS:
            continue
        if doors(town.app)[route.endpoint].throttle:
            continue
        for who in ("own", "therapist"):
            record = town.records["own"]
            usual = call.form(record)
            more = {name: values.get(name, "admin") for name in columns if name not in usual}
            before = guarded(town)
            answer = town.ask(
                who, address(town.app, route, method, ids_of(record)), method, form=usual | more
            )
            assert answer.status_code < 500, (route.rule, who)
            assert guarded(town) == before, (route.rule, who)
            asked += 1
            if call.spends:
                town.restore(call.spends, who, "own")
        assert "admin" not in json.dumps(town.ask("own", "/api/v1/me").get_json()["role"])
    assert asked > 40


#: Forms that add an account or a relation, or end one: what they set is what they are for.
ADDS = {
    "invites.invite_staff", "invites.disable", "invites.begin_anew", "invites.add_proxy",
    "invites.end_proxy", "proxies.end", "invites.invite",
}  # fmt: skip


def test_every_one_of_the_fifteen_is_here():
    text = Path(__file__).read_text()

    assert all(f"def test_vulnerability_{number:02d}_" in text for number in range(1, 16))
