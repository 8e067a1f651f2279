"""Second factors: the authenticator app, recovery codes, and the record of both.

Every check that uses something up is one statement, so that of many at once one wins.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pyotp

from adherence.domain.access import Actor
from adherence.domain.sign_in import (
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    crockford,
    read_code,
    totp_steps,
)
from adherence.services.keys import Unreadable, keyed, seal, unseal
from adherence.services.record import audit_clinic
from adherence.store import accounts as account_table
from adherence.store import factors as table
from adherence.store.db import Run, read, write

ISSUER = "Adherence"


@dataclass(frozen=True, slots=True)
class NewTotp:
    """A secret for an authenticator app that nobody has confirmed yet."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class Guess:
    """A typed code, compared and hashed before a transaction begins: which step or code it is."""

    step: int | None
    recovery: tuple[bytes, ...]


def new_totp(session_secret: str, name: str, clinic: str) -> NewTotp:
    """The secret that this session offers for an authenticator app; stored only once confirmed.

    It follows from the session's cookie, so a page shown twice offers the same one and nothing is
    kept of those that nobody took.
    """
    drawn = keyed("totp-new", session_secret)[0][:20]
    secret = base64.b32encode(drawn).decode()
    account = f"{name}, {clinic}" if clinic else name
    label = f"{quote(ISSUER)}:{quote(account, safe='')}"
    return NewTotp(
        secret,
        f"otpauth://totp/{label}?secret={secret}&issuer={quote(ISSUER)}&digits=6&period=30",
    )


def confirms(offered: NewTotp, typed: str, now: datetime) -> int | None:
    """The time step whose code somebody typed from a new secret; None where it is not right."""
    return _step_of(offered.secret, typed, now)


def store_totp(run: Run, account_id: UUID, sealed: bytes, step: int) -> None:
    """Keep a confirmed secret; the code that confirmed it is used up."""
    run.do(account_table.set_totp, account_id=account_id, sealed=sealed, step=step)


def guessed(row: Any, typed: str, now: datetime) -> Guess:
    """What a typed code could be for the account of these credentials.

    The comparison is done before the transaction that uses the code up.
    """
    step = None
    if row.totp is not None:
        try:
            step = _step_of(unseal(bytes(row.totp)), typed, now)
        except Unreadable:
            step = None
    return Guess(step, keyed("recovery", str(row.account_id), read_code(typed)))


def use(run: Run, account_id: UUID, guess: Guess, now: datetime) -> bool:
    """Use a code up; False for a wrong one and for one that was used before."""
    if guess.step is not None:
        return bool(run.first(account_table.use_totp_step, account_id=account_id, step=guess.step))
    return any(
        run.first(table.use_recovery, digest=digest, account_id=account_id, now=now)
        for digest in guess.recovery
    )


def new_recovery(account_id: UUID, now: datetime) -> tuple[list[str], list[dict[str, Any]]]:
    """Ten fresh recovery codes, and their rows; ``store_recovery`` ends the ones before."""
    codes = [
        crockford(secrets.randbits(5 * RECOVERY_LENGTH), RECOVERY_LENGTH)
        for _ in range(RECOVERY_CODES)
    ]
    rows = [
        {
            "digest": keyed("recovery", str(account_id), code)[0],
            "account_id": account_id,
            "created_at": now,
        }
        for code in codes
    ]
    return codes, rows


def store_recovery(run: Run, account_id: UUID, rows: list[dict[str, Any]]) -> None:
    """Keep new recovery codes in place of all earlier ones."""
    run.do(table.drop_recovery_of, account_id=account_id)
    run.do_many(table.add_recovery, rows)


def renew_recovery(actor: Actor, now: datetime) -> list[str]:
    """Ten new recovery codes in place of the old ones; they can be shown only now."""
    codes, rows = new_recovery(actor.account_id, now)

    def work(run: Run) -> None:
        store_recovery(run, actor.account_id, rows)
        audit_clinic(run, actor, "recovery.renew", actor.account_id, now)

    write(work)
    return codes


def recovery_left(account_id: UUID) -> int:
    """How many recovery codes are left."""
    with read() as run:
        return int(run.value(table.recovery_left, account_id=account_id))


def sealed_secret(offered: NewTotp) -> bytes:
    """A new secret as it is stored."""
    return seal(offered.secret)


def _step_of(secret: str, typed: str, now: datetime) -> int | None:
    digits = "".join(filter(str.isdecimal, typed)).encode()
    totp = pyotp.TOTP(secret)
    found = None
    for step in totp_steps(now):
        # Every step is compared, so the time says nothing of which one was right.
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits):
            found = step
    return found
