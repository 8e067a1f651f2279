"""Care teams: one lead, others beside, substitutes; and records opened in an emergency.

Of a team that had several leads the one of longest standing stays it, and so does the member of
longest standing of a team that had none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0006"
down_revision = "0005"

MAILS = "'sign-in', 'reset', 'invite', 'setup', 'new-address', 'changed', 'emergency'"
LEADS_NOW = "kind = 'lead' AND until_at IS NULL"
STILL_OPEN = "ended_at IS NULL"
FIRST_OF_THE_TEAM = """
UPDATE care_relation SET kind = 'lead' WHERE until_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM care_relation AS other
    WHERE other.patient_id = care_relation.patient_id AND other.until_at IS NULL AND (
        (other.lead AND NOT care_relation.lead)
        OR (other.lead = care_relation.lead AND (other.from_at, other.account_id)
            < (care_relation.from_at, care_relation.account_id))
    )
)
"""


def upgrade() -> None:
    with op.batch_alter_table("care_relation") as batch:
        batch.add_column(sa.Column("kind", sa.String(32), nullable=True))
        batch.add_column(sa.Column("stands_for_id", columns.identifier(), nullable=True))
    op.execute("UPDATE care_relation SET kind = 'supplementary'")
    op.execute("UPDATE care_relation SET kind = 'lead' WHERE lead AND until_at IS NOT NULL")
    op.execute(FIRST_OF_THE_TEAM)
    # What was ended before it began, by a clock set back, never was.
    op.execute("UPDATE care_relation SET until_at = from_at WHERE until_at < from_at")
    with op.batch_alter_table("care_relation") as batch:
        batch.drop_column("lead")
        batch.alter_column("kind", existing_type=sa.String(32), nullable=False)
        batch.create_check_constraint(
            op.f("ck_care_relation_kind"), "kind IN ('lead', 'supplementary', 'substitute')"
        )
        batch.create_check_constraint(
            op.f("ck_care_relation_substitute"),
            "kind <> 'substitute' OR (until_at IS NOT NULL AND stands_for_id IS NOT NULL)",
        )
        batch.create_check_constraint(
            op.f("ck_care_relation_period"), "until_at IS NULL OR until_at >= from_at"
        )
        batch.create_foreign_key(
            op.f("fk_care_relation_stands_for_id_account"), "account", ["stands_for_id"], ["id"]
        )
    op.create_index(
        "uq_care_relation_lead",
        "care_relation",
        ["patient_id"],
        unique=True,
        sqlite_where=sa.text(LEADS_NOW),
        postgresql_where=sa.text(LEADS_NOW),
    )
    with op.batch_alter_table("mail") as batch:
        batch.drop_constraint(op.f("ck_mail_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_mail_kind"), f"kind IN ({MAILS})")
    op.create_table(
        "break_glass",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("begun_at", columns.instant(), nullable=False),
        sa.Column("ends_at", columns.instant(), nullable=False),
        sa.Column("ended_at", columns.instant(), nullable=True),
        sa.Column("seen_by", columns.identifier(), nullable=True),
        sa.Column("seen_at", columns.instant(), nullable=True),
        sa.Column("seen_words", sa.String(500), nullable=True),
        sa.Column("told_at", columns.instant(), nullable=True),
        sa.CheckConstraint("length(reason) >= 10", name=op.f("ck_break_glass_reason")),
        sa.CheckConstraint(
            "(seen_at IS NULL) = (seen_by IS NULL) AND (seen_at IS NULL) = (seen_words IS NULL)",
            name=op.f("ck_break_glass_seen"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_break_glass_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_break_glass_patient_id_patient")
        ),
        sa.ForeignKeyConstraint(
            ["seen_by"], ["account.id"], name=op.f("fk_break_glass_seen_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index(
        op.f("ix_break_glass_patient_id_account_id"),
        "break_glass",
        ["patient_id", "account_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_break_glass_clinic_id_begun_at"),
        "break_glass",
        ["clinic_id", "begun_at"],
        unique=False,
    )
    op.create_index(
        "uq_break_glass_open",
        "break_glass",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text(STILL_OPEN),
        postgresql_where=sa.text(STILL_OPEN),
    )


def downgrade() -> None:
    raise NotImplementedError("A step back would forget who opened a record; restore a backup.")
