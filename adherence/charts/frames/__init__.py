"""Still frames of an exercise as SVG, drawn from its pose data.

Each frame is one file of under 12 kB and the same bytes every time. Read `camera.py` first, then
`body.py`. Nothing here knows matplotlib or a page; `theme="page"` draws with the custom properties
of `static/css/figure.css` for a frame that is written into a page.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from adherence.charts.frames.body import Modeller, Paint, drawn, merged
from adherence.charts.frames.camera import HEIGHT, WIDTH, Camera, rounded
from adherence.charts.frames.furniture import extent, pieces
from adherence.charts.frames.marks import arrow, patches, shadow, traces
from adherence.charts.frames.themes import FRAME_THEMES, INKS, FrameTheme, Ink
from adherence.charts.frames.words import alt_text
from adherence.domain.exercises import Exercise, mirrored
from adherence.domain.figure import Solid, Vector
from adherence.domain.motions import Moment, end_pose, key_moments, shown, strip, way

__all__ = [
    "FRAME_THEMES",
    "HEIGHT",
    "MOMENTS",
    "WIDTH",
    "FrameTheme",
    "alt_text",
    "frames",
    "strip_frames",
]

MOMENTS = ("start", "middle", "end")
CLOSE = {"hand": 0.15, "foot": 0.22, "head": 0.26, "neck": 0.30, "shoulder": 0.34, "knee": 0.34}
"""Half the height of the picture in metres when a view comes close to a part."""
_CLOSE_TO = {"hand": "fingers", "foot": "ankle", "neck": "neck", "head": "head"}


def _box(
    exercise: Exercise, moments: Sequence[Moment], camera: Camera
) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top (metres, as seen) of what the picture has to hold."""
    close = exercise.view.close
    if close:
        stem, _, side = close.rpartition("_")
        part = stem or close
        node = _CLOSE_TO.get(part, part)
        joint = f"{node}_{side}" if stem else node
        spots = [_seen(now.body.places[joint], camera) for now in moments]
        half = CLOSE.get(part, 0.34)
        left, right = min(x for x, _ in spots), max(x for x, _ in spots)
        low, high = min(y for _, y in spots), max(y for _, y in spots)
        wide = half * WIDTH / HEIGHT
        return (
            min(left - 0.06, (left + right) / 2 - wide),
            min(low - 0.06, (low + high) / 2 - half),
            max(right + 0.06, (left + right) / 2 + wide),
            max(high + 0.06, (low + high) / 2 + half),
        )
    xs: list[float] = []
    ys: list[float] = []
    for now in moments:
        for a, b, ra, rb in Solid(now.body).pieces.values():
            for point, radius in ((a, ra), (b, rb)):
                x, y = _seen(point, camera)
                xs += [x - radius, x + radius]
                ys += [y - radius, y + radius]
        for corners in extent(exercise.props, now.body).values():
            seen = [_seen(corner, camera) for corner in corners]
            xs += [x for x, _ in seen]
            ys += [y for _, y in seen]
    return min(xs) - 0.05, min(ys) - 0.02, max(xs) + 0.05, max(ys) + 0.03


def _seen(point: Vector, camera: Camera) -> tuple[float, float]:
    """Return a point in metres right and up as an unfitted camera sees it."""
    x, y = camera.at(point)
    return x, -y


def _floor(exercise: Exercise, moments: Sequence[Moment], camera: Camera, ink: Ink) -> str:
    """Return the patch of floor the exercise happens on."""
    points = [p for now in moments for p in now.body.places.values()]
    for now in moments:
        points += [p for row in extent(exercise.props, now.body).values() for p in row]
    xs, zs = [p[0] for p in points], [p[2] for p in points]
    corners: list[Vector] = [
        (x, -0.012, z)
        for x in (min(xs) - 0.02, max(xs) + 0.02)
        for z in (min(zs) - 0.02, max(zs) + 0.02)
    ]
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    ovals = [camera.oval(corner, flat, (0.16, 0.012, 0.16)) for corner in corners]
    return f'<path fill="{ink.floor}" d="{rounded(ovals, 32)}"/>'


def _sides(exercise: Exercise) -> tuple[str, ...]:
    """Return the sides that work: the right one, or mirrored the left, of a sided exercise."""
    if not exercise.sided:
        return ("l", "r")
    return ("l",) if exercise.flipped else ("r",)


def _hatch(name: str, ink: Ink) -> str:
    """Return the pattern of stripes for what is stretched."""
    return (
        f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(40)"><path fill="{ink.stripe}" d="M0 0h6v6H0z"/>'
        f'<path stroke="{ink.mark_edge}" stroke-width="2.2" d="M0 0v6"/></pattern>'
    )


def _figure(
    exercise: Exercise, now: Moment, camera: Camera, ink: Ink, name: str
) -> tuple[str, str]:
    """Return what has to be defined first, and figure and furniture, far things first."""
    model = Modeller(now.body, now.angles, camera)
    sides = _sides(exercise)
    works = patches(model, exercise.works, sides)
    stretches = patches(model, exercise.stretches, sides)
    groups = model.groups()
    room = pieces(exercise.props, now.body, camera, ink)
    pelvis = camera.near(now.place)
    sitting = any(contact.part == "seat" for contact in now.contacts)
    back: list[str] = []
    front: list[str] = []
    tables: list[str] = []
    held: list[tuple[float, str]] = []
    for piece in room:
        if piece.held:
            held.append((piece.near, piece.svg))
        elif piece.table and piece.near > pelvis - 0.35:
            tables.append(piece.svg)
        elif piece.near > pelvis + (0.3 if piece.level else 0.02) and not (sitting and piece.level):
            front.append(piece.svg)
        else:
            back.append(piece.svg)
    if tables:
        # The table stands between what is under it and the arms on it.
        under = [group for group in groups if group.name.startswith(_UNDER_TABLE)]
        groups = [*under, *(group for group in groups if group not in under)]
    parts: list[str] = []
    run: list[Paint] = []

    def flush(*more: str) -> None:
        nonlocal run
        parts.extend(drawn(paint, ink) for paint in merged(run))
        parts.extend(more)
        run = []

    waiting = sorted(held)
    fores = [group.near for group in groups if group.name.startswith("fore")]
    for group in groups:
        if tables and not group.name.startswith(_UNDER_TABLE):
            flush(*tables)
            tables = []
        if group.name.startswith("fore") and group.near >= max(fores) - 1e-9:
            # Held things go under the hand that is nearer, and over everything before it.
            flush(*(svg for _, svg in waiting))
            waiting = []
        run += group.paints
        if group.name in works:
            flush(_mark(works[group.name], ink.mark, ink))
        if group.name in stretches:
            flush(_mark(stretches[group.name], f"url(#{name})", ink))
    flush(*(svg for _, svg in waiting))
    defined = _hatch(name, ink) if stretches else ""
    return defined, "".join([*back, *parts, *front])


_UNDER_TABLE = ("hips", "thigh", "shank")


def _mark(path: str, fill: str, ink: Ink) -> str:
    return f'<path fill="{fill}" stroke="{ink.mark_edge}" stroke-width="2.4" d="{path}"/>'


def _frame(
    exercise: Exercise,
    now: Moment,
    camera: Camera,
    ink: Ink,
    name: str,
    under: str = "",
    over: str = "",
) -> str:
    defined, figure = _figure(exercise, now, camera, ink, name)
    defs = f"<defs>{defined}</defs>" if defined else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}">{defs}'
        f'<g stroke-width="2.6" stroke-linejoin="round" stroke-linecap="round" '
        f'paint-order="stroke">{under}{figure}{over}</g></svg>'
    )


def _camera(exercise: Exercise, moments: Sequence[Moment]) -> Camera:
    plain = Camera(exercise.view.turn, exercise.view.height)
    return plain.fitted(_box(exercise, moments, plain))


def _course(exercise: Exercise, start: int, end: int) -> list[Moment]:
    """Return the figure at short steps from one key pose to a later one."""
    course = [key_moments(exercise)[start]]
    for number in range(start, end):
        course += [way(exercise, number, number + 1, step / 8) for step in range(1, 9)]
    return course


def frames(
    exercise: Exercise, theme: FrameTheme = "light", side: Literal["right", "left"] = "right"
) -> Mapping[str, str]:
    """Return the three still frames `start`, `middle` and `end` as SVG files.

    `side` is which side a sided exercise is shown for; others look the same for both.
    """
    if exercise.sided and (side == "left") != exercise.flipped:
        exercise = mirrored(exercise)
    ink = INKS[theme]
    moments = shown(exercise)
    camera = _camera(exercise, [*moments.values()])
    floor = _floor(exercise, [*moments.values()], camera, ink)
    arrows = _arrows(exercise, camera, ink)
    result = {}
    for name, now in moments.items():
        under = floor
        if name != "start" and (was := shadow(moments["start"].body, now.body, camera)):
            under += f'<path fill="{ink.was}" d="{was}"/>'
        result[name] = _frame(
            exercise, now, camera, ink, f"s-{exercise.slug}-{name}", under, arrows[name]
        )
    return result


def _arrows(exercise: Exercise, camera: Camera, ink: Ink) -> Mapping[str, str]:
    """Return the arrows of each frame: what comes next, and at the end what came last.

    A movement over more than two poses is told in two halves.
    """
    end = end_pose(exercise)
    half = end // 2 if end >= 2 else 0
    courses = {"start": _course(exercise, 0, half or end), "end": _course(exercise, half, end)}
    courses["middle"] = courses["end"]
    own = _sides(exercise)[0] if exercise.sided else ""
    result = {}
    for name, course in courses.items():
        svg = ""
        for trace in traces(course, camera, own, exercise.regions[0]):
            line, head = arrow(trace, [course[0].body, course[-1].body], camera)
            # The halo keeps the arrow apart from what it crosses.
            svg += (
                f'<path fill="none" stroke="{ink.surface}" stroke-width="7" d="{line}"/>'
                f'<path fill="none" stroke="{ink.arrow}" stroke-width="3.2" '
                f'stroke-dasharray="6 6" d="{line}"/>'
                f'<path fill="{ink.arrow}" stroke="{ink.surface}" d="{head}"/>'
            )
        result[name] = svg
    return result


def strip_frames(exercise: Exercise, count: int = 10, theme: FrameTheme = "light") -> list[str]:
    """Return `count` moments spread evenly over one repetition as SVG files, without arrows."""
    moments = strip(exercise, count)
    camera = _camera(exercise, moments)
    ink = INKS[theme]
    floor = _floor(exercise, moments, camera, ink)
    return [
        _frame(exercise, now, camera, ink, f"t-{exercise.slug}-{number}", floor)
        for number, now in enumerate(moments)
    ]
