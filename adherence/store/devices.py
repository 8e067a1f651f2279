"""Known devices: a browser that a PIN opens.

The PIN's hash needs the secret in the device's cookie, so a stolen table cannot be searched.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.sign_in import TRIES
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.statements import Statement


class DeviceRow(Model):
    """One device of one account."""

    __tablename__ = "device"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.UniqueConstraint("digest"),
        sa.Index(None, "account_id"),
        sa.Index(None, "seen_at"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    account_id: Mapped[UUID] = mapped_column(Id)
    pin: Mapped[str] = mapped_column(sa.String(200))
    #: Guesses since the last right one; at five the device is shut.
    tries: Mapped[int] = mapped_column(sa.SmallInteger)
    label: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


DEVICE: Any = DeviceRow.__table__

_device = DEVICE.c.id == sa.bindparam("device_id", type_=Id)
_account = DEVICE.c.account_id == sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)
_seen_pin = DEVICE.c.pin == sa.bindparam("seen_pin", type_=sa.String)
_live = sa.and_(DEVICE.c.revoked_at.is_(None), DEVICE.c.tries < TRIES)

add_device = Statement(sa.insert(DEVICE), "id digest account_id pin tries label created_at seen_at")
device_by_digest = Statement(
    sa.select(DEVICE.c.id, DEVICE.c.account_id, ACCOUNT.c.name, ACCOUNT.c.locale, DEVICE.c.seen_at)
    .select_from(DEVICE.join(ACCOUNT, ACCOUNT.c.id == DEVICE.c.account_id))
    .where(
        DEVICE.c.digest == sa.bindparam("digest", type_=sa.LargeBinary(32)),
        _live,
        ACCOUNT.c.active.is_(True),
    )
)
#: Counted, and committed, before the PIN is looked at.
try_pin = Statement(
    sa.update(DEVICE)
    .where(DEVICE.c.digest == sa.bindparam("digest", type_=sa.LargeBinary(32)), _live)
    .values(tries=DEVICE.c.tries + 1)
    .returning(DEVICE.c.id, DEVICE.c.account_id, DEVICE.c.pin, DEVICE.c.tries)
)
#: The PIN was right; not so when it was changed or the device shut out meanwhile.
open_device = Statement(
    sa.update(DEVICE)
    .where(
        _device,
        DEVICE.c.revoked_at.is_(None),
        DEVICE.c.pin == sa.bindparam("seen_pin", type_=sa.String),
    )
    .values(tries=0, seen_at=_now)
    .returning(DEVICE.c.account_id)
)
devices_of = Statement(
    sa.select(DEVICE.c.id, DEVICE.c.label, DEVICE.c.created_at, DEVICE.c.seen_at)
    .where(_account, _live)
    .order_by(DEVICE.c.seen_at.desc())
)
revoke_device = Statement(
    sa.update(DEVICE)
    .where(_device, _account, DEVICE.c.revoked_at.is_(None))
    .values(revoked_at=_now)
)
revoke_devices_of = Statement(
    sa.update(DEVICE).where(_account, DEVICE.c.revoked_at.is_(None)).values(revoked_at=_now)
)
