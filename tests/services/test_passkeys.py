"""Passkeys: whose, once, where it was asked, verified; and everything that is none of that."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from adherence.domain.access import Stage
from adherence.domain.errors import InvalidInput, NotFound
from adherence.services import passkeys, sessions, sign_in
from adherence.services.passkeys import Refused
from adherence.services.sessions import Browser, Entered
from adherence.store.factors import PASSKEY
from tests.authenticator import Authenticator
from tests.practice import (
    HOUR,
    MINUTE,
    MONDAY,
    PASSWORD,
    Staff,
    application,
    at_once,
    entered,
    found,
    is_in,
    opened,
    patient,
    rows,
    staff,
)

SITE = "https://localhost"
EARLIER = MONDAY - HOUR


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url) as made:
        yield made


@pytest.fixture
def ada(app: Flask) -> Staff:
    return staff(found())


def add(who: Staff, phone: Authenticator, at: Any = EARLIER) -> Entered:
    """A passkey of somebody who is signed in."""
    session = opened(who.cookie, at)
    answer = phone.create(passkeys.new_options(session, who.cookie, at))
    done, _ = passkeys.add_passkey(session, who.cookie, answer, "Ring", Browser(who.cookie), at)
    who.cookie = done.secret
    return done


def come_in(answer: dict[str, Any], bound: str = "mine", at: Any = MONDAY) -> Entered:
    return passkeys.by_passkey(answer, bound, Browser(), at)


def asked(bound: str = "mine", at: Any = MONDAY) -> dict[str, Any]:
    return passkeys.sign_in_options(bound, at)


@pytest.mark.parametrize("synced", [True, False])
def test_a_passkey_signs_in_as_two_factors_without_a_name(ada: Staff, synced: bool):
    phone = Authenticator(SITE, synced=synced)
    add(ada, phone)

    for turn in range(2):
        done = come_in(phone.get(asked(), with_handle=bool(turn)))
        assert (done.actor.account_id, done.stage) == (ada.actor.account_id, Stage.FULL)
        assert is_in(done.secret, MONDAY)


def test_the_question_asks_for_a_key_that_stays_and_for_the_person(ada: Staff):
    options = passkeys.new_options(opened(ada.cookie, EARLIER), ada.cookie, EARLIER)
    chosen = options["authenticatorSelection"]

    assert chosen["residentKey"] == "required"
    assert chosen["userVerification"] == "required"
    assert "authenticatorAttachment" not in chosen, "a phone's own passkeys would be left out"
    assert options["rp"]["id"] == "localhost"
    assert options["user"]["name"] == "Ada Roth, Praxis am Markt"
    assert asked()["userVerification"] == "required"
    assert not asked().get("allowCredentials")


def test_a_question_is_answered_once_even_where_keys_count_nothing(app: Flask, ada: Staff):
    phone = Authenticator(SITE)
    add(ada, phone)
    answer = phone.get(asked())

    def work(number: int) -> Entered | None:
        try:
            return come_in(answer)
        except Refused:
            return None

    assert sum(one is not None for one in at_once(app, work)) == 1
    with pytest.raises(Refused):
        come_in(answer)


def test_an_answer_is_worth_nothing_in_another_browser_or_too_late(ada: Staff):
    phone = Authenticator(SITE)
    add(ada, phone)

    with pytest.raises(Refused):
        come_in(phone.get(asked("mine")), "another")
    with pytest.raises(Refused):
        come_in(phone.get(asked()), at=MONDAY + 5 * MINUTE)


def test_asking_again_ends_the_question_before(ada: Staff):
    phone = Authenticator(SITE)
    add(ada, phone)
    first = asked()
    asked()

    with pytest.raises(Refused):
        come_in(phone.get(first))


@pytest.mark.parametrize(
    ("origin", "rp_id", "verifies"),
    [
        ("https://evil.example", "localhost", True),
        ("http://localhost", "localhost", True),
        (SITE, "evil.example", True),
        (SITE, "localhost", False),
    ],
    ids=["another origin", "no TLS", "another host", "nobody verified"],
)
def test_what_was_signed_elsewhere_or_by_nobody_is_refused(
    ada: Staff, origin: str, rp_id: str, verifies: bool
):
    phone = Authenticator(SITE)
    add(ada, phone)
    phone.origin, phone.rp_id, phone.verifies = origin, rp_id, verifies

    with pytest.raises(Refused):
        come_in(phone.get(asked()))
    session = opened(ada.cookie, EARLIER)
    answer = phone.create(passkeys.new_options(session, ada.cookie, EARLIER))
    with pytest.raises(Refused):
        passkeys.add_passkey(session, ada.cookie, answer, "", Browser(ada.cookie), EARLIER)
    assert len(rows(PASSKEY)) == 1


def test_a_key_that_counts_backwards_is_refused(ada: Staff):
    phone = Authenticator(SITE, synced=False)
    add(ada, phone)
    come_in(phone.get(asked()))
    phone.count = 0

    with pytest.raises(Refused):
        come_in(phone.get(asked()))


def test_another_persons_handle_is_refused(app: Flask):
    clinic = found()
    ada, bea = staff(clinic), staff(clinic, email="bea@example.org", name="Bea Lind")
    one, two = Authenticator(SITE), Authenticator(SITE)
    add(ada, one), add(bea, two)
    credential, (key, _) = next(iter(one.keys.items()))
    one.keys[credential] = (key, next(iter(two.keys.values()))[1])

    with pytest.raises(Refused):
        come_in(one.get(asked()))


def broken(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer with each part missing, of another kind, or changed."""
    for name in answer:
        yield {key: value for key, value in answer.items() if key != name}
        for value in (None, 1, [], {}, "", "é", "A" * 9000):
            yield {**answer, name: value}
    for name in answer["response"]:
        for value in (None, 1, [], {}, "", "é", "AAAA", "A" * 9000):
            changed = copy.deepcopy(answer)
            changed["response"][name] = value
            yield changed


def test_an_answer_that_is_broken_anywhere_is_refused_and_nothing_breaks(ada: Staff):
    phone = Authenticator(SITE)
    add(ada, phone)
    tried = 0
    for wrong in broken(phone.get(asked())):
        fresh = asked()
        answer = phone.get(fresh)
        merged = {**wrong}
        if merged.get("response") == answer["response"]:
            continue
        tried += 1
        with pytest.raises(Refused):
            come_in(merged)
    assert tried > 60
    for wrong in ({}, {"response": None}, {"response": {"clientDataJSON": "e30"}}):
        with pytest.raises(Refused):
            come_in(wrong)


def test_a_broken_new_passkey_is_refused_and_nothing_is_kept(ada: Staff):
    phone = Authenticator(SITE)
    session = opened(ada.cookie, EARLIER)
    for wrong in broken(phone.create(passkeys.new_options(session, ada.cookie, EARLIER))):
        if wrong.get("clientExtensionResults") is None or "type" not in wrong:
            continue
        with pytest.raises((Refused, NotFound)):
            passkeys.add_passkey(session, ada.cookie, wrong, "", Browser(ada.cookie), EARLIER)
        passkeys.new_options(session, ada.cookie, EARLIER)
    assert rows(PASSKEY) == []


def test_one_session_keeps_no_passkey_that_another_asked_for(app: Flask):
    clinic = found()
    ada, bea = staff(clinic), staff(clinic, email="bea@example.org", name="Bea Lind")
    phone = Authenticator(SITE)
    answer = phone.create(passkeys.new_options(opened(ada.cookie, EARLIER), ada.cookie, EARLIER))

    with pytest.raises(Refused):
        passkeys.add_passkey(
            opened(bea.cookie, EARLIER), bea.cookie, answer, "", Browser(bea.cookie), EARLIER
        )


def test_Z7_the_passkey_of_one_clinic_never_opens_another(app: Flask):
    one, two = staff(found("North", "north")), staff(found("South", "south"))
    phone = Authenticator(SITE)
    add(one, phone)

    done = come_in(phone.get(asked()))

    assert done.actor.clinic_id == one.actor.clinic_id != two.actor.clinic_id


def test_a_passkey_is_the_second_step_and_another_persons_is_not(app: Flask):
    clinic = found()
    ada, bea = staff(clinic), staff(clinic, email="bea@example.org", name="Bea Lind")
    mine, others = Authenticator(SITE), Authenticator(SITE)
    add(ada, mine), add(bea, others)
    began = entered(sign_in.by_password("", ada.email, PASSWORD, Browser(), MONDAY))
    session = opened(began.secret, MONDAY)

    with pytest.raises(Refused):
        answer = others.get(passkeys.prove_options(session, began.secret, MONDAY))
        passkeys.prove(session, began.secret, answer, Browser(began.secret), MONDAY)
    answer = mine.get(passkeys.prove_options(session, began.secret, MONDAY))
    done = passkeys.prove(session, began.secret, answer, Browser(began.secret), MONDAY)
    assert is_in(done.secret, MONDAY)
    assert sessions.open_session(began.secret, MONDAY) is None


def test_S9_a_passkey_shown_again_makes_the_session_fresh(ada: Staff):
    phone = Authenticator(SITE)
    add(ada, phone)
    at = EARLIER + 8 * MINUTE
    session = opened(ada.cookie, at)
    assert not session.is_fresh(at)
    question = passkeys.prove_options(session, ada.cookie, at)
    with pytest.raises(Refused):
        come_in(phone.get(question), ada.cookie, at)

    answer = phone.get(passkeys.prove_options(session, ada.cookie, at))
    done = passkeys.prove(session, ada.cookie, answer, Browser(ada.cookie), at)

    after = opened(done.secret, at)
    assert after.is_fresh(at)
    assert after.ends_at == session.ends_at


def test_a_passkey_that_was_removed_opens_nothing(app: Flask, ada: Staff):
    phone = Authenticator(SITE)
    add(ada, phone)
    one = passkeys.passkeys_of(ada.actor.account_id)[0]
    assert (one.label, one.backed_up) == ("Ring", True)

    passkeys.drop_passkey(ada.actor, one.id, ada.cookie, EARLIER)

    with pytest.raises(Refused):
        come_in(phone.get(asked()))
    with pytest.raises(NotFound):
        passkeys.drop_passkey(ada.actor, one.id, ada.cookie, EARLIER)


def test_A12_staff_keep_a_second_step(ada: Staff):
    phone = Authenticator(SITE)
    add(ada, phone)
    sign_in.drop_totp(ada.actor, EARLIER)
    one = passkeys.passkeys_of(ada.actor.account_id)[0]

    with pytest.raises(InvalidInput, match="last_factor"):
        passkeys.drop_passkey(ada.actor, one.id, ada.cookie, EARLIER)
    assert come_in(phone.get(asked()))


def test_a_patients_first_passkey_brings_recovery_codes(app: Flask):
    from tests.practice import invited

    by = staff(found()).actor
    ruth = patient(by)
    cookie, _ = invited(by, ruth)
    phone = Authenticator(SITE)
    session = opened(cookie, MONDAY)
    answer = phone.create(passkeys.new_options(session, cookie, MONDAY))
    done, codes = passkeys.add_passkey(session, cookie, answer, "", Browser(cookie), MONDAY)

    assert len(codes) == 10
    assert come_in(phone.get(asked())).actor == ruth
    session = opened(done.secret, MONDAY)
    again = Authenticator(SITE)
    answer = again.create(passkeys.new_options(session, done.secret, MONDAY))
    _, more = passkeys.add_passkey(session, done.secret, answer, "", Browser(done.secret), MONDAY)
    assert more == []


@pytest.mark.parametrize(
    ("address", "possible"),
    [
        ("https://praxis.example.org", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("https://[::1]", False),
    ],
)
def test_an_address_without_a_name_has_no_passkeys(app: Flask, address: str, possible: bool):
    from dataclasses import replace

    from adherence.settings import EXTENSION, Mode

    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], base_url=address, mode=Mode.DEMO)
    assert passkeys.are_possible() is possible
