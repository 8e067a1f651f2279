"""Break-glass: a record opened in an emergency by a clinician of the clinic outside its care team.

Whoever does it gives a reason, reads one record for a limited time, and cannot do it unnoticed: the
patient and the clinic's administrators are told in the transaction that opens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import Actor, Relation, Role
from adherence.domain.break_glass import WORDS_LIMIT, folded, minutes_left, read_reason
from adherence.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from adherence.domain.texts import clean
from adherence.services import mails, relations
from adherence.services.mails import MailKind
from adherence.services.record import Record, audit_clinic
from adherence.store import accounts as account_table
from adherence.store import break_glass as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

#: The outbox topic of a record that was opened.
TOPIC = "emergency"
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several patients of one name and year of birth, told apart without health data."""

    patient_id: UUID
    started_on: date
    zone: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What the actor has open at present."""

    id: UUID
    patient_id: UUID
    patient_name: str
    ends_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Emergency:
    """One record opened in an emergency, as the clinic, the team and the patient read it.

    ``until_at`` is when it was over, or will be. ``seen_at`` is None while no administrator has
    looked into it, ``told_at`` while the patient has not read it.
    """

    id: UUID
    patient_id: UUID
    patient_name: str
    clinician_name: str
    reason: str
    begun_at: datetime
    until_at: datetime
    seen_at: datetime | None
    seen_by_name: str | None
    seen_words: str | None
    told_at: datetime | None


class SeveralOfThisName(Conflict):
    """More than one patient has this name and year of birth; one of ``candidates`` is meant."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        super().__init__("several of this name")
        self.candidates = tuple(candidates)


def begin(
    actor: Actor,
    *,
    name: str,
    birth_year: int,
    reason: str,
    now: datetime,
    chosen: UUID | None = None,
) -> UUID:
    """Open the record of the patient of exactly this name and year of birth; the patient's id.

    ``chosen`` says which one where several have both. Opening what is open already changes nothing.

    Raises:
        InvalidInput: no reason, nobody of this name, somebody for whom the actor cares anyway, or
            another record is open.
        SeveralOfThisName: which one is not said.
        NotPermitted: the actor is no clinician.
    """
    if actor.role is not Role.CLINICIAN:
        raise NotPermitted
    why = read_reason(reason)
    kept = settings.current()
    ends_at = now + timedelta(minutes=kept.emergency_minutes)
    link = f"{kept.base_url}/emergencies" if mails.is_on() else ""
    patient_id = _found(actor, name, birth_year, chosen, now)

    def work(run: Run) -> UUID:
        relation = relations.relation_in(run, actor, patient_id, now)
        if relation is Relation.CARE_TEAM:
            raise InvalidInput("name", "cared_for")
        if relation is Relation.EMERGENCY:
            return patient_id
        if relation is not Relation.CLINIC:
            raise NotFound
        record = Record(run, actor, patient_id, now)
        run.do(table.clear_expired, account_id=actor.account_id, now=now)
        emergency_id = new_id()
        added = run.first(
            table.add_break_glass[run.dialect.name],
            id=emergency_id,
            clinic_id=record.clinic_id,
            patient_id=patient_id,
            account_id=actor.account_id,
            reason=why,
            begun_at=now,
            ends_at=ends_at,
        )
        if added is None:
            raise InvalidInput("name", "another_open")
        if link:
            _tell_admins(run, record.clinic_id, link, now)
        record.audit("emergency.begin", emergency_id)
        record.send(TOPIC, emergency_id, record.number())
        record.close()
        return patient_id

    return write(work)


def _found(actor: Actor, name: str, birth_year: int, chosen: UUID | None, now: datetime) -> UUID:
    wanted = folded(name)
    with read() as run:
        rows = run.all(table.patients_born_in, clinic_id=actor.clinic_id, year=birth_year)
    matching = [row for row in rows if folded(row.name) == wanted]
    if not wanted or not matching:
        # A search that finds nobody is written down too: it may be one for a person.
        write(lambda run: audit_clinic(run, actor, "emergency.search", actor.account_id, now))
        raise InvalidInput("name", "nobody_found")
    if chosen is not None:
        if chosen not in {row.id for row in matching}:
            raise InvalidInput("chosen", "nobody_found")
        return chosen
    if len(matching) > 1:
        raise SeveralOfThisName(
            [Candidate(row.id, row.started_on, row.home_zone) for row in matching]
        )
    found: UUID = matching[0].id
    return found


def _tell_admins(run: Run, clinic_id: UUID, link: str, now: datetime) -> None:
    for row in run.all(account_table.admins_with_address, clinic_id=clinic_id):
        if row.email is None:
            continue  # no key opens it any more
        mail = mails.prepared(
            MailKind.EMERGENCY,
            row.id,
            row.email,
            row.locale or "en",
            now,
            now + mails.NEWS,
            link=link,
        )
        mails.add(run, mail)


def end(actor: Actor, patient_id: UUID, now: datetime) -> None:
    """Stop reading before the time is over; it holds from the next request.

    Raises:
        NotFound: the actor has nothing open of this patient.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        ended = run.value(
            table.end_break_glass, patient_id=patient_id, account_id=actor.account_id, now=now
        )
        if ended is None:
            raise NotFound
        record.audit("emergency.end", ended)
        record.close()

    write(work)


def open_now(actor: Actor, now: datetime) -> Opened | None:
    """What the actor has open at present, None if nothing."""
    with read() as run:
        row: Any = run.first(
            table.open_of_account,
            account_id=actor.account_id,
            clinic_id=actor.clinic_id,
            now=now,
        )
    if row is None:
        return None
    left = minutes_left(row.ends_at, now)
    return Opened(row.id, row.patient_id, row.patient_name, row.ends_at, left)


def of_patient(actor: Actor, patient_id: UUID) -> list[Emergency]:
    """When and by whom a patient's record was opened in an emergency, the newest first."""
    with read() as run:
        return [_emergency(row) for row in run.all(table.of_patient, patient_id=patient_id)]


def of_clinic(actor: Actor, now: datetime) -> list[Emergency]:
    """Every record of the clinic opened in an emergency, unseen ones first. A line of audit."""
    with read() as run:
        rows = run.all(table.of_clinic, clinic_id=actor.clinic_id, many=SHOWN)
    write(lambda run: audit_clinic(run, actor, "emergency.review", actor.clinic_id, now))
    return [_emergency(row) for row in rows]


def unseen(actor: Actor) -> int:
    """How many of the clinic's no administrator has looked into."""
    with read() as run:
        return int(run.value(table.unseen, clinic_id=actor.clinic_id))


def untold(patient_id: UUID) -> int:
    """How many of a patient's the patient has not read."""
    with read() as run:
        return int(run.value(table.untold, patient_id=patient_id))


def see(actor: Actor, emergency_id: UUID, words: str, now: datetime) -> None:
    """Say as an administrator that one has looked into it, and in a sentence what came of it.

    Raises:
        InvalidInput: no sentence.
        NotFound: no such thing in the actor's clinic, or somebody has seen it already.
    """
    said = clean(words, WORDS_LIMIT, lines=20, field="words")
    if not said:
        raise InvalidInput("words", "empty")

    def work(run: Run) -> None:
        patient_id = run.value(
            table.patient_of_unseen, emergency_id=emergency_id, clinic_id=actor.clinic_id
        )
        if patient_id is None:
            raise NotFound
        record = Record(run, actor, patient_id, now)
        if not run.do(
            table.see,
            emergency_id=emergency_id,
            clinic_id=actor.clinic_id,
            seer_id=actor.account_id,
            words=said,
            now=now,
        ):
            raise NotFound
        record.audit("emergency.seen", emergency_id)
        record.close()

    write(work)


def told(actor: Actor, patient_id: UUID, emergency_id: UUID, now: datetime) -> None:
    """Say as the patient that one has read who opened one's record.

    Raises:
        NotFound: no such thing of this patient that was not read.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        if not run.do(table.tell, emergency_id=emergency_id, patient_id=patient_id, now=now):
            raise NotFound
        record.audit("emergency.told", emergency_id)
        record.close()

    write(work)


def _emergency(row: Any) -> Emergency:
    return Emergency(
        row.id,
        row.patient_id,
        row.patient_name,
        row.clinician_name,
        row.reason,
        row.begun_at,
        row.ends_at if row.ended_at is None else row.ended_at,
        row.seen_at,
        row.seen_by_name,
        row.seen_words,
        row.told_at,
    )
