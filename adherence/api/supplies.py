"""Supplies: what was dispensed to a patient, counted by a device, or imported."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.entries import AGAIN, NEWEST, STATUS
from adherence.api.openapi import PREFIX, says
from adherence.api.patients import LIMIT, PATIENT
from adherence.domain.access import Actor
from adherence.schemas import supplies as wire
from adherence.services import supplies
from adherence.services.supplies import SupplyReceipt
from adherence.web.bodies import json_body
from adherence.web.clock import now
from adherence.web.policy import policy
from adherence.web.problems import problem
from adherence.web.query import whole

blueprint = Blueprint("api_supplies", __name__, url_prefix=PREFIX, description="What was supplied")
ITEM = {
    "404": "No such thing, none you may know of, or no supply that it could correct.",
    "409": "Something else is stored under that id, or it was corrected already.",
}

_page = wire.SuppliesPageSchema()
_supply = wire.SupplySchema()


@blueprint.get(f"{PATIENT}/supplies")
@says(
    blueprint,
    "supply.read",
    wire.SuppliesPageSchema,
    query={"before": (f"0..{NEWEST}", "cursor of the page before"), "limit": LIMIT},
)
@policy("supply.read")
def listed(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Supplies, newest first, corrected ones too."""
    before = whole("before", NEWEST, 0, NEWEST)
    page = supplies.supplies(actor, patient_id, before, whole("limit", 50, 1, 200), now())
    return dict(_page.dump(page))


@blueprint.post(f"{PATIENT}/supplies")
@says(
    blueprint,
    "supply.record",
    wire.SupplyReceiptSchema,
    status=201,
    asks=wire.SupplySchema,
    also=ITEM,
    again=AGAIN,
)
@policy("supply.record")
def record(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Record a supply, or correct one. 201 when it is stored now, 200 when it was before."""
    said: dict[str, Any] = _supply.load(json_body())
    receipt = supplies.record_supply(actor, patient_id, said, now())
    status = STATUS[receipt.result]
    if status < 400:
        return shown(receipt), status
    more: dict[str, Any] = {"errors": dict(receipt.errors)} if receipt.errors else {}
    return problem(status, **more, receipt=shown(receipt))


def shown(receipt: SupplyReceipt) -> dict[str, Any]:
    """A receipt as the wire has it."""
    found: dict[str, Any] = {
        "client_id": str(receipt.client_id),
        "result": receipt.result.value,
        "seq": receipt.seq,
    }
    if receipt.errors:
        found["errors"] = dict(receipt.errors)
    return found
