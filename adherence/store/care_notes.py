"""Care notes: only ever added to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.care_notes import TEXT_LIMIT
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.data_keys import SealedText
from adherence.store.statements import Statement


class CareNoteRow(Model):
    """One note of one member of a care team."""

    __tablename__ = "care_note"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    #: Made by whoever writes, so that sending twice stores once.
    client_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    author_id: Mapped[UUID] = mapped_column(Id)
    text: Mapped[str] = mapped_column(SealedText(TEXT_LIMIT))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


CARE_NOTE: Any = CareNoteRow.__table__
_patient = CARE_NOTE.c.patient_id == sa.bindparam("patient_id", type_=Id)

add_note = Statement(
    sa.insert(CARE_NOTE), "patient_id client_id clinic_id author_id text written_at seq"
)
notes_of = Statement(
    sa.select(
        CARE_NOTE.c.client_id,
        CARE_NOTE.c.author_id,
        ACCOUNT.c.name.label("author_name"),
        CARE_NOTE.c.text,
        CARE_NOTE.c.written_at,
        CARE_NOTE.c.seq,
    )
    .select_from(CARE_NOTE.join(ACCOUNT, ACCOUNT.c.id == CARE_NOTE.c.author_id))
    .where(_patient)
    .order_by(CARE_NOTE.c.seq.desc())
    .limit(sa.bindparam("many", type_=sa.Integer))
)
note_by_id = Statement(
    sa.select(CARE_NOTE.c.author_id, CARE_NOTE.c.text).where(
        _patient, CARE_NOTE.c.client_id == sa.bindparam("client_id", type_=Id)
    )
)
