"""Sessions: beginning, reading and ending what a browser's cookie stands for.

``begin`` is the only function that makes one. It is called inside the transaction that redeems
whatever lets somebody in, so both happen or neither.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import STAFF, Actor, Role, Stage
from adherence.domain.errors import NotFound, NotPermitted
from adherence.domain.sign_in import Step, Via, next_step, stage_after
from adherence.services.keys import new_token
from adherence.services.record import audit_clinic
from adherence.store import accounts as account_table
from adherence.store import sessions as table
from adherence.store.db import Run, look, read, write
from adherence.store.ids import new_id

#: A person's act is written down at most this often; idle limits are longer by far.
SEEN_EVERY = timedelta(minutes=1)
#: A first visit by code may take longer than a second step.
FIRST_VISIT = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser brings along: the cookie it held before, and its name in two words."""

    held: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A live session. ``is_stale`` says that an act of its person is due to be written down."""

    actor: Actor
    is_stale: bool
    id: UUID
    stage: Stage
    via: Via
    proved_at: datetime
    started_at: datetime
    ends_at: datetime
    device_id: UUID | None

    def is_fresh(self, now: datetime) -> bool:
        """Whether a factor was shown so lately that none is asked for again."""
        return now - self.proved_at <= timedelta(minutes=settings.current().step_up_minutes)


@dataclass(frozen=True, slots=True)
class Beginning:
    """All that a new session needs and a transaction cannot look up: made before it begins."""

    secret: str
    now: datetime
    held: str | None
    label: str
    full_ends: datetime
    pending_ends: datetime
    first_visit_ends: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody has come in, or halfway in: the cookie's secret and how far it reaches."""

    secret: str
    stage: Stage
    via: Via
    actor: Actor


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session in a list; ``is_this`` marks the one that asks."""

    id: UUID
    via: Via
    label: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def beginning(browser: Browser, now: datetime) -> Beginning:
    """A fresh secret and the limits of the settings, for a session that is about to begin."""
    kept = settings.current()
    return Beginning(
        secret=new_token(),
        now=now,
        held=browser.held,
        label=browser.label,
        full_ends=now + timedelta(hours=kept.session_hours),
        pending_ends=now + timedelta(minutes=kept.pending_minutes),
        first_visit_ends=now + FIRST_VISIT,
    )


def begin(
    run: Run,
    new: Beginning,
    actor: Actor,
    stage: Stage,
    via: Via,
    *,
    device_id: UUID | None = None,
    continues: Opened | None = None,
    is_proof: bool = True,
    finishes: bool = False,
) -> str:
    """Begin a session with a new id in place of the one the browser held; its secret.

    ``continues`` is a full session whose end and start stay as they are: a step-up, or a change of
    whom one acts for. ``is_proof`` is False where no factor was shown for it. ``finishes`` says
    that the one held was a pending sign-in of the account: of two requests the second finds none.

    Raises:
        NotFound: what it continues or finishes has ended meanwhile.
    """
    ended: Any = None
    if new.held is not None:
        ended = run.first(table.take_session, digest=digest_of(new.held))
    if (finishes or continues is not None) and (
        ended is None or ended.account_id != actor.account_id
    ):
        raise NotFound
    ends_at, started_at, proved_at = new.full_ends, new.now, new.now
    if continues is not None:
        ends_at, started_at = continues.ends_at, continues.started_at
        device_id = continues.device_id
        if not is_proof:
            proved_at = continues.proved_at
    elif stage is Stage.PENDING:
        is_first = via in (Via.INVITE, Via.SETUP)
        ends_at = new.first_visit_ends if is_first else new.pending_ends
    run.do(
        table.add_session,
        digest=digest_of(new.secret),
        id=new_id(),
        account_id=actor.account_id,
        stage=stage,
        via=via,
        started_at=started_at,
        seen_at=new.now,
        ends_at=ends_at,
        proved_at=proved_at,
        label=new.label,
        device_id=device_id,
        for_patient_id=actor.acts_for,
    )
    action = "session.begin" if stage is Stage.FULL else "session.pending"
    audit_clinic(run, actor, action, actor.account_id, new.now)
    return new.secret


def enter(
    run: Run, new: Beginning, row: Any, via: Via, *, is_demo: bool, is_two: bool = False
) -> Entered | None:
    """Begin the session that a right first step leads to; None for an account shut out meanwhile.

    ``row`` is the account's credentials, read in the same transaction.
    """
    if row is None or not row.active:
        return None
    actor = actor_from(row)
    stage = stage_after(actor.role, via, has_factor(row), is_demo, is_two)
    return Entered(begin(run, new, actor, stage, via), stage, via, actor)


def check_step(run: Run, session: Opened, step: Step) -> None:
    """Refuse a step of a pending sign-in that is not the next one.

    Without this a password alone would lead past the second factor, to setting up another one. It
    is asked in the transaction of the step, so what was set up meanwhile counts.

    Raises:
        NotPermitted: another step comes next, or none.
    """
    row: Any = run.first(account_table.credentials_by_id, account_id=session.actor.account_id)
    if (
        session.stage is not Stage.PENDING
        or row is None
        or next_step(session.via, has_factor(row)) is not step
    ):
        raise NotPermitted


def has_factor(row: Any) -> bool:
    """Whether an account has a second factor, by its credentials."""
    return row.totp is not None or bool(row.has_passkey)


def actor_from(row: Any, acts_for: UUID | None = None) -> Actor:
    """The actor that a row of an account stands for."""
    return Actor(
        row.account_id,
        row.clinic_id,
        row.role,
        row.patient_id,
        row.name,
        row.locale,
        acts_for,
        is_locked=bool(row.is_locked),
    )


def open_session(secret: str, now: datetime) -> Opened | None:
    """Who holds a session; None when it is unknown, over, idle too long or its account disabled.

    Reads only: opening a session never prolongs it.
    """
    row: Any = look(table.actor_of_session, digest=digest_of(secret))
    if row is None or now >= row.ends_at:
        return None
    since = now - row.seen_at
    if since >= _idle_limit(row.role):
        return None
    return Opened(
        actor_from(row, row.for_patient_id),
        since >= SEEN_EVERY,
        row.id,
        row.stage,
        row.via,
        row.proved_at,
        row.started_at,
        row.ends_at,
        row.device_id,
    )


def _idle_limit(role: Role) -> timedelta:
    kept = settings.current()
    return timedelta(
        minutes=kept.idle_minutes_staff if role in STAFF else kept.idle_minutes_patient
    )


def see_session(secret: str, now: datetime) -> None:
    """Note that a person acted. Call it for acts of people only, never for polls or pictures."""
    digest = digest_of(secret)
    write(lambda run: run.do(table.touch_session, digest=digest, now=now))


def act_for(new: Beginning, session: Opened, actor: Actor) -> str:
    """Go on as ``actor``, who acts for another patient than before or for none; the new secret."""
    return write(
        lambda run: begin(
            run, new, actor, Stage.FULL, session.via, continues=session, is_proof=False
        )
    )


def end_session(secret: str, actor: Actor, now: datetime) -> None:
    """Sign out: a copy of the cookie is worth nothing from here on."""
    digest = digest_of(secret)

    def work(run: Run) -> None:
        run.do(table.drop_session, digest=digest)
        audit_clinic(run, actor, "session.end", actor.account_id, now)

    write(work)


def sessions_of(actor: Actor, secret: str, now: datetime) -> list[SignedIn]:
    """Where an account is signed in, the one that acted last first; idle ones are left out."""
    mine = digest_of(secret)
    limit = _idle_limit(actor.role)
    with read() as run:
        return [
            SignedIn(
                row.id,
                row.via,
                row.label,
                row.started_at,
                row.seen_at,
                bytes(row.digest) == mine,
            )
            for row in run.all(table.sessions_of, account_id=actor.account_id, now=now)
            if now - row.seen_at < limit
        ]


def end_one(actor: Actor, session_id: UUID, now: datetime) -> None:
    """End one of the actor's sessions.

    Raises:
        NotFound: the actor has no such session.
    """

    def work(run: Run) -> None:
        if not run.do(table.drop_session_by_id, account_id=actor.account_id, session_id=session_id):
            raise NotFound
        audit_clinic(run, actor, "session.end", session_id, now)

    write(work)


def end_all(actor: Actor, now: datetime) -> int:
    """End every session of the actor, this one too; how many there were."""

    def work(run: Run) -> int:
        ended = run.do(table.drop_sessions_of, account_id=actor.account_id)
        audit_clinic(run, actor, "session.end_all", actor.account_id, now)
        return ended

    return write(work)


def digest_of(secret: str) -> bytes:
    """The stored form of a value of 256 random bits, which nobody can guess from its hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
