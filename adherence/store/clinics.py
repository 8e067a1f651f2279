"""Clinics: the tenants. Every row of patient data carries the id of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.statements import Statement


class ClinicRow(Model):
    """One clinic; its audit chain holds what belongs to no single patient."""

    __tablename__ = "clinic"
    __table_args__ = (sa.Index("uq_clinic_slug", "slug", unique=True),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    zone: Mapped[str] = mapped_column(sa.String(64))
    emergency_number: Mapped[str] = mapped_column(sa.String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    audit_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    audit_head: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    sealed_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    #: The clinic's word in addresses and on the sign-in page; needed once a server has two clinics.
    slug: Mapped[str | None] = mapped_column(sa.String(40))
    #: From this age on nobody acts for a patient because that patient is a child.
    grown_age: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("18"))


CLINIC: Any = ClinicRow.__table__

add_clinic = Statement(
    sa.insert(CLINIC), "id name zone emergency_number created_at audit_n sealed_n slug grown_age"
)
clinic_by_id = Statement(
    sa.select(
        CLINIC.c.id,
        CLINIC.c.name,
        CLINIC.c.zone,
        CLINIC.c.emergency_number,
        CLINIC.c.slug,
        CLINIC.c.grown_age,
    ).where(CLINIC.c.id == sa.bindparam("clinic_id", type_=Id))
)
#: All clinics as the sign-in page needs them; a server has a few.
clinic_slugs = Statement(sa.select(CLINIC.c.id, CLINIC.c.slug, CLINIC.c.name).order_by(CLINIC.c.id))
clinic_ids = Statement(sa.select(CLINIC.c.id).order_by(CLINIC.c.id))
oldest_zone = Statement(sa.select(CLINIC.c.zone).order_by(CLINIC.c.created_at).limit(1))
#: Rows that refer to a clinic may be added meanwhile: of two who did so before they lock it, each
#: would wait for the other.
lock_clinic = Statement(
    sa.select(CLINIC.c.audit_n, CLINIC.c.audit_head, CLINIC.c.sealed_n)
    .where(CLINIC.c.id == sa.bindparam("clinic_id", type_=Id))
    .with_for_update(key_share=True)
)
audit_head = Statement(
    sa.select(CLINIC.c.audit_n, CLINIC.c.audit_head, CLINIC.c.sealed_n).where(
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
