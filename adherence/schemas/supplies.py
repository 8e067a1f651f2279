"""Supplies on the wire: what is recorded, and what was."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from adherence.domain.supplies import MEDICATION_LIMIT, SupplySource
from adherence.schemas.fields import Choice, Day, Flag, Real, Text, Uuid

#: Days a supply lasts, and a daily dose; the smallest stands for "above zero".
DURATION = (1e-6, 10_000)
DAILY_DOSE = (1e-9, 1_000_000_000)


class SupplySchema(Schema):
    """One supply. ``client_id`` is made by the sender; sending it again changes nothing.

    It lasts ``duration`` days from ``date``; ``daily_dose`` is in the medication's own unit. With
    ``corrects_id`` it is a new version of a supply, and what is absent is as it was;
    ``withdrawn: true`` takes that supply back.
    """

    class Meta:
        unknown = RAISE

    client_id = Uuid(required=True)
    date = Day()
    duration = Real(*DURATION)
    daily_dose = Real(*DAILY_DOSE, allow_none=True)
    medication = Text(MEDICATION_LIMIT, allow_none=True)
    source = Choice(SupplySource)
    corrects_id = Uuid(allow_none=True)
    withdrawn = Flag()

    @validates_schema
    def agree(self, data: dict[str, Any], **kwargs: Any) -> None:
        errors: dict[str, list[str]] = {}
        if data.get("corrects_id") is None:
            for name in ("date", "duration", "source"):
                if name not in data:
                    errors[name] = ["Missing data for required field."]
            if data.get("withdrawn"):
                errors["withdrawn"] = ["Only a correction can withdraw."]
        elif data["corrects_id"] == data.get("client_id"):
            errors["corrects_id"] = ["A supply cannot correct itself."]
        if errors:
            raise ValidationError(errors)


class SupplyReceiptSchema(Schema):
    """What became of one supply; see the receipts of entries for the words."""

    client_id = fields.UUID(required=True)
    result = fields.String(
        required=True,
        metadata={
            "enum": ["created", "identical", "corrected", "conflict", "invalid", "unknown"],
        },
    )
    seq = fields.Integer(required=True, allow_none=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class SupplyShownSchema(Schema):
    """A stored supply. ``corrected_by`` names what replaced it, if anything did."""

    client_id = fields.UUID(required=True)
    seq = fields.Integer(required=True)
    date = fields.Date(required=True)
    duration = fields.Float(required=True)
    daily_dose = fields.Float(required=True, allow_none=True)
    medication = fields.String(required=True, allow_none=True)
    source = fields.Enum(SupplySource, by_value=True, required=True)
    withdrawn = fields.Boolean(required=True)
    corrects_id = fields.UUID(required=True, allow_none=True)
    corrected_by = fields.UUID(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)


class SuppliesPageSchema(Schema):
    """Supplies newest first. ``before`` fetches the next page; null at the end."""

    supplies = fields.List(fields.Nested(SupplyShownSchema), required=True)
    before = fields.Integer(required=True, allow_none=True)
