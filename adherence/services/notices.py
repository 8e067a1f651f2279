"""Notices: what a clinician is told, and must answer or mark as seen. Nothing closes by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from adherence.domain.entries import Reason
from adherence.domain.notices import NoticeKind, NoticeState
from adherence.services.care import Care
from adherence.services.caseload import PAIN_LIMIT
from adherence.services.record import Record
from adherence.store import milestones as table
from adherence.store.ids import new_id

#: Reasons that a person should hear about; the others speak for themselves in the figures.
CONCERNS = frozenset(
    {
        Reason.HURT,
        Reason.SIDE_EFFECT,
        Reason.RAN_OUT,
        Reason.TOLD_TO_STOP,
        Reason.DID_NOT_UNDERSTAND,
    }
)


def raise_notice(
    record: Record,
    kind: NoticeKind,
    subject: str,
    day: date,
    *,
    goal_id: UUID | None = None,
    activity_id: UUID | None = None,
    level: int | None = None,
) -> UUID:
    """Add an open notice for the care team; its id."""
    notice_id = new_id()
    seq = record.number()
    record.run.put(
        table.add_notice,
        patient_id=record.patient_id,
        id=notice_id,
        clinic_id=record.clinic_id,
        kind=kind,
        state=NoticeState.OPEN,
        goal_id=goal_id,
        activity_id=activity_id,
        subject=subject,
        level=level,
        day=day,
        created_at=record.now,
        seq=seq,
    )
    record.send("notice", notice_id, seq)
    record.notices_changed = True
    return notice_id


def raise_concerns(record: Record, care: Care, rows: Iterable[Mapping[str, Any]]) -> None:
    """Tell the care team of reasons that need a person, and of pain at the limit they set.

    One open notice per activity and subject: the tenth "it hurts" adds nothing to the first that
    nobody has answered yet.
    """
    found: dict[tuple[UUID, str], tuple[date, int | None]] = {}
    for row in rows:
        activity_id = row["activity_id"]
        if activity_id is None or row["withdrawn"]:
            continue
        if row["reason"] is not None and row["reason"] in CONCERNS:
            found.setdefault((activity_id, row["reason"].value), (row["local_day"], row["pain"]))
        if row["pain"] is None or activity_id not in care.pain_limited:
            continue
        limit = care.activities[activity_id].revision_on(row["local_day"])
        if (
            limit is not None
            and limit.asked.pain_limit is not None
            and row["pain"] >= limit.asked.pain_limit
        ):
            found.setdefault((activity_id, PAIN_LIMIT), (row["local_day"], row["pain"]))
    if not found:
        return
    already = {
        (row.activity_id, row.subject)
        for row in record.run.all(table.open_notice_kinds, patient_id=record.patient_id)
    }
    for (activity_id, subject), (day, pain) in found.items():
        if (activity_id, subject) not in already:
            raise_notice(
                record, NoticeKind.CONCERN, subject, day, activity_id=activity_id, level=pain
            )
