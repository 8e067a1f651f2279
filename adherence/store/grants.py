"""What the service's own database role may do: everything a day asks for, nothing to the audit.

On PostgreSQL the tables belong to a role that only migrates; the service signs in as another, which
can neither change a table nor a line of the audit, whatever somebody makes the service say.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from adherence.store.columns import db

#: Only ever added to: no grant lets the service change or remove a line.
ADDED_TO = frozenset({"audit", "audit_seal"})
#: Only ever read by the service; the migrating role writes it.
READ_ONLY = frozenset({"alembic_version"})


class NoSuchRole(ValueError):
    """The database has no such role, or is not PostgreSQL."""


def grant(role: str) -> list[str]:
    """Let ``role`` do what the service needs and nothing else; the statements that were run.

    Raises:
        NoSuchRole: there is no such role here; the text says what to do.
    """
    engine = db.engine
    if engine.dialect.name != "postgresql":
        raise NoSuchRole("Roles are PostgreSQL's; a SQLite file is guarded by its permissions.")
    with engine.begin() as connection:
        known = connection.execute(
            sa.text("SELECT rolsuper FROM pg_roles WHERE rolname = :role"), {"role": role}
        ).scalar_one_or_none()
        if known is None:
            raise NoSuchRole(f"There is no role {role}; make one with CREATE ROLE first.")
        if known:
            raise NoSuchRole(f"{role} is a superuser, whom no grant holds back; take another.")
        statements = statements_for(role, sa.inspect(connection).get_table_names())
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    return statements


def statements_for(role: str, tables: list[str]) -> list[str]:
    """The statements, in their order: first everything is taken away."""
    quote = postgresql.dialect().identifier_preparer.quote_identifier  # type: ignore[no-untyped-call]
    to = quote(role)
    found = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON SCHEMA public FROM {to}",
        f"GRANT USAGE ON SCHEMA public TO {to}",
    ]
    for table in sorted(tables):
        rights = "SELECT, INSERT, UPDATE, DELETE"
        if table in ADDED_TO:
            rights = "SELECT, INSERT"
        elif table in READ_ONLY:
            rights = "SELECT"
        found.append(f"REVOKE ALL ON {quote(table)} FROM {to}, PUBLIC")
        found.append(f"GRANT {rights} ON {quote(table)} TO {to}")
    return found
