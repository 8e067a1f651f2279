"""The jointed figure: bones, joints, ranges of motion, and where everything is in a pose.

Right-handed metres: x to the person's left, y up, z forward; angles are clinical, in degrees, from
the neutral zero position (upright, arms hanging, palms to the thighs). An angle's name is
`joint.movement`, with `_l` or `_r` after a sided joint: `knee_r.flexion`. The same number means the
same movement on both sides.

Segment lengths are shares of stature after Drillis and Contini, "Body Segment Parameters" (1966),
as printed in Winter, "Biomechanics and Motor Control of Human Movement", 4th ed. 2009, fig. 4.1.
Winter's shoulder and hip breadths are outer widths: the joint centres lie further in. Trunk parts
and hand details, which that figure does not divide, are ours.

Ranges of motion: American Academy of Orthopaedic Surgeons, "Joint Motion: Method of Measuring and
Recording" (1965); where it gives none or the movement is carried by body weight or hands, Kapandji,
"The Physiology of the Joints". Ranges of spine and neck are shared out over our joints, so that the
sums are the published ones. The foot is one piece up to the toes, so the range of its ankle holds
what the midfoot adds when one kneels on it.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

Vector = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""Three rows, one after the other."""
Quaternion = tuple[float, float, float, float]
"""w, x, y, z; of length 1."""
Angles = Mapping[str, float]

STATURE = 1.70
SIDES = ("l", "r")
UPRIGHT: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
NO_TURN: Quaternion = (1.0, 0.0, 0.0, 0.0)

ANKLE_HEIGHT = 0.039 * STATURE
SHANK = 0.246 * STATURE
THIGH = 0.245 * STATURE
UPPER_ARM = 0.186 * STATURE
FOREARM = 0.146 * STATURE
HAND = 0.108 * STATURE
FOOT = 0.152 * STATURE
HEEL = 0.24 * FOOT
BALL = 0.72 * FOOT
HIP_OUT = 0.052 * STATURE
SHOULDER_OUT = 0.105 * STATURE
PALM = 0.52 * HAND
FINGERS = HAND - PALM
TOE_HEIGHT = 0.016


def add(a: Vector, b: Vector) -> Vector:
    """Return a + b."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def minus(a: Vector, b: Vector) -> Vector:
    """Return a - b."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def times(a: Vector, share: float) -> Vector:
    """Return `share` times a."""
    return (a[0] * share, a[1] * share, a[2] * share)


def dot(a: Vector, b: Vector) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def length(a: Vector) -> float:
    """Return the length of a, in the unit of a."""
    return math.sqrt(dot(a, a))


def product(a: Matrix, b: Matrix) -> Matrix:
    """Return a·b: first turned by b, then by a."""
    a0, a1, a2, a3, a4, a5, a6, a7, a8 = a
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = b
    return (
        a0 * b0 + a1 * b3 + a2 * b6,
        a0 * b1 + a1 * b4 + a2 * b7,
        a0 * b2 + a1 * b5 + a2 * b8,
        a3 * b0 + a4 * b3 + a5 * b6,
        a3 * b1 + a4 * b4 + a5 * b7,
        a3 * b2 + a4 * b5 + a5 * b8,
        a6 * b0 + a7 * b3 + a8 * b6,
        a6 * b1 + a7 * b4 + a8 * b7,
        a6 * b2 + a7 * b5 + a8 * b8,
    )


def turned(m: Matrix, v: Vector) -> Vector:
    """Return v turned by m."""
    x, y, z = v
    return (
        m[0] * x + m[1] * y + m[2] * z,
        m[3] * x + m[4] * y + m[5] * z,
        m[6] * x + m[7] * y + m[8] * z,
    )


def about(axis: str, degrees: float) -> Matrix:
    """Return the right-handed turn about the axis `x`, `y` or `z`."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    if axis == "x":
        return (1.0, 0.0, 0.0, 0.0, c, -s, 0.0, s, c)
    if axis == "y":
        return (c, 0.0, s, 0.0, 1.0, 0.0, -s, 0.0, c)
    return (c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0)


def quaternion(m: Matrix) -> Quaternion:
    """Return the same turn as m; w is never negative."""
    trace = m[0] + m[4] + m[8]
    if trace > 0.0:
        s = 2.0 * math.sqrt(trace + 1.0)
        return (s / 4, (m[7] - m[5]) / s, (m[2] - m[6]) / s, (m[3] - m[1]) / s)
    if m[0] >= m[4] and m[0] >= m[8]:
        s = 2.0 * math.sqrt(1.0 + m[0] - m[4] - m[8])
        q = ((m[7] - m[5]) / s, s / 4, (m[1] + m[3]) / s, (m[2] + m[6]) / s)
    elif m[4] >= m[8]:
        s = 2.0 * math.sqrt(1.0 + m[4] - m[0] - m[8])
        q = ((m[2] - m[6]) / s, (m[1] + m[3]) / s, s / 4, (m[5] + m[7]) / s)
    else:
        s = 2.0 * math.sqrt(1.0 + m[8] - m[0] - m[4])
        q = ((m[3] - m[1]) / s, (m[2] + m[6]) / s, (m[5] + m[7]) / s, s / 4)
    return q if q[0] >= 0 else (-q[0], -q[1], -q[2], -q[3])


def matrix(q: Quaternion) -> Matrix:
    """Return the same turn as q."""
    w, x, y, z = q
    return (
        1 - 2 * (y * y + z * z),
        2 * (x * y - w * z),
        2 * (x * z + w * y),
        2 * (x * y + w * z),
        1 - 2 * (x * x + z * z),
        2 * (y * z - w * x),
        2 * (x * z - w * y),
        2 * (y * z + w * x),
        1 - 2 * (x * x + y * y),
    )


def between(a: Quaternion, b: Quaternion, share: float) -> Quaternion:
    """Return the turn that lies `share` (0 to 1) of the shortest way from a to b."""
    cosine = sum(p * q for p, q in zip(a, b, strict=True))
    sign = 1.0 if cosine >= 0 else -1.0
    angle = math.acos(min(1.0, abs(cosine)))
    if angle < 1e-6:
        return a
    keep, take = math.sin((1 - share) * angle), sign * math.sin(share * angle)
    whole = math.sin(angle)
    w, x, y, z = ((keep * p + take * q) / whole for p, q in zip(a, b, strict=True))
    return (w, x, y, z)


@dataclass(frozen=True, slots=True)
class Movement:
    """One way a joint turns: about which axis, with which sign, and how far (degrees)."""

    name: str
    axis: str
    sign: int
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Node:
    """A joint: it sits at `place` in the frame of `at` and is turned with the frame of `turn`.

    The two differ for the shoulder only: a shrug carries the arm along but does not turn it, for
    the angles of the arm are measured against the trunk. `movements` are multiplied in their order.
    """

    name: str
    at: str
    turn: str
    place: Vector
    movements: tuple[Movement, ...]


def _sided(
    name: str, at: str, place: Vector, *rows: tuple[str, str, int, float, float]
) -> list[tuple[str, str, Vector, tuple[tuple[str, str, int, float, float], ...]]]:
    """Return the joint of both sides; about y and z the right side turns the other way."""
    joints = []
    for side, mirror in (("l", 1), ("r", -1)):
        parent = f"{at}_{side}" if at in _SIDED else at
        turns = tuple(
            (movement, axis, sign if axis == "x" else sign * mirror, least, most)
            for movement, axis, sign, least, most in rows
        )
        x, y, z = place
        joints.append((f"{name}_{side}", parent, (x * mirror, y, z), turns))
    return joints


_SIDED = frozenset(
    (
        *("scapula", "shoulder", "elbow", "forearm", "wrist", "fingers", "fingers_mid"),
        *("thumb", "hip", "knee", "ankle"),
    )
)
"""Sided joints that carry another."""


def _nodes() -> dict[str, Node]:
    def spine(
        low: float, high: float, bend: float, turn: float
    ) -> tuple[tuple[str, str, int, float, float], ...]:
        return (
            ("turn", "y", 1, -turn, turn),
            ("flexion", "x", 1, low, high),
            ("bend", "z", -1, -bend, bend),
        )

    rows = [
        ("spine_low", "pelvis", (0.0, 0.050 * STATURE, -0.02), spine(-20, 30, 12, 8)),
        ("spine_mid", "spine_low", (0.0, 0.072 * STATURE, 0.0), spine(-20, 35, 14, 12)),
        ("spine_high", "spine_mid", (0.0, 0.078 * STATURE, 0.0), spine(-20, 30, 16, 30)),
        ("neck", "spine_high", (0.0, 0.098 * STATURE, 0.0), spine(-40, 40, 35, 40)),
        ("head", "neck", (0.0, 0.055 * STATURE, 0.012), spine(-25, 20, 10, 40)),
        *_sided(
            "scapula",
            "spine_high",
            (0.02, 0.080 * STATURE, 0.012),
            ("elevation", "z", 1, -12, 40),
            ("protraction", "y", -1, -30, 30),
        ),
        *_sided(
            "shoulder",
            "scapula",
            (SHOULDER_OUT - 0.02, -0.004, -0.004),
            ("horizontal", "y", -1, -120, 135),
            ("flexion", "x", -1, -60, 180),
            ("abduction", "z", 1, -45, 180),
            ("rotation", "y", 1, -90, 95),
        ),
        *_sided("elbow", "shoulder", (0.0, -UPPER_ARM, 0.0), ("flexion", "x", -1, -5, 150)),
        *_sided("forearm", "elbow", (0.0, -FOREARM / 2, 0.0), ("pronation", "y", -1, -90, 90)),
        *_sided(
            "wrist",
            "forearm",
            (0.0, -FOREARM / 2, 0.0),
            ("deviation", "x", 1, -20, 35),
            ("flexion", "z", -1, -85, 85),
        ),
        *_sided(
            "fingers",
            "wrist",
            (0.0, -PALM, 0.0),
            ("flexion", "z", -1, -30, 100),
            ("spread", "x", 1, 0, 25),
        ),
        *_sided("fingers_mid", "fingers", (0.0, -0.45 * FINGERS, 0.0)),
        *_sided("fingers_tip", "fingers_mid", (0.0, -0.32 * FINGERS, 0.0)),
        *_sided(
            "thumb",
            "wrist",
            (-0.008, -0.02, 0.022),
            ("abduction", "z", -1, -10, 70),
            ("flexion", "x", 1, -25, 60),
        ),
        *_sided("thumb_tip", "thumb", (0.0, -0.038, 0.026)),
        *_sided(
            "hip",
            "pelvis",
            (HIP_OUT, 0.0, 0.0),
            ("flexion", "x", -1, -30, 130),
            ("abduction", "z", 1, -30, 50),
            ("rotation", "y", 1, -45, 50),
        ),
        *_sided("knee", "hip", (0.0, -THIGH, 0.0), ("flexion", "x", 1, -5, 158)),
        *_sided(
            "ankle",
            "knee",
            (0.0, -SHANK, 0.0),
            ("flexion", "x", -1, -65, 38),
            ("inversion", "z", -1, -20, 35),
        ),
        *_sided(
            "toes",
            "ankle",
            (0.0, TOE_HEIGHT - ANKLE_HEIGHT, BALL - HEEL),
            ("flexion", "x", 1, -75, 45),
        ),
    ]
    nodes = {"pelvis": Node("pelvis", "", "", (0.0, 0.0, 0.0), ())}
    for name, parent, place, turns in rows:
        joint = name[:-2] if name[-2:] in ("_l", "_r") else name
        turn = "spine_high" if joint == "shoulder" else parent
        movements = tuple(Movement(*row) for row in turns)
        nodes[name] = Node(name, parent, turn, place, movements)
    return nodes


NODES: Mapping[str, Node] = _nodes()
"""Every joint by name, a parent always before its children."""

CURL = {"fingers": 0.9, "fingers_mid": 1.0, "fingers_tip": 0.7, "thumb_tip": 1.0}
"""How much of the one finger value each row of joints takes: knuckles, middle and end joints."""

AT_EASE: Mapping[str, float] = {
    f"{joint}_{side}.{movement}": degrees
    for joint, movement, degrees in (
        ("shoulder", "abduction", 8.0),
        ("elbow", "flexion", 12.0),
        ("forearm", "pronation", 15.0),
        ("fingers", "flexion", 18.0),
    )
    for side in SIDES
}
"""What the first pose of an exercise starts from: nobody stands like a ruler."""

BREATH = {"breath.belly": (0.0, 100.0), "breath.ribs": (0.0, 100.0)}
"""Not joints: how far the belly and the lower ribs are filled, in percent of a deep breath."""

LIMITS: Mapping[str, tuple[float, float]] = {
    f"{node.name}.{movement.name}": (movement.least, movement.most)
    for node in NODES.values()
    for movement in node.movements
} | BREATH
"""The range of every angle, degrees; see the sources at the top."""


def _local(node: Node, angles: Angles) -> Matrix | None:
    """Return the turn of one joint against its parent, or None for no turn."""
    name = node.name
    stem = name[:-2]
    if stem in ("fingers_mid", "fingers_tip"):
        bent = max(0.0, angles.get(f"fingers{name[-2:]}.flexion", 0.0)) * CURL[stem]
        return about("z", -bent if name[-1] == "l" else bent) if bent else None
    if stem == "thumb_tip":
        bent = max(0.0, angles.get(f"thumb{name[-2:]}.flexion", 0.0))
        return about("x", bent) if bent else None
    whole: Matrix | None = None
    for movement in node.movements:
        degrees = angles.get(f"{name}.{movement.name}", 0.0)
        if movement.name == "spread" or not degrees:
            continue
        if stem == "fingers" and movement.name == "flexion" and degrees > 0:
            degrees *= CURL["fingers"]
        step = about(movement.axis, movement.sign * degrees)
        whole = step if whole is None else product(whole, step)
    return whole


@dataclass(frozen=True, slots=True)
class Posture:
    """Where every joint is in the room (metres) and how its frame is turned there."""

    places: Mapping[str, Vector]
    turns: Mapping[str, Matrix]

    def point(self, node: str, local: Vector) -> Vector:
        """Return where a point fixed to a joint's frame is in the room."""
        return add(self.places[node], turned(self.turns[node], local))

    def moved(self, by: Vector) -> "Posture":
        """Return the same posture elsewhere in the room."""
        return Posture({name: add(place, by) for name, place in self.places.items()}, self.turns)


def posture(
    angles: Angles,
    turn: Matrix = UPRIGHT,
    place: Vector = (0.0, 0.0, 0.0),
    only: Iterable[str] | None = None,
    known: Posture | None = None,
) -> Posture:
    """Return the posture with these joint angles (degrees), the pelvis at `place` turned by `turn`.

    With `only`, names of joints in parent-first order, nothing else is computed; all others come
    from `known`.
    """
    places = dict(known.places) if known else {}
    turns = dict(known.turns) if known else {}
    for name in NODES if only is None else only:
        node = NODES[name]
        if not node.at:
            places[name], turns[name] = place, turn
            continue
        places[name] = add(places[node.at], turned(turns[node.at], node.place))
        local = _local(node, angles)
        turns[name] = turns[node.turn] if local is None else product(turns[node.turn], local)
    return Posture(places, turns)


def root_turn(pitch: float, roll: float, yaw: float) -> Matrix:
    """Return how the pelvis is turned in the room.

    Degrees; yaw + turns to the person's left, pitch + forward (90 is face down, -90 on the back),
    roll + toward the left side (90 is lying on it). Yaw first, then pitch, then roll, each about
    the person's own axes.
    """
    return product(product(about("y", yaw), about("x", pitch)), about("z", -roll))


def breaches(angles: Angles) -> list[str]:
    """Return one sentence for every angle outside its range, or of no known joint."""
    found = []
    for name, degrees in sorted(angles.items()):
        if name not in LIMITS:
            found.append(f"{name} is no movement of the figure")
            continue
        least, most = LIMITS[name]
        if not least - 0.05 <= degrees <= most + 0.05:
            found.append(f"{name} {degrees:.0f} is outside {least:.0f} to {most:.0f}")
    return found


def mirrored_name(name: str) -> str:
    """Return the other side's name of a joint, part or angle: `hip_l.flexion`, `hip_r.flexion`."""
    stem, dot_, movement = name.partition(".")
    if stem.endswith("_l"):
        stem = f"{stem[:-2]}_r"
    elif stem.endswith("_r"):
        stem = f"{stem[:-2]}_l"
    return f"{stem}{dot_}{movement}"


def mirrored_angles(angles: Angles) -> dict[str, float]:
    """Return the angles of the mirrored posture: sides change, bends and turns change their sign.

    Sided joints carry mirrored signs already, so only joints of the middle are negated.
    """
    result = {}
    for name, degrees in angles.items():
        other = mirrored_name(name)
        middle = other == name and name.endswith((".bend", ".turn"))
        result[other] = -degrees if middle else degrees
    return result


@dataclass(frozen=True, slots=True)
class Capsule:
    """A rounded piece of body between two points of joint frames, with a radius at each (metres).

    `part` is the body part it belongs to, as exercises name it.
    """

    name: str
    part: str
    start: tuple[str, Vector]
    end: tuple[str, Vector]
    start_radius: float
    end_radius: float


def _capsules() -> tuple[Capsule, ...]:
    o: Vector = (0.0, 0.0, 0.0)
    parts = [
        Capsule(
            "pelvis",
            "buttock",
            ("pelvis", (0.07, 0.02, -0.015)),
            ("pelvis", (-0.07, 0.02, -0.015)),
            0.098,
            0.098,
        ),
        Capsule(
            "belly_l",
            "belly",
            ("spine_low", (0.045, 0.0, 0.012)),
            ("spine_mid", (0.045, 0.02, 0.012)),
            0.098,
            0.095,
        ),
        Capsule(
            "belly_r",
            "belly",
            ("spine_low", (-0.045, 0.0, 0.012)),
            ("spine_mid", (-0.045, 0.02, 0.012)),
            0.098,
            0.095,
        ),
        Capsule(
            "chest_l",
            "chest",
            ("spine_mid", (0.055, 0.05, 0.010)),
            ("spine_high", (0.065, 0.06, 0.008)),
            0.097,
            0.100,
        ),
        Capsule(
            "chest_r",
            "chest",
            ("spine_mid", (-0.055, 0.05, 0.010)),
            ("spine_high", (-0.065, 0.06, 0.008)),
            0.097,
            0.100,
        ),
        Capsule("neck", "neck", ("neck", (0.0, -0.02, 0.0)), ("head", o), 0.055, 0.052),
        Capsule(
            "head",
            "head",
            ("head", (0.0, 0.055, 0.022)),
            ("head", (0.0, 0.105, 0.008)),
            0.078,
            0.088,
        ),
    ]
    for side, mirror in (("l", 1.0), ("r", -1.0)):

        def at(joint: str, local: Vector = o, side: str = side) -> tuple[str, Vector]:
            return (f"{joint}_{side}", local)

        parts += [
            Capsule(f"upper_arm_{side}", "upper-arm", at("shoulder"), at("elbow"), 0.050, 0.039),
            Capsule(f"forearm_{side}", "forearm", at("elbow"), at("wrist"), 0.039, 0.027),
            Capsule(
                f"palm_{side}",
                "hand",
                at("wrist", (0.0, -0.02, 0.0)),
                at("fingers", (0.0, 0.01, 0.0)),
                0.019,
                0.017,
            ),
            Capsule(f"fingers_{side}", "hand", at("fingers"), at("fingers_mid"), 0.015, 0.013),
            Capsule(
                f"finger_middles_{side}", "hand", at("fingers_mid"), at("fingers_tip"), 0.013, 0.012
            ),
            Capsule(
                f"finger_ends_{side}",
                "hand",
                at("fingers_tip"),
                at("fingers_tip", (0.0, -0.23 * FINGERS, 0.0)),
                0.012,
                0.011,
            ),
            Capsule(f"thumb_{side}", "hand", at("thumb"), at("thumb_tip"), 0.014, 0.012),
            Capsule(
                f"thumb_end_{side}",
                "hand",
                at("thumb_tip"),
                at("thumb_tip", (0.0, -0.024, 0.008)),
                0.012,
                0.010,
            ),
            Capsule(
                f"thigh_{side}",
                "thigh",
                at("hip", (0.004 * mirror, 0.0, 0.0)),
                at("knee"),
                0.084,
                0.056,
            ),
            Capsule(f"shank_{side}", "calf", at("knee"), at("ankle"), 0.056, 0.036),
            Capsule(
                f"foot_{side}",
                "foot",
                at("ankle", (0.0, 0.036 - ANKLE_HEIGHT, -HEEL + 0.036)),
                at("toes", (0.0, 0.010, 0.0)),
                0.036,
                0.026,
            ),
            Capsule(
                f"toe_{side}",
                "foot",
                at("toes", (0.0, 0.002, 0.0)),
                at("toes", (0.0, -0.002, FOOT - BALL - 0.014)),
                0.018,
                0.014,
            ),
        ]
    return tuple(parts)


CAPSULES = _capsules()
BONES: tuple[tuple[str, str], ...] = tuple(
    (node.at, node.name) for node in NODES.values() if node.at
)
"""Joint to joint: the distances that no posture may change."""


@dataclass(frozen=True)
class Solid:
    """The capsules of one posture, in the room."""

    posture: Posture

    @cached_property
    def pieces(self) -> dict[str, tuple[Vector, Vector, float, float]]:
        """By capsule name: both ends and both radii, metres."""
        at = self.posture.point
        return {
            capsule.name: (
                at(*capsule.start),
                at(*capsule.end),
                capsule.start_radius,
                capsule.end_radius,
            )
            for capsule in CAPSULES
        }

    def lowest(self) -> tuple[float, str]:
        """Return the height of the lowest point above y = 0 (metres) and the capsule it is on."""
        return min(
            (min(a[1] - ra, b[1] - rb), name) for name, (a, b, ra, rb) in self.pieces.items()
        )

    def gap(self, one: str, other: str) -> float:
        """Return the distance between two capsules' skins; negative when they overlap (metres)."""
        a, b, ra, rb = self.pieces[one]
        c, d, rc, rd = self.pieces[other]
        s, t, apart = closest(a, b, c, d)
        return apart - (ra + (rb - ra) * s) - (rc + (rd - rc) * t)


def closest(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[float, float, float]:
    """Return where segments ab and cd come closest (shares 0 to 1) and how far apart they are."""
    ab, cd, ca = minus(b, a), minus(d, c), minus(a, c)
    aa, cc, f = dot(ab, ab), dot(cd, cd), dot(cd, ca)
    if aa < 1e-12 and cc < 1e-12:
        return 0.0, 0.0, length(ca)
    if aa < 1e-12:
        s, t = 0.0, min(1.0, max(0.0, f / cc))
    else:
        e = dot(ab, ca)
        if cc < 1e-12:
            s, t = min(1.0, max(0.0, -e / aa)), 0.0
        else:
            g = dot(ab, cd)
            whole = aa * cc - g * g
            s = min(1.0, max(0.0, (g * f - e * cc) / whole)) if whole > 1e-12 else 0.0
            t = (g * s + f) / cc
            if t < 0:
                s, t = min(1.0, max(0.0, -e / aa)), 0.0
            elif t > 1:
                s, t = min(1.0, max(0.0, (g - e) / aa)), 1.0
    return s, t, length(minus(add(a, times(ab, s)), add(c, times(cd, t))))


_TRUNK = ("pelvis", "belly_l", "belly_r", "chest_l", "chest_r")
SOFT = 0.03
"""Metres two body parts may overlap: flesh gives way, a capsule does not."""


def _pairs() -> tuple[tuple[str, str, float], ...]:
    """Which pieces may not pass through which, and how far they may press into each other.

    Neighbours on the chain are left out; so is the upper arm against the chest, for it hangs there.
    """
    pairs: list[tuple[str, str, float]] = []
    for side, other in (("l", "r"), ("r", "l")):
        for limb in ("forearm", "palm"):
            pairs += [(f"{limb}_{side}", piece, SOFT) for piece in (*_TRUNK, "head")]
            pairs += [(f"{limb}_{side}", f"thigh_{leg}", SOFT) for leg in SIDES]
        pairs += [(f"upper_arm_{side}", piece, SOFT) for piece in ("head", "pelvis")]
        pairs += [(f"thigh_{side}", piece, 0.05) for piece in ("chest_l", "chest_r")]
        pairs += [(f"shank_{side}", piece, SOFT) for piece in _TRUNK]
        pairs += [(f"shank_{side}", f"thigh_{other}", SOFT)]
        pairs += [(f"foot_{side}", f"shank_{other}", SOFT)]
    pairs += [
        ("thigh_l", "thigh_r", 0.06),
        ("shank_l", "shank_r", SOFT),
        ("foot_l", "foot_r", SOFT),
        ("forearm_l", "forearm_r", SOFT),
    ]
    return tuple(pairs)


PAIRS = _pairs()


def collisions(solid: Solid, touching: Collection[frozenset[str]] = ()) -> list[str]:
    """Return one sentence for every two parts that pass through each other.

    `touching` are pairs that are meant to touch (a hand on the belly): they may press in twice as
    far.
    """
    found = []
    for one, other, give in PAIRS:
        allowed = 2 * give if frozenset((one, other)) in touching else give
        gap = solid.gap(one, other)
        if gap < -allowed:
            found.append(f"{one} is {-gap * 100:.0f} cm inside {other}")
    return found
