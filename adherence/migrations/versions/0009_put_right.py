"""Why a clinician put an entry right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("entry", sa.Column("because", columns.sealed_text(300), nullable=True))
    op.create_index(
        "ix_entry_because",
        "entry",
        ["patient_id", "local_day"],
        sqlite_where=sa.text("because IS NOT NULL"),
        postgresql_where=sa.text("because IS NOT NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("A step back would forget why the record was put right.")
