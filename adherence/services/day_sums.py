"""Day sums kept in step with what they sum: written in the transaction that changes it.

Rows exist for every day before the patient's settled day; the days since then are computed when
they are read, from revisions, pauses and entries, so that a worker that sleeps makes pages slower
but never wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from adherence.domain.activities import Activity
from adherence.domain.adherence import (
    Adherence,
    DaySum,
    adherence,
    day_sums,
    is_all_answered,
    with_extra,
)
from adherence.domain.entries import Amounts, Entry
from adherence.domain.matching import (
    Extra,
    Outcome,
    affected_days,
    extra_of,
    outcomes,
    takes_no_more,
)
from adherence.services.care import Care
from adherence.services.record import Record
from adherence.store import day_sums as table
from adherence.store import entries as entry_table
from adherence.store.db import Run

ONE_DAY = timedelta(days=1)
#: How long after its end an activity may still get a late entry that is worth a look.
AFTER_THE_END = timedelta(days=31)
FIELDS = tuple(field.name for field in fields(DaySum))
_VALUES = attrgetter(*FIELDS)


def entry_as_said(row: Mapping[str, Any]) -> Entry:
    """The rules' view of an entry that is about to be stored."""
    return entry_of(SimpleNamespace(**row))


def entry_of(row: Any) -> Entry:
    """The rules' view of a stored entry."""
    return Entry(
        row.client_id,
        row.performed_at,
        row.local_day,
        row.status,
        row.activity_id,
        row.goal_id,
        row.symptom,
        row.value,
        row.declined,
        None if row.day is None or row.slot is None else (row.day, row.slot),
        Amounts(row.sets, row.reps, row.hold_seconds, row.quantity),
        row.reason,
        row.pain,
        row.pain_declined,
        row.effort,
    )


Found = tuple[list[Outcome], list[Extra]]


def outcomes_of(
    run: Run, care: Care, activity: Activity, first: date, until: date, now: datetime
) -> Found:
    """What became of one activity's occurrences that count on the days of [first, until), and the
    extras of those days."""
    reach = affected_days(activity, care.zones, first, until)
    rows = _entries_of(run, care, activity.id, reach)
    return outcomes(
        activity, care.zones, [entry_of(row) for row in rows], care.pauses, first, until, now
    )


def _entries_of(run: Run, care: Care, activity_id: UUID, reach: tuple[date, date]) -> list[Any]:
    return run.all(
        entry_table.entries_of_activity,
        patient_id=care.patient_id,
        activity_id=activity_id,
        first=reach[0],
        until=reach[1],
    )


def outcomes_between(
    run: Run, care: Care, first: date, until: date, now: datetime
) -> dict[UUID, Found]:
    """What became of every activity's occurrences on the days of [first, until), by activity.

    One look at the entries for all activities together.
    """
    spans = {
        activity.id: (first, until)
        for activity in care.activities.values()
        if activity.revisions[0].effective_on < until
        and (activity.ended_on is None or activity.ended_on >= first - AFTER_THE_END)
    }
    return _judged(run, care, spans, now) if spans else {}


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What counts on each activity's days, and on which days anything that goals and the caseload's
    strip are judged by is different from before."""

    found: dict[UUID, Found]
    moved: dict[UUID, set[date]]


def recompute(record: Record, care: Care, days: Mapping[UUID, tuple[date, date]]) -> Recomputed:
    """Write day sums anew around the days [first, until) of each activity.

    Days after the patient's today are not written, unless something was reported for them. Rows
    that stay as they are are not touched.
    """
    spans = {
        activity_id: affected_days(care.activities[activity_id], care.zones, *span)
        for activity_id, span in days.items()
    }
    if not spans:
        return Recomputed({}, {})
    run = record.run
    found = _judged(run, care, spans, record.now)
    stored = _stored(run, record.patient_id, spans)
    today = care.today(record.now)
    moved: dict[UUID, set[date]] = {}
    new, changed = [], []
    for activity_id, judged in found.items():
        for day, one in day_sums(*judged).items():
            if day > today and not is_reported(one):
                continue
            before = stored.pop((day, activity_id), None)
            if before is None:
                new.append(as_row(record.patient_id, one))
            elif before != one:
                changed.append(_as_change(record.patient_id, one))
            if before is None or _judged_by(before) != _judged_by(one):
                moved.setdefault(activity_id, set()).add(day)
    for day, activity_id in stored:
        moved.setdefault(activity_id, set()).add(day)
    run.do_many(table.add_day_sum, new)
    run.do_many(table.set_day_sum, changed)
    run.do_many(
        table.drop_day_sum,
        [
            {"patient_id": record.patient_id, "activity_id": activity_id, "on_day": day}
            for day, activity_id in stored
        ],
    )
    return Recomputed(found, moved)


def add_extras(
    record: Record, care: Care, entries: Mapping[tuple[UUID, date], Sequence[Entry]]
) -> Recomputed:
    """Add to the rows of days what can only be extras there, without reading their other entries.

    ``entries`` are new ones that name no occurrence, by activity and local day. ``found`` holds the
    extras of the days that were dealt with; the other days are left for ``recompute``.
    """
    spans = {activity_id: (day, day + ONE_DAY) for activity_id, day in entries}
    if len(spans) < len(entries):
        days = [day for _, day in entries]
        spans = dict.fromkeys(spans, (min(days), max(days) + ONE_DAY))
    if not spans:
        return Recomputed({}, {})
    stored = _stored(record.run, record.patient_id, spans)
    found: dict[UUID, Found] = {}
    moved: dict[UUID, set[date]] = {}
    changed = []
    for (activity_id, day), new in entries.items():
        before = stored.get((day, activity_id))
        activity = care.activities[activity_id]
        if before is None or not takes_no_more(activity, day):
            continue
        if not all(is_all_answered(before, entry.performed_at) for entry in new):
            continue
        extras = [extra_of(activity, care.pauses, entry) for entry in new]
        after = before
        for extra in extras:
            after = with_extra(after, extra)
        found.setdefault(activity_id, ([], []))[1].extend(extras)
        changed.append(_as_change(record.patient_id, after))
        if _judged_by(before) != _judged_by(after):
            moved.setdefault(activity_id, set()).add(day)
    record.run.do_many(table.set_day_sum, changed)
    return Recomputed(found, moved)


def _stored(
    run: Run, patient_id: UUID, spans: Mapping[UUID, tuple[date, date]]
) -> dict[tuple[date, UUID], DaySum]:
    """The rows as they are of each activity's days."""
    first = min(span[0] for span in spans.values())
    until = max(span[1] for span in spans.values())
    if len(spans) == 1:
        rows = run.all(
            table.day_sums_of_activity,
            patient_id=patient_id,
            activity_id=next(iter(spans)),
            first=first,
            until=until,
        )
        return {(row.day, row.activity_id): DaySum(*row) for row in rows}
    return {
        (row.day, row.activity_id): DaySum(*row)
        for row in run.all(table.day_sums, patient_id=patient_id, first=first, until=until)
        if row.activity_id in spans
        and spans[row.activity_id][0] <= row.day < spans[row.activity_id][1]
    }


def _judged_by(one: DaySum) -> tuple[Any, ...]:
    """What a day's letter in the strip and a goal's milestones are judged by."""
    counts = (one.asked, one.done, one.partly, one.skipped, one.missed, one.excused)
    return *counts, one.is_active, one.open_until


def _as_change(patient_id: UUID, one: DaySum) -> dict[str, Any]:
    """A day sum as ``set_day_sum`` takes it."""
    row = {f"new_{name}": value for name, value in zip(FIELDS, _VALUES(one), strict=True)}
    del row["new_day"], row["new_activity_id"]
    return {**row, "patient_id": patient_id, "activity_id": one.activity_id, "on_day": one.day}


def _judged(
    run: Run, care: Care, spans: Mapping[UUID, tuple[date, date]], now: datetime
) -> dict[UUID, Found]:
    """What counts on each activity's days, from one look at the entries of all of them."""
    reaches = {
        activity_id: affected_days(care.activities[activity_id], care.zones, *span)
        for activity_id, span in spans.items()
    }
    entries: dict[UUID, list[Entry]] = {activity_id: [] for activity_id in spans}
    if len(spans) == 1:
        activity_id = next(iter(spans))
        rows = _entries_of(run, care, activity_id, reaches[activity_id])
    else:
        rows = run.all(
            entry_table.entries_of_days,
            patient_id=care.patient_id,
            first=min(reach[0] for reach in reaches.values()),
            until=max(reach[1] for reach in reaches.values()),
        )
    for row in rows:
        if row.activity_id in entries:
            entries[row.activity_id].append(entry_of(row))
    return {
        activity_id: outcomes(
            care.activities[activity_id],
            care.zones,
            entries[activity_id],
            care.pauses,
            *span,
            now,
        )
        for activity_id, span in spans.items()
    }


def is_reported(one: DaySum) -> bool:
    """Whether anything was reported on that day."""
    return bool(one.done or one.partly or one.skipped or one.missed or one.extra)


def as_row(patient_id: UUID, one: DaySum) -> dict[str, Any]:
    """The stored form of a day sum."""
    row = dict(zip(FIELDS, _VALUES(one), strict=True))
    row["patient_id"] = patient_id
    return row


@dataclass(frozen=True, slots=True)
class Totals:
    """Adherence on the days of a period: of each day that has anything, and of each activity."""

    by_day: dict[date, Adherence]
    by_activity: dict[UUID, Adherence]

    @property
    def all(self) -> Adherence:
        """Adherence over all activities and days."""
        return sum(self.by_activity.values(), Adherence())


def totals_between(
    run: Run, care: Care, settled_on: date, first: date, until: date, now: datetime
) -> Totals:
    """Adherence on the days of [first, until), added up where the rows are.

    Settled days come from their rows; later ones, up to the patient's today, are computed now.
    """
    given = {
        "patient_id": care.patient_id,
        "first": first,
        "until": min(until, settled_on),
        "at": now,
    }
    days = {row[0]: Adherence(*row[1:]) for row in run.all(table.counts_by_day, **given)}
    activities = {row[0]: Adherence(*row[1:]) for row in run.all(table.counts_by_activity, **given)}
    for one in _live(run, care, max(first, settled_on), until, now):
        counts = adherence([one], now)
        days[one.day] = days.get(one.day, Adherence()) + counts
        if one.activity_id is not None:
            mine = activities.get(one.activity_id, Adherence())
            activities[one.activity_id] = mine + counts
    return Totals(dict(sorted(days.items())), activities)


def days_between(
    run: Run, care: Care, settled_on: date, first: date, until: date, now: datetime
) -> dict[date, Adherence]:
    """Adherence of each day of [first, until) that has anything, in order."""
    rows = run.all(
        table.counts_by_day,
        patient_id=care.patient_id,
        first=first,
        until=min(until, settled_on),
        at=now,
    )
    days = {row[0]: Adherence(*row[1:]) for row in rows}
    for one in _live(run, care, max(first, settled_on), until, now):
        days[one.day] = days.get(one.day, Adherence()) + adherence([one], now)
    return dict(sorted(days.items()))


def _live(run: Run, care: Care, first: date, until: date, now: datetime) -> list[DaySum]:
    """Day sums of the days that are not settled yet, up to the patient's today."""
    until = min(until, care.today(now) + ONE_DAY)
    if first >= until:
        return []
    return [
        one
        for judged in outcomes_between(run, care, first, until, now).values()
        for day, one in day_sums(*judged).items()
        if first <= day < until
    ]
