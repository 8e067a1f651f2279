"""Proxies: who acts for whom, from when to when, and what ends it at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from adherence.domain.access import POLICY, PROXY_MAY, Actor, Relation, Role
from adherence.domain.errors import InvalidInput, NotFound
from adherence.services import accounts, audit, patients, proxies, relations, sessions
from adherence.services.sessions import Browser, beginning
from tests.practice import (
    DAY,
    MONDAY,
    SECOND,
    application,
    entered,
    found,
    opened,
    patient,
    staff,
)


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url) as made:
        yield made


def add(by: Actor, of: Actor, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "name": "Maria Aldous",
        "email": "",
        "until_at": None,
        "until_grown": False,
        "locale": "en",
        "now": MONDAY,
    }
    assert of.patient_id is not None
    return proxies.add_proxy(by, of.patient_id, **{**given, **changes})


def proxy_of(by: Actor, of: Actor, **changes: Any) -> Actor:
    """The actor of a proxy who was added just now."""
    add(by, of, **changes)
    assert of.patient_id is not None
    one = max(proxies.proxies_of(by, of.patient_id, MONDAY), key=lambda one: one.id)
    return accounts.actor_of(one.account_id)


def relation(who: Actor, of: Actor, at: datetime = MONDAY) -> Relation:
    assert of.patient_id is not None
    return relations.relation_to_patient(who, of.patient_id, at)


def test_a_proxy_stands_to_one_patient_and_to_no_other(app: Flask):
    ada = staff(found()).actor
    ruth, jonas = patient(ada), patient(ada, "Jonas Weber")
    maria = proxy_of(ada, ruth)

    assert relation(maria, ruth) is Relation.PROXY
    assert relation(maria, jonas) is Relation.NONE
    assert relation(ruth, ruth) is Relation.SELF
    assert relation(jonas, ruth) is Relation.NONE
    assert maria.role is Role.PATIENT
    assert maria.patient_id is None


def test_Z8_a_proxy_ends_at_its_moment_and_by_a_tap(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    until = proxy_of(ada, ruth, until_at=MONDAY + DAY)
    tapped = proxy_of(ada, ruth, name="Paul Aldous")

    assert relation(until, ruth, MONDAY + DAY - SECOND) is Relation.PROXY
    assert relation(until, ruth, MONDAY + DAY) is Relation.NONE
    assert relation(until, ruth, MONDAY - SECOND) is Relation.NONE, "not before it began"
    one = next(
        one
        for one in proxies.proxies_of(ruth, ruth.patient_id, MONDAY)
        if one.account_id == tapped.account_id
    )
    proxies.end_proxy(ruth, ruth.patient_id, one.id, MONDAY + SECOND)
    assert relation(tapped, ruth, MONDAY + SECOND) is Relation.NONE
    with pytest.raises(NotFound):
        proxies.end_proxy(ruth, ruth.patient_id, one.id, MONDAY + DAY)


@pytest.mark.parametrize(("born", "grown_age", "last"), [(2012, 18, 2029), (2012, 16, 2027)])
def test_Z8_a_parents_part_ends_with_childhood_as_the_clinic_sets_it(
    app: Flask, born: int, grown_age: int, last: int
):
    clinic = patients.add_clinic(
        name="Praxis", zone="Europe/Berlin", emergency_number="112", now=MONDAY, grown_age=grown_age
    )
    ada = staff(clinic).actor
    child = patient(ada, "Kai Aldous", born=born)
    parent = proxy_of(ada, child, until_grown=True)
    other = proxy_of(ada, child, name="Tante Eva")

    new_year = datetime(last + 1, 1, 1, tzinfo=UTC)
    assert relation(parent, child, new_year - SECOND) is Relation.PROXY
    assert relation(parent, child, new_year) is Relation.NONE
    assert relation(other, child, new_year) is Relation.PROXY
    assert proxies.patients_of(parent, new_year) == []


def test_a_parents_part_needs_a_year_of_birth_and_a_child(app: Flask):
    ada = staff(found()).actor
    with pytest.raises(InvalidInput, match="no_birth_year"):
        add(ada, patient(ada, "Nobody Knows", born=None), until_grown=True)
    with pytest.raises(InvalidInput, match="grown_up"):
        add(ada, patient(ada, "Grown Up", born=2008), until_grown=True)
    add(ada, patient(ada, "Not Yet", born=2009), until_grown=True)


def test_what_cannot_be_is_refused(app: Flask):
    clinic = found()
    doctor = staff(clinic)
    ada = doctor.actor
    ruth = patient(ada, email="ruth@example.org")
    for changes, field in (
        ({"name": " "}, "name"),
        ({"until_at": MONDAY}, "until"),
        ({"email": "none"}, "email"),
        ({"email": doctor.email}, "email"),
        ({"email": "ruth@example.org"}, "email"),
    ):
        with pytest.raises(InvalidInput) as refused:
            add(ada, ruth, **changes)
        assert refused.value.field == field
    assert proxies.proxies_of(ada, ruth.patient_id, MONDAY) == []  # type: ignore[arg-type]


def test_a_patient_may_act_for_another_with_the_account_they_have(app: Flask):
    ada = staff(found()).actor
    ruth, jonas = patient(ada), patient(ada, "Jonas Weber", email="jonas@example.org")

    assert add(ada, ruth, email="Jonas@example.org") is None, "an invitation nobody needs"
    assert relation(jonas, ruth) is Relation.PROXY
    assert relation(jonas, jonas) is Relation.SELF
    with pytest.raises(InvalidInput, match="acts_already"):
        add(ada, ruth, email="jonas@example.org")


def test_Z8_acting_goes_on_under_a_new_id_and_ends_on_the_next_request(app: Flask):
    from adherence.services import devices, sign_in
    from tests.practice import PIN

    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    invite = add(ada, ruth)
    began = entered(sign_in.by_code(invite.code, "", Browser(), MONDAY))
    done, _ = devices.welcome(
        opened(began.secret, MONDAY), PIN, "en", Browser(began.secret), MONDAY
    )
    session = opened(done.secret, MONDAY)
    new = beginning(Browser(done.secret), MONDAY)
    secret = proxies.act(new, session, ruth.patient_id, MONDAY)

    acting = opened(secret, MONDAY)
    assert acting.actor.acts_for == ruth.patient_id
    assert (acting.ends_at, acting.proved_at) == (session.ends_at, session.proved_at)
    assert sessions.open_session(done.secret, MONDAY) is None
    one = proxies.proxies_of(ruth, ruth.patient_id, MONDAY)[0]
    proxies.end_proxy(ada, ruth.patient_id, one.id, MONDAY)
    assert opened(secret, MONDAY).actor.acts_for is None
    with pytest.raises(NotFound):
        proxies.act(beginning(Browser(secret), MONDAY), acting, ruth.patient_id, MONDAY)
    assert audit.verify(ada.clinic_id) == []


def test_Z5_a_proxy_ends_their_own_part_and_never_anothers(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    maria, paul = proxy_of(ada, ruth), proxy_of(ada, ruth, name="Paul")
    by_account = {
        one.account_id: one.id for one in proxies.proxies_of(ada, ruth.patient_id, MONDAY)
    }

    with pytest.raises(NotFound):
        proxies.end_proxy(maria, ruth.patient_id, by_account[paul.account_id], MONDAY)
    assert relation(paul, ruth) is Relation.PROXY
    proxies.end_proxy(maria, ruth.patient_id, by_account[maria.account_id], MONDAY)
    assert relation(maria, ruth, MONDAY + SECOND) is Relation.NONE


def test_Z7_nobody_of_another_clinic_acts_for_ours(app: Flask):
    ada, far = staff(found("North", "north")).actor, staff(found("South", "south")).actor
    ruth = patient(ada)
    patient(far, "Jonas Weber", email="jonas@example.org")

    with pytest.raises(NotFound):
        add(far, ruth)
    with pytest.raises(NotFound):
        proxies.proxies_of(far, ruth.patient_id, MONDAY)  # type: ignore[arg-type]
    invite = add(ada, ruth, email="jonas@example.org")
    assert invite is not None, "an account of another clinic was taken for one of ours"


def test_an_account_shut_out_acts_for_nobody(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    maria = proxy_of(ada, ruth)
    accounts.disable_account(maria.account_id, MONDAY)

    assert relation(maria, ruth) is Relation.NONE


def test_Z1_a_proxy_may_log_and_read_and_settles_nothing(app: Flask):
    may = {action for action, rule in POLICY.items() if Relation.PROXY in dict_of(rule)}

    assert may == {*PROXY_MAY, "proxy.end"}
    assert not may & {"zone.change", "goal.set", "activity.assign", "notice.review", "team.change"}


def dict_of(rule: Any) -> set[Relation]:
    return {relation for _, relation in rule.may}


def test_entries_of_a_proxy_say_so(app: Flask):
    from adherence.domain.entries import Source
    from adherence.services import entries
    from adherence.store.entries import ENTRY
    from adherence.store.ids import new_id
    from tests.practice import rows

    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    maria = proxy_of(ada, ruth)
    said = {"symptom": "pain", "value": 3.0, "performed_at": MONDAY, "status": None}
    for who in (maria, ruth):
        entries.log_entry(who, ruth.patient_id, {**said, "client_id": new_id()}, MONDAY)

    kept = {row.author_id: row.source for row in rows(ENTRY)}
    assert kept == {maria.account_id: Source.PROXY, ruth.account_id: Source.SELF}
