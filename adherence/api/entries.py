"""Entries: one at a time, a device's queue, corrections, and the pull.

The two writing calls read their body with the checker compiled from the schema: they are the ones
that phones repeat all day.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, stream_with_context
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import ValidationError

from adherence import settings
from adherence.api.openapi import PREFIX, says
from adherence.api.patients import LIMIT, PATIENT
from adherence.domain.access import Actor, Role
from adherence.domain.entries import Source
from adherence.domain.errors import InvalidInput
from adherence.schemas import entries as wire
from adherence.schemas import progress
from adherence.schemas.changes import change_shown
from adherence.schemas.csv_rows import csv_lines
from adherence.schemas.fields import messages_of
from adherence.services import entries
from adherence.services.entries import Receipt, Result
from adherence.web.bodies import json_body
from adherence.web.clock import now
from adherence.web.policy import note_refused_part, policy
from adherence.web.problems import problem
from adherence.web.query import whole

blueprint = Blueprint("api_entries", __name__, url_prefix=PREFIX, description="What was reported")
STATUS = {
    Result.CREATED: 201,
    Result.CORRECTED: 201,
    Result.IDENTICAL: 200,
    Result.CONFLICT: 409,
    Result.INVALID: 422,
    Result.UNKNOWN: 404,
}
ITEM = {"409": "Something else is stored under that id, or it was corrected already."}
AGAIN = "It was stored before; nothing changed."
#: Beyond any place in the pull order, and what a query can name.
NEWEST = 10**18 - 1

_page = wire.EntriesPageSchema()
_shown = wire.EntryShownSchema()
_changes = progress.ChangesSchema()


@blueprint.get(f"{PATIENT}/entries")
@says(
    blueprint,
    "entry.read",
    wire.EntriesPageSchema,
    query={"before": (f"0..{NEWEST}", "cursor of the page before"), "limit": LIMIT},
)
@policy("entry.read")
def listed(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Entries, newest first, corrected ones too."""
    before = whole("before", NEWEST, 0, NEWEST)
    page = entries.entries(actor, patient_id, before, whole("limit", 50, 1, 200), now())
    return dict(_page.dump(page))


@blueprint.get(f"{PATIENT}/entries.csv")
@says(blueprint, "entry.read", content="text/csv")
@policy("entry.read")
def export(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Every entry as CSV, in the order it was stored. Empty is no answer; 0 is one."""
    rows = entries.all_entries(actor, patient_id, now())
    response = Response(stream_with_context(csv_lines(rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="entries.csv"'
    return response


@blueprint.get(f"{PATIENT}/entries/<uuid:client_id>")
@says(blueprint, "entry.read", wire.EntryShownSchema)
@policy("entry.read")
def show(actor: Actor, patient_id: UUID, client_id: UUID) -> ResponseReturnValue:
    """One entry as it was reported."""
    return dict(_shown.dump(entries.entry(actor, patient_id, client_id)))


@blueprint.post(f"{PATIENT}/entries")
@says(
    blueprint,
    "entry.log",
    wire.ReceiptSchema,
    status=201,
    asks=wire.EntrySchema,
    also=ITEM,
    again=AGAIN,
)
@policy("entry.log")
def log(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Log one entry. 201 when it is stored now, 200 when it was before."""
    document = said_by(actor, wire.check_entry(json_body()))
    return answered(entries.log_entry(actor, patient_id, document, now()))


@blueprint.post(f"{PATIENT}/entries/<uuid:client_id>/corrections")
@says(
    blueprint,
    "entry.correct",
    wire.ReceiptSchema,
    status=201,
    asks=wire.CorrectionSchema,
    also=ITEM,
    again=AGAIN,
)
@policy("entry.correct")
def correct(actor: Actor, patient_id: UUID, client_id: UUID) -> ResponseReturnValue:
    """Correct or withdraw an entry; the old version stays readable."""
    document = said_by(actor, wire.check_correction(json_body()))
    document["corrects_id"] = client_id
    return answered(entries.log_entry(actor, patient_id, document, now()))


@blueprint.post(f"{PATIENT}/sync")
@says(blueprint, "sync.push", wire.ReceiptsSchema, asks=wire.BatchSchema)
@policy("sync.push")
def push(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Send a device's queue. Each item gets its own receipt; sending again changes nothing."""
    items = batch(json_body())
    receipts: list[dict[str, Any] | None] = []
    good: list[dict[str, Any]] = []
    for item in items:
        try:
            good.append(said_by(actor, wire.check_entry(item)))
            receipts.append(None)
        except ValidationError as error:
            receipts.append(
                {
                    "client_id": _named(item),
                    "result": Result.INVALID.value,
                    "seq": None,
                    "status": None,
                    "answers": None,
                    "extra": False,
                    "errors": _flat(error),
                }
            )
    found = entries.sync(actor, patient_id, good, now()) if good else []
    if any(receipt.result is Result.UNKNOWN for receipt in found):
        note_refused_part()
    stored = iter(found)
    return {"receipts": [shown(next(stored)) if one is None else one for one in receipts]}


@blueprint.get(f"{PATIENT}/sync")
@says(
    blueprint,
    "sync.pull",
    progress.ChangesSchema,
    query={
        "after": (f"0..{NEWEST}", "cursor; 0, as when not given, pulls everything"),
        "limit": ("1..500", "changes of a page; 100 when not given"),
    },
)
@policy("sync.pull")
def pull(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """What changed after a number, in the order it was stored."""
    found = entries.pull(
        actor, patient_id, whole("after", 0, 0, NEWEST), whole("limit", 100, 1, 500), now()
    )
    return dict(
        _changes.dump(
            {
                "changes": [change_shown(one) for one in found.changes],
                "after": found.after,
                "more": found.more,
            }
        )
    )


def batch(document: Any) -> list[Any]:
    """The items of a batch.

    Raises:
        InvalidInput: the document is not ``{"entries": [...]}``, or holds too many.
    """
    if not isinstance(document, dict) or set(document) != {"entries"}:
        raise InvalidInput("entries", "required")
    items = document["entries"]
    if not isinstance(items, list):
        raise InvalidInput("entries", "not_a_list")
    if len(items) > settings.current().batch_limit:
        raise InvalidInput("entries", "too_many")
    return items


def said_by(actor: Actor, document: dict[str, Any]) -> dict[str, Any]:
    """The document with who reported it: a clinician's word is marked as such."""
    if actor.role is Role.CLINICIAN:
        document["source"] = Source.CLINICIAN
    return document


def answered(receipt: Receipt) -> ResponseReturnValue:
    """A receipt as the answer to a single entry; one that refuses stands in a problem."""
    status = STATUS[receipt.result]
    if status < 400:
        return shown(receipt), status
    said: dict[str, Any] = {"errors": dict(receipt.errors)} if receipt.errors else {}
    return problem(status, **said, receipt=shown(receipt))


def shown(receipt: Receipt) -> dict[str, Any]:
    """A receipt as the wire has it."""
    answers = receipt.answers
    found: dict[str, Any] = {
        "client_id": str(receipt.client_id),
        "result": receipt.result.value,
        "seq": receipt.seq,
        "status": None if receipt.status is None else receipt.status.value,
        "answers": (
            None if answers is None else {"day": answers[0].isoformat(), "slot": answers[1]}
        ),
        "extra": receipt.extra,
    }
    if receipt.errors:
        found["errors"] = dict(receipt.errors)
    return found


def _named(item: Any) -> str | None:
    """The id an invalid item carries, if it is one, so that the device finds the item again."""
    try:
        return str(UUID(item["client_id"]))
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _flat(error: ValidationError) -> dict[str, list[str]]:
    messages = messages_of(error)
    return {
        str(name): [str(one) for one in said] if isinstance(said, list) else [str(said)]
        for name, said in messages.items()
    }
