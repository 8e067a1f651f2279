"""Still frames of an exercise: the figure as SVG, drawn from pose data."""

import math
from collections.abc import Mapping

from adherence.domain.contacts import facing, middle
from adherence.domain.exercises import Exercise, mirrored
from adherence.domain.figure import CAPSULES, Solid, Vector, add, turned
from adherence.domain.motions import Moment, boxes, shown, strip

WIDTH, HEIGHT = 360, 300


class Camera:
    """Looks from one direction, without perspective."""

    def __init__(self, turn: float, height: float) -> None:
        t, h = math.radians(turn), math.radians(height)
        self.right: Vector = (math.cos(t), 0.0, -math.sin(t))
        self.back: Vector = (
            math.sin(t) * math.cos(h),
            math.sin(h),
            math.cos(t) * math.cos(h),
        )
        self.up: Vector = (
            -math.sin(t) * math.sin(h),
            math.cos(h),
            -math.cos(t) * math.sin(h),
        )

    def seen(self, point: Vector) -> Vector:
        """Return right, up and nearness of a point (metres)."""
        return (
            sum(a * b for a, b in zip(self.right, point, strict=True)),
            sum(a * b for a, b in zip(self.up, point, strict=True)),
            sum(a * b for a, b in zip(self.back, point, strict=True)),
        )


def hull(ax: float, ay: float, ra: float, bx: float, by: float, rb: float) -> str:
    """Return the path round two circles."""
    apart = math.hypot(bx - ax, by - ay)
    if apart <= abs(ra - rb) + 0.01:
        x, y, r = (ax, ay, ra) if ra > rb else (bx, by, rb)
        return f"M{x - r:.1f} {y:.1f}a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0z"
    angle = math.atan2(by - ay, bx - ax)
    off = math.acos((ra - rb) / apart)
    p = [
        (x + r * math.cos(angle + o), y + r * math.sin(angle + o))
        for x, y, r, o in (
            (ax, ay, ra, off),
            (ax, ay, ra, -off),
            (bx, by, rb, -off),
            (bx, by, rb, off),
        )
    ]
    big_a, big_b = int(ra > rb), int(rb > ra)
    return (
        f"M{p[0][0]:.1f} {p[0][1]:.1f}A{ra:.1f} {ra:.1f} 0 {big_a} 1 {p[1][0]:.1f} {p[1][1]:.1f}"
        f"L{p[2][0]:.1f} {p[2][1]:.1f}A{rb:.1f} {rb:.1f} 0 {big_b} 1 {p[3][0]:.1f} {p[3][1]:.1f}z"
    )


SKIN = {"hand", "neck", "head", "forearm"}


def drawn(moment: Moment, exercise: Exercise, box: tuple[float, float, float, float]) -> str:
    """Return one frame as SVG; `box` is left, bottom, right, top as the camera sees it."""
    camera = Camera(exercise.view.turn, exercise.view.height)
    left, bottom, right, top = box
    scale = min((WIDTH - 24) / (right - left), (HEIGHT - 24) / (top - bottom))
    ox = WIDTH / 2 - scale * (left + right) / 2
    oy = HEIGHT / 2 + scale * (bottom + top) / 2

    def at(point: Vector) -> tuple[float, float, float]:
        x, y, z = camera.seen(point)
        return ox + x * scale, oy - y * scale, z

    shapes: list[tuple[float, str]] = []
    for prop in exercise.props:
        for name, centre, half, owner in boxes(prop):
            if name == "wall":
                half, centre = (0.6, 1.0, 0.01), (0.0, 1.0, 0.01)
            corners = [
                add(
                    middle(owner),
                    turned(
                        facing(owner),
                        (centre[0] + half[0] * i, centre[1] + half[1] * j, centre[2] + half[2] * k),
                    ),
                )
                for i in (-1, 1)
                for j in (-1, 1)
                for k in (-1, 1)
            ]
            if name == "chair seat":
                for i in (0, 1, 4, 5):
                    foot = (corners[i][0], 0.0, corners[i][2])
                    x, y, z = at(corners[i])
                    u, v, _ = at(foot)
                    shapes.append(
                        (
                            z,
                            f'<path d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}" stroke="#8A7683" stroke-width="4"/>',
                        )
                    )
            for face in (
                (0, 1, 3, 2),
                (4, 5, 7, 6),
                (0, 1, 5, 4),
                (2, 3, 7, 6),
                (0, 2, 6, 4),
                (1, 3, 7, 5),
            ):
                pts = [at(corners[i]) for i in face]
                d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in pts) + "z"
                shapes.append(
                    (
                        sum(z for *_, z in pts) / 4 - 0.02,
                        f'<path d="{d}" fill="#F0E7E8" stroke="#8A7683" stroke-width="1.5"/>',
                    )
                )
    solid = Solid(moment.body)
    for capsule in CAPSULES:
        a, b, ra, rb = solid.pieces[capsule.name]
        ax, ay, az = at(a)
        bx, by, bz = at(b)
        fill = (
            "#D9A58A"
            if capsule.part in SKIN
            else "#6B2350"
            if capsule.part in ("chest", "belly", "upper-arm")
            else "#47193B"
        )
        shapes.append(
            (
                (az + bz) / 2 + max(ra, rb) * 0.5,
                f'<path d="{hull(ax, ay, ra * scale, bx, by, rb * scale)}" fill="{fill}" stroke="#FFFDFC" stroke-width="1"/>',
            )
        )
    shapes.sort(key=lambda row: row[0])
    ground = at((0, 0, 0))[1]
    body = "".join(text for _, text in shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none">'
        f'<path d="M10 {ground:.1f}H{WIDTH - 10}" stroke="#E2D5D8" stroke-width="3"/>{body}</svg>'
    )


def framing(exercise: Exercise, moments: list[Moment]) -> tuple[float, float, float, float]:
    """Return the smallest box (left, bottom, right, top; metres) that holds all moments."""
    camera = Camera(exercise.view.turn, exercise.view.height)
    xs: list[float] = []
    ys: list[float] = []
    points = [
        (p, r)
        for now in moments
        for a, b, ra, rb in Solid(now.body).pieces.values()
        for p, r in ((a, ra), (b, rb))
    ]
    for prop in exercise.props:
        for name, centre, half, owner in boxes(prop):
            if name != "wall":
                points += [
                    (
                        add(
                            middle(owner),
                            turned(
                                facing(owner), (centre[0] + half[0] * i, y, centre[2] + half[2] * k)
                            ),
                        ),
                        0.0,
                    )
                    for i in (-1, 1)
                    for k in (-1, 1)
                    for y in (0.0, centre[1] + half[1])
                ]
    for point, radius in points:
        x, y, _ = camera.seen(point)
        xs += [x - radius, x + radius]
        ys += [y - radius, y + radius]
    return min(xs), min(ys), max(xs), max(ys)


def frames(exercise: Exercise, theme: str = "light", side: str = "right") -> Mapping[str, str]:
    """Return the three still frames as SVG."""
    if exercise.sided and side == "left":
        exercise = mirrored(exercise)
    moments = shown(exercise)
    box = framing(exercise, list(moments.values()))
    return {name: drawn(now, exercise, box) for name, now in moments.items()}


def strip_frames(exercise: Exercise, count: int = 10) -> list[str]:
    """Return moments spread evenly over the repetition as SVG."""
    moments = strip(exercise, count)
    box = framing(exercise, moments)
    return [drawn(now, exercise, box) for now in moments]
