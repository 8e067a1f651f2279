"""Exercises that a clinic makes: from ours with other angles and words, or from its own pictures.

The stored document is that of a package's file (``adherence/library/FORMAT.md``) with two
liberties: words in one language are enough, and with pictures or a film it needs no poses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from adherence.domain.errors import InvalidInput
from adherence.domain.exercises import (
    EQUIPMENT,
    GOALS,
    KINDS,
    LISTS,
    LOCALES,
    PLACES,
    POSITIONS,
    REGIONS,
    Exercise,
    exercise_of,
)
from adherence.domain.figure import AT_EASE, LIMITS, breaches
from adherence.domain.media import MediaKind

TITLE_LIMIT = 120
SENTENCE_LIMIT = 300
MOST_SENTENCES = 10
MOST_MEDIA = 6
SAID_LIMIT = 300
SECONDS = (0.2, 12.0)
HOLD = (0.0, 30.0)
DIFFICULTY = (1, 5)
_STILL: Mapping[str, Any] = {"phase": "start", "contacts": ["feet:floor"]}


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or film of an exercise; ``said`` tells who cannot see it what it shows."""

    id: UUID
    kind: MediaKind
    said: str


@dataclass(frozen=True, slots=True)
class OwnExercise:
    """A clinic's exercise: ``exercise`` has no poses where pictures alone show it.

    ``languages`` are those somebody wrote; in any other the first of them is shown.
    """

    exercise: Exercise
    media: tuple[Medium, ...]
    languages: tuple[str, ...]


def read_own(content: Mapping[str, Any]) -> OwnExercise:
    """The exercise that a clinic's document describes.

    Raises:
        InvalidInput: it describes none.
    """
    data = {key: value for key, value in content.items() if key != "media"}
    poses = data.get("pose") or [_STILL]
    exercise = exercise_of({**data, "pose": poses}, AT_EASE)
    languages = tuple(locale for locale in LOCALES if locale in exercise.words)
    if not languages:
        raise InvalidInput("title", "required")
    first = exercise.words[languages[0]]
    return OwnExercise(
        replace(
            exercise,
            poses=exercise.poses if data.get("pose") else (),
            words={locale: exercise.words.get(locale, first) for locale in LOCALES},
        ),
        tuple(
            Medium(UUID(one["id"]), MediaKind(one["kind"]), str(one["said"]))
            for one in content.get("media", [])
        ),
        languages,
    )


def check_own(content: Mapping[str, Any]) -> OwnExercise:
    """The exercise of a document that is about to be stored.

    Raises:
        InvalidInput: naming the field; words carry their language, ``title-de``.
    """
    own = read_own(content)
    one = own.exercise
    for language in own.languages:
        said = one.words[language]
        if not said.title.strip():
            raise InvalidInput(f"title-{language}", "required")
        if not said.steps:
            raise InvalidInput(f"steps-{language}", "required")
        if len(said.title) > TITLE_LIMIT:
            raise InvalidInput(f"title-{language}", "too_long")
        for name in ("purpose", "body"):
            if len(getattr(said, name)) > SENTENCE_LIMIT:
                raise InvalidInput(f"{name}-{language}", "too_long")
        for name in LISTS:
            lines = getattr(said, name)
            if len(lines) > MOST_SENTENCES or any(len(line) > SENTENCE_LIMIT for line in lines):
                raise InvalidInput(f"{name}-{language}", "too_long")
    for field, values, known in (
        ("region", one.regions, REGIONS),
        ("kind", (one.kind,), KINDS),
        ("position", (one.position,), POSITIONS),
        ("equipment", one.equipment, EQUIPMENT),
        ("goal", one.goals, GOALS),
        ("place", one.place, PLACES),
    ):
        if any(value not in known for value in values):
            raise InvalidInput(field, "not_one_of_these")
    for field, values in (("region", one.regions), ("goal", one.goals)):
        if not values:
            raise InvalidInput(field, "at_least_one")
    if not DIFFICULTY[0] <= one.difficulty <= DIFFICULTY[1]:
        raise InvalidInput("difficulty", "out_of_range")
    if not own.media and len(one.poses) < 2:
        raise InvalidInput("media", "nothing_to_see")
    if len(own.media) > MOST_MEDIA:
        raise InvalidInput("media", "too_many")
    if any(not 0 < len(medium.said.strip()) <= SAID_LIMIT for medium in own.media):
        raise InvalidInput("said", "required")
    for number, pose in enumerate(one.poses):
        if not SECONDS[0] <= pose.seconds <= SECONDS[1]:
            raise InvalidInput(f"p{number}-seconds", "out_of_range")
        if not HOLD[0] <= pose.hold <= HOLD[1]:
            raise InvalidInput(f"p{number}-hold", "out_of_range")
        if breaches(pose.angles):
            raise InvalidInput("angles", "out_of_range")
    return own


# --- angles ------------------------------------------------------------------------------------


def other_side(name: str) -> str:
    """The same angle on the other side; the name itself where there is none."""
    joint, _, movement = name.partition(".")
    sides = {"_l": "_r", "_r": "_l"}
    if joint[-2:] in sides:
        return f"{joint[:-2]}{sides[joint[-2:]]}.{movement}"
    return name


def controls(exercise: Exercise, more: tuple[str, ...] = ()) -> list[str]:
    """The angles that a form offers to change, in the order of the figure.

    Those that some pose uses, and those of ``more``. Two sides that are alike in every pose are one
    control, named without a side: ``knee.flexion``.
    """
    used = {name for pose in exercise.poses for name, value in pose.angles.items() if value}
    used |= {name for key in more for name in names_of(key)}
    alike = {
        name
        for name in used
        if other_side(name) != name
        and all(
            pose.angles.get(name, 0.0) == pose.angles.get(other_side(name), 0.0)
            for pose in exercise.poses
        )
    }
    found = {_both(name) if name in alike else name for name in used}
    order = {name: place for place, name in enumerate(LIMITS)}
    return sorted(found, key=lambda key: min(order[name] for name in names_of(key)))


def _both(name: str) -> str:
    joint, _, movement = name.partition(".")
    return f"{joint[:-2]}.{movement}"


def names_of(control: str) -> tuple[str, ...]:
    """The angles that one control changes; none for a name that the figure does not know."""
    if control in LIMITS:
        return (control,)
    joint, _, movement = control.partition(".")
    both = tuple(f"{joint}_{side}.{movement}" for side in ("l", "r"))
    return both if all(name in LIMITS for name in both) else ()


def all_controls() -> list[str]:
    """Every angle of the figure, both sides together, in the order of the figure."""
    return list(dict.fromkeys(_both(name) if other_side(name) != name else name for name in LIMITS))


def limits_of(control: str) -> tuple[float, float]:
    """Least and most degrees of a control."""
    return LIMITS[names_of(control)[0]]


def posed(
    content: Mapping[str, Any], angles: Sequence[Mapping[str, float]], exercise: Exercise
) -> list[dict[str, Any]]:
    """The pose rows of a document with the angles of a form, every one of them written out.

    ``angles`` has a mapping of control to degrees for each pose of ``exercise``; what a control
    does not name stays as it was.
    """
    resolved: list[dict[str, float]] = []
    for pose, changed in zip(exercise.poses, angles, strict=True):
        one = dict(pose.angles)
        for control, degrees in changed.items():
            for name in names_of(control):
                one[name] = degrees
        resolved.append(one)
    written = sorted({name for one in resolved for name in one} | set(AT_EASE))
    rows = []
    for row, one in zip(content["pose"], resolved, strict=True):
        joints: dict[str, dict[str, float]] = {}
        for name in written:
            joint, _, movement = name.partition(".")
            joints.setdefault(joint, {})[movement] = one.get(name, 0.0)
        rows.append({**row, "joints": joints})
    return rows
