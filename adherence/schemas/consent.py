"""Consent on the wire: where each purpose stands, and a decision."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from adherence.domain.consent import LANGUAGES, Answer, Purpose, Source, State
from adherence.schemas.fields import Choice, Day, Whole

#: What is typed is looked at as it was typed: cleaning would hide what nobody can see.
TYPED_LIMIT = 400


class NewDecisionSchema(Schema):
    """One decision, in the words of ``version`` and ``locale`` as they were shown.

    A yes needs ``signature``, the name as typed. ``source`` (paper or spoken) and ``decided_on``,
    the day on the paper, are a clinician's to say.
    """

    class Meta:
        unknown = RAISE

    purpose = Choice(Purpose, required=True)
    answer = Choice(Answer, required=True)
    version = Whole(1, 2**31 - 1, required=True)
    locale = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    signature = fields.String(validate=validate.Length(max=TYPED_LIMIT))
    source = Choice(Source)
    decided_on = Day()


class DecisionSchema(Schema):
    """A decision that was made. ``decided_at`` is from when it counts."""

    id = fields.UUID(required=True)
    answer = fields.Enum(Answer, by_value=True, required=True)
    version = fields.Integer(required=True)
    locale = fields.String(required=True)
    signature = fields.String(required=True)
    source = fields.Enum(Source, by_value=True, required=True)
    author_name = fields.String(required=True)
    decided_at = fields.AwareDateTime(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ConsentWordsSchema(Schema):
    """The words of a version in one language."""

    title = fields.String(required=True)
    summary = fields.String(required=True)
    paragraphs = fields.List(fields.String(), required=True)
    stops = fields.String(required=True)
    agree = fields.String(required=True)


class ConsentSchema(Schema):
    """One purpose: its state, the version in force with its words, decisions newest first."""

    purpose = fields.Enum(Purpose, by_value=True, required=True)
    state = fields.Enum(State, by_value=True, required=True)
    version = fields.Integer(required=True)
    language = fields.String(required=True)
    words = fields.Nested(ConsentWordsSchema, required=True)
    decisions = fields.List(fields.Nested(DecisionSchema), required=True)


class ConsentsSchema(Schema):
    """Every purpose."""

    consents = fields.List(fields.Nested(ConsentSchema), required=True)


class AgreedSchema(Schema):
    """A decision with the words that it was about, as they were then."""

    decision = fields.Nested(DecisionSchema, required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    words = fields.Nested(ConsentWordsSchema, required=True)
