"""The pictures on pages: one chart as a file, for one reader, theme and width."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from adherence.domain.access import Actor
from adherence.web import pictures
from adherence.web.clock import now
from adherence.web.policy import policy

blueprint = Blueprint("charts", __name__)


@blueprint.get("/charts/<uuid:patient_id>/<name>.<format>")
@policy("chart.read")
def draw(actor: Actor, patient_id: UUID, name: str, format: str) -> Response:
    """Draw the chart ``name``; ``of`` says of which goal, symptom or medicine,
    or of how many days."""
    return pictures.answer(actor, patient_id, name, format, now())
