"""Programmes: what a manager may see, which is sums over many patients and never one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from adherence.domain.access import Actor
from adherence.domain.consent import Purpose
from adherence.domain.programmes import SMALLEST_CELL, Group, renewed
from adherence.services import consent
from adherence.services.record import audit_clinic
from adherence.store import clinics
from adherence.store import programmes as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

#: The job that counts anew at night.
COUNT = "programmes"


@dataclass(frozen=True, slots=True)
class Overview:
    """The last 30 days of a clinic, as they were counted. Sums are None where none may be shown.

    ``patients`` counts those of the groups that are shown for whom something was due. The band is
    [done / due, (done + not reported) / due].
    """

    patients: int | None
    due: int | None
    done: int | None
    unreported: int | None
    counted_at: datetime | None = None
    smallest_cell: int = SMALLEST_CELL

    @property
    def band(self) -> tuple[float, float] | None:
        """Confirmed share, and the share if everything not reported was done."""
        if not self.due or self.done is None or self.unreported is None:
            return None
        return self.done / self.due, (self.done + self.unreported) / self.due


def overview(actor: Actor, now: datetime) -> Overview:
    """The sums of all groups in which everybody still agrees. One line in the clinic's audit."""
    least = consent.least(Purpose.PROGRAMME, now)
    with read() as run:
        rows = run.all(table.groups_of_clinic, clinic_id=actor.clinic_id, least_programme=least)
    write(lambda run: audit_clinic(run, actor, "programme.read", actor.clinic_id, now))
    whole = [row for row in rows if row.agreed == row.size]
    if not whole:
        return Overview(None, None, None, None)
    return Overview(
        sum(row.patients for row in whole),
        sum(row.due for row in whole),
        sum(row.done for row in whole),
        sum(row.unreported for row in whole),
        min(row.counted_at for row in whole),
    )


def count(clinic_id: UUID, now: datetime) -> None:
    """Count a clinic's groups: form new ones, let broken ones go, and add up once a week."""
    least = consent.least(Purpose.PROGRAMME, now)

    def work(run: Run) -> None:
        # Nothing is locked: of two counts at once, one finds its people taken and does nothing.
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=clinic_id)
        agreed = {
            row.patient_id: row
            for row in run.all(table.agreed_of_clinic, clinic_id=clinic_id, least_programme=least)
        }
        people = run.all(table.people_of_clinic, clinic_id=clinic_id)
        rows = run.all(table.groups_of_clinic, clinic_id=clinic_id, least_programme=least)
        members: dict[UUID | None, set[UUID]] = {}
        for row in people:
            members.setdefault(row.group_id, set()).add(row.patient_id)
        groups = [Group(row.id, row.size, frozenset(members.get(row.id, ()))) for row in rows]
        ever = {row.patient_id for row in people}
        due = {patient_id for patient_id, row in agreed.items() if row.due > 0}
        found = renewed(groups, agreed.keys(), due, ever)
        kept = {one.id for one in found.kept}
        for row in rows:
            if row.id not in kept:
                run.do(table.leave_group, left_id=row.id)
                run.do(table.drop_group, group_id=row.id)
        weeks = {row.id: _week(row.counted_at, clinic.zone) for row in rows}
        for one in found.kept:
            if weeks[one.id] != _week(now, clinic.zone):
                sums = {f"new_{name}": said for name, said in _sums(agreed, one.members).items()}
                run.do(table.set_count, group_id=one.id, at=now, **sums)
        for formed in found.formed:
            _form(run, clinic_id, formed, ever, _sums(agreed, formed), now)

    write(work)


def _form(
    run: Run,
    clinic_id: UUID,
    members: frozenset[UUID],
    ever: set[UUID],
    sums: Mapping[str, int],
    now: datetime,
) -> None:
    group_id = new_id()
    run.do(
        table.add_group,
        id=group_id,
        clinic_id=clinic_id,
        size=len(members),
        counted_at=now,
        **sums,
    )
    for patient_id in sorted(members):
        if patient_id in ever:
            run.do(table.join_group, whose=patient_id, new_group_id=group_id)
        else:
            run.do(table.add_person, patient_id=patient_id, clinic_id=clinic_id, group_id=group_id)


def _sums(agreed: Mapping[UUID, Any], members: Iterable[UUID]) -> dict[str, int]:
    rows = [agreed[patient_id] for patient_id in members]
    return {
        "patients": sum(row.due > 0 for row in rows),
        "due": sum(row.due for row in rows),
        "done": sum(row.done for row in rows),
        "unreported": sum(row.unreported for row in rows),
    }


def _week(at: datetime, zone: str) -> tuple[int, int]:
    """The year and the week, Monday first, in which an instant lies for a clinic."""
    day: date = at.astimezone(ZoneInfo(zone)).date()
    return day.isocalendar()[:2]
