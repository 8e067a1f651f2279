"""Data keys: what people wrote freely is encrypted under them, and they under the server's secret.

Entries may only be added, so they could never be encrypted anew. Changing the secret therefore
changes what the data keys lie under, a few rows, and no note; a new data key is used for what is
written from then on, and the earlier ones go on opening what was written before.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, current_app
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import Mapped, mapped_column

from adherence import settings
from adherence.store.columns import Id, Model, Quick, UtcDateTime
from adherence.store.db import EXTENSION as STORE
from adherence.store.db import Run, Store
from adherence.store.ids import new_id
from adherence.store.statements import Statement

#: What begins so was sealed; anything else was written before there were data keys.
MARK = "~1~"
KEY = 32
NONCE = 12
ID = 16
TAG = 16
#: What a stored key is for. A key that was moved to where another one belongs opens nothing.
DATA = b"data-key"
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Unreadable(Exception):
    """No data key opens it, or it was changed since it was written."""


class DataKeyRow(Model):
    """One data key, encrypted under the server's secret."""

    __tablename__ = "data_key"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


DATA_KEY: Any = DataKeyRow.__table__

add_data_key = Statement(sa.insert(DATA_KEY), "id sealed created_at")
data_keys = Statement(sa.select(*DATA_KEY.c).order_by(DATA_KEY.c.id))
reseal_data_key = Statement(
    sa.update(DATA_KEY)
    .where(
        DATA_KEY.c.id == sa.bindparam("key_id", type_=Id),
        DATA_KEY.c.sealed == sa.bindparam("before", type_=sa.LargeBinary),
    )
    .values(sealed=sa.bindparam("new_sealed", type_=sa.LargeBinary))
)


class Keyring:
    """The data keys of one application, as far as its secrets open them."""

    def __init__(self, engine: Engine, secrets: Callable[[], Sequence[str]]) -> None:
        self._engine = engine
        self._secrets = secrets
        self._mutex = threading.Lock()
        self._ciphers: dict[bytes, AESGCM] = {}
        self._newest: bytes | None = None

    def make_ready(self, write: Callable[[Callable[[Run], Any]], Any]) -> bool:
        """Read the keys there are; where none can be opened, add one. Whether there is one now."""
        try:
            self._load()
        except sa.exc.DatabaseError:
            return False  # a database that is just being made has no such table yet
        if self._newest is None:
            write(lambda run: add_key(run, datetime.now(UTC), self._secrets()))
            self._load()
        return True

    def forget(self) -> None:
        """Read the keys anew before the next use."""
        with self._mutex:
            self._ciphers, self._newest = {}, None

    def seal(self, text: str) -> str:
        """A text, encrypted under the newest key."""
        if self._newest is None:
            self._load()
        key_id = self._newest
        if key_id is None:
            raise Unreadable("there is no data key that the secrets open")
        nonce = os.urandom(NONCE)
        sealed = self._ciphers[key_id].encrypt(nonce, text.encode(), key_id)
        # What ``urlsafe_b64encode`` gives, without its checks of what it is given.
        plain = binascii.b2a_base64(key_id + nonce + sealed, newline=False)
        return MARK + plain.translate(_URL_SAFE).decode("ascii")

    def open(self, value: str) -> str:
        """What was sealed; a text from before there were keys is given back as it is.

        Raises:
            Unreadable: its key is not there, or it was changed.
        """
        if not value.startswith(MARK):
            return value
        try:
            whole = base64.b64decode(value[len(MARK) :], altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise Unreadable("a sealed text is damaged") from None
        key_id, nonce, sealed = whole[:ID], whole[ID : ID + NONCE], whole[ID + NONCE :]
        if key_id not in self._ciphers:
            self._load()
        cipher = self._ciphers.get(key_id)
        if cipher is None or len(sealed) < TAG:
            raise Unreadable("the key of a sealed text is not there")
        try:
            return cipher.decrypt(nonce, sealed, key_id).decode()
        except InvalidTag:
            raise Unreadable("a sealed text was changed") from None

    def _load(self) -> None:
        """Read the keys on a connection of our own: the asker may be in a transaction."""
        secrets = self._secrets()
        with self._mutex, self._engine.connect() as connection:
            rows = connection.execute(sa.select(*DATA_KEY.c).order_by(DATA_KEY.c.id)).all()
            for row in rows:
                try:
                    key = box(secrets).decrypt(bytes(row.sealed))
                except InvalidToken:
                    continue  # under a secret that is not listed any more
                self._ciphers[row.id.bytes] = AESGCM(key)
                self._newest = row.id.bytes


def add_key(run: Run, now: datetime, secrets: Sequence[str]) -> None:
    """Add a fresh data key: what is written from now on is encrypted under it."""
    sealed = box(secrets).encrypt(os.urandom(KEY))
    run.do(add_data_key, id=new_id(), sealed=sealed, created_at=now)


def box(secrets: Sequence[str], use: bytes = DATA) -> MultiFernet:
    """What encrypts keys of one use: the secret in use first, then earlier ones."""
    return MultiFernet([_fernet(secret, use) for secret in secrets])


def place_of(sealed: bytes, use: bytes = DATA) -> int | None:
    """Which listed secret opens a stored key, 0 for the one in use; None where none does."""
    for place, secret in enumerate(settings.current().secret_keys):
        try:
            _fernet(secret, use).decrypt(sealed)
        except InvalidToken:
            continue
        return place
    return None


def resealed(sealed: bytes, use: bytes = DATA) -> bytes:
    """A stored key under the secret in use; the key itself stays the same."""
    return box(settings.current().secret_keys, use).rotate(sealed)


@lru_cache(maxsize=32)
def _fernet(secret: str, use: bytes) -> Fernet:
    key = hmac.digest(secret.encode(), b"adherence\0" + use, "sha256")
    return Fernet(base64.urlsafe_b64encode(key))


def key_of(text: str) -> UUID | None:
    """Under which data key a stored text lies; None where it lies under none."""
    if not text.startswith(MARK):
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(text[len(MARK) :])[:ID])
    except (binascii.Error, ValueError):
        return None


class SealedText(Quick, sa.types.TypeDecorator[str]):
    """What somebody wrote freely: encrypted in the table, plain for whoever may read the row.

    It cannot be searched or compared by the database. On SQLite it is declared as the plain text
    that it was before; neither database holds it to ``length``, the services do.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(self.length))
        return sa.Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _sealed(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return _opened(value)

    def to_driver(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _sealed

    def from_driver(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _opened


def _sealed(text: str | None) -> str | None:
    return None if text is None else keyring().seal(text)


def _opened(value: str | None) -> str | None:
    return None if value is None else keyring().open(value)


class SealedAddress(SealedText):
    """Where somebody can be reached. One that no key opens any more counts as none.

    Whoever signs in by a PIN or a password goes on doing so when the keys are lost; ``adherence
    keys list`` counts what cannot be read, and a new address takes its place.
    """

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return _opened_if_readable(value)

    def from_driver(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _opened_if_readable


def _opened_if_readable(value: str | None) -> str | None:
    try:
        return _opened(value)
    except Unreadable:
        return None


EXTENSION = "adherence.data_keys"


def init_app(app: Flask) -> None:
    """Give ``app`` its data keys; the first one is made before the first thing is written."""
    found: Store = app.extensions[STORE]
    keyring = app.extensions[EXTENSION] = Keyring(
        found.engine, lambda: app.extensions[settings.EXTENSION].secret_keys
    )
    found.before_writing(keyring.make_ready)


def keyring() -> Keyring:
    """The data keys of the current application."""
    found: Keyring = current_app.extensions[EXTENSION]
    return found


def plain_rows(connection: Connection) -> int:
    """How many texts lie there unencrypted, from before there were data keys."""
    count = 0
    for column in sealed_columns():
        raw = sa.type_coerce(column, sa.String)
        asked = sa.select(sa.func.count()).where(raw.is_not(None), ~raw.startswith(MARK))
        count += int(connection.execute(asked.select_from(column.table)).scalar_one())
    return count


def sealed_columns() -> list[Any]:
    """Every column whose texts are encrypted."""
    return [
        column
        for table in Model.metadata.tables.values()
        for column in table.c
        if isinstance(column.type, SealedText)
    ]
