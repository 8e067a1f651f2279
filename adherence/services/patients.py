"""Patients: adding one, who cares for them, where they live by the clock, and the clinician's
list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Role
from adherence.domain.activities import Discipline
from adherence.domain.care_teams import CareKind
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.texts import clean
from adherence.domain.zones import effective_day, zone_info
from adherence.domain.zones import today as local_today
from adherence.services import care_teams, caseload
from adherence.services.care import Care, care_of
from adherence.services.care_teams import TeamMember
from adherence.services.day_sums import ONE_DAY
from adherence.services.entries import EntriesPage
from adherence.services.goals import GoalView, views
from adherence.services.plans import AskedActivity, follow_change, opened, shown
from adherence.services.progress import Progress, progress_of
from adherence.services.record import Record, audit_clinic
from adherence.store import accounts, clinics, entries, milestones
from adherence.store import caseload as caseload_table
from adherence.store import patients as table
from adherence.store import pauses as pause_table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

NAME_LIMIT = 200
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: From this age on nobody acts for a patient as for a child, unless the clinic says otherwise.
GROWN_AGE = 18
SHEET_DAYS = 28
#: Opening the sheet again within this time is the same look.
SAME_LOOK = timedelta(minutes=30)
TIMELINE = 60
#: Larger than any need: where the list begins.
MOST_NEED = 2**31 - 1
#: Whoever cares for so many most likely cares for most of the clinic: sorting all of them costs
#: more than walking the clinic in the order of the list.
MANY = 400
FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ListedPatient:
    """A row of the clinician's list: counts of the last 30 days, and a strip of 14."""

    patient_id: UUID
    name: str
    birth_year: int | None
    need: int
    due30: int
    done30: int
    unreported30: int
    pain7: int | None
    strip: str
    open_notices: int
    last_entry_at: datetime | None
    goal_words: str | None
    as_of: date


@dataclass(frozen=True, slots=True)
class PatientsPage:
    """A page of the list; ``after`` is the cursor of the next page, None at the end."""

    patients: tuple[ListedPatient, ...]
    after: tuple[int, UUID] | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a clinician sees of one patient on one page."""

    patient_id: UUID
    name: str
    birth_year: int | None
    zone: str
    day: date
    looked_at: datetime | None
    team: tuple[TeamMember, ...]
    goals: tuple[GoalView, ...]
    activities: tuple[AskedActivity, ...]
    progress: Progress
    notices: tuple[Any, ...]
    pauses: tuple[Any, ...]
    entries: EntriesPage
    care: Care
    names: dict[UUID, str]


def add_clinic(
    *,
    name: str,
    zone: str,
    emergency_number: str,
    now: datetime,
    slug: str | None = None,
    grown_age: int = GROWN_AGE,
) -> UUID:
    """Add a clinic; its id. ``slug`` is its word in addresses, which a server of several needs.

    Raises:
        InvalidInput: an unknown zone, a word that no address can hold, an age that is none.
    """
    zone_info(zone)
    if slug is not None and not SLUG.fullmatch(slug):
        raise InvalidInput("slug", "invalid")
    if not 0 < grown_age < 100:
        raise InvalidInput("grown_age", "out_of_range")
    clinic_id = new_id()
    row = clinic_row(
        clinic_id, clean(name, NAME_LIMIT), zone, emergency_number, now, slug, grown_age
    )
    write(lambda run: run.do(clinics.add_clinic, **row))
    return clinic_id


def clinic_row(
    clinic_id: UUID,
    name: str,
    zone: str,
    emergency_number: str,
    now: datetime,
    slug: str | None = None,
    grown_age: int = GROWN_AGE,
) -> dict[str, Any]:
    """The row of a new clinic."""
    return {
        "id": clinic_id,
        "name": name,
        "zone": zone,
        "emergency_number": emergency_number,
        "created_at": now,
        "audit_n": 0,
        "sealed_n": 0,
        "slug": slug,
        "grown_age": grown_age,
    }


def add_patient(
    actor: Actor,
    *,
    name: str,
    zone: str,
    birth_year: int | None = None,
    account_id: UUID | None = None,
    discipline: Discipline = Discipline.PHYSIOTHERAPY,
    started_on: date | None = None,
    now: datetime,
) -> UUID:
    """Add a patient to the actor's clinic, the acting clinician being the care team's lead; the id.

    Raises:
        InvalidInput: an empty name, an unknown zone, an impossible year of birth.
        Conflict: the account belongs to a patient already.
    """
    zone_info(zone)
    name = clean(name, NAME_LIMIT)
    if not name:
        raise InvalidInput("name", "empty")
    if birth_year is not None and not 1880 <= birth_year <= now.year:
        raise InvalidInput("birth_year", "out_of_range")

    def work(run: Run) -> UUID:
        if account_id is not None and run.first(table.patient_of_account, account_id=account_id):
            raise Conflict("the account has a patient")
        patient_id = new_id()
        day = started_on or now.astimezone(zone_info(zone)).date()
        run.do(
            table.add_patient,
            id=patient_id,
            clinic_id=actor.clinic_id,
            account_id=account_id,
            name=name,
            birth_year=birth_year,
            home_zone=zone,
            started_on=day,
            created_at=now,
            seq=0,
            plan_version=0,
            settled_on=day,
            audit_n=0,
            sealed_n=0,
        )
        record = Record(run, actor, patient_id, now)
        run.do(
            table.add_zone_change,
            patient_id=patient_id,
            effective_on=day,
            clinic_id=actor.clinic_id,
            zone=zone,
            recorded_at=now,
            seq=record.number(),
        )
        if actor.role is Role.CLINICIAN:
            care_teams.join(record, actor.account_id, discipline, CareKind.LEAD)
            record.audit("team.lead", actor.account_id)
        record.audit("patient.add", patient_id)
        caseload.refresh(record, care_of(run, patient_id, record.plan_version, keep=False))
        record.close()
        return patient_id

    return write(work)


def correct_person(
    actor: Actor, patient_id: UUID, *, name: str, birth_year: int | None, now: datetime
) -> None:
    """Put a patient's name and year of birth right, in the record and in the patient's account.

    Raises:
        InvalidInput: an empty name, an impossible year of birth.
        NotFound: no such patient in the actor's clinic.
    """
    name = clean(name, NAME_LIMIT)
    if not name:
        raise InvalidInput("name", "empty")
    if birth_year is not None and not 1880 <= birth_year <= now.year:
        raise InvalidInput("birth_year", "out_of_range")

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        row: Any = run.first(table.patient_by_id, patient_id=patient_id)
        if (row.name, row.birth_year) == (name, birth_year):
            return
        run.do(table.set_person, patient_id=patient_id, new_name=name, new_birth_year=birth_year)
        if row.account_id is not None:
            run.do(accounts.set_name, account_id=row.account_id, new_name=name)
        record.audit("patient.correct", patient_id)
        record.close()

    write(work)


def change_zone(actor: Actor, patient_id: UUID, zone: str, now: datetime) -> date:
    """Read the patient's wall clock in another zone; the first local day on which that holds.

    That is the first day that has not begun in the zone in force, so that no day that has begun
    changes what was due on it.

    Raises:
        InvalidInput: no such IANA zone.
        NotFound: no such patient in the actor's clinic.
    """
    zone_info(zone)

    def work(run: Run) -> date:
        record = Record(run, actor, patient_id, now)
        care = care_of(run, patient_id, record.plan_version)
        day = effective_day(care.zones, zone, now)
        if care.zones.on(day) == zone and care.zones.current() == zone:
            return day
        run.do(table.remove_zone_changes_from, patient_id=patient_id, effective_on=day)
        run.do(
            table.add_zone_change,
            patient_id=patient_id,
            effective_on=day,
            clinic_id=record.clinic_id,
            zone=zone,
            recorded_at=now,
            seq=record.number(),
        )
        record.plan_changed()
        record.audit("zone.change", patient_id)
        care = care_of(run, patient_id, record.plan_version, keep=False)
        # Of the day before, only until when it can be reported may differ.
        follow_change(record, care, list(care.activities), day - ONE_DAY, care.today(now))
        record.close()
        return day

    return write(work)


def patients(
    actor: Actor, after: tuple[int, UUID] | None, limit: int, now: datetime
) -> PatientsPage:
    """The actor's patients, greatest need first. One line in the clinic's audit."""
    need, last = after if after is not None else (MOST_NEED, FIRST_ID)
    with read() as run:
        many = run.value(caseload_table.cared_for, account_id=actor.account_id, many=MANY)
        rows = run.all(
            caseload_table.caseload_walk if many == MANY else caseload_table.caseload_page,
            account_id=actor.account_id,
            clinic_id=actor.clinic_id,
            now=now,
            need=need,
            after=last,
            many=limit + 1,
        )
        more = len(rows) > limit
        rows = rows[:limit]
        found = [listed(run, row, now) for row in rows]
    write(lambda run: audit_clinic(run, actor, "patient.list", actor.account_id, now))
    return PatientsPage(
        tuple(found), (rows[-1].need, rows[-1].patient_id) if more and rows else None
    )


def listed(run: Run, row: Any, now: datetime) -> ListedPatient:
    shown_row = row._asdict()
    if caseload.is_stale(row, now):
        # The worker has not rolled this row over the patient's midnight yet.
        patient: Any = run.first(table.patient_by_id, patient_id=row.patient_id)
        care = care_of(run, row.patient_id, patient.plan_version)
        shown_row.update(
            caseload.computed(
                run, care, patient.clinic_id, now, row.open_notices, row.urgency, row.last_entry_at
            )
        )
    return ListedPatient(**{name: shown_row[name] for name in ListedPatient.__slots__})


def sheet(actor: Actor, patient_id: UUID, now: datetime) -> Sheet:
    """The patient sheet. Somebody else's look is one line in the patient's audit.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient, care = opened(run, actor, patient_id)
        team = care_teams.members(run, patient_id, now)
        rows = run.all(entries.entries_page, patient_id=patient_id, before=2**62, many=TIMELINE + 1)
        found = Sheet(
            patient_id=patient_id,
            name=patient.name,
            birth_year=patient.birth_year,
            zone=care.zones.current(),
            day=local_today(care.zones, now),
            looked_at=next(
                (one.looked_at for one in team if one.account_id == actor.account_id), None
            ),
            team=team,
            goals=tuple(views(run, care)),
            activities=tuple(
                shown(care, activity)
                for activity in care.activities.values()
                if activity.ended_on is None or care.today(now) < activity.ended_on
            ),
            progress=progress_of(run, patient, care, SHEET_DAYS, now),
            notices=tuple(run.all(milestones.notices_of_patient, patient_id=patient_id, many=50)),
            pauses=tuple(run.all(pause_table.pauses, patient_id=patient_id)),
            entries=EntriesPage(
                rows[:TIMELINE], rows[TIMELINE - 1].seq if len(rows) > TIMELINE else None
            ),
            care=care,
            names={one.account_id: one.name for one in team},
        )
    if actor.patient_id != patient_id:
        _looked(actor, patient_id, now)
    return found


def _looked(actor: Actor, patient_id: UUID, now: datetime) -> None:
    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        record.audit("patient.read", patient_id)
        run.do(
            table.look,
            patient_id=patient_id,
            account_id=actor.account_id,
            now=now,
            before=now - SAME_LOOK,
        )
        record.close()

    write(work)


@dataclass(frozen=True, slots=True)
class PatientView:
    """One patient: name, local day, and who cares for them now."""

    id: UUID
    name: str
    birth_year: int | None
    zone: str
    day: date
    started_on: date
    team: tuple[TeamMember, ...]


def patient(actor: Actor, patient_id: UUID, now: datetime) -> PatientView:
    """One patient. Somebody else's look is one line in the patient's audit.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        row, care = opened(run, actor, patient_id)
        team = care_teams.members(run, patient_id, now)
    if actor.patient_id != patient_id:
        _looked(actor, patient_id, now)
    return PatientView(
        id=row.id,
        name=row.name,
        birth_year=row.birth_year,
        zone=care.zones.current(),
        day=care.today(now),
        started_on=row.started_on,
        team=team,
    )


def name_of(actor: Actor, patient_id: UUID) -> str:
    """The patient's name.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient, _ = opened(run, actor, patient_id)
    name: str = patient.name
    return name


def locale_of(actor: Actor, patient_id: UUID) -> str | None:
    """The language in which the patient reads, None where none was chosen.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient, _ = opened(run, actor, patient_id)
        if patient.account_id is None:
            return None
        account: Any = run.first(accounts.account_by_id, account_id=patient.account_id)
    locale: str | None = None if account is None else account.locale
    return locale


def clinic_zone(clinic_id: UUID) -> str:
    """The time zone of a clinic.

    Raises:
        NotFound: no such clinic.
    """
    with read() as run:
        row: Any = run.first(clinics.clinic_by_id, clinic_id=clinic_id)
    if row is None:
        raise NotFound
    zone: str = row.zone
    return zone


def clinic_name(clinic_id: UUID) -> str:
    """What a clinic's patients call it.

    Raises:
        NotFound: no such clinic.
    """
    with read() as run:
        row: Any = run.first(clinics.clinic_by_id, clinic_id=clinic_id)
    if row is None:
        raise NotFound
    name: str = row.name
    return name


def care_team(actor: Actor, patient_id: UUID, now: datetime) -> Sequence[TeamMember]:
    """Who cares for the patient now, the lead first."""
    with read() as run:
        opened(run, actor, patient_id)
        return care_teams.members(run, patient_id, now)
