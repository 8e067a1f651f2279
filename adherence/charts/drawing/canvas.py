"""The sheet a chart is drawn on: a matplotlib Figure measured in chart units, y downwards.

Everything is an artist of the Figure itself, without axes: fixed places, no layout engine, and
about a tenth of the time that axes with ticks take.
"""

import io
from collections.abc import Iterable, Sequence
from itertools import pairwise
from threading import Lock
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from adherence.charts.drawing.lettering import advance, shortened, text_width
from adherence.charts.drawing.signs import (
    CIRCLE,
    CUT_WIDTH,
    CUTS,
    EDGE,
    FLAG,
    Point,
    dotted,
    marker_path,
    rounded,
)
from adherence.charts.style import (
    FONT_FAMILY,
    HATCH_SHARE,
    HATCH_WIDTH,
    PNG_SCALE,
    SIGNS,
    STRONG,
    TEXT,
    Sign,
    Theme,
    mixed,
)
from adherence.domain.entries import Status
from adherence.domain.texts import clean, label

Anchor = Literal["left", "center", "right"]
Place = tuple[float, float, Anchor]
Box = tuple[float, float, float, float]

DRAWING = Lock()
"""Held while a chart is drawn: neither FreeType nor mathtext promises to be safe in threads."""

# A matplotlibrc of the machine must not change a picture, so all settings are set here, once.
mpl.rcdefaults()
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "adherence",
        "text.parse_math": False,
        "font.family": ["DejaVu Sans"],
        "hatch.linewidth": HATCH_WIDTH,
        "path.simplify": False,
    }
)

_DASHES: dict[str, tuple[float, tuple[float, float]]] = {
    "dashed": (0, (5, 5)),
    "dotted": (0, (0.1, 4)),
    "dots": (0, (0.05, 2.5)),
    "fine": (0, (3, 3)),
}
DOTS = "..."
"""This hatch is drawn as rows of round dashes: matplotlib's own is 150 KB of curves."""
_ANCHORS = {"right": "end", "center": "middle"}
_DESCRIPTION_LIMIT = 2000
_MISSING = "\ufffd"


class _SvgRenderer(RendererSVG):
    """Writes text as one plain element that the reader's browser sets, never through FreeType."""

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: object
    ) -> tuple[float, float, float]:
        """Return sizes that place a baseline; the browser aligns the text itself."""
        return 1.0, 1.0, 0.0

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: object = False,
        mtext: Text | None = None,
    ) -> None:
        """Write `s` at its anchor."""
        if mtext is None:
            return
        at_x, at_y = mtext.get_transform().transform(mtext.get_unitless_position())
        attributes = {
            "x": _short(at_x),
            "y": _short(self.height - at_y),
            "fill": str(mtext.get_color()),
        }
        if prop.get_size_in_points() != TEXT:
            attributes["font-size"] = _short(prop.get_size_in_points())
        if prop.get_weight() == "bold":
            attributes["font-weight"] = str(STRONG)
        if mtext.get_horizontalalignment() != "left":
            attributes["text-anchor"] = _ANCHORS[mtext.get_horizontalalignment()]
        writer: Any = self.writer
        writer.element("text", s, attrib=attributes)


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


class Sheet:
    """A Figure of `width` by `height` units, and what one can put on it."""

    def __init__(self, width: float, height: float, theme: Theme) -> None:
        self.width, self.height, self.theme = width, height, theme
        self.figure = Figure(
            figsize=(width / 72, height / 72), dpi=72, facecolor=theme.surface, edgecolor="none"
        )
        self._units = (
            Affine2D().scale(1 / 72, -1 / 72).translate(0, height / 72)
            + self.figure.dpi_scale_trans
        )
        self._scale = Affine2D().scale(1 / 72, -1 / 72) + self.figure.dpi_scale_trans
        self._taken: list[Box] = []

    # Words

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: Anchor = "left",
        color: str | None = None,
        size: float = TEXT,
        strong: bool = False,
        room: float | None = None,
    ) -> None:
        """Write one line, cleaned, with its baseline at `y`, cut to `room` if given."""
        line = " ".join(label(text).split())
        if room is not None:
            line = shortened(line, room, size, strong)
        if not line:
            return
        artist = Text(
            x,
            y,
            line,
            color=color or self.theme.ink_soft,
            fontsize=size,
            fontweight="bold" if strong else "normal",
            horizontalalignment=anchor,
            verticalalignment="baseline",
            parse_math=False,
        )
        artist.set_transform(self._units)
        self._put(artist)
        self.keep(self._box(x, y, line, anchor, size, strong))

    def _box(self, x: float, y: float, text: str, anchor: Anchor, size: float, strong: bool) -> Box:
        wide = text_width(text, size, strong)
        left = x - {"left": 0.0, "center": wide / 2, "right": wide}[anchor]
        return (left, y - size * 0.8, left + wide, y + size * 0.22)

    def keep(self, box: Box) -> None:
        """Remember that `box` (left, top, right, bottom) is taken."""
        self._taken.append(box)

    def keep_points(self, points: Iterable[Point], radius: float) -> None:
        """Remember the places of dots."""
        self._taken += [(x - radius, y - radius, x + radius, y + radius) for x, y in points]

    def keep_line(self, points: Sequence[Point], half: float = 3.0) -> None:
        """Remember where a line runs, `half` to both sides of it, in short pieces."""
        for (left, top), (right, bottom) in pairwise(points):
            pieces = 1 + int(max(abs(right - left), abs(bottom - top)) // 12)
            across, down = (right - left) / pieces, (bottom - top) / pieces
            for piece in range(pieces):
                x, y = left + across * (piece + 0.5), top + down * (piece + 0.5)
                wide, high = abs(across) / 2 + half, abs(down) / 2 + half
                self.keep((x - wide, y - high, x + wide, y + high))

    def place(
        self,
        candidates: Sequence[Place],
        text: str,
        *,
        color: str | None = None,
        size: float = TEXT,
        strong: bool = False,
    ) -> None:
        """Write `text` at the first free place (x, baseline, anchor), else the freest."""
        text = " ".join(label(text).split())
        best: tuple[float, Place] | None = None
        for x, y, anchor in candidates:
            cost = self._cost(self._box(x, y, text, anchor, size, strong))
            if best is None or cost < best[0]:
                best = (cost, (x, y, anchor))
            if cost == 0:
                break
        if best is not None:
            x, y, anchor = best[1]
            self.text(x, y, text, anchor=anchor, color=color, size=size, strong=strong)

    def notice(self, x: float, y: float, text: str) -> None:
        """Write a sentence in the middle of an empty chart, clear of the lines behind it."""
        text = shortened(" ".join(label(text).split()), self.width - 40)
        left, top, right, bottom = self._box(x, y, text, "center", TEXT, strong=False)
        self.rects([(left - 8, top - 3, right + 8, bottom + 3)], self.theme.surface)
        self.text(x, y, text, anchor="center")

    def _cost(self, box: Box) -> float:
        left, top, right, bottom = box
        outside = max(0.0, -left) + max(0.0, right - self.width) + max(0.0, -top)
        cost = 1000.0 * outside
        for other in self._taken:
            across = min(right, other[2]) - max(left, other[0])
            down = min(bottom, other[3]) - max(top, other[1])
            if across > 0 and down > 0:
                cost += across * down
        return cost

    # Lines

    def line(
        self,
        points: Sequence[Point],
        color: str,
        width: float,
        *,
        dash: str | None = None,
        name: str | None = None,
    ) -> None:
        """Draw one line through `points`."""
        self.lines([points], color, width, dash=dash, name=name)

    def lines(
        self,
        pieces: Sequence[Sequence[Point]],
        color: str,
        width: float,
        *,
        dash: str | None = None,
        name: str | None = None,
    ) -> None:
        """Draw lines that do not touch, as one artist; a break between two pieces is a gap."""
        pieces = [piece for piece in pieces if len(piece) > 1]
        if not pieces:
            return
        gap = np.full((1, 2), np.nan)
        joined = np.concatenate([part for piece in pieces for part in (np.asarray(piece), gap)])
        artist = Line2D(
            joined[:-1, 0],
            joined[:-1, 1],
            color=color,
            linewidth=width,
            linestyle=_DASHES[dash] if dash else "solid",
            solid_capstyle="round",
            dash_capstyle="round" if dash in {"dotted", "dots"} else "butt",
            solid_joinstyle="round",
            transform=self._units,
        )
        self._add(artist, name)

    # Shapes

    def shapes(
        self,
        path: Path,
        places: Sequence[Point],
        *,
        scale: float = 1.0,
        fill: str | None = None,
        edge: str | None = None,
        width: float = 0.0,
        dash: tuple[float, tuple[float, float]] | None = None,
        hatch: str | None = None,
        name: str | None = None,
    ) -> None:
        """Draw `path` (y downwards) at each of `places`, as one artist."""
        if not len(places):
            return
        artist = PathCollection(
            [path],
            offsets=np.asarray(places),
            offset_transform=self._units,
            facecolors=fill or "none",
            edgecolors=edge or "none",
            linewidths=width,
            linestyles=[dash] if dash else "solid",
            capstyle="round",
            joinstyle="round",
            hatch=hatch,
        )
        artist.set_transform(Affine2D().scale(scale) + self._scale)
        self._add(artist, name)

    def rects(
        self,
        boxes: Sequence[Box],
        fill: str,
        *,
        edge: str | None = None,
        hatch: str | None = None,
        name: str | None = None,
    ) -> None:
        """Fill rectangles, as one artist; `edge` is the colour of the hatch."""
        if not boxes:
            return
        paths = [
            Path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
            for left, top, right, bottom in boxes
        ]
        artist = PathCollection(
            [Path.make_compound_path(*paths)],
            facecolors=fill,
            edgecolors=edge or "none",
            linewidths=0,
            hatch=hatch,
        )
        artist.set_transform(self._units)
        self._add(artist, name)

    def bars(self, status: Status, boxes: Sequence[Box], *, hatched: bool) -> None:
        """Fill rectangles as `status` is filled: solid, or its tint under its hatch."""
        theme, sign = self.theme, SIGNS[status]
        color, name = theme.state[status], f"state-{status.value}"
        if not (sign.hatch and hatched):
            self.rects(boxes, color, name=name)
        elif sign.hatch == DOTS:
            self.rects(boxes, theme.tint[status], name=name)
            rows = [
                ((left + 2, y), (right - 2, y))
                for left, top, right, bottom in boxes
                for y in np.arange(top + 3, bottom - 1, 5)
            ]
            self.lines(rows, color, 2.0, dash="dots")
        else:
            self.rects(boxes, theme.tint[status], edge=color, hatch=sign.hatch, name=name)

    def dots(
        self,
        places: Sequence[Point],
        radius: float,
        fill: str,
        edge: str,
        width: float,
        name: str | None = None,
    ) -> None:
        """Draw discs."""
        self.shapes(CIRCLE, places, scale=radius, fill=fill, edge=edge, width=width, name=name)

    def flags(self, places: Sequence[Point], color: str) -> None:
        """Draw the flag of a plan change, its upper left corner at each place."""
        self.shapes(FLAG, places, fill=color, name="flag")

    def beads(
        self,
        status: Status,
        places: Sequence[Point],
        grow: float = 1.0,
        ground: str | None = None,
        name: str | None = None,
    ) -> None:
        """Draw the sign of `status` at each place, `grow` times its own size, on `ground`."""
        if not len(places):
            return
        sign = SIGNS[status]
        color, ground = self.theme.state[status], ground or self.theme.surface
        name = name or f"state-{status.value}"
        size = sign.size * grow
        if sign.fill == "full":
            self.shapes(marker_path(sign.marker, "full"), places, scale=size, fill=color, name=name)
        else:
            self._ring(sign, places, size, color, ground, name)
        if sign.cut == "point":
            self.dots(places, size * 0.12, color, "none", 0)
        elif sign.cut:
            self.cut(sign.cut, places, size, ground)

    def _ring(
        self,
        sign: Sign,
        places: Sequence[Point],
        size: float,
        color: str,
        ground: str,
        name: str,
    ) -> None:
        width = size * EDGE
        inner = size - width
        self.shapes(
            marker_path(sign.marker, "full"),
            places,
            scale=inner,
            fill=ground,
            edge=color,
            width=width,
            dash=(0, (0.05, 1.84)) if sign.dotted else None,
            name=name,
        )
        if sign.fill == "bottom":
            self.shapes(
                marker_path(sign.marker, "bottom"),
                places,
                scale=inner,
                fill=color,
                name=f"{name}-half",
            )

    def cut(self, cut: str, places: Sequence[Point], size: float, color: str) -> None:
        """Draw the stroke that lies over a marker of `size`."""
        self.shapes(
            CUTS[cut], places, scale=size, edge=color, width=max(1.0, size * CUT_WIDTH[cut])
        )

    def cells(self, status: Status, places: Sequence[Point], size: Point, radius: float) -> None:
        """Draw calendar cells of `status`: ground, hatch, edge, and the sign on a clear disc."""
        if not len(places):
            return
        theme, sign = self.theme, SIGNS[status]
        color, tint = theme.state[status], theme.tint[status]
        shape = rounded(*size, radius)
        name = f"state-{status.value}"
        if status is Status.DONE:
            self.shapes(shape, places, fill=color, name=name)
            self.cut("tick", places, size[1] * 0.56, theme.surface)
            return
        grow = size[1] * 0.4 / 11
        if status is Status.UPCOMING:
            self.beads(status, places, grow, name=name)
            return
        ground = theme.surface if status is Status.UNREPORTED else tint
        faint = mixed(color, ground, HATCH_SHARE)
        if sign.hatch == DOTS:
            self.shapes(shape, places, fill=ground)
            self.shapes(
                dotted(size),
                places,
                edge=faint,
                width=2.0,
                dash=_DASHES["dots"],
                name=f"hatch-{status.value}",
            )
        else:
            self.shapes(
                shape,
                places,
                fill=ground,
                edge=faint,
                hatch=sign.hatch,
                name=f"hatch-{status.value}",
            )
        self.shapes(
            shape,
            places,
            edge=color,
            width=theme.edge,
            dash=(0, (3, 3)) if status is Status.UNREPORTED else None,
        )
        self.dots(places, size[1] * 0.31, theme.surface, "none", 0)
        self.beads(status, places, grow, name=name)

    def _add(self, artist: Artist, name: str | None) -> None:
        if name:
            artist.set_gid(name)
        self._put(artist)

    def _put(self, artist: Artist) -> None:
        """Lay `artist` over all that lies there: what is drawn later is never covered."""
        artist.set_zorder(len(self.figure.get_children()))
        self.figure.add_artist(artist)

    # Out

    def svg(self, title: str, description: str, locale: str) -> bytes:
        """Return one SVG document without a size of its own: it fills where it is put."""
        buffer = io.StringIO()
        make: Any = _SvgRenderer
        renderer = make(self.width, self.height, buffer, image_dpi=72)
        self.figure.draw(renderer)
        renderer.finalize()
        drawn = buffer.getvalue()
        body = drawn[drawn.index('<g id="figure_1">') :]
        title = label(title)
        # NFC may lengthen a text; the cut comes first so that cleaning never refuses it.
        description = clean(description[:_DESCRIPTION_LIMIT], 4 * _DESCRIPTION_LIMIT)
        head = (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
            f' viewBox="0 0 {self.width:g} {self.height:g}" role="img"'
            f' aria-labelledby="title description" xml:lang={quoteattr(label(locale))}>\n'
            f'<title id="title">{escape(title)}</title>\n'
            f'<desc id="description">{escape(description)}</desc>\n'
            "<style>svg{stroke-linejoin:round;stroke-linecap:butt}"
            f"text{{font-family:{FONT_FAMILY};font-size:{TEXT:g}px;"
            "font-variant-numeric:tabular-nums}</style>\n"
        )
        return (head + body).encode()

    def png(self) -> bytes:
        """Return the sheet as PNG, `PNG_SCALE` pixels per unit."""
        self.figure.set_dpi(72 * PNG_SCALE)
        for artist in self.figure.findobj(Text):
            strong = artist.get_fontweight() == "bold"
            artist.set_text(
                "".join(
                    sign if advance(sign, strong) is not None else _MISSING
                    for sign in artist.get_text()
                )
            )
        buffer = io.BytesIO()
        canvas: Any = FigureCanvasAgg(self.figure)
        canvas.print_png(buffer, metadata={"Software": None}, pil_kwargs={"compress_level": 3})
        return buffer.getvalue()
