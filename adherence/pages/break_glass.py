"""A record opened in an emergency: asking for it, ending it, and the clinic's look into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence import settings
from adherence.domain.access import Actor, Relation, Role
from adherence.domain.errors import InvalidInput
from adherence.pages.forms import Form
from adherence.pages.own import own
from adherence.services import break_glass as service
from adherence.services import patients
from adherence.services.break_glass import Emergency, SeveralOfThisName
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import ngettext
from adherence.web.policy import policy, relation

blueprint = Blueprint("break_glass", __name__)

FIRST_YEAR = 1880


@dataclass(frozen=True, slots=True)
class ShownOpen:
    """What a clinician has open: whose, for how long yet, and the way to end it."""

    name: str
    left: str
    sheet: str
    end: str


@dataclass(frozen=True, slots=True)
class ShownEmergency:
    """One opened record; ``seen`` is empty while nobody has looked into it."""

    id: str
    patient: str
    clinician: str
    when: str
    until: str
    reason: str
    seen: str
    seen_words: str
    told: bool
    see: str
    tell: str


# --- the clinician -----------------------------------------------------------------------------


@blueprint.get("/emergency")
@policy("emergency.begin")
def ask(actor: Actor) -> ResponseReturnValue:
    """Show the form that opens a record."""
    return _page(actor, Form({}))


@blueprint.post("/emergency")
@policy("emergency.begin", fields=("name", "birth_year", "reason", "chosen"), throttle="emergency")
def begin(actor: Actor) -> ResponseReturnValue:
    """Open the record of the patient who is named."""
    form = Form(request.form)
    name = form.text("name", patients.NAME_LIMIT, _("Write the full name."))
    year = form.whole("birth_year", FIRST_YEAR, now().year)
    if year is None:
        form.wrong("birth_year", _("Write the year of birth, with four digits."))
    chosen = None
    if form.raw("chosen"):
        chosen = form.id("chosen")
    candidates: list[tuple[str, str]] = []
    if not form.errors and year is not None:
        try:
            patient_id = service.begin(
                actor,
                name=name,
                birth_year=year,
                reason=request.form.get("reason", ""),
                now=now(),
                chosen=chosen,
            )
        except InvalidInput as error:
            form.refused(error)
        except SeveralOfThisName as several:
            candidates = [
                (
                    str(one.patient_id),
                    _(
                        "here since %(day)s, clock of %(zone)s",
                        day=words.day(one.started_on, "full"),
                        zone=words.zone_name(one.zone),
                    ),
                )
                for one in several.candidates
            ]
            form.wrong("chosen", _("Several have this name and year. Choose one."))
        else:
            return redirect(url_for("patients.sheet", patient_id=patient_id), 303)
    return _page(actor, form, candidates)


@blueprint.post("/patients/<uuid:patient_id>/emergency/end")
@policy("emergency.end", fields=())
def end(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Stop reading before the time is over."""
    service.end(actor, patient_id, now())
    return redirect(url_for("break_glass.ask"), 303)


def _page(
    actor: Actor, form: Form, candidates: Sequence[tuple[str, str]] = ()
) -> ResponseReturnValue:
    page = render_template(
        "clinician/emergency.html",
        open=_open(actor),
        minutes=ngettext("%(num)s minute", "%(num)s minutes", settings.current().emergency_minutes),
        candidates=candidates,
        form=form.typed,
        errors=form.errors,
    )
    return page, 422 if form.errors else 200


def _open(actor: Actor) -> ShownOpen | None:
    found = service.open_now(actor, now())
    if found is None:
        return None
    return ShownOpen(
        found.patient_name,
        words.first_upper(ngettext("%(num)s minute left", "%(num)s minutes left", found.minutes)),
        url_for("patients.sheet", patient_id=found.patient_id),
        url_for("break_glass.end", patient_id=found.patient_id),
    )


def banner() -> ShownOpen | None:
    """What stands on top of every page of a patient whose record is open in an emergency."""
    return _open(g.actor) if relation() is Relation.EMERGENCY else None


# --- the clinic and the patient ----------------------------------------------------------------


@blueprint.get("/emergencies")
@policy("emergency.review")
def index(actor: Actor) -> ResponseReturnValue:
    """List every record of the clinic that was opened in an emergency."""
    return _list(actor, Form({}), None)


@blueprint.post("/emergencies/<uuid:emergency_id>/seen")
@policy("emergency.review", fields=("words",))
def see(actor: Actor, emergency_id: UUID) -> ResponseReturnValue:
    """Say that one has looked into it, and what came of it."""
    form = Form(request.form)
    try:
        service.see(actor, emergency_id, request.form.get("words", ""), now())
    except InvalidInput as error:
        form.refused(error)
        return _list(actor, form, emergency_id)
    return redirect(url_for("break_glass.index"), 303)


def _list(actor: Actor, form: Form, about: UUID | None) -> ResponseReturnValue:
    rows = shown_emergencies(service.of_clinic(actor, now()), patients.clinic_zone(actor.clinic_id))
    page = render_template(
        "clinician/emergencies.html",
        rows=rows,
        about="" if about is None else str(about),
        form=form.typed,
        errors=form.errors,
    )
    return page, 422 if form.errors else 200


def unseen() -> int:
    """How many opened records wait for an administrator; 0 for everybody else."""
    actor = g.get("actor")
    return service.unseen(actor) if actor is not None and actor.role is Role.ADMIN else 0


@blueprint.post("/team/emergencies/<uuid:emergency_id>/read")
@policy("emergency.told", fields=())
def tell(actor: Actor, emergency_id: UUID) -> ResponseReturnValue:
    """Say as the patient that one has read it."""
    service.told(actor, own(actor), emergency_id, now())
    return redirect(url_for("care_teams.mine"), 303)


def shown_emergencies(found: Sequence[Emergency], zone: str) -> list[ShownEmergency]:
    """Opened records as they are read, times by the clock of ``zone``."""
    return [_shown(one, zone) for one in found]


def _shown(one: Emergency, zone: str) -> ShownEmergency:
    first, last = words.local(one.begun_at, zone), words.local(one.until_at, zone)
    end = words.clock(one.until_at, zone)
    if last.date() != first.date():
        end = f"{words.day(last.date(), 'full')}, {end}"
    return ShownEmergency(
        id=str(one.id),
        patient=one.patient_name,
        clinician=one.clinician_name,
        when=f"{words.day(first.date(), 'full')}, {words.clock(one.begun_at, zone)}",
        until=_("open until %(time)s", time=end)
        if one.until_at > now()
        else _("was over at %(time)s", time=end),
        reason=one.reason,
        seen=""
        if one.seen_at is None
        else _(
            "Seen by %(name)s on %(day)s",
            name=one.seen_by_name,
            day=words.day(words.local(one.seen_at, zone).date(), "full"),
        ),
        seen_words=one.seen_words or "",
        told=one.told_at is not None,
        see=url_for("break_glass.see", emergency_id=one.id) if one.seen_at is None else "",
        tell=url_for("break_glass.tell", emergency_id=one.id) if one.told_at is None else "",
    )
