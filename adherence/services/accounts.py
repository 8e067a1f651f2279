"""Accounts: who they are, the one-time links and tokens that let them in, and how they stand to a
patient.

A link, a session and a token are random values of 256 bits that only their holder knows; the tables
keep digests. Which of two requests redeems a link is decided by one statement.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import Actor, Relation, Role
from adherence.domain.errors import NotFound
from adherence.services.record import audit_clinic
from adherence.store import accounts as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

#: A person's act is written down at most this often; idle limits are longer by far.
SEEN_EVERY = timedelta(minutes=1)
STAFF = frozenset({Role.CLINICIAN, Role.PROGRAMME_MANAGER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Opened:
    """A live session: who it is, and whether an act of theirs is due to be written down."""

    actor: Actor
    is_stale: bool


def create_account(
    clinic_id: UUID,
    role: Role,
    name: str,
    locale: str | None,
    now: datetime,
    by: Actor | None = None,
) -> UUID:
    """Add an account to a clinic; its id. ``by`` is None when the command line does it."""
    account_id = new_id()
    actor = by or Actor(account_id, clinic_id, role, None, name, locale)

    def work(run: Run) -> None:
        run.do(
            table.add_account,
            id=account_id,
            clinic_id=clinic_id,
            role=role,
            name=name,
            locale=locale,
            active=True,
            created_at=now,
        )
        audit_clinic(run, actor, "account.create", account_id, now)

    write(work)
    return account_id


def actor_of(account_id: UUID) -> Actor:
    """The actor an account is, for commands that act in somebody's name.

    Raises:
        NotFound: no such account, or a disabled one.
    """
    with read() as run:
        row = run.first(table.account_by_id, account_id=account_id)
    if row is None or not row.active:
        raise NotFound
    return _actor(row)


def set_locale(actor: Actor, locale: str, now: datetime) -> None:
    """Remember the language an account chose."""

    def work(run: Run) -> None:
        run.do(table.set_locale, account_id=actor.account_id, new_locale=locale)
        audit_clinic(run, actor, "account.locale", actor.account_id, now)

    write(work)


def disable_account(account_id: UUID, now: datetime, by: Actor | None = None) -> None:
    """Shut an account out from the next request on; its sessions and tokens are gone."""

    def work(run: Run) -> None:
        row: Any = run.first(table.account_by_id, account_id=account_id)
        if row is None:
            raise NotFound
        run.do(table.set_active, account_id=account_id, is_active=False)
        run.do(table.drop_sessions_of, account_id=account_id)
        run.do(table.drop_tokens_of, account_id=account_id)
        audit_clinic(run, by or _actor(row), "account.disable", account_id, now)

    write(work)


# --- one-time links ----------------------------------------------------------------------------


def make_link(account_id: UUID, now: datetime, minutes: int | None = None) -> str:
    """The token of a new one-time sign-in link; it is nowhere else, so it cannot be shown again."""
    token = secrets.token_urlsafe(32)
    kept = settings.current()
    digest = _keyed(kept.secret_key, token)
    ends_at = now + timedelta(minutes=kept.link_minutes if minutes is None else minutes)
    write(
        lambda run: run.do(
            table.add_link, digest=digest, account_id=account_id, created_at=now, ends_at=ends_at
        )
    )
    return token


def redeem_link(token: str, now: datetime, replaces: str | None = None) -> str | None:
    """The secret of a new session, or None: unknown, used and expired tokens read the same.

    ``replaces`` is the secret of a session this browser held; it is over either way.
    """
    kept = settings.current()
    digests = [_keyed(key, token) for key in kept.secret_keys]
    ends_at = now + timedelta(hours=kept.session_hours)
    secret = secrets.token_urlsafe(32)

    def work(run: Run) -> bool:
        if replaces is not None:
            run.do(table.drop_session, digest=_digest(replaces))
        account_id = None
        for digest in digests:
            account_id = account_id or run.value(table.use_link, digest=digest, now=now)
        row: Any = account_id and run.first(table.account_by_id, account_id=account_id)
        if not row or not row.active:
            return False
        run.do(
            table.add_session,
            digest=_digest(secret),
            account_id=account_id,
            started_at=now,
            seen_at=now,
            ends_at=ends_at,
        )
        audit_clinic(run, _actor(row), "session.begin", row.account_id, now)
        return True

    return secret if write(work) else None


# --- sessions ----------------------------------------------------------------------------------


def open_session(secret: str, now: datetime) -> Opened | None:
    """Who holds a session; None when it is unknown, over, idle too long or its account disabled.

    Reads only: opening a session never prolongs it.
    """
    with read() as run:
        row: Any = run.first(table.actor_of_session, digest=_digest(secret))
    if row is None or now >= row.ends_at:
        return None
    kept = settings.current()
    idle = kept.idle_minutes_staff if row.role in STAFF else kept.idle_minutes_patient
    since = now - row.seen_at
    if since >= timedelta(minutes=idle):
        return None
    return Opened(_actor(row), since >= SEEN_EVERY)


def see_session(secret: str, now: datetime) -> None:
    """Note that a person acted. Call it for acts of people only, never for polls or pictures."""
    digest = _digest(secret)
    write(lambda run: run.do(table.touch_session, digest=digest, now=now))


def end_session(secret: str, actor: Actor, now: datetime) -> None:
    """Sign out: a copy of the cookie is worth nothing from here on."""
    digest = _digest(secret)

    def work(run: Run) -> None:
        run.do(table.drop_session, digest=digest)
        audit_clinic(run, actor, "session.end", actor.account_id, now)

    write(work)


def end_sessions(account_id: UUID) -> int:
    """End every session of an account; how many there were."""
    return write(lambda run: run.do(table.drop_sessions_of, account_id=account_id))


def drop_expired(now: datetime) -> int:
    """Remove sessions and links whose time is over; how many."""
    return write(
        lambda run: run.do(table.drop_old_sessions, now=now) + run.do(table.drop_old_links, now=now)
    )


# --- tokens ------------------------------------------------------------------------------------


def make_token(account_id: UUID, label: str, now: datetime, ends_at: datetime | None = None) -> str:
    """A new bearer token for the API; it is nowhere else, so it cannot be shown again."""
    token = secrets.token_urlsafe(32)
    digest = _digest(token)
    write(
        lambda run: run.do(
            table.add_token,
            digest=digest,
            account_id=account_id,
            label=label,
            created_at=now,
            ends_at=ends_at,
        )
    )
    return token


def actor_of_token(token: str, now: datetime) -> Actor | None:
    """Who a bearer token speaks for; None when it is unknown, over or its account disabled."""
    with read() as run:
        row: Any = run.first(table.actor_of_token, digest=_digest(token), now=now)
    return None if row is None else _actor(row)


def end_token(token: str) -> None:
    """Make a token worthless."""
    digest = _digest(token)
    write(lambda run: run.do(table.drop_token, digest=digest))


# --- relations ---------------------------------------------------------------------------------


def relation_to_patient(actor: Actor, patient_id: UUID, now: datetime) -> Relation:
    """How an actor stands to a patient: one statement, and none when it is the patient."""
    if actor.patient_id is not None:
        return Relation.SELF if actor.patient_id == patient_id else Relation.NONE
    with read() as run:
        return relation_in(run, actor, patient_id, now)


def relation_in(run: Run, actor: Actor, patient_id: UUID, now: datetime) -> Relation:
    """The same inside a transaction, so that a check and the write it permits are one."""
    if actor.patient_id is not None:
        return Relation.SELF if actor.patient_id == patient_id else Relation.NONE
    row: Any = run.first(
        table.relation_to_patient,
        patient_id=patient_id,
        account_id=actor.account_id,
        clinic_id=actor.clinic_id,
        now=now,
    )
    return _relation(row)


def relation_to_notice(actor: Actor, notice_id: UUID, now: datetime) -> Relation:
    """How an actor stands to the patient whom a notice is about, in one statement."""
    with read() as run:
        row: Any = run.first(
            table.relation_to_notice,
            notice_id=notice_id,
            account_id=actor.account_id,
            clinic_id=actor.clinic_id,
            now=now,
        )
    if row is not None and actor.patient_id is not None:
        return Relation.SELF if row.id == actor.patient_id else Relation.NONE
    return _relation(row)


def _relation(row: Any) -> Relation:
    if row is None:
        return Relation.NONE
    return Relation.CARE_TEAM if row.in_team else Relation.CLINIC


def _actor(row: Any) -> Actor:
    return Actor(row.account_id, row.clinic_id, row.role, row.patient_id, row.name, row.locale)


def _digest(secret: str) -> bytes:
    """The stored form of a value of 256 random bits, which nobody can guess from its hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _keyed(key: str, token: str) -> bytes:
    message = b"signin-link\0" + token.encode("utf-8", "replace")
    return hmac.digest(key.encode(), message, "sha256")
