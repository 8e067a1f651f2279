"""Furniture and equipment as SVG: blocks by their visible faces, held things between the hands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adherence.charts.frames.camera import Camera, polygon, rounded
from adherence.charts.frames.themes import Ink
from adherence.domain.contacts import (
    BODY,
    CHAIR_BACK,
    CHAIR_DEPTH,
    CHAIR_WIDTH,
    SIZES,
    facing,
    height_of,
    middle,
)
from adherence.domain.exercises import Prop
from adherence.domain.figure import Posture, Vector, add, dot, length, minus, times, turned

TOWARD_FIGURE = 0.10
"""Metres furniture has to be nearer than the pelvis to be drawn in front of the figure."""
WALL = (0.8, 2.4)
"""Half the breadth of wall that is drawn, and its height (metres)."""
GRIP = 0.022
"""Metres from the middle of the palm to the middle of a held stick."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One drawn thing and how near its middle is (metres).

    `held` by a hand, `level` enough to stand or lie on, a `table` one sits at.
    """

    svg: str
    near: float
    held: bool = False
    level: bool = False
    table: bool = False


def _block(prop: Prop, centre: Vector, half: Vector, camera: Camera, ink: Ink) -> Piece:
    """Return a block, given in the prop's own frame, by the faces that look at the camera."""
    turn, place = facing(prop), middle(prop)
    at = add(place, turned(turn, centre))
    axes = [(turn[n], turn[3 + n], turn[6 + n]) for n in range(3)]
    svg = ""
    for n, axis in enumerate(axes):
        look = dot(axis, camera.toward)
        if abs(look) < 0.02:
            continue
        sign = 1.0 if look > 0 else -1.0
        one, other = (k for k in range(3) if k != n)
        face = add(at, times(axis, sign * half[n]))
        corners = [
            add(face, add(times(axes[one], i * half[one]), times(axes[other], j * half[other])))
            for i, j in ((1, 1), (1, -1), (-1, -1), (-1, 1))
        ]
        fill = ink.wood if n == 1 else ink.wood_side
        svg += f'<path fill="{fill}" d="{polygon([camera.at(c) for c in corners])}"/>'
    return Piece(_edged(svg, ink.wood_edge), camera.near(at), level=True)


def _edged(svg: str, edge: str, width: float = 1.6) -> str:
    return f'<g stroke="{edge}" stroke-width="{width:g}">{svg}</g>'


def _posts(
    prop: Prop, ends: Iterable[tuple[Vector, Vector]], camera: Camera, ink: Ink, width: float
) -> Piece:
    """Return straight round bars between points of the prop's own frame."""
    turn, place = facing(prop), middle(prop)
    path, near = "", []
    for a, b in ends:
        p, q = add(place, turned(turn, a)), add(place, turned(turn, b))
        near.append((camera.near(p) + camera.near(q)) / 2)
        path += polygon([camera.at(p), camera.at(q)], close=False)
    svg = (
        f'<path fill="none" stroke="{ink.wood_edge}" stroke-width="{width * camera.scale:.1f}" '
        f'd="{path}"/>'
    )
    return Piece(svg, sum(near) / len(near))


def _chair(prop: Prop, camera: Camera, ink: Ink) -> list[Piece]:
    top = height_of(prop)
    wide, deep = CHAIR_WIDTH / 2 - 0.02, CHAIR_DEPTH / 2 - 0.02
    legs = [((x, top - 0.02, z), (x, 0.0, z)) for x in (wide, -wide) for z in (deep, -deep)]
    rear = -CHAIR_DEPTH / 2
    back = [((x, top, rear - 0.01), (x, CHAIR_BACK - 0.01, rear - 0.01)) for x in (wide, -wide)]
    pieces = [
        _posts(prop, legs, camera, ink, 0.028),
        _block(
            prop,
            (0.0, top - 0.02, 0.0),
            (CHAIR_WIDTH / 2, 0.02, CHAIR_DEPTH / 2),
            camera,
            ink,
        ),
    ]
    frame = _posts(prop, back, camera, ink, 0.028)
    rails = [
        _block(prop, (0.0, y, rear - 0.012), (CHAIR_WIDTH / 2, half, 0.012), camera, ink)
        for y, half in ((top + 0.2, 0.035), (CHAIR_BACK - 0.05, 0.05))
    ]
    pieces.append(Piece(frame.svg + "".join(r.svg for r in rails), frame.near))
    return pieces


def _table(prop: Prop, camera: Camera, ink: Ink) -> Piece:
    top = height_of(prop)
    wide, deep = SIZES["table"]
    x, z = wide / 2 - 0.05, deep / 2 - 0.05
    legs = [((i, top - 0.02, k), (i, 0.0, k)) for i in (x, -x) for k in (z, -z)]
    frame = _posts(prop, legs, camera, ink, 0.035)
    board = _block(prop, (0.0, top - 0.018, 0.0), (wide / 2, 0.018, deep / 2), camera, ink)
    return Piece(frame.svg + board.svg, board.near, level=True, table=True)


def _bed(prop: Prop, camera: Camera, ink: Ink) -> list[Piece]:
    top = height_of(prop)
    wide, deep = SIZES["bed"]
    x, z = wide / 2 - 0.06, deep / 2 - 0.06
    legs = [((i, 0.2, k), (i, 0.0, k)) for i in (x, -x) for k in (z, -z)]
    base = _block(prop, (0.0, 0.24, 0.0), (wide / 2, 0.06, deep / 2), camera, ink)
    mattress = _block(
        prop, (0.0, (top + 0.3) / 2, 0.0), (wide / 2 - 0.01, (top - 0.3) / 2, deep / 2), camera, ink
    )
    return [_posts(prop, legs, camera, ink, 0.05), base, mattress]


def _soft(prop: Prop, camera: Camera, ink: Ink, half: Vector, fill: str, edge: str) -> Piece:
    """Return a block with round edges."""
    turn, place = facing(prop), middle(prop)
    r = min(half[1], 0.045)
    centre = (0.0, height_of(prop) - half[1], 0.0)
    balls = [
        camera.ball(
            add(
                place,
                turned(
                    turn,
                    (
                        centre[0] + i * (half[0] - r),
                        centre[1] + j * (half[1] - r),
                        centre[2] + k * (half[2] - r),
                    ),
                ),
            ),
            r,
        )
        for i in (1, -1)
        for j in (1, -1)
        for k in (1, -1)
    ]
    path = f'<path fill="{fill}" d="{rounded(balls)}"/>'
    return Piece(
        _edged(path, edge),
        camera.near(add(place, centre)),
        level=True,
    )


def _wall(prop: Prop, camera: Camera, ink: Ink) -> Piece:
    """Return a stretch of wall; one looks through a wall that is in front of the figure."""
    turn, place = facing(prop), middle(prop)
    half, high = WALL
    normal = turned(turn, (0.0, 0.0, -1.0))
    if dot(normal, camera.toward) < -0.05:
        corners = [
            add(place, turned(turn, (x, y, 0.0)))
            for x, y in ((half / 2, 0.0), (half / 2, high), (-half / 2, high), (-half / 2, 0.0))
        ]
        path = polygon([camera.at(corner) for corner in corners])
        svg = f'<path fill="none" d="{path}"/>'
        return Piece(_edged(svg, ink.wood_edge), camera.near(place) - 9.0, level=True)
    # Seen on edge a plane is nothing: the wall is 6 cm thick.
    block = _block(prop, (0.0, high / 2, 0.03), (half, high / 2, 0.03), camera, ink)
    return Piece(block.svg, camera.near(place) - 9.0, level=True)


def palm(body: Posture, side: str) -> Vector:
    """Return the middle of what a hand closes round."""
    out = 1.0 if side == "l" else -1.0
    return body.point(f"fingers_{side}", (-(GRIP + 0.012) * out, 0.012, 0.0))


def _end(end: str | Vector, body: Posture) -> Vector:
    """Return where the end of a band or stick is."""
    if not isinstance(end, str):
        return end
    stem, _, side = end.rpartition("_")
    if stem == "hand":
        return palm(body, side)
    spot = BODY[end]
    return body.point(spot.node, spot.local)


def _ends(prop: Prop, body: Posture) -> tuple[Vector, Vector] | None:
    """Return the two ends of a held thing; one hand holds the middle of a stick upright to it."""
    if len(prop.ends) == 2:
        return _end(prop.ends[0], body), _end(prop.ends[1], body)
    if prop.hand == "both":
        return palm(body, "l"), palm(body, "r")
    if prop.hand in ("left", "right"):
        side = prop.hand[0]
        centre = palm(body, side)
        along = turned(body.turns[f"wrist_{side}"], (0.0, 0.0, 1.0))
        reach = {"stick": 0.45, "towel": 0.12}.get(prop.kind, 0.05)
        return add(centre, times(along, -reach)), add(centre, times(along, reach))
    return None


def _bar(
    a: Vector, b: Vector, width: float, camera: Camera, fill: str, edge: str, sag: float = 0.0
) -> str:
    """Return a bar with an edge, hanging through by `sag` metres."""
    (ax, ay), (bx, by) = camera.at(a), camera.at(b)
    path = f"M{ax:.1f} {ay:.1f}"
    if sag:
        x, y = (ax + bx) / 2, (ay + by) / 2 + 2 * sag * camera.scale
        path += f"Q{x:.1f} {y:.1f} {bx:.1f} {by:.1f}"
    else:
        path += f"L{bx:.1f} {by:.1f}"
    thick = width * camera.scale
    return (
        f'<path fill="none" stroke="{edge}" stroke-width="{thick + 2.4:.1f}" d="{path}"/>'
        f'<path fill="none" stroke="{fill}" stroke-width="{thick:.1f}" d="{path}"/>'
    )


def _held(prop: Prop, body: Posture, camera: Camera, ink: Ink) -> Piece | None:
    """Return what the hands hold, or a band tied to something."""
    ends = _ends(prop, body)
    if ends is None:
        return None
    a, b = ends
    near = max(camera.near(a), camera.near(b))
    apart = length(minus(b, a))
    if prop.kind == "stick":
        along = times(minus(b, a), 1 / max(apart, 0.05))
        out = max(0.06, (0.95 - apart) / 2) if not prop.ends else 0.12
        if prop.hand in ("left", "right") and not prop.ends:
            out = 0.0
        a, b = add(a, times(along, -out)), add(b, times(along, out))
        return Piece(_bar(a, b, 0.024, camera, ink.tool, ink.tool_edge), near, held=True)
    if prop.kind == "band":
        sag = max(0.0, min(0.10, (0.35 - apart) / 2)) if prop.hand == "both" else 0.0
        svg = _bar(a, b, 0.016, camera, ink.tool, ink.tool_edge, sag)
        if any(not isinstance(end, str) for end in prop.ends):
            x, y = camera.at(b if not isinstance(prop.ends[1], str) else a)
            svg += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{ink.wood_edge}"/>'
        return Piece(svg, near, held=True)
    if prop.kind == "towel":
        svg = _bar(a, b, 0.05, camera, ink.tool, ink.tool_edge, 0.02 if apart > 0.2 else 0.0)
        return Piece(svg, near, held=True)
    if prop.kind == "ball":
        centre = times(add(a, b), 0.5)
        radius = max(0.035, min(0.13, apart / 2 - 0.03)) if prop.hand == "both" else 0.034
        path = rounded([camera.ball(centre, radius)])
        svg = f'<path fill="{ink.tool}" stroke="{ink.tool_edge}" d="{path}"/>'
        return Piece(svg, camera.near(centre) + 0.02, held=True)
    return None


def pieces(props: Iterable[Prop], body: Posture, camera: Camera, ink: Ink) -> list[Piece]:
    """Return everything in the room as it is drawn, each with its nearness."""
    found: list[Piece] = []
    for prop in props:
        held = _held(prop, body, camera, ink)
        if held:
            found.append(held)
        elif prop.kind == "chair":
            found += _chair(prop, camera, ink)
        elif prop.kind == "table":
            found.append(_table(prop, camera, ink))
        elif prop.kind == "bed":
            found += _bed(prop, camera, ink)
        elif prop.kind == "wall":
            found.append(_wall(prop, camera, ink))
        elif prop.kind == "step":
            wide, deep = SIZES["step"]
            high = height_of(prop)
            half = (wide / 2, (high - prop.base) / 2, deep / 2)
            found.append(_block(prop, (0.0, high - half[1], 0.0), half, camera, ink))
        elif prop.kind in ("cushion", "mat"):
            wide, deep = SIZES[prop.kind]
            half = (wide / 2, (height_of(prop) - prop.base) / 2, deep / 2)
            found.append(_soft(prop, camera, ink, half, ink.wood, ink.wood_edge))
        elif prop.kind == "ball":
            radius = (prop.height or 0.2) / 2
            centre = add(middle(prop), (0.0, prop.base + radius, 0.0))
            path = rounded([camera.ball(centre, radius)])
            svg = f'<path fill="{ink.tool}" stroke="{ink.tool_edge}" d="{path}"/>'
            found.append(Piece(svg, camera.near(centre), level=True))
        elif prop.kind == "towel":
            high = prop.height if prop.height is not None else prop.base + 0.015
            half = (0.20, (high - prop.base) / 2, 0.14 if high - prop.base < 0.04 else 0.05)
            placed = Prop("towel", prop.at, prop.turn, high, prop.base)
            found.append(_soft(placed, camera, ink, half, ink.tool, ink.tool_edge))
    return found


def extent(props: Iterable[Prop], body: Posture) -> Mapping[str, list[Vector]]:
    """Return the corners of everything that has to be in the picture, by kind of prop."""
    corners: dict[str, list[Vector]] = {}
    for prop in props:
        ends = _ends(prop, body)
        if ends:
            corners.setdefault(prop.kind, []).extend(ends)
            continue
        wide, deep = SIZES.get(prop.kind, (0.3, 0.3))
        high = CHAIR_BACK if prop.kind == "chair" else height_of(prop)
        if prop.kind == "wall":
            continue
        turn, place = facing(prop), middle(prop)
        corners.setdefault(prop.kind, []).extend(
            add(place, turned(turn, (i * wide / 2, y, k * deep / 2)))
            for i in (1, -1)
            for k in (1, -1)
            for y in (0.0, high)
        )
    return corners
