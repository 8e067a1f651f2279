"""Supplies: what was dispensed, counted by a device, or imported. Append-only, like entries.

Keyed by (patient, client id), so the same supply sent again finds its row. A correction is a new
row that names the old one; one that is ``withdrawn`` takes it back. Cohort measures read the rows
that stand, by clinic (``measures.service``).
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.supplies import MEDICATION_LIMIT, SupplySource
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.statements import Statement


class SupplyRow(Model):
    """One supply: days it lasts from its date, and where known its daily dose and medication."""

    __tablename__ = "supply"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
        sa.ForeignKeyConstraint(
            ["patient_id", "corrects_id"], ["supply.patient_id", "supply.client_id"]
        ),
        sa.UniqueConstraint("patient_id", "seq"),
        sa.Index(
            "uq_supply_corrects",
            "patient_id",
            "corrects_id",
            unique=True,
            sqlite_where=sa.text("corrects_id IS NOT NULL"),
            postgresql_where=sa.text("corrects_id IS NOT NULL"),
        ),
        sa.Index("ix_supply_cohort", "clinic_id", "patient_id", "seq"),
        sa.CheckConstraint("duration > 0", name="duration"),
        sa.CheckConstraint("daily_dose > 0", name="daily_dose"),
        one_of("source", SupplySource),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    client_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    date: Mapped[dt.date]
    duration: Mapped[float]
    daily_dose: Mapped[float | None]
    medication: Mapped[str | None] = mapped_column(sa.String(MEDICATION_LIMIT))
    source: Mapped[SupplySource] = mapped_column(Choice(SupplySource))
    withdrawn: Mapped[bool]
    corrects_id: Mapped[UUID | None] = mapped_column(Id)
    author_id: Mapped[UUID] = mapped_column(Id)
    received_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    payload_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16))


SUPPLY: Any = SupplyRow.__table__
_later: Any = SUPPLY.alias("later")
_mine = SUPPLY.c.patient_id == sa.bindparam("patient_id", type_=Id)
_this = SUPPLY.c.client_id == sa.bindparam("client_id", type_=Id)

add_supply = Statement(sa.insert(SUPPLY), " ".join(column.name for column in SUPPLY.c))
supply_by_client_id = Statement(sa.select(*SUPPLY.c).where(_mine, _this))
correction_of = Statement(
    sa.select(SUPPLY.c.client_id).where(
        _mine, SUPPLY.c.corrects_id == sa.bindparam("client_id", type_=Id)
    )
)
#: A page of the supplies, newest first, corrected rows marked by what corrected them.
supplies_page = Statement(
    sa.select(*SUPPLY.c, _later.c.client_id.label("corrected_by"))
    .select_from(
        SUPPLY.outerjoin(
            _later,
            sa.and_(
                _later.c.patient_id == SUPPLY.c.patient_id,
                _later.c.corrects_id == SUPPLY.c.client_id,
            ),
        )
    )
    .where(_mine, SUPPLY.c.seq < sa.bindparam("before", type_=sa.BigInteger))
    .order_by(SUPPLY.c.seq.desc())
    .limit(sa.bindparam("many", type_=sa.Integer))
)
