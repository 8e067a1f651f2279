"""Entries: what was reported. Append-only: a correction is a new row that names the old one.

Keyed by (patient, client id): the id is made on the device, so the same id sent again finds its
row, and an id of another patient is simply not there. Every reference is a composite key through
the same patient, so no entry can point into another patient's record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.entries import (
    BECAUSE_LIMIT,
    EFFORT_SCALE,
    NOTE_LIMIT,
    PAIN_SCALE,
    SYMPTOM_LIMIT,
    Reason,
    Source,
    Status,
)
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Choice, Id, Model, UtcDateTime, between, one_of
from adherence.store.data_keys import SealedText
from adherence.store.db import Run
from adherence.store.statements import Statement


class EntryRow(Model):
    """One entry, exactly as it was reported."""

    __tablename__ = "entry"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"], ["activity.patient_id", "activity.id"]
        ),
        sa.ForeignKeyConstraint(["patient_id", "goal_id"], ["goal.patient_id", "goal.id"]),
        sa.ForeignKeyConstraint(
            ["patient_id", "corrects_id"], ["entry.patient_id", "entry.client_id"]
        ),
        sa.UniqueConstraint("patient_id", "seq"),
        # One correction for each entry: two devices that correct the same one meet here.
        sa.Index(
            "uq_entry_corrects",
            "patient_id",
            "corrects_id",
            unique=True,
            sqlite_where=sa.text("corrects_id IS NOT NULL"),
            postgresql_where=sa.text("corrects_id IS NOT NULL"),
        ),
        sa.Index("ix_entry_local_day", "patient_id", "local_day", "activity_id"),
        # The few that answer an occurrence of another day than the one they were done on.
        sa.Index(
            "ix_entry_named_day",
            "patient_id",
            "day",
            sqlite_where=sa.text("day <> local_day"),
            postgresql_where=sa.text("day <> local_day"),
        ),
        sa.Index(
            "ix_entry_symptom",
            "patient_id",
            "symptom",
            "local_day",
            sqlite_where=sa.text("symptom IS NOT NULL"),
            postgresql_where=sa.text("symptom IS NOT NULL"),
        ),
        sa.Index(
            "ix_entry_goal",
            "patient_id",
            "goal_id",
            "local_day",
            sqlite_where=sa.text("goal_id IS NOT NULL"),
            postgresql_where=sa.text("goal_id IS NOT NULL"),
        ),
        # The few by which a clinician put the record right.
        sa.Index(
            "ix_entry_because",
            "patient_id",
            "local_day",
            sqlite_where=sa.text("because IS NOT NULL"),
            postgresql_where=sa.text("because IS NOT NULL"),
        ),
        one_of("status", Status, null=True),
        one_of("reason", Reason, null=True),
        one_of("source", Source),
        between("pain", PAIN_SCALE),
        between("effort", EFFORT_SCALE),
        sa.CheckConstraint(
            "withdrawn OR activity_id IS NOT NULL OR goal_id IS NOT NULL OR symptom IS NOT NULL",
            name="about_something",
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    client_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    activity_id: Mapped[UUID | None] = mapped_column(Id)
    goal_id: Mapped[UUID | None] = mapped_column(Id)
    symptom: Mapped[str | None] = mapped_column(sa.String(SYMPTOM_LIMIT))
    #: The occurrence it says it answers.
    day: Mapped[date | None]
    slot: Mapped[int | None] = mapped_column(sa.SmallInteger)
    status: Mapped[Status | None] = mapped_column(Choice(Status))
    sets: Mapped[int | None] = mapped_column(sa.SmallInteger)
    reps: Mapped[int | None] = mapped_column(sa.SmallInteger)
    hold_seconds: Mapped[int | None] = mapped_column(sa.SmallInteger)
    quantity: Mapped[float | None]
    value: Mapped[float | None]
    #: Asked and not answered on purpose; unlike 0 and unlike no entry.
    declined: Mapped[bool]
    reason: Mapped[Reason | None] = mapped_column(Choice(Reason))
    pain: Mapped[int | None] = mapped_column(sa.SmallInteger)
    pain_declined: Mapped[bool]
    effort: Mapped[int | None] = mapped_column(sa.SmallInteger)
    note: Mapped[str | None] = mapped_column(SealedText(NOTE_LIMIT))
    withdrawn: Mapped[bool]
    performed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    zone: Mapped[str] = mapped_column(sa.String(64))
    local_day: Mapped[date]
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[Source] = mapped_column(Choice(Source))
    author_id: Mapped[UUID] = mapped_column(Id)
    corrects_id: Mapped[UUID | None] = mapped_column(Id)
    payload_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    #: Why a clinician put the entry right that this one corrects.
    because: Mapped[str | None] = mapped_column(SealedText(BECAUSE_LIMIT))


ENTRY: Any = EntryRow.__table__
_later: Any = ENTRY.alias("later")

COLUMNS = [column.name for column in ENTRY.c]

#: What the rules need of an entry, in the order of its fields; the note and the bookkeeping stay
#: behind.
RULED = [
    ENTRY.c.client_id,
    ENTRY.c.performed_at,
    ENTRY.c.local_day,
    ENTRY.c.status,
    ENTRY.c.activity_id,
    ENTRY.c.goal_id,
    ENTRY.c.symptom,
    ENTRY.c.value,
    ENTRY.c.declined,
    ENTRY.c.day,
    ENTRY.c.slot,
    ENTRY.c.sets,
    ENTRY.c.reps,
    ENTRY.c.hold_seconds,
    ENTRY.c.quantity,
    ENTRY.c.reason,
    ENTRY.c.pain,
    ENTRY.c.pain_declined,
    ENTRY.c.effort,
    ENTRY.c.seq,
]

_mine = ENTRY.c.patient_id == sa.bindparam("patient_id", type_=Id)
_first = sa.bindparam("first", type_=sa.Date)
_until = sa.bindparam("until", type_=sa.Date)
#: Not withdrawn and not corrected by a later entry.
_stands = sa.and_(
    ENTRY.c.withdrawn.is_(False),
    ~sa.exists().where(
        _later.c.patient_id == ENTRY.c.patient_id, _later.c.corrects_id == ENTRY.c.client_id
    ),
)

add_entry = Statement(sa.insert(ENTRY), " ".join(COLUMNS))
entry_by_client_id = Statement(
    sa.select(*ENTRY.c).where(_mine, ENTRY.c.client_id == sa.bindparam("client_id", type_=Id))
)
_marked = ENTRY.outerjoin(
    _later,
    sa.and_(_later.c.patient_id == ENTRY.c.patient_id, _later.c.corrects_id == ENTRY.c.client_id),
)
_corrected_by = _later.c.client_id.label("corrected_by")
#: One entry, and the id of the one that corrects it.
entry_shown = Statement(
    sa.select(*ENTRY.c, _corrected_by)
    .select_from(_marked)
    .where(_mine, ENTRY.c.client_id == sa.bindparam("client_id", type_=Id))
)
_old: Any = ENTRY.alias("old")
#: What clinicians put right with a reason and nobody put right since, where the day of the old or
#: of the new version is one of [first, until).
put_right = Statement(
    sa.select(
        ENTRY.c.client_id,
        ENTRY.c.local_day,
        _old.c.local_day.label("old_day"),
        ENTRY.c.activity_id,
        ENTRY.c.goal_id,
        ENTRY.c.symptom,
        ENTRY.c.because,
        ENTRY.c.withdrawn,
        ENTRY.c.received_at,
        ACCOUNT.c.name.label("author"),
    )
    .select_from(
        _marked.join(
            _old,
            sa.and_(
                _old.c.patient_id == ENTRY.c.patient_id, _old.c.client_id == ENTRY.c.corrects_id
            ),
        ).join(ACCOUNT, ACCOUNT.c.id == ENTRY.c.author_id)
    )
    .where(
        _mine,
        ENTRY.c.because.is_not(None),
        _later.c.client_id.is_(None),
        sa.or_(
            sa.and_(ENTRY.c.local_day >= _first, ENTRY.c.local_day < _until),
            sa.and_(_old.c.local_day >= _first, _old.c.local_day < _until),
        ),
    )
    .order_by(ENTRY.c.local_day, ENTRY.c.seq)
)
known_entry = Statement(
    sa.select(ENTRY.c.payload_hash, ENTRY.c.seq).where(
        _mine, ENTRY.c.client_id == sa.bindparam("client_id", type_=Id)
    )
)
correction_of = Statement(
    sa.select(ENTRY.c.client_id).where(
        _mine, ENTRY.c.corrects_id == sa.bindparam("client_id", type_=Id)
    )
)


#: SQLite looks up so many at a time; a shorter list repeats its last id.
KNOWN_AT_ONCE = 50
_known = sa.select(ENTRY.c.client_id, ENTRY.c.payload_hash, ENTRY.c.seq)
_ids = [sa.bindparam(f"id_{n}", type_=Id) for n in range(KNOWN_AT_ONCE)]
#: (client_id, payload_hash, seq) of those of ``id_0`` … that are stored.
_known_of_some = Statement(_known.where(_mine, ENTRY.c.client_id.in_(_ids)))
#: The same of ``ids``; a statement of so many parameters the driver would parse at each call.
_known_of_all = Statement(
    _known.where(
        _mine, ENTRY.c.client_id == sa.any_(sa.bindparam("ids", type_=postgresql.ARRAY(Id)))
    )
)


def known_entries(run: Run, patient_id: UUID, ids: Sequence[UUID]) -> list[Any]:
    """(client_id, payload_hash, seq) of those of a patient's ``ids`` that are stored."""
    if run.dialect.name == "postgresql":
        return run.all(_known_of_all, patient_id=patient_id, ids=list(ids))
    found = []
    for start in range(0, len(ids), KNOWN_AT_ONCE):
        some = [*ids[start : start + KNOWN_AT_ONCE]]
        some += some[-1:] * (KNOWN_AT_ONCE - len(some))
        named = {f"id_{n}": one for n, one in enumerate(some)}
        found += run.all(_known_of_some, patient_id=patient_id, **named)
    return found


_activity = ENTRY.c.activity_id == sa.bindparam("activity_id", type_=Id)
#: Standing entries of one activity done on, or naming, a day of [first, until).
entries_of_activity = Statement(
    sa.union_all(
        sa.select(*RULED).where(
            _mine, _activity, ENTRY.c.local_day >= _first, ENTRY.c.local_day < _until, _stands
        ),
        sa.select(*RULED).where(
            _mine,
            _activity,
            ENTRY.c.day != ENTRY.c.local_day,
            ENTRY.c.day >= _first,
            ENTRY.c.day < _until,
            sa.or_(ENTRY.c.local_day < _first, ENTRY.c.local_day >= _until),
            _stands,
        ),
    )
)
_of_activities = ENTRY.c.activity_id.is_not(None)
#: Standing entries of all activities done on, or naming, a day of [first, until).
entries_of_days = Statement(
    sa.union_all(
        sa.select(*RULED).where(
            _mine, ENTRY.c.local_day >= _first, ENTRY.c.local_day < _until, _of_activities, _stands
        ),
        sa.select(*RULED).where(
            _mine,
            ENTRY.c.day != ENTRY.c.local_day,
            ENTRY.c.day >= _first,
            ENTRY.c.day < _until,
            sa.or_(ENTRY.c.local_day < _first, ENTRY.c.local_day >= _until),
            _of_activities,
            _stands,
        ),
    )
)
#: What a value that was reported consists of, for goals and pictures: many are read at once.
REPORTED = [ENTRY.c.performed_at, ENTRY.c.local_day, ENTRY.c.value, ENTRY.c.declined]
#: The newest standing ratings of a goal, and reports of a symptom, newest first.
newest_goal_entries = Statement(
    sa.select(*REPORTED)
    .where(_mine, ENTRY.c.goal_id == sa.bindparam("goal_id", type_=Id), _stands)
    .order_by(ENTRY.c.local_day.desc(), ENTRY.c.performed_at.desc())
    .limit(sa.bindparam("many", type_=sa.Integer))
)
newest_symptom_entries = Statement(
    sa.select(*REPORTED)
    .where(_mine, ENTRY.c.symptom == sa.bindparam("symptom", type_=sa.String), _stands)
    .order_by(ENTRY.c.local_day.desc(), ENTRY.c.performed_at.desc())
    .limit(sa.bindparam("many", type_=sa.Integer))
)
#: Standing reports of one symptom on the days of [first, until), in order of time.
symptom_entries = Statement(
    sa.select(*REPORTED)
    .where(
        _mine,
        ENTRY.c.symptom == sa.bindparam("symptom", type_=sa.String),
        ENTRY.c.local_day >= _first,
        ENTRY.c.local_day < _until,
        _stands,
    )
    .order_by(ENTRY.c.performed_at, ENTRY.c.client_id)
)
_names: Any = (
    sa.select(sa.func.min(ENTRY.c.symptom).label("symptom"))
    .where(_mine, ENTRY.c.symptom.is_not(None))
    .cte("named", recursive=True)
)
_names = _names.union_all(
    sa.select(
        sa.select(sa.func.min(ENTRY.c.symptom))
        .where(_mine, ENTRY.c.symptom > _names.c.symptom)
        .scalar_subquery()
    ).where(_names.c.symptom.is_not(None))
)
#: The symptoms that anything was said about on the days of [first, until). It goes from name to
#: name through the index: a patient has a few, and thousands of reports of each.
symptoms_known = Statement(
    sa.select(_names.c.symptom)
    .where(
        sa.exists().where(
            _mine,
            ENTRY.c.symptom == _names.c.symptom,
            ENTRY.c.local_day >= _first,
            ENTRY.c.local_day < _until,
        )
    )
    .order_by(_names.c.symptom)
)
#: Standing ratings of one goal on the days of [first, until), in order of time.
goal_entries = Statement(
    sa.select(*REPORTED)
    .where(
        _mine,
        ENTRY.c.goal_id == sa.bindparam("goal_id", type_=Id),
        ENTRY.c.local_day >= _first,
        ENTRY.c.local_day < _until,
        _stands,
    )
    .order_by(ENTRY.c.performed_at, ENTRY.c.client_id)
)
#: Everything received after a number, in the order it was stored; corrected rows too.
entries_after = Statement(
    sa.select(*ENTRY.c)
    .where(_mine, ENTRY.c.seq > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(ENTRY.c.seq)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
#: A page of the record, newest first, corrected rows marked by who corrected them.
entries_page = Statement(
    sa.select(*ENTRY.c, _corrected_by)
    .select_from(_marked)
    .where(_mine, ENTRY.c.seq < sa.bindparam("before", type_=sa.BigInteger))
    .order_by(ENTRY.c.seq.desc())
    .limit(sa.bindparam("many", type_=sa.Integer))
)
last_received = Statement(
    sa.select(ENTRY.c.received_at).where(_mine).order_by(ENTRY.c.seq.desc()).limit(1)
)
