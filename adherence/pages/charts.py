"""The pictures on pages: one chart as a file, for one reader, theme and width."""

from __future__ import annotations

from datetime import date
from typing import get_args
from uuid import UUID

from flask import Blueprint, Response, request

from adherence.charts import Chart, Format, ThemeName, WidthName
from adherence.charts.style import DAYS
from adherence.domain.access import Actor, Role
from adherence.domain.errors import NotFound
from adherence.pages.progress import CALENDAR_DAYS, GOAL_DAYS
from adherence.services import progress
from adherence.web import headers, pictures
from adherence.web.clock import now
from adherence.web.locale import current
from adherence.web.policy import policy

blueprint = Blueprint("charts", __name__)

TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@blueprint.get("/charts/<uuid:patient_id>/<name>.<format>")
@policy("chart.read")
def draw(actor: Actor, patient_id: UUID, name: str, format: Format) -> Response:
    """Draw the chart ``name``; ``of`` says of which goal, symptom or medicine.

    Raises:
        NotFound: no such chart, theme, width or thing to draw.
    """
    theme = request.args.get("theme", "light")
    width = request.args.get("width", "phone")
    if format not in TYPES or theme not in get_args(ThemeName) or width not in get_args(WidthName):
        raise NotFound
    if headers.is_foreign_picture():
        raise NotFound
    chart = _chart(actor, patient_id, name, request.args.get("of", ""), width)
    content = pictures.drawn(
        chart, theme, width, format, current(), actor.role is not Role.PATIENT
    )
    return headers.picture(content, TYPES[format])


def _chart(actor: Actor, patient_id: UUID, name: str, of: str, width: WidthName) -> Chart:
    if name == "adherence":
        return pictures.calendar(actor, patient_id, CALENDAR_DAYS, now())
    today = _today(actor, patient_id)
    days = DAYS[width]
    if name == "symptom":
        for symptom in progress.symptoms_known(actor, patient_id, now()):
            if pictures.key_of(patient_id, symptom) == of:
                return pictures.symptom_chart(actor, patient_id, symptom, today, days, now())
        raise NotFound
    try:
        thing = UUID(of)
    except ValueError as error:
        raise NotFound from error
    if name == "goal":
        return pictures.goal_chart(actor, patient_id, thing, today, GOAL_DAYS, now())
    if name == "doses":
        return pictures.dose_chart(actor, patient_id, thing, today, days, now())
    raise NotFound


def _today(actor: Actor, patient_id: UUID) -> date:
    """Return the patient's local day."""
    return progress.local_day(actor, patient_id, now())
