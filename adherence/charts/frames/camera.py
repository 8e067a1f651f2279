"""Looks at the room: from metres to the units of the picture, and outlines of round bodies.

There is no perspective, so that a limb is as long near as far.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from adherence.domain.figure import Matrix, Vector, dot

WIDTH, HEIGHT = 360, 270
MARGIN = 16.0
EDGE = 3.0
"""Units beyond the picture that an edge may reach into it."""

Point = tuple[float, float]
Oval = tuple[float, float, float, float, float]
"""An ellipse seen: its middle (x, y) and the three numbers xx, xy, yy of its shape matrix."""


@dataclass(frozen=True)
class Camera:
    """Where one looks from: degrees round the person and above the horizon; then the picture's
    scale (units a metre) and the place of the room's origin in it."""

    turn: float
    height: float
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0
    right: Vector = field(init=False)
    up: Vector = field(init=False)
    toward: Vector = field(init=False)

    def __post_init__(self) -> None:
        t, h = math.radians(self.turn), math.radians(self.height)
        vectors: dict[str, Vector] = {
            "right": (math.cos(t), 0.0, -math.sin(t)),
            "up": (-math.sin(t) * math.sin(h), math.cos(h), -math.cos(t) * math.sin(h)),
            "toward": (math.sin(t) * math.cos(h), math.sin(h), math.cos(t) * math.cos(h)),
        }
        for name, vector in vectors.items():
            object.__setattr__(self, name, vector)

    def fitted(self, box: tuple[float, float, float, float]) -> "Camera":
        """Return the camera that fills the picture with a box (left, bottom, right, top)."""
        left, bottom, right, top = box
        scale = min(
            (WIDTH - 2 * MARGIN) / max(right - left, 0.1),
            (HEIGHT - 2 * MARGIN) / max(top - bottom, 0.1),
        )
        return Camera(
            self.turn,
            self.height,
            scale,
            WIDTH / 2 - scale * (left + right) / 2,
            HEIGHT / 2 + scale * (bottom + top) / 2,
        )

    def at(self, point: Vector) -> Point:
        """Return where a point of the room is in the picture."""
        return (
            self.left + self.scale * dot(self.right, point),
            self.top - self.scale * dot(self.up, point),
        )

    def near(self, point: Vector) -> float:
        """Return how near a point is, metres; more is nearer."""
        return dot(self.toward, point)

    def oval(self, middle: Vector, turn: Matrix, half: Vector) -> Oval:
        """Return an ellipsoid, with half axes along its own turned frame, as it is seen."""
        x, y = self.at(middle)
        xx = xy = yy = 0.0
        for number in range(3):
            axis = (turn[number], turn[3 + number], turn[6 + number])
            u = dot(self.right, axis) * half[number] * self.scale
            v = -dot(self.up, axis) * half[number] * self.scale
            xx += u * u
            xy += u * v
            yy += v * v
        return (x, y, xx, xy, yy)

    def ball(self, middle: Vector, radius: float) -> Oval:
        """Return a sphere as it is seen."""
        x, y = self.at(middle)
        square = (radius * self.scale) ** 2
        return (x, y, square, 0.0, square)


def number(value: float) -> str:
    """Return a coordinate as short as can be, to a tenth of a unit."""
    text = f"{value:.1f}"
    if text.endswith(".0"):
        text = text[:-2]
    if text == "-0":
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def polygon(points: Sequence[Point], close: bool = True) -> str:
    """Return a path through points, as steps from each to the next."""
    tenths = [(round(x * 10), round(y * 10)) for x, y in points]
    x, y = tenths[0]
    parts = [f"M{number(x / 10)} {number(y / 10)}l"]
    drawn = False
    for u, v in tenths[1:]:
        if (u, v) == (x, y):
            continue
        for step in ((u - x) / 10, (v - y) / 10):
            text = number(step)
            parts.append(text if text[0] == "-" or parts[-1][-1] == "l" else f" {text}")
        drawn = True
        x, y = u, v
    if not drawn:
        parts.append("0 0")
    return "".join(parts) + ("z" if close else "")


def outline(ovals: Iterable[Oval], count: int = 24) -> list[Point]:
    """Return the corners of the tightest convex outline round ellipses, `count` at most."""
    shapes = list(ovals)
    points: list[Point] = []
    for step in range(count):
        angle = 2 * math.pi * step / count
        u, v = math.cos(angle), math.sin(angle)
        best, corner = -math.inf, (0.0, 0.0)
        for x, y, xx, xy, yy in shapes:
            p, q = xx * u + xy * v, xy * u + yy * v
            reach = math.sqrt(max(1e-9, p * u + q * v))
            if x * u + y * v + reach > best:
                best, corner = x * u + y * v + reach, (x + p / reach, y + q / reach)
        points.append(corner)
    return points


def corners_for(ovals: Iterable[Oval]) -> int:
    """Return how many corners an outline needs to look round at its size."""
    radius = max(math.sqrt(max(xx, yy)) for _, _, xx, _, yy in ovals)
    return min(36, max(10, round(4.2 * math.sqrt(radius))))


def rounded(ovals: Sequence[Oval], count: int = 0) -> str:
    """Return the path of the tightest convex outline round ellipses; "" outside the picture.

    Without `count` it has as many corners as its size needs.
    """
    points = outline(ovals, count or corners_for(ovals))
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if max(xs) < -EDGE or min(xs) > WIDTH + EDGE or max(ys) < -EDGE or min(ys) > HEIGHT + EDGE:
        return ""
    return polygon(points)


def convex(points: Iterable[Point]) -> list[Point]:
    """Return the corners of the convex hull of points."""
    rest = sorted(set(points))
    if len(rest) < 3:
        return rest

    def half(run: Iterable[Point]) -> list[Point]:
        chain: list[Point] = []
        for p in run:
            while (
                len(chain) > 1
                and (
                    (chain[-1][0] - chain[-2][0]) * (p[1] - chain[-2][1])
                    - (chain[-1][1] - chain[-2][1]) * (p[0] - chain[-2][0])
                )
                <= 0
            ):
                chain.pop()
            chain.append(p)
        return chain[:-1]

    return [*half(rest), *half(reversed(rest))]
