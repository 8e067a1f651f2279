"""Education pieces: short texts in three languages, each with a question back.

One file a piece, ``education/<slug>.toml``. Nothing in them diagnoses or says how much of a
medicine to take; where that would be the next question, they name the person to ask.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

LANGUAGES = ("en", "de", "ru")
TOPICS = ("pain", "activity", "sleep", "goals", "exercise", "medicine")
ANSWERS = 3
FOLDER = Path(__file__).resolve().parent / "education"


class MalformedPiece(ValueError):
    """An education file is not as it must be; the text names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a piece rests on: who wrote what in which year, and a DOI or number where certain."""

    by: str
    title: str
    year: int
    where: str


@dataclass(frozen=True, slots=True)
class Words:
    """A piece in one language."""

    title: str
    summary: str
    paragraphs: tuple[str, ...]
    question: str
    answers: tuple[str, ...]
    because: str
    search: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A version of one piece; ``right`` counts the answers from 1."""

    slug: str
    version: int
    order: int
    topic: str
    right: int
    sources: tuple[Source, ...]
    words: Mapping[str, Words]

    def is_right(self, answer: int) -> bool:
        """Whether the answer of this number, counted from 1, is the right one."""
        return answer == self.right


@cache
def all_pieces() -> tuple[Piece, ...]:
    """Return every piece in reading order.

    Raises:
        MalformedPiece: a file is not as it must be, or two claim the same place.
    """
    found = sorted((_read(path) for path in FOLDER.glob("*.toml")), key=lambda each: each.order)
    if [each.order for each in found] != list(range(1, len(found) + 1)):
        raise MalformedPiece("the pieces are not numbered 1, 2, 3 … in their order")
    return tuple(found)


def piece(slug: str) -> Piece:
    """Return the piece of this name.

    Raises:
        KeyError: there is none.
    """
    return _by_slug()[slug]


@cache
def _by_slug() -> dict[str, Piece]:
    return {each.slug: each for each in all_pieces()}


def _read(path: Path) -> Piece:
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")), path.stem)
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise MalformedPiece(f"{path.name}: {error!r}") from error


def parse(raw: dict[str, Any], slug: str) -> Piece:
    """Return the piece that the file named ``slug`` describes.

    Raises:
        MalformedPiece: the text says what is wrong.
        KeyError, TypeError: a key is missing, or one is there that nothing knows.
    """
    languages = raw["words"]
    found = Piece(
        **{key: raw[key] for key in ("slug", "version", "order", "topic", "right")},
        sources=tuple(Source(**each) for each in raw["sources"]),
        words=MappingProxyType({name: _words(languages[name]) for name in LANGUAGES}),
    )
    known = {each.name for each in fields(Piece)}
    wrong = {
        "has another name than its file": found.slug != slug,
        "has keys that nothing knows": bool(raw.keys() - known or languages.keys() - {*LANGUAGES}),
        "has no such topic": found.topic not in TOPICS,
        "has a version below 1": found.version < 1,
        "marks no answer as right": not 1 <= found.right <= ANSWERS,
        "names no source": not found.sources,
        "has an empty source": not all(each.by and each.title for each in found.sources),
        "differs between languages": len({_shape(each) for each in found.words.values()}) > 1,
        "does not have three answers": len(found.words["en"].answers) != ANSWERS,
        "leaves something empty": any(_has_gaps(each) for each in found.words.values()),
        "offers an answer twice": any(_repeats(each.answers) for each in found.words.values()),
    }
    if said := [what for what, is_so in wrong.items() if is_so]:
        raise MalformedPiece(f"{slug} {', '.join(said)}")
    return found


def _words(raw: dict[str, Any]) -> Words:
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()
    }
    return Words(**given)


def _shape(words: Words) -> tuple[int, ...]:
    return (len(words.paragraphs), len(words.answers), len(words.search))


def _has_gaps(words: Words) -> bool:
    lists = (words.paragraphs, words.answers, words.search)
    single = (words.title, words.summary, words.question, words.because)
    texts = [*single, *(text for each in lists for text in each)]
    return not all(lists) or not all(isinstance(text, str) and text.strip() for text in texts)


def _repeats(texts: tuple[str, ...]) -> bool:
    return max(Counter(texts).values()) > 1
