"""The library in the reader's language: what its filters and their values are called."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import url_for

from adherence.domain.access import Actor
from adherence.domain.activities import ExerciseName
from adherence.domain.exercises import Exercise
from adherence.services import library
from adherence.services.library import Shelf
from adherence.web.locale import catalogue, current


def _marked(message: str) -> str:
    """Return the message itself; it is only marked here, and translated where it is used."""
    return message


FILTERS = {
    "region": _marked("Part of the body"),
    "goal": _marked("Good for"),
    "position": _marked("Position"),
    "equipment": _marked("What you need"),
    "difficulty": _marked("How hard"),
    "kind": _marked("Kind"),
    "place": _marked("Where"),
}
ANY = {
    "region": _marked("any part"),
    "goal": _marked("anything"),
    "position": _marked("any position"),
    "equipment": _marked("anything at all"),
    "difficulty": _marked("any"),
    "kind": _marked("any kind"),
    "place": _marked("anywhere"),
}
"""What stands in a filter while nothing is chosen."""
NAMES = {
    "region": {
        "neck": _marked("Neck"),
        "shoulder": _marked("Shoulder"),
        "elbow": _marked("Elbow"),
        "wrist-hand": _marked("Wrist and hand"),
        "upper-back": _marked("Upper back"),
        "lower-back": _marked("Lower back"),
        "hip": _marked("Hip"),
        "knee": _marked("Knee"),
        "ankle-foot": _marked("Ankle and foot"),
        "balance": _marked("Balance"),
        "breathing": _marked("Breathing"),
    },
    "goal": {
        "stairs": _marked("Climbing stairs"),
        "walking": _marked("Walking"),
        "standing-up": _marked("Standing up"),
        "reaching": _marked("Reaching up"),
        "lifting": _marked("Lifting and carrying"),
        "gripping": _marked("Gripping"),
        "dressing": _marked("Getting dressed"),
        "sleeping": _marked("Lying and sleeping"),
        "balance": _marked("Standing steady"),
        "posture": _marked("Sitting and standing upright"),
        "breathing": _marked("Breathing freely"),
    },
    "position": {
        "standing": _marked("Standing"),
        "sitting": _marked("Sitting"),
        "lying-back": _marked("Lying on the back"),
        "lying-front": _marked("Lying face down"),
        "lying-side": _marked("Lying on the side"),
        "kneeling": _marked("Kneeling"),
        "four-point": _marked("On hands and knees"),
    },
    "equipment": {
        library.NOTHING_NEEDED: _marked("Nothing"),
        "chair": _marked("Chair"),
        "band": _marked("Exercise band"),
        "stick": _marked("Stick"),
        "ball": _marked("Ball"),
        "towel": _marked("Towel"),
        "cushion": _marked("Cushion"),
        "step": _marked("Step"),
        "wall": _marked("Wall"),
        "bed": _marked("Bed"),
        "table": _marked("Table"),
    },
    "difficulty": {
        "1": _marked("Very easy"),
        "2": _marked("Easy"),
        "3": _marked("Medium"),
        "4": _marked("Hard"),
        "5": _marked("Very hard"),
    },
    "kind": {
        "strength": _marked("Strength"),
        "mobility": _marked("Mobility"),
        "stretch": _marked("Stretching"),
        "balance": _marked("Balance"),
        "breathing": _marked("Breathing"),
    },
    "place": {
        "chair": _marked("On a chair"),
        "bed": _marked("In bed"),
    },
}


def name_in(locale: str, filter_name: str, value: str) -> str:
    """Return what a filter's value is called in a language."""
    return catalogue(locale).gettext(NAMES[filter_name][value])


def name(filter_name: str, value: str) -> str:
    """Return what a filter's value is called in the reader's language."""
    return name_in(current(), filter_name, value)


def shelf(actor: Actor, locale: str | None = None) -> Shelf:
    """Return the exercises of the actor's clinic in a language; the reader's where none is said."""
    said = locale or current()
    return library.shelf(actor, said, _labels(said))


@cache
def _labels(locale: str) -> library.Label:
    return lambda filter_name, value: name_in(locale, filter_name, value)


def address(name: str | None) -> str:
    """Return where the exercise that was prescribed can be read, in its version and on its side.

    Empty where none is named.
    """
    if name is None:
        return ""
    read = ExerciseName.read(name)
    more: dict[str, Any] = {"side": read.side} if read.side else {}
    return url_for("library.show_version", slug=read.slug, version=read.version, **more)


def facts(exercise: Exercise) -> list[str]:
    """Return what decides whether an exercise can be done here: region, position, equipment."""
    return [
        name("region", exercise.regions[0]),
        name("position", exercise.position),
        *(name("equipment", each) for each in exercise.equipment),
    ]
