"""The small drawings every page shares: icons, and one bead per state of a day."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from markupsafe import Markup, escape

ICONS = {
    "adjust": (
        "M4 7.5h8.5M17.5 7.5H20M4 16.5h2.5M11.5 16.5H20M15 5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 "
        "0-5zM9 14a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"
    ),
    "again": "M5 12.5a7 7 0 1 0 2.2-5.2M7.5 3v4.5H12",
    "ask": (
        "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM9.4 9.6a2.7 2.7 0 1 1 3.9 2.4c-.9.5-1.3 "
        "1-1.3 1.9M12 17v.1"
    ),
    "back": "M14.5 5.5 8 12l6.5 6.5",
    "bag": (
        "M5 9h14a1.5 1.5 0 0 1 1.5 1.5V18a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18v-7.5A1.5 "
        "1.5 0 0 1 5 9zM9 9V6a1.5 1.5 0 0 1 1.5-1.5h3A1.5 1.5 0 0 1 15 6v3"
    ),
    "bed": (
        "M3.5 18.5v-13M3.5 15.5h17v3M20.5 15.5v-3a3 3 0 0 0-3-3H10v6M6.7 9.2a1.6 1.6 0 1 1 0 "
        "3.2 1.6 1.6 0 0 1 0-3.2z"
    ),
    "better": (
        "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.3 13.8a4.2 4.2 0 0 0 7.4 0M9 "
        "9.5v.1M15 9.5v.1"
    ),
    "bolt": "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1",
    "book": (
        "M12 6.5C9.5 5 6.5 4.6 3.5 5v13.5c3-.4 6 0 8.5 1.5 2.5-1.5 5.5-1.9 8.5-1.5V5C17.5 4.6 "
        "14.5 5 12 6.5zM12 6.5V20"
    ),
    "bow": (
        "M12 11C9 7 4 6.500 4.500 10.500 5 14 9.500 13.500 12 11zM12 11c3-4 8-4.500 7.500-.5C19 "
        "14 14.500 13.500 12 11zM12 11c-1.500 3-2.500 5.500-5 8M12 11c1.500 3 2.500 5.500 5 8"
    ),
    "box": "M4 8.5 12 4l8 4.5v7.5L12 20.5 4 16zM4 8.5l8 4.5 8-4.5M12 13v7.5",
    "calendar": (
        "M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v11.5A1.5 1.5 0 0 1 19 20H5a1.5 1.5 0 0 1-1.5-1.5V7A1.5 "
        "1.5 0 0 1 5 5.5zM3.5 10h17M8 3.5v4M16 3.5v4"
    ),
    "clock": "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 7.5V12l3 2",
    "drop": (
        "M12 3.2c3.4 4.2 5.6 7 5.6 10.3a5.6 5.6 0 0 1-11.2 0C6.4 10.2 8.6 7.4 12 3.2zM12 "
        "10.5v3M12 16.2v.1"
    ),
    "easier": "M4 18.5h6v-4h5v-4h5M8 4v6M5.5 7.5 8 10l2.5-2.5",
    "eye": (
        "M2.8 12c2.4-4.2 5.5-6.3 9.2-6.3s6.8 2.1 9.2 6.3c-2.4 4.2-5.5 6.3-9.2 6.3S5.2 16.2 2.8 "
        "12zM12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z"
    ),
    "faster": "M4.5 18a8.5 8.5 0 1 1 15 0M12 14l4.5-4.5",
    "flag": "M6 21V4M6 4.5h11.5L15 8.7l2.5 4.3H6",
    "globe": (
        "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM3.5 12h17M12 3.5c2.6 2.4 3.8 5.2 3.8 "
        "8.5s-1.2 6.1-3.8 8.5c-2.6-2.4-3.8-5.2-3.8-8.5s1.2-6.1 3.8-8.5z"
    ),
    "goal": "M5 21V3.5M5 4.5h9l-1.8 3 1.8 3H5M9 21h11v-4h-4v-3.5",
    "hurt": (
        "M12 2.8l1.9 6.1 6.3-1.6-4.2 4.9 4.2 4.9-6.3-1.6-1.9 6.1-1.9-6.1-6.3 1.6L8 12.2 3.8 "
        "7.3l6.3 1.6z"
    ),
    "key": "M8 9.5a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM11 10.7 19 4.5M16 7l2.5 3",
    "knot": "M3 15c5 0 6-7 10-7 3 0 4 2 4 4s-1.5 4-4 4c-4 0-5-7-10-7M17 12h4",
    "list": "M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.1M4.5 12h.1M4.5 17.5h.1",
    "lock": (
        "M6.5 10.5h11a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 "
        "19v-7a1.5 1.5 0 0 1 1.5-1.5zM8 10.5V7.5a4 4 0 0 1 8 0v3"
    ),
    "mirror": "M12 3.5v17M8.5 7.5 3.5 16.5h5zM15.5 7.5l5 9h-5z",
    "moon": "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
    "move": (
        "M12 2.8a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM4.5 9.2l7.5 1.6 7.5-1.6M12 10.8v4M12 14.8 8 21M12 "
        "14.8l4 6.2"
    ),
    "next": "M9.5 5.5 16 12l-6.5 6.5",
    "out": (
        "M14 4.5H6.5A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.5H14M10.5 12H20M16.5 8.5 20 "
        "12l-3.5 3.5"
    ),
    "pause": "M8.5 5.5v13M15.5 5.5v13",
    "person": "M12 4a3.8 3.8 0 1 1 0 7.6A3.8 3.8 0 0 1 12 4zM4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6",
    "phone": (
        "M6.2 3.5h3l1.6 4.6-2.2 1.7a12 12 0 0 0 5.6 5.6l1.7-2.2 4.6 1.6v3a2.2 2.2 0 0 1-2.4 "
        "2.2A16.4 16.4 0 0 1 4 5.9a2.2 2.2 0 0 1 2.2-2.4z"
    ),
    "pill": (
        "M10.4 4.3a5 5 0 0 1 7.1 0l2.2 2.2a5 5 0 0 1 0 7.1l-6.1 6.1a5 5 0 0 1-7.1 0l-2.2-2.2a5 "
        "5 0 0 1 0-7.1zM7.6 7.4l9 9"
    ),
    "play": "M8 5.2v13.6L19 12z",
    "plus": "M12 5v14M5 12h14",
    "print": (
        "M7 9V3.5h10V9M7 17.5H5a1.5 1.5 0 0 1-1.5-1.5v-5.5A1.5 1.5 0 0 1 5 9h14a1.5 1.5 0 0 1 "
        "1.5 1.5V16a1.5 1.5 0 0 1-1.5 1.5h-2M7 14.5h10v6H7z"
    ),
    "progress": "M3 20h4.5v-4.5H12V11h4.5V6.5H21",
    "reply": "M9.5 5 3.5 11l6 6v-3.7c5 0 8.5 1.4 11 5.2-.4-6.4-4-10.2-11-10.2z",
    "seen": (
        "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 "
        "1 0 5.6 2.8 2.8 0 0 1 0-5.6z"
    ),
    "slower": "M4.5 18a8.5 8.5 0 1 1 15 0M12 14 7.5 9.5",
    "speak": "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.3a8 8 0 0 1 0 11.4",
    "stop": "M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7zM8.5 12h7",
    "table": "M4 5h16v14H4zM4 10h16M10 10v9",
    "talk": (
        "M5 4.5h14a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2h-7.5L7 21v-4H5a2 2 0 0 1-2-2V6.5a2 2 0 0 1 2-2z"
    ),
    "things": (
        "M3.5 10.5 6 4.5h12l2.5 6v7a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2zM3.5 10.5H9a3 3 0 0 0 6 0h5.5"
    ),
    "today": "M3 18.5h18M6.5 18.5a5.5 5.5 0 0 1 11 0M12 5v3.5M4.6 9.6l2.3 2M19.4 9.6l-2.3 2",
    "trash": "M4.5 7h15M9.5 7V4.500h5V7M6.500 7l1 12.500h9l1-12.500M10.500 11v5M13.500 11v5",
    "turnleft": ("M12 5.5c4.7 0 8.5 1.9 8.5 4.3S16.7 14 12 14H7M10.5 10.5 7 14l3.5 3.5"),
    "turnright": ("M12 5.5c-4.7 0-8.5 1.9-8.5 4.3S7.3 14 12 14h5M13.5 10.5 17 14l-3.5 3.5"),
    "unclear": (
        "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM9.4 9.6a2.7 2.7 0 1 1 3.9 2.4c-.9.5-1.3 "
        "1-1.3 1.9M12 17v.1"
    ),
    "undo": "M8.5 4.5 4 9l4.5 4.5M4 9h9.5a6 6 0 0 1 0 12H8",
    "wait": (
        "M7.5 18.5a4.5 4.5 0 0 1-.7-8.9 6 6 0 0 1 11.6 1.2 3.9 3.9 0 0 1-.9 7.7M12 21v-7.5M9 "
        "16l3-3 3 3"
    ),
}
"""Path data on a grid of 24 units, drawn as round strokes of 2 without fill."""

BEADS = {
    "done": (
        '<circle cx="12" cy="12" r="10" class="solid"/>'
        '<path class="cut" d="M7.4 12.4l3.2 3.2 6-6.6"/>'
    ),
    "excused": (
        '<rect x="2.5" y="2.5" width="19" height="19" rx="4" class="solid"/>'
        '<path class="cut" d="M9.2 8v8M14.8 8v8"/>'
    ),
    "missed": '<path class="bar-x" d="M5.4 5.4l13.2 13.2M18.6 5.4 5.4 18.6"/>',
    "none": '<path class="line" d="M8 12h8"/>',
    "now": (
        '<circle cx="12" cy="12" r="8.75" class="edge"/>'
        '<circle cx="12" cy="12" r="3.6" class="solid"/>'
    ),
    "partly": (
        '<circle cx="12" cy="12" r="8.75" class="edge"/>'
        '<path class="solid" d="M3.25 12a8.75 8.75 0 0 0 17.5 0z"/>'
    ),
    "skipped": (
        '<path class="solid" d="M12 1.2 22.8 12 12 22.8 1.2 12z"/>'
        '<path class="cut" d="M8.2 12h7.6"/>'
    ),
    "unreported": (
        '<circle cx="12" cy="12" r="8.75" class="dots"/>'
        '<circle cx="12" cy="12" r="2" class="solid"/>'
    ),
    "upcoming": '<circle cx="12" cy="12" r="7.5" class="edge-thin"/>',
}
"""What a day's state looks like; the shapes alone tell the states apart at 12 px."""


@cache
def _svg(kind: str, symbol: str, said: str) -> Markup:
    return Markup(  # noqa: S704 - constants of this file; the word is escaped by the caller
        f'<svg class="{kind}" viewBox="0 0 24 24" {said}><use href="#{symbol}"/></svg>'
    )


@lru_cache(maxsize=4096)
def _strip(states: tuple[str, ...], words: str) -> Markup:
    """A strip of beads; the list shows the same few patterns again and again."""
    beads = Markup("").join(
        Markup('<use class="st-{0}" href="#s-{0}" x="{1:g}" y="0" width="14" height="14"/>').format(
            state, 16.6 * position
        )
        for position, state in enumerate(states)
    )
    return Markup(
        '<svg class="strip" viewBox="0 0 {0:g} 14" role="img" aria-label="{1}">'
        '<path class="line-thread" d="M0 7h{0:g}"/>{2}</svg>'
    ).format(16.6 * len(states) - 2.6, words, beads)


class Marks:
    """The icons and beads one page uses. A page writes each symbol once, at its end.

    >>> marks = Marks()
    >>> "#i-pill" in marks.icon("pill") and "i-pill" in marks.sprite()
    True
    """

    def __init__(self) -> None:
        self._icons: set[str] = set()
        self._beads: set[str] = set()

    def icon(self, name: str) -> Markup:
        """Return an icon that says nothing to a screen reader; KeyError for an unknown name."""
        if name not in ICONS:
            raise KeyError(name)
        self._icons.add(name)
        return _svg("icon", f"i-{name}", 'aria-hidden="true"')

    def bead(self, state: str, word: str = "") -> Markup:
        """Return the bead of ``state``; with ``word`` it is read out, without it it is silent."""
        if state not in BEADS:
            raise KeyError(state)
        self._beads.add(state)
        said = f'role="img" aria-label="{escape(word)}"' if word else 'aria-hidden="true"'
        return _svg("bead", f"s-{state}", said)

    def strip(self, states: Sequence[str], words: str) -> Markup:
        """Return one bead per day on a hairline, oldest left; ``words`` says the same in words.

        Beads are 14 wide and 2.6 apart. An empty sequence gives an empty string.
        """
        if not states:
            return Markup("")
        self._beads.update(states)
        return _strip(tuple(states), words)

    def sprite(self) -> Markup:
        """Return the hidden drawing that holds every symbol asked for so far."""
        return _sprite(tuple(sorted(self._icons)), tuple(sorted(self._beads)))


@lru_cache(maxsize=512)
def _sprite(icons: tuple[str, ...], beads: tuple[str, ...]) -> Markup:
    symbols = [
        f'<symbol id="i-{name}" viewBox="0 0 24 24"><path d="{ICONS[name]}"/></symbol>'
        for name in icons
    ] + [f'<symbol id="s-{state}" viewBox="0 0 24 24">{BEADS[state]}</symbol>' for state in beads]
    return Markup(  # noqa: S704 - constants of this file only
        '<svg class="sprite" aria-hidden="true" focusable="false"><defs>'
        + "".join(symbols)
        + "</defs></svg>"
    )
