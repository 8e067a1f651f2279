"""Exports: asked-for copies of a person's data, and the rows that such a copy is made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.classes import KINDS, Kind, Whose, table
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.db import Run
from adherence.store.statements import Statement

#: Rows fetched at a time, so that no table is in memory whole.
ROWS = 500


class ExportState(StrEnum):
    """How far an asked-for copy is."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class ExportRow(Model):
    """One asked-for copy. Its file lies encrypted in the folder of exports, under this id."""

    __tablename__ = "export_request"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.Index(None, "patient_id", "created_at"),
        sa.Index(None, "account_id"),
        sa.Index(None, "ends_at"),
        one_of("state", ExportState),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    patient_id: Mapped[UUID] = mapped_column(Id)
    #: Who asked, and who alone may fetch it.
    account_id: Mapped[UUID] = mapped_column(Id)
    locale: Mapped[str] = mapped_column(sa.String(8))
    state: Mapped[ExportState] = mapped_column(Choice(ExportState))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    built_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: SHA-256 of the archive itself, and its size in bytes.
    digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    downloads: Mapped[int] = mapped_column(sa.Integer)


EXPORT: Any = ExportRow.__table__

_id = EXPORT.c.id == sa.bindparam("export_id", type_=Id)
_patient = EXPORT.c.patient_id == sa.bindparam("patient_id", type_=Id)
_account = EXPORT.c.account_id == sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)

add_export = Statement(
    sa.insert(EXPORT),
    "id clinic_id patient_id account_id locale state created_at ends_at downloads",
)
exports_of = Statement(
    sa.select(*EXPORT.c)
    .where(_patient, _account, EXPORT.c.ends_at > _now)
    .order_by(EXPORT.c.created_at.desc(), EXPORT.c.id)
)
export_by_id = Statement(
    sa.select(*EXPORT.c).where(_id, _patient, _account, EXPORT.c.ends_at > _now)
)
waiting_exports = Statement(
    sa.select(*EXPORT.c)
    .where(EXPORT.c.state == ExportState.WAITING, EXPORT.c.ends_at > _now)
    .order_by(EXPORT.c.created_at, EXPORT.c.id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
set_export = Statement(
    sa.update(EXPORT)
    .where(_id, EXPORT.c.state == ExportState.WAITING)
    .values(
        state=sa.bindparam("new_state", type_=Choice(ExportState)),
        built_at=_now,
        digest=sa.bindparam("new_digest", type_=sa.LargeBinary(32)),
        size=sa.bindparam("new_size", type_=sa.BigInteger),
    )
)
count_download = Statement(sa.update(EXPORT).where(_id).values(downloads=EXPORT.c.downloads + 1))
#: What is over, so that its file goes first and its row after it.
ended_exports = Statement(sa.select(EXPORT.c.id).where(EXPORT.c.ends_at <= _now))
export_ids_of_patient = Statement(sa.select(EXPORT.c.id).where(_patient))
drop_export = Statement(sa.delete(EXPORT).where(_id))
export_ids = Statement(sa.select(EXPORT.c.id))


def is_same_moment(run: Run) -> None:
    """Let all that ``run`` reads be of one moment; the first thing that it is asked.

    SQLite's readers are so by themselves, PostgreSQL's only when they say so.
    """
    if run.dialect.name == "postgresql":
        run.raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def belongs(name: str, kind: Kind, patient_id: UUID, account_id: UUID | None) -> Any:
    """The condition that a row of a table is the person's; None where the person has none there."""
    whose = patient_id if kind.whose is Whose.PATIENT else account_id
    if whose is None or kind.whose not in (Whose.PATIENT, Whose.ACCOUNT):
        return None
    column = table(name).c[kind.key]
    return column == sa.literal(whose, Id)


def rows_of(
    run: Run, name: str, patient_id: UUID, account_id: UUID | None
) -> Iterator[dict[str, Any]]:
    """Every row of one table that is the person's, without secrets, in the order of its key."""
    kind = KINDS[name]
    mine = belongs(name, kind, patient_id, account_id)
    if mine is None:
        return
    found = table(name)
    shown = [found.c[column] for column in kind.shown()]
    order = [*found.primary_key.columns]
    statement = sa.select(*shown).where(mine).order_by(*order)
    asked = run.connection.execute(
        statement, execution_options={"stream_results": True, "max_row_buffer": ROWS}
    )
    for page in asked.mappings().partitions(ROWS):
        for row in page:
            yield dict(row)


def names_of(run: Run, account_ids: list[UUID]) -> dict[UUID, tuple[str, str]]:
    """The name and the role of each account, for a reader to whom an id says nothing."""
    account = table("account")
    asked = sa.select(account.c.id, account.c.name, account.c.role)
    found: dict[UUID, tuple[str, str]] = {}
    for at in range(0, len(account_ids), ROWS):
        some = account_ids[at : at + ROWS]
        for row in run.core(asked.where(account.c.id.in_(some))):
            found[row.id] = (row.name, row.role.value)
    return found
