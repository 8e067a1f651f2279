"""Reads the exercise files of the package."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from adherence.domain import motions
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.exercises import Exercise, exercise_of
from adherence.domain.figure import AT_EASE


def exercise_at(path: Traversable) -> Exercise:
    """Return the exercise a TOML file holds.

    Raises InvalidInput when it is no TOML or describes no exercise.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise InvalidInput(path.name, str(wrong)) from wrong
    return exercise_of(data, AT_EASE)


@cache
def exercises() -> Mapping[str, Exercise]:
    """Return every exercise of the package by slug, in the order of slugs."""
    folder = files("adherence.library") / "exercises"
    found = [exercise_at(path) for path in folder.iterdir() if path.name.endswith(".toml")]
    return MappingProxyType({e.slug: e for e in sorted(found, key=lambda e: e.slug)})


def exercise_named(slug: str) -> Exercise:
    """Return one exercise; raises NotFound when there is none of this name."""
    try:
        return exercises()[slug]
    except KeyError as missing:
        raise NotFound("exercise") from missing


@cache
def motion(slug: str) -> Mapping[str, Any]:
    """Return the movement of one exercise for the browser; see FORMAT.md. Raises NotFound."""
    return motions.motion(exercise_named(slug))
