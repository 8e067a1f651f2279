"""Plans: opening one, asking for an activity, revising it from a day on, ending it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.activities import Activity, ActivityKind, Asked, Discipline
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.goals import GoalState
from adherence.domain.schedules import Schedule
from adherence.domain.texts import clean
from adherence.services import caseload, milestones
from adherence.services.care import AgreedGoal, Care, Plan, RevisionNote, Thread, care_of
from adherence.services.day_sums import ONE_DAY, recompute
from adherence.services.library import keep_prescribed
from adherence.services.record import Record
from adherence.store import plans as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id
from adherence.store.patients import patient_by_id

#: The weekly share called sustained where the plan does not say; ours, no source gives one.
SUSTAINED_SHARE = 0.8
REASON_LIMIT = 500
TITLE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class AskedActivity:
    """An activity with everything a page or an app shows of it."""

    activity: Activity
    plan: Plan
    threads: tuple[Thread, ...]
    notes: tuple[RevisionNote, ...]

    @property
    def id(self) -> UUID:
        return self.activity.id


def opened(run: Run, actor: Actor, patient_id: UUID) -> tuple[Any, Care]:
    """The patient's row and everything asked of the patient.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    patient: Any = run.first(patient_by_id, patient_id=patient_id)
    if patient is None or patient.clinic_id != actor.clinic_id:
        raise NotFound
    return patient, care_of(run, patient_id, patient.plan_version)


def plans(actor: Actor, patient_id: UUID, now: datetime) -> list[Plan]:
    """The patient's plans of all disciplines, the oldest first."""
    with read() as run:
        _, care = opened(run, actor, patient_id)
    return list(care.plans.values())


def activities(
    actor: Actor, patient_id: UUID, now: datetime, ended: bool = False
) -> list[AskedActivity]:
    """What is asked of the patient now or later; with ``ended`` also what is asked no more."""
    with read() as run:
        _, care = opened(run, actor, patient_id)
    today = care.today(now)
    return [
        shown(care, activity)
        for activity in care.activities.values()
        if ended or activity.ended_on is None or today < activity.ended_on
    ]


def activity(actor: Actor, patient_id: UUID, activity_id: UUID, now: datetime) -> AskedActivity:
    """One activity with all its revisions.

    Raises:
        NotFound: the patient has no such activity.
    """
    with read() as run:
        _, care = opened(run, actor, patient_id)
    found = care.activities.get(activity_id)
    if found is None:
        raise NotFound
    return shown(care, found)


def shown(care: Care, activity: Activity) -> AskedActivity:
    """An activity joined with its plan, its threads and the notes on its revisions."""
    return AskedActivity(
        activity,
        care.plans[activity.plan_id],
        care.threads.get(activity.id, ()),
        care.notes[activity.id],
    )


def open_plan(
    actor: Actor,
    patient_id: UUID,
    *,
    discipline: Discipline,
    title: str,
    started_on: date | None = None,
    sustained_share: float | None = None,
    now: datetime,
) -> UUID:
    """Open a plan of one discipline beside those that run already; its id."""
    share = SUSTAINED_SHARE if sustained_share is None else sustained_share
    if not 0 < share <= 1:
        raise InvalidInput("sustained_share", "out_of_range")
    title = clean(title, TITLE_LIMIT)
    if not title:
        raise InvalidInput("title", "empty")

    def work(run: Run) -> UUID:
        record = Record(run, actor, patient_id, now)
        plan_id = new_id()
        care = care_of(run, patient_id, record.plan_version)
        run.do(
            table.add_plan,
            patient_id=patient_id,
            id=plan_id,
            clinic_id=record.clinic_id,
            discipline=discipline,
            title=title,
            started_on=started_on or care.today(now),
            sustained_share=share,
            author_id=actor.account_id,
            created_at=now,
            seq=record.number(),
        )
        record.plan_changed()
        record.audit("plan.open", plan_id)
        record.close()
        return plan_id

    return write(work)


def assign_activity(
    actor: Actor,
    patient_id: UUID,
    *,
    plan_id: UUID,
    kind: ActivityKind,
    schedule: Schedule,
    asked: Asked,
    goals: Sequence[tuple[UUID, str]],
    reason: str = "",
    effective_on: date | None = None,
    now: datetime,
) -> UUID:
    """Ask for an activity from a local day on, today at the earliest; its id.

    ``goals`` names at least one active goal and says because of what, in words for the patient.

    Raises:
        InvalidInput: no goal, an empty because, a day that has passed, or an exercise that the
            library does not have.
        NotFound: the plan or a goal is not this patient's.
    """
    if not goals:
        raise InvalidInput("goals", "at_least_one")
    threads = [(goal_id, clean(because, REASON_LIMIT)) for goal_id, because in goals]
    if len({goal_id for goal_id, _ in threads}) < len(threads):
        raise InvalidInput("goals", "twice")
    if any(not because for _, because in threads):
        raise InvalidInput("because", "empty")
    reason = clean(reason, REASON_LIMIT)

    def work(run: Run) -> UUID:
        record = Record(run, actor, patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        today = care.today(now)
        if plan_id not in care.plans:
            raise NotFound
        for goal_id, _ in threads:
            agreed = care.goals.get(goal_id)
            if agreed is None:
                raise NotFound
            if agreed.state is not GoalState.ACTIVE:
                raise InvalidInput("goals", "closed")
        begins = effective_on or max(today, schedule.starts_on)
        if begins < today:
            raise InvalidInput("effective_on", "in_the_past")
        if asked.exercise is not None:
            keep_prescribed(run, record.clinic_id, asked.exercise, now)
        activity_id = new_id()
        seq = record.number()
        run.do(
            table.add_activity,
            patient_id=patient_id,
            id=activity_id,
            clinic_id=record.clinic_id,
            plan_id=plan_id,
            kind=kind,
            created_at=now,
            seq=seq,
        )
        _add_revision(record, activity_id, 1, begins, schedule, asked, reason)
        run.do_many(
            table.add_activity_goal,
            [
                {
                    "patient_id": patient_id,
                    "activity_id": activity_id,
                    "goal_id": goal_id,
                    "clinic_id": record.clinic_id,
                    "because": because,
                    "created_at": now,
                }
                for goal_id, because in threads
            ],
        )
        record.audit("activity.assign", activity_id)
        _changed(record, activity_id, begins)
        return activity_id

    return write(work)


def revise_activity(
    actor: Actor,
    patient_id: UUID,
    activity_id: UUID,
    *,
    schedule: Schedule,
    asked: Asked,
    reason: str,
    effective_on: date | None = None,
    now: datetime,
) -> int:
    """Ask something else from a local day on, today at the earliest; the revision's number.

    Days before it keep what was asked and how it counts. Revisions follow each other: none begins
    before another one does, and of two that begin on one day the newer governs it.

    Raises:
        InvalidInput: a day that has passed, an empty reason, an exercise that the library does not
            have.
        Conflict: the activity has ended, or a revision that begins later exists.
        NotFound: the patient has no such activity.
    """
    reason = _said(reason)

    def work(run: Run) -> int:
        record = Record(run, actor, patient_id, now)
        activity, today = _asked_now(record, activity_id)
        begins = _from_today("effective_on", effective_on, today)
        if activity.ended_on is not None and begins >= activity.ended_on:
            raise Conflict("the activity has ended")
        last = activity.revisions[-1]
        if begins < last.effective_on:
            raise Conflict("a later revision exists")
        if asked.exercise is not None:
            keep_prescribed(run, record.clinic_id, asked.exercise, now)
        # Another revision of the same day takes its place; both stay in the record.
        number = last.number + 1
        _add_revision(record, activity_id, number, begins, schedule, asked, reason)
        record.audit("activity.revise", activity_id)
        _changed(record, activity_id, begins)
        return number

    return write(work)


def end_activity(
    actor: Actor,
    patient_id: UUID,
    activity_id: UUID,
    *,
    reason: str,
    ends_on: date | None = None,
    now: datetime,
) -> None:
    """Ask no more from a local day on, today at the earliest; what was asked before stays.

    Raises:
        InvalidInput: a day that has passed, an empty reason.
        NotFound: the patient has no such activity.
        Conflict: it has ended already.
    """
    reason = _said(reason)

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        activity, today = _asked_now(record, activity_id)
        day = _from_today("ends_on", ends_on, today)
        if activity.ended_on is not None and activity.ended_on <= today:
            raise Conflict("the activity has ended")
        run.do(
            table.end_activity,
            patient_id=patient_id,
            activity_id=activity_id,
            day=day,
            why=reason,
            number=record.number(),
        )
        record.audit("activity.end", activity_id)
        _changed(record, activity_id, day)

    write(work)


def _said(reason: str) -> str:
    """The reason for a change of the plan, cleaned; there has to be one."""
    reason = clean(reason, REASON_LIMIT)
    if not reason:
        raise InvalidInput("reason", "empty")
    return reason


def _asked_now(record: Record, activity_id: UUID) -> tuple[Activity, date]:
    """An activity of the patient as it stands, and the patient's today."""
    care = care_of(record.run, record.patient_id, record.plan_version)
    activity = care.activities.get(activity_id)
    if activity is None:
        raise NotFound
    return activity, care.today(record.now)


def _from_today(field: str, day: date | None, today: date) -> date:
    """The day from which a change holds: today where none is given, and never a past one."""
    day = day or today
    if day < today:
        raise InvalidInput(field, "in_the_past")
    return day


def _add_revision(
    record: Record,
    activity_id: UUID,
    number: int,
    effective_on: date,
    schedule: Schedule,
    asked: Asked,
    reason: str,
) -> None:
    record.run.do(
        table.add_revision,
        patient_id=record.patient_id,
        activity_id=activity_id,
        number=number,
        clinic_id=record.clinic_id,
        effective_on=effective_on,
        schedule=schedule.to_json(),
        asked=asked.to_json(),
        reason=reason,
        author_id=record.actor.account_id,
        created_at=record.now,
        seq=record.number(),
    )


def _changed(record: Record, activity_id: UUID, begins: date) -> None:
    """Bring day sums, milestones and the caseload in step with a plan that changed."""
    record.plan_changed()
    care = care_of(record.run, record.patient_id, record.plan_version, keep=False)
    follow_change(record, care, [activity_id], begins, max(begins, care.today(record.now)))
    record.close()


def follow_change(
    record: Record, care: Care, activity_ids: Sequence[UUID], first: date, last: date
) -> None:
    """Compute anew what rests on the activities' days from ``first`` to ``last``, both included."""
    last = min(last, care.today(record.now))
    if first <= last:
        recompute(record, care, dict.fromkeys(activity_ids, (first, last + ONE_DAY)))
        milestones.award(
            record,
            care,
            activity_ids=activity_ids,
            goal_ids=(),
            symptoms=(),
            first=first,
            until=last + ONE_DAY,
        )
    caseload.refresh(record, care)


def loses_reason(care: Care, goal: AgreedGoal) -> list[AskedActivity]:
    """Activities that would serve no active goal once ``goal`` is closed."""
    return [
        shown(care, activity)
        for activity in care.activities_of_goal(goal.id)
        if activity.ended_on is None
        and all(
            thread.goal_id == goal.id or care.goals[thread.goal_id].state is not GoalState.ACTIVE
            for thread in care.threads[activity.id]
        )
    ]
