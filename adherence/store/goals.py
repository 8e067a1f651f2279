"""Goals: where a patient wants to get, in the patient's own words, and how it is measured."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.entries import SYMPTOM_LIMIT
from adherence.domain.goals import GoalState, Measure
from adherence.store.columns import Choice, Id, Json, Model, UtcDateTime, one_of
from adherence.store.statements import Statement


class GoalRow(Model):
    """One goal of one patient."""

    __tablename__ = "goal"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
        one_of("measure", Measure),
        one_of("state", GoalState),
        sa.CheckConstraint("baseline <> target", name="somewhere_to_go"),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    words: Mapped[str] = mapped_column(sa.String(300))
    measure: Mapped[Measure] = mapped_column(Choice(Measure))
    unit: Mapped[str | None] = mapped_column(sa.String(40))
    symptom: Mapped[str | None] = mapped_column(sa.String(SYMPTOM_LIMIT))
    baseline: Mapped[float | None]
    target: Mapped[float]
    ladder: Mapped[list[str] | None] = mapped_column(Json)
    importance: Mapped[int] = mapped_column(sa.SmallInteger)
    difficulty: Mapped[int] = mapped_column(sa.SmallInteger)
    agreed_on: Mapped[date]
    due_on: Mapped[date | None]
    state: Mapped[GoalState] = mapped_column(Choice(GoalState))
    closed_on: Mapped[date | None]
    closed_reason: Mapped[str | None] = mapped_column(sa.String(500))
    author_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


GOAL: Any = GoalRow.__table__

_mine = GOAL.c.patient_id == sa.bindparam("patient_id", type_=Id)

add_goal = Statement(
    sa.insert(GOAL),
    (
        "patient_id id clinic_id words measure unit symptom baseline target ladder "
        "importance difficulty agreed_on due_on state author_id created_at seq"
    ),
)
goals = Statement(
    sa.select(
        GOAL.c.id,
        GOAL.c.words,
        GOAL.c.measure,
        GOAL.c.unit,
        GOAL.c.symptom,
        GOAL.c.baseline,
        GOAL.c.target,
        GOAL.c.ladder,
        GOAL.c.importance,
        GOAL.c.difficulty,
        GOAL.c.agreed_on,
        GOAL.c.due_on,
        GOAL.c.state,
        GOAL.c.closed_on,
        GOAL.c.closed_reason,
        GOAL.c.created_at,
        GOAL.c.seq,
    )
    .where(_mine)
    .order_by(GOAL.c.state, GOAL.c.created_at, GOAL.c.id)
)
close_goal = Statement(
    sa.update(GOAL)
    .where(_mine, GOAL.c.id == sa.bindparam("goal_id", type_=Id), GOAL.c.state == GoalState.ACTIVE)
    .values(
        state=sa.bindparam("new_state", type_=Choice(GoalState)),
        closed_on=sa.bindparam("day", type_=sa.Date),
        closed_reason=sa.bindparam("why", type_=sa.String),
        seq=sa.bindparam("number", type_=sa.BigInteger),
    )
)
