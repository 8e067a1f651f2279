"""Single sign-on against a provider of this machine: who comes in, and tricks that do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask import Flask

from adherence.domain.access import Role
from adherence.domain.errors import NotFound
from adherence.services import accounts, invites, oidc
from adherence.settings import UnsafeSettings
from adherence.store.audit import AUDIT
from adherence.store.oidc import LINK
from adherence.store.one_time import ONE_TIME
from adherence.store.sessions import SESSION
from adherence.web.clock import EXTENSION as CLOCK
from tests.builders import clinic_settings
from tests.practice import MINUTE, MONDAY, application, found, rows, staff
from tests.web.test_sign_in import House, Window, bare, whither

joserfc = pytest.importorskip("joserfc")
from tests.provider import CLIENT_ID, CLIENT_SECRET, Provider, providing  # noqa: E402 - needs joserfc

NO = "That did not lead in here."


class Place:
    """A house and its provider."""

    def __init__(self, app: Flask, provider: Provider) -> None:
        self.house = House(app)
        self.provider = provider
        provider.clock = lambda: self.house.at
        self.ada = self.house.ada

    def tie(self, subject: str = "subject-1", who: Any = None) -> None:
        actor = (who or self.ada).actor
        oidc.tie_member(actor, actor.account_id, subject, self.house.at)


@pytest.fixture
def place(store_url: str) -> Iterator[Place]:
    with (
        providing(lambda: MONDAY) as provider,
        application(
            store_url,
            oidc_issuer=provider.url,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_name="Hospital account",
        ) as app,
    ):
        yield Place(app, provider)


def led(answer: Any) -> str:
    """Where a page leads on to by itself; its link is the same."""
    assert answer.status_code == 200, answer.text
    place = str(answer.headers["Refresh"]).partition("url=")[2]
    assert place in {unescape(one) for one in re.findall(r'href="([^"]+)"', answer.text)}
    return place


def asked(window: Window) -> str:
    """Where the button on the sign-in page leads."""
    return led(window.send("/sign-in", "/sign-in/oidc"))


def returned(window: Window, back: str) -> Any:
    """The answer to coming back from the provider and pressing the button."""
    path = back.removeprefix("https://localhost")
    arrived = led(window.get(path))
    return window.send(arrived, "/oidc/")


def tried(place: Place, window: Window | None = None) -> Any:
    """Signing in, as far as it leads."""
    window = window or place.house.window()
    return returned(window, place.provider.authorize(asked(window)))


def full(window: Window) -> bool:
    return window.is_in()


def test_two_factors_there_lead_straight_in(place: Place):
    place.tie()
    place.provider.amr = ["pwd", "otp"]
    window = place.house.window()

    assert whither(tried(place, window)) == "/"
    assert full(window)
    (session,) = [row for row in rows(SESSION) if row.via == "oidc"]
    assert (session.account_id, session.stage) == (place.ada.actor.account_id, "full")


@pytest.mark.parametrize("amr", [None, [], ["pwd"], ["otp"], ["pwd", "kba"], "mfa", ["hwk", "otp"]])
def test_one_factor_there_is_followed_by_ours(place: Place, amr: Any):
    place.tie()
    place.provider.claims = {"amr": amr}
    window = place.house.window()

    assert whither(tried(place, window)) == "/sign-in/next"
    assert not full(window)
    place.house.at += MINUTE
    code = place.ada.code(place.house.at)
    assert whither(window.send("/sign-in/second", "/sign-in/second", code=code)) == "/"
    assert full(window)


WRONG: dict[str, dict[str, Any]] = {
    "issuer": {"claims": {"iss": "https://elsewhere.example.org"}},
    "audience": {"claims": {"aud": "another-client"}},
    "several audiences without a party": {"claims": {"aud": [CLIENT_ID, "another"]}},
    "party": {"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}},
    "nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "expired": {"claims": {"exp": int(MONDAY.timestamp()) - 61}},
    "no end": {"claims": {"exp": None}},
    "issued long ago": {"claims": {"iat": int(MONDAY.timestamp()) - 3600}},
    "issued tomorrow": {"claims": {"iat": int(MONDAY.timestamp()) + 86400}},
    "not begun": {"claims": {"nbf": int(MONDAY.timestamp()) + 600}},
    "no subject": {"claims": {"sub": None}},
    "a subject that is no text": {"claims": {"sub": 1}},
    "alg none": {"signed": "none"},
    "HS256 with the public key": {"signed": "HS256"},
    "another key": {"signed": "another key"},
    "discovery of another": {"says": {"issuer": "https://elsewhere.example.org"}},
    "keys over http": {"says": {"jwks_uri": "http://elsewhere.example.org/keys"}},
    "nobody here": {"subject": "nobody"},
}


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_wrong_is_refused_and_nothing_is_revealed(place: Place, what: str):
    place.tie()
    place.provider.amr = ["mfa"]
    window = place.house.window()
    back = place.provider.authorize(asked(window))
    for name, value in WRONG[what].items():
        setattr(place.provider, name, value)
    answer = returned(window, back)

    assert answer.status_code == 422
    assert NO in answer.text
    assert not full(window)
    assert [row for row in rows(SESSION) if row.via == "oidc"] == []
    for told in ("subject", "nonce", "issuer", place.ada.email):
        assert told not in bare(answer)[1]


def test_all_refusals_read_the_same(place: Place):
    place.tie()
    pages = set()
    for what in ("nonce", "alg none", "nobody here"):
        window = place.house.window()
        back = place.provider.authorize(asked(window))
        for name, value in WRONG[what].items():
            setattr(place.provider, name, value)
        pages.add(re.sub(r'nonce="[^"]+"|value="[0-9a-f]{64}"', "", returned(window, back).text))
        place.provider.claims, place.provider.signed = {}, "RS256"

    assert len(pages) == 1


def test_a_state_works_once_and_a_code_too(place: Place):
    place.tie()
    place.provider.amr = ["mfa"]
    window = place.house.window()
    back = place.provider.authorize(asked(window))
    assert whither(returned(window, back)) == "/"
    window.send("/account", "/sign-out")

    assert returned(window, back).status_code == 422, "the same state again"
    fresh = place.provider.authorize(asked(window))
    used = re.sub(r"code=[^&]+", "code=used-before", fresh)
    assert returned(window, used).status_code == 422, "a code that the provider has taken"
    assert returned(window, fresh).status_code == 422, "its state is used up"


def test_a_state_of_another_browser_is_refused(place: Place):
    place.tie()
    place.provider.amr = ["mfa"]
    mine, other = place.house.window(), place.house.window("192.0.2.2")
    back = place.provider.authorize(asked(mine))
    other.get("/code")

    assert returned(other, back).status_code == 422
    assert not full(other)
    assert "/token" not in place.provider.asked, "the provider was not even asked"
    assert whither(returned(mine, back)) == "/", "and the right one still comes in"


def test_a_state_is_over_after_ten_minutes_and_none_is_made_up(place: Place):
    place.tie()
    window = place.house.window()
    back = place.provider.authorize(asked(window))
    place.house.at += 10 * MINUTE
    assert returned(window, back).status_code == 422
    assert returned(window, re.sub(r"state=[^&]+", "state=.made-up", back)).status_code == 422
    assert returned(window, "/sign-in/oidc/back?error=access_denied&state=x").status_code == 422


def test_another_issuer_in_the_answer_is_refused(place: Place):
    place.tie()
    window = place.house.window()
    back = place.provider.authorize(asked(window))
    mixed = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Felsewhere.example.org", back)
    assert returned(window, mixed).status_code == 422


def test_looking_at_the_pages_of_return_changes_nothing(place: Place):
    place.tie()
    window = place.house.window()
    back = place.provider.authorize(asked(window)).removeprefix("https://localhost")
    before = [tuple(row) for row in rows(ONE_TIME)]
    for _ in range(3):
        answer = window.get(back)
        assert not [one for one in answer.headers.getlist("Set-Cookie") if "__Host-pre" in one]
        window.get(led(answer))

    assert [tuple(row) for row in rows(ONE_TIME)] == before
    assert [row for row in rows(SESSION) if row.via == "oidc"] == []


def test_no_token_is_kept_and_the_verifier_is_nowhere(place: Place):
    window = place.house.window()
    to = asked(window)
    state = re.search(r"state=([^&]+)", to)
    assert state is not None
    (row,) = [row for row in rows(ONE_TIME) if row.purpose == "oidc"]
    assert row.bound is not None and row.account_id is None
    assert state[1].encode() not in bytes(row.digest)
    assert "code_verifier" not in to


def test_an_address_is_never_what_ties(place: Place):
    place.provider.amr = ["mfa"]
    place.provider.claims = {"email": place.ada.email, "email_verified": True}
    place.provider.subject = place.ada.email

    assert tried(place).status_code == 422


def test_a_subject_of_another_issuer_opens_nothing(place: Place):
    import sqlalchemy as sa

    from adherence.store.db import write
    from adherence.store.statements import Statement

    place.tie()
    place.provider.amr = ["mfa"]
    elsewhere = Statement(sa.update(LINK).values(issuer="https://elsewhere.example.org"))
    write(lambda run: run.do(elsewhere))

    assert tried(place).status_code == 422


def test_the_signed_in_person_ties_their_own_account_after_a_factor(place: Place):
    window = place.house.window()
    window.sign_in(place.ada)
    place.house.at += 6 * MINUTE
    page = window.get("/account/ways-in").text
    assert "Hospital account" in page and "Not tied to your account yet." in page
    assert window.send("/account/ways-in", "/account/oidc").status_code == 401, "a factor first"

    place.house.at += MINUTE
    window.send(
        "/account/prove?to=/account/ways-in", "/account/prove", code=place.ada.code(place.house.at)
    )
    to = led(window.send("/account/ways-in", "/account/oidc"))
    done = returned(window, place.provider.authorize(to))
    assert whither(done) == "/account/ways-in"
    assert "You can come in this way." in window.get("/account/ways-in").text
    place.provider.amr = ["mfa"]
    assert whither(tried(place)) == "/"
    assert whither(window.send("/account/ways-in", "/account/oidc/untie")) == "/account/ways-in"
    assert tried(place).status_code == 422
    actions = [row.action for row in rows(AUDIT)]
    assert actions.count("oidc.tie") == actions.count("oidc.untie") == 1


def test_what_was_asked_for_one_session_ties_no_other(place: Place):
    bob = staff(place.house.clinic_id, email="bob@example.org", name="Bob")
    mine, his = place.house.window(), place.house.window("192.0.2.2")
    mine.sign_in(place.ada)
    his.sign_in(bob)
    to = led(mine.send("/account/ways-in", "/account/oidc"))
    answer = returned(his, place.provider.authorize(to))

    assert whither(answer).startswith("/account/ways-in?sso=refused")
    assert rows(LINK) == []


def test_a_state_for_tying_signs_nobody_in(place: Place):
    window = place.house.window()
    window.sign_in(place.ada)
    place.tie()
    back = place.provider.authorize(led(window.send("/account/ways-in", "/account/oidc")))
    path = back.removeprefix("https://localhost").replace("/oidc/back", "/oidc/arrived")
    stranger = place.house.window("192.0.2.3")

    assert stranger.send(path, "/sign-in/oidc/enter").status_code == 422
    assert window.send(path, "/sign-in/oidc/enter").status_code == 422


def test_an_administrator_ties_staff_and_one_subject_opens_one_account(place: Place):
    admin = staff(place.house.clinic_id, Role.ADMIN, email="root@example.org", name="Root")
    window = place.house.window()
    window.sign_in(admin)
    path = f"/staff/{place.ada.actor.account_id}/oidc"
    assert whither(window.send("/staff", path, subject="subject-1")) == "/staff"
    assert oidc.tied_in(admin.actor) == {place.ada.actor.account_id: "subject-1"}
    mine = f"/staff/{admin.actor.account_id}/oidc"
    answer = window.send("/staff", mine, subject="subject-1")
    assert "opens another account" in window.get(whither(answer)).text
    assert list(oidc.tied_in(admin.actor)) == [place.ada.actor.account_id]
    assert window.send("/staff", path, subject="").status_code == 303
    assert oidc.tied_in(admin.actor) == {}


def test_Z7_a_subject_of_two_clinics_comes_into_the_one_that_is_named(place: Place):
    place.tie()
    south = found("South", "south")
    far = staff(south, email="far@example.org", name="Far")
    place.tie(who=far)
    place.provider.amr = ["mfa"]
    assert tried(place).status_code == 422, "of two, none is guessed"
    window = place.house.window()
    to = led(window.send("/clinics/south/sign-in", "/sign-in/oidc"))
    assert whither(returned(window, place.provider.authorize(to))) == "/"
    (session,) = [row for row in rows(SESSION) if row.via == "oidc"]
    assert session.account_id == far.actor.account_id


def test_who_is_shut_out_or_begins_anew_does_not_come_in(place: Place):
    place.tie()
    place.provider.amr = ["mfa"]
    window = place.house.window()
    back = place.provider.authorize(asked(window))
    accounts.disable_account(place.ada.actor.account_id, place.house.at)
    assert returned(window, back).status_code == 422

    bob = staff(place.house.clinic_id, email="bob@example.org", name="Bob")
    place.tie("subject-2", bob)
    invites.begin_anew(bob.actor, bob.actor.account_id, place.house.at)
    place.provider.subject = "subject-2"
    assert tried(place).status_code == 422


def test_a_provider_that_is_away_is_said_so_and_nothing_is_left(place: Place):
    place.provider.is_down = True
    answer = place.house.window().send("/sign-in", "/sign-in/oidc")

    assert answer.status_code == 422
    assert NO in answer.text
    assert [row for row in rows(ONE_TIME) if row.purpose == "oidc"] == []


def test_L6_no_code_or_state_reaches_a_log(place: Place, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    place.tie()
    window = place.house.window()
    back = place.provider.authorize(asked(window))
    returned(window, back)
    for name in ("code", "state"):
        value = re.search(rf"{name}=([^&]+)", back)
        assert value is not None and value[1] not in caplog.text


def test_without_a_provider_there_is_no_such_door(store_url: str):
    with application(store_url) as app:
        house = House(app)
        app.extensions[CLOCK] = lambda: house.at
        window = house.window()
        assert "/sign-in/oidc" not in window.get("/sign-in").text
        assert window.get("/sign-in/oidc/back?code=x&state=y").status_code == 404
        window.sign_in(house.ada)
        assert "oidc" not in window.get("/account/ways-in").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": "http://login.example.org"}, "https"),
        ({"oidc_issuer": "https://login.example.org"}, "ADHERENCE_OIDC_CLIENT_ID"),
    ],
)
def test_unsafe_settings_are_refused(changes: dict[str, Any], said: str):
    with pytest.raises(UnsafeSettings, match=said):
        clinic_settings("sqlite://", **changes)


def test_without_the_package_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    from adherence import settings

    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    with pytest.raises(UnsafeSettings, match=r"adherence\[oidc\]"):
        clinic_settings("sqlite://", oidc_issuer="https://a.example.org", oidc_client_id="x")


def test_a_patient_ties_their_own_account_and_comes_in_as_by_password(place: Place):
    ruth = place.house.ruth
    with pytest.raises(NotFound):
        oidc.tie_member(place.ada.actor, ruth.account_id, "subject-9", place.house.at)
    assert ruth.patient_id is not None
    invite = invites.invite_on_paper(place.ada.actor, ruth.patient_id, "en", place.house.at)
    phone = place.house.window()
    phone.come_by_paper(invite.code)
    to = led(phone.send("/account/ways-in", "/account/oidc"))
    assert whither(returned(phone, place.provider.authorize(to))) == "/account/ways-in"

    laptop = place.house.window("192.0.2.9")
    assert whither(tried(place, laptop)) == "/"
    assert full(laptop)
