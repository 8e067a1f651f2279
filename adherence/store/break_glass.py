"""Break-glass: who opened whose record in an emergency, why, until when, and who looked into it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.break_glass import REASON_LIMIT, SHORTEST_REASON, WORDS_LIMIT
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.patients import PATIENT
from adherence.store.statements import Statement


class BreakGlassRow(Model):
    """One record opened by one clinician. ``ended_at`` is null until it was ended or is cleared
    away after ``ends_at``.

    Unseen by the clinic while ``seen_at`` is null, unread by the patient while ``told_at`` is.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["seen_by"], ["account.id"]),
        sa.Index(None, "patient_id", "account_id"),
        sa.Index(None, "clinic_id", "begun_at"),
        # One at a time for one clinician, however many ask at once.
        sa.Index(
            "uq_break_glass_open",
            "account_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint(f"length(reason) >= {SHORTEST_REASON}", name="reason"),
        sa.CheckConstraint(
            "(seen_at IS NULL) = (seen_by IS NULL) AND (seen_at IS NULL) = (seen_words IS NULL)",
            name="seen",
        ),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    patient_id: Mapped[UUID] = mapped_column(Id)
    account_id: Mapped[UUID] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(sa.String(REASON_LIMIT))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_by: Mapped[UUID | None] = mapped_column(Id)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_words: Mapped[str | None] = mapped_column(sa.String(WORDS_LIMIT))
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


GLASS: Any = BreakGlassRow.__table__

_id = GLASS.c.id == sa.bindparam("emergency_id", type_=Id)
_patient = GLASS.c.patient_id == sa.bindparam("patient_id", type_=Id)
_account = GLASS.c.account_id == sa.bindparam("account_id", type_=Id)
_clinic = GLASS.c.clinic_id == sa.bindparam("clinic_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)
_open = sa.and_(GLASS.c.begun_at <= _now, GLASS.c.ended_at.is_(None), GLASS.c.ends_at > _now)

#: Whether the account may read a patient's record now; for the statement that asks the relation.
IS_OPEN = sa.exists().where(GLASS.c.patient_id == PATIENT.c.id, _account, _open)


def _add(insert: Any) -> Statement:
    """Open a record, unless the account has one open."""
    added = insert(GLASS).values(
        {
            name: sa.bindparam(name, type_=GLASS.c[name].type)
            for name in [
                "id",
                "clinic_id",
                "patient_id",
                "account_id",
                "reason",
                "begun_at",
                "ends_at",
            ]
        }
    )
    return Statement(added.on_conflict_do_nothing().returning(GLASS.c.id))


#: The two databases spell it alike, but each dialect builds its own.
add_break_glass = {"sqlite": _add(sqlite.insert), "postgresql": _add(postgresql.insert)}
#: What is over by the clock makes room for the next.
clear_expired = Statement(
    sa.update(GLASS)
    .where(_account, GLASS.c.ended_at.is_(None), GLASS.c.ends_at <= _now)
    .values(ended_at=GLASS.c.ends_at)
)
open_of_account = Statement(
    sa.select(GLASS.c.id, GLASS.c.patient_id, PATIENT.c.name.label("patient_name"), GLASS.c.ends_at)
    .select_from(GLASS.join(PATIENT, PATIENT.c.id == GLASS.c.patient_id))
    .where(_account, _clinic, _open)
)
end_break_glass = Statement(
    sa.update(GLASS).where(_patient, _account, _open).values(ended_at=_now).returning(GLASS.c.id)
)
#: Patients of a clinic who were born in a year, but for those who are locked away: the use case
#: compares the names.
patients_born_in = Statement(
    sa.select(PATIENT.c.id, PATIENT.c.name, PATIENT.c.started_on, PATIENT.c.home_zone)
    .where(
        PATIENT.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        PATIENT.c.birth_year == sa.bindparam("year", type_=sa.Integer),
        PATIENT.c.restricted_at.is_(None),
    )
    .order_by(PATIENT.c.started_on, PATIENT.c.id)
)

# The people's names. The accounts' own file asks this one for a relation, so it cannot be asked.
_people = sa.table("account", sa.column("id", Id), sa.column("name", sa.String))
_opener, _seer = _people.alias("opener"), _people.alias("seer")
_shown = sa.select(
    GLASS.c.id,
    GLASS.c.patient_id,
    PATIENT.c.name.label("patient_name"),
    _opener.c.name.label("clinician_name"),
    GLASS.c.reason,
    GLASS.c.begun_at,
    GLASS.c.ends_at,
    GLASS.c.ended_at,
    GLASS.c.seen_at,
    _seer.c.name.label("seen_by_name"),
    GLASS.c.seen_words,
    GLASS.c.told_at,
).select_from(
    GLASS.join(PATIENT, PATIENT.c.id == GLASS.c.patient_id)
    .join(_opener, _opener.c.id == GLASS.c.account_id)
    .outerjoin(_seer, _seer.c.id == GLASS.c.seen_by)
)
of_patient = Statement(_shown.where(_patient).order_by(GLASS.c.begun_at.desc(), GLASS.c.id))
#: What nobody has seen first, then the newest.
of_clinic = Statement(
    _shown.where(_clinic)
    .order_by(GLASS.c.seen_at.is_not(None), GLASS.c.begun_at.desc(), GLASS.c.id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
unseen = Statement(
    sa.select(sa.func.count().label("n"))
    .select_from(GLASS)
    .where(_clinic, GLASS.c.seen_at.is_(None))
)
untold = Statement(
    sa.select(sa.func.count().label("n"))
    .select_from(GLASS)
    .where(_patient, GLASS.c.told_at.is_(None))
)
patient_of_unseen = Statement(
    sa.select(GLASS.c.patient_id).where(_id, _clinic, GLASS.c.seen_at.is_(None))
)
#: Of two who look into it at once the first one has seen it.
see = Statement(
    sa.update(GLASS)
    .where(_id, _clinic, GLASS.c.seen_at.is_(None))
    .values(
        seen_by=sa.bindparam("seer_id", type_=Id),
        seen_at=_now,
        seen_words=sa.bindparam("words", type_=sa.String),
    )
)
tell = Statement(
    sa.update(GLASS).where(_id, _patient, GLASS.c.told_at.is_(None)).values(told_at=_now)
)
