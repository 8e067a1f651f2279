"""Signing in over HTTP, with a clinic's settings: what each step opens, and what stops guessing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextvars import Context
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from adherence.domain.access import POLICY, Role, Stage
from adherence.domain.sign_in import Purpose, Via
from adherence.services import accounts, invites, proxies, sessions, sign_in
from adherence.store.audit import AUDIT
from adherence.store.buckets import BUCKET
from adherence.store.columns import db
from adherence.store.mails import MAIL
from adherence.store.one_time import ONE_TIME
from adherence.store.sessions import SESSION
from adherence.web import throttles
from adherence.web.clock import EXTENSION as CLOCK
from adherence.web.policy import doors
from adherence.web.throttles import LIMITS
from tests.authenticator import Authenticator
from tests.pages.browsers import forms_of
from tests.practice import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    PASSWORD,
    PIN,
    SECOND,
    Staff,
    application,
    found,
    invited,
    mails,
    patient,
    rows,
    staff,
    token_of,
)
from tests.web.calls import CALLS, address, random_ids, routes

ROOT = Path(__file__).parents[2]
SITE = "https://localhost"


def whither(answer: TestResponse) -> str:
    """Where an answer leads, but for the language it carries along."""
    return answer.headers["Location"].replace("?lang=en", "")


class House:
    """A clinic with a therapist and a patient, its clock, and windows on it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.at = MONDAY
        app.extensions[CLOCK] = lambda: self.at
        self.clinic_id = found()
        self.ada = staff(self.clinic_id)
        self.ruth = patient(self.ada.actor, email="ruth@example.org")

    def window(self, address: str = "192.0.2.1") -> Window:
        return Window(self, address)


class Window:
    """A browser that keeps cookies, reads the forms of a page and sends them."""

    def __init__(self, house: House, address: str) -> None:
        self.house = house
        self.client = house.app.test_client()
        self.address = address

    def cookie(self, name: str) -> str:
        found = self.client.get_cookie(name, domain="localhost")
        return "" if found is None else found.value

    def open(self, path: str, method: str, **more: Any) -> TestResponse:
        """The answer to a request in a context of its own, apart from that of the test."""
        base = {"REMOTE_ADDR": self.address}
        return Context().run(
            self.client.open, path, method=method, base_url=SITE, environ_base=base, **more
        )

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.open(path, "GET", headers=headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> TestResponse:
        return self.open(path, "POST", data=fields, headers={"Origin": SITE, **headers})

    def send(self, page: str, action: str, /, **typed: str) -> TestResponse:
        """The answer to the form of a page that is sent to ``action``, filled in."""
        html = self.get(page).text
        fitting = [one for one in forms_of(html) if action in one[0]]
        exact = [one for one in fitting if one[0].partition("?")[0] == action]
        path, fields = (exact or fitting)[0]
        return self.post(path, fields | typed)

    def options(self, page: str, action: str) -> Any:
        """What the server asks a passkey, as the page's script would have it asked."""
        html = self.get(page).text
        token = next(fields for path, fields in forms_of(html) if action in path)["csrf_token"]
        where = re.search(rf'action="[^"]*{action}[^"]*"[^>]*data-options="([^"]+)"', html)
        assert where, html
        answer = self.open(where[1], "POST", headers={"Origin": SITE, "X-CSRF-Token": token})
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def password(self, email: str, typed: str = PASSWORD, **more: str) -> TestResponse:
        return self.send("/sign-in/other", "/sign-in/password", email=email, password=typed, **more)

    def sign_in(self, who: Staff) -> None:
        """Both steps of a member of staff."""
        assert whither(self.password(who.email)) == "/sign-in/next"
        done = self.send("/sign-in/second", "/sign-in/second", code=who.code(self.house.at))
        assert whither(done) == "/", done.text

    def come_by_paper(self, code: str, pin: str = PIN) -> None:
        """A first visit by code."""
        assert self.send("/code", "/code", token=code).status_code == 303
        done = self.send("/welcome", "/welcome", pin=pin, again=pin, locale="en")
        assert whither(done) == "/", done.text

    def is_in(self) -> bool:
        answer = self.get("/account/ways-in")
        return answer.status_code == 200


@pytest.fixture
def house(store_url: str) -> Iterator[House]:
    with application(store_url, smtp_host="localhost", mail_from="a@example.org") as app:
        made = House(app)
        app.testing = False
        yield made


# --- what each stage opens ---------------------------------------------------------------------


def pages(house: House) -> Iterator[tuple[str, str, str]]:
    """Every route with the names of nothing: endpoint, method, path."""
    for route, method in routes(house.app):
        if not route.rule.startswith(("/api/", "/static/")):
            yield route.endpoint, method, address(house.app, route, method, random_ids())


def pending(house: House) -> dict[str, Window]:
    """Windows halfway in: after a password, by set-up link, by invitation, by mailed link."""
    windows = {name: house.window() for name in ("password", "setup", "invite", "reset")}
    windows["password"].password(house.ada.email)
    spare = staff(house.clinic_id, email="spare@example.org", name="Bea Lind")
    link = invites.begin_anew(house.ada.actor, spare.actor.account_id, house.at)
    windows["setup"].send("/code", "/code", token=token_of(link))
    assert house.ruth.patient_id is not None
    made = invites.invite_on_paper(house.ada.actor, house.ruth.patient_id, "en", house.at)
    windows["invite"].send("/code", "/code", token=made.code)
    windows["reset"].send("/sign-in/forgotten", "/sign-in/mail", email=house.ada.email)
    mail = mails()[-1]
    windows["reset"].send("/code", "/code", token=token_of(mail["link"]))
    return windows


@pytest.mark.parametrize("name", ["password", "setup", "invite", "reset"])
def test_A9_a_sign_in_halfway_opens_its_own_steps_and_nothing_else(house: House, name: str):
    """Section 3, row 7: a half-built session reaches only its own pages, whatever it adds."""
    window = pending(house)[name]
    assert window.cookie("__Host-session")
    reached = set()
    for endpoint, method, path in pages(house):
        door = doors(house.app)[endpoint]
        if door.rule is None or Stage.PENDING in door.rule.stages:
            continue
        for tail in ("", "?debug=1&skip=1&admin=1&ignoreAuth=1&stage=full&step=none"):
            answer = window.open(path + tail, method)
            if answer.status_code not in (303, 401, 403, 400) or (
                answer.status_code == 303 and answer.headers["Location"] != "/sign-in/next"
            ):
                reached.add((method, path, answer.status_code))

    assert reached == set()
    assert window.get("/sign-in/next").status_code == 303


def test_A9_each_beginning_leads_to_its_own_step(house: House):
    leads = {
        name: window.get("/sign-in/next").headers["Location"]
        for name, window in pending(house).items()
    }

    assert leads == {
        "password": "/sign-in/second",
        "setup": "/sign-in/password/new",
        "invite": "/welcome",
        "reset": "/sign-in/second",
    }


def test_A9_an_invited_patient_cannot_take_a_step_of_the_staff(house: House):
    window = pending(house)["invite"]

    for path in ("/sign-in/enrol", "/sign-in/password/new"):
        assert window.get(path).status_code == 403


def test_A9_a_password_that_is_set_up_still_needs_the_second_step(house: House):
    window = pending(house)["setup"]
    done = window.send(
        "/sign-in/password/new",
        "/sign-in/password/new",
        password="violet anchor thimble",
        again="violet anchor thimble",
    )
    assert whither(done) == "/sign-in/next"
    assert whither(window.get("/sign-in/next")) == "/sign-in/enrol"
    assert whither(window.get("/patients")) == "/sign-in/next"

    page = window.get("/sign-in/enrol").text
    import pyotp

    secret = re.search(r'class="code-text">([A-Z2-7-]+)<', page)
    assert secret
    code = pyotp.TOTP(secret[1].replace("-", "")).at(int(house.at.timestamp()))
    shown = window.send("/sign-in/enrol", "/sign-in/enrol", code=code)
    assert shown.status_code == 200
    assert len(re.findall(r'<li class="code-text">', shown.text)) == 10
    assert window.is_in()


def test_who_is_in_already_is_led_on_from_every_step(house: House):
    window = house.window()
    window.sign_in(house.ada)

    for path in ("/sign-in/second", "/sign-in/enrol", "/sign-in/next", "/welcome"):
        assert whither(window.get(path)) == "/", path
    assert whither(window.get("/sign-in")) == "/"


# --- sessions on shared computers --------------------------------------------------------------


def test_S3_a_cookie_copied_before_sign_out_is_not_the_next_persons(house: House):
    """The planted failure of candidate A: the id outlived sign-out and became the next person's."""
    window = house.window()
    window.sign_in(house.ada)
    copied = window.cookie("__Host-session")
    window.send("/account", "/sign-out")
    assert sessions.open_session(copied, house.at) is None
    bea = staff(house.clinic_id, email="bea@example.org", name="Bea Lind")

    window.sign_in(bea)

    assert window.cookie("__Host-session") != copied
    assert sessions.open_session(copied, house.at) is None


def test_S2_an_id_planted_before_signing_in_is_worth_nothing_after(house: House):
    window = house.window()
    planted = "p" * 43
    window.client.set_cookie("__Host-session", planted, domain="localhost", secure=True)

    window.password(house.ada.email)
    half = window.cookie("__Host-session")
    window.send("/sign-in/second", "/sign-in/second", code=house.ada.code(house.at))
    whole = window.cookie("__Host-session")

    assert len({planted, half, whole}) == 3
    assert sessions.open_session(planted, house.at) is None
    assert sessions.open_session(half, house.at) is None
    assert window.is_in()


def test_S1_no_table_holds_an_id_or_a_code_in_the_clear(house: House):
    window = house.window()
    window.sign_in(house.ada)
    secret = window.cookie("__Host-session")
    with house.app.app_context():
        for table in db.metadata.sorted_tables:
            said = repr(db.session.execute(sa.select(table)).all())
            assert secret not in said, table.name
            assert secret.encode().hex() not in said, table.name


def test_S6_sessions_are_listed_and_ended_one_by_one_and_all_at_once(house: House):
    one, two, three = house.window(), house.window(), house.window()
    for window in (one, two, three):
        window.sign_in(house.ada)
        house.at += 30 * SECOND
    page = one.get("/account/sessions")
    ends = [path for path, _ in forms_of(page.text) if path.endswith("/end")]
    assert page.status_code == 200
    assert len(ends) == 2 + 1, "two others, and all at once; idle ones are left out"
    two_id = sessions.open_session(two.cookie("__Host-session"), house.at)
    assert two_id is not None

    one.send("/account/sessions", f"/account/sessions/{two_id.id}/end")
    assert (one.is_in(), two.is_in(), three.is_in()) == (True, False, True)
    answer = one.send("/account/sessions", "/account/sessions/end")
    assert whither(answer) == "/signed-out"
    assert (one.is_in(), three.is_in()) == (False, False)


def test_S6_nobody_ends_anothers_session(house: House):
    window, bea = house.window(), staff(house.clinic_id, email="bea@example.org", name="Bea Lind")
    window.sign_in(house.ada)
    theirs = sessions.open_session(bea.cookie, MONDAY - HOUR)
    assert theirs is not None
    html = window.get("/account/sessions").text
    token = forms_of(html)[0][1]["csrf_token"]

    answer = window.post(f"/account/sessions/{theirs.id}/end", {"csrf_token": token})

    assert answer.status_code == 404
    assert sessions.open_session(bea.cookie, MONDAY - HOUR)


# --- a factor again ----------------------------------------------------------------------------


def test_S9_after_five_minutes_what_matters_asks_again(house: House):
    window = house.window()
    window.sign_in(house.ada)
    assert window.get("/account/sessions").status_code == 200
    house.at += timedelta(seconds=300)
    assert window.get("/account/sessions").status_code == 200
    page = window.get("/account/ways-in").text
    renew = next(one for one in forms_of(page) if "recovery" in one[0])
    house.at += SECOND

    answer = window.get("/account/sessions")
    assert whither(answer) == "/account/prove?to=%2Faccount%2Fsessions"
    posted = window.post(*renew)
    assert posted.status_code == 401
    assert "/account/prove" in posted.text

    before = window.cookie("__Host-session")
    proved = window.send(
        "/account/prove?to=/account/sessions", "/account/prove", code=house.ada.code(house.at)
    )
    assert whither(proved) == "/account/sessions"
    assert window.cookie("__Host-session") != before
    assert sessions.open_session(before, house.at) is None
    assert window.get("/account/sessions").status_code == 200


@pytest.mark.parametrize("action", sorted(name for name, rule in POLICY.items() if rule.is_fresh))
def test_S9_every_action_that_needs_it_is_refused_when_stale(house: House, action: str):
    window, roles = house.window(), POLICY[action].roles
    if Role.PATIENT in roles:
        assert house.ruth.patient_id is not None
        made = invites.invite_on_paper(house.ada.actor, house.ruth.patient_id, "en", house.at)
        window.come_by_paper(made.code)
    elif Role.CLINICIAN in roles and Role.ADMIN not in roles:
        window.sign_in(house.ada)
    else:
        boss = staff(house.clinic_id, Role.ADMIN, "boss@example.org", "Bea Boss")
        window.sign_in(boss)
    house.at += 6 * MINUTE
    asked = 0
    for endpoint, method, path in pages(house):
        door = doors(house.app)[endpoint]
        if door.action != action:
            continue
        if method == "GET":
            answer = window.get(path)
            is_led = answer.headers.get("Location", "").startswith("/account/prove?")
        else:
            page = window.get("/account/ways-in").text
            token = forms_of(page)[0][1]["csrf_token"]
            answer = window.post(path, {"csrf_token": token})
            is_led = answer.status_code == 401
        # Whom an address of chance names is nobody to ask about, with a factor or without.
        names_nobody = answer.status_code == 404 and "/patients/" in path
        assert is_led or names_nobody, path
        asked += is_led
    assert asked


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "/x\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_a_proof_leads_back_to_us_and_nowhere_else(house: House, to: str):
    window = house.window()
    window.sign_in(house.ada)
    house.at += MINUTE

    html = window.get(
        "/account/prove",
    ).text
    path, fields = next(one for one in forms_of(html) if "code" in one[1])
    answer = window.post(path, {**fields, "to": to, "code": house.ada.code(house.at)})

    assert answer.status_code == 303
    assert whither(answer) == "/"


# --- what stops guessing -----------------------------------------------------------------------


def guesses(window: Window, email: str, many: int) -> list[int]:
    """Wrong passwords in a row; the page is read once."""
    html = window.get("/sign-in/other").text
    path, fields = next(one for one in forms_of(html) if "/sign-in/password" in one[0])
    return [
        window.post(path, fields | {"email": email, "password": "wrong"}).status_code
        for _ in range(many)
    ]


def test_A6_guessing_at_one_account_is_stopped_and_its_owner_is_not(house: House):
    attacker, owner = house.window("203.0.113.9"), house.window("198.51.100.7")

    answers = guesses(attacker, house.ada.email, 100)

    assert answers[:10] == [422] * 10
    assert set(answers[10:]) == {429}
    assert attacker.password(house.ada.email).status_code == 429, "the right one helps no more"
    owner.sign_in(house.ada)
    assert owner.is_in()


def test_A6_an_account_spelt_in_another_way_is_no_other(house: House):
    """The clinic's word or none, capitals and spaces: all the same account, and its ten tries."""
    slug = "praxis"
    db.session.execute(sa.update(db.metadata.tables["clinic"]).values(slug=slug))
    db.session.commit()
    attacker = house.window("203.0.113.9")
    page = attacker.get("/sign-in/other").text
    path, fields = next(one for one in forms_of(page) if "/sign-in/password" in one[0])
    email = house.ada.email
    ways = [("", email), (slug, email), (f" {slug} ", f" {email} "), (slug.upper(), email.upper())]
    answers = [
        attacker.post(
            path, fields | {"clinic": clinic, "email": typed, "password": "wrong"}
        ).status_code
        for clinic, typed in ways * 4
    ]

    assert answers == [422] * 10 + [429] * 6


def test_A6_guessing_across_accounts_from_one_address_is_stopped(house: House):
    attacker = house.window("203.0.113.9")
    html = attacker.get("/sign-in/other").text
    path, fields = next(one for one in forms_of(html) if "/sign-in/password" in one[0])
    answers = [
        attacker.post(path, fields | {"email": f"p{n}@example.org", "password": "x"}).status_code
        for n in range(200)
    ]

    assert answers.count(422) == 60
    assert set(answers[60:]) == {429}
    assert house.window("198.51.100.7").password(house.ada.email).status_code == 303


def test_A6_every_spelling_of_an_address_is_counted_as_one_account(house: House):
    typed = ["jürgen@example.org", " JÜRGEN@example.org", "ju\u0308rgen@example.org"]
    counted = []
    for email in typed:
        with house.app.test_request_context("/", method="POST", data={"email": email}):
            counted.append((throttles.account(), throttles._mark(email)))

    assert len(set(counted)) == 1
    with house.app.test_request_context("/", method="POST", data={"email": "jurgen@example.org"}):
        assert throttles.account() != counted[0][0]


def test_A6_many_addresses_are_stopped_and_a_known_browser_is_not(house: House):
    owner = house.window("198.51.100.7")
    owner.sign_in(house.ada)
    owner.send("/account", "/sign-out")
    house.at += DAY
    codes = [
        status
        for n in range(12)
        for status in guesses(house.window(f"203.0.113.{n}"), house.ada.email, 10)
    ]

    assert codes.count(422) == 100
    assert codes[100:] == [429] * 20
    assert house.window("198.51.100.8").password(house.ada.email).status_code == 429
    assert owner.password(house.ada.email).status_code == 303


def test_the_right_person_uses_nothing_up(house: House):
    """A morning behind one address: everybody signs in, again and again."""
    window = house.window()
    for turn in range(70):
        assert window.password(house.ada.email).status_code == 303, turn


def test_an_ipv6_network_is_one_address_and_a_mapped_one_is_its_own(house: House):
    from adherence.web.throttles import address as whence

    said = {}
    for given in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1", "::ffff:192.0.2.1", "x"):
        with house.app.test_request_context(environ_base={"REMOTE_ADDR": given}):
            said[given] = whence()

    assert said["2001:db8::1"] == said["2001:db8::ffff:1"] != said["2001:db8:0:1::1"]
    assert said["::ffff:192.0.2.1"] == "192.0.2.1"
    assert said["x"] == "x"


def test_A14_wrong_second_steps_are_stopped_by_session_and_by_account(house: House):
    first, second = house.window(), house.window("203.0.113.9")
    first.password(house.ada.email)
    codes = [
        first.send("/sign-in/second", "/sign-in/second", code="000000").status_code
        for _ in range(6)
    ]
    assert codes == [422] * 5 + [429]
    second.password(house.ada.email)
    codes = [
        second.send("/sign-in/second", "/sign-in/second", code="000000").status_code
        for _ in range(6)
    ]
    assert codes == [422] * 5 + [429], "signing in again gives tries of its own"
    third = house.window("203.0.113.77")
    third.password(house.ada.email)
    right = {"code": house.ada.code(house.at)}
    assert third.send("/sign-in/second", "/sign-in/second", **right).status_code == 429
    house.at += 15 * MINUTE
    third.password(house.ada.email)
    right = {"code": house.ada.code(house.at)}
    assert third.send("/sign-in/second", "/sign-in/second", **right).status_code == 303


def test_A14_the_sixth_right_code_within_a_quarter_is_no_guess(house: House):
    window = house.window()
    for _ in range(8):
        window.sign_in(house.ada)
        house.at += 30 * SECOND


def test_a_flood_of_mails_is_stopped_by_address_and_by_account(house: House):
    answers = [
        house.window(f"203.0.113.{n}").send(
            "/sign-in/mail", "/sign-in/mail", email="ruth@example.org"
        )
        for n in range(7)
    ]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    nobody = [
        house.window(f"203.0.113.{n}").send(
            "/sign-in/mail", "/sign-in/mail", email="no@example.org"
        )
        for n in range(7)
    ]
    assert [answer.status_code for answer in nobody] == [200] * 5 + [429] * 2


@pytest.mark.parametrize(
    ("page", "action", "typed", "most"),
    [
        ("/code", "/code", {"token": "ABCD-EFGH-JKMN"}, 30),
        ("/sign-in/mail", "/sign-in/mail/code", {"code": "12345678"}, 30),
    ],
)
def test_guessing_at_codes_is_stopped(
    house: House, page: str, action: str, typed: dict[str, str], most: int
):
    window = house.window()
    html = window.get("/code").text
    token = forms_of(html)[0][1]["csrf_token"]
    answers = [window.post(action, {"csrf_token": token, **typed}) for _ in range(most + 2)]

    assert [answer.status_code for answer in answers] == [422] * most + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 15 * 60
    assert rows(ONE_TIME) == [] or all(row.used_at or row.tries == 0 for row in rows(ONE_TIME))


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "A little too fast"), ("de", "zu schnell"), ("ru", "Слишком быстро")],
)
def test_what_is_tried_too_often_gets_a_sentence_and_when_to_come_again(
    house: House, language: str, words: str
):
    window = house.window()
    token = forms_of(window.get("/code").text)[0][1]["csrf_token"]
    for _ in range(31):
        answer = window.post(
            "/code", {"csrf_token": token, "token": "x"}, **{"Accept-Language": language}
        )

    assert answer.status_code == 429
    assert words.lower() in answer.text.lower()
    assert int(answer.headers["Retry-After"]) > 0


def test_a_window_of_time_ends_and_counting_begins_anew(house: House):
    window = house.window()
    token = forms_of(window.get("/code").text)[0][1]["csrf_token"]
    for _ in range(31):
        window.post("/code", {"csrf_token": token, "token": "x"})
    house.at += 15 * MINUTE

    assert window.post("/code", {"csrf_token": token, "token": "x"}).status_code == 422
    with house.app.app_context():
        accounts.drop_expired(house.at)
    assert len(rows(BUCKET)) == 1


def test_counters_name_nobody(house: House):
    window = house.window("203.0.113.9")
    window.password(house.ada.email, "wrong")

    said = repr(rows(BUCKET))
    assert rows(BUCKET)
    assert house.ada.email not in said
    assert "203.0.113.9" not in said


def test_V5_one_account_asks_so_often_a_minute_and_others_are_served(store_url: str):
    with application(store_url, requests_per_minute=20) as app:
        house = House(app)
        app.testing = False
        window, other = house.window(), house.window("198.51.100.7")
        window.sign_in(house.ada)
        bea = staff(house.clinic_id, email="bea@example.org", name="Bea Lind")
        other.sign_in(bea)
        house.at += MINUTE
        answers = [window.get("/patients").status_code for _ in range(22)]

        assert answers == [200] * 20 + [429] * 2
        assert other.get("/patients").status_code == 200
        house.at += MINUTE
        assert window.get("/patients").status_code == 200


def test_every_limit_is_used_and_every_guessable_door_has_one(house: House):
    used = {door.throttle for door in doors(house.app).values()} - {None}
    open_posts = {
        endpoint
        for endpoint, method, _ in pages(house)
        if method == "POST" and doors(house.app)[endpoint].action is None
    }

    assert used == set(LIMITS)
    assert [one for one in open_posts if doors(house.app)[one].throttle is None] == []


# --- answers that say nothing ------------------------------------------------------------------


def bare(answer: TestResponse) -> tuple[int, str]:
    """An answer without what is drawn anew for each, and without what was typed."""
    text = re.sub(r'value="[^"]*"|nonce="[^"]*"|nonce-[\w-]+|[0-9a-f]{64}', "", answer.text)
    return answer.status_code, text


def test_A7_known_unknown_and_disabled_accounts_read_the_same(house: House):
    gone = staff(house.clinic_id, email="gone@example.org", name="Gone Away")
    accounts.disable_account(gone.actor.account_id, house.at)
    emails = (house.ada.email, "ruth@example.org", "gone@example.org", "nobody@example.org", "no")
    pages = {
        bare(house.window(f"203.0.113.{n}").password(email, "wrong"))
        for n, email in enumerate(emails)
    }

    assert len(pages) == 1
    assert next(iter(pages))[0] == 422
    asked = {
        bare(house.window(f"203.0.113.{n}").send("/sign-in/mail", "/sign-in/mail", email=email))
        for n, email in enumerate(emails[:4])
    }
    assert len(asked) == 1
    assert next(iter(asked))[0] == 200


def test_A7_an_unknown_clinic_reads_like_a_known_one(house: House):
    found("South", "south")
    pages = {
        bare(house.window().get(f"/clinics/{slug}/sign-in"))
        for slug in ("south", "west", "x" * 300, "é")
    }

    assert len(pages) == 1


def test_L2_every_sign_in_and_every_refusal_is_one_line(house: House):
    def lines() -> list[str]:
        return [row.action for row in sorted(rows(AUDIT), key=lambda row: (row.at, row.n))]

    window = house.window()
    before = len(lines())
    window.password(house.ada.email, "wrong")
    window.password("nobody@example.org", "wrong")
    window.password(house.ada.email)
    window.send("/sign-in/second", "/sign-in/second", code="000000")
    window.send("/sign-in/second", "/sign-in/second", code=house.ada.code(house.at))

    assert lines()[before:] == [
        "sign_in",
        "sign_in",
        "session.pending",
        "sign_in",
        "session.begin",
    ]


# --- patients ----------------------------------------------------------------------------------


def test_a_patient_comes_by_paper_then_by_pin_and_signs_out(house: House):
    assert house.ruth.patient_id is not None
    made = invites.invite_on_paper(house.ada.actor, house.ruth.patient_id, "en", house.at)
    phone = house.window()
    phone.come_by_paper(made.code.lower())
    assert phone.get("/today").status_code == 200
    phone.send("/account", "/sign-out")
    assert "pin" in forms_of(phone.get("/sign-in").text)[0][1]
    wrong = phone.send("/sign-in", "/sign-in/pin", pin="135791")
    assert wrong.status_code == 422
    assert "4 tries are left" in wrong.text

    assert phone.send("/sign-in", "/sign-in/pin", pin=f"{PIN[:3]} {PIN[3:]}").status_code == 303
    assert phone.get("/today").status_code == 200
    assert house.window().get("/sign-in").text.count('name="pin"') == 0, "asked on another device"


def test_a_device_that_was_shut_out_asks_for_no_pin(house: House):
    _, cookie = invited(house.ada.actor, house.ruth)
    phone = house.window()
    phone.client.set_cookie("__Host-device", cookie, domain="localhost", secure=True)
    assert 'name="pin"' in phone.get("/sign-in").text
    html = phone.get("/sign-in").text
    path, fields = next(one for one in forms_of(html) if "/sign-in/pin" in one[0])
    answers = [phone.post(path, fields | {"pin": "135791"}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [422] * 5
    assert phone.cookie("__Host-device") == ""
    assert 'name="pin"' not in phone.get("/sign-in").text


def test_the_code_on_paper_is_in_no_address_and_the_square_holds_it(house: House):
    window = house.window()
    window.sign_in(house.ada)
    page = window.send(
        f"/patients/{house.ruth.patient_id}/ways-in", f"/{house.ruth.patient_id}/invite"
    )

    assert page.status_code == 200
    code = re.search(r"code-large\">([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})<", page.text)
    assert code
    assert '<svg class="qr"' in page.text
    house.window().come_by_paper(code[1])


def test_a_patient_who_lost_the_phone_shuts_it_out_from_another(house: House):
    lost_session, lost = invited(house.ada.actor, house.ruth)
    other = house.window()
    other.send("/sign-in/mail", "/sign-in/mail", email="ruth@example.org")
    digits = mails()[-1]["code"]
    done = other.post(
        "/sign-in/mail/code",
        {"csrf_token": forms_of(other.get("/code").text)[0][1]["csrf_token"], "code": digits},
    )
    assert whither(done) == "/"

    shut = other.send("/account/ways-in", "/account/devices/")

    assert shut.status_code == 303
    assert sessions.open_session(lost_session, house.at) is None
    phone = house.window()
    phone.client.set_cookie("__Host-device", lost, domain="localhost", secure=True)
    assert 'name="pin"' not in phone.get("/sign-in").text


def test_S8_no_get_uses_a_code_up_or_signs_in(house: House):
    patient_mail = house.window()
    patient_mail.send("/sign-in/mail", "/sign-in/mail", email="ruth@example.org")
    link = mails()[-1]["link"]
    assert link.startswith("https://localhost/code#")
    before = len(rows(SESSION))
    for method in ("GET", "HEAD"):
        for tail in ("", f"?token={token_of(link)}", f"?code={token_of(link)}"):
            patient_mail.open("/code" + tail, method)
    assert len(rows(SESSION)) == before
    scanner = house.window("203.0.113.50")
    clicked = scanner.send("/code", "/code", token=token_of(link))
    assert clicked.status_code == 422
    assert "only in the browser that asked" in clicked.text

    assert whither(patient_mail.send("/code", "/code", token=token_of(link))) == "/"


def test_anonymous_visits_leave_no_row_and_no_counter(house: House):
    tables = (SESSION, ONE_TIME, BUCKET, MAIL, AUDIT)
    before = [len(rows(table)) for table in tables]
    for _ in range(10):
        window = house.window()
        for path in ("/sign-in", "/sign-in/other", "/code", "/sign-in/mail", "/sign-in/forgotten"):
            assert window.get(path).status_code == 200

    assert [len(rows(table)) for table in tables] == before


# --- passkeys ----------------------------------------------------------------------------------


def test_a_passkey_is_made_and_signs_in_through_the_pages(house: House):
    window, phone = house.window(), Authenticator(SITE)
    window.sign_in(house.ada)
    options = window.options("/account/ways-in", "/account/passkeys")
    answer = json.dumps(phone.create(options))
    assert window.send("/account/ways-in", "/account/passkeys", answer=answer).status_code == 303
    assert len(rows(db.metadata.tables["passkey"])) == 1

    fresh = house.window()
    answer = json.dumps(phone.get(fresh.options("/sign-in", "/sign-in/passkey")))
    done = fresh.send("/sign-in", "/sign-in/passkey", answer=answer)
    assert whither(done) == "/"
    assert fresh.is_in()
    for window in (fresh, house.window()):
        window.client.delete_cookie("__Host-session", domain="localhost")
        again = window.send("/sign-in", "/sign-in/passkey", answer=answer)
        assert again.status_code == 422, "the same answer signed in again"


@pytest.mark.parametrize("answer", ["", "null", "[]", "{}", "x" * 30_000, "[" * 9000, '{"id": 1}'])
def test_an_answer_that_is_none_is_refused(house: House, answer: str):
    window = house.window()

    done = window.send("/sign-in", "/sign-in/passkey", answer=answer)
    assert done.status_code == 422


# --- proxies -----------------------------------------------------------------------------------


def acting(house: House, until: Any = None) -> tuple[Window, Any]:
    """A proxy of the patient, on a phone of their own, who has come in."""
    assert house.ruth.patient_id is not None
    invite = proxies.add_proxy(
        house.ada.actor,
        house.ruth.patient_id,
        name="Maria Aldous",
        email="",
        until_at=until,
        until_grown=False,
        locale="en",
        now=house.at,
    )
    assert invite is not None
    phone = house.window("198.51.100.20")
    phone.come_by_paper(invite.code)
    return phone, invite


def test_a_proxy_says_for_whom_and_every_page_says_so_too(house: House):
    phone, _ = acting(house)
    assert whither(phone.get("/")) == "/for"
    assert phone.get("/today").status_code == 403
    before = phone.cookie("__Host-session")
    phone.send("/for", "/for", patient_id=str(house.ruth.patient_id))

    assert phone.cookie("__Host-session") != before
    for path in ("/today", "/goals", "/progress", "/milestones", "/pause", "/account"):
        page = phone.get(path)
        assert page.status_code == 200, path
        assert "You are Maria Aldous, here for Ruth Aldous." in page.text, path
    assert phone.get(f"/patients/{house.ruth.patient_id}/ways-in").status_code == 403


def test_L2_every_look_of_a_proxy_is_one_line_in_the_patients_audit(house: House):
    phone, _ = acting(house)
    phone.send("/for", "/for", patient_id=str(house.ruth.patient_id))
    before = len([row for row in rows(AUDIT) if row.chain_id == house.ruth.patient_id])
    for path in ("/today", "/goals", "/progress"):
        phone.get(path)

    lines = [row for row in rows(AUDIT) if row.chain_id == house.ruth.patient_id][before:]
    assert [row.action for row in sorted(lines, key=lambda row: row.n)] == [
        "today.read",
        "goal.read",
        "progress.read",
    ]
    assert house.ruth.account_id not in {row.actor_id for row in lines}


def test_Z8_the_end_of_a_proxy_holds_on_open_pages_at_once(house: House):
    phone, _ = acting(house, until=house.at + 20 * MINUTE)
    phone.send("/for", "/for", patient_id=str(house.ruth.patient_id))
    page = phone.get("/pause").text
    path, fields = next(one for one in forms_of(page) if one[0] == "/pause")
    house.at += 20 * MINUTE

    answer = phone.get("/today")
    assert whither(answer) == "/for"
    late = phone.post(path, fields | {"kind": "rest", "first_day": "2026-03-05"})
    assert late.status_code == 401
    assert "nobody for whom you may act" in phone.get("/for").text
    chart = phone.get(f"/charts/{house.ruth.patient_id}/adherence.svg")
    assert chart.status_code == 404


def test_a_patient_sees_and_ends_who_acts_for_them(house: House):
    phone, _ = acting(house)
    phone.send("/for", "/for", patient_id=str(house.ruth.patient_id))
    cookie, _ = invited(house.ada.actor, house.ruth)
    own = house.window()
    own.client.set_cookie("__Host-session", cookie, domain="localhost", secure=True)
    assert "Maria Aldous" in own.get("/proxies").text

    assert whither(own.send("/proxies", "/proxies/")) == "/proxies"

    assert "Nobody at present" in own.get("/proxies").text
    assert phone.get("/today").status_code == 403


def test_Z3_nobody_acts_for_somebody_they_do_not_stand_to(house: House):
    jonas = patient(house.ada.actor, "Jonas Weber")
    phone, _ = acting(house)
    token = forms_of(phone.get("/for").text)[0][1]["csrf_token"]
    answers = [
        phone.post("/for", {"csrf_token": token, "patient_id": value})
        for value in (str(jonas.patient_id), "01890000-0000-7000-8000-000000000000", "x")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer) for answer in answers}) == 1


# --- the way in is listed ----------------------------------------------------------------------


#: Who begins sessions, and by what. A new line here is a new way in, to be reviewed.
PATHWAYS = {
    "sessions.enter": "the first step of every way in",
    "sessions.act_for": "a proxy says for whom",
    "devices.welcome": "a first visit by code ends",
    "devices.add_device": "a PIN for this device",
    "devices.by_pin": "a known device",
    "sign_in.finish": "the second step",
    "sign_in.choose_first_password": "staff begin",
    "sign_in.enrol": "the authenticator app is set up",
    "sign_in.proved": "a factor was shown again",
    "sign_in.change_password": "a new password",
    "invites.found_clinic": "the first start",
    "passkeys.add_passkey": "a passkey is made",
    "passkeys.prove": "a passkey was shown again",
}
#: What else begins: reviewed, and no session.
OTHERS = {
    "grants.grant": "a transaction of the database",
    "break_glass.begin": "reading a record in an emergency",
}
ENTRIES = {
    "sign_in.by_password",
    "sign_in.by_mail_code",
    "sign_in._enter_by",
    "passkeys.by_passkey",
    "oidc.enter_by",
}


def callers(name: str) -> set[str]:
    """Functions of the services that call ``name``, by module and outermost function."""
    found = set()
    for path in (ROOT / "adherence").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and any(
                isinstance(node, ast.Call)
                and (getattr(node.func, "id", "") == name or getattr(node.func, "attr", "") == name)
                for node in ast.walk(function)
            ):
                found.add(f"{path.stem}.{function.name}")
    return found


def test_A10_sessions_begin_in_the_listed_places_and_nowhere_else():
    assert callers("begin") == set(PATHWAYS) | set(OTHERS)
    assert callers("enter") == ENTRIES
    added = [
        path.relative_to(ROOT / "adherence").as_posix()
        for path in (ROOT / "adherence").rglob("*.py")
        if "add_session" in path.read_text()
    ]
    assert sorted(added) == ["services/sessions.py", "store/sessions.py"]


def test_A10_only_the_listed_doors_set_a_session(house: House):
    """Every door of the staff and of patients, asked for real: who hands out a session cookie?"""
    setting = set()
    window = house.window()
    window.sign_in(house.ada)
    for endpoint, method, path in pages(house):
        if method == "GET":
            answer = window.get(path)
            if any("__Host-session=" in one for one in answer.headers.getlist("Set-Cookie")):
                setting.add(endpoint)
    assert setting == set(), "a GET handed out or took back a session"


def test_every_way_in_is_one_of_the_listed_and_none_is_a_bearer(house: House):
    assert {one.value for one in Via} == {
        "password",
        "passkey",
        "pin",
        "mail",
        "reset",
        "invite",
        "setup",
        "link",
        "oidc",
    }
    assert set(sign_in.VIA.values()) <= set(Via)
    window = house.window()
    answer = window.password(house.ada.email + "?include_auth_token")
    assert answer.status_code == 422
    window.sign_in(house.ada)
    bare_cookie = window.cookie("__Host-session")
    bearer = {"Authorization": f"Bearer {bare_cookie}"}
    assert window.get("/api/v1/me", **bearer).status_code == 401


def test_L6_no_secret_reaches_a_log_or_a_cookie_that_scripts_can_read(
    house: House, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    window = house.window()
    window.password(house.ada.email, "a wrong canary password")
    window.sign_in(house.ada)
    window.send("/sign-in/mail", "/sign-in/mail", email="ruth@example.org")
    secrets = [PASSWORD, "a wrong canary password", window.cookie("__Host-session")]
    secrets += [house.ada.secret, token_of(mails()[-1]["link"]), mails()[-1]["code"]]

    assert [one for one in secrets if one in caplog.text] == []


@pytest.mark.parametrize("name", ["o'brien+ü@example.org", '"><script>alert(1)</script>@x.org'])
def test_O1_what_is_typed_comes_back_as_text(house: House, name: str):
    page = house.window().password(name, "wrong")

    assert "<script>alert" not in page.text
    assert page.status_code == 422


def test_CALLS_of_the_matrix_know_every_new_door(house: House):
    assert {endpoint for endpoint, _, _ in pages(house)} <= set(CALLS)


def test_Z2_every_purpose_and_way_is_used():
    source = "\n".join(
        path.read_text()
        for path in (ROOT / "adherence").rglob("*.py")
        if path.stem != "0002_sign_in"
    )

    assert [one for one in Purpose if f"Purpose.{one.name}" not in source] == []
    assert [one for one in Via if f"Via.{one.name}" not in source] == []
