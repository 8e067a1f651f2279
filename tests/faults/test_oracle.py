"""The oracle is tried itself: on a doctored database it names exactly what was done to it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.builders import Ward, checks, log, ward
from tests.faults.fleet import Journal
from tests.faults.oracle import Told, findings, recomputed


class Doctored:
    """A database with a dozen acknowledged entries, their journal, and a way to do it harm."""

    def __init__(self, of: Ward, url: str, journal: Journal) -> None:
        self.ward = of
        self.url = url
        self.journal = journal
        self.engine = sa.create_engine(url)

    def harm(self, *statements: str, **given: object) -> None:
        """Run statements behind the product's back, triggers and all."""
        with self.engine.begin() as connection:
            named = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            )
            for (name,) in named.all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(sa.text(statement), given)

    def promises(self) -> set[str]:
        """Names of the promises the oracle finds broken."""
        found = [*findings(self.engine, self.journal.lines), *recomputed(checks(self.url))]
        return {finding.promise for finding in found}


@pytest.fixture
def doctored(store_url: str) -> Iterator[Doctored]:
    of = ward(store_url, patients=2)
    journal = Journal(seed=1)
    for number in range(12):
        line = journal.new(of.phones[number % 2])
        journal.answered(line, log(of, line.patient_id, line.document))
    made = Doctored(of, store_url, journal)
    yield made
    made.engine.dispose()


def victim(doctored: Doctored) -> dict[str, object]:
    """The key of one stored entry, as the driver wants it."""
    return {"it": doctored.journal.lines[4].client_id.bytes, "new": uuid4().bytes}


def test_a_whole_database_has_no_finding(doctored: Doctored):
    assert doctored.promises() == set()


def test_a_lost_entry_is_found(doctored: Doctored):
    doctored.harm("DELETE FROM entry WHERE client_id = :it", **victim(doctored))

    assert {"lost", "unaudited", "unannounced"} <= doctored.promises()


def test_an_entry_lost_with_all_its_lines_is_found(doctored: Doctored):
    doctored.harm(
        "DELETE FROM entry WHERE client_id = :it",
        "DELETE FROM audit WHERE object_id = :it",
        "DELETE FROM outbox WHERE subject_id = :it",
        **victim(doctored),
    )

    assert {"lost", "audit", "projections"} <= doctored.promises()


def test_a_doubled_entry_is_found(doctored: Doctored):
    engine = doctored.engine
    names = [column["name"] for column in sa.inspect(engine).get_columns("entry")]
    changed = {"client_id": ":new", "seq": "seq + 1000"}
    values = ", ".join(changed.get(name, name) for name in names)
    doctored.harm(
        f"INSERT INTO entry ({', '.join(names)}) SELECT {values} FROM entry WHERE client_id = :it",
        **victim(doctored),
    )

    assert {"doubled", "unknown", "unaudited", "seq"} <= doctored.promises()


def test_an_unaudited_entry_is_found(doctored: Doctored):
    doctored.harm("DELETE FROM audit WHERE object_id = :it", **victim(doctored))

    assert {"unaudited", "audit"} <= doctored.promises()


def test_an_unannounced_entry_is_found(doctored: Doctored):
    doctored.harm("DELETE FROM outbox WHERE subject_id = :it", **victim(doctored))

    assert doctored.promises() == {"unannounced"}


def test_a_changed_entry_is_found(doctored: Doctored):
    doctored.harm("UPDATE entry SET reps = reps + 1 WHERE client_id = :it", **victim(doctored))

    assert {"changed", "projections"} <= doctored.promises()


def test_a_changed_audit_line_is_found(doctored: Doctored):
    doctored.harm("UPDATE audit SET result = 'no' WHERE object_id = :it", **victim(doctored))

    assert doctored.promises() == {"audit"}


def test_a_wrong_day_sum_is_found(doctored: Doctored):
    doctored.harm("UPDATE day_sum SET pain_sum = pain_sum + 1")

    assert doctored.promises() == {"projections"}


def test_an_entry_acknowledged_and_never_stored_is_found(doctored: Doctored):
    line = doctored.journal.new(doctored.ward.phones[0])
    line.told = Told.ACKNOWLEDGED

    assert doctored.promises() == {"lost"}


def test_an_entry_that_was_sent_and_not_answered_may_be_missing(doctored: Doctored):
    doctored.journal.new(doctored.ward.phones[0])

    assert doctored.promises() == set()
