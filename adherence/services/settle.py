"""Settling: what the patient's midnight changes without anybody writing anything.

Windows close, a day gets its rows in day_sum, a week may complete a run, and the caseload row is
rolled over to the new day. Each patient is one transaction; doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from adherence.domain.access import Actor, Role
from adherence.domain.audit import SERVICE_ID
from adherence.domain.errors import NotFound
from adherence.services import caseload, milestones
from adherence.services.care import care_of
from adherence.services.day_sums import ONE_DAY, recompute
from adherence.services.record import Record
from adherence.store import caseload as caseload_table
from adherence.store import patients
from adherence.store.db import Run, read, write

#: A local day is over everywhere at most this long after it is over somewhere.
WIDEST = timedelta(days=2)
#: A window may reach this far past its day, so the newest settled day is the day before yesterday.
LATEST_WINDOW = ONE_DAY


def service_actor(clinic_id: UUID) -> Actor:
    """The service acting for itself: it has no account and enters by no door."""
    return Actor(SERVICE_ID, clinic_id, Role.ADMIN, None, "service", None)


def patients_to_settle(now: datetime, many: int) -> Sequence[UUID]:
    """Patients whose midnight has passed since they were last rolled over, at most ``many``."""
    with read() as run:
        return [
            row.patient_id for row in run.all(caseload_table.caseload_to_roll, at=now, many=many)
        ]


def settle(patient_id: UUID, now: datetime) -> bool:
    """Bring one patient to today; whether anything was done."""

    def work(run: Run) -> bool:
        row = run.first(patients.patient_by_id, patient_id=patient_id)
        if row is None:
            raise NotFound
        record = Record(run, service_actor(row.clinic_id), patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        today = care.today(now)
        first = record.settled_on
        settled = max(first, today - LATEST_WINDOW)
        recompute(
            record,
            care,
            {
                activity.id: (first, today + ONE_DAY)
                for activity in care.activities.values()
                if activity.revisions[0].effective_on <= today
                and (activity.ended_on is None or activity.ended_on > first)
            },
        )
        record.settled_on = settled
        milestones.award_sustained(record, care)
        caseload.refresh(record, care)
        record.close()
        return settled > first

    return write(work)
