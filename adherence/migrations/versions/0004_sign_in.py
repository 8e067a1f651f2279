"""Signing in: what accounts sign in by, one-time codes, devices, throttles, mails, proxies.

Sessions and links of the version before end here: they do not say how far somebody has signed in,
and a link lived for ten minutes only. Everybody signs in again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0004"
down_revision = "0003"

PURPOSES = (
    "'link', 'invite', 'invite-mail', 'setup', 'first-start', 'mail', 'reset', 'mail-code', "
    "'reset-code', 'new-address', 'passkey-new', 'passkey-in', 'passkey-prove'"
)
VIA = "'password', 'passkey', 'pin', 'mail', 'reset', 'invite', 'setup', 'link'"
MAILS = "'sign-in', 'reset', 'invite', 'setup', 'new-address', 'changed'"


def upgrade() -> None:
    op.add_column("account", sa.Column("email", sa.String(254), nullable=True))
    op.add_column("account", sa.Column("email_new", sa.String(254), nullable=True))
    op.add_column("account", sa.Column("password", sa.String(200), nullable=True))
    op.add_column("account", sa.Column("totp", sa.LargeBinary(), nullable=True))
    op.add_column("account", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("handle", sa.LargeBinary(32), nullable=True))
    op.create_index("uq_account_clinic_id_email", "account", ["clinic_id", "email"], unique=True)
    op.create_index("uq_account_handle", "account", ["handle"], unique=True)
    op.add_column("clinic", sa.Column("slug", sa.String(40), nullable=True))
    op.add_column(
        "clinic",
        sa.Column("grown_age", sa.SmallInteger(), nullable=False, server_default=sa.text("18")),
    )
    op.create_index("uq_clinic_slug", "clinic", ["slug"], unique=True)
    op.drop_table("signin_link")
    op.drop_table("session")
    op.create_table(
        "device",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("pin", sa.String(200), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("seen_at", columns.instant(), nullable=False),
        sa.Column("revoked_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_device_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("digest", name=op.f("uq_device_digest")),
    )
    op.create_index(op.f("ix_device_account_id"), "device", ["account_id"], unique=False)
    op.create_index(op.f("ix_device_seen_at"), "device", ["seen_at"], unique=False)
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("via", sa.String(32), nullable=False),
        sa.Column("started_at", columns.instant(), nullable=False),
        sa.Column("seen_at", columns.instant(), nullable=False),
        sa.Column("ends_at", columns.instant(), nullable=False),
        sa.Column("proved_at", columns.instant(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("device_id", columns.identifier(), nullable=True),
        sa.Column("for_patient_id", columns.identifier(), nullable=True),
        sa.CheckConstraint("stage IN ('pending', 'full')", name=op.f("ck_session_stage")),
        sa.CheckConstraint(f"via IN ({VIA})", name=op.f("ck_session_via")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_session_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_session_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["for_patient_id"], ["patient.id"], name=op.f("fk_session_for_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_session")),
        sa.UniqueConstraint("id", name=op.f("uq_session_id")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"], unique=False)
    op.create_index(op.f("ix_session_device_id"), "session", ["device_id"], unique=False)
    op.create_index(op.f("ix_session_ends_at"), "session", ["ends_at"], unique=False)
    op.create_table(
        "one_time",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=True),
        sa.Column("bound", sa.LargeBinary(32), nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("ends_at", columns.instant(), nullable=False),
        sa.Column("used_at", columns.instant(), nullable=True),
        sa.CheckConstraint(f"purpose IN ({PURPOSES})", name=op.f("ck_one_time_purpose")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_one_time_account_id_account")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_one_time")),
    )
    op.create_index(
        op.f("ix_one_time_account_id_purpose"), "one_time", ["account_id", "purpose"], unique=False
    )
    op.create_index(
        op.f("ix_one_time_bound_purpose"), "one_time", ["bound", "purpose"], unique=False
    )
    op.create_index(op.f("ix_one_time_ends_at"), "one_time", ["ends_at"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("credential", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("used_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_passkey_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkey_credential")),
    )
    op.create_index(op.f("ix_passkey_account_id"), "passkey", ["account_id"], unique=False)
    op.create_table(
        "recovery",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("used_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_recovery_account_id_account")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery")),
    )
    op.create_index(op.f("ix_recovery_account_id"), "recovery", ["account_id"], unique=False)
    op.create_table(
        "bucket",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "slot", name=op.f("pk_bucket")),
    )
    op.create_index(op.f("ix_bucket_slot"), "bucket", ["slot"], unique=False)
    op.create_table(
        "mail",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.Column("due_at", columns.instant(), nullable=False),
        sa.Column("ends_at", columns.instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", columns.instant(), nullable=True),
        sa.CheckConstraint(f"kind IN ({MAILS})", name=op.f("ck_mail_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index(
        "ix_mail_waiting",
        "mail",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "proxy",
        sa.Column("id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("patient_id", columns.identifier(), nullable=False),
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("author_id", columns.identifier(), nullable=False),
        sa.Column("until_grown", sa.Boolean(), nullable=False),
        sa.Column("from_at", columns.instant(), nullable=False),
        sa.Column("until_at", columns.instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_proxy_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_proxy_author_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_proxy_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxy")),
    )
    op.create_index(op.f("ix_proxy_account_id"), "proxy", ["account_id"], unique=False)
    op.create_index(
        op.f("ix_proxy_patient_id_account_id"), "proxy", ["patient_id", "account_id"], unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("A step back would forget who may sign in; restore a backup instead.")
