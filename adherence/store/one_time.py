"""One-time codes: whatever lets somebody do one thing once, kept by a keyed hash.

Redeeming is one statement, so the database decides which of two requests was first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.sign_in import TRIES, Purpose
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.statements import Statement


class OneTimeRow(Model):
    """One code. ``account_id`` is null where nobody has the address it was asked for."""

    __tablename__ = "one_time"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.Index(None, "account_id", "purpose"),
        sa.Index(None, "bound", "purpose"),
        sa.Index(None, "ends_at"),
        one_of("purpose", Purpose),
    )

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(Choice(Purpose))
    account_id: Mapped[UUID | None] = mapped_column(Id)
    #: Keyed hash of what else must be there: the browser that asked, or the session.
    bound: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    tries: Mapped[int] = mapped_column(sa.SmallInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


ONE_TIME: Any = OneTimeRow.__table__

_digest = sa.bindparam("digest", type_=sa.LargeBinary(32))
_bound = sa.bindparam("bound", type_=sa.LargeBinary(32))
_purpose = ONE_TIME.c.purpose == sa.bindparam("purpose", type_=Choice(Purpose))
_now = sa.bindparam("now", type_=UtcDateTime)
_account = ONE_TIME.c.account_id == sa.bindparam("account_id", type_=Id)
_open = sa.and_(ONE_TIME.c.used_at.is_(None), ONE_TIME.c.ends_at > _now)

add_one_time = Statement(
    sa.insert(ONE_TIME), "digest purpose account_id bound tries created_at ends_at"
)
#: One row comes back once, then never again.
use_one_time = Statement(
    sa.update(ONE_TIME)
    .where(ONE_TIME.c.digest == _digest, _purpose, _open, ONE_TIME.c.bound.is_(None))
    .values(used_at=_now)
    .returning(ONE_TIME.c.account_id, ONE_TIME.c.digest)
)
use_bound = Statement(
    sa.update(ONE_TIME)
    .where(ONE_TIME.c.digest == _digest, _purpose, _open, ONE_TIME.c.bound == _bound)
    .values(used_at=_now)
    .returning(ONE_TIME.c.account_id, ONE_TIME.c.digest)
)
open_one_time = Statement(
    sa.select(ONE_TIME.c.account_id, ONE_TIME.c.purpose, ONE_TIME.c.bound).where(
        ONE_TIME.c.digest == _digest, _open
    )
)
#: A guess at a short code is counted before it is looked at; after five there is nothing left.
try_bound = Statement(
    sa.update(ONE_TIME)
    .where(ONE_TIME.c.bound == _bound, _purpose, _open, ONE_TIME.c.tries < TRIES)
    .values(tries=ONE_TIME.c.tries + 1)
    .returning(ONE_TIME.c.digest, ONE_TIME.c.account_id, ONE_TIME.c.bound)
)
#: A new code of a kind ends the ones before it.
end_of_account = Statement(
    sa.update(ONE_TIME).where(_account, _purpose, _open).values(used_at=_now)
)
end_of_bound = Statement(
    sa.update(ONE_TIME).where(ONE_TIME.c.bound == _bound, _purpose, _open).values(used_at=_now)
)
#: Of a server's first start there is one code at a time.
end_of_purpose = Statement(sa.update(ONE_TIME).where(_purpose, _open).values(used_at=_now))
end_all_of_account = Statement(sa.update(ONE_TIME).where(_account, _open).values(used_at=_now))
open_invite = Statement(
    sa.select(ONE_TIME.c.ends_at, ONE_TIME.c.purpose)
    .where(
        _account,
        _open,
        sa.or_(ONE_TIME.c.purpose == Purpose.INVITE, ONE_TIME.c.purpose == Purpose.INVITE_MAIL),
    )
    .order_by(ONE_TIME.c.ends_at.desc())
)
drop_old_one_time = Statement(sa.delete(ONE_TIME).where(ONE_TIME.c.ends_at <= _now))
