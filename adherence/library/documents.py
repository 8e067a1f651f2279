"""The plain data of an exercise file, for whoever keeps a copy of it or begins another from it."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from adherence.domain.errors import NotFound
from adherence.library.reader import exercises


def document(slug: str) -> dict[str, Any]:
    """The data of one file of the package, a copy of its own.

    Raises:
        NotFound: there is no such exercise.
    """
    return deepcopy(_read(slug))


@cache
def _read(slug: str) -> dict[str, Any]:
    if slug not in exercises():
        raise NotFound
    path = files("adherence.library") / "exercises" / f"{slug}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
