"""Outbox: what must happen after a commit, written in the same transaction as its cause.

A line holds ids, never health data. A worker leases lines; one that dies gives them back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.statements import Statement


class OutboxRow(Model):
    """One thing to hand over."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.Index(
            "ix_outbox_waiting",
            "due_at",
            "id",
            sqlite_where=sa.text("handed_at IS NULL"),
            postgresql_where=sa.text("handed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    patient_id: Mapped[UUID] = mapped_column(Id)
    topic: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[UUID] = mapped_column(Id)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Not before this instant: now at first, later after a lease or a failure.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(sa.Integer)
    handed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


OUTBOX: Any = OutboxRow.__table__

add_outbox = Statement(
    sa.insert(OUTBOX),
    "id clinic_id patient_id topic subject_id seq created_at due_at tries",
)
_waiting = (
    sa.select(OUTBOX.c.id)
    .where(OUTBOX.c.handed_at.is_(None), OUTBOX.c.due_at <= sa.bindparam("at", type_=UtcDateTime))
    .order_by(OUTBOX.c.due_at, OUTBOX.c.id)
    .limit(sa.bindparam("many", type_=sa.Integer))
    .with_for_update(skip_locked=True)
    # PostgreSQL asks for it once only because it stands apart: see ``mails.lease_mail``.
    .cte("next_lines")
)
#: Claims lines in one statement: two workers never hold the same one.
lease_outbox = Statement(
    sa.update(OUTBOX)
    .where(OUTBOX.c.id.in_(sa.select(_waiting.c.id)))
    .values(due_at=sa.bindparam("lease_until", type_=UtcDateTime), tries=OUTBOX.c.tries + 1)
    .returning(
        OUTBOX.c.id,
        OUTBOX.c.clinic_id,
        OUTBOX.c.patient_id,
        OUTBOX.c.topic,
        OUTBOX.c.subject_id,
        OUTBOX.c.tries,
    )
)
hand_over = Statement(
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("outbox_id", type_=Id), OUTBOX.c.handed_at.is_(None))
    .values(handed_at=sa.bindparam("at", type_=UtcDateTime))
)
put_back = Statement(
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("outbox_id", type_=Id), OUTBOX.c.handed_at.is_(None))
    .values(due_at=sa.bindparam("again_at", type_=UtcDateTime))
)
oldest_waiting = Statement(
    sa.select(
        sa.func.count().label("waiting"), sa.func.min(OUTBOX.c.created_at).label("since")
    ).where(OUTBOX.c.handed_at.is_(None))
)
