"""What waits for a person: the review queue, notices, and a manager's sums."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint

from adherence.api.openapi import PREFIX, says
from adherence.api.patients import PATIENT
from adherence.domain.access import Actor
from adherence.schemas import progress as wire
from adherence.services import audit, programmes, review
from adherence.web.bodies import json_body
from adherence.web.clock import now
from adherence.web.policy import policy

blueprint = Blueprint("api_review", __name__, url_prefix=PREFIX, description="What waits")
NOTICE = "/review/notices/<uuid:notice_id>"
REVIEWED = {"409": "Somebody has reviewed it already."}

_queue = wire.QueueSchema()
_notice = wire.NoticeSchema()
_notices = wire.NoticesSchema()
_reply = wire.ReplySchema()
_overview = wire.OverviewSchema()


@blueprint.get("/review/queue")
@says(blueprint, "review.read", wire.QueueSchema)
@policy("review.read")
def queue(actor: Actor) -> ResponseReturnValue:
    """Patients with something new, greatest need first, and what it is."""
    return dict(_queue.dump({"queue": review.queue(actor, now())}))


@blueprint.get(f"{PATIENT}/notices")
@says(blueprint, "notice.read", wire.NoticesSchema)
@policy("notice.read")
def of_patient(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """The patient's notices, the newest first, reviewed ones too."""
    return dict(_notices.dump({"notices": review.notices(actor, patient_id, now())}))


@blueprint.get(NOTICE)
@says(blueprint, "notice.read", wire.NoticeSchema)
@policy("notice.read")
def show(actor: Actor, notice_id: UUID) -> ResponseReturnValue:
    """One notice."""
    found = review.notice(actor, notice_id, now())
    if actor.patient_id != found.patient_id:
        audit.note_read(actor, found.patient_id, "notice.read", now())
    return dict(_notice.dump(found))


@blueprint.post(f"{NOTICE}/reply")
@says(blueprint, "notice.review", wire.NoticeSchema, asks=wire.ReplySchema, also=REVIEWED)
@policy("notice.review")
def reply(actor: Actor, notice_id: UUID) -> ResponseReturnValue:
    """Answer a notice in one's own words, which the patient reads."""
    said: dict[str, Any] = _reply.load(json_body())
    return dict(_notice.dump(review.reply(actor, notice_id, said["reply"], now())))


@blueprint.post(f"{NOTICE}/seen")
@says(blueprint, "notice.review", wire.NoticeSchema, also=REVIEWED)
@policy("notice.review")
def seen(actor: Actor, notice_id: UUID) -> ResponseReturnValue:
    """Mark a notice as seen."""
    return dict(_notice.dump(review.seen(actor, notice_id, now())))


@blueprint.get("/programme/overview")
@says(blueprint, "programme.read", wire.OverviewSchema)
@policy("programme.read")
def overview(actor: Actor) -> ResponseReturnValue:
    """The clinic's last 30 days in sums, small cells suppressed."""
    return dict(_overview.dump(programmes.overview(actor, now())))
