"""Care teams: who cares for a patient from when to when, who leads, who stands in.

Every change is decided under the patient's lock, from the team as it is then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Role
from adherence.domain.activities import Discipline
from adherence.domain.care_teams import (
    CareKind,
    Place,
    may_change,
    may_lead,
    substitution,
    successor_needed,
)
from adherence.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from adherence.services.record import Record
from adherence.store import accounts, clinics
from adherence.store import care_teams as table
from adherence.store.db import Run, read, write
from adherence.store.patients import patient_by_id


@dataclass(frozen=True, slots=True)
class TeamMember:
    """Somebody who cares for the patient, from when to when; ``until_at`` None while it is open."""

    account_id: UUID
    name: str
    discipline: Discipline
    kind: CareKind
    from_at: datetime
    until_at: datetime | None
    is_active: bool
    stands_for_id: UUID | None
    stands_for_name: str | None
    looked_at: datetime | None

    @property
    def lead(self) -> bool:
        """Whether this is who leads the team."""
        return self.kind is CareKind.LEAD


@dataclass(frozen=True, slots=True)
class Team:
    """A patient's team: who is in it now, the lead first, and who will stand in later."""

    patient_id: UUID
    patient_name: str
    zone: str
    members: tuple[TeamMember, ...]
    planned: tuple[TeamMember, ...]


@dataclass(frozen=True, slots=True)
class Colleague:
    """A clinician of the clinic who could be in a team."""

    account_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A patient for whom somebody cares for good."""

    patient_id: UUID
    patient_name: str
    kind: CareKind


@dataclass(frozen=True, slots=True)
class Substituted:
    """For how many patients somebody will stand in, and for how many they are there already."""

    named: int
    left_out: int


def team(actor: Actor, patient_id: UUID, now: datetime) -> Team:
    """A patient's team.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient: Any = run.first(patient_by_id, patient_id=patient_id)
        if patient is None or patient.clinic_id != actor.clinic_id:
            raise NotFound
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=actor.clinic_id)
        planned = run.all(table.planned_substitutes, patient_id=patient_id, now=now)
        return Team(
            patient_id,
            patient.name,
            clinic.zone,
            members(run, patient_id, now),
            tuple(_member(row) for row in planned),
        )


def members(run: Run, patient_id: UUID, now: datetime) -> tuple[TeamMember, ...]:
    """Who cares for a patient now, the lead first."""
    return tuple(_member(row) for row in run.all(table.care_team, patient_id=patient_id, now=now))


def colleagues(actor: Actor) -> list[Colleague]:
    """The clinic's clinicians, by name."""
    with read() as run:
        rows = run.all(accounts.clinicians_of_clinic, clinic_id=actor.clinic_id)
    return [Colleague(row.id, row.name) for row in rows]


def memberships(actor: Actor, account_id: UUID, now: datetime) -> list[Membership]:
    """The patients for whom somebody of the actor's clinic cares for good, by name."""
    with read() as run:
        rows = run.all(table.memberships, account_id=account_id, clinic_id=actor.clinic_id, now=now)
    return [Membership(row.patient_id, row.name, row.kind) for row in rows]


def join(
    record: Record,
    account_id: UUID,
    discipline: Discipline,
    kind: CareKind,
    *,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    stands_for_id: UUID | None = None,
    looked_at: datetime | None = None,
) -> None:
    """Give somebody a place in the team of an opened record, from now on where nothing is said."""
    record.run.do(
        table.add_care_relation,
        patient_id=record.patient_id,
        account_id=account_id,
        from_at=from_at or record.now,
        clinic_id=record.clinic_id,
        discipline=discipline,
        kind=kind,
        stands_for_id=stands_for_id,
        until_at=until_at,
        looked_at=looked_at,
    )


def add_to_care_team(
    actor: Actor,
    patient_id: UUID,
    account_id: UUID,
    *,
    discipline: Discipline,
    lead: bool = False,
    now: datetime,
) -> None:
    """Let a clinician of the same clinic see and care for the patient.

    The first of a team leads it. With ``lead`` a later one takes the lead over. Who stood in so far
    is a member from here on.

    Raises:
        NotFound: the patient, or a clinician of that id in this clinic, does not exist.
        Conflict: that clinician is in the care team already.
        NotPermitted: the actor only stands in, or gives away a lead that is not theirs.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        found = members(run, patient_id, now)
        _check(may_change(actor.role, _kind_of(found, actor.account_id)))
        _check_clinician(run, record, account_id)
        before = _of(found, account_id)
        if before is not None and before.kind is not CareKind.SUBSTITUTE:
            raise Conflict("already in the care team")
        if lead and any(one.lead for one in found):
            _check(may_lead(actor.role, _kind_of(found, actor.account_id)))
            _step_down(record, found)
        leads = lead or not any(one.lead for one in found)
        _place(record, before, account_id, discipline, _for_good(leads))
        record.audit("team.join", account_id)
        if leads:
            record.audit("team.lead", account_id)
        record.close()

    write(work)


def hand_over(actor: Actor, patient_id: UUID, account_id: UUID, now: datetime) -> None:
    """Let a member lead the team; who led so far stays in it.

    Raises:
        NotFound: nobody of that id, who is not shut out, is in the team.
        NotPermitted: the actor does not lead.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        found = members(run, patient_id, now)
        _check(may_lead(actor.role, _kind_of(found, actor.account_id)))
        _crown(record, found, account_id)
        record.close()

    write(work)


def end_care_relation(
    actor: Actor,
    patient_id: UUID,
    account_id: UUID,
    now: datetime,
    successor_id: UUID | None = None,
) -> None:
    """Let a clinician leave the care team; it holds from the next request.

    Who stands in for that clinician leaves too. A lead leaves by handing over to ``successor_id``.

    Raises:
        NotFound: no such relation.
        NotPermitted: the actor neither leads nor speaks of themselves.
        InvalidInput: the lead leaves and nobody takes over, or nobody is left.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        found = members(run, patient_id, now)
        planned = run.all(table.planned_substitutes, patient_id=patient_id, now=now)
        plans = [row for row in planned if row.account_id == account_id]
        if _of(found, account_id) is None and not plans:
            raise NotFound
        own = _kind_of(found, actor.account_id)
        stood_for = {row.stands_for_id for row in plans}
        stood_for |= {one.stands_for_id for one in found if one.account_id == account_id}
        # Whoever named a substitute may also send that substitute away again.
        is_own = actor.account_id in {account_id, *stood_for}
        _check(is_own or may_lead(actor.role, own))
        successor_needed([_placed(one) for one in found], account_id, successor_id, actor.role)
        leaver = _of(found, account_id)
        if leaver is not None and leaver.lead and successor_id is not None:
            _crown(record, found, successor_id)
        named = {"patient_id": patient_id, "account_id": account_id, "now": now}
        run.do(table.end_care_relations, **named)
        run.do(table.remove_planned, **named)
        run.do(table.end_substitutes_of, **named)
        run.do(table.remove_substitutes_of, **named)
        record.audit("team.leave", account_id)
        record.close()

    write(work)


def name_substitute(
    actor: Actor,
    patient_id: UUID,
    account_id: UUID,
    *,
    first_day: date,
    last_day: date,
    stands_for_id: UUID | None = None,
    now: datetime,
) -> None:
    """Let a clinician stand in for a member, by default the actor, on days of the clinic's clock.

    Raises:
        NotFound: the patient, the member or the clinician does not exist.
        NotPermitted: the actor only stands in, or speaks for another member without leading.
        InvalidInput: days that cannot be, or the clinician is in the team in these days anyway.
    """
    away = actor.account_id if stands_for_id is None else stands_for_id
    from_at, until_at = _days(actor, first_day, last_day, now)

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        found = members(run, patient_id, now)
        own = _kind_of(found, actor.account_id)
        _check(may_change(actor.role, own))
        _check(away == actor.account_id or may_lead(actor.role, own))
        _check_clinician(run, record, account_id)
        if not _stand_in(record, found, account_id, away, from_at, until_at):
            raise InvalidInput("account_id", "in_team")
        record.close()

    write(work)


def name_substitute_everywhere(
    actor: Actor,
    account_id: UUID,
    *,
    first_day: date,
    last_day: date,
    now: datetime,
) -> Substituted:
    """Let a clinician stand in for the actor with every patient for whom the actor cares for good.

    Patients for whom that clinician cares in these days anyway are left out. All or none.

    Raises:
        NotFound: no such clinician in this clinic.
        InvalidInput: days that cannot be, or there is no patient.
    """
    from_at, until_at = _days(actor, first_day, last_day, now)

    def work(run: Run) -> Substituted:
        rows = run.all(
            table.memberships, account_id=actor.account_id, clinic_id=actor.clinic_id, now=now
        )
        if not rows:
            raise InvalidInput("account_id", "no_patients")
        named = 0
        # In the order of ids, so that two who do this at once never wait for each other in a ring.
        for row in sorted(rows, key=lambda row: row.patient_id.bytes):
            record = Record(run, actor, row.patient_id, now)
            found = members(run, row.patient_id, now)
            _check_clinician(run, record, account_id)
            if may_change(actor.role, _kind_of(found, actor.account_id)):
                named += _stand_in(record, found, account_id, actor.account_id, from_at, until_at)
            record.close()
        return Substituted(named, len(rows) - named)

    return write(work)


# --- under the patient's lock ------------------------------------------------------------------


def _days(actor: Actor, first: date, last: date, now: datetime) -> tuple[datetime, datetime]:
    with read() as run:
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=actor.clinic_id)
    return substitution(first, last, clinic.zone, now)


def _stand_in(
    record: Record,
    found: tuple[TeamMember, ...],
    account_id: UUID,
    away: UUID,
    from_at: datetime,
    until_at: datetime,
) -> bool:
    member = _of(found, away)
    if member is None or member.kind is CareKind.SUBSTITUTE:
        raise NotFound
    there = _of(found, account_id)
    if there is not None and there.kind is not CareKind.SUBSTITUTE:
        return False
    if record.run.first(
        table.stands_in,
        patient_id=record.patient_id,
        account_id=account_id,
        from_at=from_at,
        until_at=until_at,
    ):
        return False
    join(
        record,
        account_id,
        member.discipline,
        CareKind.SUBSTITUTE,
        from_at=from_at,
        until_at=until_at,
        stands_for_id=away,
    )
    record.audit("team.substitute", account_id)
    return True


def _crown(record: Record, found: tuple[TeamMember, ...], account_id: UUID) -> None:
    """Let a member lead in place of who leads."""
    member = _of(found, account_id)
    if member is None or not member.is_active:
        raise NotFound
    if member.lead:
        return
    _step_down(record, found)
    _place(record, member, account_id, member.discipline, CareKind.LEAD)
    record.audit("team.lead", account_id)


def _step_down(record: Record, found: tuple[TeamMember, ...]) -> None:
    for one in found:
        if one.lead:
            _place(record, one, one.account_id, one.discipline, CareKind.SUPPLEMENTARY)


def _place(
    record: Record,
    before: TeamMember | None,
    account_id: UUID,
    discipline: Discipline,
    kind: CareKind,
) -> None:
    """Give somebody another place than ``before``, whose period stays to be read."""
    run, now = record.run, record.now
    named = {"patient_id": record.patient_id, "account_id": account_id, "now": now}
    run.do(table.remove_planned, **named)
    if before is not None and before.from_at == now:
        run.do(table.set_kind, **named, new_kind=kind, new_discipline=discipline)
        return
    run.do(table.end_care_relations, **named)
    join(
        record, account_id, discipline, kind, looked_at=None if before is None else before.looked_at
    )


def _check(is_permitted: bool) -> None:
    if not is_permitted:
        raise NotPermitted


def _check_clinician(run: Run, record: Record, account_id: UUID) -> None:
    account: Any = run.first(accounts.account_by_id, account_id=account_id)
    if (
        account is None
        or account.clinic_id != record.clinic_id
        or account.role != Role.CLINICIAN
        or not account.active
    ):
        raise NotFound


def _for_good(leads: bool) -> CareKind:
    return CareKind.LEAD if leads else CareKind.SUPPLEMENTARY


def _of(found: tuple[TeamMember, ...], account_id: UUID) -> TeamMember | None:
    return next((one for one in found if one.account_id == account_id), None)


def _kind_of(found: tuple[TeamMember, ...], account_id: UUID) -> CareKind | None:
    one = _of(found, account_id)
    return None if one is None else one.kind


def _placed(one: TeamMember) -> Place:
    return Place(one.account_id, one.kind, one.is_active)


def _member(row: Any) -> TeamMember:
    return TeamMember(
        row.account_id,
        row.name,
        row.discipline,
        row.kind,
        row.from_at,
        row.until_at,
        row.active,
        row.stands_for_id,
        row.stands_for_name,
        row.looked_at,
    )
