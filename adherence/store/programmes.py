"""Groups of people whom a programme counts together, with the figures of their last count."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.consent import Purpose
from adherence.store.caseload import CASELOAD
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.consent import holds
from adherence.store.statements import Statement


class CountedGroupRow(Model):
    """One group: how many it was formed of, and what it came to when it was last counted."""

    __tablename__ = "counted_group"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.Index(None, "clinic_id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    size: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    patients: Mapped[int]
    due: Mapped[int]
    done: Mapped[int]
    unreported: Mapped[int]


class CountedPersonRow(Model):
    """Somebody who was counted once; ``group_id`` is null while they are in no group."""

    __tablename__ = "counted_person"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["group_id"], ["counted_group.id"]),
        sa.Index(None, "group_id"),
        sa.Index(None, "clinic_id"),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    group_id: Mapped[UUID | None] = mapped_column(Id)


GROUP: Any = CountedGroupRow.__table__
PERSON: Any = CountedPersonRow.__table__
_group = GROUP.c.id == sa.bindparam("group_id", type_=Id)
_clinic_id = sa.bindparam("clinic_id", type_=Id)

#: Each group of a clinic with how many of it are there and agree at present.
groups_of_clinic = Statement(
    sa.select(*GROUP.c, sa.func.count(PERSON.c.patient_id).label("agreed"))
    .select_from(
        GROUP.outerjoin(
            sa.join(PERSON, CASELOAD, CASELOAD.c.patient_id == PERSON.c.patient_id),
            sa.and_(PERSON.c.group_id == GROUP.c.id, holds(PERSON.c.patient_id, Purpose.PROGRAMME)),
        )
    )
    .where(GROUP.c.clinic_id == _clinic_id)
    .group_by(*GROUP.c)
    .order_by(GROUP.c.id)
)
people_of_clinic = Statement(
    sa.select(PERSON.c.patient_id, PERSON.c.group_id).where(PERSON.c.clinic_id == _clinic_id)
)
#: Everybody who agrees, with what they come to in the last 30 days.
agreed_of_clinic = Statement(
    sa.select(
        CASELOAD.c.patient_id,
        CASELOAD.c.due30.label("due"),
        CASELOAD.c.done30.label("done"),
        CASELOAD.c.unreported30.label("unreported"),
    ).where(CASELOAD.c.clinic_id == _clinic_id, holds(CASELOAD.c.patient_id, Purpose.PROGRAMME))
)
add_group = Statement(sa.insert(GROUP), "id clinic_id size counted_at patients due done unreported")
set_count = Statement(
    sa.update(GROUP)
    .where(_group)
    .values(
        counted_at=sa.bindparam("at", type_=UtcDateTime),
        patients=sa.bindparam("new_patients", type_=sa.Integer),
        due=sa.bindparam("new_due", type_=sa.Integer),
        done=sa.bindparam("new_done", type_=sa.Integer),
        unreported=sa.bindparam("new_unreported", type_=sa.Integer),
    )
)
leave_group = Statement(
    sa.update(PERSON)
    .where(PERSON.c.group_id == sa.bindparam("left_id", type_=Id))
    .values(group_id=None)
)
drop_group = Statement(sa.delete(GROUP).where(_group))
add_person = Statement(sa.insert(PERSON), "patient_id clinic_id group_id")
join_group = Statement(
    sa.update(PERSON)
    .where(PERSON.c.patient_id == sa.bindparam("whose", type_=Id))
    .values(group_id=sa.bindparam("new_group_id", type_=Id))
)
