"""A small ward for tests: one clinic, one therapist, patients with one plan each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Role
from adherence.domain.activities import ActivityKind, Asked, Discipline
from adherence.domain.entries import Amounts, Status
from adherence.domain.goals import Measure
from adherence.domain.schedules import Schedule, ScheduleKind
from adherence.domain.windows import Window, WindowKind
from adherence.services import accounts, goals, patients, plans
from adherence.store.ids import new_id
from tests.builders import ZONE

#: Monday 2 March 2026, 10:00 in Berlin.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAILY = frozenset(range(7))
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ward:
    """A clinic, its therapist, and one patient with a goal and a plan."""

    clinic_id: UUID
    therapist: Actor
    patient: Actor
    patient_id: UUID
    goal_id: UUID
    plan_id: UUID
    #: Daily, any time of the day, 2 x 10.
    exercise_id: UUID
    #: 08:00 and 12:00, from an hour before to two hours after, one tablet each.
    medicine_id: UUID
    #: Three times a week.
    weekly_id: UUID
    #: Daily at 21:00: pain.
    check_id: UUID


def clinic(now: datetime = MONDAY, name: str = "Praxis am Markt") -> tuple[UUID, Actor]:
    """A clinic and its therapist."""
    clinic_id = patients.add_clinic(name=name, zone=ZONE, emergency_number="112", now=now)
    therapist = accounts.create_account(clinic_id, Role.CLINICIAN, "Ada Roth", "en", now)
    return clinic_id, accounts.actor_of(therapist)


def patient_of(
    therapist: Actor, now: datetime = MONDAY, name: str = "Ruth Aldous", zone: str = ZONE
) -> Actor:
    """A patient with an account, cared for by the therapist."""
    account_id = accounts.create_account(therapist.clinic_id, Role.PATIENT, name, "en", now)
    patients.add_patient(
        therapist, name=name, zone=zone, birth_year=1950, account_id=account_id, now=now
    )
    return accounts.actor_of(account_id)


def ward(now: datetime = MONDAY, therapist: Actor | None = None, zone: str = ZONE) -> Ward:
    """A patient with a counted goal and four activities, begun at ``now``."""
    if therapist is None:
        _, therapist = clinic(now)
    patient = patient_of(therapist, now, zone=zone)
    assert patient.patient_id is not None
    pid = patient.patient_id
    first = now.date()
    goal_id = goals.set_goal(
        therapist,
        pid,
        goals.new_goal(
            words="Climb to my flat without stopping",
            measure=Measure.COUNT,
            unit="steps",
            baseline=4,
            target=14,
        ),
        now,
    )
    plan_id = plans.open_plan(
        therapist, pid, discipline=Discipline.PHYSIOTHERAPY, title="Knee", now=now
    )

    def ask(kind: ActivityKind, schedule: Schedule, asked: Asked) -> UUID:
        return plans.assign_activity(
            therapist,
            pid,
            plan_id=plan_id,
            kind=kind,
            schedule=schedule,
            asked=asked,
            goals=[(goal_id, "because the stairs need it")],
            now=now,
        )

    return Ward(
        clinic_id=therapist.clinic_id,
        therapist=therapist,
        patient=patient,
        patient_id=pid,
        goal_id=goal_id,
        plan_id=plan_id,
        exercise_id=ask(
            ActivityKind.EXERCISE,
            daily(first),
            Asked(title="Heel raises", amounts=Amounts(sets=2, reps=10), pain_limit=7),
        ),
        medicine_id=ask(
            ActivityKind.MEDICATION,
            daily(
                first,
                time(8),
                time(12),
                window=Window(WindowKind.AROUND, timedelta(hours=1), timedelta(hours=2)),
            ),
            Asked(title="Paracetamol 500 mg", amounts=Amounts(quantity=1), unit="tablet"),
        ),
        weekly_id=ask(
            ActivityKind.EXERCISE,
            Schedule(kind=ScheduleKind.N_PER_WEEK, starts_on=first, per_week=3),
            Asked(title="Walk outside"),
        ),
        check_id=ask(
            ActivityKind.CHECK_IN,
            daily(first, time(21)),
            Asked(title="How is the knee?", symptom="pain"),
        ),
    )


def daily(first: Any, *times: time, **more: Any) -> Schedule:
    """Every day, at these times or at none in particular."""
    return Schedule(
        kind=ScheduleKind.WEEKDAYS, starts_on=first, weekdays=DAILY, times=times, **more
    )


def document(activity_id: UUID | None = None, at: datetime = MONDAY, **said: Any) -> dict[str, Any]:
    """An entry as the wire form gives it: done, unless said otherwise."""
    found: dict[str, Any] = {"client_id": new_id(), "performed_at": at, "zone": ZONE}
    if activity_id is not None:
        found |= {"activity_id": activity_id, "status": Status.DONE}
    return found | said
