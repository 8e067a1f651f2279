"""Addresses: what the step to encrypted ones leaves, and what the look-up asks of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from adherence.domain.access import Role
from adherence.migrations import newest, revision, upgrade
from adherence.services import accounts, backups
from adherence.store import accounts as table
from adherence.store import addresses, look_ups
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Id, UtcDateTime, db
from adherence.store.db import read, write
from adherence.store.ids import new_id
from tests.builders import opened
from tests.cli.test_backups import Place, target
from tests.conftest import databases

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLINIC = sa.table(
    "clinic",
    sa.column("id", Id),
    sa.column("name", sa.String),
    sa.column("zone", sa.String),
    sa.column("emergency_number", sa.String),
    sa.column("created_at", UtcDateTime),
    sa.column("audit_n", sa.BigInteger),
    sa.column("sealed_n", sa.BigInteger),
    sa.column("grown_age", sa.Integer),
)
BEFORE = sa.table(
    "account",
    sa.column("id", Id),
    sa.column("clinic_id", Id),
    sa.column("role", sa.String),
    sa.column("name", sa.String),
    sa.column("active", sa.Boolean),
    sa.column("created_at", UtcDateTime),
    sa.column("email", sa.String),
    sa.column("email_new", sa.String),
)
MANY = 450


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database as it was before the step, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'before.sqlite'}"
        return
    server = sa.make_url(request.getfixturevalue("postgres_server"))
    name = f"before_{request.getfixturevalue('worker_name')}"
    with databases(server.render_as_string(hide_password=False)) as run:
        run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        yield server.set(database=name).render_as_string(hide_password=False)
        run(f"DROP DATABASE {name} WITH (FORCE)")


def address_of(number: int) -> str:
    """What is planted in the row of a number; none in every third."""
    return f"canary-{number}@example.org"


def fill(clinic_id: UUID) -> dict[UUID, str | None]:
    """Accounts as the version before wrote them, and the address of each."""
    people = {new_id(): None if n % 3 == 2 else address_of(n) for n in range(MANY)}
    with db.engine.begin() as connection:
        connection.execute(
            sa.insert(CLINIC),
            {
                "id": clinic_id,
                "name": "Praxis",
                "zone": "Europe/Berlin",
                "emergency_number": "112",
                "created_at": AT,
                "audit_n": 0,
                "sealed_n": 0,
                "grown_age": 18,
            },
        )
        connection.execute(
            sa.insert(BEFORE),
            [
                {
                    "id": account_id,
                    "clinic_id": clinic_id,
                    "role": "patient",
                    "name": "N",
                    "active": True,
                    "created_at": AT,
                    "email": address,
                    "email_new": None if address else f"canary-new-{n}@example.org",
                }
                for n, (account_id, address) in enumerate(people.items())
            ],
        )
    return people


def found(clinic_id: UUID, address: str) -> UUID | None:
    with read() as run:
        row: Any = addresses.account_with(run, clinic_id, address)
    return None if row is None else row.account_id


def held() -> list[str]:
    """Every address as it lies in the table."""
    raw = [sa.type_coerce(ACCOUNT.c[name], sa.String) for name in ("email", "email_new")]
    with db.engine.connect() as connection:
        return [
            one for row in connection.execute(sa.select(*raw)) for one in row if one is not None
        ]


def test_a_database_from_before_is_encrypted_by_the_first_write_after_the_step(before: str):
    clinic_id = new_id()
    with opened(before):
        upgrade(to="0011")
        people = fill(clinic_id)
        upgrade()
        assert revision() == newest()
        assert found(clinic_id, address_of(3)) is not None, "found before anything was written"
        assert sum(one.startswith("canary-") for one in held()) == MANY
    # A process of the version before, still running, goes on writing what this one finds.
    with opened(before):
        with db.engine.begin() as connection:
            one = next(iter(people))
            connection.execute(
                sa.update(BEFORE).where(BEFORE.c.id == one).values(email="canary-x@example.org")
            )
        people[one] = "canary-x@example.org"
        assert found(clinic_id, "canary-x@example.org") == one
        write(lambda run: None)
        assert [one for one in held() if "canary" in one] == []
        assert len(held()) == MANY
        assert {found(clinic_id, a) for a in people.values() if a} == {
            who for who, address in people.items() if address
        }
    if before.startswith("sqlite"):
        file = Path(before.removeprefix("sqlite:///"))
        left = [
            path for path in file.parent.glob(f"{file.name}*") if b"canary" in path.read_bytes()
        ]
        assert left == []


def test_the_address_of_two_accounts_of_a_clinic_is_refused_before_it_is_encrypted(before: str):
    clinic_id = new_id()
    with opened(before):
        upgrade(to="0011")
        people = list(fill(clinic_id))
        upgrade()
        with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
            connection.execute(
                sa.update(BEFORE).where(BEFORE.c.id == people[1]).values(email=address_of(0))
            )


@pytest.fixture
def restore(
    before: str, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> Callable[[], str]:
    """Back the database up and restore it into a new one; the address of that."""

    def backed_up_and_restored() -> str:
        place = Place(before, tmp_path)
        try:
            place.run("keys", "create", tmp_path / "key")
            assert place.back_up() == 0, capsys.readouterr()
            into = target(place, request)
            assert place.restore(into) == 0, capsys.readouterr()
        finally:
            backups.let_go(place.app)
        return into

    return backed_up_and_restored


def test_a_backup_from_before_comes_back_encrypted(before: str, restore: Callable[[], str]):
    clinic_id = new_id()
    with opened(before):
        upgrade(to="0011")
        people = fill(clinic_id)
    with opened(restore()):
        assert revision() == newest()
        assert len(held()) == MANY
        assert [one for one in held() if "canary" in one] == []
        assert {found(clinic_id, a) for a in people.values() if a} == {
            who for who, address in people.items() if address
        }


def test_a_backup_of_encrypted_addresses_is_found_in_and_written_to(
    before: str, restore: Callable[[], str]
):
    """What a restoring process made ready in empty tables is not what it goes on with."""
    clinic_id = new_id()
    with opened(before):
        upgrade(to="0011")
        people = fill(clinic_id)
        upgrade()
        write(lambda run: None)
    with opened(restore()):
        assert found(clinic_id, address_of(3)) in people
        someone = accounts.create_account(
            clinic_id, Role.PATIENT, "Bea", "en", AT, email="bea@example.org"
        )
        assert found(clinic_id, "bea@example.org") == someone
        with read() as run:
            assert len(run.all(look_ups.look_up_keys)) == 1


@pytest.fixture
def plan(before: str) -> Iterator[Callable[[], str]]:
    """How the database goes about the look-up, with a few hundred accounts there."""
    with opened(before):
        upgrade(to="0011")
        clinic_id = new_id()
        fill(clinic_id)
        upgrade()
        write(lambda run: None)

        def explain() -> str:
            dialect = db.engine.dialect
            ready = table.credentials_by_digest.ready(dialect)
            how = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
            given = {"clinic_id": clinic_id, "digest": bytes(32), "plain": "x@example.org"}
            with read() as run:
                if dialect.name == "postgresql":
                    run.raw.execute("ANALYZE account")
                    run.raw.execute("SET LOCAL enable_seqscan = off")
                cursor = run.raw.cursor()
                cursor.execute(f"{how} {ready.sql}", ready.params(given))
                return "\n".join(str(row) for row in cursor.fetchall())

        yield explain


def test_a_look_up_goes_by_the_two_indexes_and_reads_no_clinic(plan: Callable[[], str]):
    said = plan()

    assert "uq_account_clinic_id_email_digest" in said
    assert "uq_account_plain_email" in said
    assert "SCAN account" not in said
    assert "Seq Scan on account" not in said
