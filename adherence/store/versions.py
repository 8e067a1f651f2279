"""Which migration step the tables are at, and which one this code needs.

Steps are numbered, so that their names compare in the order in which they run. Tables may be newer
than the code while a service is upgraded; code on older tables fails here and there.
"""

from __future__ import annotations

import sqlalchemy as sa

from adherence.store.statements import Statement

#: The newest step in ``adherence/migrations/versions``.
NEEDED = "0014"

_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))
#: The step the tables are at.
version = Statement(sa.select(_VERSION.c.version_num))


def lacks(at: str) -> str | None:
    """What to say of tables that are at a step before the one needed; None where they are not."""
    if at >= NEEDED:
        return None
    return f"the tables are at {at} and this version needs {NEEDED}; run: adherence db upgrade"
