"""Entries on the wire: what a device or a form sends, and the receipt for each item."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from adherence.domain.entries import (
    BECAUSE_LIMIT,
    EFFORT_SCALE,
    LOGGABLE,
    NOTE_LIMIT,
    PAIN_SCALE,
    SYMPTOM_LIMIT,
    VALUE_SCALE,
    Reason,
    Source,
    Status,
)
from adherence.schemas.compiled import compiled
from adherence.schemas.fields import Choice, Day, Flag, Instant, Real, Text, Uuid, Whole, Zone

SETS = (0, 100)
REPS = (0, 10_000)
HOLD_SECONDS = (0, 14_400)
QUANTITY = (0, 1_000_000)
SLOTS = (0, 23)
#: Beyond the scales of symptoms: counts and amounts of a goal's own measure.
VALUES = (-1_000_000, 1_000_000)
NOTE_LINES = 40
#: Who else may have reported it is not for the document to say; the service knows who is acting.
SAID_SOURCES = (Source.SELF, Source.DEVICE)


class EntrySchema(Schema):
    """One entry. ``client_id`` is made by the device; sending it again changes nothing.

    It is about an activity, a goal or a symptom. ``day`` and ``slot`` name the occurrence it
    answers; without them the nearest open one is found. ``pain: 0`` is no pain, ``pain: null`` is
    no report, and ``pain_declined`` is "prefer not to say"; ``value`` and ``declined`` likewise.
    ``because`` says why an entry is put right; a clinician who does so must say it.
    """

    class Meta:
        unknown = RAISE

    client_id = Uuid(required=True)
    activity_id = Uuid(allow_none=True)
    goal_id = Uuid(allow_none=True)
    symptom = Text(SYMPTOM_LIMIT, allow_none=True)
    day = Day(allow_none=True)
    slot = Whole(*SLOTS, allow_none=True)
    status = Choice(Status, LOGGABLE, allow_none=True)
    sets = Whole(*SETS, allow_none=True)
    reps = Whole(*REPS, allow_none=True)
    hold_seconds = Whole(*HOLD_SECONDS, allow_none=True)
    quantity = Real(*QUANTITY, allow_none=True)
    value = Real(*VALUES, allow_none=True)
    declined = Flag()
    reason = Choice(Reason, allow_none=True)
    pain = Whole(*PAIN_SCALE, allow_none=True)
    pain_declined = Flag()
    effort = Whole(*EFFORT_SCALE, allow_none=True)
    note = Text(NOTE_LIMIT, NOTE_LINES, allow_none=True)
    withdrawn = Flag()
    performed_at = Instant(allow_none=True)
    zone = Zone(allow_none=True)
    recorded_at = Instant(allow_none=True)
    source = Choice(Source, SAID_SOURCES)
    corrects_id = Uuid(allow_none=True)
    because = Text(BECAUSE_LIMIT, allow_none=True)

    def rules(self, document: dict[str, Any]) -> dict[str, list[str]] | None:
        """What contradicts itself across fields: field -> sentences; None if nothing does."""
        get = document.get
        errors: dict[str, list[str]] = {}
        activity_id, goal_id, symptom = get("activity_id"), get("goal_id"), get("symptom")
        corrects = get("corrects_id") is not None
        value = get("value")
        if not corrects:
            if activity_id is None and goal_id is None and symptom is None:
                errors["activity_id"] = ["Name an activity, a goal or a symptom."]
            if get("performed_at") is None:
                errors["performed_at"] = ["Missing data for required field."]
            if get("withdrawn"):
                errors["withdrawn"] = ["Only a correction can withdraw."]
            if value is None and not get("declined") and get("status") is None:
                errors["status"] = ["Say a status or a value, or decline."]
            if get("because") is not None:
                errors["because"] = ["Only a correction has a reason of its own."]
        elif get("corrects_id") == get("client_id"):
            errors["corrects_id"] = ["An entry cannot correct itself."]
        if (get("day") is None) is not (get("slot") is None):
            errors["slot"] = ["Day and slot belong together."]
        if value is not None:
            if get("declined"):
                errors["declined"] = ["There is a value."]
            if symptom is not None and goal_id is None:
                low, high = VALUE_SCALE
                if not low <= value <= high:
                    errors["value"] = [f"Must be between {low} and {high}."]
        if get("pain_declined") and get("pain") is not None:
            errors["pain_declined"] = ["There is a pain value."]
        if get("reason") is not None and get("status") is Status.DONE:
            errors["reason"] = ["A reason belongs to what was not done, or not all of it."]
        return errors or None

    @validates_schema
    def agree(self, data: dict[str, Any], **kwargs: Any) -> None:
        if errors := self.rules(data):
            raise ValidationError(errors)


class CorrectionSchema(EntrySchema):
    """A new version of an entry; the old one stays readable. What is absent is as it was.

    ``withdrawn: true`` takes the entry back.
    """

    class Meta:
        exclude = ("corrects_id",)

    def rules(self, document: dict[str, Any]) -> dict[str, list[str]] | None:
        return super().rules({**document, "corrects_id": ()})


class ReceiptSchema(Schema):
    """What became of one item.

    ``created`` and ``corrected`` are stored now; ``identical`` was stored before and nothing
    changed; ``conflict`` says something else under a known id; ``invalid`` cannot be stored as it
    is (see ``errors``); ``unknown`` names something that this patient does not have.
    """

    client_id = fields.UUID(required=True, allow_none=True)
    result = fields.String(
        required=True,
        metadata={
            "enum": ["created", "identical", "corrected", "conflict", "invalid", "unknown"],
        },
    )
    seq = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Its place in the pull order."}
    )
    status = fields.String(
        required=True, allow_none=True, metadata={"description": "How it counts, if worked out."}
    )
    answers = fields.Nested(
        lambda: AnswerSchema(),
        required=True,
        allow_none=True,
        metadata={"description": "The occurrence it answers."},
    )
    extra = fields.Boolean(
        required=True, metadata={"description": "It answers no occurrence, although done."}
    )
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class AnswerSchema(Schema):
    """An occurrence within its activity."""

    day = fields.Date(required=True)
    slot = fields.Integer(required=True)


class BatchSchema(Schema):
    """A device's queue, in the order the entries were made."""

    class Meta:
        unknown = RAISE

    entries = fields.List(fields.Nested(EntrySchema), required=True)


class ReceiptsSchema(Schema):
    """One receipt for each item, in the order of the batch."""

    receipts = fields.List(fields.Nested(ReceiptSchema), required=True)


class EntryShownSchema(Schema):
    """A stored entry. ``corrected_by`` names what replaced it, if anything did."""

    client_id = fields.UUID(required=True)
    seq = fields.Integer(required=True)
    activity_id = fields.UUID(allow_none=True)
    goal_id = fields.UUID(allow_none=True)
    symptom = fields.String(allow_none=True)
    day = fields.Date(allow_none=True)
    slot = fields.Integer(allow_none=True)
    status = fields.Enum(Status, by_value=True, allow_none=True)
    sets = fields.Integer(allow_none=True)
    reps = fields.Integer(allow_none=True)
    hold_seconds = fields.Integer(allow_none=True)
    quantity = fields.Float(allow_none=True)
    value = fields.Float(allow_none=True)
    declined = fields.Boolean()
    reason = fields.Enum(Reason, by_value=True, allow_none=True)
    pain = fields.Integer(allow_none=True)
    pain_declined = fields.Boolean()
    effort = fields.Integer(allow_none=True)
    note = fields.String(allow_none=True)
    withdrawn = fields.Boolean()
    performed_at = fields.AwareDateTime()
    zone = fields.String()
    local_day = fields.Date()
    recorded_at = fields.AwareDateTime(allow_none=True)
    received_at = fields.AwareDateTime()
    source = fields.Enum(Source, by_value=True)
    corrects_id = fields.UUID(allow_none=True)
    because = fields.String(allow_none=True)
    corrected_by = fields.UUID(allow_none=True)


class EntriesPageSchema(Schema):
    """Entries newest first. ``before`` fetches the next page; null at the end."""

    entries = fields.List(fields.Nested(EntryShownSchema), required=True)
    before = fields.Integer(required=True, allow_none=True)


ENTRY = EntrySchema()
CORRECTION = CorrectionSchema()

check_entry = compiled(ENTRY)
check_correction = compiled(CORRECTION)
