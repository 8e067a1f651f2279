"""Goals: agreeing one, closing one, and how far each is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.goals import Goal, GoalState, Measure, Progress, progress
from adherence.domain.scores import gas_t
from adherence.domain.texts import clean
from adherence.services import caseload
from adherence.services.care import AgreedGoal, Care, care_of
from adherence.services.milestones import newest_ratings
from adherence.services.plans import AskedActivity, loses_reason, opened, shown
from adherence.services.record import Record
from adherence.store import goals as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

WORDS_LIMIT = 300
REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class GoalView:
    """A goal, how far it is, and what hangs on it."""

    agreed: AgreedGoal
    progress: Progress
    activities: tuple[AskedActivity, ...]

    @property
    def goal(self) -> Goal:
        return self.agreed.goal

    @property
    def id(self) -> UUID:
        return self.agreed.id


@dataclass(frozen=True, slots=True)
class GasScore:
    """The GAS T-score of a patient's active ladder goals: now, and at the baseline.

    50 is the level that was expected; ``goals`` is how many are in it. Source: see
    ``domain.scores``.
    """

    now: float
    baseline: float
    goals: int


def set_goal(actor: Actor, patient_id: UUID, goal: Goal, now: datetime) -> UUID:
    """Agree a goal with a patient; its id (``goal.id`` is taken when it is given).

    Raises:
        InvalidInput: empty words.
        NotFound: no such patient in the actor's clinic.
    """
    words = clean(goal.words, WORDS_LIMIT, lines=3)
    if not words:
        raise InvalidInput("words", "empty")

    def work(run: Run) -> UUID:
        record = Record(run, actor, patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        run.do(
            table.add_goal,
            patient_id=patient_id,
            id=goal.id,
            clinic_id=record.clinic_id,
            words=words,
            measure=goal.measure,
            unit=goal.unit,
            symptom=goal.symptom,
            baseline=goal.baseline,
            target=goal.target,
            ladder=None if goal.ladder is None else list(goal.ladder),
            importance=goal.importance,
            difficulty=goal.difficulty,
            agreed_on=care.today(now),
            due_on=goal.due_on,
            state=GoalState.ACTIVE,
            author_id=actor.account_id,
            created_at=now,
            seq=record.number(),
        )
        record.plan_changed()
        record.audit("goal.set", goal.id)
        caseload.refresh(record, care_of(run, patient_id, record.plan_version, keep=False))
        record.close()
        return goal.id

    return write(work)


def close_goal(
    actor: Actor,
    patient_id: UUID,
    goal_id: UUID,
    *,
    state: GoalState,
    reason: str,
    now: datetime,
) -> list[AskedActivity]:
    """Close a goal as achieved or given up; the activities that lose their reason by it.

    Those go on until a person ends them or ties them to another goal.

    Raises:
        InvalidInput: an empty reason, or a state that does not close.
        Conflict: it is closed already.
        NotFound: the patient has no such goal.
    """
    if state is GoalState.ACTIVE:
        raise InvalidInput("state", "not_closing")
    reason = clean(reason, REASON_LIMIT)
    if not reason:
        raise InvalidInput("reason", "empty")

    def work(run: Run) -> list[AskedActivity]:
        record = Record(run, actor, patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        agreed = care.goals.get(goal_id)
        if agreed is None:
            raise NotFound
        losing = loses_reason(care, agreed)
        changed = run.do(
            table.close_goal,
            patient_id=patient_id,
            goal_id=goal_id,
            new_state=state,
            day=care.today(now),
            why=reason,
            number=record.number(),
        )
        if not changed:
            raise Conflict("the goal is closed already")
        record.plan_changed()
        record.audit("goal.close", goal_id)
        caseload.refresh(record, care_of(run, patient_id, record.plan_version, keep=False))
        record.close()
        return losing

    return write(work)


def goals(actor: Actor, patient_id: UUID, now: datetime) -> list[GoalView]:
    """The patient's goals, active ones first, with progress and what hangs on each."""
    with read() as run:
        _, care = opened(run, actor, patient_id)
        return views(run, care)


def views(run: Run, care: Care, active_only: bool = False) -> list[GoalView]:
    """Goals with their progress; active first, then by age."""
    order = sorted(
        care.goals.values(),
        key=lambda one: (one.state is not GoalState.ACTIVE, one.created_at, one.id),
    )
    return [
        GoalView(
            agreed,
            progress(agreed.goal, newest_ratings(run, care, agreed)),
            tuple(
                shown(care, activity)
                for activity in care.activities_of_goal(agreed.id)
                if activity.ended_on is None
            ),
        )
        for agreed in order
        if not active_only or agreed.state is GoalState.ACTIVE
    ]


def gas_score(found: list[GoalView]) -> GasScore | None:
    """The T-score of the active ladder goals that were rated; None when there is none."""
    ladder = [
        view
        for view in found
        if view.goal.measure is Measure.GAS
        and view.agreed.state is GoalState.ACTIVE
        and view.progress.current is not None
        and view.goal.baseline is not None
    ]
    if not ladder:
        return None
    weights = [view.goal.weight for view in ladder]
    now = gas_t([view.progress.current for view in ladder], weights)
    baseline = gas_t([view.goal.baseline for view in ladder], weights)
    if now is None or baseline is None:
        return None
    return GasScore(now, baseline, len(ladder))


def new_goal(
    *,
    words: str,
    measure: Measure,
    target: float,
    baseline: float | None = None,
    unit: str | None = None,
    symptom: str | None = None,
    ladder: tuple[str, ...] | None = None,
    due_on: date | None = None,
    importance: int = 1,
    difficulty: int = 1,
) -> Goal:
    """A goal with a fresh id; the value checks itself."""
    return Goal(
        id=new_id(),
        words=words,
        measure=measure,
        unit=unit,
        symptom=symptom,
        baseline=baseline,
        target=target,
        ladder=ladder,
        due_on=due_on,
        importance=importance,
        difficulty=difficulty,
    )
