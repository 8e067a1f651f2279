"""Text that people typed: made harmless once, before it is stored and again before it is drawn."""

import unicodedata

from adherence.domain.errors import InvalidInput

LABEL_LIMIT = 80
LABEL_LINES = 2

_DROPPED = frozenset({"Cc", "Cs", "Cn"})
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def clean(text: str, limit: int, lines: int = 1, *, field: str = "text") -> str:
    """The text in NFC and stripped, without controls, surrogates, non-characters and bidi marks.

    ``limit`` counts characters after cleaning; a longer text raises ``InvalidInput(field,
    "too_long")`` rather than losing what somebody wrote. Line ends become ``\\n`` where ``lines``
    allows more than one (surplus ones become spaces), and spaces where it does not.
    """
    kept = _kept(text, lines)
    if len(kept) > limit:
        raise InvalidInput(field, "too_long")
    return kept


def label(text: str) -> str:
    """The text cut to what a chart has room for: at most 80 characters on 2 lines."""
    kept = _kept(text, LABEL_LINES)
    return kept if len(kept) <= LABEL_LIMIT else kept[: LABEL_LIMIT - 1].rstrip() + "…"


def _kept(text: str, lines: int) -> str:
    if text.isascii() and text.isprintable():
        return text.strip()
    unix = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    rows = ["".join(filter(_is_kept, row.replace("\t", " "))).strip() for row in unix.split("\n")]
    while rows and not rows[-1]:
        rows.pop()
    while rows and not rows[0]:
        rows.pop(0)
    return "\n".join([*rows[: lines - 1], " ".join(filter(None, rows[lines - 1 :]))]).strip()


def _is_kept(character: str) -> bool:
    return character not in _BIDI_CONTROLS and unicodedata.category(character) not in _DROPPED
