"""The inventory of keys: what each protects, how much of it, and moving it under a new secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.services import backups, keys
from adherence.store import accounts as account_table
from adherence.store import addresses, data_keys, look_ups
from adherence.store import mails as mail_table
from adherence.store.db import Run, read, write
from adherence.store.statements import Statement


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of value, and how many of them lie under which secret."""

    what: str
    current: int
    earlier: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Kind:
    what: str
    all: Statement
    value: Callable[[Any], bytes]
    change: Callable[[Any, bytes, bytes, Run], int]
    place_of: Callable[[bytes], int | None] = keys.place_of
    resealed: Callable[[bytes], bytes] = keys.resealed


def _change_totp(row: Any, before: bytes, after: bytes, run: Run) -> int:
    return run.do(account_table.reseal_totp, account_id=row.id, before=before, sealed=after)


def _change_mail(row: Any, before: bytes, after: bytes, run: Run) -> int:
    return run.do(mail_table.reseal_mail, mail_id=row.id, before=before, new_sealed=after)


def _change_look_up_key(row: Any, before: bytes, after: bytes, run: Run) -> int:
    return run.do(look_ups.reseal_look_up_key, number=row.n, before=before, new_sealed=after)


def _change_data_key(row: Any, before: bytes, after: bytes, run: Run) -> int:
    return run.do(data_keys.reseal_data_key, key_id=row.id, before=before, new_sealed=after)


KINDS = (
    _Kind(
        "data keys, and under them notes, answers and addresses",
        data_keys.data_keys,
        lambda row: bytes(row.sealed),
        _change_data_key,
        data_keys.place_of,
        data_keys.resealed,
    ),
    _Kind(
        "keys of look-ups by address",
        look_ups.look_up_keys,
        lambda row: bytes(row.sealed),
        _change_look_up_key,
        partial(data_keys.place_of, use=look_ups.USE),
        partial(data_keys.resealed, use=look_ups.USE),
    ),
    _Kind(
        "secrets of authenticator apps",
        account_table.sealed_secrets,
        lambda row: bytes(row.totp),
        _change_totp,
    ),
    _Kind(
        "mails that wait",
        mail_table.sealed_mails,
        lambda row: bytes(row.sealed),
        _change_mail,
    ),
)


def inventory() -> list[Held]:
    """What is encrypted in the database, by the secret it is under."""
    return [*(_held(kind) for kind in KINDS), _addresses()]


def _addresses() -> Held:
    """E-mail addresses, by the secret that their data key is under."""
    with read() as run:
        unreadable, places = addresses.unreadable_and_places(run)
    earlier = sum(place > 0 for place in places)
    return Held("e-mail addresses", len(places) - earlier, earlier, unreadable)


def _held(kind: _Kind) -> Held:
    with read() as run:
        rows = run.all(kind.all)
    places = [kind.place_of(kind.value(row)) for row in rows]
    return Held(
        kind.what,
        sum(place == 0 for place in places),
        sum(place is not None and place > 0 for place in places),
        sum(place is None for place in places),
    )


def rotate(now: datetime) -> tuple[int, int]:
    """Encrypt everything anew that is under an earlier secret; (done, unreadable).

    One value a transaction: nobody waits, and a stop in between loses nothing. What is written from
    then on lies under a fresh data key, and addresses with their digests lie under fresh keys
    already.
    """
    done = unreadable = 0
    for kind in KINDS:
        with read() as run:
            rows = run.all(kind.all)
        for row in rows:
            before = kind.value(row)
            place = kind.place_of(before)
            if place is None:
                unreadable += 1
            elif place > 0:
                # Of two who change it at once the database lets the first one win.
                done += write(partial(kind.change, row, before, kind.resealed(before)))
    write(lambda run: data_keys.add_key(run, now, settings.current().secret_keys))
    data_keys.keyring().forget()
    moved, lost = _renew_addresses(now)
    return done + moved, unreadable + lost


def _renew_addresses(now: datetime) -> tuple[int, int]:
    """Encrypt every address anew, its digest under a fresh key; (done, unreadable).

    Meanwhile each is found under the key it lies under. The earlier keys are dropped once nothing
    lies under them; until then, after a stop as well, both are looked under.
    """
    secrets = settings.current().secret_keys
    number: int = write(lambda run: look_ups.add_key(run, now, secrets))
    done = unreadable = 0
    after: UUID | None = addresses.FIRST
    while after is not None:
        piece: addresses.Piece = write(partial(_seal_piece, after))
        done, unreadable, after = done + piece.done, unreadable + piece.unreadable, piece.last
    if not unreadable:
        write(lambda run: look_ups.drop_keys_before(run, number, secrets))
    look_ups.look_ups().forget()
    return done, unreadable


def _seal_piece(after: UUID, run: Run) -> addresses.Piece:
    return addresses.seal_anew(run, after)


def plain_texts() -> int:
    """How many texts and addresses lie there unencrypted, from before there were data keys."""
    with read() as run:
        return data_keys.plain_rows(run.connection)


def fingerprints() -> Iterable[tuple[str, str]]:
    """Every key by a name and by what tells it from others."""
    kept = settings.current()
    for number, secret in enumerate(kept.secret_keys):
        name = "secret in use" if number == 0 else f"earlier secret {number}"
        yield name, backups.fingerprint(secret.encode())
    path = kept.backup_key_file
    if path:
        yield "key of backups", backups.fingerprint(backups.read_key(Path(path)))
