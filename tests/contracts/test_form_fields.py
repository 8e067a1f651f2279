"""No view takes a form's field that its form does not have.

A view names the fields of its form beside its policy; the application does not start without.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from adherence import pages
from adherence.app import create_app
from adherence.web.policy import UnnamedFields, doors, policy, throttled
from adherence.web.typed import GUARD, Fields, read_typed, typed
from tests.builders import closed, settings
from tests.contracts.test_matrix import ENTERED, LED_ON, PEOPLE, expected
from tests.pages.preview import SAMPLES, page, preview_app
from tests.web.calls import CALLS, address, ids_of, routes
from tests.web.test_forms import content
from tests.web.town import Town

#: Names that a column has, or that somebody would try.
STRANGERS = (
    *("clinic_id", "received_at", "reviewed_by", "account_id", "role", "patient_id", "seq"),
    *("recorded_at", "is_admin", "_method", "Status", "status ", "status[]", ""),
)


class _PostedForms(HTMLParser):
    """The forms of a page that are posted: where to, and the names of all their fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, set[str]]] = []
        self._is_posted = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_posted = said.get("method", "").lower() == "post"
            if self._is_posted:
                self.found.append((said.get("action", ""), set()))
        # A field that names another form belongs to that one: here only to one that is not posted.
        elif self._is_posted and "name" in said and "form" not in said and tag != "meta":
            self.found[-1][1].add(said["name"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_posted = False


def every_page(town: Town) -> Iterator[tuple[str, str, str]]:
    """(who, path, html) of every page that somebody of the town can open."""
    for who in ("own", "therapist", "manager", "admin", "nobody"):
        for route, method in routes(town.app):
            if method != "GET" or route.rule.startswith(("/api/", "/static/")):
                continue
            call = CALLS[route.endpoint]
            record = town.records["own"]
            path = address(town.app, route, method, ids_of(record))
            answer = town.ask(
                who, path, query_string=None if call.query is None else call.query(record)
            )
            if answer.status_code == 200 and answer.mimetype == "text/html":
                yield who, path, answer.text


def unknown_names(app: Flask, path: str, html: str) -> Iterator[tuple[str, str]]:
    """(endpoint, name) of every field of a page that the view behind its form would refuse."""
    for action, names in _PostedForms(html).found:
        endpoint, named = app.url_map.bind("localhost").match(
            urlsplit(unescape(action)).path or path, "POST"
        )
        fields = doors(app)[endpoint].fields
        assert fields is not None
        yield from ((endpoint, name) for name in fields.strangers(names, named))


def test_Z5_every_field_of_every_page_is_one_that_its_view_takes(shared_town: Town):
    town, wrong, seen = shared_town, set(), set()
    for _who, path, html in every_page(town):
        wrong |= set(unknown_names(town.app, path, html))
        seen |= {action for action, _names in _PostedForms(html).found}

    assert wrong == set()
    assert len(seen) > 40


def test_Z5_a_field_that_a_template_forgot_to_name_would_be_found(shared_town: Town):
    html = '<form method="post" action="/pause"><input name="kind"><input name="knid"></form>'

    assert list(unknown_names(shared_town.app, "/", html)) == [("pauses.begin", "knid")]


@pytest.fixture(scope="module")
def previews() -> Flask:
    return preview_app()


@pytest.mark.parametrize("name", SAMPLES)
def test_Z5_every_field_of_every_sample_is_taken_by_some_view(
    shared_town: Town, previews: Flask, name: str
):
    """Samples lead nowhere, but they show states that no page of the town is in."""
    known = [door.fields for door in doors(shared_town.app).values() if door.fields is not None]
    named = {part: "g1" for fields in known for part in fields.named}
    given = {one for _to, names in _PostedForms(page(previews, name)).found for one in names}
    for fields in known:
        given = fields.strangers(given, named)

    # Samples number what has an id.
    assert {
        x for x in given if not re.fullmatch(r"rate-g\d|reply-n\d|(said|drop)-.*-2", x)
    } == set()


def posts(town: Town) -> Iterator[tuple[str, str, str]]:
    """(endpoint, path, who) of every form of the pages, for somebody who gets past all but it."""
    for route, method in routes(town.app):
        if method == "GET" or route.rule.startswith("/api/"):
            continue
        who = next(one for one in PEOPLE if expected(town, route, one, "own") in (ENTERED, LED_ON))
        yield route.endpoint, address(town.app, route, method, ids_of(town.records["own"])), who


def test_Z5_a_field_that_a_form_does_not_have_is_refused_and_writes_nothing(town: Town):
    before, wrong, refused = content(town), [], Counter[str]()
    for endpoint, path, who in posts(town):
        call, fields = CALLS[endpoint], doors(town.app)[endpoint].fields
        assert call.form is not None
        assert fields is not None
        for name in (*STRANGERS, secrets.token_hex(6)):
            if name in fields.plain:
                continue
            form = {**call.form(town.records["own"]), name: "x"}
            answer = town.ask(who, path, "POST", form=form)
            if answer.status_code != 400:
                wrong.append(f"{endpoint} by {who}: {name!r}: {answer.status_code}")
            refused[endpoint] += 1

    assert wrong == []
    assert len(refused) > 90
    assert min(refused.values()) >= len(STRANGERS) - 2
    assert content(town) == before


def test_Z5_a_file_that_a_form_does_not_have_is_refused(town: Town):
    token = town.form_token(town.people["own"])
    answer = town.browser().post(
        "/account/language",
        data={"locale": "de", "csrf_token": token, "photo": (BytesIO(b"x"), "x.png")},
        headers={"Cookie": f"__Host-session={town.people['own'].secret}"},
    )

    assert answer.status_code == 400


def test_Z5_a_field_of_another_thing_is_a_stranger(town: Town):
    """``rate-<goal>`` belongs to the goal that the address names."""
    mine, other = town.records["own"], town.records["near"]
    answer = town.ask(
        "own",
        f"/goals/{mine.goal_id}/rate",
        "POST",
        form={"client_id": str(mine.client_id), f"rate-{other.goal_id}": "6"},
    )

    assert answer.status_code == 400


# --- what was typed ----------------------------------------------------------------------------


def test_what_was_typed_can_be_sent_again_without_the_stranger(town: Town):
    typed_in = {"kind": "rest", "first_day": "2026-03-05", "last_day": ""}
    answer = town.ask("own", "/pause", "POST", form={**typed_in, "role": "admin"})
    (action, _names), *_rest = _PostedForms(answer.text).found
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))

    assert action == "/pause"
    assert {name: hidden[name] for name in typed_in} == typed_in
    assert "role" not in hidden
    again = {name: value for name, value in hidden.items() if name != GUARD}
    assert town.ask("own", "/pause", "POST", form=again).status_code == 303


@pytest.mark.parametrize("language", ["en", "de", "ru"])
def test_the_refusal_is_said_in_every_language(town: Town, language: str):
    said = {"en": "no longer up to date", "de": "nicht mehr aktuell", "ru": "устарела"}
    answer = town.ask(
        "nobody",
        "/sign-in/mail",
        "POST",
        form={"email": "a@b.example", "x": "y"},
        headers={"Accept-Language": language},
    )

    assert answer.status_code == 400
    assert said[language] in answer.text


def test_no_secret_is_written_into_a_page(town: Town):
    answer = town.ask(
        "nobody", "/sign-in/password", "POST", form={"password": "Qx-secret-zq", "role": "admin"}
    )

    assert answer.status_code == 400
    assert "Qx-secret-zq" not in answer.text
    assert "csrf_token" not in answer.text


def test_a_foreign_page_cannot_have_its_words_shown_as_a_form(town: Town):
    """Else one press on a page of ours would send what another site wrote."""
    answer = town.ask(
        "own", "/pause", "POST", form={"kind": "rest", "role": "admin"}, token="0" * 64
    )

    assert answer.status_code == 403
    assert "<form" not in answer.text


# --- by construction ---------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, store_url: str):
    """Start a fresh application into which ``add`` puts a route among the other pages."""
    made: list[Flask] = []
    usual = pages.init_app

    def start(view: Any, rule: str = "/x") -> Flask:
        def more(app: Flask) -> None:
            usual(app)
            made.append(app)
            app.add_url_rule(rule, "added", view, methods=["POST"])

        monkeypatch.setattr(pages, "init_app", more)
        return create_app(settings(store_url))

    yield start
    for app in made:
        closed(app)


def test_an_application_does_not_start_with_a_form_whose_fields_nobody_named(started):
    with pytest.raises(UnnamedFields, match="added"):
        started(policy("account.update")(lambda actor: ""))


def test_nor_with_one_that_is_open_to_all(started):
    with pytest.raises(UnnamedFields, match="added"):
        started(throttled("code")(lambda: ""))


def test_nor_with_a_name_that_the_address_does_not_fill(started):
    with pytest.raises(UnnamedFields, match="added"):
        started(policy("account.update", fields=("rate-{goal_id}",))(lambda actor: ""))


def test_one_that_names_them_starts(started):
    view = policy("account.update", fields=("rate-{goal_id}",))(lambda actor, goal_id: "")

    assert "added" in doors(started(view, "/x/<uuid:goal_id>"))


def test_names_with_braces():
    one = "0198c0de-0000-7000-8000-000000000001"
    fields = Fields(("a", "said-{id}", "p{number}-hip.flex", "rate-{goal_id}"))
    named = {"goal_id": one}
    known = ["a", f"said-{one}", "p0-hip.flex", "p12-hip.flex", f"rate-{one}", GUARD]

    assert fields.strangers(known, named) == set()
    odd = ["A", "said-", f"said-{one}x", "p-hip.flex", "p0-hipxflex", "rate-", f"rate-{one}\n"]
    assert fields.strangers(odd, named) == set(odd)


def test_what_is_written_is_read_back_and_nothing_else_is():
    from werkzeug.datastructures import MultiDict

    form = MultiDict([("a", "ü\n"), ("b", "1"), ("b", "2"), ("x", "no"), (GUARD, "t")])
    one = typed("/here", form, Fields(("a", "b")), {})
    assert one is not None
    assert one.fields == (("a", "ü\n"), ("b", "1"), ("b", "2"))
    assert read_typed(one.written()) == one
    for text in (
        "",
        "[]",
        "{}",
        "null",
        "[1, []]",
        '["/", [["a"]]]',
        '["/", [["a", 1]]]',
        "[" * 9999,
    ):
        assert read_typed(text) is None


def test_no_address_of_a_form_is_a_redirect(shared_town: Town):
    """``takes`` looks an address up; one that no page has is not offered."""
    with pytest.raises((HTTPException, RequestRedirect)):
        shared_town.app.url_map.bind("").match("/nowhere", "POST")
