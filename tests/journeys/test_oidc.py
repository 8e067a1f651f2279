"""Single sign-on with a real browser, from another site and back, without and with scripts.

The provider is another site to the browser, so cookies that it sends only to their own site are
left out on the way back: what only a real browser shows.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adherence.services import oidc
from tests.builders import migrated
from tests.journeys.test_sign_in import serving
from tests.practice import application, found, staff

pytest.importorskip("joserfc")
from tests.provider import CLIENT_ID, CLIENT_SECRET, providing

pytestmark = pytest.mark.browser


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    """The address of a clinic's server, and its provider."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "clinic.sqlite"
    migrated(f"sqlite:///{path}")
    with providing(now, "127.0.0.1") as provider:
        given = {"oidc_issuer": provider.url, "oidc_client_id": CLIENT_ID}
        with application(f"sqlite:///{path}", **given):
            ada = staff(found(), at=now())
            oidc.tie_member(ada.actor, ada.actor.account_id, provider.subject, now())
        for name, value in (*given.items(), ("oidc_client_secret", CLIENT_SECRET)):
            monkeypatch.setenv(f"ADHERENCE_{name.upper()}", value)
        with serving(path, port):
            yield f"http://localhost:{port}", provider


@pytest.mark.parametrize("scripts", [False, True])
def test_on_to_another_site_and_back(browser: Any, place: tuple[str, Any], scripts: bool):
    url, provider = place
    provider.amr = ["pwd", "otp"]
    context = browser.new_context(
        viewport={"width": 360, "height": 800}, java_script_enabled=scripts, locale="de-DE"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.locator("form[action*='/sign-in/oidc'] button").click()
    page.wait_for_selector("form[action*='/sign-in/oidc/enter'] button")
    assert page.url.startswith(f"{url}/sign-in/oidc/arrived?")
    assert {one["name"] for one in context.cookies()} == {"__Host-pre"}, "looking signs nobody in"
    page.locator("form[action*='/sign-in/oidc/enter'] button").click()
    page.wait_for_url(f"{url}/review*")

    assert "__Host-session" in {one["name"] for one in context.cookies()}
    context.close()
