"""From key poses to movement: the solved poses, every moment between them, and what is wrong.

Angles run from key to key with a soft start and a soft stop, the pelvis turns the shortest way, and
what touches at both ends of a movement keeps touching on the way.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from adherence.domain.contacts import (
    BODY,
    CHAIR_BACK,
    CHAIR_DEPTH,
    CHAIR_WIDTH,
    SIZES,
    OnBody,
    Target,
    Wish,
    facing,
    height_of,
    middle,
    middle_of,
    miss,
    reached,
    stem_of,
    target_of,
)
from adherence.domain.exercises import Contact, Exercise, Pose, Prop
from adherence.domain.figure import (
    CAPSULES,
    CURL,
    NODES,
    Posture,
    Quaternion,
    Solid,
    Vector,
    add,
    between,
    breaches,
    collisions,
    length,
    matrix,
    minus,
    posture,
    quaternion,
    root_turn,
    times,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The figure at one time: its angles (degrees), pelvis and posture, and what it touches."""

    angles: Mapping[str, float]
    turn: Quaternion
    body: Posture
    contacts: tuple[Contact, ...]

    @property
    def place(self) -> Vector:
        """The pelvis' place in the room, metres."""
        return self.body.places["pelvis"]


def _wishes(contacts: Sequence[Contact], props: Sequence[Prop]) -> list[tuple[Contact, Target]]:
    return [(c, target) for c in contacts if (target := target_of(c, props)) is not None]


def _starting_spot(
    pose: Pose, pairs: Sequence[tuple[Contact, Target]], props: Sequence[Prop]
) -> tuple[float, float] | None:
    """Return x and z where the first contact of a first pose is put."""
    if pose.at:
        return pose.at
    if not pairs:
        return None
    kind = pairs[0][0].on.split("-")[0]
    return next((prop.at for prop in props if prop.kind == kind and kind != "wall"), (0.0, 0.0))


@lru_cache(maxsize=256)
def _keys(poses: tuple["_Frozen", ...], props: tuple[Prop, ...]) -> tuple[Moment, ...]:
    solved: list[Moment] = []
    for frozen in poses:
        pose = frozen.pose
        turn = root_turn(pose.pitch, pose.roll, pose.yaw)
        before = solved[-1] if solved else None
        held = {c.key for c in before.contacts} if before else set()
        place = before.place if before else (0.0, 0.9, 0.0)
        pairs = _wishes(pose.contacts, props)
        put = _starting_spot(pose, pairs, props) if before is None or pose.at else None
        if put:
            # The mean of all parts of the first contact goes to the spot, so both feet stay apart.
            start = posture(pose.angles, turn, place)
            mates = [c.part for c, t in pairs if t == pairs[0][1] and _alike(c, pairs[0][0])]
            points = [middle_of(part, start) for part in mates]
            shift = (
                put[0] - sum(p[0] for p in points) / len(points),
                0.0,
                put[1] - sum(p[2] for p in points) / len(points),
            )
            place = add(place, shift)
        wishes = [
            Wish(
                contact,
                target,
                middle_of(contact.part, before.body)
                if before and not put and contact.key in held and not contact.slides
                else None,
            )
            for contact, target in pairs
        ]
        angles, body = reached(wishes, pose.angles, turn, place)
        solved.append(Moment(angles, quaternion(turn), body, pose.contacts))
    return tuple(solved)


def _alike(one: Contact, other: Contact) -> bool:
    return stem_of(one.part) == stem_of(other.part)


@dataclass(frozen=True)
class _Frozen:
    """A pose that can be looked up: its angles are a dict, which cannot."""

    pose: Pose

    def __hash__(self) -> int:
        pose = self.pose
        return hash((tuple(sorted(pose.angles.items())), pose.contacts, pose.pitch, pose.yaw))


def key_moments(exercise: Exercise) -> tuple[Moment, ...]:
    """Return the key poses as they stand in the room, every contact met as well as possible."""
    return _keys(_frozen(exercise), exercise.props)


def _frozen(exercise: Exercise) -> tuple[_Frozen, ...]:
    return tuple(_Frozen(pose) for pose in exercise.poses)


def eased(share: float) -> float:
    """Return how much of a movement is done after `share` of its time: slow, fast, slow."""
    return share * share * (3 - 2 * share)


def way(exercise: Exercise, start: int, end: int, share: float) -> Moment:
    """Return the figure `share` (0 to 1, of the way, not of time) from key pose to key pose."""
    return _way(_frozen(exercise), exercise.props, start, end, share)


@lru_cache(maxsize=512)
def _way(
    poses: tuple[_Frozen, ...], props: tuple[Prop, ...], start: int, end: int, share: float
) -> Moment:
    keys = _keys(poses, props)
    a, b = keys[start], keys[end]
    if share <= 0:
        return a
    if share >= 1:
        return b
    angles = {
        name: a.angles.get(name, 0.0) * (1 - share) + b.angles.get(name, 0.0) * share
        for name in {**a.angles, **b.angles}
    }
    turn = between(a.turn, b.turn, share)
    place = add(times(a.place, 1 - share), times(b.place, share))
    there = {c.key: c for c in b.contacts}
    shared = [c for c in a.contacts if c.key in there]
    wishes = [
        Wish(
            contact,
            target,
            add(
                times(middle_of(contact.part, a.body), 1 - share),
                times(middle_of(contact.part, b.body), share),
            ),
        )
        for contact, target in _wishes(shared, props)
    ]
    angles, body = reached(wishes, angles, matrix(turn), place)
    return Moment(angles, turn, body, tuple(shared))


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of the clock: from one key pose to another, or staying at one (metres, s)."""

    start: int
    end: int
    begins: float
    lasts: float


def legs(exercise: Exercise) -> list[Leg]:
    """Return the course of one repetition: start pose first, and back to it unless it ends there.

    Coming back takes the first pose's `seconds`.
    """
    course: list[Leg] = []
    clock = 0.0
    for number, pose in enumerate(exercise.poses):
        if number:
            course.append(Leg(number - 1, number, clock, pose.seconds))
            clock += pose.seconds
        if pose.hold:
            course.append(Leg(number, number, clock, pose.hold))
            clock += pose.hold
    if exercise.repeat:
        course.append(Leg(len(exercise.poses) - 1, 0, clock, exercise.poses[0].seconds))
    return course


def duration(exercise: Exercise) -> float:
    """Return how long one repetition takes, seconds."""
    last = legs(exercise)[-1]
    return last.begins + last.lasts


def moment(exercise: Exercise, seconds: float) -> Moment:
    """Return the figure at a time of the repetition; later than its end is its end."""
    for leg in legs(exercise):
        if seconds <= leg.begins + leg.lasts:
            share = eased(max(0.0, (seconds - leg.begins) / leg.lasts))
            return way(exercise, leg.start, leg.end, share)
    last = legs(exercise)[-1]
    return key_moments(exercise)[last.end]


def strip(exercise: Exercise, count: int = 10) -> list[Moment]:
    """Return `count` moments, evenly spread over the repetition, the first and last included."""
    whole = duration(exercise)
    return [moment(exercise, whole * number / (count - 1)) for number in range(count)]


def end_pose(exercise: Exercise) -> int:
    """Return the number of the key pose that shows the end of the movement.

    The first pose of phase `hold`; without one, the pose whose angles differ most from the start.
    0 when there is only one.
    """
    if len(exercise.poses) == 1:
        return 0
    for number, pose in enumerate(exercise.poses):
        if number and pose.phase == "hold":
            return number
    keys = key_moments(exercise)

    def change(number: int) -> float:
        a, b = keys[0], keys[number]
        bend = sum(
            abs(a.angles.get(name, 0.0) - b.angles.get(name, 0.0))
            for name in {**a.angles, **b.angles}
        )
        turning = sum(p * q for p, q in zip(a.turn, b.turn, strict=True))
        return bend + 200 * (1 - abs(turning))

    return max(range(1, len(keys)), key=lambda number: (change(number), -number))


def shown(exercise: Exercise) -> dict[str, Moment]:
    """Return the three moments a still picture shows: `start`, `middle` and `end`."""
    end = end_pose(exercise)
    keys = key_moments(exercise)
    halfway = keys[end // 2] if end >= 2 else way(exercise, 0, end, 0.5)
    return {"start": keys[0], "middle": halfway, "end": keys[end]}


NEAR = 0.012
"""Metres a contact may miss."""
NEAR_BODY = 0.025
"""Metres a hand may miss the place on the body it touches."""
SUNK = 0.012
"""Metres a part may press into the floor."""
PRESSED = 0.04
"""Metres a part may press into furniture: cushions, clothes and flesh give way."""

_FINE = 0.03
"""Metres between the spheres a capsule is tried with: finer than any board is thick."""

Box = tuple[str, Vector, Vector, Prop]


def boxes(prop: Prop) -> list[Box]:
    """Return the solid blocks of a prop: name, middle of the block, half its size, the prop.

    Blocks lie in the prop's own turned frame round its middle.
    """
    if prop.hand or prop.ends:
        return []
    top = height_of(prop)
    if prop.kind == "chair":
        rear = -CHAIR_DEPTH / 2
        half = (CHAIR_BACK - top) / 2
        return [
            ("chair seat", (0.0, top - 0.02, 0.0), (CHAIR_WIDTH / 2, 0.02, CHAIR_DEPTH / 2), prop),
            (
                "chair back",
                (0.0, top + half, rear - 0.015),
                (CHAIR_WIDTH / 2, half, 0.015),
                prop,
            ),
        ]
    if prop.kind == "wall":
        return [("wall", (0.0, 1.5, 0.5), (3.0, 1.5, 0.5), prop)]
    if prop.kind in ("bed", "step", "table", "cushion"):
        wide, deep = SIZES[prop.kind]
        thick = 0.02 if prop.kind == "table" else (top - prop.base) / 2
        return [(prop.kind, (0.0, top - thick, 0.0), (wide / 2, thick, deep / 2), prop)]
    return []


def _depth(point: Vector, radius: float, box: Box) -> float:
    """Return how far a sphere reaches into a box, metres; negative is clear of it."""
    _, centre, half, prop = box
    local = minus(point, middle(prop))
    m = facing(prop)
    local = (
        m[0] * local[0] + m[3] * local[1] + m[6] * local[2],
        m[1] * local[0] + m[4] * local[1] + m[7] * local[2],
        m[2] * local[0] + m[5] * local[1] + m[8] * local[2],
    )
    over = [abs(local[i] - centre[i]) - half[i] for i in range(3)]
    outside = [max(0.0, value) for value in over]
    if any(outside):
        return radius - math.sqrt(sum(value * value for value in outside))
    return radius - max(over)


def room_faults(body: Posture, props: Sequence[Prop]) -> list[str]:
    """Return one sentence for each part below the floor or inside furniture."""
    solid = Solid(body)
    found = []
    low, name = solid.lowest()
    if low < -SUNK:
        found.append(f"{name} is {-low * 100:.1f} cm below the floor")
    for prop in props:
        for box in boxes(prop):
            worst = (PRESSED, "")
            for capsule in CAPSULES:
                a, b, ra, rb = solid.pieces[capsule.name]
                steps = max(1, math.ceil(length(minus(b, a)) / _FINE))
                for number in range(steps + 1):
                    share = number / steps
                    point = add(times(a, 1 - share), times(b, share))
                    worst = max(worst, (_depth(point, ra + (rb - ra) * share, box), capsule.name))
            if worst[1]:
                found.append(f"{worst[1]} is {worst[0] * 100:.1f} cm inside the {box[0]}")
    return found


_PIECES = {
    "thigh": "thigh",
    "knee": "thigh",
    "shin": "shank",
    "ankle": "shank",
    "foot": "foot",
    "forearm": "forearm",
    "elbow": "forearm",
    "hand": "palm",
    "shoulder": "upper_arm",
}


def _touching(contacts: Sequence[Contact]) -> set[frozenset[str]]:
    """Return the pairs of capsules that contacts with the body itself bring together."""
    pairs: set[frozenset[str]] = set()
    for contact in contacts:
        stem, _, side = contact.part.rpartition("_")
        mine = {f"{_PIECES.get(stem, stem)}_{side}"}
        if stem == "hand":
            mine.add(f"forearm_{side}")
        target, _, other = contact.on.rpartition("_")
        if other in ("l", "r"):
            theirs = {f"{_PIECES.get(target, target)}_{other}", "head", "pelvis"}
        else:
            theirs = {"belly_l", "belly_r", "chest_l", "chest_r", "head", "pelvis"}
        pairs |= {frozenset((a, b)) for a in mine for b in theirs}
    return pairs


def moment_faults(now: Moment, props: Sequence[Prop]) -> list[str]:
    """Return what is wrong with the figure at one moment, one sentence each."""
    found = breaches(now.angles)
    for contact in now.contacts:
        target = target_of(contact, props)
        if target is None:
            found.append(f"{contact.part} touches {contact.on}, but the room has none")
            continue
        off = miss(contact, target, now.body)
        if off > (NEAR_BODY if isinstance(target, OnBody) else NEAR):
            found.append(f"{contact.part} misses {contact.on} by {off * 100:.1f} cm")
    found += room_faults(now.body, props)
    found += collisions(Solid(now.body), _touching(now.contacts))
    return found


def faults_in_motion(exercise: Exercise, steps: int = 4) -> list[str]:
    """Return what is wrong at the key poses and `steps` - 1 times between any two; [] is good."""
    found = []
    for number, key in enumerate(key_moments(exercise), 1):
        found += [f"pose {number}: {fault}" for fault in moment_faults(key, exercise.props)]
    for leg in legs(exercise):
        if leg.start == leg.end:
            continue
        for step in range(1, steps):
            now = way(exercise, leg.start, leg.end, step / steps)
            found += [
                f"between {leg.start + 1} and {leg.end + 1}, at {step}/{steps}: {fault}"
                for fault in moment_faults(now, exercise.props)
            ]
    return found


def bends(exercise: Exercise, least: float = 4.0) -> list[str]:
    """Return which angles the contacts changed by `least` degrees or more, for authors."""
    found = []
    for number, (pose, key) in enumerate(
        zip(exercise.poses, key_moments(exercise), strict=True), 1
    ):
        for name, degrees in sorted(key.angles.items()):
            written = pose.angles.get(name, 0.0)
            if abs(degrees - written) >= least:
                found.append(f"pose {number}: {name} {written:.0f} became {degrees:.0f}")
    return found


def _rounded(value: float, digits: int) -> float:
    """Return the number without a negative zero, a whole one as int, so that JSON stays short."""
    result = round(value, digits) + 0.0
    return int(result) if result == int(result) else result


_SAMPLES = 8
"""Stretches each movement is cut into for the browser, which joins them by straight lines."""


def skeleton() -> dict[str, Any]:
    """Return the figure for the browser, the same for every exercise; see FORMAT.md."""
    return {
        "joints": [
            {
                "name": node.name,
                "at": node.at,
                "turn": node.turn,
                "place": [_rounded(value, 4) for value in node.place],
                "movements": [[m.name, m.axis, m.sign, m.least, m.most] for m in node.movements],
            }
            for node in NODES.values()
        ],
        "curl": dict(CURL),
        "capsules": [
            [
                c.name,
                c.part,
                c.start[0],
                [_rounded(value, 4) for value in c.start[1]],
                c.end[0],
                [_rounded(value, 4) for value in c.end[1]],
                c.start_radius,
                c.end_radius,
            ]
            for c in CAPSULES
        ],
        "places": {
            name: [spot.node, [_rounded(value, 4) for value in spot.local]]
            for name, spot in BODY.items()
        },
    }


_FINENESS = ((0.7, 1), (0.9, 1), (1.2, 1), (1.2, 0), (2.0, 0), (3.0, 0))
"""How far straight lines may differ from the solved movement (degrees, and half as many cm), and
digits of an angle: the first that makes the motion small enough is taken."""
_SMALL = 4_950
"""Bytes of JSON."""
_STILL = 0.4
"""Degrees an angle may waver and be sent as one that never changes."""


def _apart(moments: Sequence[Moment], times_: Sequence[float], a: int, b: int, c: int) -> float:
    """Return how far moment b is from the straight line from a to c, in degrees or half cm."""
    share = (times_[b] - times_[a]) / (times_[c] - times_[a])
    before, now, after = moments[a], moments[b], moments[c]
    bend = max(
        (
            abs(
                now.angles.get(name, 0.0)
                - before.angles.get(name, 0.0) * (1 - share)
                - after.angles.get(name, 0.0) * share
            )
            for name in now.angles
        ),
        default=0.0,
    )
    line = add(times(before.place, 1 - share), times(after.place, share))
    turn = between(before.turn, after.turn, share)
    cosine = min(1.0, abs(sum(p * q for p, q in zip(turn, now.turn, strict=True))))
    return max(bend, length(minus(line, now.place)) * 200, math.degrees(2 * math.acos(cosine)))


def _telling(
    times_: Sequence[float], moments: Sequence[Moment], always: Sequence[float], slack: float
) -> list[int]:
    """Return which samples are worth sending: straight lines between them come close to the rest.

    The samples at the times `always`, the key poses, are among them.
    """

    def between_(first: int, last: int) -> list[int]:
        if last - first < 2:
            return []
        worst = max(
            range(first + 1, last), key=lambda n: (_apart(moments, times_, first, n, last), -n)
        )
        if _apart(moments, times_, first, worst, last) < slack:
            return []
        return [*between_(first, worst), worst, *between_(worst, last)]

    last = len(times_) - 1
    fixed = sorted({0, last, *(n for n, time in enumerate(times_) if time in always)})
    kept = [0]
    for first, then in pairwise(fixed):
        kept += [*between_(first, then), then]
    return kept


def motion(exercise: Exercise) -> dict[str, Any]:
    """Return the solved movement of an exercise for the browser, under 5 kB as JSON.

    The shape is written down in `adherence/library/FORMAT.md`.
    """
    times_ = [0.0]
    moments = [way(exercise, 0, 0, 0.0)]
    for leg in legs(exercise):
        if leg.start == leg.end:
            times_.append(leg.begins + leg.lasts)
            moments.append(moments[-1])
            continue
        for step in range(1, _SAMPLES + 1):
            share = step / _SAMPLES
            times_.append(leg.begins + leg.lasts * share)
            moments.append(way(exercise, leg.start, leg.end, eased(share)))
    sent: dict[str, Any] = {}
    for slack, digits in _FINENESS:
        sent = _about(exercise) | _samples(exercise, times_, moments, slack, digits)
        if len(json.dumps(sent, separators=(",", ":"))) < _SMALL:
            break
    return sent


def _samples(
    exercise: Exercise,
    times_: Sequence[float],
    moments: Sequence[Moment],
    slack: float,
    digits: int,
) -> dict[str, Any]:
    """Return the samples worth sending: times, angles, places and turns."""
    kept = _telling(times_, moments, [leg.begins for leg in legs(exercise)], slack)
    chosen = [moments[number] for number in kept]
    names = sorted({name for now in chosen for name, value in now.angles.items() if value})
    tracks: dict[str, list[float]] = {}
    for name in names:
        track = [_rounded(now.angles.get(name, 0.0), digits) for now in chosen]
        tracks[name] = track[:1] if max(track) - min(track) <= _STILL else track
    places = [[_rounded(value, 3) for value in now.place] for now in chosen]
    turns = [[_rounded(value, 3) for value in now.turn] for now in chosen]
    return {
        "times": [_rounded(times_[number], 2) for number in kept],
        "angles": tracks,
        "place": places[:1] if all(place == places[0] for place in places) else places,
        "turn": turns[:1] if all(turn == turns[0] for turn in turns) else turns,
    }


def _about(exercise: Exercise) -> dict[str, Any]:
    """Return all of the motion that is no movement."""
    keys: list[dict[str, Any]] = []
    for number, pose in enumerate(exercise.poses):
        arrival = 0.0
        for leg in legs(exercise):
            if leg.end == number and leg.start == number - 1:
                arrival = leg.begins + leg.lasts
        keys.append({"phase": pose.phase, "at": _rounded(arrival, 2), "hold": pose.hold})
    return {
        "slug": exercise.slug,
        "version": exercise.version,
        "seconds": _rounded(duration(exercise), 2),
        "repeat": exercise.repeat,
        "sided": exercise.sided,
        "view": {
            "turn": _rounded(exercise.view.turn, 1),
            "height": _rounded(exercise.view.height, 1),
            "close": exercise.view.close,
        },
        "keys": keys,
        "props": [
            {
                "kind": prop.kind,
                "at": list(prop.at),
                "turn": prop.turn,
                "base": prop.base,
                "height": _rounded(height_of(prop), 3),
                "hand": prop.hand,
                "ends": [end if isinstance(end, str) else list(end) for end in prop.ends],
            }
            for prop in exercise.props
        ],
        "works": list(exercise.works),
        "stretches": list(exercise.stretches),
    }
