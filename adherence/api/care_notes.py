"""Care notes: what the team writes for the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.openapi import PREFIX, says
from adherence.api.patients import PATIENT
from adherence.domain.access import Actor
from adherence.schemas import care_notes as wire
from adherence.schemas.people import CreatedSchema
from adherence.services import care_notes
from adherence.web.bodies import json_body
from adherence.web.clock import now
from adherence.web.policy import policy

blueprint = Blueprint("api_care_notes", __name__, url_prefix=PREFIX, description="Team's notes")

_notes = wire.CareNotesSchema()
_new = wire.NewCareNoteSchema()


@blueprint.get(f"{PATIENT}/care-notes")
@says(blueprint, "care_note.read", wire.CareNotesSchema)
@policy("care_note.read")
def listed(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """The team's notes, newest first; their text for the team alone."""
    return dict(_notes.dump({"notes": care_notes.notes(actor, patient_id, now()).notes}))


@blueprint.post(f"{PATIENT}/care-notes")
@says(
    blueprint,
    "care_note.write",
    CreatedSchema,
    status=201,
    asks=wire.NewCareNoteSchema,
    also={"409": "Another note is kept under that id."},
    again="It was kept before.",
)
@policy("care_note.write")
def write(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Keep a note. 201 when it is new, 200 when it was kept before."""
    said: dict[str, Any] = _new.load(json_body())
    client_id: UUID = said["client_id"]
    is_new = care_notes.write_note(actor, patient_id, client_id, said["text"], now())
    return {"id": str(client_id)}, 201 if is_new else 200
