"""Care notes: what the team writes for the team. The patient knows of them, the team reads them."""

from __future__ import annotations

import unicodedata

from adherence.domain.errors import InvalidInput
from adherence.domain.texts import clean

TEXT_LIMIT = 2_000
LINES = 40
#: Letters, numbers, punctuation and symbols: what somebody can see.
_SEEN = "LNPS"


def note_text(typed: str) -> str:
    """What was typed, as it is kept.

    Raises:
        InvalidInput: nothing is left of it, or it is too long.
    """
    found = clean(typed, TEXT_LIMIT, lines=LINES)
    if not any(unicodedata.category(each)[0] in _SEEN for each in found):
        raise InvalidInput("text", "empty")
    return found
