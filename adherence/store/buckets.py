"""Buckets: how often something was tried in one window of time, by a keyed hash of by whom."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.columns import Model
from adherence.store.statements import Statement


class BucketRow(Model):
    """One counter; ``slot`` is the second, since 1970, at which its window ends."""

    __tablename__ = "bucket"
    __table_args__ = (sa.Index(None, "slot"),)

    key: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    slot: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    n: Mapped[int] = mapped_column(sa.Integer)


BUCKET: Any = BucketRow.__table__


def _count(insert: Any) -> Statement:
    """One more in a bucket, and how many that makes, in one statement."""
    added = insert(BUCKET).values(
        key=sa.bindparam("key", type_=sa.LargeBinary(32)),
        slot=sa.bindparam("slot", type_=sa.BigInteger),
        n=1,
    )
    return Statement(
        added.on_conflict_do_update(
            index_elements=[BUCKET.c.key, BUCKET.c.slot], set_={"n": BUCKET.c.n + 1}
        ).returning(BUCKET.c.n)
    )


#: The two databases spell it alike, but each dialect builds its own.
count = {"sqlite": _count(sqlite.insert), "postgresql": _count(postgresql.insert)}
forgive = Statement(
    sa.update(BUCKET)
    .where(
        BUCKET.c.key == sa.bindparam("key", type_=sa.LargeBinary(32)),
        BUCKET.c.slot == sa.bindparam("slot", type_=sa.BigInteger),
        BUCKET.c.n > 0,
    )
    .values(n=BUCKET.c.n - 1)
)
drop_bucket = Statement(
    sa.delete(BUCKET).where(BUCKET.c.key == sa.bindparam("key", type_=sa.LargeBinary(32)))
)
drop_old_buckets = Statement(
    sa.delete(BUCKET).where(BUCKET.c.slot <= sa.bindparam("second", type_=sa.BigInteger))
)
