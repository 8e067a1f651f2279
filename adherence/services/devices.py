"""Known devices: what a PIN opens. The cookie holds 256 random bits, the table their hash.

A PIN's hash is made with the cookie's secret, so that only the device itself can check one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Role, Stage
from adherence.domain.audit import Refusal
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.sign_in import TRIES, Step, Via, is_pin, is_weak_pin
from adherence.services import passwords, throttles
from adherence.services.keys import new_token
from adherence.services.record import audit_clinic
from adherence.services.sessions import (
    Browser,
    Entered,
    Opened,
    actor_from,
    begin,
    beginning,
    check_step,
    digest_of,
)
from adherence.services.throttles import Counter
from adherence.store import accounts as account_table
from adherence.store import buckets as bucket_table
from adherence.store import clinics
from adherence.store import devices as table
from adherence.store import sessions as session_table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

#: Nobody's account, nobody's clinic.
NOBODY = UUID(int=0)
#: The window in which PINs of strangers are counted.
STRANGERS_SECONDS = 60 * 60


@dataclass(frozen=True, slots=True)
class Device:
    """A device in a list."""

    id: UUID
    label: str
    created_at: datetime
    seen_at: datetime


def check_pin(pin: str) -> None:
    """Refuse what is no PIN, or one that anybody would try first.

    Raises:
        InvalidInput: ``pin`` with the reason.
    """
    if not is_pin(pin):
        raise InvalidInput("pin", "no_pin")
    if is_weak_pin(pin):
        raise InvalidInput("pin", "weak_pin")


def is_known(cookie: str) -> bool:
    """Whether a PIN may be asked for on the device with this cookie."""
    with read() as run:
        return run.first(table.device_by_digest, digest=digest_of(cookie)) is not None


def welcome(
    session: Opened, pin: str, locale: str, browser: Browser, now: datetime
) -> tuple[Entered, str]:
    """End a first visit by code: the PIN opens this device from now on. (session, device cookie).

    Raises:
        InvalidInput: no PIN, or one that anybody would try first.
        NotFound: the first visit has ended meanwhile.
        NotPermitted: the sign-in did not begin with a code for patients.
    """
    check_pin(pin)
    row, cookie = _row(session.actor.account_id, pin, browser, now)
    new = beginning(browser, now)
    actor = session.actor

    def work(run: Run) -> Entered:
        check_step(run, session, Step.WELCOME)
        run.do(table.add_device, **row)
        run.do(account_table.set_locale, account_id=actor.account_id, new_locale=locale)
        secret = begin(run, new, actor, Stage.FULL, session.via, device_id=row["id"], finishes=True)
        audit_clinic(run, actor, "device.add", row["id"], now)
        return Entered(secret, Stage.FULL, session.via, actor)

    return write(work), cookie


def add_device(session: Opened, pin: str, browser: Browser, now: datetime) -> tuple[Entered, str]:
    """Let a PIN open this device from now on; the session goes on under a new id.

    Raises:
        InvalidInput: no PIN, or one that anybody would try first.
        NotFound: the session has ended meanwhile, or it is not a patient's.
    """
    check_pin(pin)
    actor = session.actor
    if actor.role is not Role.PATIENT:
        raise NotFound
    row, cookie = _row(actor.account_id, pin, browser, now)
    new = beginning(browser, now)

    def work(run: Run) -> Entered:
        if session.device_id is not None:
            run.do(
                table.revoke_device,
                device_id=session.device_id,
                account_id=actor.account_id,
                now=now,
            )
        run.do(table.add_device, **row)
        secret = begin(run, new, actor, Stage.FULL, session.via, continues=session, is_proof=False)
        run.do(session_table.set_device, digest=digest_of(secret), device_id=row["id"])
        audit_clinic(run, actor, "device.add", row["id"], now)
        return Entered(secret, Stage.FULL, session.via, actor)

    return write(work), cookie


def by_pin(cookie: str, pin: str, browser: Browser, now: datetime) -> Entered | int:
    """Sign in by PIN on a known device, or how many tries are left (0: the device is shut).

    A try is counted before it is looked at, and an unknown device costs the same work: what is
    written of a known one and of its clinic is written of strangers then, into their counters.
    """
    digest = digest_of(cookie)
    strangers = _counters_of_strangers(digest, now)
    row: Any = write(partial(_count_try, digest, strangers[0]))
    is_right = passwords.pin_fits(None if row is None else row.pin, cookie, pin)
    if row is None:
        # No clinic's audit tells of a device that is nobody's.
        write(partial(_note_stranger, strangers))
        return 0
    new = beginning(browser, now)

    def work(run: Run) -> Entered | int:
        account: Any = run.first(account_table.credentials_by_id, account_id=row.account_id)
        if account is None or not account.active:
            return 0
        actor = actor_from(account)
        if not is_right:
            audit_clinic(run, actor, "sign_in", actor.account_id, now, Refusal.FACTOR)
            return int(TRIES - row.tries)
        if run.first(table.open_device, device_id=row.id, seen_pin=row.pin, now=now) is None:
            return 0
        secret = begin(run, new, actor, Stage.FULL, Via.PIN, device_id=row.id)
        return Entered(secret, Stage.FULL, Via.PIN, actor)

    return write(work)


def _counters_of_strangers(digest: bytes, now: datetime) -> list[Counter]:
    """Two counters of PINs tried on devices nobody knows; a few hundred an hour, and no more.

    They stop nobody: addresses are throttled before.
    """
    who = digest[:1].hex()
    names = ("pin_of_strangers.try", "pin_of_strangers.refusal")
    return [throttles.counter(name, who, 0, STRANGERS_SECONDS, now) for name in names]


def _count_try(digest: bytes, stranger: Counter, run: Run) -> Any:
    row: Any = run.first(table.try_pin, digest=digest)
    if row is None:
        run.value(bucket_table.count[run.dialect.name], key=stranger.key, slot=stranger.slot)
    return row


def _note_stranger(strangers: list[Counter], run: Run) -> None:
    """As much as a line of audit for a wrong PIN asks and writes: a row more, and one changed."""
    tried, refused = strangers
    count = bucket_table.count[run.dialect.name]
    run.first(account_table.credentials_by_id, account_id=NOBODY)
    run.first(clinics.lock_clinic, clinic_id=NOBODY)
    # The first row orders those who come at once: whoever holds it has the second to themselves.
    run.value(count, key=tried.key, slot=tried.slot)
    # Put in anew, because adding a row touches more of the file than changing one.
    run.do(bucket_table.drop_bucket, key=refused.key)
    run.value(count, key=refused.key, slot=refused.slot)


def devices_of(account_id: UUID) -> list[Device]:
    """The devices that a PIN opens, the one used last first."""
    with read() as run:
        return [
            Device(row.id, row.label, row.created_at, row.seen_at)
            for row in run.all(table.devices_of, account_id=account_id)
        ]


def revoke(actor: Actor, account_id: UUID, device_id: UUID, now: datetime) -> None:
    """Shut a device out: no PIN opens it, and what is open on it ends with the next request.

    Raises:
        NotFound: the account has no such device.
    """

    def work(run: Run) -> None:
        if not run.do(table.revoke_device, device_id=device_id, account_id=account_id, now=now):
            raise NotFound
        run.do(session_table.drop_sessions_of_device, device_id=device_id)
        audit_clinic(run, actor, "device.revoke", device_id, now)

    write(work)


def _row(account_id: UUID, pin: str, browser: Browser, now: datetime) -> tuple[dict[str, Any], str]:
    cookie = new_token()
    return {
        "id": new_id(),
        "digest": digest_of(cookie),
        "account_id": account_id,
        "pin": passwords.hashed_pin(cookie, pin),
        "tries": 0,
        "label": browser.label,
        "created_at": now,
        "seen_at": now,
    }, cookie
