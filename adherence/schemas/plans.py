"""Plans on the wire: goals, plans, activities with their revisions, pauses."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from adherence.domain import activities
from adherence.domain.activities import ActivityKind, Asked, Discipline
from adherence.domain.entries import PAIN_SCALE, SYMPTOM_LIMIT
from adherence.domain.goals import GOAL_UNIT_LIMIT, WEIGHT_SCALE, WORDS_LIMIT, Measure
from adherence.domain.pauses import PauseKind
from adherence.domain.schedules import (
    LONGEST_CYCLE,
    LONGEST_INTERVAL,
    MOST_TIMES,
    Schedule,
    ScheduleKind,
    ZonePolicy,
)
from adherence.domain.windows import WindowKind
from adherence.schemas.entries import HOLD_SECONDS, QUANTITY, REPS, SETS
from adherence.schemas.fields import (
    Choice,
    Clock,
    Day,
    Flag,
    Instant,
    Real,
    Text,
    Uuid,
    Whole,
    Zone,
)

REASON_LIMIT = 500
TITLE_LIMIT = 200
#: Finite, and wide enough for any count or amount; the goal itself knows its measure's range.
VALUES = (-1_000_000, 1_000_000)
MOST_GOALS = 10

STEPS = 40
DAY_MINUTES = 24 * 60
#: What is shown is what was stored; ``Schedule`` and ``Asked`` describe its keys.
SCHEDULE = {"description": "A schedule, every key of it; see Schedule."}
ASKED = {"description": "What is asked, every key of it; see Asked."}


class WindowSchema(Schema):
    """How long an occurrence can be answered; minutes before and after belong to ``around``."""

    class Meta:
        unknown = RAISE

    kind = Choice(WindowKind, required=True)
    before_minutes = Whole(0, DAY_MINUTES)
    after_minutes = Whole(0, DAY_MINUTES)


class ScheduleSchema(Schema):
    """When something is due. Each kind has fields of its own, and refuses those of the others.

    weekdays: ``weekdays`` (0 is Monday), ``times``. every_n_days: ``every``, ``times``. n_per_week:
    ``per_week``, ``max_per_day``. fixed_interval: ``interval_hours``, ``anchor``, ``zone``.
    as_needed: ``min_interval_hours``. ``ends_on`` is the first day on which nothing is due.
    """

    class Meta:
        unknown = RAISE

    kind = Choice(ScheduleKind, required=True)
    starts_on = Day(required=True)
    ends_on = Day(allow_none=True)
    times = fields.List(Clock(), validate=validate.Length(max=MOST_TIMES))
    weekdays = fields.List(Whole(0, 6), validate=validate.Length(max=7))
    every = Whole(1, LONGEST_CYCLE)
    cycle_on = Whole(0, LONGEST_CYCLE)
    cycle_off = Whole(0, LONGEST_CYCLE)
    per_week = Whole(0, 7 * MOST_TIMES)
    max_per_day = Whole(1, MOST_TIMES)
    interval_hours = Real(0, LONGEST_INTERVAL)
    anchor = Instant(allow_none=True)
    min_interval_hours = Real(0, LONGEST_INTERVAL, allow_none=True)
    zone_policy = Choice(ZonePolicy)
    zone = Zone(allow_none=True)
    window = fields.Nested(WindowSchema)


class AmountsSchema(Schema):
    """How much is asked; what is null or absent is not counted."""

    class Meta:
        unknown = RAISE

    sets = Whole(*SETS, allow_none=True)
    reps = Whole(*REPS, allow_none=True)
    hold_seconds = Whole(*HOLD_SECONDS, allow_none=True)
    quantity = Real(*QUANTITY, allow_none=True)


class AskedSchema(Schema):
    """What is asked of the patient. ``symptom`` is what a check-in asks for.

    ``exercise`` is one of the library in the version that is shown with it, ``slug@version``.
    """

    class Meta:
        unknown = RAISE

    title = Text(activities.TITLE_LIMIT, required=True)
    instructions = Text(activities.INSTRUCTIONS_LIMIT, STEPS, allow_none=True)
    amounts = fields.Nested(AmountsSchema, allow_none=True)
    unit = Text(activities.UNIT_LIMIT, allow_none=True)
    symptom = Text(SYMPTOM_LIMIT, allow_none=True)
    pain_limit = Whole(*PAIN_SCALE, allow_none=True)
    minutes = Whole(0, activities.LONGEST_MINUTES, allow_none=True)
    optional = Flag()
    exercise = Text(activities.EXERCISE_LIMIT, allow_none=True)


def schedule_of(document: dict[str, Any]) -> Schedule:
    """The schedule of a loaded document.

    Raises:
        InvalidInput: its fields do not go together.
    """
    return Schedule.from_json(_schedule.dump(document))


def asked_of(document: dict[str, Any]) -> Asked:
    """What a loaded document asks.

    Raises:
        InvalidInput: it is out of bounds.
    """
    return Asked.from_json({**document, "instructions": document.get("instructions") or ""})


_schedule = ScheduleSchema()


class NewGoalSchema(Schema):
    """A goal in the patient's own words, and how it is measured."""

    class Meta:
        unknown = RAISE

    words = Text(WORDS_LIMIT, 3, required=True)
    measure = Choice(Measure, required=True)
    target = Real(*VALUES, required=True)
    baseline = Real(*VALUES, allow_none=True, load_default=None)
    unit = Text(GOAL_UNIT_LIMIT, allow_none=True, load_default=None)
    symptom = Text(SYMPTOM_LIMIT, allow_none=True, load_default=None)
    ladder = fields.List(Text(200), allow_none=True, load_default=None)
    due_on = Day(allow_none=True, load_default=None)
    importance = Whole(*WEIGHT_SCALE, load_default=1)
    difficulty = Whole(*WEIGHT_SCALE, load_default=1)


class ClosingSchema(Schema):
    """How a goal ends, and why."""

    class Meta:
        unknown = RAISE

    state = fields.String(required=True, validate=validate.OneOf(["achieved", "closed"]))
    reason = Text(REASON_LIMIT, 3, required=True)


class ThreadSchema(Schema):
    """Which goal an activity serves, and because of what."""

    class Meta:
        unknown = RAISE

    goal_id = Uuid(required=True)
    because = Text(REASON_LIMIT, 3, required=True)


class GoalSchema(Schema):
    """A goal and how far it is. ``share`` is raw: below 0 when worse, above 1 past the target."""

    id = fields.UUID(required=True)
    words = fields.String(required=True)
    measure = fields.Enum(Measure, by_value=True, required=True)
    unit = fields.String(required=True, allow_none=True)
    symptom = fields.String(required=True, allow_none=True)
    baseline = fields.Float(required=True, allow_none=True)
    target = fields.Float(required=True)
    ladder = fields.List(fields.String(), required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    importance = fields.Integer(required=True)
    difficulty = fields.Integer(required=True)
    state = fields.String(required=True)
    agreed_on = fields.Date(required=True)
    closed_on = fields.Date(required=True, allow_none=True)
    closed_reason = fields.String(required=True, allow_none=True)
    current = fields.Float(required=True, allow_none=True)
    share = fields.Float(required=True, allow_none=True)
    activity_ids = fields.List(fields.UUID(), required=True)


class GoalsSchema(Schema):
    goals = fields.List(fields.Nested(GoalSchema), required=True)
    gas = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "GAS T-score of the ladder goals: now, baseline, goals."},
    )


class ClosedSchema(Schema):
    """Activities that serve no active goal any more; a person decides what becomes of them."""

    loses_reason = fields.List(fields.UUID(), required=True)


class NewPlanSchema(Schema):
    """One discipline's plan."""

    class Meta:
        unknown = RAISE

    discipline = Choice(Discipline, required=True)
    title = Text(TITLE_LIMIT, required=True)
    started_on = Day(allow_none=True, load_default=None)
    sustained_share = Real(0, 1, allow_none=True, load_default=None)


class PlanSchema(Schema):
    id = fields.UUID(required=True)
    discipline = fields.Enum(Discipline, by_value=True, required=True)
    title = fields.String(required=True)
    started_on = fields.Date(required=True)
    ended_on = fields.Date(required=True, allow_none=True)
    sustained_share = fields.Float(required=True)


class PlansSchema(Schema):
    plans = fields.List(fields.Nested(PlanSchema), required=True)


class NewActivitySchema(Schema):
    """Something to ask for from a day on, today at the earliest."""

    class Meta:
        unknown = RAISE

    plan_id = Uuid(required=True)
    kind = Choice(ActivityKind, required=True)
    schedule = fields.Nested(ScheduleSchema, required=True)
    asked = fields.Nested(AskedSchema, required=True)
    goals = fields.List(
        fields.Nested(ThreadSchema), required=True, validate=validate.Length(1, MOST_GOALS)
    )
    reason = Text(REASON_LIMIT, 3, load_default="")
    effective_on = Day(allow_none=True, load_default=None)


class NewRevisionSchema(Schema):
    """What is asked instead from a day on; the days before it stay as they were."""

    class Meta:
        unknown = RAISE

    schedule = fields.Nested(ScheduleSchema, required=True)
    asked = fields.Nested(AskedSchema, required=True)
    reason = Text(REASON_LIMIT, 3, required=True)
    effective_on = Day(allow_none=True, load_default=None)


class EndSchema(Schema):
    """From which day on it is asked no more, and why."""

    class Meta:
        unknown = RAISE

    reason = Text(REASON_LIMIT, 3, required=True)
    ends_on = Day(allow_none=True, load_default=None)


class RevisionSchema(Schema):
    number = fields.Integer(required=True)
    effective_on = fields.Date(required=True)
    schedule = fields.Dict(required=True, metadata=SCHEDULE)
    asked = fields.Dict(required=True, metadata=ASKED)
    reason = fields.String(required=True)
    author_id = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)


class ThreadShownSchema(Schema):
    goal_id = fields.UUID(required=True)
    because = fields.String(required=True)


class ActivitySchema(Schema):
    """One thing asked, with every revision of it."""

    id = fields.UUID(required=True)
    plan_id = fields.UUID(required=True)
    discipline = fields.Enum(Discipline, by_value=True, required=True)
    kind = fields.Enum(ActivityKind, by_value=True, required=True)
    goals = fields.List(fields.Nested(ThreadShownSchema), required=True)
    revisions = fields.List(fields.Nested(RevisionSchema), required=True)
    ended_on = fields.Date(required=True, allow_none=True)


class ActivitiesSchema(Schema):
    activities = fields.List(fields.Nested(ActivitySchema), required=True)


class RevisedSchema(Schema):
    """The number of the new revision, and the day from which it holds."""

    number = fields.Integer(required=True)
    effective_on = fields.Date(required=True)


class NewPauseSchema(Schema):
    """Days [first_day, until) on which nothing is expected; ``until`` null is open."""

    class Meta:
        unknown = RAISE

    kind = Choice(PauseKind, required=True)
    first_day = Day(required=True)
    until = Day(allow_none=True, load_default=None)
    activity_id = Uuid(allow_none=True, load_default=None)
    note = Text(REASON_LIMIT, 5, allow_none=True, load_default=None)


class PauseEndSchema(Schema):
    """The first day that counts again; today when not given."""

    class Meta:
        unknown = RAISE

    until = Day(allow_none=True, load_default=None)


class PauseSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.Enum(PauseKind, by_value=True, required=True)
    activity_id = fields.UUID(required=True, allow_none=True)
    first_day = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    cancelled_at = fields.AwareDateTime(required=True, allow_none=True)


class PausesSchema(Schema):
    pauses = fields.List(fields.Nested(PauseSchema), required=True)


def goal_shown(view: Any) -> dict[str, Any]:
    """A goal view of the services, flat as the wire has it."""
    goal, agreed = view.goal, view.agreed
    return {
        "id": goal.id,
        "words": goal.words,
        "measure": goal.measure,
        "unit": goal.unit,
        "symptom": goal.symptom,
        "baseline": goal.baseline,
        "target": goal.target,
        "ladder": goal.ladder,
        "due_on": goal.due_on,
        "importance": goal.importance,
        "difficulty": goal.difficulty,
        "state": agreed.state.value,
        "agreed_on": agreed.agreed_on,
        "closed_on": agreed.closed_on,
        "closed_reason": agreed.closed_reason,
        "current": view.progress.current,
        "share": view.progress.share,
        "activity_ids": [activity.id for activity in view.activities],
    }


def activity_shown(found: Any) -> dict[str, Any]:
    """An asked activity of the services, flat as the wire has it."""
    activity = found.activity
    return {
        "id": activity.id,
        "plan_id": activity.plan_id,
        "discipline": found.plan.discipline,
        "kind": activity.kind,
        "goals": found.threads,
        "revisions": [
            {
                "number": revision.number,
                "effective_on": revision.effective_on,
                "schedule": revision.schedule.to_json(),
                "asked": revision.asked.to_json(),
                "reason": note.reason,
                "author_id": note.author_id,
                "created_at": note.created_at,
            }
            for revision, note in zip(activity.revisions, found.notes, strict=True)
        ],
        "ended_on": activity.ended_on,
    }
