"""Passkeys and recovery codes: what somebody shows besides or instead of a password."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.statements import Statement


class PasskeyRow(Model):
    """One passkey: the public half of a key that never leaves the person's device or key ring."""

    __tablename__ = "passkey"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.UniqueConstraint("credential"),
        sa.Index(None, "account_id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Id)
    credential: Mapped[bytes] = mapped_column(sa.LargeBinary(1023))
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    #: 0 for passkeys that are synced between devices; it proves nothing then.
    count: Mapped[int] = mapped_column(sa.BigInteger)
    backed_up: Mapped[bool]
    label: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryRow(Model):
    """One recovery code, by its keyed hash."""

    __tablename__ = "recovery"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.Index(None, "account_id"),
    )

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


PASSKEY: Any = PasskeyRow.__table__
RECOVERY: Any = RecoveryRow.__table__

_account = sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)

add_passkey = Statement(
    sa.insert(PASSKEY), "id account_id credential public_key count backed_up label created_at"
)
passkeys_of = Statement(
    sa.select(
        PASSKEY.c.id,
        PASSKEY.c.credential,
        PASSKEY.c.label,
        PASSKEY.c.backed_up,
        PASSKEY.c.created_at,
        PASSKEY.c.used_at,
    )
    .where(PASSKEY.c.account_id == _account)
    .order_by(PASSKEY.c.created_at)
)
passkey_by_credential = Statement(
    sa.select(*PASSKEY.c).where(
        PASSKEY.c.credential == sa.bindparam("credential", type_=sa.LargeBinary)
    )
)
use_passkey = Statement(
    sa.update(PASSKEY)
    .where(PASSKEY.c.id == sa.bindparam("passkey_id", type_=Id))
    .values(
        count=sa.bindparam("new_count", type_=sa.BigInteger),
        backed_up=sa.bindparam("is_backed_up", type_=sa.Boolean),
        used_at=_now,
    )
    .returning(PASSKEY.c.account_id)
)
drop_passkey = Statement(
    sa.delete(PASSKEY).where(
        PASSKEY.c.account_id == _account, PASSKEY.c.id == sa.bindparam("passkey_id", type_=Id)
    )
)
drop_passkeys_of = Statement(sa.delete(PASSKEY).where(PASSKEY.c.account_id == _account))

add_recovery = Statement(sa.insert(RECOVERY), "digest account_id created_at")
#: One row comes back once, then never again.
use_recovery = Statement(
    sa.update(RECOVERY)
    .where(
        RECOVERY.c.digest == sa.bindparam("digest", type_=sa.LargeBinary(32)),
        RECOVERY.c.account_id == _account,
        RECOVERY.c.used_at.is_(None),
    )
    .values(used_at=_now)
    .returning(RECOVERY.c.account_id)
)
recovery_left = Statement(
    sa.select(sa.func.count().label("left")).where(
        RECOVERY.c.account_id == _account, RECOVERY.c.used_at.is_(None)
    )
)
drop_recovery_of = Statement(sa.delete(RECOVERY).where(RECOVERY.c.account_id == _account))
