"""What is asked: goals, plans, activities and their revisions, pauses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.openapi import PREFIX, says
from adherence.api.patients import PATIENT
from adherence.domain.access import Actor
from adherence.domain.goals import GoalState
from adherence.schemas import people, progress
from adherence.schemas import plans as wire
from adherence.services import goals, occurrences, pauses, plans
from adherence.web.bodies import json_body
from adherence.web.clock import now
from adherence.web.policy import policy
from adherence.web.query import choice, day

blueprint = Blueprint("api_plans", __name__, url_prefix=PREFIX, description="What is asked")
ACTIVITY = f"{PATIENT}/activities/<uuid:activity_id>"
PAUSE = f"{PATIENT}/pauses/<uuid:pause_id>"

_goals = wire.GoalsSchema()
_new_goal = wire.NewGoalSchema()
_closing = wire.ClosingSchema()
_plans = wire.PlansSchema()
_new_plan = wire.NewPlanSchema()
_activities = wire.ActivitiesSchema()
_activity = wire.ActivitySchema()
_new_activity = wire.NewActivitySchema()
_new_revision = wire.NewRevisionSchema()
_end = wire.EndSchema()
_pauses = wire.PausesSchema()
_new_pause = wire.NewPauseSchema()
_pause_end = wire.PauseEndSchema()
_occurrences = progress.OccurrencesSchema()


@blueprint.get(f"{PATIENT}/goals")
@says(blueprint, "goal.read", wire.GoalsSchema)
@policy("goal.read")
def list_goals(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Goals with how far each is, active ones first."""
    found = goals.goals(actor, patient_id, now())
    score = goals.gas_score(found)
    gas = (
        None
        if score is None
        else {"now": score.now, "baseline": score.baseline, "goals": score.goals}
    )
    return dict(_goals.dump({"goals": [wire.goal_shown(one) for one in found], "gas": gas}))


@blueprint.post(f"{PATIENT}/goals")
@says(blueprint, "goal.set", people.CreatedSchema, status=201, asks=wire.NewGoalSchema)
@policy("goal.set")
def set_goal(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Agree a goal."""
    said: dict[str, Any] = _new_goal.load(json_body())
    if said["ladder"] is not None:
        said["ladder"] = tuple(said["ladder"])
    goal = goals.new_goal(**said)
    return {"id": str(goals.set_goal(actor, patient_id, goal, now()))}, 201


@blueprint.post(f"{PATIENT}/goals/<uuid:goal_id>/close")
@says(
    blueprint,
    "goal.close",
    wire.ClosedSchema,
    asks=wire.ClosingSchema,
    also={"409": "It is closed already."},
)
@policy("goal.close")
def close_goal(actor: Actor, patient_id: UUID, goal_id: UUID) -> ResponseReturnValue:
    """Close a goal; the answer lists the activities that lose their reason."""
    said: dict[str, Any] = _closing.load(json_body())
    losing = goals.close_goal(
        actor,
        patient_id,
        goal_id,
        state=GoalState(said["state"]),
        reason=said["reason"],
        now=now(),
    )
    return {"loses_reason": [str(one.id) for one in losing]}


@blueprint.get(f"{PATIENT}/plans")
@says(blueprint, "plan.read", wire.PlansSchema)
@policy("plan.read")
def list_plans(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Plans of all disciplines, the oldest first."""
    return dict(_plans.dump({"plans": plans.plans(actor, patient_id, now())}))


@blueprint.post(f"{PATIENT}/plans")
@says(blueprint, "plan.open", people.CreatedSchema, status=201, asks=wire.NewPlanSchema)
@policy("plan.open")
def open_plan(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Open a plan of one discipline beside those that run."""
    plan_id = plans.open_plan(actor, patient_id, **_new_plan.load(json_body()), now=now())
    return {"id": str(plan_id)}, 201


@blueprint.get(f"{PATIENT}/activities")
@says(
    blueprint,
    "activity.read",
    wire.ActivitiesSchema,
    query={"ended": ("yes|no", "also what is asked no more")},
)
@policy("activity.read")
def list_activities(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """What is asked of the patient, with every revision."""
    ended = choice("ended", "no", ("yes", "no")) == "yes"
    found = plans.activities(actor, patient_id, now(), ended)
    return dict(_activities.dump({"activities": [wire.activity_shown(one) for one in found]}))


@blueprint.post(f"{PATIENT}/activities")
@says(blueprint, "activity.assign", people.CreatedSchema, status=201, asks=wire.NewActivitySchema)
@policy("activity.assign")
def assign(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Ask for an activity that serves at least one goal, and say because of what."""
    said: dict[str, Any] = _new_activity.load(json_body())
    said["schedule"] = wire.schedule_of(said["schedule"])
    said["asked"] = wire.asked_of(said["asked"])
    said["goals"] = [(thread["goal_id"], thread["because"]) for thread in said["goals"]]
    return {"id": str(plans.assign_activity(actor, patient_id, **said, now=now()))}, 201


@blueprint.get(ACTIVITY)
@says(blueprint, "activity.read", wire.ActivitySchema)
@policy("activity.read")
def show_activity(actor: Actor, patient_id: UUID, activity_id: UUID) -> ResponseReturnValue:
    """One activity with every revision."""
    found = plans.activity(actor, patient_id, activity_id, now())
    return dict(_activity.dump(wire.activity_shown(found)))


@blueprint.post(f"{ACTIVITY}/revisions")
@says(
    blueprint,
    "activity.revise",
    wire.RevisedSchema,
    status=201,
    asks=wire.NewRevisionSchema,
    also={"409": "It has ended, or a revision begins later."},
)
@policy("activity.revise")
def revise(actor: Actor, patient_id: UUID, activity_id: UUID) -> ResponseReturnValue:
    """Ask something else from a day on; the days before it stay as they were."""
    said: dict[str, Any] = _new_revision.load(json_body())
    said["schedule"] = wire.schedule_of(said["schedule"])
    said["asked"] = wire.asked_of(said["asked"])
    plans.revise_activity(actor, patient_id, activity_id, **said, now=now())
    last = plans.activity(actor, patient_id, activity_id, now()).activity.revisions[-1]
    return {"number": last.number, "effective_on": last.effective_on.isoformat()}, 201


@blueprint.post(f"{ACTIVITY}/end")
@says(blueprint, "activity.end", status=204, asks=wire.EndSchema, also={"409": "It has ended."})
@policy("activity.end")
def end(actor: Actor, patient_id: UUID, activity_id: UUID) -> ResponseReturnValue:
    """Ask no more from a day on."""
    plans.end_activity(actor, patient_id, activity_id, **_end.load(json_body()), now=now())
    return "", 204


@blueprint.get(f"{PATIENT}/occurrences")
@says(
    blueprint,
    "occurrence.read",
    progress.OccurrencesSchema,
    query={
        "first": ("date!", "first local day"),
        "until": ("date!", "first local day that is not asked for, at most 400 later"),
    },
)
@policy("occurrence.read")
def list_occurrences(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """What is due on the days [first, until), and what became of it."""
    found = occurrences.asked_for(actor, patient_id, day("first"), day("until"), now())
    return dict(
        _occurrences.dump({"occurrences": [progress.occurrence_shown(one) for one in found]})
    )


@blueprint.get(f"{PATIENT}/pauses")
@says(blueprint, "pause.read", wire.PausesSchema)
@policy("pause.read")
def list_pauses(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Pauses, cancelled ones too, the oldest first."""
    return dict(_pauses.dump({"pauses": pauses.pauses(actor, patient_id, now())}))


@blueprint.post(f"{PATIENT}/pauses")
@says(blueprint, "pause.set", people.CreatedSchema, status=201, asks=wire.NewPauseSchema)
@policy("pause.set")
def pause(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Excuse days: rest, illness, travel, hospital, a clinician's stop."""
    said = _new_pause.load(json_body())
    return {"id": str(pauses.pause(actor, patient_id, **said, now=now()))}, 201


@blueprint.post(f"{PAUSE}/end")
@says(
    blueprint,
    "pause.cancel",
    status=204,
    asks=wire.PauseEndSchema,
    also={"409": "It has ended."},
)
@policy("pause.cancel")
def end_pause(actor: Actor, patient_id: UUID, pause_id: UUID) -> ResponseReturnValue:
    """Let days count again from one on."""
    pauses.end_pause(actor, patient_id, pause_id, **_pause_end.load(json_body()), now=now())
    return "", 204


@blueprint.delete(PAUSE)
@says(blueprint, "pause.cancel", status=204, also={"409": "It was cancelled."})
@policy("pause.cancel")
def cancel_pause(actor: Actor, patient_id: UUID, pause_id: UUID) -> ResponseReturnValue:
    """Take a pause back; it stays readable as cancelled."""
    pauses.cancel_pause(actor, patient_id, pause_id, now())
    return "", 204
