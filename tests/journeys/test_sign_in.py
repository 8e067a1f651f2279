"""Signing in with a real browser, against a clinic's own server: paper, PIN, password, passkey."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from adherence.domain.access import Actor
from adherence.pages.qr import qr
from adherence.services import invites, proxies
from adherence.settings import variable
from tests.builders import SECRET, migrated
from tests.journeys.conftest import ROOT, START, Visit
from tests.practice import PASSWORD, PIN, Staff, application, found, mails, patient, staff

pytestmark = pytest.mark.browser

LANGUAGES = ("en-GB", "de-DE", "ru-RU")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Practice:
    """A clinic's server that runs, who is in it, and windows on it."""

    url: str
    app: Flask
    ada: Staff
    ruth: Actor
    browser: Any
    opened: list[Visit] = field(default_factory=list)
    has_used_app: bool = False

    def window(
        self, width: int = 360, language: str = "en-GB", state: Any = None, theme: str = "light"
    ) -> Visit:
        """A browser of its own."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            locale=language,
            storage_state=state,
            color_scheme=theme,
        )
        context.set_default_timeout(15_000)
        visit = Visit(context.new_page(), self.url)
        visit.page.on(
            "console",
            lambda said: (
                visit.errors.append(said.text)
                if said.type == "error" and not re.search(r"status of (401|404|422)", said.text)
                else None
            ),
        )
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        self.opened.append(visit)
        return visit

    def sign_in(self, visit: Visit, who: Staff) -> None:
        """Both steps of a member of staff: the app's code, which works once, then other codes."""
        page = visit.page
        page.goto(f"{self.url}/sign-in")
        page.get_by_label("E-mail").fill(who.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("form button").first.click()
        page.wait_for_url("**/sign-in/second*")
        page.locator("#code").fill(who.codes.pop() if self.has_used_app else who.code(now()))
        self.has_used_app = True
        page.locator("form[action*='/sign-in/second'] button").last.click()
        page.wait_for_url(lambda url: "/sign-in" not in url)

    def paper(self) -> str:
        """A new code for the patient."""
        assert self.ruth.patient_id is not None
        made = invites.invite_on_paper(self.ada.actor, self.ruth.patient_id, "en", now())
        return made.code

    def come_by_paper(self, visit: Visit) -> None:
        """A first visit, as somebody who scanned the square."""
        page = visit.page
        page.goto(f"{self.url}/code#{self.paper().replace('-', '')}")
        page.locator("form button").first.click()
        page.wait_for_url("**/welcome*")
        page.locator("#pin").fill(PIN)
        page.locator("#again").fill(PIN)
        page.locator("form[action*='/welcome'] button").click()
        page.wait_for_url("**/today")


@contextmanager
def serving(path: Path, port: int) -> Iterator[None]:
    """The server of the command that people use, on a file that is there already."""
    given = {
        "mode": "clinic",
        "database_url": f"sqlite:///{path}",
        "secret_key": SECRET,
        "base_url": f"http://localhost:{port}",
        "smtp_host": "localhost",
        "smtp_port": "1",
        "mail_from": "post@praxis.example.org",
    }
    environment = {**os.environ, **{variable(name): value for name, value in given.items()}}
    command = [sys.executable, "-c", START, "serve", "--port", str(port), "--host", "localhost"]
    command.append("--without-work")
    with subprocess.Popen(command, cwd=ROOT, env=environment) as server:
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(f"http://localhost:{port}/sign-in", timeout=5).close()
                    break
                except OSError:
                    if server.poll() is not None or time.monotonic() > until:
                        raise
                    time.sleep(0.1)
            yield
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def practice(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A clinic's server with a therapist and a patient."""
    path = tmp_path_factory.mktemp("practice") / "adherence.sqlite"
    url = f"sqlite:///{path}"
    migrated(url)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://localhost:{port}"
    with application(
        url, base_url=site, smtp_host="localhost", mail_from="post@praxis.example.org"
    ) as app:
        ada = staff(
            found(),
            name="Ada O'Brien",
            email="o'brien+ü@example.org",
            at=now() - timedelta(minutes=2),
        )
        ruth = patient(ada.actor, email="ruth@example.org")
        with serving(path, port):
            yield Practice(site, app, ada, ruth, browser)


@pytest.fixture(autouse=True)
def closed(practice: Practice) -> Iterator[None]:
    """Every window is closed, and none of its pages broke a rule of the content policy."""
    yield
    errors = [error for visit in practice.opened for error in visit.errors]
    for visit in practice.opened:
        visit.page.context.close()
    practice.opened.clear()
    assert errors == []


def test_from_paper_to_today_and_back_by_pin(practice: Practice):
    phone = practice.window()
    page = phone.page
    code = practice.paper()
    page.goto(f"{practice.url}/code#{code}")
    assert page.locator("#token").input_value() == code
    assert "#" not in page.url, "the code stayed in the address bar"
    page.locator("form button").first.click()
    page.wait_for_url("**/welcome*")
    assert "Ruth Aldous" in page.locator("h1").inner_text()
    assert phone.violations() == []
    assert phone.width_needed() <= 360
    page.locator("#pin").fill("123456")
    page.locator("#again").fill("123456")
    page.locator("form[action*='/welcome'] button").click()
    page.wait_for_selector(".wrong")
    assert phone.violations() == []
    page.locator("#pin").fill(PIN)
    page.locator("#again").fill(PIN)
    page.locator("form[action*='/welcome'] button").click()
    page.wait_for_url("**/today")

    page.goto(f"{practice.url}/account")
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/signed-out")
    page.go_back()
    page.wait_for_load_state("networkidle")
    assert "Ruth" not in page.content(), "Back showed a page after signing out"
    page.goto(practice.url)
    page.locator("#pin").fill(PIN)
    page.locator("form button").first.click()
    page.wait_for_url("**/today")


def test_a_code_is_good_once(practice: Practice):
    code = practice.paper()
    first, second = practice.window(), practice.window()
    for visit in (first, second):
        visit.page.goto(f"{practice.url}/code#{code}")
        visit.page.locator("form button").first.click()
        visit.page.wait_for_load_state("networkidle")

    assert "/welcome" in first.page.url
    assert "does not fit" in second.page.locator(".wrong").inner_text()


def test_staff_sign_in_with_password_and_app_and_print_a_sheet(practice: Practice):
    desk = practice.window(width=1280)
    page = desk.page
    practice.sign_in(desk, practice.ada)
    page.goto(f"{practice.url}/patients/{practice.ruth.patient_id}")
    page.get_by_role("link", name="Let in").click()
    assert desk.violations() == []
    page.get_by_role("button", name="A code on paper").click()
    page.wait_for_selector("svg.qr")
    assert desk.violations() == []
    code = page.locator(".code-large").inner_text()
    drawn = page.locator("svg.qr .qr-dark").get_attribute("d")
    link = f"{practice.url}/code#{code.replace('-', '')}"
    expected = re.search(r'class="qr-dark" d="([^"]+)"', qr(link, ""))
    assert expected
    assert drawn == expected[1], "the square does not hold the link"

    phone = practice.window()
    phone.page.goto(link)
    phone.page.locator("form button").first.click()
    phone.page.wait_for_url("**/welcome*")


def test_a_password_alone_opens_no_patient(practice: Practice):
    desk = practice.window(width=1280)
    page = desk.page
    page.goto(f"{practice.url}/sign-in")
    page.get_by_label("E-mail").fill(practice.ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form button").first.click()
    page.wait_for_url("**/sign-in/second*")
    assert desk.violations() == []
    page.goto(f"{practice.url}/patients/{practice.ruth.patient_id}")

    assert "/sign-in/second" in page.url
    assert "Ruth" not in page.content()


def test_a_lost_phone_opens_nothing_any_more(practice: Practice):
    phone, desk = practice.window(), practice.window(width=1280)
    practice.come_by_paper(phone)
    state = phone.page.context.storage_state()
    practice.sign_in(desk, practice.ada)
    desk.page.goto(f"{practice.url}/patients/{practice.ruth.patient_id}/ways-in")
    desk.page.get_by_role("button", name="Shut everything out").click()
    desk.page.wait_for_load_state("networkidle")

    phone.page.reload()
    phone.page.wait_for_url("**/sign-in")
    assert phone.page.locator("#pin").count() == 0
    stolen = practice.window(state=state)
    stolen.page.goto(f"{practice.url}/today")
    assert stolen.page.locator("#password").count() == 1


def test_S10_the_way_back_after_signing_out_shows_nothing(practice: Practice):
    """A shared computer: the next person presses Back, twice, and Forward again."""
    phone = practice.window()
    practice.come_by_paper(phone)
    page = phone.page
    for path in ("/today", "/goals", "/account"):
        page.goto(practice.url + path)
        page.wait_for_load_state("networkidle")
    assert "Ruth" in page.content()
    page.locator("form[action*='/sign-out'] button").first.click()
    page.wait_for_url("**/signed-out*")
    for step in (page.go_back, page.go_back, page.go_forward):
        step(wait_until="networkidle")
        assert "/sign-in" in page.url, page.url
        assert page.locator("form[action*='/sign-out']").count() == 0
        assert "Ruth" not in page.content()


def test_A9_a_password_leads_past_no_second_factor_in_a_browser(practice: Practice):
    """Whoever knows a password types the address of the step that would set up another app."""
    desk = practice.window(width=1280)
    page = desk.page
    page.goto(f"{practice.url}/sign-in")
    page.get_by_label("E-mail").fill(practice.ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form button").first.click()
    page.wait_for_url("**/sign-in/second*")
    for path in ("/sign-in/enrol", "/sign-in/password/new"):
        page.goto(practice.url + path)
        assert "/sign-in/second" in page.url
        assert page.locator(".qr").count() == 0


def test_a_mailed_link_works_where_it_was_asked_for(practice: Practice):
    phone, other = practice.window(), practice.window()
    page = phone.page
    page.goto(f"{practice.url}/sign-in/mail")
    page.locator("#email").fill("ruth@example.org")
    page.locator("form button").first.click()
    page.wait_for_selector("#code")
    assert phone.violations() == []
    mail = mails()[-1]
    other.page.goto(mail["link"])
    other.page.locator("form button").first.click()
    other.page.wait_for_selector(".wrong")
    assert "only in the browser" in other.page.locator(".wrong").inner_text()

    page.locator("#code").fill(f"{mail['code'][:4]} {mail['code'][4:]}")
    page.locator("form button").first.click()
    page.wait_for_url("**/today")


def key_ring(visit: Visit, **changes: Any) -> tuple[Any, str]:
    """Chromium's own key ring for this window, and how to speak to it."""
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **changes,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def test_a_passkey_is_made_and_then_signs_in_without_a_name(practice: Practice):
    desk = practice.window(width=1280)
    page = desk.page
    session, ring = key_ring(desk)
    practice.sign_in(desk, practice.ada)
    page.goto(f"{practice.url}/account/ways-in")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_selector(".keys-list")
    assert desk.violations() == []
    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": ring})["credentials"]
    assert len(kept) == 1
    assert kept[0]["isResidentCredential"]
    assert kept[0]["rpId"] == "localhost"
    page.goto(f"{practice.url}/account")
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/signed-out")

    page.goto(f"{practice.url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/review")

    page.goto(f"{practice.url}/account")
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/signed-out")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": ring, "isUserVerified": False})
    page.goto(f"{practice.url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_timeout(1500)
    assert "/sign-in" in page.url, "nobody was verified"
    assert page.get_by_role("button", name="Sign in with a passkey").is_enabled()


def test_a_proxy_acts_for_somebody_and_every_page_says_so(practice: Practice):
    assert practice.ruth.patient_id is not None
    invite = proxies.add_proxy(
        practice.ada.actor,
        practice.ruth.patient_id,
        name="Maria Aldous",
        email="",
        until_at=None,
        until_grown=False,
        locale="en",
        now=now(),
    )
    assert invite is not None
    phone = practice.window(width=320)
    page = phone.page
    page.goto(invite.link)
    page.locator("form button").first.click()
    page.wait_for_url("**/welcome*")
    page.locator("#pin").fill(PIN)
    page.locator("#again").fill(PIN)
    page.locator("form[action*='/welcome'] button").click()
    page.wait_for_url("**/for")
    assert phone.violations() == []
    page.get_by_role("button", name="Ruth Aldous").click()
    page.wait_for_url("**/today")

    assert "You are Maria Aldous, here for Ruth Aldous." in page.locator(".acting").inner_text()
    assert phone.violations() == []
    assert phone.width_needed() <= 320


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_door_leaves_nobody_out(practice: Practice, language: str, theme: str):
    visit = practice.window(width=320, language=language, theme=theme)
    wrong = []
    for path in (
        "/sign-in",
        "/sign-in/other",
        "/code",
        "/sign-in/mail",
        "/sign-in/forgotten",
        "/signed-out",
    ):
        visit.open(path)
        wrong += [f"{path}: {one}" for one in visit.violations()]
        if visit.width_needed() > 320:
            wrong.append(f"{path}: needs {visit.width_needed()} px")
        assert visit.page.locator("html").get_attribute("lang") == language[:2]

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_ones_own_ways_in_leave_nobody_out(practice: Practice, language: str):
    visit = practice.window(width=360, language=language)
    practice.come_by_paper(visit)
    wrong = []
    for path in (
        "/account/ways-in",
        "/account/password",
        "/account/authenticator",
        "/account/pin",
        "/account/email",
        "/account/prove",
        "/account/sessions",
        "/proxies",
        "/account",
    ):
        visit.open(path)
        wrong += [f"{path}: {one}" for one in visit.violations()]
        if visit.width_needed() > 360:
            wrong.append(f"{path}: needs {visit.width_needed()} px")

    assert wrong == []


def test_the_second_step_is_set_up_with_a_keyboard_alone(practice: Practice):
    import pyotp

    spare = staff(
        practice.ada.actor.clinic_id,
        email="spare@example.org",
        name="Bea Lind",
        at=now() - timedelta(minutes=2),
    )
    link = invites.begin_anew(practice.ada.actor, spare.actor.account_id, now())
    visit = practice.window(width=1280)
    page = visit.page
    page.goto(link)
    page.locator("#token").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/password/new*")
    assert visit.violations() == []
    page.locator("#password").focus()
    page.keyboard.type("violet anchor thimble")
    page.keyboard.press("Tab")
    page.keyboard.type("violet anchor thimble")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/enrol*")
    assert visit.violations() == []
    secret = page.locator("b.code-text").text_content()
    assert secret
    page.locator("#code").focus()
    page.keyboard.type(pyotp.TOTP(secret.replace("-", "")).at(int(time.time())))
    page.keyboard.press("Enter")
    page.wait_for_selector("ol.recovery")
    assert visit.violations() == []
    assert page.locator("ol.recovery li").count() == 10
    page.get_by_role("link", name="I have them").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")
