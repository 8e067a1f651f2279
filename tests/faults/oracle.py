"""The oracle: compares what clients were told with what a database holds.

It reads the tables with statements of its own, so that a fault in the product's queries cannot hide
from it; only what has to be recomputed (day sums, hash chains) is asked of the product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from adherence.store.data_keys import Keyring
from tests.builders import SECRET

AUDIT_ACTIONS = ("entry.create", "entry.correct")
OUTBOX_TOPICS = ("entry",)
COMPARED = ("note", "status", "pain", "effort", "sets", "reps", "reason")


class Told(StrEnum):
    """What the client knows of one entry it sent."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"


@dataclass(slots=True)
class Line:
    """One entry in a client's journal, kept outside the server."""

    patient_id: UUID
    client_id: UUID
    document: dict[str, Any]
    told: Told = Told.SENT
    answers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A broken promise: its name and the object it was broken for."""

    promise: str
    what: str


def rows(engine: sa.Engine, statement: str) -> list[sa.Row[Any]]:
    """All rows of one SQL statement."""
    with engine.connect() as connection:
        return list(connection.execute(sa.text(statement)).all())


def uuid_of(value: Any) -> UUID:
    """A UUID however the driver hands it over: 16 bytes, text or itself."""
    if isinstance(value, UUID):
        return value
    return UUID(bytes=bytes(value)) if isinstance(value, bytes | memoryview) else UUID(value)


def findings(engine: sa.Engine, journal: Iterable[Line]) -> list[Finding]:
    """Every promise about entries that the database at ``engine`` breaks, in order of name.

    lost        an acknowledged entry is not there (I1)
    changed     an entry is there and is not what was sent (I1, I2)
    doubled     what was sent once is there twice, under whatever id (I1, I2)
    unknown     an entry is there that nobody sent
    unaudited   an entry without exactly one audit line, or a line without its entry (I3)
    unannounced an entry without exactly one outbox line, or a line without its entry (I3)
    seq         a patient's numbers repeat or pass the patient's own counter
    integrity   the database file or a reference in it is broken
    """
    found: list[Finding] = []
    sent = {(line.patient_id, line.client_id): line for line in journal}
    stored: dict[tuple[UUID, UUID], Any] = {}
    notes: Counter[str] = Counter()
    keyring = Keyring(engine, lambda: (SECRET,))
    for row in rows(engine, f"SELECT patient_id, client_id, {', '.join(COMPARED)} FROM entry"):
        key = (uuid_of(row.patient_id), uuid_of(row.client_id))
        stored[key] = row
        note = keyring.open(row.note) if row.note else row.note
        if note:
            notes[note] += 1
        line = sent.get(key)
        if line is None:
            found.append(Finding("unknown", str(key[1])))
        elif differs(row, note, line.document):
            found.append(Finding("changed", str(key[1])))
    found += [
        Finding("lost", str(key[1]))
        for key, line in sent.items()
        if line.told is Told.ACKNOWLEDGED and key not in stored
    ]
    found += [Finding("doubled", note) for note, times in notes.items() if times > 1]
    found += without_twin(
        engine, set(stored), "unaudited", "audit", "chain_id", "object_id", "action", AUDIT_ACTIONS
    )
    found += without_twin(
        engine,
        set(stored),
        "unannounced",
        "outbox",
        "patient_id",
        "subject_id",
        "topic",
        OUTBOX_TOPICS,
    )
    found += numbers(engine)
    found += integrity(engine)
    return sorted(found)


def differs(row: Any, note: str | None, document: dict[str, Any]) -> bool:
    """Whether a stored row, its note opened, is not the document that was sent."""
    read = row._asdict() | {"note": note}
    return any(read[name] != document.get(name) for name in COMPARED)


def without_twin(
    engine: sa.Engine,
    stored: set[tuple[UUID, UUID]],
    promise: str,
    table: str,
    patient: str,
    subject: str,
    kind: str,
    kinds: tuple[str, ...],
) -> list[Finding]:
    """Entries without exactly one line in ``table``, and lines whose entry is not there."""
    listed = ", ".join(f"'{name}'" for name in kinds)
    statement = f"SELECT {patient}, {subject} FROM {table} WHERE {kind} IN ({listed})"
    lines = Counter((uuid_of(one), uuid_of(other)) for one, other in rows(engine, statement))
    wrong = {key for key in stored if lines[key] != 1} | (lines.keys() - stored)
    return [Finding(promise, str(key[1])) for key in wrong]


def numbers(engine: sa.Engine) -> list[Finding]:
    """Patients whose entries' numbers repeat or lie above the number last handed out."""
    statement = (
        "SELECT e.patient_id AS patient_id, count(*) AS n, count(DISTINCT e.seq) AS different,"
        " max(e.seq) AS highest, p.seq AS counter"
        " FROM entry e JOIN patient p ON p.id = e.patient_id GROUP BY e.patient_id, p.seq"
    )
    return [
        Finding("seq", str(uuid_of(row.patient_id)))
        for row in rows(engine, statement)
        if row.n != row.different or row.highest > row.counter
    ]


def integrity(engine: sa.Engine) -> list[Finding]:
    """What SQLite itself finds broken in the file; PostgreSQL has no such question."""
    if engine.dialect.name != "sqlite":
        return []
    said = [row[0] for row in rows(engine, "PRAGMA integrity_check")]
    broken = [tuple(row) for row in rows(engine, "PRAGMA foreign_key_check")]
    return [Finding("integrity", str(line)) for line in [*said, *broken] if line != "ok"]


def recomputed(checks: dict[str, Callable[[], Sequence[str]]]) -> list[Finding]:
    """What the product's own checks (day sums, audit chains) find, by the name of the promise."""
    return sorted(Finding(name, what) for name, check in checks.items() for what in check())
