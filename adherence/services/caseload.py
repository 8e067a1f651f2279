"""Caseload: the row by which a patient stands in the clinician's list, in step with the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.caseload import Need, is_silent, need
from adherence.domain.days import LETTERS, DayTotals
from adherence.domain.notices import NoticeKind
from adherence.domain.zones import day_start
from adherence.services.care import Care
from adherence.services.record import Record
from adherence.store import caseload as table
from adherence.store import day_sums, entries, milestones
from adherence.store.db import Run

ONE_DAY = timedelta(days=1)
DAYS = 30
STRIP_DAYS = 14
PAIN_DAYS = 7
#: The subject of a concern about pain at or above the limit a clinician set.
PAIN_LIMIT = "pain_limit"
#: Within one urgency the share not done decides; it stays below the next urgency.
NEED_STEP = 100


def refresh(record: Record, care: Care, last_entry_at: datetime | None = None) -> None:
    """Write the patient's row anew; ``last_entry_at`` when entries have just come in."""
    run = record.run
    stored: Any = run.first(table.caseload_of, patient_id=record.patient_id)
    if stored is None or record.notices_changed:
        open_notices, urgency = _open_notices(run, record.patient_id)
    else:
        open_notices, urgency = stored.open_notices, stored.urgency
    if last_entry_at is None and stored is not None:
        last_entry_at = stored.last_entry_at
    row = computed(run, care, record.clinic_id, record.now, open_notices, urgency, last_entry_at)
    if stored is None:
        run.do(table.add_caseload, **row)
    else:
        run.do(
            table.set_caseload,
            patient_id=record.patient_id,
            **{
                f"new_{name}": value
                for name, value in row.items()
                if name not in ("patient_id", "clinic_id")
            },
        )


def _open_notices(run: Run, patient_id: UUID) -> tuple[int, int]:
    """How many notices are open, and the most urgent of them."""
    rows = run.all(milestones.open_notice_kinds, patient_id=patient_id)
    critical = sum(row.subject == PAIN_LIMIT for row in rows)
    waiting = sum(row.kind in (NoticeKind.CONCERN, NoticeKind.PAUSE) for row in rows) - critical
    return len(rows), need(
        critical=critical, waiting=waiting, milestones=len(rows) - critical - waiting
    )


def computed(
    run: Run,
    care: Care,
    clinic_id: UUID,
    now: datetime,
    open_notices: int,
    urgency: int,
    last_entry_at: datetime | None,
) -> dict[str, Any]:
    """The row as the record says it should be at ``now``."""
    today = care.today(now)
    totals = {
        row.day: DayTotals(*row)
        for row in run.all(
            day_sums.patient_days,
            patient_id=care.patient_id,
            first=today - timedelta(days=DAYS),
            until=today + ONE_DAY,
        )
    }
    due = done = unreported = 0
    pain: int | None = None
    pain_from = today - timedelta(days=PAIN_DAYS - 1)
    for day, one in totals.items():
        upcoming = one.upcoming(now)
        unreported += one.unanswered - upcoming
        due += one.asked - upcoming
        done += one.done
        if one.pain_max is not None and day >= pain_from:
            pain = one.pain_max if pain is None else max(pain, one.pain_max)
    if urgency == Need.NOTHING and _silent(care, totals, last_entry_at, today):
        urgency = Need.SILENT
    goal = care.first_goal()
    tomorrow = today + ONE_DAY
    return {
        "patient_id": care.patient_id,
        "clinic_id": clinic_id,
        "need": NEED_STEP * urgency + (round(99 * (due - done) / due) if due else 0),
        "urgency": 0 if urgency == Need.SILENT else urgency,
        "due30": due,
        "done30": done,
        "unreported30": unreported,
        "pain7": pain,
        "strip": _strip(totals, today, now),
        "open_notices": open_notices,
        "last_entry_at": last_entry_at,
        "goal_words": None if goal is None else goal.goal.words,
        "as_of": today,
        "roll_at": day_start(tomorrow, care.zones.on(tomorrow)).astimezone(UTC),
    }


def _strip(totals: Mapping[date, DayTotals], today: date, now: datetime) -> str:
    days = [today - timedelta(days=back) for back in range(STRIP_DAYS - 1, -1, -1)]
    return "".join(LETTERS[totals[day].status(now) if day in totals else None] for day in days)


def _silent(
    care: Care, totals: Mapping[date, DayTotals], last_entry_at: datetime | None, today: date
) -> bool:
    """Whether nothing came in for a week although something was expected on its days."""
    expected_since = None
    for day in sorted(totals):
        if totals[day].asked:
            expected_since = expected_since or day
        elif totals[day].excused:
            expected_since = None
    last_on = None if last_entry_at is None else care.zones.local_day(last_entry_at)
    return is_silent(last_on, expected_since, today)


def last_received(run: Run, patient_id: UUID) -> datetime | None:
    """When the newest entry came in, None before the first."""
    found: datetime | None = run.value(entries.last_received, patient_id=patient_id)
    return found


def is_stale(row: Any, now: datetime) -> bool:
    """Whether the patient's midnight has passed since the row was written."""
    return bool(row.roll_at <= now)
