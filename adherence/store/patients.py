"""Patients, the history of their zones, and who cares for them.

The patient's row is the one lock of everything that is written about a patient: it hands out
``seq``, the number that orders the pull cursor, and holds the head of the patient's audit chain.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.activities import Discipline
from adherence.domain.care_teams import CareKind
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.statements import Statement


class PatientRow(Model):
    """One patient of one clinic."""

    __tablename__ = "patient"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.UniqueConstraint("account_id"),
        sa.Index(None, "clinic_id", "name", "id"),
        sa.Index(None, "settled_on"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    account_id: Mapped[UUID | None] = mapped_column(Id)
    name: Mapped[str] = mapped_column(sa.String(200))
    birth_year: Mapped[int | None] = mapped_column(sa.SmallInteger)
    home_zone: Mapped[str] = mapped_column(sa.String(64))
    started_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: The last number handed out to a change; pulls are ordered by it, not by time.
    seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    #: Grows when plan, pauses, goals or zone change, so a process may keep what it parsed.
    plan_version: Mapped[int] = mapped_column(sa.Integer, default=0)
    #: Days before this one have rows in day_sum for everything that was due.
    settled_on: Mapped[date]
    audit_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    audit_head: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    #: The last audit number that a seal of the clinic covers.
    sealed_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    #: Since when the record is locked away: the patient may read it, nobody may change it.
    restricted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ZoneChangeRow(Model):
    """From which local day the patient's wall clock is read in which IANA zone."""

    __tablename__ = "zone_change"
    __table_args__ = (sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),)

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    effective_on: Mapped[date] = mapped_column(primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    zone: Mapped[str] = mapped_column(sa.String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class CareRelationRow(Model):
    """A clinician who cares for a patient, from when to when (``until_at`` is open while it
    lasts).

    A team has one lead. Who stands in for a member does so between two instants known beforehand.
    """

    __tablename__ = "care_relation"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["stands_for_id"], ["account.id"]),
        sa.Index(None, "account_id", "patient_id"),
        sa.Index(
            "uq_care_relation_lead",
            "patient_id",
            unique=True,
            sqlite_where=sa.text("kind = 'lead' AND until_at IS NULL"),
            postgresql_where=sa.text("kind = 'lead' AND until_at IS NULL"),
        ),
        one_of("discipline", Discipline),
        one_of("kind", CareKind),
        sa.CheckConstraint(
            "kind <> 'substitute' OR (until_at IS NOT NULL AND stands_for_id IS NOT NULL)",
            name="substitute",
        ),
        sa.CheckConstraint("until_at IS NULL OR until_at >= from_at", name="period"),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    from_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    discipline: Mapped[Discipline] = mapped_column(Choice(Discipline))
    until_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kind: Mapped[CareKind] = mapped_column(Choice(CareKind))
    stands_for_id: Mapped[UUID | None] = mapped_column(Id)


PATIENT: Any = PatientRow.__table__
ZONE_CHANGE: Any = ZoneChangeRow.__table__
CARE: Any = CareRelationRow.__table__


def _last_begun(at: Any) -> Any:
    later = CARE.alias("later")
    return ~(
        sa.exists()
        .where(
            later.c.patient_id == CARE.c.patient_id,
            later.c.account_id == CARE.c.account_id,
            later.c.from_at > CARE.c.from_at,
            later.c.from_at <= at,
        )
        .correlate(CARE)
    )


_now = sa.bindparam("now", type_=UtcDateTime)
#: A relation that holds ``now``. Of one person with one patient only what began last is asked, so
#: that an end is an end, also where something older was left open.
CARES = sa.and_(
    CARE.c.from_at <= _now,
    sa.or_(CARE.c.until_at.is_(None), CARE.c.until_at > _now),
    _last_begun(_now),
)

_patient = PATIENT.c.id == sa.bindparam("patient_id", type_=Id)

add_patient = Statement(
    sa.insert(PATIENT),
    (
        "id clinic_id account_id name birth_year home_zone started_on created_at seq "
        "plan_version settled_on audit_n sealed_n"
    ),
)
patient_by_id = Statement(
    sa.select(
        PATIENT.c.id,
        PATIENT.c.clinic_id,
        PATIENT.c.account_id,
        PATIENT.c.name,
        PATIENT.c.birth_year,
        PATIENT.c.home_zone,
        PATIENT.c.started_on,
        PATIENT.c.seq,
        PATIENT.c.plan_version,
        PATIENT.c.settled_on,
        PATIENT.c.restricted_at,
    ).where(_patient)
)
patient_of_account = Statement(
    sa.select(PATIENT.c.id).where(PATIENT.c.account_id == sa.bindparam("account_id", type_=Id))
)
#: A patient has one account for good; of two who give one, the first wins.
set_patient_account = Statement(
    sa.update(PATIENT)
    .where(_patient, PATIENT.c.account_id.is_(None))
    .values(account_id=sa.bindparam("new_account_id", type_=Id))
)
set_person = Statement(
    sa.update(PATIENT)
    .where(_patient)
    .values(
        name=sa.bindparam("new_name", type_=sa.String),
        birth_year=sa.bindparam("new_birth_year", type_=sa.SmallInteger),
    )
)
#: Takes the patient's row lock (SQLite: the writer already holds the file).
lock_patient = Statement(
    sa.select(
        PATIENT.c.clinic_id,
        PATIENT.c.name,
        PATIENT.c.home_zone,
        PATIENT.c.started_on,
        PATIENT.c.seq,
        PATIENT.c.plan_version,
        PATIENT.c.settled_on,
        PATIENT.c.audit_n,
        PATIENT.c.audit_head,
        PATIENT.c.restricted_at,
    )
    .where(_patient)
    .with_for_update()
)
#: Writes back what the holder of the lock has used up.
unlock_patient = Statement(
    sa.update(PATIENT)
    .where(_patient)
    .values(
        seq=sa.bindparam("new_seq", type_=sa.BigInteger),
        plan_version=sa.bindparam("new_plan_version", type_=sa.Integer),
        audit_n=sa.bindparam("new_audit_n", type_=sa.BigInteger),
        audit_head=sa.bindparam("new_audit_head", type_=sa.LargeBinary(32)),
    )
)
#: Apart from the above, because SQLite writes a page of the index even where the day is the same.
set_settled_on = Statement(
    sa.update(PATIENT)
    .where(_patient)
    .values(settled_on=sa.bindparam("new_settled_on", type_=sa.Date))
)
#: Chains that grew since their last seal.
unsealed_heads = Statement(
    sa.select(PATIENT.c.id, PATIENT.c.audit_n, PATIENT.c.audit_head)
    .where(
        PATIENT.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        PATIENT.c.audit_n > PATIENT.c.sealed_n,
    )
    .order_by(PATIENT.c.id)
)
audited = Statement(
    sa.select(PATIENT.c.id).where(PATIENT.c.clinic_id == sa.bindparam("clinic_id", type_=Id))
)
audit_head = Statement(
    sa.select(PATIENT.c.audit_n, PATIENT.c.audit_head, PATIENT.c.sealed_n).where(_patient)
)
patients_named = Statement(
    sa.select(PATIENT.c.id).where(
        PATIENT.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        sa.func.lower(PATIENT.c.name) == sa.func.lower(sa.bindparam("name", type_=sa.String)),
    )
)
set_sealed = Statement(
    sa.update(PATIENT).where(_patient).values(sealed_n=sa.bindparam("n", type_=sa.BigInteger))
)
#: All but those whose record was locked away: nothing is computed of them any more.
patient_ids = Statement(
    sa.select(PATIENT.c.id).where(PATIENT.c.restricted_at.is_(None)).order_by(PATIENT.c.id)
)
every_patient = Statement(
    sa.select(PATIENT.c.id, PATIENT.c.clinic_id, PATIENT.c.restricted_at).order_by(PATIENT.c.id)
)

add_zone_change = Statement(
    sa.insert(ZONE_CHANGE), "patient_id effective_on clinic_id zone recorded_at seq"
)
#: Changes that have not begun yet give way to a newer one.
remove_zone_changes_from = Statement(
    sa.delete(ZONE_CHANGE).where(
        ZONE_CHANGE.c.patient_id == sa.bindparam("patient_id", type_=Id),
        ZONE_CHANGE.c.effective_on >= sa.bindparam("effective_on", type_=sa.Date),
    )
)
zone_changes = Statement(
    sa.select(ZONE_CHANGE.c.effective_on, ZONE_CHANGE.c.zone)
    .where(ZONE_CHANGE.c.patient_id == sa.bindparam("patient_id", type_=Id))
    .order_by(ZONE_CHANGE.c.effective_on)
)

#: A look soon after the last one is the same look: what was new stays marked as new.
look = Statement(
    sa.update(CARE)
    .where(
        CARE.c.patient_id == sa.bindparam("patient_id", type_=Id),
        CARE.c.account_id == sa.bindparam("account_id", type_=Id),
        CARE.c.from_at <= _now,
        sa.or_(CARE.c.until_at.is_(None), CARE.c.until_at > _now),
        sa.or_(
            CARE.c.looked_at.is_(None),
            CARE.c.looked_at < sa.bindparam("before", type_=UtcDateTime),
        ),
    )
    .values(looked_at=_now)
)
