"""Audit: append-only lines in hash chains, one chain per patient and one per clinic.

A patient's chain is ordered by the patient's row lock, which every writer holds anyway; one chain
per clinic would put all of a clinic's writers in single file. A job seals the heads of all chains
of a clinic, so that a removed chain or a cut tail shows too. Triggers refuse UPDATE and DELETE.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.db import Id, Json, Model, Statement, UtcDateTime


class AuditRow(Model):
    """One line: who did what to which object, with what result."""

    __tablename__ = "audit"

    #: The patient's id, or the clinic's for what belongs to no single patient.
    chain_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[UUID] = mapped_column(Id)
    action: Mapped[str] = mapped_column(sa.String(40))
    object_id: Mapped[UUID] = mapped_column(Id)
    result: Mapped[str] = mapped_column(sa.String(16))
    #: A digest of what was written, so the line vouches for the object's content.
    digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16))
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


class AuditSealRow(Model):
    """The heads of all chains of a clinic at one moment, chained to the seal before."""

    __tablename__ = "audit_seal"

    clinic_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: [chain id, number, head] of each chain that grew since the seal before.
    heads: Mapped[list[Any]] = mapped_column(Json)
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


AUDIT: Any = AuditRow.__table__
AUDIT_SEAL: Any = AuditSealRow.__table__

add_audit = Statement(sa.insert(AUDIT), " ".join(column.name for column in AUDIT.c))
audit_chain = Statement(
    sa.select(*AUDIT.c)
    .where(
        AUDIT.c.chain_id == sa.bindparam("chain_id", type_=Id),
        AUDIT.c.n > sa.bindparam("after", type_=sa.BigInteger),
    )
    .order_by(AUDIT.c.n)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
audit_chain_ids = Statement(
    sa.select(AUDIT.c.chain_id, sa.func.max(AUDIT.c.n).label("n"))
    .where(AUDIT.c.clinic_id == sa.bindparam("clinic_id", type_=Id))
    .group_by(AUDIT.c.chain_id)
)

add_seal = Statement(sa.insert(AUDIT_SEAL), " ".join(column.name for column in AUDIT_SEAL.c))
last_seal = Statement(
    sa.select(AUDIT_SEAL.c.n, AUDIT_SEAL.c.at, AUDIT_SEAL.c.hash)
    .where(AUDIT_SEAL.c.clinic_id == sa.bindparam("clinic_id", type_=Id))
    .order_by(AUDIT_SEAL.c.n.desc())
    .limit(1)
)
seals = Statement(
    sa.select(*AUDIT_SEAL.c)
    .where(AUDIT_SEAL.c.clinic_id == sa.bindparam("clinic_id", type_=Id))
    .order_by(AUDIT_SEAL.c.n)
)
