"""Whom a programme counts together, and what each group came to when it was last counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "counted_group",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("counted_at", columns.instant(), nullable=False),
        sa.Column("patients", sa.Integer(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("unreported", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_counted_group_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted_group")),
    )
    op.create_index(op.f("ix_counted_group_clinic_id"), "counted_group", ["clinic_id"])
    op.create_table(
        "counted_person",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("group_id", columns.identifier(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_counted_person_patient_id_patient")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["counted_group.id"],
            name=op.f("fk_counted_person_group_id_counted_group"),
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_counted_person")),
    )
    op.create_index(op.f("ix_counted_person_group_id"), "counted_person", ["group_id"])
    op.create_index(op.f("ix_counted_person_clinic_id"), "counted_person", ["clinic_id"])


def downgrade() -> None:
    raise NotImplementedError(
        "Who was counted cannot be found out again; restore a backup instead."
    )
