"""Supplies: recording what was dispensed or counted, and reading it back.

One call, one transaction: the row, its audit line and the used-up number commit together. Sending
the same supply again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.errors import NotFound
from adherence.services.entries import Result
from adherence.services.record import Record
from adherence.store import patients
from adherence.store import supplies as table
from adherence.store.db import Run, read, write

#: A supply dated later than this from now is a mistake; a zone may be a day ahead of UTC.
AHEAD = timedelta(days=1)
#: Field of the document -> the value it has when nothing is said.
FIELDS: dict[str, Any] = {
    "date": None,
    "duration": None,
    "daily_dose": None,
    "medication": None,
    "source": None,
    "withdrawn": False,
    "corrects_id": None,
}
#: What a correction that says nothing of them takes over.
KEPT = ("date", "duration", "daily_dose", "medication", "source")


@dataclass(frozen=True, slots=True)
class SupplyReceipt:
    """What became of one supply; ``seq`` is its place in the record, None when not stored."""

    client_id: UUID
    result: Result
    seq: int | None = None
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuppliesPage:
    """Supplies newest first; ``before`` is the cursor of the next page, None at the end."""

    supplies: list[Any]
    before: int | None


def payload_hash(document: Mapping[str, Any]) -> bytes:
    """16 bytes that differ when a document says something else."""
    said = []
    for name, silent in FIELDS.items():
        value = document.get(name, silent)
        if value is not None and value != silent:
            said.append(f"{name}={value}")
    return hashlib.blake2b("\n".join(said).encode(), digest_size=16).digest()


def record_supply(
    actor: Actor, patient_id: UUID, document: Mapping[str, Any], now: datetime
) -> SupplyReceipt:
    """Store one supply, or a correction of one; the receipt says whether it is new.

    ``document`` has a ``client_id`` and the fields of ``FIELDS``; a correction takes over what it
    does not say.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    digest = payload_hash(document)
    return write(lambda run: _store(Record(run, actor, patient_id, now), document, digest))


def _store(record: Record, document: Mapping[str, Any], digest: bytes) -> SupplyReceipt:
    run, client_id = record.run, document["client_id"]
    stored = _supply(run, record.patient_id, client_id)
    if stored is not None:
        same = bytes(stored.payload_hash) == digest
        return SupplyReceipt(client_id, Result.IDENTICAL if same else Result.CONFLICT, stored.seq)
    row = {**FIELDS, **document}
    corrects_id = row["corrects_id"]
    if corrects_id is not None:
        old = _supply(run, record.patient_id, corrects_id)
        if old is None:
            return SupplyReceipt(client_id, Result.UNKNOWN)
        if run.first(table.correction_of, patient_id=record.patient_id, client_id=corrects_id):
            why = {"corrects_id": ["already_corrected"]}
            return SupplyReceipt(client_id, Result.CONFLICT, errors=why)
        row |= {name: getattr(old, name) for name in KEPT if row[name] is None}
    if row["date"] > (record.now + AHEAD).date():
        why = {"date": ["in_the_future"]}
        return SupplyReceipt(client_id, Result.INVALID, errors=why)
    seq = record.number()
    run.do(
        table.add_supply,
        **row,
        patient_id=record.patient_id,
        clinic_id=record.clinic_id,
        seq=seq,
        author_id=record.actor.account_id,
        received_at=record.now,
        payload_hash=digest,
    )
    record.audit("supply.record" if corrects_id is None else "supply.correct", client_id, digest)
    record.close()
    result = Result.CREATED if corrects_id is None else Result.CORRECTED
    return SupplyReceipt(client_id, result, seq)


def _supply(run: Run, patient_id: UUID, client_id: UUID) -> Any:
    return run.first(table.supply_by_client_id, patient_id=patient_id, client_id=client_id)


def supplies(
    actor: Actor, patient_id: UUID, before: int | None, limit: int, now: datetime
) -> SuppliesPage:
    """A page of the supplies, corrected ones too, each with the id of what corrected it.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient: Any = run.first(patients.patient_by_id, patient_id=patient_id)
        if patient is None or patient.clinic_id != actor.clinic_id:
            raise NotFound
        rows = run.all(
            table.supplies_page,
            patient_id=patient_id,
            before=before if before is not None else 2**62,
            many=limit + 1,
        )
    more = len(rows) > limit
    rows = rows[:limit]
    return SuppliesPage(rows, rows[-1].seq if more else None)
