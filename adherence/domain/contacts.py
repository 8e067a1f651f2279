"""Where the figure touches floor, furniture and itself, and how it is put there.

A contact is met in two steps. First the whole figure is moved (never turned) until its first
contact lies on its surface. Then each limb bends as little as possible until its own contact is
met, within the ranges of motion. So a pose need not be exact to the degree; `reached` says how much
was bent.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adherence.domain.exercises import Contact, Prop
from adherence.domain.figure import (
    ANKLE_HEIGHT,
    BALL,
    HEEL,
    LIMITS,
    TOE_HEIGHT,
    Matrix,
    Posture,
    Vector,
    about,
    add,
    dot,
    length,
    minus,
    posture,
    times,
    turned,
)

HEIGHTS = {"chair": 0.45, "bed": 0.50, "step": 0.15, "table": 0.72, "cushion": 0.10, "mat": 0.01}
"""Metres from the floor to the surface, unless a prop says otherwise."""
CHAIR_DEPTH = 0.42
CHAIR_WIDTH = 0.44
CHAIR_BACK = 0.92
"""Metres from the floor to the upper edge of the backrest."""
SIZES = {
    "chair": (CHAIR_WIDTH, CHAIR_DEPTH),
    "bed": (0.95, 2.05),
    "step": (0.60, 0.36),
    "table": (0.95, 0.60),
    "cushion": (0.46, 0.30),
    "mat": (0.66, 1.90),
}
"""Metres across and along, before the prop is turned."""

UP: Vector = (0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of skin: a sphere with this radius (metres) fixed to a joint's frame."""

    node: str
    local: Vector
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Plane:
    """A surface: a point on it and the direction away from it."""

    point: Vector
    normal: Vector


@dataclass(frozen=True, slots=True)
class Edge:
    """A rail to hold: a point on it and its direction."""

    point: Vector
    along: Vector


@dataclass(frozen=True, slots=True)
class OnBody:
    """A place on the body itself."""

    spot: Spot


Target = Plane | Edge | OnBody


def _spots() -> dict[str, tuple[Spot, ...]]:
    """Return, by part, the points of skin that lie on a surface when the part touches it."""
    spots: dict[str, tuple[Spot, ...]] = {
        "seat": (
            Spot("pelvis", (0.07, 0.02, -0.015), 0.098),
            Spot("pelvis", (-0.07, 0.02, -0.015), 0.098),
        ),
        "back": (
            Spot("pelvis", (0.0, 0.02, -0.015), 0.098),
            Spot("spine_high", (0.0, 0.06, 0.008), 0.100),
        ),
        "front": (
            Spot("pelvis", (0.0, 0.02, -0.015), 0.098),
            Spot("spine_high", (0.0, 0.06, 0.008), 0.100),
        ),
        "side": (
            Spot("hip_l", (0.004, 0.0, 0.0), 0.084),
            Spot("hip_r", (-0.004, 0.0, 0.0), 0.084),
            Spot("shoulder_l", (0.0, 0.0, 0.0), 0.050),
            Spot("shoulder_r", (0.0, 0.0, 0.0), 0.050),
        ),
        "head": (
            Spot("head", (0.0, 0.105, 0.008), 0.088),
            Spot("head", (0.0, 0.055, 0.022), 0.078),
        ),
    }
    for side, out in (("l", 1.0), ("r", -1.0)):
        sole = -ANKLE_HEIGHT
        spots |= {
            f"foot_{side}": (
                Spot(f"ankle_{side}", (0.0, sole, 0.015 - HEEL)),
                Spot(f"ankle_{side}", (0.03 * out, sole, BALL - HEEL - 0.02)),
                Spot(f"ankle_{side}", (-0.03 * out, sole, BALL - HEEL - 0.02)),
            ),
            f"heel_{side}": (Spot(f"ankle_{side}", (0.0, sole, 0.015 - HEEL)),),
            f"toes_{side}": (
                Spot(f"toes_{side}", (0.03 * out, -TOE_HEIGHT, 0.0)),
                Spot(f"toes_{side}", (-0.03 * out, -TOE_HEIGHT, 0.0)),
                Spot(f"toes_{side}", (0.0, -TOE_HEIGHT, 0.058)),
            ),
            f"instep_{side}": (Spot(f"toes_{side}", (0.0, 0.0, 0.0), 0.024),),
            f"knee_{side}": (Spot(f"knee_{side}", (0.0, 0.0, 0.0), 0.056),),
            f"shin_{side}": (
                Spot(f"knee_{side}", (0.0, 0.0, 0.0), 0.056),
                Spot(f"ankle_{side}", (0.0, 0.0, 0.0), 0.036),
            ),
            f"thigh_{side}": (
                Spot(f"hip_{side}", (0.004 * out, 0.0, 0.0), 0.084),
                Spot(f"knee_{side}", (0.0, 0.0, 0.0), 0.056),
            ),
            f"hip_{side}": (Spot(f"hip_{side}", (0.004 * out, 0.0, 0.0), 0.084),),
            f"shoulder_{side}": (Spot(f"shoulder_{side}", (0.0, 0.0, 0.0), 0.050),),
            f"elbow_{side}": (Spot(f"elbow_{side}", (0.0, 0.0, 0.0), 0.039),),
            f"forearm_{side}": (
                Spot(f"elbow_{side}", (0.0, 0.0, 0.0), 0.039),
                Spot(f"wrist_{side}", (0.0, 0.0, 0.0), 0.027),
            ),
            f"hand_{side}": (
                Spot(f"wrist_{side}", (-0.019 * out, -0.02, 0.0)),
                Spot(f"fingers_{side}", (-0.017 * out, 0.005, 0.028)),
                Spot(f"fingers_{side}", (-0.017 * out, 0.005, -0.028)),
            ),
            f"fingers_{side}": (Spot(f"fingers_tip_{side}", (0.0, -0.02, 0.0), 0.011),),
        }
    return spots


SPOTS: Mapping[str, tuple[Spot, ...]] = _spots()


def _body() -> dict[str, Spot]:
    """Return the places on the body that can be touched."""
    places = {
        "belly": Spot("spine_low", (0.0, 0.05, 0.118)),
        "chest": Spot("spine_high", (0.0, 0.02, 0.118)),
        "forehead": Spot("head", (0.0, 0.125, 0.098)),
        "back-of-head": Spot("head", (0.0, 0.085, -0.085)),
        "lower-back": Spot("spine_low", (0.0, 0.02, -0.095)),
    }
    for side, out in (("l", 1.0), ("r", -1.0)):
        places |= {
            f"thigh_{side}": Spot(f"hip_{side}", (0.0, -0.27, 0.078)),
            f"knee_{side}": Spot(f"knee_{side}", (0.0, 0.01, 0.062)),
            f"shin_{side}": Spot(f"knee_{side}", (0.0, -0.14, 0.055)),
            f"ankle_{side}": Spot(f"ankle_{side}", (0.0, 0.03, 0.045)),
            f"foot_{side}": Spot(f"ankle_{side}", (0.0, -0.005, 0.075)),
            f"shoulder_{side}": Spot(f"shoulder_{side}", (0.0, 0.01, 0.058)),
            f"elbow_{side}": Spot(f"elbow_{side}", (0.0, 0.02, -0.044)),
            f"forearm_{side}": Spot(f"elbow_{side}", (0.0, -0.14, 0.040)),
            f"hand_{side}": Spot(f"wrist_{side}", (-0.022 * out, -0.055, 0.0)),
            f"temple_{side}": Spot("head", (0.094 * out, 0.11, 0.02)),
            f"ribs_{side}": Spot("spine_mid", (0.155 * out, 0.05, 0.03)),
            f"hip_{side}": Spot("pelvis", (0.172 * out, 0.03, 0.0)),
        }
    return places


BODY: Mapping[str, Spot] = _body()


def stem_of(part: str) -> str:
    """Return the part's name without its side."""
    return part[:-2] if part[-2:] in ("_l", "_r") else part


def height_of(prop: Prop) -> float:
    """Return the height of a prop's upper surface above the floor, metres."""
    if prop.height is not None:
        return prop.height
    return prop.base + HEIGHTS.get(prop.kind, 0.0)


def facing(prop: Prop) -> Matrix:
    """Return how the prop is turned in the room; unturned it faces z, as the person does."""
    return about("y", prop.turn)


def middle(prop: Prop) -> Vector:
    """Return the point of the floor under the prop's middle."""
    return (prop.at[0], 0.0, prop.at[1])


def target_of(contact: Contact, props: Sequence[Prop]) -> Target | None:
    """Return what the contact is with, or None when the room holds no such thing."""
    on = contact.on
    if on in BODY:
        return OnBody(BODY[on])
    if on == "floor":
        return Plane((0.0, 0.0, 0.0), UP)
    kind = on.split("-")[0]
    prop = next((prop for prop in props if prop.kind == kind and not prop.hand), None)
    if prop is None:
        return None
    place, front = middle(prop), facing(prop)
    stem = stem_of(contact.part)
    if kind == "wall":
        return Plane(place, turned(front, (0.0, 0.0, -1.0)))
    if kind == "chair":
        rear = add(place, turned(front, (0.0, 0.0, -CHAIR_DEPTH / 2)))
        if on == "chair-back" or (on == "chair" and stem in ("back", "hand", "fingers")):
            if stem in ("hand", "fingers"):
                return Edge(add(rear, (0.0, CHAIR_BACK, 0.0)), turned(front, (1.0, 0.0, 0.0)))
            return Plane(rear, turned(front, (0.0, 0.0, 1.0)))
    return Plane(add(place, (0.0, height_of(prop), 0.0)), UP)


def clearances(part: str, target: Plane, body: Posture) -> list[float]:
    """Return how far each spot of a part is above a plane (metres; negative is inside)."""
    return [
        dot(minus(body.point(spot.node, spot.local), target.point), target.normal) - spot.radius
        for spot in SPOTS[part]
    ]


def middle_of(part: str, body: Posture) -> Vector:
    """Return the mean of a part's spots in the room."""
    points = [body.point(spot.node, spot.local) for spot in SPOTS[part]]
    return times(
        (sum(p[0] for p in points), sum(p[1] for p in points), sum(p[2] for p in points)),
        1 / len(points),
    )


def miss(contact: Contact, target: Target, body: Posture) -> float:
    """Return how far a contact is from being met, metres; 0 is touching exactly."""
    if isinstance(target, Plane):
        clear = clearances(contact.part, target, body)
        if contact.part in ("side", "head", "back", "front", "seat"):
            return abs(min(clear))
        return max(abs(value) for value in clear)
    point = middle_of(contact.part, body)
    if isinstance(target, Edge):
        away = minus(point, target.point)
        return length(minus(away, times(target.along, dot(away, target.along))))
    return length(minus(point, body.point(target.spot.node, target.spot.local)))


LEG = ("hip", "knee", "ankle", "toes")
ARM = ("scapula", "shoulder", "elbow", "forearm", "wrist", "fingers", "fingers_mid", "fingers_tip")
_BENDS: Mapping[str, tuple[tuple[str, ...], tuple[tuple[str, float], ...]]] = {
    "foot": (
        LEG,
        (
            ("hip.flexion", 1.0),
            ("hip.abduction", 0.3),
            ("hip.rotation", 0.05),
            ("knee.flexion", 1.0),
            ("ankle.flexion", 1.0),
            ("ankle.inversion", 0.3),
        ),
    ),
    "toes": (
        LEG,
        (
            ("hip.flexion", 0.6),
            ("hip.abduction", 0.2),
            ("knee.flexion", 0.6),
            ("ankle.flexion", 1.0),
            ("ankle.inversion", 0.3),
            ("toes.flexion", 1.0),
        ),
    ),
    "instep": (LEG, (("knee.flexion", 0.4), ("ankle.flexion", 1.0))),
    "knee": (LEG[:2], (("hip.flexion", 1.0), ("hip.abduction", 0.4))),
    "shin": (LEG[:3], (("hip.flexion", 1.0), ("hip.abduction", 0.3), ("knee.flexion", 1.0))),
    "hand": (
        ARM,
        (
            ("scapula.protraction", 0.25),
            ("shoulder.flexion", 1.0),
            ("shoulder.abduction", 0.6),
            ("shoulder.rotation", 0.4),
            ("elbow.flexion", 1.0),
            ("forearm.pronation", 0.6),
            ("wrist.flexion", 1.0),
            ("wrist.deviation", 0.2),
        ),
    ),
    "forearm": (
        ARM[:5],
        (
            ("shoulder.flexion", 1.0),
            ("shoulder.abduction", 0.6),
            ("shoulder.rotation", 0.6),
            ("elbow.flexion", 0.6),
        ),
    ),
}
_SAME_LIMB = {
    "heel": "foot",
    "thigh": "knee",
    "fingers": "hand",
    "elbow": "forearm",
}


def _limb(part: str) -> tuple[tuple[str, ...], tuple[tuple[str, float], ...]] | None:
    """Return the joints that carry a part and the angles that may bend, each with its ease."""
    if part == "head":
        return ("neck", "head"), (("neck.flexion", 1.0), ("head.flexion", 0.6))
    stem, _, side = part.rpartition("_")
    row = _BENDS.get(_SAME_LIMB.get(stem, stem))
    if row is None or side not in ("l", "r"):
        return None
    joints, bends = row
    return (
        tuple(f"{joint}_{side}" for joint in joints),
        tuple((bend.replace(".", f"_{side}."), ease) for bend, ease in bends),
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """A contact to meet, and where along its surface (None: anywhere on it)."""

    contact: Contact
    target: Target
    spot: Vector | None = None


def _residual(wish: Wish, body: Posture) -> list[float]:
    """Return the distances (metres) that are all 0 when the wish is met."""
    target, part = wish.target, wish.contact.part
    if isinstance(target, OnBody):
        away = minus(middle_of(part, body), body.point(target.spot.node, target.spot.local))
        return list(away)
    away = minus(middle_of(part, body), wish.spot) if wish.spot else (0.0, 0.0, 0.0)
    if isinstance(target, Edge):
        off = minus(middle_of(part, body), target.point)
        off = minus(off, times(target.along, dot(off, target.along)))
        rest = [dot(away, target.along)] if wish.spot else []
        return [*off, *rest]
    clear = clearances(part, target, body)
    if part == "head":
        clear = [min(clear)]
    if wish.spot is None:
        return clear
    flat = minus(away, times(target.normal, dot(away, target.normal)))
    return [*clear, *flat]


def _solved(a: list[list[float]], b: list[float]) -> list[float]:
    """Return x with a·x = b, by elimination; a is small, square and positive."""
    size = len(b)
    rows = [[*row, value] for row, value in zip(a, b, strict=True)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, size):
            share = rows[r][i] / rows[i][i]
            if share:
                for c in range(i, size + 1):
                    rows[r][c] -= share * rows[i][c]
    x = [0.0] * size
    for i in range(size - 1, -1, -1):
        rest = sum(rows[i][c] * x[c] for c in range(i + 1, size))
        x[i] = (rows[i][size] - rest) / rows[i][i]
    return x


_STEP = 0.25  # degrees, for the slope
_LARGEST = 18.0  # degrees one round may bend
_ROUNDS = 24
_CLOSE = 2e-4  # metres
_CALM = 2e-8  # keeps a stretched-out limb from flailing


def bent(
    wish: Wish, angles: Mapping[str, float], body: Posture
) -> tuple[dict[str, float], Posture]:
    """Return angles and posture after the limb bent, as little as possible, to meet the wish.

    Stays within the ranges of motion; a wish out of reach is met as nearly as they allow. A part
    that no limb carries (the seat) changes nothing.
    """
    result = dict(angles)
    limb = _limb(wish.contact.part)
    if limb is None:
        return result, body
    joints, bends = limb
    turn, place = body.turns["pelvis"], body.places["pelvis"]

    def bend_to(values: Mapping[str, float]) -> Posture:
        return posture(values, turn, place, joints, body)

    best, least = dict(result), math.inf
    for _ in range(_ROUNDS):
        now = bend_to(result)
        error = _residual(wish, now)
        size = math.sqrt(sum(e * e for e in error))
        if size < least:
            best, least = dict(result), size
        if max(abs(e) for e in error) < _CLOSE:
            break
        slopes = []
        for name, ease in bends:
            value = result.get(name, 0.0)
            trial = {**result, name: value + _STEP}
            ahead = _residual(wish, bend_to(trial))
            slopes.append([(p - q) / _STEP * ease for p, q in zip(ahead, error, strict=True)])
        count = len(error)
        square = [
            [
                sum(column[r] * column[c] for column in slopes) + (_CALM if r == c else 0.0)
                for c in range(count)
            ]
            for r in range(count)
        ]
        pull = _solved(square, [-e for e in error])
        for (name, ease), column in zip(bends, slopes, strict=True):
            step = ease * sum(s * p for s, p in zip(column, pull, strict=True))
            step = max(-_LARGEST, min(_LARGEST, step))
            low, high = LIMITS[name]
            result[name] = max(low, min(high, result.get(name, 0.0) + step))
    return best, posture(best, turn, place, joints, body)


TRUNK_PARTS = frozenset(("seat", "back", "front", "side"))


def placed(wishes: Sequence[Wish], body: Posture) -> Posture:
    """Return the posture moved through the room until its placing contacts lie on their surfaces.

    The first contact with a level surface decides the height; trunk parts also decide the distance
    to a wall or backrest; the first wish that has a spot decides the rest.
    """
    used: list[Vector] = []
    for wish in wishes:
        target = wish.target
        if not isinstance(target, Plane):
            continue
        level = abs(target.normal[1]) > 0.5
        if not level and wish.contact.part not in TRUNK_PARTS:
            continue
        if any(abs(dot(target.normal, other)) > 0.5 for other in used):
            continue
        parts = [w.contact.part for w in wishes if w.target == target and _kin(w, wish)]
        gap = min(min(clearances(part, target, body)) for part in parts)
        body = body.moved(times(target.normal, -gap))
        used.append(target.normal)
    anchored = next((w for w in wishes if w.spot and isinstance(w.target, Plane)), None)
    if anchored is None:
        return body
    away: Vector = (0.0, 0.0, 0.0)
    mates = [w for w in wishes if _kin(w, anchored) and w.target == anchored.target]
    spots = [(w.spot, middle_of(w.contact.part, body)) for w in mates if w.spot]
    for spot, now in spots:
        away = add(away, times(minus(spot, now), 1 / len(spots)))
    for normal in (UP, *used):
        away = minus(away, times(normal, dot(away, normal)))
    return body.moved(away)


def _kin(one: Wish, other: Wish) -> bool:
    """Return whether both are the same part of either side."""
    return stem_of(one.contact.part) == stem_of(other.contact.part)


def reached(
    wishes: Sequence[Wish], angles: Mapping[str, float], turn: Matrix, place: Vector
) -> tuple[dict[str, float], Posture]:
    """Return angles (degrees) and posture of a figure that meets its contacts as well as it can.

    `turn` is kept; `place` is the pelvis' place before the figure is moved onto its surfaces.
    """
    result = dict(angles)
    for wish in wishes:
        stem, _, side = wish.contact.part.rpartition("_")
        if stem == "hand" and isinstance(wish.target, Plane):
            result[f"fingers_{side}.flexion"] = 0.0
        elif stem == "hand" and isinstance(wish.target, Edge):
            result |= {f"fingers_{side}.flexion": 62.0, f"thumb_{side}.flexion": 30.0}
    body = placed(wishes, posture(result, turn, place))
    order = sorted(
        wishes,
        key=lambda w: (w.contact.part == "head", stem_of(w.contact.part) in ("hand", "fingers")),
    )
    for wish in order:
        result, body = bent(wish, result, body)
        body = posture(result, turn, body.places["pelvis"])
    return result, body
