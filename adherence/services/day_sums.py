"""Day sums kept in step with what they sum: written in the transaction that changes it.

Rows exist for every day before the patient's settled day; the days since then are computed when
they are read, from revisions, pauses and entries, so that a worker that sleeps makes pages slower
but never wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from adherence.domain.activities import Activity
from adherence.domain.adherence import (
    Adherence,
    DaySum,
    adherence,
    day_sums,
    is_all_answered,
    with_extras,
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
#: The parameters of ``set_day_sum`` in the order of the fields: two say which row.
_NEW = tuple(
    {"day": "on_day", "activity_id": "activity_id"}.get(name, f"new_{name}") for name in FIELDS
)


_SAID = tuple(column.name for column in entry_table.RULED)
_said = itemgetter(*_SAID)
#: The same few amounts are reported again and again.
_amounts = lru_cache(maxsize=4096)(Amounts)


def entry_as_said(row: Mapping[str, Any]) -> Entry:
    """The rules' view of an entry that is about to be stored."""
    return entry_of(_said(row))


def entry_of(row: Sequence[Any]) -> Entry:
    """The rules' view of a stored entry; ``row`` has the columns ``RULED``, in their order."""
    client_id, at, on, status, activity_id, goal_id, symptom, value, declined = row[:9]
    day, slot, sets, reps, hold, quantity, reason, pain, pain_declined, effort = row[9:19]
    return Entry(
        client_id,
        at,
        on,
        status,
        activity_id,
        goal_id,
        symptom,
        value,
        declined,
        None if day is None or slot is None else (day, slot),
        _amounts(sets, reps, hold, quantity),
        reason,
        pain,
        pain_declined,
        effort,
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
    run: Run,
    care: Care,
    first: date,
    until: date,
    now: datetime,
    known: Mapping[UUID, Found] | None = None,
) -> dict[UUID, Found]:
    """What became of every activity's occurrences on the days of [first, until), by activity.

    One look at the entries for all activities together; what is ``known`` is not computed again.
    """
    known = known or {}
    spans = {
        activity.id: (first, until)
        for activity in care.activities.values()
        if activity.revisions[0].effective_on < until
        and (activity.ended_on is None or activity.ended_on >= first - AFTER_THE_END)
        and activity.id not in known
    }
    return {**known, **(_judged(run, care, spans, now, {}) if spans else {})}


def within(found: Found, first: date, until: date) -> Found:
    """What of longer days counts on those of [first, until)."""
    judged, extras = found
    return (
        [outcome for outcome in judged if first <= outcome.on < until],
        [extra for extra in extras if first <= extra.on < until],
    )


#: Half-open days of each activity.
Spans = Mapping[UUID, tuple[date, date]]
#: How much more was asked, and done, than before.
Gain = tuple[int, int]
Moved = dict[UUID, dict[date, Gain]]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What counts on each activity's days; the days on which anything that goals are judged by is
    different from before; and those on which anything that the caseload shows is."""

    found: dict[UUID, Found]
    moved: Moved
    shown: set[date]


#: Rows of day sums, by activity and day.
Rows = dict[UUID, dict[date, DaySum]]


class Sums:
    """The stored rows of some days, read once and kept in step with what is written over them."""

    def __init__(self, run: Run, patient_id: UUID) -> None:
        self._run = run
        self._patient_id = patient_id
        self._rows: Rows = {}
        #: The activity and the days that were read; None is all activities.
        self._read: tuple[UUID | None, date, date] | None = None

    def between(self, spans: Spans) -> Rows:
        """The rows of each activity's days."""
        first = min(span[0] for span in spans.values())
        until = max(span[1] for span in spans.values())
        only = next(iter(spans)) if len(spans) == 1 else None
        if not self._has(only, first, until):
            self._fetch(only, first, until)
        return {
            activity_id: {
                day: one
                for day, one in self._rows.get(activity_id, {}).items()
                if span[0] <= day < span[1]
            }
            for activity_id, span in spans.items()
        }

    def write(self, new: Sequence[DaySum], changed: Sequence[DaySum]) -> None:
        """Store rows that were not there before, and others anew."""
        self._run.do_many(table.add_day_sum, [as_row(self._patient_id, one) for one in new])
        self._run.do_many(table.set_day_sum, [_as_change(self._patient_id, one) for one in changed])
        for one in (*new, *changed):
            if one.activity_id is not None:
                self._rows.setdefault(one.activity_id, {})[one.day] = one

    def drop(self, rows: Rows) -> None:
        """Take rows out."""
        gone = [(activity_id, day) for activity_id, mine in rows.items() for day in mine]
        self._run.do_many(
            table.drop_day_sum,
            [
                {"patient_id": self._patient_id, "activity_id": activity_id, "on_day": day}
                for activity_id, day in gone
            ],
        )
        for activity_id, day in gone:
            del self._rows[activity_id][day]

    def _has(self, only: UUID | None, first: date, until: date) -> bool:
        if self._read is None:
            return False
        of, since, to = self._read
        return (of is None or of == only) and since <= first and until <= to

    def _fetch(self, only: UUID | None, first: date, until: date) -> None:
        given = {"patient_id": self._patient_id, "first": first, "until": until}
        if only is None:
            rows = self._run.all(table.day_sums, **given)
        else:
            rows = self._run.all(table.day_sums_of_activity, activity_id=only, **given)
        self._rows = {}
        for row in rows:
            self._rows.setdefault(row.activity_id, {})[row.day] = DaySum(*row)
        self._read = only, first, until


def recompute(
    record: Record,
    care: Care,
    days: Spans,
    new: Mapping[UUID, Sequence[Entry]] | None = None,
    sums: Sums | None = None,
) -> Recomputed:
    """Write day sums anew around the days [first, until) of each activity.

    Days after the patient's today are not written, unless something was reported for them. Rows
    that stay as they are are not touched. ``new`` are entries by activity that are about to be
    stored, and take nothing back.
    """
    spans = {
        activity_id: affected_days(care.activities[activity_id], care.zones, *span)
        for activity_id, span in days.items()
    }
    if not spans:
        return Recomputed({}, {}, set())
    sums = sums or Sums(record.run, record.patient_id)
    found = _judged(record.run, care, spans, record.now, new or {})
    stored = sums.between(spans)
    today = care.today(record.now)
    moved: Moved = {}
    shown: set[date] = set()
    added, changed = [], []
    for activity_id, judged in found.items():
        mine = stored[activity_id]
        for day, one in day_sums(*judged).items():
            if day > today and not is_reported(one):
                continue
            before = mine.pop(day, None)
            if before is None:
                added.append(one)
            elif before != one:
                changed.append(one)
            else:
                continue
            if before is None or _judged_by(before) != _judged_by(one):
                moved.setdefault(activity_id, {})[day] = _gain(before, one)
                shown.add(day)
            elif before.pain_max != one.pain_max:
                shown.add(day)
    for activity_id, gone in stored.items():
        for day, before in gone.items():
            moved.setdefault(activity_id, {})[day] = _gain(before, None)
        shown.update(gone)
    sums.write(added, changed)
    sums.drop(stored)
    return Recomputed(found, moved, shown)


def add_extras(
    record: Record, care: Care, entries: Mapping[UUID, Mapping[date, Sequence[Entry]]], sums: Sums
) -> Recomputed:
    """Add to the rows of days what can only be extras there, without reading their other entries.

    ``entries`` are new ones that name no occurrence, by activity and local day. ``found`` holds the
    extras of the days that were dealt with; the other days are left for ``recompute``.
    """
    days = {day for by_day in entries.values() for day in by_day}
    if not days:
        return Recomputed({}, {}, set())
    stored = sums.between(dict.fromkeys(entries, (min(days), max(days) + ONE_DAY)))
    found: dict[UUID, Found] = {}
    moved: Moved = {}
    shown: set[date] = set()
    changed = []
    for activity_id, by_day in entries.items():
        activity = care.activities[activity_id]
        mine = stored[activity_id]
        for day, new in by_day.items():
            before = mine.get(day)
            if before is None or not takes_no_more(activity, day):
                continue
            if not is_all_answered(before, min(entry.performed_at for entry in new)):
                continue
            extras = [extra_of(activity, care.pauses, entry) for entry in new]
            after = with_extras(before, extras)
            found.setdefault(activity_id, ([], []))[1].extend(extras)
            changed.append(after)
            if _judged_by(before) != _judged_by(after):
                moved.setdefault(activity_id, {})[day] = _gain(before, after)
                shown.add(day)
            elif before.pain_max != after.pain_max:
                shown.add(day)
    sums.write((), changed)
    return Recomputed(found, moved, shown)


def _gain(before: DaySum | None, after: DaySum | None) -> Gain:
    """By how much a day has more asked, and more done, than before."""
    asked, done = (0, 0) if after is None else (after.asked, after.done)
    return (asked, done) if before is None else (asked - before.asked, done - before.done)


def _judged_by(one: DaySum) -> tuple[Any, ...]:
    """What a day's letter in the strip and a goal's milestones are judged by."""
    counts = (one.asked, one.done, one.partly, one.skipped, one.missed, one.excused)
    return *counts, one.is_active, one.open_until


def _as_change(patient_id: UUID, one: DaySum) -> dict[str, Any]:
    """A day sum as ``set_day_sum`` takes it."""
    row = dict(zip(_NEW, _VALUES(one), strict=True))
    row["patient_id"] = patient_id
    return row


def _judged(
    run: Run,
    care: Care,
    spans: Spans,
    now: datetime,
    new: Mapping[UUID, Sequence[Entry]],
) -> dict[UUID, Found]:
    """What counts on each activity's days, from one look at the entries of all of them, together
    with ``new`` ones that are not stored yet."""
    reaches = {
        activity_id: affected_days(care.activities[activity_id], care.zones, *span)
        for activity_id, span in spans.items()
    }
    entries = {activity_id: list(new.get(activity_id, ())) for activity_id in spans}
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
        mine = entries.get(row.activity_id)
        if mine is not None:
            mine.append(entry_of(row))
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
    """Adherence on the days of a period: of each day that has anything, and of each activity.

    ``closes_at`` is when the next window closes in which nothing was reported yet, of the days that
    are not settled; None if none does.
    """

    by_day: dict[date, Adherence]
    by_activity: dict[UUID, Adherence]
    closes_at: datetime | None

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
    live = live_outcomes(run, care, max(first, settled_on), until, now)
    for one in _sums(live):
        counts = adherence([one], now)
        days[one.day] = days.get(one.day, Adherence()) + counts
        if one.activity_id is not None:
            mine = activities.get(one.activity_id, Adherence())
            activities[one.activity_id] = mine + counts
    return Totals(dict(sorted(days.items())), activities, next_close(live, now))


def next_close(found: Iterable[Found], now: datetime) -> datetime | None:
    """When the next window closes in which nothing was reported yet; None if none does."""
    closing = [
        outcome.occurrence.closes_at
        for judged, _ in found
        for outcome in judged
        if outcome.entry is None and outcome.occurrence.closes_at is not None
    ]
    return min((at for at in closing if at > now), default=None)


def days_between(
    run: Run,
    care: Care,
    settled_on: date,
    first: date,
    until: date,
    now: datetime,
    live: Iterable[Found] | None = None,
) -> dict[date, Adherence]:
    """Adherence of each day of [first, until) that has anything, in order.

    ``live`` is what became of the days that are not settled, where the caller has it.
    """
    rows = run.all(
        table.counts_by_day,
        patient_id=care.patient_id,
        first=first,
        until=min(until, settled_on),
        at=now,
    )
    days = {row[0]: Adherence(*row[1:]) for row in rows}
    if live is None:
        live = live_outcomes(run, care, max(first, settled_on), until, now)
    for one in _sums(live):
        if first <= one.day < until:
            days[one.day] = days.get(one.day, Adherence()) + adherence([one], now)
    return dict(sorted(days.items()))


def live_outcomes(
    run: Run,
    care: Care,
    first: date,
    until: date,
    now: datetime,
    known: Mapping[UUID, Found] | None = None,
) -> list[Found]:
    """What became of the days of [first, until) up to the patient's today; see
    ``outcomes_between``."""
    until = min(until, care.today(now) + ONE_DAY)
    if first >= until:
        return []
    return list(outcomes_between(run, care, first, until, now, known).values())


def _sums(found: Iterable[Found]) -> Iterator[DaySum]:
    for judged in found:
        yield from day_sums(*judged).values()
