"""Audit: sealing the chains of a clinic, and finding what was changed behind our back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.audit import GENESIS, link, seal
from adherence.services.record import Record
from adherence.store import audit as table
from adherence.store import clinics, erasures, patients
from adherence.store.db import Run, read, write

PAGE = 5_000
#: Chains sealed in one transaction: a long one would hold up everybody's writing.
SEALED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain does not hold: ``n`` is the first line that is wrong, 0 for the whole chain."""

    chain_id: UUID
    n: int
    what: str


def note_read(actor: Actor, patient_id: UUID, action: str, now: datetime) -> None:
    """Write down that somebody looked at a patient's record."""

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now, even_restricted=True)
        record.audit(action, patient_id)
        record.close()

    write(work)


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
    """Every place where the clinic's chains or seals do not hold; empty when all is whole."""
    with read() as run:
        faults, sealed = _verify_seals(run, clinic_id)
        heads = {
            row.id: (row.audit_n, row.audit_head)
            for row in run.all(patients.audit_heads, clinic_id=clinic_id)
        }
        for row in run.all(erasures.tombstones_of_clinic, clinic_id=clinic_id):
            heads[row.chain_id] = (row.audit_n, row.audit_head)
        clinic: Any = run.first(clinics.audit_head, clinic_id=clinic_id)
        heads[clinic_id] = (clinic.audit_n, clinic.audit_head)
        chains = {row.chain_id for row in run.all(table.audit_chain_ids, clinic_id=clinic_id)}
        for chain_id in sorted(heads.keys() | chains | sealed.keys(), key=str):
            faults += _verify_chain(
                run, clinic_id, chain_id, heads.get(chain_id), sealed.get(chain_id, {})
            )
    return faults


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
    head: tuple[int, bytes | None] | None,
    sealed: dict[int, str],
) -> list[Fault]:
    if head is None:
        return [Fault(chain_id, 0, "the chain's owner is gone")]
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
    stored_n, stored_head = head
    if stored_n != n or bytes(stored_head or GENESIS) != before:
        return [Fault(chain_id, n + 1, "the end of the chain is missing")]
    return []
