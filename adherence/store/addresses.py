"""E-mail addresses of accounts: encrypted, and found by a keyed digest within one clinic.

The digest covers the clinic too, so the table does not say who is at home in two of them. Addresses
from before they were encrypted are found as they are, and are encrypted by the first server of this
version that writes, piece by piece (``Addresses``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy.engine import Engine

from adherence.domain.sign_in import plain_address
from adherence.store import accounts as table
from adherence.store import data_keys, look_ups
from adherence.store.data_keys import Unreadable, keyring
from adherence.store.db import EXTENSION as STORE
from adherence.store.db import Run, Store
from adherence.store.look_ups import Keys

log = logging.getLogger(__name__)

PURPOSE = b"address"
#: Accounts of one piece, so that whoever else writes waits for no more than that.
PIECE = 200
#: How often the keys are read anew when others change them at the same time.
TRIES = 5
FIRST = UUID(int=0)


def account_with(run: Run, clinic_id: UUID, address: str) -> Any | None:
    """The credentials of whoever has an address in a clinic, None where nobody has.

    The same is done whether somebody has it.
    """
    found, _ = _found(run, clinic_id, address)
    return found


def give(run: Run, account_id: UUID, clinic_id: UUID, address: str) -> bool:
    """Give an account an address that is confirmed; False where somebody else has it."""
    found, keys = _found(run, clinic_id, address, is_held=True)
    if found is not None and found.account_id != account_id:
        return False
    digest = keys.digest(PURPOSE, _text(clinic_id, address))
    run.do(table.set_email, account_id=account_id, address=address, digest=digest)
    return True


def _found(
    run: Run, clinic_id: UUID, address: str, *, is_held: bool = False
) -> tuple[Any | None, Keys]:
    """Whoever has the address, and the keys by which that was asked.

    ``is_held`` holds the newest key until the transaction ends: for those who write a digest.
    """
    kept = look_ups.look_ups()
    text = _text(clinic_id, address)
    for _ in range(TRIES):
        keys = kept.keys(run)
        if is_held:
            run.first(look_ups.hold_newest)
        # Where there is no key yet, addresses lie there as they are: a digest that fits none.
        asked = keys.digests(PURPOSE, text) or [bytes(32)]
        rows = [
            run.first(
                table.credentials_by_digest, clinic_id=clinic_id, digest=digest, plain=address
            )
            for digest in asked
        ]
        if _mark(run) == keys.mark:
            return next((row for row in rows if row is not None), None), keys
        kept.forget()
    raise RuntimeError("the keys of look-ups change faster than they can be read")


def _mark(run: Run) -> bytes | None:
    found = run.value(look_ups.newest)
    return None if found is None else bytes(found)


def _text(clinic_id: UUID, address: str) -> bytes:
    return clinic_id.bytes + plain_address(address).encode("utf-8", "replace")


# --- encrypting what lies there ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of some accounts: up to which, and how many addresses."""

    last: UUID | None
    done: int
    unreadable: int


def seal_anew(run: Run, after: UUID, many: int = PIECE) -> Piece:
    """Encrypt the addresses of the next accounts under the newest keys."""
    return _seal_piece(run, run.all(table.stored_addresses, after=after, many=many))


def seal_plain(run: Run, after: UUID, many: int = PIECE) -> Piece:
    """Encrypt what of the next accounts lies there as it was typed."""
    return _seal_piece(run, run.all(table.plain_addresses, after=after, many=many))


def _seal_piece(run: Run, rows: list[Any]) -> Piece:
    done = unreadable = 0
    for row in rows:
        try:
            done += _seal(run, row)
        except Unreadable:
            unreadable += 1
    return Piece(rows[-1].id if rows else None, done, unreadable)


def _seal(run: Run, row: Any) -> int:
    """Encrypt one account's addresses anew; how many were.

    Raises:
        Unreadable: no key opens what is there.
    """
    new = None if row.email_new is None else keyring().open(row.email_new)
    email = row.email
    digest = None
    if email is not None:
        email = plain_address(keyring().open(email))
        found, keys = _found(run, row.clinic_id, email, is_held=True)
        if row.email_digest is None and found is not None and found.account_id != row.id:
            # Two spellings of one address, from before they were told to be one. It stays with whom
            # it is found by, and the other has to confirm it anew.
            log.warning("account %s has the address of account %s", row.id, found.account_id)
            email, new = None, email
        else:
            digest = keys.digest(PURPOSE, _text(row.clinic_id, email))
    changed = run.do(
        table.store_addresses,
        account_id=row.id,
        stored=row.email,
        stored_new=row.email_new,
        address=email,
        address_new=new,
        digest=digest,
    )
    return changed * sum(one is not None for one in (email, new))


def unreadable_and_places(run: Run) -> tuple[int, list[int]]:
    """How many addresses no key opens, and of each other one which secret it hangs on."""
    places = {row.id: data_keys.place_of(bytes(row.sealed)) for row in run.all(data_keys.data_keys)}
    unreadable, found = 0, []
    after = FIRST
    while rows := run.all(table.stored_addresses, after=after, many=PIECE):
        after = rows[-1].id
        for row in rows:
            plain = row.email is not None and row.email_digest is None
            for stored in ([] if plain else [row.email]) + [row.email_new]:
                if stored is None or not stored.startswith(data_keys.MARK):
                    continue
                key = data_keys.key_of(stored)
                place = None if key is None else places.get(key)
                if place is None or not _opens(stored):
                    unreadable += 1
                else:
                    found.append(place)
    return unreadable, found


def _opens(stored: str) -> bool:
    try:
        keyring().open(stored)
    except Unreadable:
        return False
    return True


def _seal_plain(after: UUID, run: Run) -> Piece:
    return seal_plain(run, after)


class Addresses:
    """What a server does about addresses before it first writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make_ready(self, write: Callable[[Callable[[Run], Any]], Any]) -> bool:
        """Encrypt what lies there as it was typed. Safe to run twice, and by two at once."""
        sealed, after = 0, FIRST
        while (piece := write(partial(_seal_plain, after))).last is not None:
            sealed, after = sealed + piece.done, piece.last
        if sealed:
            log.info("encrypted %d e-mail addresses", sealed)
            self._write_back()
        return True

    def _write_back(self) -> None:
        """Let SQLite's file take what is new now, so that its log keeps nothing of what was."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._engine.connect() as connection:
            connection.detach()
            # Who reads just now is not waited for; closing the file does the same later.
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def init_app(app: Flask) -> None:
    """Have ``app`` encrypt the addresses of earlier versions before it first writes."""
    found: Store = app.extensions[STORE]
    found.before_writing(Addresses(found.engine).make_ready)
