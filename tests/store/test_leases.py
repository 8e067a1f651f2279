"""Leases: what waits is claimed in pieces of the size asked for, however the database plans it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from adherence.services.mails import MailKind
from adherence.store import mails, outbox
from adherence.store.columns import db
from adherence.store.db import write
from adherence.store.ids import new_id
from tests.wards import MONDAY, Ward, ward

MANY = 6
HOUR = timedelta(hours=1)


def fill_mails(of: Ward) -> None:
    for _each in range(MANY):
        given: dict[str, Any] = {
            "id": new_id(),
            "account_id": of.patient.account_id,
            "patient_id": None,
            "kind": MailKind.SIGN_IN,
            "locale": "en",
            "sealed": b"x",
            "created_at": MONDAY,
            "due_at": MONDAY,
            "ends_at": MONDAY + HOUR,
            "tries": 0,
        }
        write(lambda run, given=given: run.do(mails.add_mail, **given))


def fill_outbox(of: Ward) -> None:
    rows = [
        {"id": new_id(), "topic": "entry", "subject_id": new_id(), "seq": n} for n in range(MANY)
    ]
    same = {"clinic_id": of.clinic_id, "patient_id": of.patient_id, "tries": 0}
    when = {"created_at": MONDAY, "due_at": MONDAY}
    write(lambda run: run.do_many(outbox.add_outbox, rows, **same, **when))


@pytest.fixture
def quiet(app: Flask) -> Ward:
    """A clinic where all that once waited is gone, and PostgreSQL has noticed.

    It expects one row then, and a loop seems cheapest in which a subquery is run for each row.
    """
    of = ward()
    fill_mails(of)
    fill_outbox(of)
    for table in (mails.MAIL, outbox.OUTBOX):
        write(lambda run, table=table: run.core(sa.delete(table)))
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    return of


def taken(lease: Callable[[], list[Any]]) -> list[int]:
    """How many each lease claims, until nothing is left."""
    sizes, seen = [], set()
    while rows := lease():
        sizes.append(len(rows))
        seen |= {row.id for row in rows}
    assert len(seen) == sum(sizes) == MANY
    return sizes


def test_mails_are_claimed_one_by_one(quiet: Ward):
    fill_mails(quiet)
    at = {"at": MONDAY, "lease_until": MONDAY + HOUR}
    sizes = taken(lambda: write(lambda run: run.all(mails.lease_mail, **at)))
    assert sizes == [1] * MANY


def test_lines_of_the_outbox_are_claimed_as_many_as_are_asked_for(quiet: Ward):
    fill_outbox(quiet)
    at = {"at": MONDAY, "lease_until": MONDAY + HOUR, "many": 2}
    sizes = taken(lambda: write(lambda run: run.all(outbox.lease_outbox, **at)))
    assert sizes == [2] * (MANY // 2)
