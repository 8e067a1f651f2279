"""Care teams: what the step that gave each one lead made of teams with several, or with none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from adherence.migrations import upgrade
from adherence.store.columns import Id, UtcDateTime, db
from adherence.store.ids import new_id
from tests.builders import opened

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BEFORE = sa.table(
    "care_relation",
    sa.column("patient_id", Id),
    sa.column("account_id", Id),
    sa.column("from_at", UtcDateTime),
    sa.column("clinic_id", Id),
    sa.column("discipline", sa.String),
    sa.column("lead", sa.Boolean),
    sa.column("until_at", UtcDateTime),
)
AFTER = sa.table(
    "care_relation",
    sa.column("patient_id", Id),
    sa.column("account_id", Id),
    sa.column("kind", sa.String),
)
#: A team before: (days since, led, has left). What each is afterwards, in the same order.
TEAMS: dict[str, tuple[list[tuple[int, bool, bool]], list[str]]] = {
    "one lead": ([(3, False, False), (2, True, False)], ["supplementary", "lead"]),
    "two leads": (
        [(1, True, False), (2, True, False), (9, False, False)],
        ["supplementary", "lead", "supplementary"],
    ),
    "none": ([(1, False, False), (2, False, False)], ["supplementary", "lead"]),
    "a lead who left": ([(5, True, True), (2, False, False)], ["lead", "lead"]),
    "two who began together": ([(2, True, False), (2, True, False)], ["lead", "supplementary"]),
    "nobody is left": ([(5, False, True)], ["supplementary"]),
}


@pytest.fixture
def at_0005(tmp_path: Path) -> Any:
    """An application on a database as it was before the step, and how to take the step."""
    with opened(f"sqlite:///{tmp_path / 'before.sqlite'}"):
        upgrade(to="0005")
        yield lambda: upgrade(to="0006")


@pytest.mark.parametrize("name", TEAMS)
def test_every_team_has_one_lead_after_the_step(at_0005: Callable[[], None], name: str):
    given, expected = TEAMS[name]
    patient_id, clinic_id = new_id(), new_id()
    people: list[UUID] = sorted((new_id() for _ in given), key=lambda one: one.bytes)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    with db.engine.begin() as connection:
        for who, (days, led, has_left) in zip(people, given, strict=True):
            connection.execute(
                sa.insert(BEFORE),
                {
                    "patient_id": patient_id,
                    "account_id": who,
                    "from_at": MONDAY - days * DAY,
                    "clinic_id": clinic_id,
                    "discipline": "nursing",
                    "lead": led,
                    "until_at": MONDAY - DAY if has_left else None,
                },
            )
    at_0005()
    with db.engine.connect() as connection:
        kinds = {row.account_id: row.kind for row in connection.execute(sa.select(AFTER))}

    assert [kinds[who] for who in people] == expected
