"""One-time codes: made once, redeemed once, by one statement.

A code is a random value; the table keeps its keyed hash. ``bound`` names what else must be shown
with it, such as the browser that asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.sign_in import (
    INVITE_LENGTH,
    MAIL_CODE_LENGTH,
    Purpose,
    crockford,
    read_code,
)
from adherence.services.keys import keyed, new_token
from adherence.store import one_time as table
from adherence.store.db import Run, read

ON_PAPER = frozenset({Purpose.INVITE, Purpose.INVITE_MAIL})


@dataclass(frozen=True, slots=True)
class Made:
    """A new code and the row that will know it again; the code itself is nowhere else."""

    code: str
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Used:
    """A redeemed code: whose it was (None where nobody has the address), and what for."""

    account_id: UUID | None
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Shown:
    """A code that somebody shows, hashed for each purpose it might have. Holds no secret."""

    digests: tuple[tuple[Purpose, tuple[bytes, ...]], ...]
    bounds: tuple[bytes, ...]


def make(
    purpose: Purpose,
    account_id: UUID | None,
    now: datetime,
    lasts: timedelta,
    bound: str | None = None,
    code: str | None = None,
) -> Made:
    """A new code and its row; ``add`` stores it. ``bound`` is what must be shown with it."""
    code = code or _new_code(purpose)
    mixed = bound if purpose in _SHORT else None
    return Made(
        code,
        {
            "digest": _digests(purpose, code, mixed)[0],
            "purpose": purpose,
            "account_id": account_id,
            "bound": None if bound is None else keyed("bound", bound)[0],
            "tries": 0,
            "created_at": now,
            "ends_at": now + lasts,
        },
    )


def add(run: Run, made: Made) -> None:
    """Store a code; it works from here on."""
    run.do(table.add_one_time, **made.row)


def shown(typed: str, purposes: Collection[Purpose], bound: str | None = None) -> Shown:
    """What somebody typed, ready to be redeemed as any of ``purposes``."""
    return Shown(
        tuple(
            (purpose, _digests(purpose, _as_made(purpose, typed), None))
            for purpose in sorted(purposes)
        ),
        () if bound is None else keyed("bound", bound),
    )


def redeem(run: Run, code: Shown, now: datetime) -> Used | None:
    """Use a code up. None: unknown, used, over, or bound to something else; all read the same."""
    for purpose, digests in code.digests:
        for digest in digests:
            row: Any = run.first(table.use_one_time, digest=digest, purpose=purpose, now=now)
            if row is not None:
                return Used(row.account_id, purpose)
            for bound in code.bounds:
                row = run.first(
                    table.use_bound, digest=digest, purpose=purpose, bound=bound, now=now
                )
                if row is not None:
                    return Used(row.account_id, purpose)
    return None


def looked_up(code: Shown, now: datetime) -> Used | None:
    """What an open code is for, without using it up; whoever shows it holds it anyway."""
    with read() as run:
        for _, digests in code.digests:
            for digest in digests:
                row: Any = run.first(table.open_one_time, digest=digest, now=now)
                if row is not None:
                    return Used(row.account_id, row.purpose)
    return None


def bounds(bound: str) -> tuple[bytes, ...]:
    """How a row knows what it is bound to, under each listed secret."""
    return keyed("bound", bound)


def guess(run: Run, purpose: Purpose, bounds: tuple[bytes, ...], now: datetime) -> Any:
    """Count a guess at the short code of a browser. The row to compare, None when there is none.

    Call it in a transaction of its own, before looking at what was typed.
    """
    for bound in bounds:
        row = run.first(table.try_bound, bound=bound, purpose=purpose, now=now)
        if row is not None:
            return row
    return None


def fits(row: Any, purpose: Purpose, typed: str, bound: str) -> bool:
    """Whether a guess is right."""
    digests = _digests(purpose, _as_made(purpose, typed), bound)
    return any(secrets.compare_digest(bytes(row.digest), digest) for digest in digests)


def redeem_guess(run: Run, row: Any, purpose: Purpose, now: datetime) -> bool:
    """Use up the code that was guessed right; False if another request was first."""
    return bool(
        run.first(table.use_bound, digest=row.digest, purpose=purpose, bound=row.bound, now=now)
    )


def end_before(run: Run, purpose: Purpose, bounds: tuple[bytes, ...], now: datetime) -> None:
    """End the open codes that a browser asked for earlier."""
    for bound in bounds:
        run.do(table.end_of_bound, bound=bound, purpose=purpose, now=now)


#: Codes short enough to type from a mail; they are always bound to something.
_SHORT = frozenset({Purpose.MAIL_CODE, Purpose.RESET_CODE, Purpose.NEW_ADDRESS})


def _new_code(purpose: Purpose) -> str:
    if purpose in ON_PAPER:
        return crockford(secrets.randbits(5 * INVITE_LENGTH), INVITE_LENGTH)
    if purpose in _SHORT:
        return f"{secrets.randbelow(10**MAIL_CODE_LENGTH):0{MAIL_CODE_LENGTH}d}"
    return new_token()


def _as_made(purpose: Purpose, typed: str) -> str:
    if purpose in ON_PAPER:
        return read_code(typed)
    if purpose in _SHORT:
        return "".join(filter(str.isdecimal, typed))
    return typed


def _digests(purpose: Purpose, code: str, bound: str | None) -> tuple[bytes, ...]:
    # Eight digits alone could be searched by whoever has the keys; the browser's secret cannot.
    return keyed(f"one-time:{purpose}", code) if bound is None else keyed(purpose, code, bound)
