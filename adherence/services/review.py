"""Review: the queue of patients with something new, and the notices a clinician answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.notices import NoticeKind, NoticeState
from adherence.domain.texts import clean
from adherence.services import caseload, mails
from adherence.services.care import Care, care_of
from adherence.services.patients import ListedPatient, listed
from adherence.services.record import Record, audit_clinic
from adherence.store import caseload as caseload_table
from adherence.store import milestones as table
from adherence.store.db import Run, read, write
from adherence.store.patients import patient_by_id

REPLY_LIMIT = 1000
QUEUE = 200


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice with what it is about in words of the patient's record."""

    id: UUID
    patient_id: UUID
    patient_name: str
    kind: NoticeKind
    state: NoticeState
    subject: str
    level: int | None
    day: Any
    goal_words: str | None
    unit: str | None
    activity_title: str | None
    created_at: datetime
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A patient with something new, and what it is, the newest first."""

    patient: ListedPatient
    notices: tuple[NoticeView, ...]


def queue(actor: Actor, now: datetime) -> list[QueueRow]:
    """The actor's patients with open notices, greatest need first. One line of audit."""
    with read() as run:
        rows = list(
            run.all(caseload_table.waiting_page, account_id=actor.account_id, now=now, many=QUEUE)
        )
        found = [
            QueueRow(
                listed(run, row, now),
                tuple(
                    _views(
                        run,
                        run.first(patient_by_id, patient_id=row.patient_id),
                        run.all(table.open_notices_of_patient, patient_id=row.patient_id),
                    )
                ),
            )
            for row in rows
        ]
    write(lambda run: audit_clinic(run, actor, "review.read", actor.account_id, now))
    return found


def notices(actor: Actor, patient_id: UUID, now: datetime) -> list[NoticeView]:
    """The patient's notices, the newest first, reviewed ones too."""
    with read() as run:
        patient: Any = run.first(patient_by_id, patient_id=patient_id)
        if patient is None or patient.clinic_id != actor.clinic_id:
            raise NotFound
        rows = run.all(table.notices_of_patient, patient_id=patient_id, many=200)
        return _views(run, patient, rows)


def notice(actor: Actor, notice_id: UUID, now: datetime) -> NoticeView:
    """One notice.

    Raises:
        NotFound: no such notice in the actor's clinic.
    """
    with read() as run:
        row: Any = run.first(table.notice_by_id, notice_id=notice_id)
        if row is None:
            raise NotFound
        patient: Any = run.first(patient_by_id, patient_id=row.patient_id)
        if patient.clinic_id != actor.clinic_id:
            raise NotFound
        return _views(run, patient, [row])[0]


def _views(run: Run, patient: Any, rows: Sequence[Any]) -> list[NoticeView]:
    """Notices of one patient as they are read."""
    care = care_of(run, patient.id, patient.plan_version)
    return [_view(care, patient.name, row) for row in rows]


def _view(care: Care, patient_name: str, row: Any) -> NoticeView:
    agreed = care.goals.get(row.goal_id) if row.goal_id else None
    activity = care.activities.get(row.activity_id) if row.activity_id else None
    revision = None if activity is None else activity.revision_on(row.day)
    return NoticeView(
        id=row.id,
        patient_id=row.patient_id,
        patient_name=patient_name,
        kind=row.kind,
        state=row.state,
        subject=row.subject,
        level=row.level,
        day=row.day,
        goal_words=None if agreed is None else agreed.goal.words,
        unit=None if agreed is None else agreed.goal.unit,
        activity_title=(
            None if activity is None else (revision or activity.revisions[-1]).asked.title
        ),
        created_at=row.created_at,
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        reply=row.reply,
    )


def reply(actor: Actor, notice_id: UUID, words: str, now: datetime) -> NoticeView:
    """Answer a notice in the clinician's own words, which the patient reads.

    A patient who agreed to it is told by mail that there is something new.

    Raises:
        InvalidInput: no words.
        Conflict: somebody has reviewed it already.
        NotFound: no such notice in the actor's clinic.
    """
    words = clean(words, REPLY_LIMIT, lines=20)
    if not words:
        raise InvalidInput("reply", "empty")
    mail = mails.news(notice(actor, notice_id, now).patient_id, now)
    return _review(actor, notice_id, NoticeState.REPLIED, words, now, mail)


def seen(actor: Actor, notice_id: UUID, now: datetime) -> NoticeView:
    """Mark a notice as seen.

    Raises:
        Conflict: somebody has reviewed it already.
        NotFound: no such notice in the actor's clinic.
    """
    return _review(actor, notice_id, NoticeState.SEEN, None, now)


def _review(
    actor: Actor,
    notice_id: UUID,
    state: NoticeState,
    words: str | None,
    now: datetime,
    mail: dict[str, Any] | None = None,
) -> NoticeView:
    def work(run: Run) -> None:
        row: Any = run.first(table.notice_by_id, notice_id=notice_id)
        if row is None:
            raise NotFound
        record = Record(run, actor, row.patient_id, now)
        if not run.do(
            table.review_notice,
            patient_id=row.patient_id,
            notice_id=notice_id,
            new_state=state,
            account_id=actor.account_id,
            at=now,
            words=words,
            number=record.number(),
        ):
            raise Conflict("reviewed already")
        record.notices_changed = True
        record.audit(f"notice.{state.value}", notice_id)
        caseload.refresh(record, care_of(run, row.patient_id, record.plan_version))
        if mail is not None:
            mails.add(run, mail)
        record.close()

    write(work)
    return notice(actor, notice_id, now)
