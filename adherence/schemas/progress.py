"""Progress on the wire: occurrences, today, adherence with its band, milestones, notices."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields

from adherence.domain.entries import Status
from adherence.schemas.fields import Text

REPLY_LIMIT = 1000


class OccurrenceSchema(Schema):
    """One due moment and what became of it. The window is [opens_at, closes_at).

    ``counts_on`` is the local day it counts on; ``share`` is min(1, done / asked), null where it
    was done in part without an amount.
    """

    activity_id = fields.UUID(required=True)
    day = fields.Date(required=True)
    slot = fields.Integer(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    opens_at = fields.AwareDateTime(required=True)
    closes_at = fields.AwareDateTime(required=True, allow_none=True)
    counts_on = fields.Date(required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    share = fields.Float(required=True, allow_none=True)
    client_id = fields.UUID(required=True, allow_none=True)


class OccurrencesSchema(Schema):
    occurrences = fields.List(fields.Nested(OccurrenceSchema), required=True)


class CountsSchema(Schema):
    """Counts with their denominator. ``due`` = done + partly + skipped + missed + unreported.

    ``band`` is [done / due, (done + unreported) / due]; ``dose_band`` the same of the shares done.
    Both are null when nothing was due.
    """

    done = fields.Integer(required=True)
    partly = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    missed = fields.Integer(required=True)
    unreported = fields.Integer(required=True)
    excused = fields.Integer(required=True)
    upcoming = fields.Integer(required=True)
    extra = fields.Integer(required=True)
    due = fields.Integer(required=True)
    band = fields.List(fields.Float(), required=True, allow_none=True)
    dose_band = fields.List(fields.Float(), required=True, allow_none=True)


class ActivityProgressSchema(Schema):
    activity_id = fields.UUID(required=True)
    title = fields.String(required=True)
    counts = fields.Nested(CountsSchema, required=True)
    nothing_due = fields.String(required=True, allow_none=True)


class PlanProgressSchema(Schema):
    plan_id = fields.UUID(required=True)
    discipline = fields.String(required=True)
    counts = fields.Nested(CountsSchema, required=True)
    activities = fields.List(fields.Nested(ActivityProgressSchema), required=True)


class DaySchema(Schema):
    day = fields.Date(required=True)
    status = fields.String(required=True, allow_none=True)
    counts = fields.Nested(CountsSchema, required=True)


class PlanChangeSchema(Schema):
    day = fields.Date(required=True)
    activity_id = fields.UUID(required=True)
    title = fields.String(required=True)
    number = fields.Integer(required=True)
    reason = fields.String(required=True)


class ProgressSchema(Schema):
    """Adherence on the local days [first, until).

    Definition: "implementation" after Vrijens et al. 2012, doi:10.1111/j.1365-2125.2012.04167.x, by
    self-report; optional activities and pauses are in no denominator. ``nothing_due`` says why
    there is no figure: no_plan, not_started, paused, as_needed_only or nothing_planned.
    """

    first = fields.Date(required=True)
    until = fields.Date(required=True)
    counts = fields.Nested(CountsSchema, required=True)
    nothing_due = fields.String(required=True, allow_none=True)
    plans = fields.List(fields.Nested(PlanProgressSchema), required=True)
    days = fields.List(fields.Nested(DaySchema), required=True)
    streak = fields.Dict(required=True, metadata={"description": "current and best, in days"})
    symptoms = fields.List(fields.Nested(lambda: SymptomSchema()), required=True)
    changes = fields.List(fields.Nested(PlanChangeSchema), required=True)
    put_right = fields.List(fields.Nested(lambda: PutRightSchema()), required=True)


class PutRightSchema(Schema):
    """A report that a clinician put right, on whose days the figures therefore are others."""

    days = fields.List(fields.Date(), required=True)
    activity_id = fields.UUID(required=True, allow_none=True)
    goal_id = fields.UUID(required=True, allow_none=True)
    symptom = fields.String(required=True, allow_none=True)
    author = fields.String(required=True)
    because = fields.String(required=True)
    withdrawn = fields.Boolean(required=True)
    at = fields.AwareDateTime(required=True)


class SymptomReportSchema(Schema):
    """``value`` null with ``declined`` is "prefer not to say"; a day without a report has none."""

    day = fields.Date(required=True)
    at = fields.AwareDateTime(required=True)
    value = fields.Float(required=True, allow_none=True)
    declined = fields.Boolean(required=True)


class SymptomSchema(Schema):
    """Reports of one symptom; the mean is over values, 0 among them, null without any."""

    symptom = fields.String(required=True)
    reports = fields.List(fields.Nested(SymptomReportSchema), required=True)
    mean = fields.Float(required=True, allow_none=True)
    answered = fields.Integer(required=True)
    declined = fields.Integer(required=True)


class MilestoneSchema(Schema):
    goal_id = fields.UUID(required=True)
    goal_words = fields.String(required=True)
    kind = fields.String(required=True)
    level = fields.Integer(required=True)
    reached_on = fields.Date(required=True)
    awarded_at = fields.AwareDateTime(required=True)
    retracted_at = fields.AwareDateTime(required=True, allow_none=True)
    reply = fields.String(required=True, allow_none=True)


class MilestonesSchema(Schema):
    milestones = fields.List(fields.Nested(MilestoneSchema), required=True)


class NoticeSchema(Schema):
    """What the care team is told; it leaves the queue only by a person's act."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    patient_name = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    subject = fields.String(required=True)
    level = fields.Integer(required=True, allow_none=True)
    day = fields.Date(required=True)
    goal_words = fields.String(required=True, allow_none=True)
    activity_title = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    reviewed_by = fields.UUID(required=True, allow_none=True)
    reviewed_at = fields.AwareDateTime(required=True, allow_none=True)
    reply = fields.String(required=True, allow_none=True)


class NoticesSchema(Schema):
    notices = fields.List(fields.Nested(NoticeSchema), required=True)


class QueueRowSchema(Schema):
    patient = fields.Nested("ListedPatientSchema", required=True)
    notices = fields.List(fields.Nested(NoticeSchema), required=True)


class QueueSchema(Schema):
    """Patients with something new, greatest need first."""

    queue = fields.List(fields.Nested(QueueRowSchema), required=True)


class ReplySchema(Schema):
    """The clinician's own words, which the patient reads."""

    class Meta:
        unknown = RAISE

    reply = Text(REPLY_LIMIT, 20, required=True)


class CardSchema(Schema):
    """One thing asked today. ``state``: answered, excused, now, open, later or closed.

    ``slot`` is null for what is taken as needed; ``next_possible_at`` is shown, never enforced.
    """

    activity_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    because = fields.String(required=True)
    day = fields.Date(required=True)
    slot = fields.Integer(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    opens_at = fields.AwareDateTime(required=True, allow_none=True)
    closes_at = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.String(required=True)
    status = fields.String(required=True)
    client_id = fields.UUID(required=True, allow_none=True)
    next_possible_at = fields.AwareDateTime(required=True, allow_none=True)


class TodaySchema(Schema):
    day = fields.Date(required=True)
    zone = fields.String(required=True)
    cards = fields.List(fields.Nested(CardSchema), required=True)
    answered = fields.Integer(required=True)
    total = fields.Integer(required=True)
    minutes_left = fields.Integer(required=True)
    emergency_number = fields.String(required=True)


class ChangeSchema(Schema):
    """One stored thing: entry, plan, activity, revision, goal, pause, milestone or notice."""

    seq = fields.Integer(required=True)
    kind = fields.String(required=True)
    item = fields.Dict(required=True)


class ChangesSchema(Schema):
    """Changes in the order in which they were stored; ``after`` is the next cursor."""

    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    after = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class OverviewSchema(Schema):
    """The clinic's last 30 days in sums, as counted; null while no group of patients may be shown.

    Every group brings at least ``smallest_cell`` people who were never counted before.
    """

    patients = fields.Integer(required=True, allow_none=True)
    due = fields.Integer(required=True, allow_none=True)
    done = fields.Integer(required=True, allow_none=True)
    unreported = fields.Integer(required=True, allow_none=True)
    counted_at = fields.AwareDateTime(required=True, allow_none=True)
    smallest_cell = fields.Integer(required=True)
    band = fields.List(fields.Float(), required=True, allow_none=True)


def occurrence_shown(outcome: Any) -> dict[str, Any]:
    """An outcome of the rules, flat as the wire has it."""
    occurrence = outcome.occurrence
    return {
        "activity_id": occurrence.activity_id,
        "day": occurrence.day,
        "slot": occurrence.slot,
        "due_at": occurrence.due_at,
        "opens_at": occurrence.opens_at,
        "closes_at": occurrence.closes_at,
        "counts_on": outcome.on,
        "status": outcome.status,
        "share": outcome.share,
        "client_id": None if outcome.entry is None else outcome.entry.client_id,
    }


def card_shown(card: Any) -> dict[str, Any]:
    """A card of the day, flat as the wire has it."""
    return {
        "activity_id": card.activity_id,
        "kind": card.kind.value,
        "title": card.asked.title,
        "because": card.because,
        "day": card.day,
        "slot": card.slot,
        "due_at": card.due_at,
        "opens_at": card.opens_at,
        "closes_at": card.closes_at,
        "state": card.state.value,
        "status": card.status.value,
        "client_id": None if card.entry is None else card.entry.client_id,
        "next_possible_at": card.next_possible_at,
    }
