"""The figure for every edge: still frames as files, and the movement as data."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Any, Literal

from flask import Response, request, url_for
from markupsafe import Markup

from adherence.charts.frames import FRAME_THEMES, MOMENTS, FrameTheme, frames
from adherence.charts.frames.words import alt_text
from adherence.domain import motions
from adherence.domain.errors import NotFound
from adherence.domain.exercises import Exercise
from adherence.services import library
from adherence.web import files, headers
from adherence.web.locale import current
from adherence.web.locale import gettext as _

Side = Literal["right", "left"]

THEMES: Mapping[str, FrameTheme] = {name: name for name in FRAME_THEMES if name != "page"}
SIDES: Mapping[str, Side] = {"right": "right", "left": "left"}
KEPT = 600
"""Drawn sets of three frames that a process keeps; each is about thirty kilobytes."""
SVG = "image/svg+xml"

Key = tuple[str, int, str, str, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A still frame as an address: ``address`` ends where the theme's name follows."""

    address: str


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A still frame with its word; ``picture`` is markup, as the moving figure takes it."""

    word: str
    picture: Markup


class _Kept:
    """Drawn frames by what they show; the oldest go first."""

    def __init__(self) -> None:
        self._frames: OrderedDict[Key, Mapping[str, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Mapping[str, str] | None:
        return self._frames.get(key)

    def put(self, key: Key, drawn: Mapping[str, str]) -> None:
        with self._lock:
            self._frames[key] = drawn
            while len(self._frames) > KEPT:
                self._frames.popitem(last=False)


_kept = _Kept()


def stamp(one: Exercise) -> str:
    """Return what stands for the looks of an exercise: another one, another address."""
    return blake2b(repr((one.poses, one.props, one.view)).encode(), digest_size=6).hexdigest()


def drawn(one: Exercise, theme: FrameTheme, side: Side) -> Mapping[str, str]:
    """Return the three frames of an exercise as SVG, drawn once."""
    key = (one.slug, one.version, stamp(one), theme, side)
    found = _kept.get(key)
    if found is None:
        found = frames(one, theme, side)
        _kept.put(key, found)
    return found


def picture(one: Exercise, moment: str) -> Picture:
    """Return the address of a frame; the theme's name belongs at its end."""
    address = url_for(
        "library.frame", slug=one.slug, version=one.version, moment=moment, v=stamp(one)
    )
    return Picture(f"{address}&theme=")


def markup(one: Exercise, moment: str, side: Side = "right") -> Markup:
    """Return a frame to be written into a page, with the words for who cannot see it.

    It takes its colours from ``css/figure.css``, so it follows the page's theme and prints in ink.
    """
    drawing = drawn(one, "page", side)[moment].removeprefix("<svg")
    return Markup('<svg class="frame" role="img" aria-label="{alt}"{drawing}').format(
        alt=alt_text(one, moment, current(), side),
        drawing=Markup(drawing),  # noqa: S704 - numbers of our own
    )


def shown(one: Exercise, side: Side = "right") -> list[ShownFrame]:
    """Return start, middle and end of an exercise, each with its word."""
    said = {"start": _("At the start"), "middle": _("On the way"), "end": _("At the end")}
    return [ShownFrame(said[moment], markup(one, moment, side)) for moment in MOMENTS]


def motion(one: Exercise) -> Mapping[str, Any]:
    """Return the movement for the browser; its shape is told in ``adherence/library/FORMAT.md``."""
    return motions.motion(one)


def answer(one: Exercise, moment: str) -> Response:
    """Return a frame as the address asks for it.

    Raises:
        NotFound: no such moment, theme or side, no figure, or another site asks.
    """
    theme = THEMES.get(request.args.get("theme", "light"))
    side = SIDES.get(request.args.get("side", "right"))
    if moment not in MOMENTS or theme is None or side is None or not one.poses:
        raise NotFound
    if headers.is_foreign_picture():
        raise NotFound
    content = drawn(one, theme, side)[moment].encode()
    is_ours = request.args.get("v") == stamp(one) and not library.is_own(one.slug)
    response = (headers.kept_picture if is_ours else headers.picture)(content, SVG)
    response.set_etag(blake2b(content, digest_size=16).hexdigest())
    if is_ours:
        response = files.packed(response)
    response.make_conditional(request)
    return response
