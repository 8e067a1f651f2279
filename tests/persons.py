"""A person with at least one row in every table that may hold one, each text carrying a mark.

What the town's stories leave empty is filled column by column from the tables themselves, so a
table that is added tomorrow is filled too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from adherence.store.classes import tables_of_person
from adherence.store.columns import Base, Choice, Id, UtcDateTime, db
from adherence.store.data_keys import SealedText
from adherence.store.db import Run, write
from adherence.store.ids import new_id
from tests.web.town import MONDAY, Record

NO_REFERENCE = {"corrects_id", "supersedes_id"}
#: Checks that a plain value would not pass.
FITTING: dict[tuple[str, str], Any] = {
    ("export_request", "state"): "failed",
    ("erasure", "state"): "withdrawn",
    ("erasure", "asked_at"): MONDAY - timedelta(days=1),
    ("session", "for_patient_id"): None,
    ("counted_person", "group_id"): None,
}


def whose(name: str) -> str | None:
    """By which column a table's rows belong to somebody, by its shape alone."""
    columns = Base.metadata.tables[name].c
    if name in {"patient", "account"}:
        return "id"
    if name == "mail":
        return "account_id"  # to whom it goes, whomever it is about
    if name in {"audit_seal", "tombstone"}:
        return None
    return next((one for one in ("patient_id", "chain_id", "account_id") if one in columns), None)


def fill(record: Record) -> None:
    """Put a row of the record's person into every table that has none."""

    def work(run: Run) -> None:
        for name, _kind in tables_of_person():
            if not any(walk(run, name, record.patient_id, record.actor.account_id)):
                table = Base.metadata.tables[name]
                run.connection.execute(sa.insert(table).values(_row(table, record)))

    write(work)


def walk(
    run: Run, name: str, patient_id: UUID, account_id: UUID | None
) -> Iterator[dict[str, Any]]:
    """Every row of a table that belongs to a person, found by looking at each row there is."""
    key = whose(name)
    if key is None:
        return
    mine = {patient_id} if key in {"patient_id", "chain_id"} or name == "patient" else {account_id}
    for row in run.connection.execute(sa.select(Base.metadata.tables[name])).mappings():
        if row[key] in mine and row[key] is not None:
            yield dict(row)


def rows(name: str, patient_id: UUID, account_id: UUID | None) -> list[dict[str, Any]]:
    """The same, outside a transaction of one's own."""
    table = Base.metadata.tables[name]
    key = whose(name)
    if key is None:
        return []
    mine = patient_id if key in {"patient_id", "chain_id"} or name == "patient" else account_id
    found = [
        dict(row)
        for row in db.session.execute(sa.select(table)).mappings()
        if row[key] is not None and row[key] == mine
    ]
    db.session.rollback()
    return found


def _row(table: sa.Table, record: Record) -> dict[str, Any]:
    return {column.name: _value(table.name, column, record) for column in table.c}


def _value(name: str, column: Any, record: Record) -> Any:
    if (name, column.name) in FITTING:
        return FITTING[name, column.name]
    kind = column.type
    match kind:
        case Id():
            return _id(name, column.name, record)
        case UtcDateTime():
            return MONDAY
        case Choice():
            return next(iter(kind.kind))
        case sa.Boolean():
            return False
        case SealedText() | sa.String():
            return record.mark[: kind.length or 200]
        case sa.Integer():
            return 1
        case sa.Float():
            return 1.0
        case sa.Date():
            return MONDAY.date()
        case sa.LargeBinary():
            return new_id().bytes.ljust(kind.length or 16, b"x")[: kind.length or 16]
        case sa.JSON():
            return {"title": record.mark}
    raise TypeError(f"{name}.{column.name}: {kind!r}")


def _id(name: str, column: str, record: Record) -> UUID | None:
    if column in NO_REFERENCE:
        return None
    known = {
        "patient_id": record.patient_id,
        "account_id": record.actor.account_id,
        "clinic_id": record.actor.clinic_id,
        "goal_id": record.goal_id,
        "plan_id": record.plan_id,
        "activity_id": record.activity_id,
        "author_id": record.lead.account_id,
        "device_id": record.device_id,
    }
    return known.get(column) or new_id()
