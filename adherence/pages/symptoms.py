"""Symptoms: noting how one feels, whenever it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.entries import SYMPTOM_LIMIT
from adherence.pages import toasts
from adherence.pages.forms import Form, fresh_id
from adherence.pages.own import own
from adherence.services import entries, goals, plans
from adherence.services import today as days
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("symptoms", __name__)


@dataclass(frozen=True, slots=True)
class ShownSymptoms:
    """The page on which a symptom is noted; ``tracked`` are those that goals and check-ins name."""

    client_id: UUID
    tracked: list[str]
    latest_day: str


@blueprint.get("/symptom")
@policy("entry.log")
def log(actor: Actor) -> ResponseReturnValue:
    """Show the form."""
    return _page(actor, None)


@blueprint.post("/symptom")
@policy("entry.log", fields=("client_id", "symptom", "other", "value", "note", "on_day", "at_time"))
def store(actor: Actor) -> ResponseReturnValue:
    """Store one symptom, or say what is wrong with it."""
    patient_id = own(actor)
    form = Form(request.form)
    tracked = _tracked(actor, patient_id)
    chosen = form.raw("symptom")
    if chosen not in tracked:
        chosen = form.text("other", SYMPTOM_LIMIT, _("Say what it is, in a word or two."))
    value, declined = form.scale("value")
    if value is None and not declined:
        form.wrong("value", _("Choose a number, or “I prefer not to say”."))
    note = form.note()
    zone = days.today(actor, patient_id, now()).zone
    performed_at = form.moment(zone, now())
    if form.errors:
        return _page(actor, form)
    client_id = form.id()
    receipt = entries.log_entry(
        actor,
        patient_id,
        {
            "client_id": client_id,
            "symptom": chosen,
            "value": None if value is None else float(value),
            "declined": declined,
            "note": note,
            "performed_at": performed_at,
            "recorded_at": now(),
        },
        now(),
    )
    if receipt.errors:
        form.refused_receipt(receipt)
        return _page(actor, form)
    return toasts.back_to(url_for("today.show", _anchor="day"), client_id)


def _tracked(actor: Actor, patient_id: UUID) -> list[str]:
    found = [view.goal.symptom for view in goals.goals(actor, patient_id, now())]
    found += [
        item.activity.revisions[-1].asked.symptom
        for item in plans.activities(actor, patient_id, now())
    ]
    return list(dict.fromkeys(name for name in found if name))


def _usual(at: datetime, zone: str, tracked: list[str]) -> dict[str, str]:
    local = words.local(at, zone)
    typed = {"on_day": local.date().isoformat(), "at_time": local.strftime("%H:%M")}
    if len(tracked) == 1:
        typed["symptom"] = tracked[0]
    return typed


def _page(actor: Actor, form: Form | None) -> ResponseReturnValue:
    patient_id = own(actor)
    view = days.today(actor, patient_id, now())
    tracked = _tracked(actor, patient_id)
    typed = _usual(now(), view.zone, tracked) if form is None else form.typed
    page = ShownSymptoms(
        client_id=fresh_id(now()), tracked=tracked, latest_day=view.day.isoformat()
    )
    errors = {} if form is None else form.errors
    return (
        render_template("patient/symptom.html", symptom=page, form=typed, errors=errors),
        422 if errors else 200,
    )
