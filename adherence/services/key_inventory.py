"""The inventory of keys: what each protects, how much of it, and moving it under a new secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from adherence import settings
from adherence.services import backups, keys
from adherence.store import accounts as account_table
from adherence.store import data_keys
from adherence.store import mails as mail_table
from adherence.store.db import Run, Statement, read, write


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


def _change_data_key(row: Any, before: bytes, after: bytes, run: Run) -> int:
    return run.do(data_keys.reseal_data_key, key_id=row.id, before=before, new_sealed=after)


KINDS = (
    _Kind(
        "data keys, and under them notes and answers",
        data_keys.data_keys,
        lambda row: bytes(row.sealed),
        _change_data_key,
        data_keys.place_of,
        data_keys.resealed,
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
    return [_held(kind) for kind in KINDS]


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
    then on lies under a fresh data key.
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
    return done, unreadable


def plain_texts() -> int:
    """How many notes and answers lie there unencrypted, from before there were data keys."""
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
