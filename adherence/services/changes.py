"""Changes: what a device pulls, in the order in which the server stored it.

The cursor is the patient's ``seq``, never a time: numbers are handed out under the patient's lock,
so they commit in order and no change can slip in behind a cursor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adherence.store import entries, milestones, pauses, plans
from adherence.store import goals as goal_table
from adherence.store.db import Run

KINDS = ("entry", "plan", "activity", "revision", "goal", "pause", "milestone", "notice")


@dataclass(frozen=True, slots=True)
class Change:
    """One stored thing: ``kind`` says which, ``row`` is what it is now."""

    seq: int
    kind: str
    row: Any


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes in order of ``seq``; ``after`` is the next cursor, ``more`` whether to ask again."""

    changes: tuple[Change, ...]
    after: int
    more: bool


def after(run: Run, patient: Any, cursor: int, limit: int) -> Changes:
    """At most ``limit`` changes with a number greater than ``cursor``."""
    if patient.seq <= cursor:
        return Changes((), cursor, False)
    patient_id: UUID = patient.id
    found = [
        Change(row.seq, "entry", row)
        for row in run.all(
            entries.entries_after, patient_id=patient_id, after=cursor, many=limit + 1
        )
    ]
    for kind, rows in (
        ("plan", run.all(plans.plans, patient_id=patient_id)),
        ("activity", run.all(plans.activities, patient_id=patient_id)),
        ("revision", run.all(plans.revisions, patient_id=patient_id)),
        ("goal", run.all(goal_table.goals, patient_id=patient_id)),
        ("pause", run.all(pauses.pauses, patient_id=patient_id)),
        ("milestone", run.all(milestones.milestones, patient_id=patient_id)),
        ("notice", run.all(milestones.notices_of_patient, patient_id=patient_id, many=500)),
    ):
        found.extend(Change(row.seq, kind, row) for row in rows if row.seq > cursor)
    found.sort(key=lambda change: change.seq)
    more = len(found) > limit
    found = found[:limit]
    return Changes(tuple(found), found[-1].seq if more else patient.seq, more)
