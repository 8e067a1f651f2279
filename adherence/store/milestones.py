"""Milestones: thresholds a goal's arithmetic passed, each once; and the notices about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.milestones import MilestoneKind
from adherence.domain.notices import NoticeKind, NoticeState
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.data_keys import SealedText
from adherence.store.statements import Statement


class MilestoneRow(Model):
    """One milestone; the key is what makes it awarded once, whoever writes at the same time."""

    __tablename__ = "milestone"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id", "goal_id"], ["goal.patient_id", "goal.id"]),
        one_of("kind", MilestoneKind),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    goal_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[MilestoneKind] = mapped_column(Choice(MilestoneKind), primary_key=True)
    level: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    reached_on: Mapped[date]
    awarded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Set when the entry beneath was corrected away; cleared when it is reached again.
    retracted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class NoticeRow(Model):
    """What a person is told; a clinician reviews it, and only that closes it."""

    __tablename__ = "notice"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["patient_id", "goal_id"], ["goal.patient_id", "goal.id"]),
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"], ["activity.patient_id", "activity.id"]
        ),
        sa.ForeignKeyConstraint(["reviewed_by"], ["account.id"]),
        sa.Index(None, "id", unique=True),
        sa.Index(None, "patient_id", "state"),
        one_of("kind", NoticeKind),
        one_of("state", NoticeState),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[NoticeKind] = mapped_column(Choice(NoticeKind))
    state: Mapped[NoticeState] = mapped_column(Choice(NoticeState))
    goal_id: Mapped[UUID | None] = mapped_column(Id)
    activity_id: Mapped[UUID | None] = mapped_column(Id)
    #: Milestone kind, pause kind or reason, by what kind of notice it is.
    subject: Mapped[str] = mapped_column(sa.String(32))
    level: Mapped[int | None] = mapped_column(sa.Integer)
    day: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_by: Mapped[UUID | None] = mapped_column(Id)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str | None] = mapped_column(SealedText(1000))
    seq: Mapped[int] = mapped_column(sa.BigInteger)


MILESTONE: Any = MilestoneRow.__table__
NOTICE: Any = NoticeRow.__table__

_mine = MILESTONE.c.patient_id == sa.bindparam("patient_id", type_=Id)

add_milestone = Statement(
    sa.insert(MILESTONE),
    "patient_id goal_id kind level clinic_id reached_on awarded_at seq",
)
milestones = Statement(
    sa.select(
        MILESTONE.c.goal_id,
        MILESTONE.c.kind,
        MILESTONE.c.level,
        MILESTONE.c.reached_on,
        MILESTONE.c.awarded_at,
        MILESTONE.c.retracted_at,
        MILESTONE.c.seq,
    )
    .where(_mine)
    .order_by(MILESTONE.c.awarded_at.desc(), MILESTONE.c.kind, MILESTONE.c.level)
)
#: What an entry may add to or take from, in no order.
known_milestones = Statement(
    sa.select(
        MILESTONE.c.goal_id,
        MILESTONE.c.kind,
        MILESTONE.c.level,
        MILESTONE.c.reached_on,
        MILESTONE.c.retracted_at,
    ).where(_mine)
)
_this = sa.and_(
    _mine,
    MILESTONE.c.goal_id == sa.bindparam("in_goal", type_=Id),
    MILESTONE.c.kind == sa.bindparam("of_kind", type_=Choice(MilestoneKind)),
    MILESTONE.c.level == sa.bindparam("at_level", type_=sa.Integer),
)
set_milestone = Statement(
    sa.update(MILESTONE)
    .where(_this)
    .values(
        retracted_at=sa.bindparam("at", type_=UtcDateTime),
        reached_on=sa.bindparam("day", type_=sa.Date),
        seq=sa.bindparam("number", type_=sa.BigInteger),
    )
)

add_notice = Statement(
    sa.insert(NOTICE),
    ("patient_id id clinic_id kind state goal_id activity_id subject level day created_at seq"),
)
_notice = [
    NOTICE.c.id,
    NOTICE.c.patient_id,
    NOTICE.c.kind,
    NOTICE.c.state,
    NOTICE.c.goal_id,
    NOTICE.c.activity_id,
    NOTICE.c.subject,
    NOTICE.c.level,
    NOTICE.c.day,
    NOTICE.c.created_at,
    NOTICE.c.reviewed_by,
    NOTICE.c.reviewed_at,
    NOTICE.c.reply,
    NOTICE.c.seq,
]
notices_of_patient = Statement(
    sa.select(*_notice)
    .where(NOTICE.c.patient_id == sa.bindparam("patient_id", type_=Id))
    .order_by(NOTICE.c.created_at.desc(), NOTICE.c.id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
open_notices_of_patient = Statement(
    sa.select(*_notice)
    .where(
        NOTICE.c.patient_id == sa.bindparam("patient_id", type_=Id),
        NOTICE.c.state == NoticeState.OPEN,
    )
    .order_by(NOTICE.c.created_at.desc(), NOTICE.c.id)
)
open_notice_kinds = Statement(
    sa.select(NOTICE.c.kind, NOTICE.c.subject, NOTICE.c.activity_id, NOTICE.c.day).where(
        NOTICE.c.patient_id == sa.bindparam("patient_id", type_=Id),
        NOTICE.c.state == NoticeState.OPEN,
    )
)
notice_by_id = Statement(
    sa.select(*_notice).where(NOTICE.c.id == sa.bindparam("notice_id", type_=Id))
)
#: The state is in the WHERE: of two clinicians who answer at once, the first one answers.
review_notice = Statement(
    sa.update(NOTICE)
    .where(
        NOTICE.c.patient_id == sa.bindparam("patient_id", type_=Id),
        NOTICE.c.id == sa.bindparam("notice_id", type_=Id),
        NOTICE.c.state == NoticeState.OPEN,
    )
    .values(
        state=sa.bindparam("new_state", type_=Choice(NoticeState)),
        reviewed_by=sa.bindparam("account_id", type_=Id),
        reviewed_at=sa.bindparam("at", type_=UtcDateTime),
        reply=sa.bindparam("words", type_=SealedText(1000)),
        seq=sa.bindparam("number", type_=sa.BigInteger),
    )
)
