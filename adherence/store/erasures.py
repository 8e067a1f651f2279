"""Erasures: who asked to be forgotten, what was decided, and what is left of somebody who was.

Entries and what else may only be added are guarded by triggers. They let a row go for one reason:
the patient's erasure says RUNNING, and a check of that table lets it say so only when somebody
decided it, and a second person too where the record needs two.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.classes import table, tables_of_person
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.data_keys import SealedText
from adherence.store.db import Run
from adherence.store.exports import belongs
from adherence.store.patients import PATIENT
from adherence.store.statements import Statement


class ErasureState(StrEnum):
    """How far a wish to be forgotten is."""

    ASKED = "asked"
    PROPOSED = "proposed"
    RUNNING = "running"
    RESTRICTED = "restricted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @classmethod
    def open_ones(cls) -> tuple[ErasureState, ...]:
        """The states in which a wish still waits for somebody."""
        return cls.ASKED, cls.PROPOSED, cls.RUNNING


class Outcome(StrEnum):
    """What may become of such a wish."""

    ERASE = "erase"
    RESTRICT = "restrict"
    REFUSE = "refuse"


class ErasureRow(Model):
    """One wish to be forgotten, who decided it, and the reason that the patient reads."""

    __tablename__ = "erasure"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.Index(None, "patient_id", "asked_at"),
        sa.Index(
            "uq_erasure_open",
            "patient_id",
            unique=True,
            sqlite_where=sa.text("state IN ('asked', 'proposed', 'running')"),
            postgresql_where=sa.text("state IN ('asked', 'proposed', 'running')"),
        ),
        sa.Index(None, "clinic_id", "asked_at"),
        one_of("state", ErasureState),
        one_of("outcome", Outcome, null=True),
        sa.CheckConstraint(
            "state <> 'running' OR (outcome = 'erase' AND decided_by IS NOT NULL"
            " AND proposed_by IS NOT NULL AND (NOT needs_two OR proposed_by <> decided_by))",
            name="two",
        ),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    patient_id: Mapped[UUID] = mapped_column(Id)
    asked_by: Mapped[UUID] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: What the person wrote, if anything.
    words: Mapped[str | None] = mapped_column(SealedText(500))
    state: Mapped[ErasureState] = mapped_column(Choice(ErasureState))
    outcome: Mapped[Outcome | None] = mapped_column(Choice(Outcome))
    #: Why, in words that the patient reads.
    reason: Mapped[str | None] = mapped_column(SealedText(500))
    needs_two: Mapped[bool]
    proposed_by: Mapped[UUID | None] = mapped_column(Id)
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TombstoneRow(Model):
    """What is left of a patient who was erased: the end of the audit chain, and no content.

    ``digest`` is the SHA-256 of the patient's id; a list of these is kept beside the database too.
    """

    __tablename__ = "tombstone"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    chain_id: Mapped[UUID] = mapped_column(Id)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    audit_n: Mapped[int] = mapped_column(sa.BigInteger)
    audit_head: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


ERASURE: Any = ErasureRow.__table__
TOMBSTONE: Any = TombstoneRow.__table__

OPEN = ErasureState.open_ones()
_id = ERASURE.c.id == sa.bindparam("erasure_id", type_=Id)
_patient = ERASURE.c.patient_id == sa.bindparam("patient_id", type_=Id)
_clinic = ERASURE.c.clinic_id == sa.bindparam("clinic_id", type_=Id)

add_erasure = Statement(
    sa.insert(ERASURE), "id clinic_id patient_id asked_by asked_at words state needs_two"
)
erasures_of_patient = Statement(
    sa.select(*ERASURE.c).where(_patient).order_by(ERASURE.c.asked_at.desc(), ERASURE.c.id.desc())
)
erasure_by_id = Statement(sa.select(*ERASURE.c).where(_id, _clinic))
#: What waits for a decision, and what was locked away: the administrators' list.
erasures_of_clinic = Statement(
    sa.select(*ERASURE.c, PATIENT.c.name.label("patient_name"))
    .select_from(ERASURE.join(PATIENT, PATIENT.c.id == ERASURE.c.patient_id))
    .where(
        _clinic,
        sa.or_(*(ERASURE.c.state == one for one in (*OPEN, ErasureState.RESTRICTED))),
    )
    .order_by(ERASURE.c.asked_at, ERASURE.c.id)
)
set_erasure = Statement(
    sa.update(ERASURE)
    .where(_id)
    .values(
        state=sa.bindparam("new_state", type_=Choice(ErasureState)),
        outcome=sa.bindparam("new_outcome", type_=Choice(Outcome)),
        reason=sa.bindparam("new_reason", type_=SealedText(500)),
        needs_two=sa.bindparam("new_needs_two", type_=sa.Boolean),
        proposed_by=sa.bindparam("new_proposed_by", type_=Id),
        proposed_at=sa.bindparam("new_proposed_at", type_=UtcDateTime),
        decided_by=sa.bindparam("new_decided_by", type_=Id),
        decided_at=sa.bindparam("new_decided_at", type_=UtcDateTime),
    )
)
add_tombstone = Statement(sa.insert(TOMBSTONE), " ".join(column.name for column in TOMBSTONE.c))
tombstones = Statement(sa.select(*TOMBSTONE.c).order_by(TOMBSTONE.c.erased_at, TOMBSTONE.c.digest))
tombstones_of_clinic = Statement(
    sa.select(*TOMBSTONE.c).where(TOMBSTONE.c.clinic_id == sa.bindparam("clinic_id", type_=Id))
)
#: The end of the chain of somebody erased; it was sealed in the transaction that erased them.
tombstone_of_chain = Statement(
    sa.select(
        TOMBSTONE.c.audit_n, TOMBSTONE.c.audit_head, TOMBSTONE.c.audit_n.label("sealed_n")
    ).where(
        TOMBSTONE.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        TOMBSTONE.c.chain_id == sa.bindparam("chain_id", type_=Id),
    )
)
#: How many were erased, and how many are locked away: both only ever grow by somebody's going.
gone = Statement(
    sa.select(
        sa.select(sa.func.count()).select_from(TOMBSTONE).scalar_subquery().label("erased"),
        sa.select(sa.func.count())
        .select_from(ERASURE)
        .where(ERASURE.c.state == sa.bindparam("state", type_=Choice(ErasureState)))
        .scalar_subquery()
        .label("locked"),
    )
)
restrict_patient = Statement(
    sa.update(PATIENT)
    .where(PATIENT.c.id == sa.bindparam("patient_id", type_=Id))
    .values(restricted_at=sa.bindparam("at", type_=UtcDateTime))
)
restricted_patients = Statement(
    sa.select(PATIENT.c.id, PATIENT.c.restricted_at)
    .where(PATIENT.c.restricted_at.is_not(None))
    .order_by(PATIENT.c.id)
)


def last_clinical_act(run: Run, patient_id: UUID) -> datetime | None:
    """When staff last wrote into the record; None where they never did.

    Goals, plans and what is asked are written by staff only; a reviewed notice bears their answer.
    """
    moments = []
    for name, column in (
        ("goal", "created_at"),
        ("plan", "created_at"),
        ("revision", "created_at"),
        ("notice", "reviewed_at"),
        ("supply", "received_at"),
    ):
        found = table(name)
        asked = sa.select(sa.func.max(found.c[column])).where(
            found.c.patient_id == sa.literal(patient_id, Id)
        )
        moments.append(run.core(asked)[0][0])
    return max((one for one in moments if one is not None), default=None)


def delete_from(run: Run, name: str, patient_id: UUID) -> int:
    """Delete a patient's rows of one table; how many."""
    found = table(name)
    mine = found.c.patient_id == sa.literal(patient_id, Id)
    return int(run.connection.execute(sa.delete(found).where(mine)).rowcount)


def delete_rows(run: Run, patient_id: UUID, account_id: UUID | None) -> int:
    """Delete every row of a person but what outlives them; how many.

    ``account_id`` is None where the account goes on, because its holder acts for somebody else.
    Rows go before those that they refer to. The erasure is what the triggers ask for, so it stays
    until nothing guarded is left.
    """
    kinds = {name: kind for name, kind in tables_of_person() if not kind.outlives}
    late = ("erasure", "patient", "account")
    deleted = 0
    for name in (*(one for one in reversed(kinds) if one not in late), *late):
        mine = belongs(name, kinds[name], patient_id, account_id)
        if mine is None:
            continue
        found = table(name)
        if "corrects_id" in found.c:
            deleted += _delete_corrections(run, found, mine)
        if name == "account":
            _forget_past_acting(run, patient_id, account_id)
            if _is_named_elsewhere(run, account_id):
                _empty_account(run, account_id)
                continue
        deleted += run.connection.execute(sa.delete(found).where(mine)).rowcount
    return deleted


def stop_acting_for(run: Run, patient_id: UUID) -> None:
    """Let no session speak for a patient any more."""
    session = table("session")
    run.connection.execute(
        sa.update(session)
        .where(session.c.for_patient_id == sa.literal(patient_id, Id))
        .values(for_patient_id=None)
    )


def forget_mails(run: Run, patient_id: UUID) -> None:
    """Let no mail to somebody else name the patient."""
    mail = table("mail")
    run.connection.execute(
        sa.update(mail)
        .where(mail.c.patient_id == sa.literal(patient_id, Id))
        .values(patient_id=None)
    )


def _is_named_elsewhere(run: Run, account_id: UUID | None) -> bool:
    """Whether rows of others still name an account, such as a consent that it gave for a child."""
    whose = sa.literal(account_id, Id)
    for found in Model.metadata.tables.values():
        for key in found.foreign_keys:
            if key.target_fullname == "account.id":
                asked = sa.select(sa.literal(1)).where(key.parent == whose).limit(1)
                if run.connection.execute(asked).first() is not None:
                    return True
    return False


def _empty_account(run: Run, account_id: UUID | None) -> None:
    """Leave of an account nothing but its id: no name, no address, no way in."""
    account = table("account")
    nothing = {column.name: None for column in account.c if column.nullable}
    run.connection.execute(
        sa.update(account)
        .where(account.c.id == sa.literal(account_id, Id))
        .values(name="", active=False, **nothing)
    )


def _forget_past_acting(run: Run, patient_id: UUID, account_id: UUID | None) -> None:
    """Let go of the times, all over, in which an account acted for other patients."""
    proxy = table("proxy")
    run.connection.execute(
        sa.delete(proxy).where(
            proxy.c.account_id == sa.literal(account_id, Id),
            proxy.c.patient_id != sa.literal(patient_id, Id),
        )
    )


def _delete_corrections(run: Run, found: Any, mine: Any) -> int:
    """Delete what corrects something, the newest first: no row points at one that is gone."""
    other = found.alias()
    newest = ~sa.exists().where(
        other.c.patient_id == found.c.patient_id, other.c.corrects_id == found.c.client_id
    )
    last = sa.delete(found).where(mine, found.c.corrects_id.is_not(None), newest)
    deleted = 0
    while gone := run.connection.execute(last).rowcount:
        deleted += gone
    return deleted
