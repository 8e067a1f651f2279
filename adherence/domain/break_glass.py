"""Break-glass: one patient's record, read in an emergency by somebody outside the care team."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from adherence.domain.errors import InvalidInput
from adherence.domain.texts import clean

#: Fewer characters name no reason.
SHORTEST_REASON = 10
REASON_LIMIT = 500
WORDS_LIMIT = 500
ONE_MINUTE = timedelta(minutes=1)


def read_reason(typed: str) -> str:
    """Why the record is opened, as it is stored.

    Raises:
        InvalidInput: nothing, too little to be a reason, or too much.
    """
    found = clean(typed, REASON_LIMIT, lines=20, field="reason")
    if len(found) < SHORTEST_REASON:
        raise InvalidInput("reason", "reason_too_short")
    return found


def folded(name: str) -> str:
    """A full name as two of them are compared: case and surplus spaces make no difference."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def minutes_left(ends_at: datetime, now: datetime) -> int:
    """How many minutes are left, the begun one counted; 0 when it is over."""
    return max(0, -((now - ends_at) // ONE_MINUTE))
