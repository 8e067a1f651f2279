"""Sealed addresses: e-mail addresses are encrypted, and found by a keyed digest.

What is there is encrypted by the first server of the new version that writes, in small pieces (see
``store/addresses.py``): a step knows no keys. Until then a row without a digest is found as it is,
and its address stays the only one of its clinic.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adherence.migrations import columns

revision = "0012"
down_revision = "0011"

PLAIN = "email IS NOT NULL AND email_digest IS NULL"


def upgrade() -> None:
    op.create_table(
        "look_up_key",
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", columns.instant(), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_look_up_key")),
    )
    op.add_column("account", sa.Column("email_digest", sa.LargeBinary(32), nullable=True))
    op.drop_index("uq_account_clinic_id_email", "account")
    if op.get_bind().dialect.name == "postgresql":
        # An encrypted address is longer than the plain one. SQLite holds no text to its length.
        for column in ("email", "email_new"):
            op.alter_column("account", column, type_=sa.Text())
    op.create_index(
        "uq_account_clinic_id_email_digest", "account", ["clinic_id", "email_digest"], unique=True
    )
    op.create_index(
        "uq_account_plain_email",
        "account",
        ["clinic_id", "email"],
        unique=True,
        sqlite_where=sa.text(PLAIN),
        postgresql_where=sa.text(PLAIN),
    )


def downgrade() -> None:
    raise NotImplementedError("Nobody could sign in by an address any more; restore a backup.")
