"""A browser without a window: signed in, it reads the forms of a page and posts them."""

from __future__ import annotations

from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from adherence.domain.access import Actor
from adherence.web import clock
from adherence.web.sessions import COOKIE
from tests.builders import session_of

SITE = "https://localhost"


class _Forms(HTMLParser):
    """The forms of a page: where each is posted, and the fields it carries already."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._text: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((said.get("action", ""), {}))
        elif tag == "input" and self.found and "name" in said:
            kind = said.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in said:
                self.found[-1][1].setdefault(said["name"], said.get("value", ""))
        elif tag == "textarea" and self.found:
            self._text = said["name"]
            self.found[-1][1][self._text] = ""

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self.found[-1][1][self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = None


def forms_of(html: str) -> list[tuple[str, dict[str, str]]]:
    """The forms of a page: where each is sent, and the fields that it carries already."""
    return _Forms(html).found


class Browser:
    """One person's browser, at a moment that the test sets."""

    def __init__(self, app: Flask, actor: Actor, at: datetime) -> None:
        self.app = app
        self.client = app.test_client()
        self.at(at)
        secret = session_of(actor.account_id, at)
        self.client.set_cookie(COOKIE, secret, domain="localhost", secure=True)

    def at(self, moment: datetime) -> None:
        """Let every request from now on come in at ``moment``."""
        self.app.extensions[clock.EXTENSION] = lambda: moment

    def open(self, path: str) -> str:
        """The page at a path."""
        response = self.client.get(path, base_url=SITE)
        assert response.status_code == 200, (path, response.status)
        return response.text

    def forms(self, html: str, action: str = "") -> list[tuple[str, dict[str, str]]]:
        """The forms of a page whose address holds ``action``."""
        return [form for form in _Forms(html).found if action in form[0]]

    def post(self, path: str, fields: dict[str, str], **more: Any) -> TestResponse:
        """The answer to a posted form."""
        return self.client.post(path, data=fields, base_url=SITE, headers={"Origin": SITE}, **more)

    def press(self, html: str, action: str, **typed: str) -> TestResponse:
        """The answer to the first form of a page, filled in."""
        path, fields = self.forms(html, action)[0]
        return self.post(path, fields | typed)
