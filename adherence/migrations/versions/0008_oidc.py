"""Single sign-on: which account a provider's subject opens, and one more way in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0008"
down_revision = "0007"

PURPOSES = (
    "'link', 'invite', 'invite-mail', 'setup', 'first-start', 'mail', 'reset', 'mail-code', "
    "'reset-code', 'new-address', 'passkey-new', 'passkey-in', 'passkey-prove', 'oidc', 'oidc-link'"
)
VIA = "'password', 'passkey', 'pin', 'mail', 'reset', 'invite', 'setup', 'link', 'oidc'"


def upgrade() -> None:
    op.create_table(
        "oidc_link",
        sa.Column("account_id", columns.identifier(), nullable=False),
        sa.Column("clinic_id", columns.identifier(), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("linked_at", columns.instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_oidc_link_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_oidc_link")),
        sa.UniqueConstraint(
            "clinic_id", "issuer", "subject", name=op.f("uq_oidc_link_clinic_id_issuer_subject")
        ),
    )
    op.create_index(
        op.f("ix_oidc_link_issuer_subject"), "oidc_link", ["issuer", "subject"], unique=False
    )
    with op.batch_alter_table("one_time") as one_time:
        one_time.drop_constraint(op.f("ck_one_time_purpose"), type_="check")
        one_time.create_check_constraint(op.f("ck_one_time_purpose"), f"purpose IN ({PURPOSES})")
    with op.batch_alter_table("session") as session:
        session.drop_constraint(op.f("ck_session_via"), type_="check")
        session.create_check_constraint(op.f("ck_session_via"), f"via IN ({VIA})")


def downgrade() -> None:
    raise NotImplementedError("A step back would forget who may sign in; restore a backup instead.")
