"""MIGRATIONS: how a database comes to this version's tables, step by step.

Here belong numbered steps that run on SQLite and PostgreSQL alike, old code working on the new
tables. Never today's models: a step says what it makes by itself (`columns.py` holds the types).
Read `versions/0001_spine.py` first.
"""

from __future__ import annotations

from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import Migrate
from flask_migrate import upgrade as run_upgrade

from adherence.store.db import db

HERE = Path(__file__).parent


def init_app(app: object) -> None:
    """Tell Flask-Migrate where the steps are."""
    Migrate(app, db, directory=str(HERE), render_as_batch=True, compare_type=True)


def upgrade(to: str = "head") -> None:
    """Run the steps that have not run yet, in the current application."""
    if "migrate" not in current_app.extensions:
        init_app(current_app)
    run_upgrade(directory=str(HERE), revision=to)


def revision() -> str | None:
    """The step the database is at, None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The newest step there is."""
    return ScriptDirectory(str(HERE)).get_current_head()
