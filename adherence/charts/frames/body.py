"""The figure's shape: soft bodies round the joints, sorted from far to near.

Shapes are ellipsoids joined by their common outline. They are a little fuller than the capsules of
the domain, which decide what touches what.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adherence.charts.frames.camera import Camera, Oval, Point, convex, polygon, rounded
from adherence.charts.frames.themes import Ink
from adherence.domain.figure import (
    FINGERS,
    FOREARM,
    SHANK,
    SIDES,
    THIGH,
    UPPER_ARM,
    Posture,
    Solid,
    Vector,
    add,
    closest,
    dot,
    times,
    turned,
)

Lump = tuple[str, Vector, Vector]
"""An ellipsoid: joint, middle and half axes in the joint's frame (metres)."""

FINE_HANDS = 420.0
"""Units a metre from which fingers are drawn one by one."""


@dataclass(frozen=True, slots=True)
class Paint:
    """One path: its fill and edge (names of `Ink`) and its outline."""

    fill: str
    edge: str
    path: str


@dataclass(slots=True)
class Group:
    """Parts of the body that are drawn together: `spine` lists ends, radii of its capsules."""

    name: str
    paints: list[Paint]
    spine: list[tuple[Vector, Vector, float, float]]
    near: float = 0.0


def ball(node: str, local: Vector, radius: float) -> Lump:
    """Return a round lump."""
    return (node, local, (radius, radius, radius))


class Modeller:
    """Turns one posture into groups of paths for one camera."""

    def __init__(self, body: Posture, angles: Mapping[str, float], camera: Camera) -> None:
        self.body = body
        self.angles = angles
        self.camera = camera
        self.solid = Solid(body)

    def seen(self, lump: Lump) -> Oval:
        """Return a lump as the camera sees it."""
        node, local, half = lump
        middle = self.body.point(node, local)
        if half[0] == half[1] == half[2]:
            return self.camera.ball(middle, half[0])
        return self.camera.oval(middle, self.body.turns[node], half)

    def chain(self, *lumps: Lump) -> str:
        """Return the path round a chain of lumps, each joined to the next."""
        ovals = [self.seen(lump) for lump in lumps]
        return "".join(rounded(pair) for pair in itertools.pairwise(ovals))

    def hull(self, *lumps: Lump) -> str:
        """Return the path round all lumps at once."""
        return rounded([self.seen(lump) for lump in lumps])

    def faces(self, node: str, direction: Vector) -> float:
        """Return how much a direction of a joint's frame looks at the camera, -1 to 1."""
        return dot(self.camera.toward, turned(self.body.turns[node], direction))

    def _group(self, name: str, paints: list[Paint], pieces: Sequence[str]) -> Group:
        spine = [self.solid.pieces[piece] for piece in pieces]
        near = sum(self.camera.near(a) + self.camera.near(b) for a, b, _, _ in spine)
        return Group(name, paints, spine, near / (2 * len(spine)))

    def groups(self) -> list[Group]:
        """Return all groups, the farthest first."""
        far = self._far_side()
        found = [self._hips(), self._shirt(), self._neck(), self._head()]
        for side in SIDES:
            away = {"legs": far[0] == side, "arms": far[1] == side}
            found += self._leg(side, away["legs"])
            found += self._arm(side, away["arms"])
        return sorted_groups(found, self.camera)

    def _far_side(self) -> tuple[str, str]:
        """Return which leg and which arm is clearly the far one ("" for neither).

        From close by there is none: nothing is there to tell it from.
        """
        if self.camera.scale >= FINE_HANDS:
            return ("", "")
        result = []
        for pieces in (("thigh", "shank"), ("upper_arm", "forearm")):
            mean = {}
            for side in SIDES:
                ends = [p for piece in pieces for p in self.solid.pieces[f"{piece}_{side}"][:2]]
                mean[side] = sum(self.camera.near(point) for point in ends) / len(ends)
            apart = mean["l"] - mean["r"]
            result.append("" if abs(apart) < 0.09 else "r" if apart > 0 else "l")
        return (result[0], result[1])

    def _hips(self) -> Group:
        path = self.chain(
            ("pelvis", (0.0, 0.055, -0.008), (0.148, 0.045, 0.100)),
            ("pelvis", (0.0, -0.012, -0.012), (0.164, 0.060, 0.110)),
            ("pelvis", (0.0, -0.070, 0.0), (0.105, 0.035, 0.075)),
        )
        return self._group("hips", [Paint("legs", "edge", path)], ["pelvis"])

    def _shirt(self) -> Group:
        belly = self.angles.get("breath.belly", 0.0) / 100
        ribs = self.angles.get("breath.ribs", 0.0) / 100
        trunk = self.chain(
            ("pelvis", (0.0, 0.062, -0.008), (0.150, 0.045, 0.102)),
            (
                "spine_low",
                (0.0, 0.060, 0.002 + 0.014 * belly),
                (0.136 + 0.004 * belly, 0.055, 0.095 + 0.016 * belly),
            ),
            (
                "spine_mid",
                (0.0, 0.070, 0.006 + 0.004 * ribs),
                (0.146 + 0.016 * ribs, 0.060, 0.105 + 0.008 * ribs),
            ),
            (
                "spine_high",
                (0.0, 0.045, 0.006),
                (0.158 + 0.006 * ribs, 0.070, 0.108 + 0.004 * ribs),
            ),
            ("spine_high", (0.0, 0.122, -0.004), (0.105, 0.042, 0.064)),
        )
        caps = "".join(
            self.hull(
                ball("spine_high", (0.036 * out, 0.166, -0.014), 0.040),
                ball("spine_high", (0.07 * out, 0.112, -0.004), 0.054),
                ball(f"shoulder_{side}", (0.0, 0.0, 0.0), 0.053),
                ball("spine_high", (0.11 * out, 0.03, 0.0), 0.05),
            )
            for side, out in (("l", 1.0), ("r", -1.0))
        )
        return self._group(
            "shirt",
            [Paint("top", "edge", trunk + caps)],
            ["belly_l", "belly_r", "chest_l", "chest_r"],
        )

    def _leg(self, side: str, far: bool) -> list[Group]:
        out = 1.0 if side == "l" else -1.0
        hip, knee, ankle, toes = (f"{joint}_{side}" for joint in ("hip", "knee", "ankle", "toes"))
        legs, shoe = ("far_legs", "far_shoe") if far else ("legs", "shoe")
        thigh = self.chain(
            ball(hip, (0.004 * out, -0.02, -0.004), 0.088),
            ball(hip, (0.002 * out, -0.45 * THIGH, 0.004), 0.074),
            ball(knee, (0.0, 0.0, 0.004), 0.053),
        )
        shank = self.chain(
            ball(knee, (0.0, 0.0, 0.004), 0.053),
            ball(knee, (0.0, -0.30 * SHANK, -0.012), 0.054),
            ball(knee, (0.0, -0.86 * SHANK, 0.0), 0.038),
            ball(ankle, (0.0, 0.01, 0.0), 0.040),
        )
        foot = (
            self.hull(
                ball(ankle, (0.0, 0.0, -0.004), 0.037),
                ball(ankle, (0.0, -0.034, -0.028), 0.032),
                ball(ankle, (0.0, -0.036, 0.06), 0.030),
            )
            + self.hull(
                ball(ankle, (0.0, -0.036, 0.02), 0.030),
                (toes, (0.0, 0.006, 0.0), (0.042, 0.022, 0.024)),
            )
            + self.hull(
                (toes, (0.0, 0.006, 0.0), (0.042, 0.022, 0.024)),
                (toes, (0.0, 0.0, 0.045), (0.034, 0.016, 0.026)),
            )
        )
        return [
            self._group(f"thigh_{side}", [Paint(legs, "edge", thigh)], [f"thigh_{side}"]),
            self._group(
                f"shank_{side}",
                [Paint(shoe, "edge", foot), Paint(legs, "edge", shank)],
                [f"shank_{side}", f"foot_{side}", f"toe_{side}"],
            ),
        ]

    def _arm(self, side: str, far: bool) -> list[Group]:
        shoulder, elbow, wrist = (f"{joint}_{side}" for joint in ("shoulder", "elbow", "wrist"))
        skin, top = ("far_skin", "far_top") if far else ("skin", "top")
        bare = self.chain(
            ball(shoulder, (0.0, -0.4 * UPPER_ARM, 0.0), 0.042),
            ball(elbow, (0.0, 0.0, 0.0), 0.036),
        )
        sleeve = self.hull(
            ball(shoulder, (0.0, 0.0, 0.0), 0.055),
            ball(shoulder, (0.0, -0.55 * UPPER_ARM, 0.0), 0.050),
        )
        fore = self.chain(
            ball(elbow, (0.0, 0.0, 0.0), 0.036),
            ball(elbow, (0.0, -0.28 * FOREARM, 0.0), 0.039),
            ball(wrist, (0.0, 0.0, 0.0), 0.025),
        )
        pieces = [f"forearm_{side}", f"palm_{side}", f"fingers_{side}"]
        return [
            self._group(
                f"upper_{side}",
                [Paint(skin, "skin_edge", bare), Paint(top, "edge", sleeve)],
                [f"upper_arm_{side}"],
            ),
            self._group(
                f"fore_{side}",
                [Paint(skin, "skin_edge", fore + self._hand(side))],
                pieces,
            ),
        ]

    def _hand(self, side: str) -> str:
        wrist, knuckles, mid, tip = (
            f"{joint}_{side}" for joint in ("wrist", "fingers", "fingers_mid", "fingers_tip")
        )
        palm = self.hull(
            ball(wrist, (0.0, -0.006, 0.014), 0.018),
            ball(wrist, (0.0, -0.006, -0.014), 0.018),
            ball(knuckles, (0.0, 0.0, 0.028), 0.014),
            ball(knuckles, (0.0, 0.0, -0.028), 0.014),
        )
        thumb = self.chain(
            ball(wrist, (0.0, -0.018, 0.016), 0.016),
            ball(f"thumb_{side}", (0.0, 0.0, 0.0), 0.015),
            ball(f"thumb_tip_{side}", (0.0, 0.0, 0.0), 0.012),
            ball(f"thumb_tip_{side}", (0.0, -0.022, 0.010), 0.010),
        )
        end = (0.0, -0.23 * FINGERS, 0.0)
        rows = (
            (knuckles, (0.0, 0.0, 0.0)),
            (mid, (0.0, 0.0, 0.0)),
            (tip, (0.0, 0.0, 0.0)),
            (tip, end),
        )
        if self.camera.scale < FINE_HANDS:
            halves = (0.026, 0.024, 0.021, 0.017)
            sizes = (0.013, 0.012, 0.011, 0.010)
            pairs = [
                [ball(node, (local[0], local[1], z * half), size) for z in (1, -1)]
                for (node, local), half, size in zip(rows, halves, sizes, strict=True)
            ]
            fingers = "".join(self.hull(*near, *far) for near, far in itertools.pairwise(pairs))
            return palm + fingers + thumb
        spread = self.angles.get(f"fingers_{side}.spread", 0.0)
        fingers = ""
        for place, reach in ((1.5, 0.92), (0.5, 1.0), (-0.5, 0.95), (-1.5, 0.78)):
            aside = math.radians(spread) * place * 0.66
            lumps = []
            down = 0.0
            for row, (node, local) in enumerate(rows):
                down = (0.0, 0.45, 0.77, 1.0)[row] * FINGERS * reach
                z = 0.0185 * place + math.sin(aside) * down
                shift = (reach - 1) * FINGERS * (0.0, 0.45, 0.32, 0.23)[row]
                lumps.append(ball(node, (0.0, local[1] - shift, z), 0.0105 - 0.0008 * row))
            fingers += self.chain(*lumps)
        return palm + fingers + thumb

    def _neck(self) -> Group:
        path = self.chain(
            ball("spine_high", (0.0, 0.172, 0.0), 0.053), ball("head", (0.0, 0.012, 0.002), 0.049)
        )
        return self._group("neck", [Paint("skin", "skin_edge", path)], ["neck"])

    def _head(self) -> Group:
        skull: Lump = ("head", (0.0, 0.108, 0.006), (0.073, 0.086, 0.092))
        face = self.hull(skull, ("head", (0.0, 0.040, 0.045), (0.052, 0.060, 0.048))) + self.hull(
            ball("head", (0.0, 0.092, 0.090), 0.008), ball("head", (0.0, 0.066, 0.104), 0.012)
        )
        paints = [Paint("skin", "skin_edge", face)]
        paints.append(Paint("hair", "hair", self._hair()))
        for out in (1.0, -1.0):
            if self.faces("head", (out, 0.0, -0.15)) > 0.3:
                ear = self.hull(("head", (0.074 * out, 0.072, -0.006), (0.010, 0.024, 0.015)))
                paints.append(Paint("skin", "skin_edge", ear))
        eyes = "".join(
            rounded(
                [self.camera.ball(self.body.point("head", (0.031 * out, 0.088, 0.088)), 0.0085)]
            )
            for out in (1.0, -1.0)
            if self.faces("head", (0.5 * out, 0.0, 0.87)) > 0.25
        )
        if eyes:
            paints.append(Paint("hair", "", eyes))
        return self._group("head", paints, ["head"])

    def _hair(self) -> str:
        """Return the outline of what can be seen of the hair: the skull above a slanted line."""
        half = (0.079, 0.092, 0.098)
        points: list[Point] = []
        for row in range(-8, 9):
            for step in range(28):
                low, round_ = math.pi * row / 18, 2 * math.pi * step / 28
                unit = (
                    math.cos(low) * math.sin(round_),
                    math.sin(low),
                    math.cos(low) * math.cos(round_),
                )
                local = (unit[0] * half[0], unit[1] * half[1], unit[2] * half[2])
                slant = local[1] * 0.66 - local[2] * 0.75
                normal = (unit[0] / half[0], unit[1] / half[1], unit[2] / half[2])
                if slant < -0.016 or self.faces("head", normal) < 0.0:
                    continue
                points.append(
                    self.camera.at(self.body.point("head", add((0.0, 0.110, 0.004), local)))
                )
        corners = convex(points)
        return polygon(corners) if len(corners) > 2 else ""


_JOINED = {
    frozenset(pair)
    for side in SIDES
    for pair in (
        ("hips", f"thigh_{side}"),
        (f"thigh_{side}", f"shank_{side}"),
        ("shirt", f"upper_{side}"),
        (f"upper_{side}", f"fore_{side}"),
    )
} | {frozenset(("shirt", "neck"))}
_ALWAYS = {("hips", "shirt"), ("neck", "head")}
"""Pairs whose first is always under the second."""


def _over(one: Group, other: Group, camera: Camera) -> float:
    """Return how clearly one group is in front of another where they overlap; 0 is no overlap."""
    weight = 0.0
    for a, b, ra, rb in one.spine:
        for c, d, rc, rd in other.spine:
            flat = [(*camera.at(p), 0.0) for p in (a, b, c, d)]
            s, t, apart = closest(*flat)
            reach = (ra + (rb - ra) * s + rc + (rd - rc) * t) * camera.scale
            if apart >= reach:
                continue
            front = camera.near(add(times(a, 1 - s), times(b, s)))
            back = camera.near(add(times(c, 1 - t), times(d, t)))
            weight += (front - back) * (1 - apart / reach)
    return weight


def sorted_groups(groups: list[Group], camera: Camera) -> list[Group]:
    """Return groups in the order to draw them: what is in front of another comes after it."""
    behind: dict[str, set[str]] = {group.name: set() for group in groups}
    for number, one in enumerate(groups):
        for other in groups[number + 1 :]:
            pair = frozenset((one.name, other.name))
            if (one.name, other.name) in _ALWAYS:
                over = -1.0
            elif pair in _JOINED:
                over = one.near - other.near
            else:
                over = _over(one, other, camera)
            if over > 1e-6:
                behind[one.name].add(other.name)
            elif over < -1e-6:
                behind[other.name].add(one.name)
    result: list[Group] = []
    waiting = sorted(groups, key=lambda group: group.near)
    while waiting:
        names = {group.name for group in waiting}
        free = [group for group in waiting if not behind[group.name] & names]
        following = (free or waiting)[0]
        result.append(following)
        waiting.remove(following)
    return result


def merged(paints: Sequence[Paint]) -> list[Paint]:
    """Return paints with neighbours of the same colours as one path, so no line parts them."""
    result: list[Paint] = []
    for paint in paints:
        if result and paint.edge and (result[-1].fill, result[-1].edge) == (paint.fill, paint.edge):
            result[-1] = Paint(paint.fill, paint.edge, result[-1].path + paint.path)
        elif paint.path:
            result.append(paint)
    return result


def drawn(paint: Paint, ink: Ink) -> str:
    """Return a path as SVG."""
    edge = f' stroke="{getattr(ink, paint.edge)}"' if paint.edge else ""
    return f'<path fill="{getattr(ink, paint.fill)}"{edge} d="{paint.path}"/>'
