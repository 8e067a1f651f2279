"""The number of a request: what ties an answer, a line of the log and a line of the audit."""

from __future__ import annotations

import secrets

from flask import g


def current() -> str:
    """16 hexadecimal digits, drawn once for a request."""
    found: str | None = g.get("request_id")
    if found is None:
        found = g.request_id = secrets.token_hex(8)
    return found
