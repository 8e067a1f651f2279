"""The migrations build exactly the tables that the models describe."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from adherence.migrations import newest
from adherence.store import versions
from adherence.store.columns import db

pytestmark = pytest.mark.postgres


def shape(engine: sa.Engine) -> dict[str, Any]:
    """All that a database says of its own tables, but for alembic's own."""
    inspector = sa.inspect(engine)
    described: dict[str, Any] = {}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        described[table] = {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": by_name(inspector.get_indexes(table)),
        }
    return described


def by_name(things: list[Any]) -> dict[str, dict[str, Any]]:
    """Constraints or indexes by their name, whatever order the database lists them in."""
    named = {str(thing["name"]): printed(thing) for thing in things}
    assert "None" not in named, "a constraint without a name cannot be dropped by a migration"
    return named


def printed(thing: Any) -> Any:
    """A description with its SQL expressions as text, so that two of them can be compared."""
    if isinstance(thing, dict):
        return {name: printed(value) for name, value in thing.items()}
    return str(thing) if isinstance(thing, sa.ClauseElement) else thing


def written(engine: sa.Engine) -> dict[str, str]:
    """SQL of each index as SQLite keeps it, with the directions that its reflection leaves out."""
    if engine.dialect.name != "sqlite":
        return {}
    kept = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    with engine.connect() as connection:
        return {
            name: " ".join(sql.replace('"', "").split())
            for name, sql in connection.exec_driver_sql(kept).all()
        }


@pytest.fixture
def created(store_url: str, request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """An engine on a database that ``create_all`` made, of the same kind as ``store_url``."""
    url = sa.make_url(store_url)
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'created.sqlite'}")
        db.metadata.create_all(engine)
        yield engine
        engine.dispose()
        return
    from tests.conftest import databases

    name = f"created_{request.getfixturevalue('worker_name')}"
    with databases(request.getfixturevalue("postgres_server")) as run:
        run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        engine = sa.create_engine(url.set(database=name))
        db.metadata.create_all(engine)
        yield engine
        engine.dispose()
        run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def migrated(store_url: str) -> Any:
    """An engine on a database that the migrations made."""
    engine = sa.create_engine(store_url)
    yield engine
    engine.dispose()


def test_an_upgraded_empty_database_has_the_shape_of_the_models(created: Any, migrated: Any):
    expected, found = shape(created), shape(migrated)

    assert sorted(found) == sorted(expected)
    for table in expected:
        assert found[table] == expected[table], table
    assert written(migrated) == written(created)


def test_alembic_sees_no_difference_between_models_and_migrations(migrated: Any):
    with migrated.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, db.metadata)

    assert differences == []


def test_the_code_needs_the_newest_step():
    assert newest() == versions.NEEDED
    assert versions.lacks(versions.NEEDED) is None
    assert versions.lacks("9999") is None, "code goes on while others upgrade"
    assert "adherence db upgrade" in str(versions.lacks("0013"))
