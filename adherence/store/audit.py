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

from adherence.domain.audit import (
    EMERGENCY,
    EMERGENCY_RELATION,
    READ_ENDING,
    READS,
    SIGN_INS,
    Kind,
    Result,
    Wanted,
)
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Id, Json, Model, UtcDateTime
from adherence.store.patients import PATIENT
from adherence.store.statements import Statement


class AuditRow(Model):
    """One line: who did what to which object, with what result."""

    __tablename__ = "audit"
    __table_args__ = (sa.Index(None, "clinic_id", "at"),)

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
    #: As what somebody acted (``Relation``), and why they were refused (``Refusal``).
    relation: Mapped[str | None] = mapped_column(sa.String(16))
    reason: Mapped[str | None] = mapped_column(sa.String(16))
    #: By which edge (``Source``), in which request; both null in lines of earlier versions.
    source: Mapped[str | None] = mapped_column(sa.String(8))
    request_id: Mapped[str | None] = mapped_column(sa.String(16))


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

#: Who it was and whom it was about, beside a line.
_shown = (
    *(column for column in AUDIT.c if column.name not in ("clinic_id", "digest", "hash")),
    ACCOUNT.c.name.label("actor_name"),
    ACCOUNT.c.role.label("actor_role"),
)
#: What others did with one patient's record, the newest first.
lines_of_others = Statement(
    sa.select(*_shown)
    .select_from(AUDIT.outerjoin(ACCOUNT, ACCOUNT.c.id == AUDIT.c.actor_id))
    .where(
        AUDIT.c.chain_id == sa.bindparam("chain_id", type_=Id),
        AUDIT.c.n < sa.bindparam("before", type_=sa.BigInteger),
        AUDIT.c.actor_id != sa.bindparam("account_id", type_=Id),
        AUDIT.c.actor_id != sa.bindparam("service_id", type_=Id),
    )
    .order_by(AUDIT.c.n.desc())
    .limit(sa.bindparam("many", type_=sa.Integer))
)


def lines_of_clinic(clinic_id: UUID, wanted: Wanted, many: int) -> Any:
    """The statement that finds lines of a clinic, the newest first; its shape is what is asked."""
    about = sa.case(
        (AUDIT.c.chain_id != AUDIT.c.clinic_id, AUDIT.c.chain_id), else_=AUDIT.c.object_id
    )
    found = (
        sa.select(*_shown, PATIENT.c.id.label("patient_id"), PATIENT.c.name.label("patient_name"))
        .select_from(
            AUDIT.outerjoin(
                ACCOUNT,
                sa.and_(ACCOUNT.c.id == AUDIT.c.actor_id, ACCOUNT.c.clinic_id == clinic_id),
            ).outerjoin(PATIENT, sa.and_(PATIENT.c.id == about, PATIENT.c.clinic_id == clinic_id))
        )
        .where(
            AUDIT.c.clinic_id == clinic_id,
            AUDIT.c.at >= wanted.since,
            AUDIT.c.at < wanted.until,
        )
    )
    if wanted.actor_id is not None:
        found = found.where(AUDIT.c.actor_id == wanted.actor_id)
    if wanted.patient_ids is not None:
        found = found.where(about.in_(wanted.patient_ids))
    if wanted.kind is not None:
        found = found.where(_is_of(wanted.kind))
    if wanted.after is not None:
        at, chain_id, n = wanted.after
        found = found.where(
            sa.or_(
                AUDIT.c.at < at,
                sa.and_(AUDIT.c.at == at, AUDIT.c.chain_id < chain_id),
                sa.and_(AUDIT.c.at == at, AUDIT.c.chain_id == chain_id, AUDIT.c.n < n),
            )
        )
    newest = (AUDIT.c.at.desc(), AUDIT.c.chain_id.desc(), AUDIT.c.n.desc())
    return found.order_by(*newest).limit(many)


def _is_of(kind: Kind) -> Any:
    """``domain.audit.kind_of`` as a condition; a test holds the two together."""
    action = AUDIT.c.action

    def begins(first: str) -> Any:
        return sa.or_(action == first, action.startswith(f"{first}.", autoescape=True))

    refused = AUDIT.c.result == Result.REFUSED.value
    emergency = sa.or_(
        sa.func.coalesce(AUDIT.c.relation, "") == EMERGENCY_RELATION, begins(EMERGENCY)
    )
    sign_in = sa.or_(*map(begins, SIGN_INS))
    reads = sa.or_(action.endswith(READ_ENDING, autoescape=True), action.in_(sorted(READS)))
    return {
        Kind.REFUSAL: refused,
        Kind.EMERGENCY: sa.and_(~refused, emergency),
        Kind.SIGN_IN: sa.and_(~refused, ~emergency, sign_in),
        Kind.READ: sa.and_(~refused, ~emergency, ~sign_in, reads),
        Kind.CHANGE: sa.and_(~refused, ~emergency, ~sign_in, ~reads),
    }[kind]


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
