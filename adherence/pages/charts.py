"""The pictures on pages: one chart as a file, for one reader, theme and width."""

from __future__ import annotations

from typing import get_args
from uuid import UUID

from flask import Blueprint, Response, request

from adherence.charts import Chart, Format, ThemeName, WidthName
from adherence.charts.style import DAYS
from adherence.domain.access import Actor, Role
from adherence.domain.errors import NotFound
from adherence.pages.progress import CALENDAR_DAYS, GOAL_DAYS
from adherence.pages.progress import DAYS as DAYS_BACK
from adherence.services import progress
from adherence.services.care import Care
from adherence.web import headers, pictures
from adherence.web.clock import now
from adherence.web.locale import current
from adherence.web.policy import policy

blueprint = Blueprint("charts", __name__)

TYPES = {"svg": "image/svg+xml", "png": "image/png"}
THEMES: dict[str, ThemeName] = {name: name for name in get_args(ThemeName)}
WIDTHS: dict[str, WidthName] = {name: name for name in get_args(WidthName)}


@blueprint.get("/charts/<uuid:patient_id>/<name>.<format>")
@policy("chart.read")
def draw(actor: Actor, patient_id: UUID, name: str, format: Format) -> Response:
    """Draw the chart ``name``; ``of`` says of which goal, symptom or medicine,
    or of how many days.

    Raises:
        NotFound: no such chart, theme, width or thing to draw.
    """
    theme = THEMES.get(request.args.get("theme", "light"))
    width = WIDTHS.get(request.args.get("width", "phone"))
    if format not in TYPES or theme is None or width is None:
        raise NotFound
    if headers.is_foreign_picture():
        raise NotFound
    chart = _chart(actor, patient_id, name, request.args.get("of", ""), width)
    content = pictures.drawn(chart, theme, width, format, current(), actor.role is not Role.PATIENT)
    return headers.picture(content, TYPES[format])


def _chart(actor: Actor, patient_id: UUID, name: str, of: str, width: WidthName) -> Chart:
    if name == "adherence":
        days = int(of) if of.isdecimal() and 1 <= int(of) <= DAYS_BACK else CALENDAR_DAYS
        return pictures.calendar(actor, patient_id, days, now())
    near = now().date()
    _states, care = progress.day_states(actor, patient_id, near, near, now())
    today, days = care.today(now()), DAYS[width]
    if name == "symptom":
        symptom = _symptom(actor, patient_id, care, of)
        return pictures.symptom_chart(actor, patient_id, symptom, today, days, now())
    try:
        thing = UUID(of)
    except ValueError as error:
        raise NotFound from error
    if name == "goal":
        return pictures.goal_chart(actor, patient_id, thing, today, GOAL_DAYS, now())
    if name == "doses":
        return pictures.dose_chart(actor, patient_id, thing, today, days, now())
    raise NotFound


def _symptom(actor: Actor, patient_id: UUID, care: Care, key: str) -> str:
    """Return the symptom that an address means: one the plan names, else one that was reported."""
    planned = [agreed.goal.symptom for agreed in care.goals.values()]
    planned += [each.revisions[-1].asked.symptom for each in care.activities.values()]
    for symptom in planned:
        if symptom and pictures.key_of(patient_id, symptom) == key:
            return symptom
    for symptom in progress.progress(actor, patient_id, DAYS_BACK, now()).symptoms:
        if pictures.key_of(patient_id, symptom) == key:
            return symptom
    raise NotFound
