"""Entries: logging, late batches, corrections, and what a device pulls.

One call, one transaction: the entries, their audit and outbox lines, the day sums they change, the
milestones they reach and the caseload row commit together or not at all. Each item of a batch gets
its own receipt, and one that cannot be stored never holds up the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Role
from adherence.domain.entries import NAMED_WITHIN, NOTE_LIMIT, Entry, Source, Status
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.goals import Goal, Measure, value_range
from adherence.domain.texts import clean
from adherence.domain.zones import zone_info
from adherence.services import caseload, changes, milestones, notices
from adherence.services.care import Care, care_of
from adherence.services.day_sums import (
    Moved,
    Recomputed,
    Sums,
    add_extras,
    entry_as_said,
    recompute,
)
from adherence.services.record import Record
from adherence.store import entries as table
from adherence.store import patients
from adherence.store.db import Run, read, write

ONE_DAY = timedelta(days=1)
#: A device clock may run ahead by this much; beyond it the time is a mistake.
AHEAD = timedelta(hours=24)
#: How long before the patient's start a report may lie.
BEFORE_START = timedelta(days=366)
#: The most items of one batch.
BATCH_LIMIT = 200
#: How many rows an export reads at a time.
EXPORTED = 500


class Result(StrEnum):
    """What became of one item."""

    CREATED = "created"
    IDENTICAL = "identical"
    CORRECTED = "corrected"
    CONFLICT = "conflict"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one item: ``seq`` is its place in the pull order, None when nothing is stored.

    ``answers`` is the occurrence it answers, ``extra`` says that it answers none although it
    belongs to an activity (a second tablet), ``status`` is how it counts. All three are empty where
    the answer was not worked out anew (an identical item).
    """

    client_id: UUID | None
    result: Result
    seq: int | None = None
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    status: Status | None = None
    answers: tuple[date, int] | None = None
    extra: bool = False


#: How an entry counts: the last three fields of its receipt.
Counts = tuple[Status | None, tuple[date, int] | None, bool]

#: Field of the document -> the value it has when nothing is said.
FIELDS: dict[str, Any] = {
    "activity_id": None,
    "goal_id": None,
    "symptom": None,
    "day": None,
    "slot": None,
    "status": None,
    "sets": None,
    "reps": None,
    "hold_seconds": None,
    "quantity": None,
    "value": None,
    "declined": False,
    "reason": None,
    "pain": None,
    "pain_declined": False,
    "effort": None,
    "note": None,
    "withdrawn": False,
    "performed_at": None,
    "zone": None,
    "recorded_at": None,
    "source": Source.SELF,
    "corrects_id": None,
    "because": None,
}


#: The fields whose usual value is something: it is left out of the hash, as nothing is.
_USUAL = {name: value for name, value in FIELDS.items() if value is not None}


#: A batch names the same few activities over and over.
_text = lru_cache(maxsize=4096)(str)


def payload_hash(document: Mapping[str, Any]) -> bytes:
    """16 bytes that differ when a document says something else, however it is spelled."""
    said = []
    for name in sorted(document):
        value = document[name]
        if value is None or (name in _USUAL and value == _USUAL[name]):
            continue
        kind = type(value)
        if kind is datetime:
            value = value.astimezone(UTC).isoformat()
        elif kind is UUID and name != "client_id":
            value = _text(value)
        elif kind is float and value.is_integer():
            value = int(value)
        said.append(f"{name}={value}")
    return hashlib.blake2b("\n".join(said).encode(), digest_size=16).digest()


def log_entry(
    actor: Actor, patient_id: UUID, document: Mapping[str, Any], now: datetime
) -> Receipt:
    """Store one entry; the receipt says whether it is new.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    return sync(actor, patient_id, [document], now)[0]


def sync(
    actor: Actor, patient_id: UUID, documents: Sequence[Mapping[str, Any]], now: datetime
) -> list[Receipt]:
    """Store a batch, in the order given; one receipt for each item, in the same order.

    Raises:
        NotFound: no such patient in the actor's clinic.
        InvalidInput: more than ``BATCH_LIMIT`` items.
    """
    if len(documents) > BATCH_LIMIT:
        raise InvalidInput("entries", "too_many")
    hashes = [payload_hash(document) for document in documents]
    return write(lambda run: _store(run, actor, patient_id, documents, hashes, now))


def _store(
    run: Run,
    actor: Actor,
    patient_id: UUID,
    documents: Sequence[Mapping[str, Any]],
    hashes: Sequence[bytes],
    now: datetime,
) -> list[Receipt]:
    record = Record(run, actor, patient_id, now)
    care = care_of(run, patient_id, record.plan_version)
    known = _known(run, patient_id, [document["client_id"] for document in documents])
    receipts: list[Receipt] = []
    rows: list[dict[str, Any]] = []
    fresh: dict[UUID, dict[str, Any]] = {}
    changed = _Changed()
    for document, digest in zip(documents, hashes, strict=True):
        client_id = document["client_id"]
        stored = known.get(client_id)
        if stored is not None:
            same = bytes(stored[0]) == digest
            receipts.append(
                Receipt(client_id, Result.IDENTICAL if same else Result.CONFLICT, stored[1])
            )
            continue
        row = dict(FIELDS)
        row.update(document)
        refusal = _prepare(run, record, care, row, fresh, changed)
        if refusal is not None:
            receipts.append(refusal)
            continue
        row["seq"] = seq = record.number()
        row["payload_hash"] = digest
        rows.append(row)
        fresh[client_id] = row
        known[client_id] = (digest, seq)
        corrects = row["corrects_id"] is not None
        record.audit("entry.correct" if corrects else "entry.create", client_id, digest)
        record.send("entry", client_id, seq)
        changed.note(row)
        receipts.append(Receipt(client_id, Result.CORRECTED if corrects else Result.CREATED, seq))
    if not rows:
        return receipts
    shared = {
        "patient_id": patient_id,
        "clinic_id": record.clinic_id,
        "received_at": now,
        "author_id": actor.account_id,
    }
    if changed.corrects:
        # What a correction replaces has to be gone when the days are read.
        run.do_many(table.add_entry, rows, **shared)
        counted = _recomputed(record, care, changed.days, {}, Sums(run, patient_id))
    else:
        counted = _counted(record, care, changed.days, rows)
        run.do_many(table.add_entry, rows, **shared)
    counts = _follow(record, care, changed, fresh, counted)
    record.close()
    return [_answered(receipt, counts) for receipt in receipts]


def _known(run: Run, patient_id: UUID, ids: list[UUID]) -> dict[UUID, tuple[bytes, int]]:
    if len(ids) == 1:
        row: Any = run.first(table.known_entry, patient_id=patient_id, client_id=ids[0])
        return {} if row is None else {ids[0]: (row.payload_hash, row.seq)}
    rows = table.known_entries(run, patient_id, ids)
    return {row.client_id: (row.payload_hash, row.seq) for row in rows}


class _Changed:
    """Which days of which activities, and which goals and symptoms, a batch touches."""

    def __init__(self) -> None:
        self.days: dict[UUID, set[date]] = {}
        self.goal_ids: set[UUID] = set()
        self.symptoms: set[str] = set()
        self.corrects = False
        self.rated_since: date | None = None

    def note(self, row: Mapping[str, Any]) -> None:
        activity_id = row["activity_id"]
        if activity_id is not None:
            days = self.days.setdefault(activity_id, set())
            days.add(row["local_day"])
            if row["day"] is not None:
                days.add(row["day"])
        if row["goal_id"] is not None:
            self.goal_ids.add(row["goal_id"])
        if row["symptom"] is not None:
            self.symptoms.add(row["symptom"])
        if (row["goal_id"] is not None or row["symptom"] is not None) and (
            self.rated_since is None or row["local_day"] < self.rated_since
        ):
            self.rated_since = row["local_day"]


def _prepare(
    run: Run,
    record: Record,
    care: Care,
    row: dict[str, Any],
    fresh: Mapping[UUID, Mapping[str, Any]],
    changed: _Changed,
) -> Receipt | None:
    """Complete ``row`` for the table; a receipt when it cannot be stored."""
    client_id = row["client_id"]
    corrects_id = row["corrects_id"]
    if corrects_id is not None:
        if record.actor.role is Role.CLINICIAN and row["because"] is None:
            # The patient reads in every figure it changes why the report was wrong.
            return _invalid(client_id, "because", "required")
        old: Any = fresh.get(corrects_id)
        if old is None:
            found: Any = run.first(
                table.entry_by_client_id, patient_id=record.patient_id, client_id=corrects_id
            )
            if found is None:
                return Receipt(client_id, Result.UNKNOWN)
            old = found._asdict()
        if run.first(
            table.correction_of, patient_id=record.patient_id, client_id=corrects_id
        ) is not None or any(one["corrects_id"] == corrects_id for one in fresh.values()):
            return _conflict(client_id, "corrects_id", "already_corrected")
        for name in ("activity_id", "goal_id", "symptom"):
            if row[name] is None:
                row[name] = old[name]
            elif row[name] != old[name]:
                return _invalid(client_id, name, "cannot_change")
        if row["performed_at"] is None:
            row["performed_at"] = old["performed_at"]
            row["zone"] = row["zone"] or old["zone"]
        if row["day"] is None and row["slot"] is None:
            row["day"], row["slot"] = old["day"], old["slot"]
        changed.corrects = True
        changed.note(old)
    if row["activity_id"] is not None and row["activity_id"] not in care.activities:
        return Receipt(client_id, Result.UNKNOWN)
    if row["goal_id"] is not None:
        agreed = care.goals.get(row["goal_id"])
        if agreed is None:
            return Receipt(client_id, Result.UNKNOWN)
        if row["value"] is not None and not accepts(agreed.goal, row["value"]):
            return _invalid(client_id, "value", "out_of_range")
    performed_at = row["performed_at"]
    if performed_at > record.now + AHEAD:
        return _invalid(client_id, "performed_at", "in_the_future")
    row["zone"] = row["zone"] or care.zones.current()
    try:
        row["local_day"] = performed_at.astimezone(zone_info(row["zone"])).date()
    except InvalidInput:
        return _invalid(client_id, "zone", "unknown_zone")
    if row["local_day"] < record.started_on - BEFORE_START:
        return _invalid(client_id, "performed_at", "before_the_start")
    if row["day"] is not None and abs(row["day"] - row["local_day"]) > NAMED_WITHIN:
        return _invalid(client_id, "day", "too_far")
    if row["note"] is not None:
        row["note"] = clean(row["note"], NOTE_LIMIT, lines=40) or None
    if (
        row["source"] is Source.SELF
        and record.actor.role is Role.PATIENT
        and record.actor.patient_id != record.patient_id
    ):
        row["source"] = Source.PROXY
    elif row["source"] is Source.SELF and record.actor.role is Role.CLINICIAN:
        row["source"] = Source.CLINICIAN
    return None


def accepts(goal: Goal, value: float) -> bool:
    """Whether a goal can have this value: inside its measure's range, whole steps on a ladder."""
    low, high = value_range(goal.measure)
    return low <= value <= high and (goal.measure is not Measure.GAS or value == int(value))


def _invalid(client_id: UUID, name: str, why: str) -> Receipt:
    return Receipt(client_id, Result.INVALID, errors={name: [why]})


def _conflict(client_id: UUID, name: str, why: str) -> Receipt:
    return Receipt(client_id, Result.CONFLICT, errors={name: [why]})


def _follow(
    record: Record,
    care: Care,
    changed: _Changed,
    fresh: Mapping[UUID, Mapping[str, Any]],
    counted: Iterable[Recomputed],
) -> dict[UUID, Counts]:
    """Bring what rests on the day sums up to date; how each fresh entry counts."""
    counts: dict[UUID, Counts] = {}
    moved: Moved = {}
    shown: set[date] = set()
    for recomputed in counted:
        shown |= recomputed.shown
        for activity_id, gains in recomputed.moved.items():
            mine = moved.setdefault(activity_id, {})
            for day, (asked, done) in gains.items():
                before = mine.get(day, (0, 0))
                mine[day] = before[0] + asked, before[1] + done
        for found, extras in recomputed.found.values():
            for outcome in found:
                entry = outcome.entry
                if entry is not None and entry.client_id in fresh:
                    answered = outcome.occurrence.day, outcome.occurrence.slot
                    counts[entry.client_id] = outcome.status, answered, False
            for extra in extras:
                entry = extra.entry
                if entry.client_id in fresh:
                    counts[entry.client_id] = entry.status, None, True
    touched = {day for gains in moved.values() for day in gains}
    first = min(touched, default=None)
    until = max(touched) + ONE_DAY if touched else None
    milestones.award(
        record,
        care,
        activity_ids=moved.keys(),
        goal_ids=changed.goal_ids,
        symptoms=changed.symptoms,
        first=first,
        until=until,
        rated_since=changed.rated_since,
        corrects=changed.corrects,
        gains=moved,
    )
    notices.raise_concerns(record, care, fresh.values())
    caseload.refresh(record, care, record.now, shown)
    return counts


def _counted(
    record: Record,
    care: Care,
    days: Mapping[UUID, set[date]],
    rows: Iterable[Mapping[str, Any]],
) -> list[Recomputed]:
    """The day sums of everything that new entries touch, before they are stored.

    First of the days where they only add extras: there no other entry has to be read.
    """
    new: dict[UUID, list[Entry]] = {}
    for row in rows:
        if row["activity_id"] is not None:
            new.setdefault(row["activity_id"], []).append(entry_as_said(row))
    sums = Sums(record.run, record.patient_id)
    added = add_extras(record, care, _unnamed(new), sums)
    done = {
        activity_id: {extra.on for extra in extras}
        for activity_id, (_, extras) in added.found.items()
    }
    left = {activity_id: some - done.get(activity_id, set()) for activity_id, some in days.items()}
    return [added, *_recomputed(record, care, left, new, sums)]


def _recomputed(
    record: Record,
    care: Care,
    days: Mapping[UUID, set[date]],
    new: Mapping[UUID, list[Entry]],
    sums: Sums,
) -> list[Recomputed]:
    """The day sums of the days, worked out from all their entries."""
    rounds = _rounds({activity_id: some for activity_id, some in days.items() if some})
    return [recompute(record, care, spans, new, sums) for spans in rounds]


def _unnamed(new: Mapping[UUID, list[Entry]]) -> dict[UUID, dict[date, list[Entry]]]:
    """New entries by activity and local day, of the days on which none names an occurrence."""
    found: dict[UUID, dict[date, list[Entry]]] = {}
    for activity_id, entries in new.items():
        by_day: dict[date, list[Entry]] = {}
        named: set[date] = set()
        for entry in entries:
            if entry.named is None:
                by_day.setdefault(entry.local_day, []).append(entry)
            else:
                named |= {entry.local_day, entry.named[0]}
        if free := {day: some for day, some in by_day.items() if day not in named}:
            found[activity_id] = free
    return found


def _rounds(changed: Mapping[UUID, set[date]]) -> Iterator[dict[UUID, tuple[date, date]]]:
    """Spans to look at together: one of each activity, until none is left."""
    waiting = {activity_id: _spans(days) for activity_id, days in changed.items()}
    while waiting:
        yield {activity_id: spans.pop(0) for activity_id, spans in waiting.items()}
        waiting = {activity_id: spans for activity_id, spans in waiting.items() if spans}


def _spans(days: set[date]) -> list[tuple[date, date]]:
    """Days as half-open spans; days less than a week apart share one."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] < timedelta(days=7):
            spans[-1] = (spans[-1][0], day + ONE_DAY)
        else:
            spans.append((day, day + ONE_DAY))
    return spans


def _answered(receipt: Receipt, counts: Mapping[UUID, Counts]) -> Receipt:
    """The receipt with how its entry counts, where that was worked out."""
    found = None if receipt.client_id is None else counts.get(receipt.client_id)
    if found is None:
        return receipt
    return Receipt(receipt.client_id, receipt.result, receipt.seq, receipt.errors, *found)


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """Entries newest first; ``before`` is the cursor of the next page, None at the end."""

    entries: list[Any]
    before: int | None


def entries(
    actor: Actor, patient_id: UUID, before: int | None, limit: int, now: datetime
) -> EntriesPage:
    """A page of the record, corrected entries too, each with the id of what corrected it."""
    with read() as run:
        _require(run, actor, patient_id)
        rows = run.all(
            table.entries_page,
            patient_id=patient_id,
            before=before if before is not None else 2**62,
            many=limit + 1,
        )
    more = len(rows) > limit
    rows = rows[:limit]
    return EntriesPage(rows, rows[-1].seq if more else None)


def all_entries(actor: Actor, patient_id: UUID, now: datetime) -> Iterator[Any]:
    """Every entry in the order it was stored, corrected and withdrawn ones too, a page at a time.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        _require(run, actor, patient_id)
    return _pages(patient_id)


def _pages(patient_id: UUID) -> Iterator[Any]:
    after = 0
    while True:
        with read() as run:
            rows = run.all(table.entries_after, patient_id=patient_id, after=after, many=EXPORTED)
        yield from rows
        if len(rows) < EXPORTED:
            return
        after = rows[-1].seq


def entry(actor: Actor, patient_id: UUID, client_id: UUID) -> Any:
    """One entry as it was reported, and the id of what corrected it.

    Raises:
        NotFound: the patient has no such entry.
    """
    with read() as run:
        _require(run, actor, patient_id)
        row = run.first(table.entry_shown, patient_id=patient_id, client_id=client_id)
    if row is None:
        raise NotFound
    return row


def pull(actor: Actor, patient_id: UUID, after: int, limit: int, now: datetime) -> changes.Changes:
    """What changed after a number, in the order it was stored (see ``changes``)."""
    with read() as run:
        patient = _require(run, actor, patient_id)
        return changes.after(run, patient, after, limit)


def _require(run: Run, actor: Actor, patient_id: UUID) -> Any:
    row = run.first(patients.patient_by_id, patient_id=patient_id)
    if row is None or row.clinic_id != actor.clinic_id:
        raise NotFound
    return row
