"""Clinics: the tenants. Every row of patient data carries the id of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.db import Id, Model, Statement, UtcDateTime


class ClinicRow(Model):
    """One clinic; its audit chain holds what belongs to no single patient."""

    __tablename__ = "clinic"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    zone: Mapped[str] = mapped_column(sa.String(64))
    emergency_number: Mapped[str] = mapped_column(sa.String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    audit_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    audit_head: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    sealed_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)


CLINIC: Any = ClinicRow.__table__

add_clinic = Statement(
    sa.insert(CLINIC), "id name zone emergency_number created_at audit_n sealed_n"
)
clinic_by_id = Statement(
    sa.select(CLINIC.c.id, CLINIC.c.name, CLINIC.c.zone, CLINIC.c.emergency_number).where(
        CLINIC.c.id == sa.bindparam("clinic_id", type_=Id)
    )
)
clinic_ids = Statement(sa.select(CLINIC.c.id).order_by(CLINIC.c.id))
lock_clinic = Statement(
    sa.select(CLINIC.c.audit_n, CLINIC.c.audit_head, CLINIC.c.sealed_n)
    .where(CLINIC.c.id == sa.bindparam("clinic_id", type_=Id))
    .with_for_update()
)
audit_head = Statement(
    sa.select(CLINIC.c.audit_n, CLINIC.c.audit_head).where(
        CLINIC.c.id == sa.bindparam("clinic_id", type_=Id)
    )
)
set_clinic_head = Statement(
    sa.update(CLINIC)
    .where(CLINIC.c.id == sa.bindparam("clinic_id", type_=Id))
    .values(
        audit_n=sa.bindparam("n", type_=sa.BigInteger),
        audit_head=sa.bindparam("head", type_=sa.LargeBinary(32)),
    )
)
set_clinic_sealed = Statement(
    sa.update(CLINIC)
    .where(CLINIC.c.id == sa.bindparam("clinic_id", type_=Id))
    .values(sealed_n=sa.bindparam("n", type_=sa.BigInteger))
)
