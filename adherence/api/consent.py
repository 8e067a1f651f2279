"""Consent: where each purpose stands for a patient, and a decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.openapi import PREFIX, says
from adherence.api.patients import PATIENT
from adherence.domain.access import Actor
from adherence.domain.consent import LANGUAGES
from adherence.domain.errors import InvalidInput
from adherence.schemas import consent as wire
from adherence.services import consent as service
from adherence.services.consent import ConsentView, Said
from adherence.web.bodies import json_body
from adherence.web.clock import now
from adherence.web.policy import policy

blueprint = Blueprint("api_consent", __name__, url_prefix=PREFIX, description="Consent")
LANGUAGE = ("en|de|ru", "language of the words; en when not given")

_all = wire.ConsentsSchema()
_one = wire.ConsentSchema()
_agreed = wire.AgreedSchema()
_new = wire.NewDecisionSchema()


@blueprint.get(f"{PATIENT}/consents")
@says(blueprint, "consent.read", wire.ConsentsSchema, query={"language": LANGUAGE})
@policy("consent.read")
def listed(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Every purpose, where it stands, and the words in force."""
    language = _language()
    found = service.consents(actor, patient_id, now())
    return dict(_all.dump({"consents": [_shown(one, language) for one in found]}))


@blueprint.post(f"{PATIENT}/consents")
@says(
    blueprint,
    "consent.decide",
    wire.ConsentSchema,
    status=201,
    asks=wire.NewDecisionSchema,
    also={"409": "The words of this version were changed after somebody agreed to them."},
)
@policy("consent.decide")
def decide(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Agree, or take it back; it counts from the next request on.

    What leaves the clinic is signed on a page, where a factor is asked for; a token cannot.
    """
    said: dict[str, Any] = _new.load(json_body())
    found = service.decide(actor, patient_id, Said(**said), now())
    return dict(_one.dump(_shown(found, said["locale"]))), 201


@blueprint.get(f"{PATIENT}/consents/<uuid:decision_id>")
@says(blueprint, "consent.read", wire.AgreedSchema)
@policy("consent.read")
def show(actor: Actor, patient_id: UUID, decision_id: UUID) -> ResponseReturnValue:
    """One decision and the words it was about, as they were then."""
    found = service.agreed(actor, patient_id, decision_id)
    return dict(
        _agreed.dump(
            {
                "decision": found.decision,
                "purpose": found.decision.purpose,
                "words": found.words,
            }
        )
    )


def _language() -> str:
    chosen = request.args.get("language", LANGUAGES[0])
    if chosen not in LANGUAGES:
        raise InvalidInput("language", "unknown_language")
    return chosen


def _shown(one: ConsentView, language: str) -> dict[str, Any]:
    return {
        "purpose": one.purpose,
        "state": one.state,
        "version": one.text.version.number,
        "language": language,
        "words": one.text.words[language],
        "decisions": one.history,
    }
