"""Proxies: people who act for a patient with an account of their own, until a date or a tap.

Everything a proxy does is written down under the proxy's own name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Relation, Role
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.texts import clean
from adherence.services import accounts, invites
from adherence.services.invites import Invite
from adherence.services.record import Record
from adherence.services.relations import relation_to_patient
from adherence.services.sessions import Beginning, Opened, act_for
from adherence.store import accounts as account_table
from adherence.store import addresses, clinics
from adherence.store import patients as patient_table
from adherence.store import proxies as table
from adherence.store import sessions as session_table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id


@dataclass(frozen=True, slots=True)
class ActedFor:
    """A patient whom a proxy speaks for; ``is_locked``: the record takes nothing new."""

    name: str
    is_locked: bool


@dataclass(frozen=True, slots=True)
class Proxy:
    """Somebody who acts for a patient now. ``grown_year`` is set where it ends with childhood."""

    id: UUID
    patient_id: UUID
    account_id: UUID
    patient_name: str
    proxy_name: str
    from_at: datetime
    until_at: datetime | None
    grown_year: int | None


def proxies_of(actor: Actor, patient_id: UUID, now: datetime) -> list[Proxy]:
    """Who acts for a patient now.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
        if patient is None or patient.clinic_id != actor.clinic_id:
            raise NotFound
        rows = run.all(table.proxies_of_patient, patient_id=patient_id, now=now, year=now.year)
    return [_proxy(row) for row in rows]


def patients_of(actor: Actor, now: datetime) -> list[Proxy]:
    """For whom the actor may act now."""
    with read() as run:
        rows = run.all(table.patients_of_proxy, account_id=actor.account_id, now=now, year=now.year)
    return [_proxy(row) for row in rows]


def add_proxy(
    actor: Actor,
    patient_id: UUID,
    *,
    name: str,
    email: str,
    until_at: datetime | None,
    until_grown: bool,
    locale: str | None,
    now: datetime,
) -> Invite | None:
    """Let somebody act for a patient; their invitation, None if they have an account already.

    An account is known by its address; without one a new account is made.

    Raises:
        InvalidInput: an empty name, an end that has passed, an address that is none or of somebody
            who is not at home here, a child whose year of birth is not known or who is grown up.
        NotFound: no such patient in the actor's clinic.
    """
    name = clean(name, invites.NAME_LIMIT, field="name")
    if not name:
        raise InvalidInput("name", "empty")
    if until_at is not None and until_at <= now:
        raise InvalidInput("until", "in_the_past")
    address = accounts.read_address(email) if email.strip() else None
    account_id = new_id()
    made = invites.made_invite(account_id, now)

    def work(run: Run) -> Invite | None:
        record = Record(run, actor, patient_id, now)
        patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=record.clinic_id)
        if until_grown:
            if patient.birth_year is None:
                raise InvalidInput("until_grown", "no_birth_year")
            if patient.birth_year + clinic.grown_age <= now.year:
                raise InvalidInput("until_grown", "grown_up")
        known: Any = address and addresses.account_with(run, record.clinic_id, address)
        if known:
            if known.role != Role.PATIENT or known.account_id == patient.account_id:
                raise InvalidInput("email", "taken")
        else:
            accounts.add_account(
                run, account_id, record.clinic_id, Role.PATIENT, name, locale, now, None
            )
            if address is not None:
                run.do(account_table.set_new_email, account_id=account_id, address=address)
            invites.renew_invite(run, made, now)
        whose = known.account_id if known else account_id
        if run.first(
            table.proxy_holds, patient_id=patient_id, account_id=whose, now=now, year=now.year
        ):
            raise InvalidInput("email", "acts_already")
        proxy_id = new_id()
        run.do(
            table.add_proxy,
            id=proxy_id,
            clinic_id=record.clinic_id,
            patient_id=patient_id,
            account_id=whose,
            author_id=actor.account_id,
            until_grown=until_grown,
            from_at=now,
            until_at=until_at,
        )
        record.audit("proxy.add", proxy_id)
        record.close()
        return None if known else invites.sheet(made, name, clinic.name)

    return write(work)


def end_proxy(actor: Actor, patient_id: UUID, proxy_id: UUID, now: datetime) -> None:
    """Let somebody no longer act for a patient; it holds from the next request, on open pages too.

    Raises:
        NotFound: nobody acts for the patient under this id, or the actor may not end it.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now, even_restricted=True)
        ended: Any = run.first(table.end_proxy, patient_id=patient_id, proxy_id=proxy_id, now=now)
        if ended is None:
            raise NotFound
        if (
            actor.role is Role.PATIENT
            and actor.patient_id != patient_id
            and ended.account_id != actor.account_id
        ):
            raise NotFound  # a proxy ends their own part, never another's
        run.do(session_table.stop_acting, account_id=ended.account_id, patient_id=patient_id)
        record.audit("proxy.end", proxy_id)
        record.close()

    write(work)


def act(new: Beginning, session: Opened, patient_id: UUID | None, now: datetime) -> str:
    """Act for a patient from here on, or for nobody; the secret of the session that goes on.

    Raises:
        NotFound: the actor may not act for this patient, or the session has ended meanwhile.
    """
    if (
        patient_id is not None
        and relation_to_patient(session.actor, patient_id, now) is not Relation.PROXY
    ):
        raise NotFound
    return act_for(new, session, replace(session.actor, acts_for=patient_id))


def acted_for(patient_id: UUID) -> ActedFor:
    """Whom somebody acts for; the guard has asked whether they may.

    Raises:
        NotFound: no such patient.
    """
    with read() as run:
        patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
    if patient is None:
        raise NotFound
    return ActedFor(patient.name, patient.restricted_at is not None)


def _proxy(row: Any) -> Proxy:
    return Proxy(
        row.id,
        row.patient_id,
        row.account_id,
        row.patient_name,
        row.proxy_name,
        row.from_at,
        row.until_at,
        row.grown_year if row.until_grown else None,
    )
