"""P9, L5: the role that serves changes neither tables nor the audit, and does all else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from adherence.services import audit, entries
from adherence.store import grants
from adherence.store.audit import AUDIT
from adherence.store.columns import db
from adherence.store.db import store
from tests.builders import application, closed
from tests.wards import MONDAY, document, ward

ROLE = "adherence_serves"


@contextmanager
def serving(store_url: str) -> Iterator[str]:
    """The address of the same PostgreSQL database for a role of the service's own."""
    with db.engine.begin() as connection:
        connection.execute(sa.text(f"DROP ROLE IF EXISTS {ROLE}"))
        connection.execute(sa.text(f"CREATE ROLE {ROLE} LOGIN"))
    grants.grant(ROLE)
    yield sa.make_url(store_url).set(username=ROLE).render_as_string(hide_password=False)
    with db.engine.begin() as connection:
        connection.execute(sa.text(f"DROP OWNED BY {ROLE}"))
        connection.execute(sa.text(f"DROP ROLE {ROLE}"))


FORBIDDEN = {
    "change a line": "UPDATE audit SET action = 'x'",
    "remove a line": "DELETE FROM audit",
    "empty the audit": "TRUNCATE audit",
    "change a seal": "UPDATE audit_seal SET n = 9",
    "remove a seal": "DELETE FROM audit_seal",
    "switch the triggers off": "ALTER TABLE audit DISABLE TRIGGER ALL",
    "switch all triggers off": "SET session_replication_role = replica",
    "drop the audit": "DROP TABLE audit",
    "make a table": "CREATE TABLE public.mine (a int)",
    "give itself rights": f"GRANT UPDATE ON audit TO {ROLE}; UPDATE audit SET action = 'x'",
    "change what the triggers do": (
        "CREATE OR REPLACE FUNCTION public.append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NEW; END $$"
    ),
    "say that a migration ran": "UPDATE alembic_version SET version_num = 'x'",
}


def test_L5_the_serving_role_does_a_days_work_and_changes_no_line(app, store_url: str):
    if store().sqlite:
        with pytest.raises(grants.NoSuchRole, match="PostgreSQL"):
            grants.grant(ROLE)
        return
    with serving(store_url) as served:
        engine = sa.create_engine(served)
        other = application(served)
        try:
            with other.app_context():
                w = ward()
                entries.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)
                assert audit.seal_clinic(w.clinic_id, MONDAY) > 0
                assert audit.verify(w.clinic_id) == []
            assert [what for what, one in FORBIDDEN.items() if passes(engine, what, one)] == []
            with engine.connect() as connection:
                lines = sa.select(sa.func.count()).select_from(AUDIT)
                assert connection.execute(lines).scalar_one() > 0
        finally:
            engine.dispose()
            closed(other)


def passes(engine: sa.Engine, what: str, statement: str) -> bool:
    """Whether the database lets a statement through."""
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
    except ProgrammingError as error:
        assert "permission denied" in str(error) or "must be owner" in str(error), what
        return False
    return True


def test_a_role_that_nothing_holds_back_is_refused(app):
    reason, missing = "superuser", "no role nobody_here"
    if store().sqlite:
        reason = missing = "PostgreSQL"
    with pytest.raises(grants.NoSuchRole, match=reason):
        grants.grant("postgres")
    with pytest.raises(grants.NoSuchRole, match=missing):
        grants.grant("nobody_here")


def test_a_name_is_quoted_whatever_it_holds():
    found = grants.statements_for('a"; DROP TABLE audit; --', ["audit", "goal"])

    assert 'GRANT SELECT, INSERT ON "audit" TO "a""; DROP TABLE audit; --"' in found
    assert all('"a""; DROP TABLE audit; --"' in one for one in found[1:])
