"""A sign-in that is halfway: whoever has one factor takes no step that would stand in for another.

Setting up a new second factor, choosing a first password and choosing a PIN are steps for people
who have none yet. Taken out of turn, each would be a way around the second factor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from adherence.domain.access import Stage
from adherence.domain.errors import NotPermitted
from adherence.services import devices, factors, invites, passkeys, sessions, sign_in
from adherence.services.sessions import Browser
from adherence.store.accounts import ACCOUNT
from adherence.store.buckets import BUCKET
from adherence.store.columns import db
from adherence.store.sessions import SESSION
from adherence.web.policy import doors
from adherence.web.typed import Fields
from tests.authenticator import Authenticator
from tests.pages.browsers import forms_of
from tests.practice import (
    PASSWORD,
    PIN,
    entered,
    invited,
    mails,
    opened,
    patient,
    rows,
    staff,
    token_of,
)
from tests.web.test_sign_in import SITE, House, Window, whither

NEW = "violet anchor thimble"
EMAIL = "nora@example.org"


def protected_patient(house: House) -> tuple[Any, str]:
    """A patient with a password and an authenticator app: the actor, and the app's secret."""
    nora = patient(house.ada.actor, "Nora Niemand", EMAIL)
    cookie, _ = invited(house.ada.actor, nora, house.at)
    session = opened(cookie, house.at)
    chosen = sign_in.change_password(session, "", PASSWORD, Browser(cookie), house.at)
    session = opened(chosen.secret, house.at)
    offered = factors.new_totp(chosen.secret, "Nora", "")
    code = pyotp.TOTP(offered.secret).at(int(house.at.timestamp()))
    assert sign_in.enrol(session, offered, code, Browser(chosen.secret), house.at)
    return nora, offered.secret


def by_password_of_staff(house: House) -> Window:
    window = house.window()
    assert whither(window.password(house.ada.email)) == "/sign-in/next"
    return window


def by_link_of_staff(house: House) -> Window:
    window = house.window()
    window.send("/sign-in/forgotten", "/sign-in/mail", email=house.ada.email, reason="reset")
    window.send("/code", "/code", token=token_of(mails()[-1]["link"]))
    return window


def by_set_up(house: House) -> Window:
    window = house.window()
    spare = staff(house.clinic_id, email="spare@example.org", name="Bea Lind")
    link = invites.begin_anew(house.ada.actor, spare.actor.account_id, house.at)
    window.send("/code", "/code", token=token_of(link))
    return window


def by_first_password(house: House) -> Window:
    window = by_set_up(house)
    page = "/sign-in/password/new"
    window.send(page, page, password=NEW, again=NEW)
    return window


def by_invitation(house: House) -> Window:
    window = house.window()
    assert house.ruth.patient_id is not None
    made = invites.invite_on_paper(house.ada.actor, house.ruth.patient_id, "en", house.at)
    window.send("/code", "/code", token=made.code)
    return window


def by_password_of_a_patient(house: House) -> Window:
    window = house.window()
    protected_patient(house)
    assert whither(window.password(EMAIL)) == "/sign-in/next"
    return window


def by_link_of_a_patient(house: House) -> Window:
    window = house.window()
    protected_patient(house)
    window.send("/sign-in/mail", "/sign-in/mail", email=EMAIL)
    assert whither(window.send("/code", "/code", token=token_of(mails()[-1]["link"]))) == (
        "/sign-in/next"
    )
    return window


#: How a sign-in came to be halfway, and the one step that is open to it.
HALFWAY: dict[Callable[[House], Window], str] = {
    by_password_of_staff: "/sign-in/second",
    by_link_of_staff: "/sign-in/second",
    by_set_up: "/sign-in/password/new",
    by_first_password: "/sign-in/enrol",
    by_invitation: "/welcome",
    by_password_of_a_patient: "/sign-in/second",
    by_link_of_a_patient: "/sign-in/second",
}
#: Every step, and everything that may be sent there with what would be right.
STEPS = {
    "/sign-in/second": [
        "/sign-in/second",
        "/sign-in/second/passkey",
        "/sign-in/second/passkey/options",
    ],
    "/sign-in/password/new": ["/sign-in/password/new"],
    "/sign-in/enrol": [
        "/sign-in/enrol",
        "/sign-in/enrol/passkey",
        "/sign-in/enrol/passkey/options",
    ],
    "/welcome": ["/welcome"],
}
TYPED = {"password": NEW, "again": NEW, "pin": PIN, "locale": "en", "answer": "{}"}


def fields_of(house: House, path: str) -> Fields | None:
    """The fields of the form that a path takes."""
    endpoint, _named = house.app.url_map.bind("localhost").match(path, "POST")
    return doors(house.app)[endpoint].fields


def forget_tries() -> None:
    """Let the throttles begin anew: what refuses here is to be the order of the steps."""
    db.session.execute(sa.delete(BUCKET))
    db.session.commit()


def kept() -> str:
    """All that opens an account, and every session that is more than halfway."""
    full = [row for row in rows(SESSION) if row.stage == Stage.FULL]
    tables = (db.metadata.tables[name] for name in ("passkey", "recovery", "device"))
    known = [(row.id, row.password, row.totp) for row in rows(ACCOUNT)]
    return repr((known, full, [rows(table) for table in tables]))


@pytest.mark.parametrize("come", HALFWAY, ids=lambda come: come.__name__)
def test_A9_no_step_is_taken_out_of_turn(house: House, come: Callable[[House], Window]):
    window, step = come(house), HALFWAY[come]
    assert whither(window.get("/sign-in/next")) == step
    page = window.get(step)
    assert page.status_code == 200
    token = next(fields["csrf_token"] for _, fields in forms_of(page.text) if fields)
    secret = window.cookie("__Host-session")
    offered = factors.new_totp(secret, "", "")
    code = pyotp.TOTP(offered.secret).at(int(house.at.timestamp()))
    before = kept()
    for other, posts in STEPS.items():
        if other == step:
            continue
        answer = window.get(other)
        assert (answer.status_code, whither(answer) if answer.status_code == 303 else "") in (
            (303, "/sign-in/next"),
            (403, ""),
        ), other
        for path in posts:
            forget_tries()
            found = fields_of(house, path)
            assert found is not None
            typed = {**TYPED, "code": code}
            sent = {name: typed[name] for name in typed.keys() & found.plain}
            answer = window.post(path, {**sent, "csrf_token": token})
            assert answer.status_code in (401, 403), path

    assert kept() == before
    assert not window.is_in()
    assert window.cookie("__Host-session") == secret


@pytest.mark.postgres
def test_A9_a_password_alone_sets_up_no_second_factor(house: House):
    """The services refuse it too, in the transaction: a page that forgot to ask opens nothing."""
    ada, at = house.ada, house.at
    began = entered(sign_in.by_password("", ada.email, PASSWORD, Browser(), at))
    session, browser = opened(began.secret, at), Browser(began.secret)
    offered = factors.new_totp(began.secret, "", "")
    code = pyotp.TOTP(offered.secret).at(int(at.timestamp()))
    phone = Authenticator(SITE)
    answer = phone.create(passkeys.new_options(session, began.secret, at))
    before = kept()

    with pytest.raises(NotPermitted):
        sign_in.enrol(session, offered, code, browser, at)
    with pytest.raises(NotPermitted):
        passkeys.add_passkey(session, began.secret, answer, "", browser, at)
    with pytest.raises(NotPermitted):
        sign_in.choose_first_password(session, NEW, browser, at)
    assert kept() == before
    assert sessions.open_session(began.secret, at), "a refused step ended the first one"
    assert sign_in.finish(session, ada.code(at), browser, at)


@pytest.mark.postgres
def test_A9_a_patients_password_or_mail_chooses_no_pin(house: House):
    protected_patient(house)
    began = entered(sign_in.by_password("", EMAIL, PASSWORD, Browser(), house.at))
    session = opened(began.secret, house.at)
    before = kept()

    with pytest.raises(NotPermitted):
        devices.welcome(session, PIN, "en", Browser(began.secret), house.at)
    assert kept() == before


def test_A9_of_two_who_set_up_the_first_second_factor_the_second_shows_it(house: House):
    """Somebody who knows the password begins first and enrols last: too late."""
    owner = by_first_password(house)
    thief = house.window("203.0.113.9")
    assert whither(thief.password("spare@example.org", NEW)) == "/sign-in/next"
    page = thief.get("/sign-in/enrol")
    path, fields = next(
        one for one in forms_of(page.text) if one[0].partition("?")[0].endswith("/sign-in/enrol")
    )
    code = pyotp.TOTP(shown_secret(owner.get("/sign-in/enrol").text))
    done = owner.send("/sign-in/enrol", "/sign-in/enrol", code=code.at(int(house.at.timestamp())))
    assert done.status_code == 200
    code = pyotp.TOTP(shown_secret(page.text))

    answer = thief.post(path, fields | {"code": code.at(int(house.at.timestamp()))})

    assert answer.status_code == 401
    assert not thief.is_in()
    assert owner.is_in()
    assert whither(thief.get("/sign-in/next")) == "/sign-in/second"


def shown_secret(html: str) -> str:
    """The secret that a page offers for an authenticator app."""
    found = re.search(r'class="code-text">([A-Z2-7-]+)<', html)
    assert found
    return found[1].replace("-", "")


def test_A12_a_code_by_mail_sets_a_password_and_does_not_pass_the_second_factor(house: House):
    window = by_link_of_staff(house)
    assert not window.is_in()
    wrong = window.send("/sign-in/second", "/sign-in/second", code="000000")
    assert wrong.status_code == 422
    right = window.send("/sign-in/second", "/sign-in/second", code=house.ada.code(house.at))
    assert whither(right) == "/account/password"


def test_A9_a_passkey_of_the_first_visit_is_taken_in_its_turn(house: House):
    window, phone = by_first_password(house), Authenticator(SITE)
    options = window.options("/sign-in/enrol", "/sign-in/enrol/passkey")

    done = window.send(
        "/sign-in/enrol", "/sign-in/enrol/passkey", answer=json.dumps(phone.create(options))
    )

    assert done.status_code == 200
    assert len(re.findall(r'<li class="code-text">', done.text)) == 10
    assert window.is_in()
