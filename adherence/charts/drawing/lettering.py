"""How much room words take. DejaVu Sans measures; the reader's own font is as wide or narrower."""

from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.ft2font import FT2Font, LoadFlags

from adherence.charts.style import TEXT

ELLIPSIS = "…"
UNKNOWN_WIDTH = 1.5
"""Width of a sign that DejaVu Sans does not have, in parts of the text's size."""


@lru_cache(maxsize=2)
def _font(strong: bool) -> FT2Font:
    name = "DejaVuSans-Bold.ttf" if strong else "DejaVuSans.ttf"
    return FT2Font(str(Path(mpl.get_data_path(), "fonts", "ttf", name)))


@lru_cache(maxsize=4096)
def advance(sign: str, strong: bool) -> float | None:
    """Return how wide `sign` is at size 1, or None where DejaVu Sans does not have it."""
    font = _font(strong)
    if not font.get_char_index(ord(sign)):
        return None
    font.set_size(64.0, 72.0)
    return float(font.load_char(ord(sign), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / (
        64.0 * 65536.0
    )


def text_width(text: str, size: float = TEXT, strong: bool = False) -> float:
    """Return the room `text` needs; unknown signs count as wide."""
    return size * sum(
        UNKNOWN_WIDTH if (wide := advance(sign, strong)) is None else wide for sign in text
    )


def shortened(text: str, room: float, size: float = TEXT, strong: bool = False) -> str:
    """Return `text` cut with an ellipsis to the `room` there is, or '' where not even that fits."""
    if text_width(text, size, strong) <= room:
        return text
    while text:
        text = text[:-1]
        if text_width(text + ELLIPSIS, size, strong) <= room:
            return text.rstrip() + ELLIPSIS if text.strip() else ""
    return ""


def wrapped(text: str, room: float, size: float = TEXT) -> list[str]:
    """Return `text` on one or two lines of the `room` there is, the second one cut if need be."""
    if text_width(text, size) <= room:
        return [text]
    first, rest = "", text.split(" ")
    while rest and text_width(f"{first} {rest[0]}".strip(), size) <= room:
        first = f"{first} {rest.pop(0)}".strip()
    return (
        [first, shortened(" ".join(rest), room, size)] if first else [shortened(text, room, size)]
    )
