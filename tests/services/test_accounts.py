"""Ways in: links that work once, sessions that end, tokens, and what disabling shuts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from adherence.domain.access import Actor, Relation, Role
from adherence.domain.activities import Discipline
from adherence.domain.errors import NotFound
from adherence.services import (
    accounts,
    audit,
    care_teams,
    patients,
    relations,
    sessions,
    sign_in,
)
from adherence.services.sessions import Browser, Entered
from adherence.store.accounts import ACCOUNT, TOKEN
from adherence.store.columns import db
from adherence.store.one_time import ONE_TIME
from adherence.store.sessions import SESSION
from tests.wards import DAY, MONDAY, clinic, patient_of

THREADS = 20
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("app")


def person(role: Role = Role.CLINICIAN) -> Actor:
    """Somebody of a clinic of their own."""
    clinic_id, therapist = clinic()
    if role is Role.CLINICIAN:
        return therapist
    if role is Role.PATIENT:
        return patient_of(therapist)
    return accounts.actor_of(accounts.create_account(clinic_id, role, "Else", "de", MONDAY))


def at_once(app: Flask, work: Any) -> list[Any]:
    """What ``work`` answers in each of twenty threads that begin together."""
    barrier = Barrier(THREADS)

    def run(number: int) -> Any:
        with app.app_context():
            barrier.wait(20)
            return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def redeem_link(token: str, now: Any, replaces: str | None = None) -> str | None:
    """The secret of the session that a code opens, None when it opens none."""
    entered = sign_in.by_code(token, "this browser", Browser(replaces), now)
    return entered.secret if isinstance(entered, Entered) else None


def rows(table: Any) -> list[Any]:
    found = list(db.session.execute(sa.select(table)).all())
    db.session.rollback()
    return found


# --- links -------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(3))
def test_of_twenty_that_redeem_a_link_together_one_gets_in(app: Flask, turn: int):
    token = accounts.make_link(person().account_id, MONDAY)

    secrets = at_once(app, lambda number: redeem_link(token, MONDAY))

    assert sum(secret is not None for secret in secrets) == 1
    assert len(rows(SESSION)) == 1


def test_twenty_links_of_one_account_open_twenty_sessions(app: Flask):
    actor = person()
    tokens = [accounts.make_link(actor.account_id, MONDAY) for _ in range(THREADS)]

    secrets = at_once(app, lambda number: redeem_link(tokens[number], MONDAY))

    assert len({*secrets} - {None}) == THREADS


def test_a_link_works_until_its_last_moment_and_not_at_it():
    actor = person()
    for early, works in ((timedelta(microseconds=1), True), (timedelta(0), False)):
        token = accounts.make_link(actor.account_id, MONDAY, minutes=10)
        secret = redeem_link(token, MONDAY + 10 * MINUTE - early)
        assert (secret is not None) is works


def test_a_used_link_is_used_for_good():
    token = accounts.make_link(person().account_id, MONDAY, minutes=60)

    assert redeem_link(token, MONDAY)
    for later in (MONDAY, MONDAY + MINUTE, MONDAY - MINUTE):
        assert redeem_link(token, later) is None


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800", "a" * 10_000, "\0"])
def test_a_token_that_never_was_opens_nothing(token: str):
    accounts.make_link(person().account_id, MONDAY)

    assert redeem_link(token, MONDAY) is None
    assert sessions.open_session(token, MONDAY) is None
    assert accounts.actor_of_token(token, MONDAY) is None


def test_a_link_is_no_bearer_and_a_bearer_no_link():
    """What lets somebody in for one purpose is worth nothing for another."""
    actor = person()
    link = accounts.make_link(actor.account_id, MONDAY)
    bearer = accounts.make_token(actor.account_id, "phone", MONDAY)
    secret = redeem_link(accounts.make_link(actor.account_id, MONDAY), MONDAY)
    assert secret is not None

    assert accounts.actor_of_token(link, MONDAY) is None
    assert accounts.actor_of_token(secret, MONDAY) is None
    assert sessions.open_session(link, MONDAY) is None
    assert sessions.open_session(bearer, MONDAY) is None
    assert redeem_link(bearer, MONDAY) is None
    assert redeem_link(secret, MONDAY) is None


def test_tables_hold_no_value_that_lets_anybody_in():
    actor = person()
    link = accounts.make_link(actor.account_id, MONDAY)
    bearer = accounts.make_token(actor.account_id, "phone", MONDAY)
    secret = redeem_link(accounts.make_link(actor.account_id, MONDAY), MONDAY)
    assert secret is not None

    kept = repr([rows(table) for table in (ONE_TIME, SESSION, TOKEN)])
    for value in (link, bearer, secret):
        assert value not in kept
        assert value.encode().hex() not in kept


def test_the_hash_of_a_link_cannot_be_made_without_the_key():
    import hashlib

    token = accounts.make_link(person().account_id, MONDAY)

    assert bytes(rows(ONE_TIME)[0].digest) != hashlib.sha256(token.encode()).digest()


def test_a_link_made_under_an_earlier_key_works_while_that_key_is_listed(app: Flask):
    from dataclasses import replace

    from adherence.settings import EXTENSION

    actor = person()
    tokens = [accounts.make_link(actor.account_id, MONDAY) for _ in range(2)]
    old = app.extensions[EXTENSION]
    fresh = "another-key-of-tests-0123456789-abcdef"
    app.extensions[EXTENSION] = replace(
        old, secret_key=fresh, secret_key_fallbacks=(old.secret_key,)
    )
    assert redeem_link(tokens[0], MONDAY)
    app.extensions[EXTENSION] = replace(old, secret_key=fresh)
    assert redeem_link(tokens[1], MONDAY) is None


def test_making_and_redeeming_leaves_one_line_and_no_secret_in_the_audit():
    actor = person()
    redeem_link(accounts.make_link(actor.account_id, MONDAY), MONDAY)

    assert audit.verify(actor.clinic_id) == []


# --- sessions ----------------------------------------------------------------------------------


def session_of(actor: Actor, now: Any = MONDAY) -> str:
    secret = redeem_link(accounts.make_link(actor.account_id, now), now)
    assert secret is not None
    return secret


@pytest.mark.parametrize(
    ("role", "minutes"),
    [(Role.PATIENT, 30), (Role.CLINICIAN, 15), (Role.PROGRAMME_MANAGER, 15), (Role.ADMIN, 15)],
)
def test_a_session_that_nobody_uses_ends(role: Role, minutes: int):
    secret = session_of(person(role))

    assert sessions.open_session(secret, MONDAY + minutes * MINUTE - timedelta(microseconds=1))
    assert sessions.open_session(secret, MONDAY + minutes * MINUTE) is None


def test_opening_a_session_never_prolongs_it():
    secret = session_of(person(Role.PATIENT))
    for minute in range(0, 30, 2):
        assert sessions.open_session(secret, MONDAY + minute * MINUTE)

    assert sessions.open_session(secret, MONDAY + 30 * MINUTE) is None


def test_an_act_prolongs_a_session_up_to_its_end_only():
    secret = session_of(person())
    now = MONDAY
    while now < MONDAY + timedelta(hours=11, minutes=50):
        now += 10 * MINUTE
        assert sessions.open_session(secret, now)
        sessions.see_session(secret, now)

    assert sessions.open_session(secret, MONDAY + timedelta(hours=12) - timedelta(seconds=1))
    sessions.see_session(secret, MONDAY + timedelta(hours=12))
    assert sessions.open_session(secret, MONDAY + timedelta(hours=12)) is None


def test_an_act_noted_late_does_not_turn_the_clock_back():
    secret = session_of(person())
    sessions.see_session(secret, MONDAY + 10 * MINUTE)
    sessions.see_session(secret, MONDAY + 5 * MINUTE)

    assert sessions.open_session(secret, MONDAY + 24 * MINUTE)


def test_a_dead_session_is_not_brought_back_by_an_act():
    secret = session_of(person())
    late = MONDAY + 20 * MINUTE
    assert sessions.open_session(secret, late) is None
    # The guard notes acts of opened sessions only; a stray call must not revive one either way.
    assert sessions.open_session(secret, late + MINUTE) is None


def test_an_ended_session_is_gone_and_others_stay():
    actor = person()
    first, second = session_of(actor), session_of(actor)

    sessions.end_session(first, actor, MONDAY)

    assert sessions.open_session(first, MONDAY) is None
    assert sessions.open_session(second, MONDAY)


def test_redeeming_ends_the_session_the_browser_held_and_a_wrong_code_does_not():
    actor = person()
    before = session_of(actor)

    assert redeem_link("wrong", MONDAY, replaces=before) is None
    assert sessions.open_session(before, MONDAY)
    assert redeem_link(accounts.make_link(actor.account_id, MONDAY), MONDAY, replaces=before)
    assert sessions.open_session(before, MONDAY) is None


def test_disabling_shuts_every_way_in_at_once():
    actor = person()
    secret, bearer = session_of(actor), accounts.make_token(actor.account_id, "phone", MONDAY)
    waiting = accounts.make_link(actor.account_id, MONDAY)

    accounts.disable_account(actor.account_id, MONDAY)

    assert sessions.open_session(secret, MONDAY) is None
    assert accounts.actor_of_token(bearer, MONDAY) is None
    assert redeem_link(waiting, MONDAY) is None
    with pytest.raises(NotFound):
        accounts.actor_of(actor.account_id)
    assert audit.verify(actor.clinic_id) == []


def test_disabling_while_twenty_sign_in_leaves_nobody_in(app: Flask):
    actor = person()
    tokens = [accounts.make_link(actor.account_id, MONDAY) for _ in range(THREADS)]

    def work(number: int) -> str | None:
        if number == 7:
            accounts.disable_account(actor.account_id, MONDAY)
            return None
        return redeem_link(tokens[number], MONDAY)

    secrets = at_once(app, work)

    assert [secret for secret in secrets if secret and sessions.open_session(secret, MONDAY)] == []


def test_an_unknown_account_cannot_be_disabled():
    with pytest.raises(NotFound):
        accounts.disable_account(uuid4(), MONDAY)


def test_what_is_over_is_removed_and_nothing_else():
    actor = person()
    session_of(actor)
    accounts.make_link(actor.account_id, MONDAY + DAY)
    live = session_of(actor, MONDAY + DAY)

    removed = accounts.drop_expired(MONDAY + DAY + MINUTE)

    assert removed == 2
    assert sessions.open_session(live, MONDAY + DAY + MINUTE)
    assert len(rows(ONE_TIME)) == 2


# --- tokens ------------------------------------------------------------------------------------


def test_a_token_speaks_for_its_account_until_it_ends():
    actor = person()
    bearer = accounts.make_token(actor.account_id, "phone", MONDAY, ends_at=MONDAY + DAY)

    assert accounts.actor_of_token(bearer, MONDAY) == actor
    assert accounts.actor_of_token(bearer, MONDAY + DAY) is None


def test_an_ended_token_is_worth_nothing():
    bearer = accounts.make_token(person().account_id, "phone", MONDAY)
    accounts.end_token(bearer)

    assert accounts.actor_of_token(bearer, MONDAY) is None


def test_a_patients_actor_names_the_patient_and_nobody_elses():
    patient = person(Role.PATIENT)

    assert patient.patient_id is not None
    assert person().patient_id is None


# --- relations ---------------------------------------------------------------------------------


def test_relations_are_the_closest_that_hold():
    _, lead = clinic()
    patient = patient_of(lead)
    other = accounts.actor_of(
        accounts.create_account(lead.clinic_id, Role.CLINICIAN, "Bo", "en", MONDAY)
    )
    _, stranger = clinic(name="Elsewhere")
    assert patient.patient_id is not None

    def relation(actor: Actor, now: Any = MONDAY) -> Relation:
        assert patient.patient_id is not None
        return relations.relation_to_patient(actor, patient.patient_id, now)

    assert relation(patient) is Relation.SELF
    assert relation(lead) is Relation.CARE_TEAM
    assert relation(other) is Relation.CLINIC
    assert relation(stranger) is Relation.NONE
    assert relation(patient_of(lead, name="Somebody else")) is Relation.NONE
    assert relations.relation_to_patient(lead, uuid4(), MONDAY) is Relation.NONE


def test_leaving_a_team_holds_from_that_moment_and_joining_too():
    _, lead = clinic()
    patient = patient_of(lead)
    other = accounts.actor_of(
        accounts.create_account(lead.clinic_id, Role.CLINICIAN, "Bo", "en", MONDAY)
    )
    pid = patient.patient_id
    assert pid is not None
    joined = MONDAY + DAY
    care_teams.add_to_care_team(
        lead, pid, other.account_id, discipline=Discipline.NURSING, now=joined
    )
    care_teams.end_care_relation(lead, pid, other.account_id, joined + DAY)

    just = timedelta(microseconds=1)
    for at, expected in (
        (joined - just, Relation.CLINIC),
        (joined, Relation.CARE_TEAM),
        (joined + DAY - just, Relation.CARE_TEAM),
        (joined + DAY, Relation.CLINIC),
    ):
        assert relations.relation_to_patient(other, pid, at) is expected


def test_Z12_two_patients_of_one_name_see_nothing_of_each_other():
    _, lead = clinic()
    one, two = patient_of(lead, name="Ruth Aldous"), patient_of(lead, name="Ruth Aldous")
    assert one.patient_id != two.patient_id
    assert two.patient_id is not None

    assert relations.relation_to_patient(one, two.patient_id, MONDAY) is Relation.NONE
    with pytest.raises(NotFound):
        patients.patient(person(), two.patient_id, MONDAY)


def test_an_account_that_is_not_active_is_out_even_where_its_rows_were_left(app: Flask):
    """Both locks hold alone: the rows are gone, and they would open nothing."""
    actor = person()
    secret, bearer = session_of(actor), accounts.make_token(actor.account_id, "phone", MONDAY)
    with db.engine.begin() as connection:
        connection.execute(sa.update(ACCOUNT).values(active=False))

    assert sessions.open_session(secret, MONDAY) is None
    assert accounts.actor_of_token(bearer, MONDAY) is None
