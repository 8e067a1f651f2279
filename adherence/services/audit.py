"""Audit: sealing the chains of a clinic, and finding what was changed behind our back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Relation, Role, Source
from adherence.domain.audit import (
    FORM_READ,
    GENESIS,
    SERVICE_ID,
    Kind,
    Refusal,
    Wanted,
    is_read,
    kind_of,
    link,
    seal,
)
from adherence.services.plans import opened
from adherence.services.record import Record, audit_clinic
from adherence.store import audit as table
from adherence.store import clinics, erasures, jobs, patients
from adherence.store.db import Run, read, write

PAGE = 5_000
#: Lines of a patient's accesses shown at once, which are many to a day; and of a clinic's.
LINES = 200
CLINIC_LINES = 25
#: A number beyond the last line of any chain.
LAST = 2**62
#: How long a chain is, the hash it ends with, and how far it is sealed.
Head = tuple[int, bytes | None, int]
#: The job that walks through all chains at night.
VERIFY = "verify"
#: Chains sealed in one transaction: a long one would hold up everybody's writing.
SEALED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain does not hold: ``n`` is the first line that is wrong, 0 for the whole chain."""

    chain_id: UUID
    n: int
    what: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line, with the names of who acted and whom it was about, where they are known."""

    chain_id: UUID
    n: int
    at: datetime
    actor_id: UUID
    actor_name: str | None
    actor_role: Role | None
    action: str
    kind: Kind
    refusal: Refusal | None
    relation: Relation | None
    source: Source | None
    request_id: str | None
    patient_id: UUID | None = None
    patient_name: str | None = None

    @property
    def place(self) -> tuple[datetime, UUID, int]:
        """Where it stands among the lines of a clinic."""
        return self.at, self.chain_id, self.n


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines, the newest first; ``has_more`` when older ones follow. Days are those of ``zone``."""

    lines: list[Line]
    has_more: bool
    zone: str


@dataclass(frozen=True, slots=True)
class Verified:
    """When the chains were last walked, and since when they do not hold (None: they do)."""

    at: datetime
    failing_since: datetime | None


def note_read(actor: Actor, patient_id: UUID, action: str, now: datetime) -> None:
    """Write down that somebody looked at a patient's record, or at a form about it."""

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now, even_restricted=True)
        record.audit(action if is_read(action) else FORM_READ, patient_id)
        record.close()

    write(work)


def accesses(actor: Actor, patient_id: UUID, before: int | None = None) -> Lines:
    """What others did with a patient's record, the newest first, from below line ``before`` on.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient, care = opened(run, actor, patient_id)
        rows = run.all(
            table.lines_of_others,
            chain_id=patient_id,
            before=before if before is not None else LAST,
            account_id=patient.account_id or SERVICE_ID,
            service_id=SERVICE_ID,
            many=LINES + 1,
        )
    found = [_shown(row) for row in rows[:LINES]]
    return Lines(found, len(rows) > LINES, care.zones.current())


def examine(actor: Actor, wanted: Wanted, now: datetime) -> Lines:
    """Lines of the actor's clinic, the newest first. Looking through them is a line itself."""
    with read() as run:
        rows = run.core(table.lines_of_clinic(actor.clinic_id, wanted, CLINIC_LINES + 1))
        zone = run.first(clinics.clinic_by_id, clinic_id=actor.clinic_id).zone
    write(lambda run: audit_clinic(run, actor, "audit.read", actor.clinic_id, now))
    found = [_shown(row, row.patient_id, row.patient_name) for row in rows[:CLINIC_LINES]]
    return Lines(found, len(rows) > CLINIC_LINES, zone)


def patients_named(actor: Actor, name: str) -> tuple[UUID, ...]:
    """The patients of the actor's clinic who are called just so, in whatever case."""
    with read() as run:
        rows = run.all(patients.patients_named, clinic_id=actor.clinic_id, name=name)
    return tuple(row.id for row in rows)


def last_verified() -> Verified | None:
    """How the last walk through all chains went, None before the first."""
    with read() as run:
        row = next((one for one in run.all(jobs.job_states) if one.job == VERIFY), None)
    return None if row is None else Verified(row.ran_at, row.failing_since)


def _shown(row: Any, patient_id: UUID | None = None, patient_name: str | None = None) -> Line:
    return Line(
        row.chain_id,
        row.n,
        row.at,
        row.actor_id,
        row.actor_name,
        row.actor_role,
        row.action,
        kind_of(row.action, row.result, row.relation),
        None if row.reason is None else Refusal(row.reason),
        None if row.relation is None else Relation(row.relation),
        None if row.source is None else Source(row.source),
        row.request_id,
        patient_id,
        patient_name,
    )


def note_refusal(
    actor: Actor, action: str, object_id: UUID, refusal: Refusal, now: datetime
) -> None:
    """Write down that somebody was refused, in the chain of the clinic they belong to.

    Never in the patient's own: it may be another clinic's, or there may be no such patient.
    """
    write(lambda run: audit_clinic(run, actor, action, object_id, now, refusal))


def clinic_ids() -> Sequence[UUID]:
    """All clinics."""
    with read() as run:
        return [row.id for row in run.all(clinics.clinic_ids)]


def seal_clinic(clinic_id: UUID, now: datetime) -> int:
    """Seal the heads of the clinic's chains that grew since the last seal; how many."""

    def work(run: Run) -> int:
        clinic: Any = run.first(clinics.lock_clinic, clinic_id=clinic_id)
        grown = run.all(patients.unsealed_heads, clinic_id=clinic_id)[:SEALED_AT_ONCE]
        heads = [[str(row.id), row.audit_n, bytes(row.audit_head).hex()] for row in grown]
        if clinic.audit_n > clinic.sealed_n:
            heads.append([str(clinic_id), clinic.audit_n, bytes(clinic.audit_head).hex()])
        if not heads:
            return 0
        add_seal(run, clinic_id, heads, now)
        for row in grown:
            run.do(patients.set_sealed, patient_id=row.id, n=row.audit_n)
        run.do(clinics.set_clinic_sealed, clinic_id=clinic_id, n=clinic.audit_n)
        return len(heads)

    sealed = total = write(work)
    while sealed >= SEALED_AT_ONCE:
        sealed = write(work)
        total += sealed
    return total


def add_seal(run: Run, clinic_id: UUID, heads: list[list[Any]], now: datetime) -> None:
    """Seal the heads of some chains of a clinic, which the caller has locked."""
    last: Any = run.first(table.last_seal, clinic_id=clinic_id)
    n = 1 if last is None else last.n + 1
    before = GENESIS if last is None else bytes(last.hash)
    run.do(
        table.add_seal,
        clinic_id=clinic_id,
        n=n,
        at=now,
        heads=heads,
        hash=seal(before, clinic_id, n, now, [tuple(head) for head in heads]),
    )


def verify(clinic_id: UUID) -> list[Fault]:
    """Every place where the clinic's chains or seals do not hold; empty when all is whole.

    Each chain is read in a snapshot of its own: one for all would hold back the database's
    checkpoint for the whole of a long walk.
    """
    return _verify(read, clinic_id)


def verify_within(run: Run, clinic_id: UUID) -> list[Fault]:
    """The same on what one transaction sees."""
    return _verify(lambda: nullcontext(run), clinic_id)


def _verify(snapshot: Callable[[], AbstractContextManager[Run]], clinic_id: UUID) -> list[Fault]:
    with snapshot() as run:
        faults, sealed = _verify_seals(run, clinic_id)
        owners = _owners(run, clinic_id)
        chains = {row.chain_id for row in run.all(table.audit_chain_ids, clinic_id=clinic_id)}
    for chain_id in sorted(owners | chains | sealed.keys(), key=str):
        with snapshot() as run:
            head = _head(run, clinic_id, chain_id)
            faults += _verify_chain(run, clinic_id, chain_id, head, sealed.get(chain_id, {}))
    return faults


def _owners(run: Run, clinic_id: UUID) -> set[UUID]:
    """The owners of a clinic's chains: its patients, those who were erased, and itself."""
    found = {row.id for row in run.all(patients.audited, clinic_id=clinic_id)}
    gone = {row.chain_id for row in run.all(erasures.tombstones_of_clinic, clinic_id=clinic_id)}
    return found | gone | {clinic_id}


def _head(run: Run, clinic_id: UUID, chain_id: UUID) -> Head | None:
    """A chain by its owner: how long it is, how it ends, how far it is sealed; None without one."""
    owner: Any
    if chain_id == clinic_id:
        owner = run.first(clinics.audit_head, clinic_id=clinic_id)
    else:
        owner = run.first(patients.audit_head, patient_id=chain_id) or run.first(
            erasures.tombstone_of_chain, clinic_id=clinic_id, chain_id=chain_id
        )
    return None if owner is None else (owner.audit_n, owner.audit_head, owner.sealed_n)


def _verify_seals(run: Run, clinic_id: UUID) -> tuple[list[Fault], dict[UUID, dict[int, str]]]:
    faults: list[Fault] = []
    sealed: dict[UUID, dict[int, str]] = {}
    before = GENESIS
    expected = 1
    for row in run.all(table.seals, clinic_id=clinic_id):
        heads = [tuple(head) for head in row.heads]
        if row.n != expected:
            faults.append(Fault(clinic_id, expected, "a seal is missing"))
        if bytes(row.hash) != seal(before, clinic_id, row.n, row.at, heads):
            faults.append(Fault(clinic_id, row.n, "a seal was changed"))
        before, expected = bytes(row.hash), row.n + 1
        for chain_id, n, head in heads:
            sealed.setdefault(UUID(chain_id), {})[n] = head
    return faults, sealed


def _verify_chain(
    run: Run,
    clinic_id: UUID,
    chain_id: UUID,
    head: Head | None,
    sealed: dict[int, str],
) -> list[Fault]:
    if head is None:
        return [Fault(chain_id, 0, "the chain's owner is gone")]
    stored_n, stored_head, sealed_n = head
    if sealed_n and sealed_n not in sealed:
        return [Fault(chain_id, sealed_n, "the seal of this line is missing")]
    before, n = GENESIS, 0
    while True:
        rows = run.all(table.audit_chain, chain_id=chain_id, after=n, many=PAGE)
        for row in rows:
            if row.n != n + 1:
                return [Fault(chain_id, n + 1, "a line is missing")]
            expected = link(
                before,
                row.chain_id,
                row.n,
                row.clinic_id,
                row.at,
                row.actor_id,
                row.action,
                row.object_id,
                row.result,
                None if row.digest is None else bytes(row.digest),
                () if row.source is None else _circumstances(row),
            )
            if bytes(row.hash) != expected or row.clinic_id != clinic_id:
                return [Fault(chain_id, row.n, "a line was changed")]
            if row.n in sealed and sealed.pop(row.n) != expected.hex():
                return [Fault(chain_id, row.n, "a line differs from its seal")]
            before, n = expected, row.n
        if len(rows) < PAGE:
            break
    if sealed:
        return [Fault(chain_id, n + 1, "the sealed end of the chain is missing")]
    if stored_n != n or bytes(stored_head or GENESIS) != before:
        return [Fault(chain_id, n + 1, "the end of the chain is missing")]
    return []


def _circumstances(row: Any) -> tuple[str | None, ...]:
    return row.relation, row.reason, row.source, row.request_id
