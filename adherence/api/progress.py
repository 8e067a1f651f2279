"""How it goes: today, progress, charts, milestones."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.openapi import PREFIX, says
from adherence.api.patients import PATIENT
from adherence.domain.access import Actor
from adherence.domain.days import day_status
from adherence.schemas import progress as wire
from adherence.services import milestones, progress, today
from adherence.web import pictures
from adherence.web.clock import now
from adherence.web.policy import policy
from adherence.web.query import whole

blueprint = Blueprint("api_progress", __name__, url_prefix=PREFIX, description="How it goes")
DAYS = ("1..3660", "local days up to today; 90 when not given")

_today = wire.TodaySchema()
_progress = wire.ProgressSchema()
_milestones = wire.MilestonesSchema()


@blueprint.get(f"{PATIENT}/today")
@says(blueprint, "today.read", wire.TodaySchema)
@policy("today.read")
def day(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """The cards of the patient's day, in order of time."""
    found = today.today(actor, patient_id, now())
    return dict(
        _today.dump(
            {
                "day": found.day,
                "zone": found.zone,
                "cards": [wire.card_shown(card) for card in found.cards],
                "answered": found.answered,
                "total": found.total,
                "minutes_left": found.minutes_left,
                "emergency_number": found.emergency_number,
            }
        )
    )


@blueprint.get(f"{PATIENT}/progress")
@says(blueprint, "progress.read", wire.ProgressSchema, query={"days": DAYS})
@policy("progress.read")
def show(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Adherence with denominator and band, by plan, activity and day; symptoms; plan changes."""
    found = progress.progress(actor, patient_id, whole("days", 90, 1, 3660), now())
    return dict(
        _progress.dump(
            {
                "first": found.first,
                "until": found.until,
                "counts": found.counts,
                "nothing_due": found.nothing_due,
                "plans": [_plan(one) for one in found.plans],
                "days": [
                    {"day": day, "status": day_status(counts), "counts": counts}
                    for day, counts in found.days
                ],
                "streak": {"current": found.streak.current, "best": found.streak.best},
                "symptoms": [
                    _symptom(actor, patient_id, symptom, found) for symptom in found.symptoms
                ],
                "changes": found.changes,
                "put_right": found.put_right,
            }
        )
    )


def _plan(one: progress.PlanProgress) -> dict[str, Any]:
    return {
        "plan_id": one.plan.id,
        "discipline": one.plan.discipline.value,
        "counts": one.counts,
        "activities": [
            {
                "activity_id": each.activity.id,
                "title": each.asked.title,
                "counts": each.counts,
                "nothing_due": each.nothing_due,
            }
            for each in one.activities
        ],
    }


def _symptom(
    actor: Actor, patient_id: UUID, symptom: str, found: progress.Progress
) -> dict[str, Any]:
    series = progress.symptom_series(actor, patient_id, symptom, found.first, found.until, now())
    return {
        "symptom": symptom,
        "reports": series.reports,
        "mean": series.mean,
        "answered": series.answered,
        "declined": series.declined,
    }


@blueprint.get(f"{PATIENT}/charts/<name>.<format>")
@says(
    blueprint,
    "chart.read",
    content="image/svg+xml, image/png",
    query={
        "of": ("string", "the goal, the medicine, or the symptom's key; days of a calendar"),
        "theme": ("light|dark|contrast|dark-contrast", "light when not given"),
        "width": ("phone|wide", "phone when not given"),
    },
    also={"304": "It has not changed."},
)
@policy("chart.read")
def chart(actor: Actor, patient_id: UUID, name: str, format: str) -> ResponseReturnValue:
    """A chart, as ``adherence``, ``symptom``, ``goal`` or ``doses``, as SVG or PNG."""
    return pictures.answer(actor, patient_id, name, format, now())


@blueprint.get(f"{PATIENT}/milestones")
@says(blueprint, "milestone.read", wire.MilestonesSchema)
@policy("milestone.read")
def list_milestones(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Milestones, newest first; withdrawn ones say since when."""
    found = milestones.milestones(actor, patient_id, now())
    return dict(_milestones.dump({"milestones": found}))
