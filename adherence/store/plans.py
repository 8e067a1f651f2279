"""Plans by discipline, the activities in them, and the revisions of each activity.

A revision is never changed or removed: what was asked on a past day stays readable for ever.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.activities import ActivityKind, Discipline
from adherence.store.columns import Choice, Id, Json, Model, UtcDateTime, one_of
from adherence.store.statements import Statement


class PlanRow(Model):
    """One discipline's care plan; several run side by side."""

    __tablename__ = "plan"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
        one_of("discipline", Discipline),
        sa.CheckConstraint("sustained_share > 0 AND sustained_share <= 1", name="sustained_share"),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    discipline: Mapped[Discipline] = mapped_column(Choice(Discipline))
    title: Mapped[str] = mapped_column(sa.String(200))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    #: The weekly share that this plan calls sustained; no source gives a universal cut-off.
    sustained_share: Mapped[float]
    author_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class ActivityRow(Model):
    """One thing asked; its identity stays while revisions follow each other."""

    __tablename__ = "activity"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id", "plan_id"], ["plan.patient_id", "plan.id"]),
        one_of("kind", ActivityKind),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    plan_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[ActivityKind] = mapped_column(Choice(ActivityKind))
    #: First local day on which it is asked no more.
    ended_on: Mapped[date | None]
    ended_reason: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class RevisionRow(Model):
    """What an activity asked from one local day on."""

    __tablename__ = "revision"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"], ["activity.patient_id", "activity.id"]
        ),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    effective_on: Mapped[date]
    schedule: Mapped[dict[str, Any]] = mapped_column(Json)
    asked: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(sa.String(500))
    author_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class ActivityGoalRow(Model):
    """The thread: which goal an activity serves, and why, in words for the patient."""

    __tablename__ = "activity_goal"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"], ["activity.patient_id", "activity.id"]
        ),
        sa.ForeignKeyConstraint(["patient_id", "goal_id"], ["goal.patient_id", "goal.id"]),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    goal_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    because: Mapped[str] = mapped_column(sa.String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


PLAN: Any = PlanRow.__table__
ACTIVITY: Any = ActivityRow.__table__
REVISION: Any = RevisionRow.__table__
ACTIVITY_GOAL: Any = ActivityGoalRow.__table__


def _mine(table: Any) -> Any:
    return table.c.patient_id == sa.bindparam("patient_id", type_=Id)


add_plan = Statement(
    sa.insert(PLAN),
    (
        "patient_id id clinic_id discipline title started_on sustained_share author_id "
        "created_at seq"
    ),
)
plans = Statement(
    sa.select(
        PLAN.c.id,
        PLAN.c.discipline,
        PLAN.c.title,
        PLAN.c.started_on,
        PLAN.c.ended_on,
        PLAN.c.sustained_share,
        PLAN.c.author_id,
        PLAN.c.seq,
    )
    .where(_mine(PLAN))
    .order_by(PLAN.c.started_on, PLAN.c.id)
)

add_activity = Statement(sa.insert(ACTIVITY), "patient_id id clinic_id plan_id kind created_at seq")
end_activity = Statement(
    sa.update(ACTIVITY)
    .where(_mine(ACTIVITY), ACTIVITY.c.id == sa.bindparam("activity_id", type_=Id))
    .values(
        ended_on=sa.bindparam("day", type_=sa.Date),
        ended_reason=sa.bindparam("why", type_=sa.String),
        seq=sa.bindparam("number", type_=sa.BigInteger),
    )
)
activities = Statement(
    sa.select(
        ACTIVITY.c.id,
        ACTIVITY.c.plan_id,
        ACTIVITY.c.kind,
        ACTIVITY.c.ended_on,
        ACTIVITY.c.ended_reason,
        ACTIVITY.c.created_at,
        ACTIVITY.c.seq,
    )
    .where(_mine(ACTIVITY))
    .order_by(ACTIVITY.c.id)
)

add_revision = Statement(
    sa.insert(REVISION),
    (
        "patient_id activity_id number clinic_id effective_on schedule asked reason "
        "author_id created_at seq"
    ),
)
revisions = Statement(
    sa.select(
        REVISION.c.activity_id,
        REVISION.c.number,
        REVISION.c.effective_on,
        REVISION.c.schedule,
        REVISION.c.asked,
        REVISION.c.reason,
        REVISION.c.author_id,
        REVISION.c.created_at,
        REVISION.c.seq,
    )
    .where(_mine(REVISION))
    .order_by(REVISION.c.activity_id, REVISION.c.number)
)

add_activity_goal = Statement(
    sa.insert(ACTIVITY_GOAL), "patient_id activity_id goal_id clinic_id because created_at"
)
activity_goals = Statement(
    sa.select(ACTIVITY_GOAL.c.activity_id, ACTIVITY_GOAL.c.goal_id, ACTIVITY_GOAL.c.because)
    .where(_mine(ACTIVITY_GOAL))
    .order_by(ACTIVITY_GOAL.c.activity_id, ACTIVITY_GOAL.c.created_at, ACTIVITY_GOAL.c.goal_id)
)
