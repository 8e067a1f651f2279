"""Pauses: spans of days that excuse what was due (rest, illness, travel, hospital, a stop)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.pauses import PauseKind
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.data_keys import SealedText
from adherence.store.statements import Statement


class PauseRow(Model):
    """One pause; ``activity_id`` null means everything the patient was asked."""

    __tablename__ = "pause"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"], ["activity.patient_id", "activity.id"]
        ),
        one_of("kind", PauseKind),
        sa.CheckConstraint("until_day IS NULL OR until_day > first_day", name="some_day"),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[PauseKind] = mapped_column(Choice(PauseKind))
    activity_id: Mapped[UUID | None] = mapped_column(Id)
    first_day: Mapped[date]
    #: First day that is not excused any more; open while it lasts.
    until_day: Mapped[date | None]
    note: Mapped[str | None] = mapped_column(SealedText(500))
    author_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


PAUSE: Any = PauseRow.__table__
_mine = PAUSE.c.patient_id == sa.bindparam("patient_id", type_=Id)
_this = PAUSE.c.id == sa.bindparam("pause_id", type_=Id)

add_pause = Statement(
    sa.insert(PAUSE),
    ("patient_id id clinic_id kind activity_id first_day until_day note author_id created_at seq"),
)
pauses = Statement(
    sa.select(
        PAUSE.c.id,
        PAUSE.c.kind,
        PAUSE.c.activity_id,
        PAUSE.c.first_day,
        PAUSE.c.until_day,
        PAUSE.c.note,
        PAUSE.c.author_id,
        PAUSE.c.created_at,
        PAUSE.c.cancelled_at,
        PAUSE.c.seq,
    )
    .where(_mine)
    .order_by(PAUSE.c.first_day, PAUSE.c.id)
)
end_pause = Statement(
    sa.update(PAUSE)
    .where(_mine, _this, PAUSE.c.cancelled_at.is_(None))
    .values(
        until_day=sa.bindparam("day", type_=sa.Date),
        seq=sa.bindparam("number", type_=sa.BigInteger),
    )
)
cancel_pause = Statement(
    sa.update(PAUSE)
    .where(_mine, _this, PAUSE.c.cancelled_at.is_(None))
    .values(
        cancelled_at=sa.bindparam("at", type_=UtcDateTime),
        seq=sa.bindparam("number", type_=sa.BigInteger),
    )
)
