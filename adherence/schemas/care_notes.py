"""Care notes on the wire."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields

from adherence.domain.care_notes import TEXT_LIMIT
from adherence.schemas.fields import Text, Uuid


class NewCareNoteSchema(Schema):
    """A note for the team. ``client_id`` is the sender's: sending twice stores once."""

    class Meta:
        unknown = RAISE

    client_id = Uuid(required=True)
    text = Text(TEXT_LIMIT, required=True)


class CareNoteSchema(Schema):
    """A note; ``text`` is null for who may know of it and not read it."""

    client_id = fields.UUID(required=True)
    author_name = fields.String(required=True)
    written_at = fields.AwareDateTime(required=True)
    text = fields.String(required=True, allow_none=True)


class CareNotesSchema(Schema):
    """Notes, the newest first."""

    notes = fields.List(fields.Nested(CareNoteSchema), required=True)
