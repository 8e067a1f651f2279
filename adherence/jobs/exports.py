"""Exports: asked-for copies are built one after the other, and go when their week is over."""

from __future__ import annotations

from datetime import datetime

from adherence.services import exports as service
from adherence.web.exports import page


def build_waiting(now: datetime) -> tuple[int, int]:
    """Build what waits, and remove what is over; (built, failed)."""
    return service.build_waiting(page, now)
