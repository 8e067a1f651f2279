"""Rebuild: every projection computed again from the record, and compared or replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.adherence import day_sums
from adherence.services import caseload, milestones
from adherence.services.care import Care, care_of
from adherence.services.day_sums import ONE_DAY, as_row, is_reported, outcomes_between
from adherence.services.record import Record
from adherence.services.settle import service_actor
from adherence.store import caseload as caseload_table
from adherence.store import day_sums as table
from adherence.store import milestones as milestone_table
from adherence.store import patients
from adherence.store.db import Run, read, write

#: Reports may lie this long before the patient's first day.
BEFORE = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something stored that the record does not say, or the other way round."""

    patient_id: UUID
    what: str
    where: str


def patient_ids() -> Sequence[UUID]:
    """All patients of all clinics."""
    with read() as run:
        return [row.id for row in run.all(patients.patient_ids)]


def check(patient_id: UUID, now: datetime) -> list[Difference]:
    """Where one patient's projections differ from a computation from scratch."""
    with read() as run:
        patient = run.first(patients.patient_by_id, patient_id=patient_id)
        assert patient is not None
        care = care_of(run, patient_id, patient.plan_version, keep=False)
        found = _check_day_sums(run, patient, care, now)
        found += _check_milestones(run, patient, care, now)
        found += _check_caseload(run, patient, care, now)
    return found


def _scratch(
    run: Run, patient: Any, care: Care, now: datetime
) -> dict[tuple[date, UUID | None], dict[str, Any]]:
    first = patient.started_on - BEFORE
    today = care.today(now)
    until = today + ONE_DAY
    rows: dict[tuple[date, UUID | None], dict[str, Any]] = {}
    for judged in outcomes_between(run, care, first, until + timedelta(days=31), now).values():
        for day, one in day_sums(*judged).items():
            if day <= today or is_reported(one):
                rows[day, one.activity_id] = as_row(care.patient_id, one)
    return rows


def _check_day_sums(run: Run, patient: Any, care: Care, now: datetime) -> list[Difference]:
    expected = _scratch(run, patient, care, now)
    settled_on = patient.settled_on
    found = []
    stored = {
        (row.day, row.activity_id): row._asdict()
        for row in run.all(table.all_day_sums, patient_id=care.patient_id)
    }
    for key in sorted(expected.keys() | stored.keys(), key=str):
        day, activity_id = key
        if key not in stored:
            one = expected[key]
            reported = any(one[name] for name in ("done", "partly", "skipped", "missed", "extra"))
            if day < settled_on or reported:
                found.append(Difference(care.patient_id, "day_sum missing", f"{day} {activity_id}"))
        elif key not in expected:
            found.append(Difference(care.patient_id, "day_sum too many", f"{day} {activity_id}"))
        elif any(not _same(stored[key][name], expected[key][name]) for name in expected[key]):
            found.append(Difference(care.patient_id, "day_sum differs", f"{day} {activity_id}"))
    return found


def _same(stored: object, expected: object) -> bool:
    if isinstance(stored, float) and isinstance(expected, int | float):
        return abs(stored - expected) < 1e-9
    return stored == expected


def _check_milestones(run: Run, patient: Any, care: Care, now: datetime) -> list[Difference]:
    settled_on: date = patient.settled_on
    stored: dict[UUID, set[tuple[str, int]]] = {}
    for row in run.all(milestone_table.milestones, patient_id=care.patient_id):
        if row.retracted_at is None:
            stored.setdefault(row.goal_id, set()).add((row.kind.value, row.level))
    found = []
    for agreed in care.goals.values():
        if agreed.closed_on is not None:
            continue
        reached = {
            (one.kind.value, one.level)
            for one in milestones.from_scratch(run, care, agreed, settled_on, now)
        }
        have = stored.get(agreed.id, set())
        for kind, level in sorted(reached - have):
            found.append(Difference(care.patient_id, "milestone missing", f"{kind} {level}"))
        for kind, level in sorted(have - reached):
            found.append(Difference(care.patient_id, "milestone too many", f"{kind} {level}"))
    return found


def _check_caseload(run: Run, patient: Any, care: Care, now: datetime) -> list[Difference]:
    row = run.first(caseload_table.caseload_of, patient_id=care.patient_id)
    if row is None:
        return [Difference(care.patient_id, "caseload missing", "")]
    if row.last_entry_at != caseload.last_received(run, care.patient_id):
        return [Difference(care.patient_id, "caseload differs", "last_entry_at")]
    if row.as_of != care.today(now):
        return []  # midnight has passed; the worker rolls it, and until then the list does
    fresh = caseload.computed(
        run, care, row.clinic_id, now, row.open_notices, row.urgency, row.last_entry_at
    )
    return [
        Difference(care.patient_id, "caseload differs", name)
        for name in ("strip", "done30", "pain7", "goal_words")
        if getattr(row, name) != fresh[name] and (name != "strip" or "x" not in row.strip)
    ]


def rebuild(patient_id: UUID, now: datetime) -> None:
    """Replace one patient's day sums and caseload row by what the record says."""

    def work(run: Run) -> None:
        patient = run.first(patients.patient_by_id, patient_id=patient_id)
        assert patient is not None
        record = Record(run, service_actor(patient.clinic_id), patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        rows = _scratch(run, patient, care, now)
        run.do(table.clear_all_day_sums, patient_id=patient_id)
        run.do_many(table.add_day_sum, list(rows.values()))
        caseload.refresh(record, care, caseload.last_received(run, patient_id))
        record.audit("rebuild", patient_id)
        record.close()

    write(work)
