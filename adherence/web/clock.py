"""The one clock of the edges: every limit, link and entry of a request sees the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask, current_app, g

EXTENSION = "adherence.clock"


def read_clock() -> datetime:
    """The present instant in UTC, by the machine's clock."""
    return datetime.now(UTC)


def now() -> datetime:
    """The moment of this request: read once, when it came in."""
    moment: datetime | None = g.get("now")
    if moment is None:
        moment = g.now = of(current_app)
    return moment


def of(app: Flask) -> datetime:
    """The present instant by the clock of ``app``, outside of any request."""
    clock: Callable[[], datetime] = app.extensions[EXTENSION]
    return clock()


def set_clock(app: Flask, at: datetime) -> None:
    """Let ``app`` live as if it were ``at`` now; its clock runs on from there."""
    ahead = at - read_clock()
    app.extensions[EXTENSION] = lambda: read_clock() + ahead


def init_app(app: Flask) -> None:
    """Give ``app`` the machine's clock; a test puts another in its place."""
    app.extensions[EXTENSION] = read_clock
