"""Everything asked of one patient, parsed: zones, plans, activities, goals, threads, pauses.

Read by every use case of the loop, so a process keeps it under the patient's plan version, which
grows in the transaction of every change to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from adherence.domain.activities import Activity, Asked, Discipline, Revision
from adherence.domain.goals import Goal, GoalState
from adherence.domain.pauses import Pause
from adherence.domain.schedules import Schedule
from adherence.domain.zones import Zones, today
from adherence.store import goals as goal_table
from adherence.store import patients, pauses, plans
from adherence.store.db import Run


@dataclass(frozen=True, slots=True)
class Plan:
    """One discipline's plan, as far as use cases need it."""

    id: UUID
    discipline: Discipline
    title: str
    started_on: date
    ended_on: date | None
    sustained_share: float
    author_id: UUID


@dataclass(frozen=True, slots=True)
class RevisionNote:
    """Who revised, when it was written and why; what was asked is in the domain's Revision."""

    number: int
    effective_on: date
    reason: str
    author_id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AgreedGoal:
    """A goal with its life: the arithmetic is in ``goal``."""

    goal: Goal
    state: GoalState
    agreed_on: date
    closed_on: date | None
    closed_reason: str | None
    created_at: datetime

    @property
    def id(self) -> UUID:
        return self.goal.id


@dataclass(frozen=True, slots=True)
class Thread:
    """Which goal an activity serves, and why."""

    goal_id: UUID
    because: str


@dataclass(frozen=True, slots=True)
class Care:
    """What is asked of one patient, at one version of the plan."""

    patient_id: UUID
    version: int
    zones: Zones
    plans: dict[UUID, Plan]
    activities: dict[UUID, Activity]
    notes: dict[UUID, tuple[RevisionNote, ...]]
    goals: dict[UUID, AgreedGoal]
    threads: dict[UUID, tuple[Thread, ...]]
    pauses: tuple[Pause, ...]
    #: The goal that stands on top: the oldest active one.
    first_goal: AgreedGoal | None = field(init=False)
    #: The activities to which a clinician ever set a limit of pain.
    pain_limited: frozenset[UUID] = field(init=False, repr=False)
    _hanging: dict[UUID, tuple[Activity, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Asked for at every entry, so worked out once for each version of the plan.
        active = [goal for goal in self.goals.values() if goal.state is GoalState.ACTIVE]
        first = min(active, key=lambda goal: (goal.created_at, goal.id), default=None)
        object.__setattr__(self, "first_goal", first)
        limited = frozenset(
            activity.id
            for activity in self.activities.values()
            if any(revision.asked.pain_limit is not None for revision in activity.revisions)
        )
        object.__setattr__(self, "pain_limited", limited)
        hanging: dict[UUID, tuple[Activity, ...]] = {}
        for activity_id, threads in self.threads.items():
            for goal_id in {thread.goal_id for thread in threads}:
                hanging[goal_id] = (*hanging.get(goal_id, ()), self.activities[activity_id])
        object.__setattr__(self, "_hanging", hanging)

    def today(self, now: datetime) -> date:
        """The patient's local day."""
        return today(self.zones, now)

    def activities_of_goal(self, goal_id: UUID) -> Sequence[Activity]:
        """What hangs on a goal, ended activities too."""
        return self._hanging.get(goal_id, ())

    def active(self, day: date) -> list[Activity]:
        """Activities asked on a day: begun, not ended, their plan not ended."""
        return [
            activity
            for activity in self.activities.values()
            if activity.revisions[0].effective_on <= day
            and (activity.ended_on is None or day < activity.ended_on)
        ]


def care_of(run: Run, patient_id: UUID, version: int, keep: bool = True) -> Care:
    """Everything asked of the patient at ``version`` of the plan.

    ``keep`` is False inside a transaction that changes the plan: its version is not committed yet.
    """
    key = (patient_id, version)
    care: Care | None = run.kept(key) if keep else None
    if care is None:
        care = _load(run, patient_id, version)
        if keep:
            run.keep(key, care)
    return care


def _load(run: Run, patient_id: UUID, version: int) -> Care:
    history = run.all(patients.zone_changes, patient_id=patient_id)
    revisions: dict[UUID, list[Any]] = {}
    for row in run.all(plans.revisions, patient_id=patient_id):
        mine = revisions.setdefault(row.activity_id, [])
        if mine and mine[-1].effective_on == row.effective_on:
            mine.pop()  # revised again before its day had passed: it governs no day
        mine.append(row)
    threads: dict[UUID, list[Thread]] = {}
    for row in run.all(plans.activity_goals, patient_id=patient_id):
        threads.setdefault(row.activity_id, []).append(Thread(row.goal_id, row.because))
    return Care(
        patient_id=patient_id,
        version=version,
        zones=Zones(tuple((row.effective_on, row.zone) for row in history)),
        plans={
            row.id: Plan(
                id=row.id,
                discipline=row.discipline,
                title=row.title,
                started_on=row.started_on,
                ended_on=row.ended_on,
                sustained_share=row.sustained_share,
                author_id=row.author_id,
            )
            for row in run.all(plans.plans, patient_id=patient_id)
        },
        activities={
            row.id: Activity(
                id=row.id,
                kind=row.kind,
                plan_id=row.plan_id,
                revisions=tuple(
                    Revision(
                        number=each.number,
                        effective_on=each.effective_on,
                        schedule=Schedule.from_json(each.schedule),
                        asked=Asked.from_json(each.asked),
                    )
                    for each in revisions[row.id]
                ),
                ended_on=row.ended_on,
            )
            for row in run.all(plans.activities, patient_id=patient_id)
        },
        notes={
            activity_id: tuple(
                RevisionNote(
                    row.number, row.effective_on, row.reason, row.author_id, row.created_at
                )
                for row in rows
            )
            for activity_id, rows in revisions.items()
        },
        goals={
            row.id: AgreedGoal(
                goal=Goal(
                    id=row.id,
                    words=row.words,
                    measure=row.measure,
                    unit=row.unit,
                    symptom=row.symptom,
                    baseline=row.baseline,
                    target=row.target,
                    ladder=tuple(row.ladder) if row.ladder else None,
                    due_on=row.due_on,
                    importance=row.importance,
                    difficulty=row.difficulty,
                ),
                state=row.state,
                agreed_on=row.agreed_on,
                closed_on=row.closed_on,
                closed_reason=row.closed_reason,
                created_at=row.created_at,
            )
            for row in run.all(goal_table.goals, patient_id=patient_id)
        },
        threads={key: tuple(value) for key, value in threads.items()},
        pauses=tuple(
            Pause(
                kind=row.kind,
                first_day=row.first_day,
                until=row.until_day,
                activity_ids=None if row.activity_id is None else frozenset([row.activity_id]),
            )
            for row in run.all(pauses.pauses, patient_id=patient_id)
            if row.cancelled_at is None
        ),
    )
