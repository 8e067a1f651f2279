"""Care notes: what the team writes for the team. Append-only, like entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "care_note",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("client_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("text", columns.sealed_text(2000), nullable=False),
        sa.Column("written_at", columns.instant(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_care_note_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_care_note_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "client_id", name=op.f("pk_care_note")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER care_note_append_only BEFORE UPDATE OR DELETE ON care_note "
            "FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER care_note_no_{verb.lower()} BEFORE {verb} ON care_note "
                "BEGIN SELECT RAISE(ABORT, 'care_note is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("Notes may only be added; restore a backup instead.")
