"""Column types as the steps made them, whatever the models say today."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


def identifier() -> sa.types.TypeEngine[Any]:
    """16 bytes on SQLite, the native UUID on PostgreSQL."""
    return sa.LargeBinary(16).with_variant(postgresql.UUID(as_uuid=True), "postgresql")


def instant() -> sa.types.TypeEngine[Any]:
    """UTC microseconds on SQLite, a timestamp with time zone on PostgreSQL."""
    return sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def document() -> sa.types.TypeEngine[Any]:
    """JSON text on SQLite, JSONB on PostgreSQL."""
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def sealed_text(length: int) -> sa.types.TypeEngine[Any]:
    """Encrypted text, declared on SQLite as long as the plain one may be."""
    return sa.String(length).with_variant(sa.Text(), "postgresql")
