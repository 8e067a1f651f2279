"""Every form of every page, filled in by somebody who wants to see it break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from werkzeug.routing import Rule as Route

from adherence.domain.access import Role
from adherence.store.db import write
from adherence.web.policy import doors
from tests.contracts.test_matrix import NO_TRIES
from tests.pages.browsers import forms_of
from tests.web.calls import CALLS, address, ids_of, routes
from tests.web.town import Town

#: What nobody types. Bytes are sent as they are.
ODD: dict[str, str | bytes] = {
    "nothing": "",
    "a space": " ",
    "much": "x" * 60_000,
    "NUL": "a\0b",
    "a lone surrogate": b"\xed\xa0\x80",
    "no UTF-8": b"\xff\xfe\x00\x80",
    "lines": "a\r\nSet-Cookie: b=c\r\n\r\n",
    "bidi": "\u202e\u2066\u200f",
    "an astral sign": "🦴" * 50,
    "combining": "e" + "\u0301" * 400,
    "markup": "\"'><svg onload=alert(1)>{{7*7}}${7*7}%(num)s%s{0}",
    "a list": "[]",
    "an object": '{"a": [1, {}]}',
    "minus one": "-1",
    "zero": "0",
    "a long number": "9" * 400,
    "a float": "1.5",
    "an exponent": "1e400",
    "no number": "NaN",
    "infinity": "-Infinity",
    "other digits": "٣",
    "full width": "１２",
    "a hex number": "0x10",
    "underscores": "1_0",
    "an early day": "0001-01-01",
    "a late day": "9999-12-31",
    "no day": "2026-02-30",
    "a week": "2026-W10-1",
    "a year too long": "12026-03-12",
    "a moment": "2026-03-12T25:61:00+99:99",
    "midnight": "24:00",
    "a time": "23:59:60",
    "a path": "../../etc/passwd",
    "a nil id": "00000000-0000-0000-0000-000000000000",
    "an id in braces": "{0192f0c1-2345-7890-abcd-ef0123456789}",
    "a zone": "../UTC",
}
PEOPLE = {Role.CLINICIAN: "therapist", Role.ADMIN: "admin", Role.PROGRAMME_MANAGER: "manager"}


def doers(town: Town, route: Route) -> str:
    """Somebody who may send the form of a route."""
    rule = doors(town.app)[route.endpoint].rule
    if rule is None:
        return "nobody"
    if Role.PATIENT in rule.roles:
        return "own"
    return next(name for role, name in PEOPLE.items() if role in rule.roles)


def fields(town: Town, who: str, path: str, usual: dict[str, Any]) -> dict[str, Any]:
    """What a form holds: what a valid one sends, and all that its page offers."""
    found: dict[str, Any] = {}
    page = town.ask(who, path)
    if page.status_code == 200 and page.mimetype == "text/html":
        for to, said in forms_of(page.text):
            if to.partition("?")[0] in ("", path):
                found |= said
    found |= usual
    found.pop("csrf_token", None)
    return found


def broken(form: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(what, body): a form with one field odd, missing or twice, and some that are odd all over."""
    for name in form:
        for what, value in ODD.items():
            yield f"{name}: {what}", encoded({**form, name: value})
        yield f"{name} is missing", encoded({key: form[key] for key in form if key != name})
        yield f"{name} is there twice", encoded(form) + "&" + encoded({name: "x"})
    for what, value in ODD.items():
        yield f"everything: {what}", encoded(dict.fromkeys(form, value))
    yield "a field without a name", encoded(form) + "&=x"
    yield "a name of bytes", encoded(form) + "&%ff%fe=x"
    yield "brackets", encoded({f"{name}[]": value for name, value in form.items()})


def encoded(form: dict[str, Any]) -> str:
    """A form as a browser sends it; bytes go as they are."""
    texts = {name: value for name, value in form.items() if not isinstance(value, bytes)}
    raw = {name: value for name, value in form.items() if isinstance(value, bytes)}
    parts = [urlencode(texts, doseq=True, errors="surrogatepass")]
    parts += [f"{quote_from_bytes(name.encode())}={quote_from_bytes(raw[name])}" for name in raw]
    return "&".join(filter(None, parts))


def sent(town: Town, who: str, path: str, body: str) -> Any:
    """The answer to a body that is a form of ours, whatever it holds."""
    person = town.people[who]
    if who == "nobody":
        page = town.browser().get("/code")
        token = forms_of(page.text)[0][1]["csrf_token"]
        cookie = page.headers["Set-Cookie"].partition(";")[0]
    else:
        token, cookie = town.form_token(person), f"__Host-session={person.secret}"
    return town.browser().post(
        path,
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Cookie": cookie, "X-CSRF-Token": token},
    )


def test_F7_no_form_that_somebody_sends_breaks_a_page(
    shared_town: Town, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
):
    town, wrong, statuses = shared_town, [], Counter[int]()
    every = 1 if request.config.getoption("--full") else 6
    number = 0
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        if method == "GET" or call.form is None:
            continue
        who = doers(town, route)
        path = address(town.app, route, method, ids_of(town.records["own"]))
        form = fields(town, who, path, call.form(town.records["own"]))
        for what, body in broken(form):
            number += 1
            if number % every:
                continue
            if doors(town.app)[route.endpoint].throttle:
                with town.inside():
                    write(lambda run: run.do(NO_TRIES))
            answer = sent(town, who, path, body)
            statuses[answer.status_code] += 1
            if answer.status_code >= 500 or answer.headers.get("Set-Cookie", "").startswith("b="):
                wrong.append(f"{route.rule} by {who}: {what}: {answer.status_code}")
            if answer.status_code < 400 and call.spends:
                town.restore(call.spends, who, "own")
                path = address(town.app, route, method, ids_of(town.records["own"]))
            elif answer.status_code == 401 and who != "nobody":
                town.sign_in(who)

    with capsys.disabled():
        print(f"\n{sum(statuses.values())} forms: {dict(sorted(statuses.items()))} ", end="")
    assert wrong == []
    assert sum(statuses.values()) > 1_500
    assert statuses[422] > 100
    assert statuses[303] > 50


@pytest.mark.parametrize("name", ["password", "email", "csrf_token", "then", "file"])
def test_F7_a_file_in_place_of_a_text_breaks_nothing(shared_town: Town, name: str):
    town = shared_town
    for route, method in routes(town.app):
        call = CALLS[route.endpoint]
        if method == "GET" or call.form is None or doors(town.app)[route.endpoint].throttle:
            continue
        who = doers(town, route)
        record = town.records["own"]
        token = town.form_token(town.people[who]) if who != "nobody" else "x"
        data = {**call.form(record), "csrf_token": token, name: (BytesIO(b"\0\xff" * 500), "x\0")}
        answer = town.ask(
            who,
            address(town.app, route, method, ids_of(record)),
            method,
            data=data,
            content_type="multipart/form-data",
        )
        assert answer.status_code < 500, (route.rule, name)
        if answer.status_code < 400 and call.spends:
            town.restore(call.spends, who, "own")
