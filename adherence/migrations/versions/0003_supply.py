"""Supplies: what was dispensed, counted or imported. Append-only, like entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "supply",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("client_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("duration", sa.Double(), nullable=False),
        sa.Column("daily_dose", sa.Double(), nullable=True),
        sa.Column("medication", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("corrects_id", columns.identifier(), nullable=True),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("received_at", columns.instant(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(length=16), nullable=False),
        sa.CheckConstraint("duration > 0", name=op.f("ck_supply_duration")),
        sa.CheckConstraint("daily_dose > 0", name=op.f("ck_supply_daily_dose")),
        sa.CheckConstraint(
            "source IN ('dispensed', 'counted', 'imported')", name=op.f("ck_supply_source")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_supply_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "corrects_id"],
            ["supply.patient_id", "supply.client_id"],
            name=op.f("fk_supply_patient_id_corrects_id_supply"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_supply_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "client_id", name=op.f("pk_supply")),
        sa.UniqueConstraint("patient_id", "seq", name=op.f("uq_supply_patient_id_seq")),
    )
    op.create_index("ix_supply_cohort", "supply", ["clinic_id", "patient_id", "seq"], unique=False)
    op.create_index(
        "uq_supply_corrects",
        "supply",
        ["patient_id", "corrects_id"],
        unique=True,
        sqlite_where=sa.text("corrects_id IS NOT NULL"),
        postgresql_where=sa.text("corrects_id IS NOT NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER supply_append_only BEFORE UPDATE OR DELETE ON supply "
            "FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER supply_no_{verb.lower()} BEFORE {verb} ON supply "
                "BEGIN SELECT RAISE(ABORT, 'supply is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("Supplies may only be added; restore a backup instead.")
