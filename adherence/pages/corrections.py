"""Corrections of the record: a clinician puts right what was recorded wrongly, and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.entries import BECAUSE_LIMIT
from adherence.pages import toasts
from adherence.pages.entries import VERSION, ShownEntry, as_typed, read_version, shown_version
from adherence.pages.forms import Form
from adherence.services import entries as service
from adherence.services import patients
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("corrections", __name__)


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """The page on which a clinician puts an entry right."""

    patient: str
    back: str
    entry: ShownEntry


@blueprint.get("/patients/<uuid:patient_id>/entries/<uuid:client_id>/correct")
@policy("entry.put_right")
def show(actor: Actor, patient_id: UUID, client_id: UUID) -> ResponseReturnValue:
    """Show an entry as it stands, to be put right."""
    row = service.entry(actor, patient_id, client_id)
    return _page(actor, patient_id, row, Form(as_typed(row)))


@blueprint.post("/patients/<uuid:patient_id>/entries/<uuid:client_id>/correct")
@policy("entry.put_right", fields=(*VERSION, "because"))
def save(actor: Actor, patient_id: UUID, client_id: UUID) -> ResponseReturnValue:
    """Store a new version of an entry, or take it out of the figures; either needs a reason."""
    row = service.entry(actor, patient_id, client_id)
    form = Form(request.form)
    because = form.text(
        "because", BECAUSE_LIMIT, _("Say why it was recorded wrongly. The patient can read it.")
    )
    if form.raw("then") == "withdraw":
        document: dict[str, Any] = {
            "client_id": form.id(),
            "corrects_id": client_id,
            "withdrawn": True,
            "status": row.status,
        }
    else:
        document = read_version(form, row)
    if not form.errors:
        receipt = service.log_entry(actor, patient_id, {**document, "because": because}, now())
        if not receipt.errors:
            return toasts.back_to(url_for("patients.sheet", patient_id=patient_id), "put-right")
        form.refused_receipt(receipt)
    return _page(actor, patient_id, row, form)


def _page(actor: Actor, patient_id: UUID, row: Any, form: Form) -> ResponseReturnValue:
    action = url_for("corrections.save", patient_id=patient_id, client_id=row.client_id)
    page = ShownCorrection(
        patient=patients.name_of(actor, patient_id),
        back=url_for("patients.sheet", patient_id=patient_id),
        entry=shown_version(actor, patient_id, row, action),
    )
    return (
        render_template(
            "clinician/correct.html", correction=page, form=form.typed, errors=form.errors
        ),
        422 if form.errors else 200,
    )
