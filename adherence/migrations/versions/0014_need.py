"""The order of the list of patients, so that its first page costs the same in any clinic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_index(
        "ix_caseload_need", "caseload", ["clinic_id", sa.text("need DESC"), "patient_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_caseload_need", "caseload")
