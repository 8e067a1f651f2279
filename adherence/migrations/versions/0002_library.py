"""The library: exercises as they were prescribed, and those that a clinic makes itself.

A version only ever joins the others; triggers refuse to change or remove one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0002"
down_revision = "0001"

APPEND_ONLY = ("clinic_exercise_version", "prescribed_exercise")


def upgrade() -> None:
    op.create_table(
        "prescribed_exercise",
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", columns.document(), nullable=False),
        sa.Column("kept_at", columns.instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_prescribed_exercise_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "slug", "version", name=op.f("pk_prescribed_exercise")
        ),
    )
    op.create_table(
        "clinic_exercise",
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_from", sa.String(length=80), nullable=True),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("retired_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_clinic_exercise_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_clinic_exercise_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_exercise")),
        sa.UniqueConstraint("clinic_id", "slug", name=op.f("uq_clinic_exercise_clinic_id_slug")),
    )
    op.create_table(
        "clinic_exercise_version",
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("exercise_id", columns.identifier(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", columns.document(), nullable=False),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["account.id"],
            name=op.f("fk_clinic_exercise_version_author_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "exercise_id"],
            ["clinic_exercise.clinic_id", "clinic_exercise.id"],
            name=op.f("fk_clinic_exercise_version_exercise"),
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "exercise_id", "version", name=op.f("pk_clinic_exercise_version")
        ),
    )
    op.create_table(
        "clinic_medium",
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("mimetype", sa.String(length=40), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.CheckConstraint("kind IN ('picture', 'film')", name=op.f("ck_clinic_medium_kind")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_clinic_medium_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_clinic_medium_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_medium")),
    )
    _guard()


def _guard() -> None:
    """Refuse to change or remove a line of a table that only grows."""
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION append_only()"
            )
    else:
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def downgrade() -> None:
    for table in ("clinic_medium", "clinic_exercise_version", "clinic_exercise"):
        op.drop_table(table)
    op.drop_table("prescribed_exercise")
