"""Look-ups: finding a row by a text that lies in it encrypted.

What is encrypted cannot be compared, so beside it stands a digest: an HMAC of the text under a
random key of this table, which lies encrypted under the server's secret. Whoever has the tables
alone can neither read a text nor try out whether one that they guess is there. Changing the secret
changes what the key lies under, one row, and no digest.

There may be several keys: after a fresh one was added, until every digest was made anew, and where
a server began under a wrong secret. A text is looked for under each that opens, and written under
the newest. Processes keep the keys; ``newest`` tells them when theirs are no longer all. Whoever
writes a digest holds the newest key's row meanwhile (``hold_newest``), and whoever adds a key waits
for them (``hold_all``): once there is a newer one, nothing comes to lie under the one before.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from flask import Flask, current_app
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, mapped_column

from adherence import settings
from adherence.store.columns import Model, UtcDateTime
from adherence.store.data_keys import KEY, Unreadable, box
from adherence.store.db import EXTENSION as STORE
from adherence.store.db import Run, Store
from adherence.store.statements import Statement

#: What the keys are for, so that none can be put in a data key's place.
USE = b"look-up-key"


class LookUpKeyRow(Model):
    """One key of digests, encrypted under the server's secret."""

    __tablename__ = "look_up_key"

    n: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


LOOK_UP_KEY: Any = LookUpKeyRow.__table__

look_up_keys = Statement(sa.select(*LOOK_UP_KEY.c).order_by(LOOK_UP_KEY.c.n.desc()))
_newest = sa.select(LOOK_UP_KEY.c.sealed).order_by(LOOK_UP_KEY.c.n.desc()).limit(1)
newest = Statement(_newest)
hold_newest = Statement(_newest.with_for_update(read=True))
hold_all = Statement(sa.select(LOOK_UP_KEY.c.n).order_by(LOOK_UP_KEY.c.n.desc()).with_for_update())
drop_look_up_key = Statement(
    sa.delete(LOOK_UP_KEY).where(LOOK_UP_KEY.c.n == sa.bindparam("number", type_=sa.Integer))
)
reseal_look_up_key = Statement(
    sa.update(LOOK_UP_KEY)
    .where(
        LOOK_UP_KEY.c.n == sa.bindparam("number", type_=sa.Integer),
        LOOK_UP_KEY.c.sealed == sa.bindparam("before", type_=sa.LargeBinary),
    )
    .values(sealed=sa.bindparam("new_sealed", type_=sa.LargeBinary))
)


def _add(insert: Any) -> Statement:
    """One more key, unless another process was first to give that number."""
    return Statement(
        insert(LOOK_UP_KEY)
        .values(
            n=sa.bindparam("number", type_=sa.Integer),
            sealed=sa.bindparam("new_sealed", type_=sa.LargeBinary),
            created_at=sa.bindparam("at", type_=UtcDateTime),
        )
        .on_conflict_do_nothing()
    )


add_look_up_key = {"sqlite": _add(sqlite.insert), "postgresql": _add(postgresql.insert)}


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that the secrets open, the newest first. ``mark`` is the newest row, opened or not.

    The mark is what is encrypted: it differs for every key that was ever added.
    """

    mark: bytes | None
    opened: tuple[tuple[int, bytes], ...] = field(repr=False)

    def digests(self, purpose: bytes, text: bytes) -> list[bytes]:
        """The digest of a text under each key, the newest first."""
        said = purpose + b"\0" + text
        return [hmac.digest(key, said, "sha256") for _, key in self.opened]

    def digest(self, purpose: bytes, text: bytes) -> bytes:
        """The digest under which a text is written.

        Raises:
            Unreadable: the secrets open no key.
        """
        if not self.opened:
            raise Unreadable("there is no key of look-ups that the secrets open")
        return self.digests(purpose, text)[0]


class LookUps:
    """The keys that one application keeps between transactions."""

    def __init__(self, engine: Engine, secrets: Callable[[], Sequence[str]]) -> None:
        self._engine = engine
        self.secrets = secrets
        self._kept: Keys | None = None

    def keys(self, run: Run) -> Keys:
        """The keys, as they were when this process last read them."""
        found = self._kept
        if found is None:
            found = self._kept = opened(run, self.secrets())
        return found

    def forget(self) -> None:
        """Read the keys anew before the next use."""
        self._kept = None

    def make_ready(self, write: Callable[[Callable[[Run], Any]], Any]) -> bool:
        """Add a key where there is none that the secrets open. Whether there is one now."""
        try:
            with self._engine.connect() as connection:
                connection.execute(_newest)
        except sa.exc.DatabaseError:
            return False  # a database that is just being made has no such table yet

        def work(run: Run) -> None:
            if not opened(run, self.secrets()).opened:
                add_key(run, datetime.now(UTC), self.secrets())

        write(work)
        self.forget()
        return True


def opened(run: Run, secrets: Sequence[str]) -> Keys:
    """The keys there are now."""
    rows = run.all(look_up_keys)
    box_of_keys, found = box(secrets, USE), []
    for row in rows:
        try:
            found.append((int(row.n), box_of_keys.decrypt(bytes(row.sealed))))
        except InvalidToken:
            continue  # under a secret that is not listed any more
    return Keys(bytes(rows[0].sealed) if rows else None, tuple(found))


def add_key(run: Run, now: datetime, secrets: Sequence[str]) -> int:
    """Add a fresh key, under which digests are written from now on; its number."""
    rows = run.all(hold_all)
    number = rows[0].n + 1 if rows else 1
    sealed = box(secrets, USE).encrypt(os.urandom(KEY))
    run.do(add_look_up_key[run.dialect.name], number=number, new_sealed=sealed, at=now)
    return number


def drop_keys_before(run: Run, number: int, secrets: Sequence[str]) -> int:
    """Drop the keys before one that every digest was made under by now; how many.

    One that the secrets do not open stays: it may be another day's only way to what it was for.
    """
    old = [n for n, _ in opened(run, secrets).opened if n < number]
    return sum(run.do(drop_look_up_key, number=n) for n in old)


EXTENSION = "adherence.look_ups"


def init_app(app: Flask) -> None:
    """Give ``app`` its keys of look-ups; the first is made before the first thing is written."""
    found: Store = app.extensions[STORE]
    kept = app.extensions[EXTENSION] = LookUps(
        found.engine, lambda: app.extensions[settings.EXTENSION].secret_keys
    )
    found.before_writing(kept.make_ready)


def look_ups() -> LookUps:
    """The keys of look-ups of the current application."""
    found: LookUps = current_app.extensions[EXTENSION]
    return found
