"""What is laid over the figure: the region that works or is stretched, and the way it moves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from adherence.charts.frames.body import Modeller
from adherence.charts.frames.camera import HEIGHT, WIDTH, Camera, Point, polygon
from adherence.domain.figure import SIDES, Posture, Solid, Vector, length, minus, mirrored_name
from adherence.domain.motions import Moment

_Patch = tuple[str, tuple[tuple[str, Vector, float], ...], tuple[str, Vector] | None]
"""The group it lies on, its round lumps (joint, middle, radius), and which way it looks."""

BACK: Vector = (0.0, 0.0, -1.0)
FRONT: Vector = (0.0, 0.0, 1.0)


def _patches() -> dict[str, dict[str, _Patch]]:
    """Return by body part and side where its mark lies, for the left side mirrored to the right."""
    table: dict[str, dict[str, _Patch]] = {}
    for side, out in (("l", 1.0), ("r", -1.0)):

        def j(joint: str, side: str = side) -> str:
            return f"{joint}_{side}"

        outward: Vector = (out, 0.0, 0.0)
        rows: dict[str, _Patch] = {
            "neck": (
                "neck",
                (
                    ("neck", (0.022 * out, 0.0, -0.012), 0.030),
                    ("head", (0.020 * out, 0.0, -0.016), 0.028),
                ),
                None,
            ),
            "shoulder": (
                j("upper"),
                (
                    (j("shoulder"), (0.006 * out, 0.004, 0.0), 0.050),
                    (j("shoulder"), (0.008 * out, -0.075, 0.0), 0.036),
                ),
                None,
            ),
            "upper-arm-front": (
                j("upper"),
                (
                    (j("shoulder"), (0.0, -0.11, 0.018), 0.030),
                    (j("shoulder"), (0.0, -0.25, 0.012), 0.027),
                ),
                (j("shoulder"), FRONT),
            ),
            "upper-arm-back": (
                j("upper"),
                (
                    (j("shoulder"), (0.0, -0.10, -0.018), 0.031),
                    (j("shoulder"), (0.0, -0.25, -0.012), 0.027),
                ),
                (j("shoulder"), BACK),
            ),
            "forearm": (
                j("fore"),
                ((j("elbow"), (0.0, -0.045, 0.0), 0.033), (j("elbow"), (0.0, -0.17, 0.0), 0.026)),
                None,
            ),
            "hand": (
                j("fore"),
                (
                    (j("wrist"), (0.0, -0.040, 0.004), 0.018),
                    (j("wrist"), (0.0, -0.066, 0.0), 0.020),
                ),
                None,
            ),
            "chest": (
                "shirt",
                (
                    ("spine_high", (0.062 * out, 0.055, 0.050), 0.056),
                    ("spine_high", (0.100 * out, 0.075, 0.035), 0.042),
                ),
                ("spine_high", FRONT),
            ),
            "upper-back": (
                "shirt",
                (
                    ("spine_high", (0.055 * out, 0.075, -0.052), 0.050),
                    ("spine_high", (0.055 * out, -0.03, -0.050), 0.046),
                ),
                ("spine_high", BACK),
            ),
            "lower-back": (
                "shirt",
                (
                    ("spine_low", (0.035 * out, -0.005, -0.054), 0.042),
                    ("spine_mid", (0.035 * out, 0.04, -0.056), 0.042),
                ),
                ("spine_low", BACK),
            ),
            "belly": (
                "shirt",
                (
                    ("spine_low", (0.03 * out, 0.0, 0.046), 0.052),
                    ("spine_mid", (0.03 * out, 0.02, 0.052), 0.052),
                ),
                ("spine_low", FRONT),
            ),
            "buttock": (
                j("thigh"),
                (
                    ("pelvis", (0.080 * out, -0.005, -0.058), 0.062),
                    ("pelvis", (0.085 * out, -0.055, -0.045), 0.056),
                ),
                ("pelvis", BACK),
            ),
            "thigh-front": (
                j("thigh"),
                ((j("hip"), (0.0, -0.10, 0.034), 0.050), (j("hip"), (0.0, -0.33, 0.018), 0.038)),
                (j("hip"), FRONT),
            ),
            "thigh-back": (
                j("thigh"),
                ((j("hip"), (0.0, -0.13, -0.030), 0.049), (j("hip"), (0.0, -0.34, -0.014), 0.038)),
                (j("hip"), BACK),
            ),
            "thigh-inner": (
                j("thigh"),
                (
                    (j("hip"), (-0.036 * out, -0.09, 0.004), 0.042),
                    (j("hip"), (-0.022 * out, -0.29, 0.004), 0.034),
                ),
                (j("hip"), (-out, 0.0, 0.25)),
            ),
            "hip-side": (
                j("thigh"),
                (
                    ("pelvis", (0.105 * out, 0.035, -0.006), 0.050),
                    (j("hip"), (0.030 * out, -0.05, 0.0), 0.052),
                ),
                ("pelvis", outward),
            ),
            "calf": (
                j("shank"),
                (
                    (j("knee"), (0.0, -0.075, -0.022), 0.038),
                    (j("knee"), (0.0, -0.22, -0.014), 0.031),
                ),
                (j("knee"), BACK),
            ),
            "shin": (
                j("shank"),
                (
                    (j("knee"), (0.006 * out, -0.08, 0.020), 0.028),
                    (j("knee"), (0.0, -0.27, 0.012), 0.023),
                ),
                (j("knee"), FRONT),
            ),
            "foot": (
                j("shank"),
                (
                    (j("ankle"), (0.0, -0.030, 0.010), 0.030),
                    (j("toes"), (0.0, 0.004, -0.01), 0.023),
                ),
                None,
            ),
        }
        for part, patch in rows.items():
            table.setdefault(part, {})[side] = patch
    return table


PATCHES = _patches()
AWAY = -0.35
"""How far a patch may look away from the camera and still be drawn: it is then seen on edge."""


def patches(model: Modeller, parts: Sequence[str], sides: Sequence[str]) -> Mapping[str, str]:
    """Return by group the outlines that mark these body parts, where the camera sees them.

    A part the camera does not see on any side is marked on all: better through the body than not.
    """
    found: dict[str, str] = {}
    for part in parts:
        rows = [PATCHES[part][side] for side in sides]
        facing_us = [(looks is None or model.faces(*looks) > AWAY) for _, _, looks in rows]
        for (group, lumps, _), seen in zip(rows, facing_us, strict=True):
            if seen or not any(facing_us):
                path = model.hull(*((node, local, (r, r, r)) for node, local, r in lumps))
                found[group] = found.get(group, "") + path
    return found


@dataclass(frozen=True, slots=True)
class Trace:
    """The way one point of the body takes through the room."""

    name: str
    points: tuple[Vector, ...]


def _tips(now: Moment) -> dict[str, Vector]:
    """Return the points of the body whose way an arrow may show, the innermost first."""
    point = now.body.point
    belly = now.angles.get("breath.belly", 0.0) / 100
    ribs = now.angles.get("breath.ribs", 0.0) / 100
    tips = {
        "head": point("head", (0.0, 0.12, 0.10)),
        "shoulder_l": point("shoulder_l", (0.0, 0.03, 0.0)),
        "shoulder_r": point("shoulder_r", (0.0, 0.03, 0.0)),
        "chest": point("spine_high", (0.0, 0.05, 0.10)),
        "back": point("spine_mid", (0.0, 0.05, -0.10)),
        "pelvis": point("pelvis", (0.0, 0.0, -0.10)),
        "belly": point("spine_low", (0.0, 0.06, 0.10 + 0.04 * belly)),
        "ribs_l": point("spine_mid", (0.15 + 0.03 * ribs, 0.07, 0.0)),
        "ribs_r": point("spine_mid", (-0.15 - 0.03 * ribs, 0.07, 0.0)),
    }
    for joint, local in (
        ("elbow", (0.0, 0.0, 0.0)),
        ("knee", (0.0, 0.0, 0.04)),
        ("ankle", (0.0, -0.03, -0.05)),
        ("toes", (0.0, 0.0, 0.05)),
        ("fingers", (0.0, -0.02, 0.0)),
        ("thumb_tip", (0.0, -0.02, 0.01)),
        ("fingers_tip", (0.0, -0.02, 0.0)),
    ):
        for side in SIDES:
            tips[f"{joint}_{side}"] = point(f"{joint}_{side}", local)
    return tips


TELLING: Mapping[str, tuple[str, ...]] = {
    "neck": ("head", "shoulder"),
    "shoulder": ("shoulder", "elbow", "fingers"),
    "elbow": ("fingers", "thumb_tip"),
    "wrist-hand": ("fingers", "fingers_tip", "thumb_tip"),
    "upper-back": ("shoulder", "chest", "back", "fingers", "elbow", "head"),
    "lower-back": ("back", "pelvis", "shoulder", "toes", "fingers", "knee", "ankle"),
    "hip": ("head", "pelvis", "toes", "knee", "ankle"),
    "knee": ("head", "ankle", "toes", "knee", "pelvis"),
    "ankle-foot": ("ankle", "toes", "knee", "pelvis", "head"),
    "balance": ("toes", "ankle", "knee", "head", "pelvis"),
    "breathing": ("belly", "ribs"),
}
"""By main region: the points whose way tells the exercise, the most telling first."""
_CARRIED = 0.6
"""An earlier point that goes this share of the longest way is what moves; others are carried."""


def traces(course: Sequence[Moment], camera: Camera, sided: str, region: str) -> list[Trace]:
    """Return the one or two ways worth an arrow, along the moments of a movement.

    Of the points that tell an exercise of this main region the longest seen way wins; a sided
    exercise prefers its own side (`l` or `r`, "" for none). When both sides move alike and do not
    cover each other, both get an arrow.
    """
    runs = [_tips(now) for now in course]
    names = [
        name
        for stem in TELLING[region]
        for name in ([stem] if stem in runs[0] else [f"{stem}_{side}" for side in SIDES])
    ]

    def seen(name: str) -> float:
        flat = [camera.at(tips[name]) for tips in runs]
        way = sum(math.dist(p, q) for p, q in pairwise(flat))
        if sided and name[-2:] in ("_l", "_r") and name[-1] != sided:
            return way * 0.7
        return way

    longest = max(seen(name) for name in names)
    best = next(name for name in names if seen(name) >= _CARRIED * longest)
    chosen = [best]
    if best[-2:] in ("_l", "_r") and not sided:
        other = mirrored_name(best)
        apart = math.dist(camera.at(runs[0][best]), camera.at(runs[0][other]))
        if seen(other) > 0.8 * seen(best) and apart > 0.22 * camera.scale:
            chosen.append(other)
    return [Trace(name, _straightest([tips[name] for tips in runs], camera)) for name in chosen]


def _straightest(points: Sequence[Vector], camera: Camera) -> tuple[Vector, ...]:
    """Return the longest stretch of a way without a sharp turn: an arrow has one direction."""
    flat = [camera.at(point) for point in points]
    cuts = [0]
    for number in range(1, len(flat) - 1):
        (ax, ay), (bx, by), (cx, cy) = flat[number - 1 : number + 2]
        one, other = (bx - ax, by - ay), (cx - bx, cy - by)
        sizes = math.hypot(*one) * math.hypot(*other)
        if sizes > 0.01 and (one[0] * other[0] + one[1] * other[1]) / sizes < 0.35:
            cuts.append(number)
    cuts.append(len(flat) - 1)

    def way(stretch: tuple[int, int]) -> float:
        start, end = stretch
        return sum(math.dist(p, q) for p, q in pairwise(flat[start : end + 1]))

    start, end = max(pairwise(cuts), key=way)
    return tuple(points[start : end + 1])


_LEAST = 24.0
"""Units: a shorter way is lengthened in its direction, or one could not see it."""
_ASIDE = (12.0, 18.0, 26.0)
"""Units beside the way an arrow may be drawn; the nearest that leaves the body free is taken."""


def arrow(trace: Trace, bodies: Sequence[Posture], camera: Camera) -> tuple[str, str]:
    """Return the path of an arrow's line and of its head, beside the way and clear of `bodies`."""
    flat = _smooth([camera.at(point) for point in trace.points])
    way = sum(math.dist(p, q) for p, q in pairwise(flat))
    if way < _LEAST:
        (ax, ay), (bx, by) = flat[0], flat[-1]
        size = max(math.dist(flat[0], flat[-1]), 0.01)
        ux, uy = (bx - ax) / size, (by - ay) / size
        flat = [(ax + ux * _LEAST * k / 6, ay + uy * _LEAST * k / 6) for k in range(7)]
    normals = _normals(flat)
    discs = [disc for body in bodies for disc in _discs(body, camera)]
    best, least = flat, math.inf
    coarse = camera.scale / 150
    for aside in (*_ASIDE, 0.14 * camera.scale):
        for sign in (1.0, -1.0):
            line = [
                (x + sign * nx * aside, y + sign * ny * aside)
                for (x, y), (nx, ny) in zip(flat, normals, strict=True)
            ]
            cost = aside / 8 / max(1.0, coarse)
            cost += sum(_cost(point, discs) for point in line[1:]) * 6 / len(line)
            if cost < least - 1e-6:
                best, least = line, cost
    return polygon(best[:-1], close=False), _head(best)


def _smooth(points: Sequence[Point]) -> list[Point]:
    """Return a line with its corners rounded and its ends kept."""
    line = list(points)
    for _ in range(3):
        inner = [
            ((a[0] + 2 * b[0] + c[0]) / 4, (a[1] + 2 * b[1] + c[1]) / 4)
            for a, b, c in zip(line, line[1:], line[2:], strict=False)
        ]
        line = [line[0], *inner, line[-1]]
    return line


def _discs(body: Posture, camera: Camera) -> list[tuple[float, float, float]]:
    """Return the body as discs (x, y, radius) in the picture."""
    discs = []
    for a, b, ra, rb in Solid(body).pieces.values():
        (ax, ay), (bx, by) = camera.at(a), camera.at(b)
        for step in range(4):
            share = step / 3
            radius = (ra + (rb - ra) * share) * camera.scale
            discs.append((ax + (bx - ax) * share, ay + (by - ay) * share, radius))
    return discs


def _cost(point: Point, discs: Sequence[tuple[float, float, float]]) -> float:
    """Return 1 for a point on the body, more beyond the picture, 0 in the free."""
    x, y = point
    if not (8 <= x <= WIDTH - 8 and 8 <= y <= HEIGHT - 8):
        return 2.0
    return float(any(math.hypot(x - u, y - v) < radius + 3 for u, v, radius in discs))


def _normals(points: Sequence[Point]) -> list[Point]:
    """Return the unit normals along a line; where it stands still, those before."""
    result: list[Point] = []
    for number in range(len(points)):
        (ax, ay), (bx, by) = points[max(0, number - 1)], points[min(len(points) - 1, number + 1)]
        size = math.hypot(bx - ax, by - ay)
        if size < 0.05:
            result.append(result[-1] if result else (0.0, -1.0))
        else:
            result.append(((by - ay) / size, -(bx - ax) / size))
    return result


def _head(line: Sequence[Point]) -> str:
    """Return the triangle at the end of a line."""
    x, y = line[-1]
    back = next((p for p in reversed(line) if math.dist(p, (x, y)) > 5), line[0])
    size = max(math.dist(back, (x, y)), 0.01)
    ux, uy = (x - back[0]) / size, (y - back[1]) / size
    tip = (x + ux * 3, y + uy * 3)
    return polygon(
        [
            tip,
            (tip[0] - ux * 11 - uy * 6, tip[1] - uy * 11 + ux * 6),
            (tip[0] - ux * 11 + uy * 6, tip[1] - uy * 11 - ux * 6),
        ]
    )


MOVED = 0.05
"""Metres a piece has to move for its old place to be shown."""


def shadow(before: Posture, now: Posture, camera: Camera) -> str:
    """Return the outlines of the pieces of body where they were, if they have moved."""
    old, new = Solid(before), Solid(now)
    path = ""
    for name, (a, b, ra, rb) in old.pieces.items():
        if name.startswith(("finger_", "thumb", "belly_", "toe_", "fingers_")):
            continue
        c, d, *_ = new.pieces[name]
        far = max(length(minus(a, c)), length(minus(b, d)))
        if far > MOVED:
            path += _capsule(camera, a, b, ra, rb)
    return path


def _capsule(camera: Camera, a: Vector, b: Vector, ra: float, rb: float) -> str:
    """Return the outline of a capsule with two arcs."""
    (ax, ay), (bx, by) = camera.at(a), camera.at(b)
    ra, rb = ra * camera.scale, rb * camera.scale
    apart = math.dist((ax, ay), (bx, by))
    if apart <= abs(ra - rb) + 0.1:
        x, y, r = (ax, ay, ra) if ra > rb else (bx, by, rb)
        arc = f"a{r:.0f} {r:.0f} 0 1 1"
        return f"M{x - r:.0f} {y:.0f}{arc} {2 * r:.0f} 0{arc} {-2 * r:.0f} 0z"
    angle, off = math.atan2(by - ay, bx - ax), math.acos((ra - rb) / apart)
    p = [
        (x + r * math.cos(angle + o), y + r * math.sin(angle + o))
        for x, y, r, o in (
            (ax, ay, ra, off),
            (ax, ay, ra, -off),
            (bx, by, rb, -off),
            (bx, by, rb, off),
        )
    ]
    return (
        f"M{p[0][0]:.0f} {p[0][1]:.0f}A{ra:.0f} {ra:.0f} 0 {int(ra > rb)} 1 "
        f"{p[1][0]:.0f} {p[1][1]:.0f}L{p[2][0]:.0f} {p[2][1]:.0f}A{rb:.0f} {rb:.0f} 0 "
        f"{int(rb > ra)} 1 {p[3][0]:.0f} {p[3][1]:.0f}z"
    )
