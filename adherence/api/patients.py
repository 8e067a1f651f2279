"""People: who is signed in, the patients one cares for, care teams, zones."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.openapi import PREFIX, says
from adherence.domain.access import Actor
from adherence.domain.errors import InvalidInput
from adherence.schemas import people as wire
from adherence.services import audit, care_teams, patients
from adherence.web.bodies import json_body
from adherence.web.clock import now
from adherence.web.policy import policy
from adherence.web.query import whole

blueprint = Blueprint("api_patients", __name__, url_prefix=PREFIX, description="People")
PATIENT = "/patients/<uuid:patient_id>"
_CURSOR = re.compile(r"([0-9]{1,9})\.([0-9a-f]{32})")
LIMIT = ("1..200", "rows of a page; 50 when not given")

_me = wire.MeSchema()
_page = wire.PatientsPageSchema()
_patient = wire.PatientSchema()
_new_patient = wire.NewPatientSchema()
_new_member = wire.NewMemberSchema()
_new_substitute = wire.NewSubstituteSchema()
_team = wire.TeamSchema()
_new_zone = wire.NewZoneSchema()
_zone_holds = wire.ZoneHoldsSchema()
_accesses = wire.AccessesSchema()


@blueprint.get("/me")
@says(blueprint, "account.read", wire.MeSchema)
@policy("account.read")
def me(actor: Actor) -> ResponseReturnValue:
    """Who the token speaks for."""
    return dict(_me.dump(actor))


@blueprint.get("/patients")
@says(
    blueprint,
    "patient.list",
    wire.PatientsPageSchema,
    query={"after": ("string", "cursor of the page before"), "limit": LIMIT},
)
@policy("patient.list")
def listed(actor: Actor) -> ResponseReturnValue:
    """The patients one cares for, greatest need first."""
    page = patients.patients(actor, _cursor(), whole("limit", 50, 1, 200), now())
    after = None if page.after is None else f"{page.after[0]}.{page.after[1].hex}"
    return dict(_page.dump({"patients": page.patients, "after": after}))


def _cursor() -> tuple[int, UUID] | None:
    text = request.args.get("after")
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise InvalidInput("after", "not_a_cursor")
    return int(found[1]), UUID(hex=found[2])


@blueprint.post("/patients")
@says(blueprint, "patient.add", wire.CreatedSchema, status=201, asks=wire.NewPatientSchema)
@policy("patient.add")
def add(actor: Actor) -> ResponseReturnValue:
    """Add a patient to one's own clinic; a clinician becomes the lead of the care team."""
    patient_id = patients.add_patient(actor, **_new_patient.load(json_body()), now=now())
    return {"id": str(patient_id)}, 201


@blueprint.get(PATIENT)
@says(blueprint, "patient.read", wire.PatientSchema)
@policy("patient.read")
def show(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """One patient: name, local day, care team."""
    return dict(_patient.dump(patients.patient(actor, patient_id, now())))


@blueprint.get(f"{PATIENT}/care-team")
@says(blueprint, "team.read", wire.TeamSchema)
@policy("team.read")
def team(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Who cares for the patient now, the lead first, and who will stand in later."""
    return dict(_team.dump(care_teams.team(actor, patient_id, now())))


@blueprint.post(f"{PATIENT}/care-team")
@says(
    blueprint,
    "team.change",
    status=204,
    asks=wire.NewMemberSchema,
    also={"409": "In the care team already."},
)
@policy("team.change")
def join(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Join a clinician of the same clinic to the care team."""
    care_teams.add_to_care_team(actor, patient_id, **_new_member.load(json_body()), now=now())
    return "", 204


@blueprint.delete(f"{PATIENT}/care-team/<uuid:account_id>")
@says(blueprint, "team.change", status=204)
@policy("team.change")
def leave(actor: Actor, patient_id: UUID, account_id: UUID) -> ResponseReturnValue:
    """Let a clinician leave the care team; a lead hands over first. Holds at the next request."""
    care_teams.end_care_relation(actor, patient_id, account_id, now())
    return "", 204


@blueprint.put(f"{PATIENT}/care-team/<uuid:account_id>/lead")
@says(blueprint, "team.change", status=204)
@policy("team.change")
def hand_over(actor: Actor, patient_id: UUID, account_id: UUID) -> ResponseReturnValue:
    """Let a member lead the care team; who led so far stays in it."""
    care_teams.hand_over(actor, patient_id, account_id, now())
    return "", 204


@blueprint.post(f"{PATIENT}/care-team/substitutes")
@says(blueprint, "team.change", status=204, asks=wire.NewSubstituteSchema)
@policy("team.change")
def stand_in(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Let a clinician stand in for a member from a first day to a last, by the clinic's clock."""
    care_teams.name_substitute(actor, patient_id, **_new_substitute.load(json_body()), now=now())
    return "", 204


@blueprint.put(f"{PATIENT}/zone")
@says(blueprint, "zone.change", wire.ZoneHoldsSchema, asks=wire.NewZoneSchema)
@policy("zone.change")
def zone(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Say where the patient lives by the clock; no day that has begun changes."""
    said: dict[str, Any] = _new_zone.load(json_body())
    day = patients.change_zone(actor, patient_id, said["zone"], now())
    return dict(_zone_holds.dump({"zone": said["zone"], "effective_on": day}))


@blueprint.get(f"{PATIENT}/accesses")
@says(
    blueprint,
    "access.read",
    wire.AccessesSchema,
    query={"before": (f"1..{audit.LAST}", "only lines below this number")},
)
@policy("access.read")
def accesses(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Who else opened or changed the record, the newest first."""
    found = audit.accesses(actor, patient_id, whole("before", audit.LAST, 1, audit.LAST))
    before = found.lines[-1].n if found.has_more else None
    return dict(_accesses.dump({"accesses": found.lines, "before": before}))
