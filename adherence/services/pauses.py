"""Pauses: rest, illness, travel, hospital, a clinician's stop. They excuse what was due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Role
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.notices import NoticeKind
from adherence.domain.pauses import PauseKind
from adherence.domain.texts import clean
from adherence.services import notices
from adherence.services.care import Care, care_of
from adherence.services.plans import follow_change, opened
from adherence.services.record import Record
from adherence.store import pauses as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

NOTE_LIMIT = 500
#: How far back a patient may say "I was ill": the days one can still correct.
BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PauseView:
    """A pause as it is shown; ``until`` is the first day that is not excused, None while open."""

    id: UUID
    kind: PauseKind
    activity_id: UUID | None
    first_day: date
    until: date | None
    note: str | None
    author_id: UUID
    cancelled_at: datetime | None
    seq: int


def pauses(actor: Actor, patient_id: UUID, now: datetime) -> list[PauseView]:
    """All pauses of the patient, cancelled ones too, the oldest first."""
    with read() as run:
        opened(run, actor, patient_id)
        return [view(row) for row in run.all(table.pauses, patient_id=patient_id)]


def view(row: Any) -> PauseView:
    """A stored pause as it is shown."""
    return PauseView(
        row.id,
        row.kind,
        row.activity_id,
        row.first_day,
        row.until_day,
        row.note,
        row.author_id,
        row.cancelled_at,
        row.seq,
    )


def pause(
    actor: Actor,
    patient_id: UUID,
    *,
    kind: PauseKind,
    first_day: date,
    until: date | None = None,
    activity_id: UUID | None = None,
    note: str | None = None,
    now: datetime,
) -> UUID:
    """Excuse the days of [first_day, until); its id. A patient's own pause is told to the care
    team.

    Raises:
        InvalidInput: an end before the start, a start further back than two weeks, or a stop that
            no clinician says.
        NotFound: the activity is not this patient's.
    """
    if until is not None and until <= first_day:
        raise InvalidInput("until", "before_the_start")
    if kind is PauseKind.STOP and actor.role is not Role.CLINICIAN:
        raise InvalidInput("kind", "clinician_only")
    words = clean(note, NOTE_LIMIT, lines=5) if note else None

    def work(run: Run) -> UUID:
        record = Record(run, actor, patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        if activity_id is not None and activity_id not in care.activities:
            raise NotFound
        if first_day < care.today(now) - BACK:
            raise InvalidInput("first_day", "too_far_back")
        pause_id = new_id()
        run.do(
            table.add_pause,
            patient_id=patient_id,
            id=pause_id,
            clinic_id=record.clinic_id,
            kind=kind,
            activity_id=activity_id,
            first_day=first_day,
            until_day=until,
            note=words,
            author_id=actor.account_id,
            created_at=now,
            seq=record.number(),
        )
        record.audit("pause.set", pause_id)
        if actor.role is Role.PATIENT:
            notices.raise_notice(
                record, NoticeKind.PAUSE, kind.value, first_day, activity_id=activity_id
            )
        _changed(record, activity_id, first_day)
        return pause_id

    return write(work)


def end_pause(
    actor: Actor, patient_id: UUID, pause_id: UUID, *, until: date | None = None, now: datetime
) -> None:
    """Let a pause end: from ``until`` (today when not given) on, days count again.

    A pause that would then cover no day is cancelled.

    Raises:
        Conflict: it was cancelled, or ended earlier already.
        NotFound: the patient has no such pause.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        row = _pause(run, patient_id, pause_id)
        day = until or care.today(now)
        if row.cancelled_at is not None or (row.until_day is not None and row.until_day <= day):
            raise Conflict("the pause has ended")
        if day <= row.first_day:
            run.do(
                table.cancel_pause,
                patient_id=patient_id,
                pause_id=pause_id,
                at=now,
                number=record.number(),
            )
        else:
            run.do(
                table.end_pause,
                patient_id=patient_id,
                pause_id=pause_id,
                day=day,
                number=record.number(),
            )
        record.audit("pause.end", pause_id)
        _changed(record, row.activity_id, min(day, row.first_day) if day <= row.first_day else day)

    write(work)


def cancel_pause(actor: Actor, patient_id: UUID, pause_id: UUID, now: datetime) -> None:
    """Take a pause back as if it had not been said; it stays readable as cancelled.

    Raises:
        Conflict: it was cancelled already.
        NotFound: the patient has no such pause.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        row = _pause(run, patient_id, pause_id)
        if row.cancelled_at is not None:
            raise Conflict("the pause was cancelled")
        run.do(
            table.cancel_pause,
            patient_id=patient_id,
            pause_id=pause_id,
            at=now,
            number=record.number(),
        )
        record.audit("pause.cancel", pause_id)
        _changed(record, row.activity_id, row.first_day)

    write(work)


def _pause(run: Run, patient_id: UUID, pause_id: UUID) -> Any:
    for row in run.all(table.pauses, patient_id=patient_id):
        if row.id == pause_id:
            return row
    raise NotFound


def _changed(record: Record, activity_id: UUID | None, first: date) -> None:
    record.plan_changed()
    care: Care = care_of(record.run, record.patient_id, record.plan_version, keep=False)
    touched = [activity_id] if activity_id is not None else list(care.activities)
    follow_change(record, care, touched, first, care.today(record.now))
    record.close()
