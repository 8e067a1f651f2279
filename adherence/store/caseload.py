"""Caseload: one row per patient for the clinician's list, so that its cost does not grow with
history."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.consent import Purpose
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.consent import is_objected
from adherence.store.patients import CARE, CARES, PATIENT
from adherence.store.statements import Statement


class CaseloadRow(Model):
    """Need, the last 30 settled days and the last entry of one patient, as of one local day."""

    __tablename__ = "caseload"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.Index(None, "clinic_id", "due30"),
        sa.Index(None, "roll_at"),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    need: Mapped[int] = mapped_column(sa.Integer)
    #: The most urgent open notice (domain/caseload.py), kept so that an entry need not look it up.
    urgency: Mapped[int] = mapped_column(sa.SmallInteger)
    due30: Mapped[int] = mapped_column(sa.Integer)
    done30: Mapped[int] = mapped_column(sa.Integer)
    unreported30: Mapped[int] = mapped_column(sa.Integer)
    #: The highest pain reported in the last seven days; null when none was.
    pain7: Mapped[int | None] = mapped_column(sa.SmallInteger)
    #: Fourteen days, oldest first, one letter each (see domain/days.py).
    strip: Mapped[str] = mapped_column(sa.String(14))
    open_notices: Mapped[int] = mapped_column(sa.Integer)
    last_entry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    goal_words: Mapped[str | None] = mapped_column(sa.String(300))
    as_of: Mapped[date]
    #: The patient's next midnight: from then on the row no longer tells the truth about today.
    roll_at: Mapped[datetime] = mapped_column(UtcDateTime)


CASELOAD: Any = CaseloadRow.__table__
#: The order of the list, walked where somebody cares for most of a clinic.
sa.Index("ix_caseload_need", CASELOAD.c.clinic_id, CASELOAD.c.need.desc(), CASELOAD.c.patient_id)
COLUMNS = [column.name for column in CASELOAD.c]
_mine = CASELOAD.c.patient_id == sa.bindparam("patient_id", type_=Id)

add_caseload = Statement(sa.insert(CASELOAD), " ".join(COLUMNS))


def _set(*kept: str) -> Statement:
    """What writes the row anew except for the columns that are ``kept``."""
    new = {
        column.name: sa.bindparam(f"new_{column.name}", type_=column.type)
        for column in CASELOAD.c
        if column.name not in ("patient_id", "clinic_id", *kept)
    }
    return Statement(sa.update(CASELOAD).where(_mine).values(new))


#: What the indexes lie over. SQLite writes the pages of an index even where its value is the same,
#: so there is a statement for each set of these that stays as it is.
INDEXED = ("due30", "need", "roll_at")
set_caseload: dict[tuple[str, ...], Statement] = {
    kept: _set(*kept)
    for many in range(len(INDEXED) + 1)
    for kept in itertools.combinations(INDEXED, many)
}
caseload_of = Statement(sa.select(*CASELOAD.c).where(_mine))
caseload_to_roll = Statement(
    sa.select(CASELOAD.c.patient_id)
    .where(CASELOAD.c.roll_at <= sa.bindparam("at", type_=UtcDateTime))
    .order_by(CASELOAD.c.roll_at)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
oldest_roll = Statement(sa.select(sa.func.min(CASELOAD.c.roll_at).label("roll_at")))

_shown = [
    CASELOAD.c.patient_id,
    PATIENT.c.name,
    PATIENT.c.birth_year,
    CASELOAD.c.need,
    CASELOAD.c.due30,
    CASELOAD.c.done30,
    CASELOAD.c.unreported30,
    CASELOAD.c.pain7,
    CASELOAD.c.strip,
    CASELOAD.c.open_notices,
    CASELOAD.c.urgency,
    CASELOAD.c.last_entry_at,
    CASELOAD.c.goal_words,
    CASELOAD.c.as_of,
    CASELOAD.c.roll_at,
]
_need = sa.bindparam("need", type_=sa.Integer)
_after = sa.and_(
    # Says nothing more than what follows, but where in the index to begin.
    CASELOAD.c.need <= _need,
    sa.or_(
        CASELOAD.c.need < _need,
        sa.and_(
            CASELOAD.c.need == _need,
            CASELOAD.c.patient_id > sa.bindparam("after", type_=Id),
        ),
    ),
)
_own = CARE.c.account_id == sa.bindparam("account_id", type_=Id)
#: A clinician's patients after (need, patient), greatest need first: all of them, sorted.
caseload_page = Statement(
    sa.select(*_shown)
    .select_from(
        CARE.join(CASELOAD, CASELOAD.c.patient_id == CARE.c.patient_id).join(
            PATIENT, PATIENT.c.id == CARE.c.patient_id
        )
    )
    .where(_own, CARES, _after)
    .order_by(CASELOAD.c.need.desc(), CASELOAD.c.patient_id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
#: The same, walking the whole clinic in that order until the page is full.
caseload_walk = Statement(
    sa.select(*_shown)
    .select_from(CASELOAD.join(PATIENT, PATIENT.c.id == CASELOAD.c.patient_id))
    .where(
        CASELOAD.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        _after,
        sa.exists().where(CARE.c.patient_id == CASELOAD.c.patient_id, _own, CARES),
    )
    .order_by(CASELOAD.c.need.desc(), CASELOAD.c.patient_id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
_some = sa.select(CARE.c.patient_id).where(_own).limit(sa.bindparam("many", type_=sa.Integer))
#: How many patients somebody cares for or did, counted up to ``many``.
cared_for = Statement(sa.select(sa.func.count().label("n")).select_from(_some.subquery()))
#: A clinician's patients with something new, greatest need first.
waiting_page = Statement(
    sa.select(*_shown)
    .select_from(
        CARE.join(CASELOAD, CASELOAD.c.patient_id == CARE.c.patient_id).join(
            PATIENT, PATIENT.c.id == CARE.c.patient_id
        )
    )
    .where(
        CARE.c.account_id == sa.bindparam("account_id", type_=Id),
        CARES,
        CASELOAD.c.open_notices > 0,
        ~is_objected(CASELOAD.c.patient_id, Purpose.CARE),
    )
    .order_by(CASELOAD.c.need.desc(), CASELOAD.c.patient_id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
