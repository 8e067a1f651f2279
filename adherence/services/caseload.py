"""Caseload: the row by which a patient stands in the clinician's list, in step with the record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
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


def refresh(
    record: Record,
    care: Care,
    last_entry_at: datetime | None = None,
    changed: Collection[date] | None = None,
) -> None:
    """Write the patient's row anew; ``last_entry_at`` when entries have just come in.

    ``changed`` are the days of which anything shown changed, where only they did: the strip of a
    row that was written today keeps its other days, and where there are none its figures stay.
    """
    run = record.run
    stored: Any = run.first(table.caseload_of, patient_id=record.patient_id)
    if stored is None or record.notices_changed:
        open_notices, urgency = _open_notices(run, record.patient_id)
    else:
        open_notices, urgency = stored.open_notices, stored.urgency
    if last_entry_at is None and stored is not None:
        last_entry_at = stored.last_entry_at
    row = computed(
        run,
        care,
        record.clinic_id,
        record.now,
        open_notices,
        urgency,
        last_entry_at,
        None if stored is None or changed is None else stored,
        changed,
    )
    if stored is None:
        run.put(table.add_caseload, **row)
    else:
        del row["clinic_id"]
        patient_id = row.pop("patient_id")
        kept = tuple(name for name in table.INDEXED if row[name] == getattr(stored, name))
        run.put(
            table.set_caseload[kept],
            patient_id=patient_id,
            **{f"new_{name}": value for name, value in row.items()},
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
    stored: Any = None,
    changed: Collection[date] | None = None,
) -> dict[str, Any]:
    """The row as the record says it should be at ``now``."""
    today = care.today(now)
    if stored is None or changed is None or stored.as_of != today:
        counts, strip = _counts(run, care, today, now), _strip(run, care, today, now)
    elif changed:
        counts = _counts(run, care, today, now)
        strip = _patched(run, care, stored.strip, changed, today, now)
    else:
        # A symptom, a rating or an extra: only a window that closes could say anything else.
        counts = stored.due30, stored.done30, stored.unreported30, stored.pain7
        strip = stored.strip
    due, done, unreported, pain = counts
    # Somebody who has just reported is not silent.
    is_quiet = last_entry_at is None or now - last_entry_at > ONE_DAY
    if urgency == Need.NOTHING and is_quiet and _silent(run, care, last_entry_at, today):
        urgency = Need.SILENT
    goal = care.first_goal
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
        "strip": strip,
        "open_notices": open_notices,
        "last_entry_at": last_entry_at,
        "goal_words": None if goal is None else goal.goal.words,
        "as_of": today,
        "roll_at": day_start(tomorrow, care.zones.on(tomorrow)),
    }


def _counts(run: Run, care: Care, today: date, now: datetime) -> tuple[int, int, int, int | None]:
    """Due, done and not reported in thirty days, and the worst pain of a week."""
    found: Any = run.first(
        day_sums.period_counts,
        patient_id=care.patient_id,
        first=today - timedelta(days=DAYS),
        until=today + ONE_DAY,
        at=now,
        pain_from=today - timedelta(days=PAIN_DAYS - 1),
    )
    due = (found.asked or 0) - (found.waiting or 0)
    return due, found.done or 0, found.unreported or 0, found.pain


def _days(run: Run, care: Care, first: date, until: date) -> dict[date, DayTotals]:
    return {
        row[0]: DayTotals(*row)
        for row in run.all(
            day_sums.patient_days, patient_id=care.patient_id, first=first, until=until
        )
    }


def _strip(run: Run, care: Care, today: date, now: datetime) -> str:
    first = today - timedelta(days=STRIP_DAYS - 1)
    totals = _days(run, care, first, today + ONE_DAY)
    days = [first + timedelta(days=n) for n in range(STRIP_DAYS)]
    return "".join(LETTERS[totals[day].status(now) if day in totals else None] for day in days)


def _patched(
    run: Run, care: Care, strip: str, changed: Collection[date], today: date, now: datetime
) -> str:
    """The strip with the letters of changed days, and of those that time may have changed."""
    first = today - timedelta(days=STRIP_DAYS - 1)
    days = {day for day in changed if first <= day <= today} | {today - ONE_DAY, today}
    totals = _days(run, care, min(days), today + ONE_DAY)
    letters = list(strip)
    for day in days:
        letters[(day - first).days] = LETTERS[totals[day].status(now) if day in totals else None]
    return "".join(letters)


def _silent(run: Run, care: Care, last_entry_at: datetime | None, today: date) -> bool:
    """Whether nothing came in for a week although something was expected on its days."""
    totals = _days(run, care, today - timedelta(days=DAYS), today + ONE_DAY)
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
