"""Rights: copies of a person's data, wishes to be forgotten, and what is left of who was.

The triggers of what may only be added let a row of a patient go while that patient's erasure runs,
and at no other time. UPDATE is refused as before, and so is every DELETE of the audit.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0011"
down_revision = "0010"

#: What people write freely, encrypted from now on.
SEALED = (("entry", "note"), ("pause", "note"), ("notice", "reply"))
#: What may only be added and belongs to one patient.
OF_PATIENTS = ("entry", "revision", "supply", "consent_decision", "care_note")
OPEN = "state IN ('asked', 'proposed', 'running')"
RUNS = (
    "EXISTS (SELECT 1 FROM erasure WHERE erasure.patient_id = OLD.patient_id"
    " AND erasure.state = 'running')"
)


def upgrade() -> None:
    op.add_column("patient", sa.Column("restricted_at", columns.instant(), nullable=True))
    op.create_table(
        "export_request",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("built_at", columns.instant(), nullable=True),
        sa.Column("ends_at", columns.instant(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'ready', 'failed')", name=op.f("ck_export_request_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_export_request_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_export_request_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_request")),
    )
    op.create_index(op.f("ix_export_request_account_id"), "export_request", ["account_id"])
    op.create_index(op.f("ix_export_request_ends_at"), "export_request", ["ends_at"])
    op.create_index(
        op.f("ix_export_request_patient_id_created_at"),
        "export_request",
        ["patient_id", "created_at"],
    )
    op.create_table(
        "erasure",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("asked_by", columns.identifier(), nullable=False),
        sa.Column("asked_at", columns.instant(), nullable=False),
        sa.Column("words", columns.sealed_text(500), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("reason", columns.sealed_text(500), nullable=True),
        sa.Column("needs_two", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", columns.identifier(), nullable=True),
        sa.Column("proposed_at", columns.instant(), nullable=True),
        sa.Column("decided_by", columns.identifier(), nullable=True),
        sa.Column("decided_at", columns.instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'proposed', 'running', 'restricted', 'refused', 'withdrawn')",
            name=op.f("ck_erasure_state"),
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('erase', 'restrict', 'refuse')",
            name=op.f("ck_erasure_outcome"),
        ),
        sa.CheckConstraint(
            "state <> 'running' OR (outcome = 'erase' AND decided_by IS NOT NULL"
            " AND proposed_by IS NOT NULL AND (NOT needs_two OR proposed_by <> decided_by))",
            name=op.f("ck_erasure_two"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_erasure_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_patient_id_asked_at"), "erasure", ["patient_id", "asked_at"])
    op.create_index(op.f("ix_erasure_clinic_id_asked_at"), "erasure", ["clinic_id", "asked_at"])
    op.create_index(
        "uq_erasure_open",
        "erasure",
        ["patient_id"],
        unique=True,
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
    op.create_table(
        "tombstone",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("chain_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("erased_at", columns.instant(), nullable=False),
        sa.Column("audit_n", sa.BigInteger(), nullable=False),
        sa.Column("audit_head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "data_key",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    _make_room_for_sealed_texts()
    _let_erasures_through()


def _make_room_for_sealed_texts() -> None:
    """An encrypted text is longer than the plain one. SQLite holds no text to its length anyway."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in SEALED:
            op.alter_column(table, column, type_=sa.Text())


def _let_erasures_through() -> None:
    """Replace the triggers that refuse every DELETE of a patient's rows.

    A statement in a shell cannot get past them by itself: it would have to write a decided erasure
    first, which the table's check ties to two people, and which the audit vouches for.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION append_only_but_erasure() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF TG_OP = 'DELETE' THEN IF {RUNS} THEN RETURN OLD; END IF; END IF; "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        for table in OF_PATIENTS:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION append_only_but_erasure()"
            )
        return
    for table in OF_PATIENTS:
        op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT {RUNS} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("Who was erased would be forgotten twice; restore a backup instead.")
