"""MIGRATIONS: how a database comes to this version's tables, step by step.

Here belong numbered steps that run on SQLite and PostgreSQL alike, old code working on the new
tables. Never today's models: a step says what it makes by itself (`columns.py` holds the types).
Read `versions/0001_spine.py` first.
"""

from __future__ import annotations

from pathlib import Path

from flask import current_app

from adherence.store import grants, versions
from adherence.store.columns import db

HERE = Path(__file__).parent


def upgrade(to: str = "head") -> None:
    """Run the steps that have not run yet, in the current application."""
    # Alembic takes a third of a second to import, and only a migration needs it.
    from flask_migrate import Migrate  # noqa: PLC0415
    from flask_migrate import upgrade as run_upgrade  # noqa: PLC0415

    if "migrate" not in current_app.extensions:
        Migrate(current_app, db, directory=str(HERE), render_as_batch=True, compare_type=True)
    run_upgrade(directory=str(HERE), revision=to)


def revision() -> str | None:
    """The step the database is at, None when it is empty."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - see upgrade

    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def lacking() -> str | None:
    """What to say of a database that this version cannot serve yet; None where it can."""
    at = revision()
    return (
        "there are no tables yet; run: adherence db upgrade" if at is None else versions.lacks(at)
    )


def newest() -> str | None:
    """The newest step there is."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see upgrade

    return ScriptDirectory(str(HERE)).get_current_head()


def grant(role: str) -> list[str]:
    """Let a PostgreSQL role serve on these tables; the statements that were run.

    Raises:
        ValueError: there is no such role, or this is not PostgreSQL; the text says what to do.
    """
    return grants.grant(role)
