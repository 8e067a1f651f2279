"""The team's notes about a patient: reading them, and writing one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.care_notes import LINES, TEXT_LIMIT
from adherence.domain.errors import Conflict, InvalidInput
from adherence.pages.forms import Form, fresh_id
from adherence.services import care_notes as service
from adherence.services import patients
from adherence.services.care_notes import CareNote, Notes
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import may_now, policy

blueprint = Blueprint("care_notes", __name__)


@dataclass(frozen=True, slots=True)
class ShownCareNote:
    """A note: who wrote it and when, and its paragraphs for who reads it."""

    name: str
    when: str
    at: str
    lines: list[str]


@blueprint.get("/patients/<uuid:patient_id>/notes")
@policy("care_note.read")
def of_patient(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Show the team's notes and a form for a new one."""
    return _page(actor, patient_id, Form({}))


@blueprint.post("/patients/<uuid:patient_id>/notes")
@policy("care_note.write", fields=("client_id", "text"))
def write(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Keep a note."""
    form = Form(request.form)
    client_id = form.id()
    text = form.text("text", TEXT_LIMIT, _("Write something first."), LINES)
    if not form.errors:
        try:
            service.write_note(actor, patient_id, client_id, text, now())
        except InvalidInput as error:
            form.refused(error)
        except Conflict:
            form.wrong("text", _("This was sent before with other words. Send it once more."))
            form.typed["client_id"] = ""
        else:
            return redirect(url_for("care_notes.of_patient", patient_id=patient_id), 303)
    return _page(actor, patient_id, form)


def _page(actor: Actor, patient_id: UUID, form: Form) -> ResponseReturnValue:
    found = service.notes(actor, patient_id, now())
    return render_template(
        "clinician/notes.html",
        name=patients.name_of(actor, patient_id),
        back=url_for("patients.sheet", patient_id=patient_id),
        notes=shown_notes(found),
        writes=may_now("care_note.write"),
        form={"client_id": str(fresh_id(now()))} | {k: v for k, v in form.typed.items() if v},
        errors=form.errors,
    )


def shown_notes(found: Notes) -> list[ShownCareNote]:
    """The notes in words, the newest first."""
    return [_shown(one, found.zone) for one in found.notes]


def _shown(one: CareNote, zone: str) -> ShownCareNote:
    at = words.local(one.written_at, zone)
    return ShownCareNote(
        one.author_name,
        _("%(day)s at %(time)s", day=words.day(at.date(), "full"), time=words.clock(at.time())),
        one.written_at.isoformat(),
        [] if one.text is None else one.text.splitlines(),
    )
