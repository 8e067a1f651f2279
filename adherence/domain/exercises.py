"""What an exercise is: key poses of the figure with timing and contacts, a dose range, and words.

`exercise_of` reads the plain data of a file; `faults` says what is wrong with it in sentences. The
whole format is described in `adherence/library/FORMAT.md`. How poses become movement is in
`motions.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adherence.domain.errors import InvalidInput
from adherence.domain.figure import (
    LIMITS,
    NODES,
    SIDES,
    breaches,
    mirrored_angles,
    mirrored_name,
)

LOCALES = ("en", "de", "ru")
REGIONS = (
    *("neck", "shoulder", "elbow", "wrist-hand", "upper-back", "lower-back", "hip", "knee"),
    *("ankle-foot", "balance", "breathing"),
)
KINDS = ("strength", "mobility", "stretch", "balance", "breathing")
POSITIONS = (
    *("standing", "sitting", "lying-back", "lying-front", "lying-side", "kneeling"),
    "four-point",
)
PLACES = ("chair", "bed")
EQUIPMENT = ("chair", "band", "stick", "ball", "towel", "cushion", "step", "wall", "bed", "table")
GOALS = (
    *("stairs", "walking", "standing-up", "reaching", "lifting", "gripping", "dressing"),
    *("sleeping", "balance", "posture", "breathing"),
)
BODY_PARTS = (
    *("neck", "shoulder", "upper-arm-front", "upper-arm-back", "forearm", "hand", "chest"),
    *("upper-back", "lower-back", "belly", "buttock", "thigh-front", "thigh-back", "thigh-inner"),
    *("hip-side", "calf", "shin", "foot"),
)
PHASES = ("start", "move", "hold", "return", "rest")
PROPS = (*EQUIPMENT, "mat")
HANDS = ("left", "right", "both")
SURFACES = (
    *("floor", "chair", "chair-seat", "chair-back", "wall", "bed", "step", "table", "cushion"),
    "mat",
)
PLURALS = {
    "feet": "foot",
    "heels": "heel",
    "toes": "toes",
    "knees": "knee",
    "shins": "shin",
    "hands": "hand",
    "fingers": "fingers",
    "elbows": "elbow",
    "forearms": "forearm",
    "shoulders": "shoulder",
    "hips": "hip",
    "thighs": "thigh",
    "insteps": "instep",
}
"""What stands for both sides at once."""
MIDDLE_PARTS = ("seat", "back", "front", "side", "head")
SIDED_PARTS = tuple(dict.fromkeys(PLURALS.values()))
BODY_TARGETS = (
    *("belly", "chest", "forehead", "back-of-head", "lower-back"),
    *(
        f"{part}_{side}"
        for part in ("thigh", "knee", "shin", "ankle", "foot", "shoulder", "elbow", "forearm")
        for side in SIDES
    ),
    *(f"{part}_{side}" for part in ("hand", "temple", "ribs", "hip") for side in SIDES),
)
"""Places on the body a hand, foot or heel can touch."""
CLOSE_UPS = (
    *("head", "neck", "spine_low", "spine_high", "pelvis"),
    *(f"{part}_{side}" for part in ("hand", "foot", "shoulder", "knee", "hip") for side in SIDES),
)
"""Parts of the body a picture can come close to."""
LISTS = ("start", "steps", "mistakes", "stop", "caution", "search")
SENTENCES = ("title", "purpose", "body")

SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CONTACT = re.compile(r"([a-z_]+)([:~])([a-z_-]+)")


@dataclass(frozen=True, slots=True)
class Contact:
    """A part of one side (`foot_l`) that touches a surface or another part (`floor`, `belly`).

    Where both ends of a movement have the same contact, the part stays where it is, unless it
    `slides`.
    """

    part: str
    on: str
    slides: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same contact in two poses."""
        return (self.part, self.on)


@dataclass(frozen=True, slots=True)
class Prop:
    """A piece of equipment or furniture in the room.

    `at` is x and z of its middle (metres), `turn` degrees to the person's left, `base` and `height`
    its lower and upper edge where they can be chosen; `hand` is who holds it ("" for nobody);
    `ends` are the two ends of a band or stick: a body part or a point in the room.
    """

    kind: str
    at: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    height: float | None = None
    base: float = 0.0
    hand: str = ""
    ends: tuple[str | tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Pose:
    """A key pose. `angles` holds every angle of the figure that is not 0, degrees.

    `seconds` is the time to arrive from the pose before, `hold` the time to stay; `at` overrules
    where the first contact is put (x and z, metres).
    """

    phase: str
    seconds: float
    hold: float
    contacts: tuple[Contact, ...]
    pitch: float
    roll: float
    yaw: float
    angles: Mapping[str, float]
    at: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Where one looks from: degrees round the person (+ to the person's left) and above the
    horizon. `close` is a body part to come close to, or "" for the whole person."""

    turn: float
    height: float
    close: str = ""


@dataclass(frozen=True, slots=True)
class Dose:
    """The range that therapists commonly prescribe, least and most, and where that is written."""

    source: str
    sets: tuple[int, int] | None = None
    reps: tuple[int, int] | None = None
    hold_seconds: tuple[int, int] | None = None
    minutes: tuple[int, int] | None = None
    per_day: tuple[int, int] | None = None
    per_week: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ExerciseWords:
    """One language's words; what each list is for is in FORMAT.md."""

    title: str
    purpose: str
    body: str
    start: tuple[str, ...]
    steps: tuple[str, ...]
    mistakes: tuple[str, ...]
    stop: tuple[str, ...]
    caution: tuple[str, ...]
    search: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise as data. `sided` ones are written for the right side."""

    slug: str
    version: int
    regions: tuple[str, ...]
    kind: str
    position: str
    place: tuple[str, ...]
    equipment: tuple[str, ...]
    goals: tuple[str, ...]
    works: tuple[str, ...]
    stretches: tuple[str, ...]
    sided: bool
    repeat: bool
    difficulty: int
    easier: tuple[str, ...]
    harder: tuple[str, ...]
    view: View
    dose: Dose
    props: tuple[Prop, ...]
    poses: tuple[Pose, ...]
    words: Mapping[str, ExerciseWords] = field(default_factory=dict)
    flipped: bool = False


def contacts_of(text: str, where: str = "contacts") -> tuple[Contact, ...]:
    """Return the contacts written as `feet:floor` or `heel_r~floor`; plurals are both sides.

    A plural on a body part of a side takes the same side: `hands:thigh` is each hand on its thigh.
    Raises InvalidInput, naming `where`, when a name is not known.
    """
    found = _CONTACT.fullmatch(text)
    if not found:
        raise InvalidInput(where, "not_part_and_surface")
    part, how, on = found.groups()
    slides = how == "~"
    if part in PLURALS:
        parts = [f"{PLURALS[part]}_{side}" for side in SIDES]
    elif part in MIDDLE_PARTS or (part[-2:] in ("_l", "_r") and part[:-2] in SIDED_PARTS):
        parts = [part]
    else:
        raise InvalidInput(where, "unknown_part")
    contacts = []
    for one in parts:
        target = on
        if on not in SURFACES and on not in BODY_TARGETS:
            target = f"{PLURALS.get(on, on)}{one[-2:]}"
        if target not in SURFACES and target not in BODY_TARGETS:
            raise InvalidInput(where, "unknown_surface")
        contacts.append(Contact(one, target, slides))
    return tuple(contacts)


def _table(data: Any, allowed: Sequence[str], where: str) -> Mapping[str, Any]:
    """Return `data` if it is a table with no other keys; what a person typed is not repeated."""
    if not isinstance(data, Mapping):
        raise InvalidInput(where, "not_a_table")
    if any(key not in allowed for key in data):
        raise InvalidInput(where, "unknown_key")
    return data


def _rows(data: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    """Return the items of a list, each with where it stands; the first is number 1."""
    value = data.get(key, [])
    if not isinstance(value, list | tuple):
        raise InvalidInput(key, "not_a_list")
    return [(f"{key}[{number}]", row) for number, row in enumerate(value, 1)]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _pair(data: Mapping[str, Any], key: str) -> tuple[int, int] | None:
    value = data.get(key)
    if value is None:
        return None
    if _whole(value):
        value = (value, value)
    if not (isinstance(value, list | tuple) and len(value) == 2 and all(map(_whole, value))):
        raise InvalidInput(f"dose.{key}", "not_least_and_most")
    low, high = value
    if not 0 < low <= high <= 10_000:
        raise InvalidInput(f"dose.{key}", "not_least_and_most")
    return (low, high)


def _finite(value: Any, where: str) -> float:
    """Return a number of reasonable size (nothing here is beyond a thousand)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1000:
        raise InvalidInput(where, "not_a_number")
    return float(value)


def _number(data: Mapping[str, Any], key: str, otherwise: float, where: str) -> float:
    return _finite(data.get(key, otherwise), f"{where}.{key}")


def _count(data: Mapping[str, Any], key: str, otherwise: int) -> int:
    value = data.get(key, otherwise)
    if not _whole(value):
        raise InvalidInput(key, "not_a_whole_number")
    return int(value)


def _flag(data: Mapping[str, Any], key: str, otherwise: bool) -> bool:
    value = data.get(key, otherwise)
    if not isinstance(value, bool):
        raise InvalidInput(key, "not_true_or_false")
    return value


def _text(data: Mapping[str, Any], key: str, otherwise: str = "", where: str = "") -> str:
    value = data.get(key, otherwise)
    if not isinstance(value, str):
        raise InvalidInput(f"{where}{key}", "not_text")
    return value


def _texts(data: Mapping[str, Any], key: str, where: str = "") -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise InvalidInput(f"{where}{key}", "not_a_list_of_texts")
    return tuple(value)


def _point(value: Any, size: int, where: str) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != size:
        raise InvalidInput(where, "not_a_point")
    return tuple(_finite(part, where) for part in value)


def _place(value: Any, where: str) -> tuple[float, float]:
    x, z = _point(value, 2, where)
    return (x, z)


def angles_of(
    joints: Mapping[str, Any], before: Mapping[str, float], where: str = "joints"
) -> dict[str, float]:
    """Return all angles after `joints` changed those of the pose `before`, degrees.

    A sided joint without suffix is both sides. Raises InvalidInput, naming `where`, for an unknown
    joint or movement.
    """
    if not isinstance(joints, Mapping):
        raise InvalidInput(where, "not_a_table")
    angles = dict(before)
    for joint, movements in joints.items():
        if joint == "breath" or joint in NODES:
            names = [joint]
        elif f"{joint}_l" in NODES:
            names = [f"{joint}_{side}" for side in SIDES]
        else:
            raise InvalidInput(where, "unknown_joint")
        if not isinstance(movements, Mapping):
            raise InvalidInput(f"{where}.{joint}", "not_a_table")
        for movement, degrees in movements.items():
            for name in names:
                if f"{name}.{movement}" not in LIMITS:
                    raise InvalidInput(f"{where}.{joint}", "unknown_movement")
                angles[f"{name}.{movement}"] = _finite(degrees, f"{where}.{joint}")
    return angles


_POSE = ("phase", "seconds", "hold", "contacts", "root", "joints", "at")
_ROOT = ("pitch", "roll", "yaw")


def _pose_of(row: Any, before: Pose | None, at_ease: Mapping[str, float], where: str) -> Pose:
    data = _table(row, _POSE, where)
    root = _table(data.get("root", {}), _ROOT, f"{where}.root")
    contacts = before.contacts if before else ()
    if "contacts" in data:
        texts = _texts(data, "contacts", f"{where}.")
        contacts = tuple(
            contact
            for number, text in enumerate(texts, 1)
            for contact in contacts_of(text, f"{where}.contacts[{number}]")
        )
    return Pose(
        phase=_text(data, "phase", "move", f"{where}."),
        seconds=_number(data, "seconds", 1.0, where),
        hold=_number(data, "hold", 0.0, where),
        contacts=contacts,
        pitch=_number(root, "pitch", before.pitch if before else 0.0, f"{where}.root"),
        roll=_number(root, "roll", before.roll if before else 0.0, f"{where}.root"),
        yaw=_number(root, "yaw", before.yaw if before else 0.0, f"{where}.root"),
        angles=angles_of(
            data.get("joints", {}), before.angles if before else at_ease, f"{where}.joints"
        ),
        at=_place(data["at"], f"{where}.at") if "at" in data else None,
    )


_PROP = ("kind", "at", "turn", "height", "base", "hand", "ends")


def _prop_of(row: Any, where: str) -> Prop:
    data = _table(row, _PROP, where)
    ends: list[str | tuple[float, float, float]] = []
    for at, end in _rows(data, "ends"):
        if not isinstance(end, str):
            x, y, z = _point(end, 3, f"{where}.{at}")
            ends.append((x, y, z))
        elif end in BODY_TARGETS:
            ends.append(end)
        else:
            raise InvalidInput(f"{where}.{at}", "unknown_place_on_the_body")
    return Prop(
        kind=_text(data, "kind", "", f"{where}."),
        at=_place(data.get("at", (0.0, 0.0)), f"{where}.at"),
        turn=_number(data, "turn", 0.0, where),
        height=_number(data, "height", 0.0, where) if "height" in data else None,
        base=_number(data, "base", 0.0, where),
        hand=_text(data, "hand", "", f"{where}."),
        ends=tuple(ends),
    )


def words_of(row: Any, where: str) -> ExerciseWords:
    """Return one language's words; raises InvalidInput when a key is unknown or not text."""
    data = _table(row, (*SENTENCES, *LISTS), where)
    sentences = {key: _text(data, key, "", f"{where}.") for key in SENTENCES}
    lists = {key: _texts(data, key, f"{where}.") for key in LISTS}
    return ExerciseWords(
        title=sentences["title"],
        purpose=sentences["purpose"],
        body=sentences["body"],
        start=lists["start"],
        steps=lists["steps"],
        mistakes=lists["mistakes"],
        stop=lists["stop"],
        caution=lists["caution"],
        search=lists["search"],
    )


KEYS = (
    *("slug", "version", "regions", "kind", "position", "place", "equipment", "goals", "works"),
    *("stretches", "sided", "repeat", "difficulty", "easier", "harder", "view", "dose", "prop"),
    *("pose", "words"),
)


def exercise_of(data: Mapping[str, Any], at_ease: Mapping[str, float]) -> Exercise:
    """Return the exercise a file's data describes; the first pose starts from `at_ease`.

    Raises InvalidInput when it cannot be read at all; what can be read but is wrong is left to
    `faults`.
    """
    table = _table(data, KEYS, "exercise")
    view = _table(table.get("view", {}), ("turn", "height", "close"), "view")
    pairs = ("sets", "reps", "hold_seconds", "minutes", "per_day", "per_week")
    dose = _table(table.get("dose", {}), (*pairs, "source"), "dose")
    words = _table(table.get("words", {}), LOCALES, "words")
    poses: list[Pose] = []
    for where, row in _rows(table, "pose"):
        poses.append(_pose_of(row, poses[-1] if poses else None, at_ease, where))
    if not poses:
        raise InvalidInput("pose", "no_pose")
    return Exercise(
        slug=_text(table, "slug"),
        version=_count(table, "version", 1),
        regions=_texts(table, "regions"),
        kind=_text(table, "kind"),
        position=_text(table, "position"),
        place=_texts(table, "place"),
        equipment=_texts(table, "equipment"),
        goals=_texts(table, "goals"),
        works=_texts(table, "works"),
        stretches=_texts(table, "stretches"),
        sided=_flag(table, "sided", False),
        repeat=_flag(table, "repeat", True),
        difficulty=_count(table, "difficulty", 0),
        easier=_texts(table, "easier"),
        harder=_texts(table, "harder"),
        view=View(
            _number(view, "turn", -60.0, "view"),
            _number(view, "height", 8.0, "view"),
            _text(view, "close", "", "view."),
        ),
        dose=Dose(_text(dose, "source", "", "dose."), **{key: _pair(dose, key) for key in pairs}),
        props=tuple(_prop_of(row, where) for where, row in _rows(table, "prop")),
        poses=tuple(poses),
        words={locale: words_of(row, f"words.{locale}") for locale, row in words.items()},
    )


def mirrored(exercise: Exercise) -> Exercise:
    """Return the exercise for the other side; mirrored twice it is the same again."""
    return replace(
        exercise,
        flipped=not exercise.flipped,
        view=replace(
            exercise.view, turn=-exercise.view.turn, close=mirrored_name(exercise.view.close)
        ),
        props=tuple(_mirrored_prop(prop) for prop in exercise.props),
        poses=tuple(
            replace(
                pose,
                contacts=tuple(
                    replace(c, part=mirrored_name(c.part), on=mirrored_name(c.on))
                    for c in pose.contacts
                ),
                roll=-pose.roll,
                yaw=-pose.yaw,
                angles=mirrored_angles(pose.angles),
                at=(-pose.at[0], pose.at[1]) if pose.at else None,
            )
            for pose in exercise.poses
        ),
    )


def _mirrored_prop(prop: Prop) -> Prop:
    return replace(
        prop,
        at=(-prop.at[0], prop.at[1]),
        turn=-prop.turn,
        hand={"left": "right", "right": "left"}.get(prop.hand, prop.hand),
        ends=tuple(
            mirrored_name(end) if isinstance(end, str) else (-end[0], end[1], end[2])
            for end in prop.ends
        ),
    )


def _vocabulary(exercise: Exercise) -> list[str]:
    found = []
    groups = (
        ("regions", exercise.regions, REGIONS),
        ("kind", (exercise.kind,), KINDS),
        ("position", (exercise.position,), POSITIONS),
        ("place", exercise.place, PLACES),
        ("equipment", exercise.equipment, EQUIPMENT),
        ("goals", exercise.goals, GOALS),
        ("works", exercise.works, BODY_PARTS),
        ("stretches", exercise.stretches, BODY_PARTS),
        ("phase", tuple(pose.phase for pose in exercise.poses), PHASES),
        ("prop", tuple(prop.kind for prop in exercise.props), PROPS),
        ("prop.hand", tuple(prop.hand for prop in exercise.props if prop.hand), HANDS),
    )
    for name, values, allowed in groups:
        found += [f"{name}: {value!r} is not known" for value in values if value not in allowed]
    for name, values in (("regions", exercise.regions), ("goals", exercise.goals)):
        if not values:
            found.append(f"{name}: none")
    if exercise.view.close and exercise.view.close not in CLOSE_UPS:
        found.append(f"view.close: {exercise.view.close!r} is not known")
    if not exercise.works and not exercise.stretches:
        found.append("works and stretches: both empty, nothing to highlight")
    held = {prop.kind for prop in exercise.props}
    found += [
        f"equipment: {kind!r} has no [[prop]]" for kind in exercise.equipment if kind not in held
    ]
    found += [
        f"equipment: {kind!r} stands in the room but is not listed"
        for kind in sorted(held - {"mat"} - set(exercise.equipment))
    ]
    return found


def _numbers(exercise: Exercise) -> list[str]:
    found = []
    if not SLUG.fullmatch(exercise.slug):
        found.append(f"slug: {exercise.slug!r}")
    if exercise.version < 1:
        found.append("version: from 1")
    if not 1 <= exercise.difficulty <= 5:
        found.append("difficulty: 1 to 5")
    if exercise.slug in (*exercise.easier, *exercise.harder):
        found.append("easier, harder: names itself")
    dose = exercise.dose
    if not dose.source.strip():
        found.append("dose: no source")
    if not (dose.reps or dose.hold_seconds or dose.minutes):
        found.append("dose: neither reps nor hold_seconds nor minutes")
    if not (dose.per_week or dose.per_day):
        found.append("dose: neither per_week nor per_day")
    if exercise.poses[0].phase != "start":
        found.append("pose 1: phase is not start")
    if len(exercise.poses) < 2:
        found.append("pose: fewer than two")
    for number, pose in enumerate(exercise.poses, 1):
        if not 0.2 <= pose.seconds <= 12 or not 0 <= pose.hold <= 30:
            found.append(f"pose {number}: seconds 0.2 to 12, hold 0 to 30")
        if not pose.contacts:
            found.append(f"pose {number}: touches nothing")
        found += [f"pose {number}: {breach}" for breach in breaches(pose.angles)]
    return found


COUNTS = {"start": (1, 4), "steps": (2, 6), "mistakes": (2, 3), "stop": (1, 2), "caution": (1, 3)}
"""How many sentences each list has; `search` has 5 to 10 in each language for itself."""
SIDES_NAMED = {
    "en": re.compile(r"\b(?:left|right)\b(?! angle)", re.IGNORECASE),
    "de": re.compile(r"\b(?:link|recht)(?:e|er|es|en|em|s)\b(?! Winkel)", re.IGNORECASE),
    "ru": re.compile(
        r"\b(?:лев|прав)(?:ый|ая|ое|ую|ой|ого|ому|ым|ом|ые|ых|ыми)\b(?! уг)", re.IGNORECASE
    ),
}
"""Words of a sided exercise name no side: the mirrored figure is shown with the same words."""


def word_faults(exercise: Exercise) -> list[str]:
    """Return what the words lack: a language, a sentence, equal structure, no named side."""
    found = []
    for locale in LOCALES:
        words = exercise.words.get(locale)
        if words is None:
            found.append(f"words.{locale}: missing")
            continue
        for key in SENTENCES:
            if not getattr(words, key).strip():
                found.append(f"words.{locale}.{key}: empty")
        for key, (least, most) in COUNTS.items():
            count = len(getattr(words, key))
            if not least <= count <= most:
                found.append(f"words.{locale}.{key}: {count}, wanted {least} to {most}")
            english = exercise.words.get("en")
            if english and count != len(getattr(english, key)):
                found.append(f"words.{locale}.{key}: not as many as in English")
        if not 5 <= len(words.search) <= 10:
            found.append(f"words.{locale}.search: {len(words.search)}, wanted 5 to 10")
        texts = [
            words.title,
            words.purpose,
            words.body,
            *(text for key in LISTS for text in getattr(words, key)),
        ]
        found += [f"words.{locale}: an empty item" for text in texts if not text.strip()]
        if exercise.sided:
            sides = SIDES_NAMED[locale]
            shown = [t for t in texts if t not in words.search and sides.search(t)]
            found += [f"words.{locale}: names a side: {text!r}" for text in shown]
    return found


def faults(exercise: Exercise) -> list[str]:
    """Return all that is wrong with the data and the words, one sentence each; [] is good.

    What is wrong with the movement itself (`motions.faults_in_motion`) is not looked at.
    """
    return [*_vocabulary(exercise), *_numbers(exercise), *word_faults(exercise)]


def graph_faults(exercises: Mapping[str, Exercise]) -> list[str]:
    """Return what is wrong with easier and harder over the whole library.

    Every name exists, A names B harder exactly when B names A easier, the harder one is not rated
    less difficult, and one can get from every exercise to every other.
    """
    found = []
    for slug, exercise in sorted(exercises.items()):
        for names, back in ((exercise.easier, "harder"), (exercise.harder, "easier")):
            for name in names:
                other = exercises.get(name)
                if other is None:
                    found.append(f"{slug}: {name} does not exist")
                elif slug not in getattr(other, back):
                    found.append(f"{slug}: {name} does not name it {back}")
        for name in exercise.harder:
            other = exercises.get(name)
            if other and other.difficulty < exercise.difficulty:
                found.append(f"{slug}: harder {name} is rated less difficult")
    reached: set[str] = set()
    waiting = sorted(exercises)[:1]
    while waiting:
        slug = waiting.pop()
        if slug not in reached and slug in exercises:
            reached.add(slug)
            waiting += [*exercises[slug].easier, *exercises[slug].harder]
    found += [f"{slug}: no way leads to it" for slug in sorted(set(exercises) - reached)]
    return found
