"""The outlines of signs, y downwards, round (0, 0)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

Point = tuple[float, float]


def _stroke(*points: Point) -> Path:
    return Path(points)


def _strokes(*lines: Sequence[Point]) -> Path:
    return Path.make_compound_path(*(Path(line) for line in lines))


# The strokes laid over a marker, in units of the marker's own size, y downwards.
CUTS = {
    "tick": _stroke((-0.23, 0.02), (-0.07, 0.18), (0.23, -0.15)),
    "bar": _stroke((-0.21, 0.0), (0.21, 0.0)),
    "plus": _strokes(((-0.25, 0.0), (0.25, 0.0)), ((0.0, -0.25), (0.0, 0.25))),
    "bars": _strokes(((-0.15, -0.21), (-0.15, 0.21)), ((0.15, -0.21), (0.15, 0.21))),
}
CUT_WIDTH = {"tick": 0.135, "bar": 0.16, "plus": 0.13, "bars": 0.15}
EDGE = 0.15
FLAG = Path([(0, 0), (9, 0), (6.5, 4), (9, 8), (0, 8), (0, 0)], closed=True)
CORNER = Path([(-13, 0), (0, 0), (0, 13), (-13, 0)], closed=True)
"""The folded corner of a day that was put right; its place is the corner itself."""
CIRCLE = Path.unit_circle()


def rounded(width: float, height: float, radius: float) -> Path:
    """Return a rectangle round (0, 0) with rounded corners."""
    x, y, r = width / 2, height / 2, radius
    corners = [
        (Path.MOVETO, (-x + r, -y)),
        (Path.LINETO, (x - r, -y)),
        (Path.CURVE3, (x, -y)),
        (Path.CURVE3, (x, -y + r)),
        (Path.LINETO, (x, y - r)),
        (Path.CURVE3, (x, y)),
        (Path.CURVE3, (x - r, y)),
        (Path.LINETO, (-x + r, y)),
        (Path.CURVE3, (-x, y)),
        (Path.CURVE3, (-x, y - r)),
        (Path.LINETO, (-x, -y + r)),
        (Path.CURVE3, (-x, -y)),
        (Path.CURVE3, (-x + r, -y)),
        (Path.CLOSEPOLY, (-x + r, -y)),
    ]
    return Path([point for _, point in corners], [code for code, _ in corners])


def dotted(size: Point) -> Path:
    """Return rows across a cell; drawn with the finest dash, each is a row of dots."""
    width, height = size[0] - 8, size[1] - 8
    rows = [-height / 2 + step * 5 + (height % 5) / 2 for step in range(int(height // 5) + 1)]
    return _strokes(*(((-width / 2, y), (width / 2, y)) for y in rows))


@lru_cache(maxsize=64)
def marker_path(marker: str, fill: Literal["full", "bottom", "none"]) -> Path:
    """Return the path of a matplotlib marker of size 1, turned to y downwards."""
    style = MarkerStyle(marker, fillstyle=fill)
    return style.get_path().transformed(style.get_transform() + Affine2D().scale(1, -1))
