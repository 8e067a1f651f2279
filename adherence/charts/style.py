"""The chart's colours, signs and sizes: the tokens of the pages, because a picture cannot read CSS.

The values are those of `tokens.css`; a test compares them. Sizes are in chart units; one unit is
one CSS pixel when a chart is shown at its own width.
"""

from dataclasses import dataclass
from typing import Literal

from adherence.domain.entries import Status

ThemeName = Literal["light", "dark", "contrast", "dark-contrast"]
WidthName = Literal["phone", "wide"]

FONT_FAMILY = (
    '"Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", system-ui, -apple-system, '
    '"Helvetica Neue", Arial, sans-serif'
)
"""`--sans` of the pages. The browser draws the text; DejaVu Sans, which is wider, measures it."""

TEXT = 13.0
TEXT_BIG = 15.0
STRONG = 650
WIDTHS: dict[WidthName, int] = {"phone": 340, "wide": 900}
DAYS: dict[WidthName, int] = {"phone": 14, "wide": 28}
"""How many days a symptom or dose chart shows well at each width; see `SymptomChart.latest`."""

PNG_SCALE = 2
"""Pixels per unit in a PNG, so that it stays sharp on a phone and on paper."""

HATCH_WIDTH = 1.2
HATCH_SHARE = 0.4
"""How much of the state's colour a hatch keeps over its tint, so that the sign stays clear."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The tokens one theme draws with, as `#RRGGBB`."""

    surface: str
    line: str
    line_strong: str
    ink: str
    ink_soft: str
    brand: str
    brand_tint: str
    thread: str
    thread_ink: str
    thread_tint: str
    edge: float
    state: dict[Status, str]
    tint: dict[Status, str]


_LIGHT_TINT = {
    Status.DONE: "#E2F0EA",
    Status.PARTLY: "#FAEFD3",
    Status.SKIPPED: "#EEE7F6",
    Status.MISSED: "#F6E5E0",
    Status.UNREPORTED: "#F3EDF2",
    Status.EXCUSED: "#E3EFF8",
    Status.UPCOMING: "#FFFDFC",
}
_DARK_TINT = {
    Status.DONE: "#17342F",
    Status.PARTLY: "#3A2E12",
    Status.SKIPPED: "#32233F",
    Status.MISSED: "#43241D",
    Status.UNREPORTED: "#33262F",
    Status.EXCUSED: "#1C2F41",
    Status.UPCOMING: "#261A25",
}

THEMES: dict[ThemeName, Theme] = {
    "light": Theme(
        surface="#FFFDFC",
        line="#E2D5D8",
        line_strong="#8A7683",
        ink="#2C1A2A",
        ink_soft="#5F4A5B",
        brand="#6B2350",
        brand_tint="#F5E6EE",
        thread="#B57F0A",
        thread_ink="#744E00",
        thread_tint="#FDF2DA",
        edge=1.0,
        state={
            Status.DONE: "#17654F",
            Status.PARTLY: "#AD7C00",
            Status.SKIPPED: "#5F3296",
            Status.MISSED: "#6B2113",
            Status.UNREPORTED: "#806880",
            Status.EXCUSED: "#2478B5",
            Status.UPCOMING: "#8A7683",
        },
        tint=_LIGHT_TINT,
    ),
    "dark": Theme(
        surface="#261A25",
        line="#43313F",
        line_strong="#A08A9A",
        ink="#F8EEF1",
        ink_soft="#CFBBC8",
        brand="#F0B3D2",
        brand_tint="#3D2136",
        thread="#E2AB3B",
        thread_ink="#F7CE7D",
        thread_tint="#3A2B14",
        edge=1.0,
        state={
            Status.DONE: "#6CE0D0",
            Status.PARTLY: "#F8D877",
            Status.SKIPPED: "#A66EEA",
            Status.MISSED: "#EC795D",
            Status.UNREPORTED: "#B5A0A7",
            Status.EXCUSED: "#7AB7E6",
            Status.UPCOMING: "#A08A9A",
        },
        tint=_DARK_TINT,
    ),
    "contrast": Theme(
        surface="#FFFFFF",
        line="#2C1A2A",
        line_strong="#000000",
        ink="#000000",
        ink_soft="#2C1A2A",
        brand="#4A0F35",
        brand_tint="#F5E6EE",
        thread="#7A5300",
        thread_ink="#4F3600",
        thread_tint="#FDF2DA",
        edge=2.0,
        state={
            Status.DONE: "#0A4635",
            Status.PARTLY: "#7A5600",
            Status.SKIPPED: "#43177D",
            Status.MISSED: "#4F1206",
            Status.UNREPORTED: "#523F52",
            Status.EXCUSED: "#0B4F83",
            Status.UPCOMING: "#2C1A2A",
        },
        tint=_LIGHT_TINT,
    ),
    "dark-contrast": Theme(
        surface="#000000",
        line="#E8D8E2",
        line_strong="#FFFFFF",
        ink="#FFFFFF",
        ink_soft="#F8EEF1",
        brand="#FFC9E2",
        brand_tint="#3D2136",
        thread="#FFD46B",
        thread_ink="#FFE0A0",
        thread_tint="#3A2B14",
        edge=2.0,
        state={
            Status.DONE: "#86F5E2",
            Status.PARTLY: "#FFE27A",
            Status.SKIPPED: "#B684FF",
            Status.MISSED: "#FF8A6B",
            Status.UNREPORTED: "#CFB9C3",
            Status.EXCUSED: "#86C6FF",
            Status.UPCOMING: "#E8D8E2",
        },
        tint=_DARK_TINT,
    ),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """How one state is drawn without colour: matplotlib marker, its size, its fill, and its hatch.

    `cut` names the stroke laid over the marker in the colour of the ground (or, on a hollow marker,
    in the state's colour).
    """

    marker: str
    size: float
    fill: Literal["full", "bottom", "none"]
    hatch: str
    cut: Literal["tick", "bar", "bars", "point", ""]
    dotted: bool = False


SIGNS: dict[Status, Sign] = {
    Status.DONE: Sign("o", 11.0, "full", "", "tick"),
    Status.PARTLY: Sign("o", 11.0, "bottom", "///", ""),
    Status.SKIPPED: Sign("D", 9.0, "full", "---", "bar"),
    Status.MISSED: Sign("X", 11.0, "full", "xxx", ""),
    Status.UNREPORTED: Sign("o", 10.0, "none", "...", "point", dotted=True),
    Status.EXCUSED: Sign("s", 9.5, "full", "|||", "bars"),
    Status.UPCOMING: Sign("o", 9.0, "none", "", ""),
}


def mixed(over: str, under: str, share: float) -> str:
    """Return `over` laid on `under` with `share` (0.0 to 1.0) of itself kept, as `#rrggbb`."""
    pairs = [(int(over[at : at + 2], 16), int(under[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(top * share + low * (1 - share)):02x}" for top, low in pairs)
