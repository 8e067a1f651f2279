"""Runs the steps on the current application's database, each step in one transaction."""

from __future__ import annotations

from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db

if context.is_offline_mode():
    raise SystemExit("Migrations run on a database, not into a script.")

with database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    if connection.dialect.name == "sqlite":
        # The driver is told not to begin by itself (see store/db.py), so a step says it here.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
