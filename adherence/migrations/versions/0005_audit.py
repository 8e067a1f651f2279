"""Audit: as what somebody acted, why they were refused, by which edge and in which request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # Lines of before keep null: they are hashed as they were.
    op.add_column("audit", sa.Column("relation", sa.String(16), nullable=True))
    op.add_column("audit", sa.Column("reason", sa.String(16), nullable=True))
    op.add_column("audit", sa.Column("source", sa.String(8), nullable=True))
    op.add_column("audit", sa.Column("request_id", sa.String(16), nullable=True))
    op.create_index(op.f("ix_audit_clinic_id_at"), "audit", ["clinic_id", "at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("What was written of a refusal stays; restore a backup instead.")
