"""Consent: what patients decided about each purpose, and the words it was about.

Both tables only grow; triggers refuse to change or remove a line. A mail may contact a patient,
which is asked about when it is sent.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0007"
down_revision = "0006"

PURPOSES = "'care', 'programme', 'research', 'email', 'sms', 'push'"
MAILS = "'sign-in', 'reset', 'invite', 'setup', 'new-address', 'changed', 'emergency', 'news'"
APPEND_ONLY = ("consent_text", "consent_decision")


def upgrade() -> None:
    op.create_table(
        "consent_text",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("words", columns.document(), nullable=False),
        sa.CheckConstraint(f"purpose IN ({PURPOSES})", name=op.f("ck_consent_text_purpose")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_consent_text")),
        sa.UniqueConstraint(
            "purpose", "version", "locale", name=op.f("uq_consent_text_purpose_version_locale")
        ),
    )
    op.create_table(
        "consent_decision",
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("answer", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("signature", sa.String(200), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("decided_at", columns.instant(), nullable=False),
        sa.Column("recorded_at", columns.instant(), nullable=False),
        sa.CheckConstraint(f"purpose IN ({PURPOSES})", name=op.f("ck_consent_decision_purpose")),
        sa.CheckConstraint(
            "answer IN ('given', 'withdrawn')", name=op.f("ck_consent_decision_answer")
        ),
        sa.CheckConstraint(
            "source IN ('self', 'proxy', 'paper', 'spoken')",
            name=op.f("ck_consent_decision_source"),
        ),
        sa.CheckConstraint(
            "answer <> 'given' OR source <> 'spoken'", name=op.f("ck_consent_decision_signed")
        ),
        sa.CheckConstraint(
            "answer <> 'given' OR length(signature) >= 2", name=op.f("ck_consent_decision_named")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_consent_decision_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["consent_text.digest"],
            name=op.f("fk_consent_decision_digest_consent_text"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_consent_decision_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("patient_id", "id", name=op.f("pk_consent_decision")),
        sa.UniqueConstraint("patient_id", "seq", name=op.f("uq_consent_decision_patient_id_seq")),
    )
    op.create_index(
        op.f("ix_consent_decision_patient_id_purpose_decided_at_seq"),
        "consent_decision",
        ["patient_id", "purpose", "decided_at", "seq"],
        unique=False,
    )
    with op.batch_alter_table("mail") as mail:
        mail.add_column(sa.Column("patient_id", columns.identifier(), nullable=True))
        mail.drop_constraint(op.f("ck_mail_kind"), type_="check")
        mail.create_check_constraint(op.f("ck_mail_kind"), f"kind IN ({MAILS})")
    _guard()


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION append_only()"
            )
        return
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("Decisions may only be added; restore a backup instead.")
