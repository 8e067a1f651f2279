"""Relations: how an actor stands to a patient, now and inside a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import POLICY, Actor, Relation, Role, Scope, may
from adherence.domain.errors import NotFound
from adherence.store import accounts as table
from adherence.store import proxies as proxy_table
from adherence.store.db import Run, read


def relation_to_patient(actor: Actor, patient_id: UUID, now: datetime) -> Relation:
    """How an actor stands to a patient: one statement, and none when it is the patient."""
    if actor.patient_id is not None and actor.patient_id == patient_id:
        return Relation.SELF
    with read() as run:
        return relation_in(run, actor, patient_id, now)


def relation_in(run: Run, actor: Actor, patient_id: UUID, now: datetime) -> Relation:
    """The same inside a transaction, so that a check and the write it permits are one."""
    if actor.role is Role.PATIENT:
        if actor.patient_id is not None and actor.patient_id == patient_id:
            return Relation.SELF
        return _proxy_relation(run, actor, patient_id, now)
    row: Any = run.first(
        table.relation_to_patient,
        patient_id=patient_id,
        account_id=actor.account_id,
        clinic_id=actor.clinic_id,
        now=now,
    )
    return _relation(row)


def relation_to_notice(actor: Actor, notice_id: UUID, now: datetime) -> Relation:
    """How an actor stands to the patient whom a notice is about, in one statement."""
    with read() as run:
        row: Any = run.first(
            table.relation_to_notice,
            notice_id=notice_id,
            account_id=actor.account_id,
            clinic_id=actor.clinic_id,
            now=now,
        )
        if row is not None and actor.role is Role.PATIENT:
            return relation_in(run, actor, row.id, now)
    return _relation(row)


def check_entrance(run: Run, actor: Actor, patient_id: UUID) -> None:
    """Ask again, under the patient's lock, whether the door still stands open.

    A relation that ended while the request was on its way ends the request too: whoever ended it
    held the same lock, so either this write came first or it does not come at all. A patient's own
    record has no relation that could end.

    Raises:
        NotFound: what let the actor in has ended meanwhile.
    """
    entrance = actor.entrance
    if (
        entrance is None
        or actor.patient_id == patient_id
        or POLICY[entrance.action].scope is not Scope.PATIENT
    ):
        return
    relation = relation_in(run, actor, patient_id, entrance.moment())
    if not may(actor, entrance.action, relation):
        raise NotFound


def _proxy_relation(run: Run, actor: Actor, patient_id: UUID, now: datetime) -> Relation:
    found = run.first(
        proxy_table.proxy_holds,
        patient_id=patient_id,
        account_id=actor.account_id,
        now=now,
        year=now.year,
    )
    return Relation.NONE if found is None else Relation.PROXY


def _relation(row: Any) -> Relation:
    """How staff stand to a patient; to one whose record was locked away nobody stands at all."""
    if row is None or row.restricted_at is not None:
        return Relation.NONE
    if row.in_team:
        return Relation.CARE_TEAM
    return Relation.EMERGENCY if row.in_emergency else Relation.CLINIC
