"""The words that patients agree to: versions, each in three languages, never edited once used.

One file a purpose, ``consent/<purpose>.toml``. A clinic adds versions of its own from a folder of
such files; they are numbered from 100 on, so that both kinds have one order and no number twice.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adherence.domain.consent import FIRST_OWN_VERSION, LANGUAGES, Purpose, Version, least_version

FOLDER = Path(__file__).resolve().parent / "consent"


class MalformedText(ValueError):
    """A file of words to agree to is not as it must be; the text names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class Words:
    """A version in one language."""

    title: str
    summary: str
    paragraphs: tuple[str, ...]
    stops: str
    agree: str


@dataclass(frozen=True, slots=True)
class Text:
    """A version of the words of one purpose."""

    purpose: Purpose
    version: Version
    words: Mapping[str, Words]

    def digest(self, language: str) -> bytes:
        """SHA-256 of all of it in one language: what was agreed to, to the letter."""
        whole = [self.purpose.value, self.version.number, language, asdict(self.words[language])]
        written = json.dumps(whole, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(written.encode()).digest()


@cache
def texts(folder: str = "") -> Mapping[Purpose, tuple[Text, ...]]:
    """Every version of every purpose, oldest first; ``folder`` holds a clinic's own, if any.

    Raises:
        MalformedText: a file is not as it must be.
    """
    found: dict[Purpose, list[Text]] = {}
    for purpose in Purpose:
        found[purpose] = _read(FOLDER / f"{purpose.value}.toml", purpose, is_own=False)
        if folder and (own := Path(folder) / f"{purpose.value}.toml").is_file():
            found[purpose] += _read(own, purpose, is_own=True)
    return MappingProxyType({purpose: tuple(each) for purpose, each in found.items()})


def in_force(purpose: Purpose, now: datetime, folder: str = "") -> Text:
    """The newest version of a purpose whose day has come."""
    return [one for one in texts(folder)[purpose] if one.version.is_in_force(now)][-1]


def text_of(purpose: Purpose, number: int, folder: str = "") -> Text | None:
    """A version of a purpose, None where there is none of this number."""
    return next((one for one in texts(folder)[purpose] if one.version.number == number), None)


def least(purpose: Purpose, now: datetime, folder: str = "") -> int:
    """The oldest version of a purpose to which a yes still holds."""
    return least_version((one.version for one in texts(folder)[purpose]), now)


def _read(path: Path, purpose: Purpose, *, is_own: bool) -> list[Text]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return parse(raw, purpose, is_own=is_own)
    except (KeyError, TypeError, AttributeError, OSError, ValueError) as error:
        raise MalformedText(f"{path.name}: {error}") from error


def parse(raw: dict[str, Any], purpose: Purpose, *, is_own: bool) -> list[Text]:
    """The versions that a file describes.

    Raises:
        MalformedText: the text says what is wrong.
        KeyError, TypeError: a key is missing, or one is there that nothing knows.
    """
    found = [_text(purpose, dict(one)) for one in raw["version"]]
    numbers = [one.version.number for one in found]
    begins = [one.version.begins_on for one in found]
    wrong = {
        "is about another purpose than its name": raw["purpose"] != purpose.value,
        "has keys that nothing knows": bool(raw.keys() - {"purpose", "version"}),
        "has no version": not found,
        "does not number its versions upwards": numbers != sorted(set(numbers)),
        f"numbers a version of the clinic's own below {FIRST_OWN_VERSION}": is_own
        and any(number < FIRST_OWN_VERSION for number in numbers),
        "numbers a version outside 1 to 99": not is_own
        and not all(0 < number < FIRST_OWN_VERSION for number in numbers),
        "begins with a version that is not there from the start": not is_own
        and begins[:1] != [None],
        "leaves something empty": any(_has_gaps(words) for one in found for words in _all(one)),
    }
    if said := [what for what, is_so in wrong.items() if is_so]:
        raise MalformedText(", ".join(said))
    return found


def _text(purpose: Purpose, raw: dict[str, Any]) -> Text:
    languages = raw.pop("words")
    if languages.keys() != {*LANGUAGES}:
        raise MalformedText(f"version {raw.get('number')} is not in {', '.join(LANGUAGES)}")
    words = {
        name: Words(**{**languages[name], "paragraphs": tuple(languages[name]["paragraphs"])})
        for name in LANGUAGES
    }
    return Text(purpose, Version(**raw), MappingProxyType(words))


def _all(text: Text) -> list[Words]:
    return [text.words[name] for name in LANGUAGES]


def _has_gaps(words: Words) -> bool:
    parts = (words.title, words.summary, *words.paragraphs, words.stops, words.agree)
    return not words.paragraphs or not all(isinstance(part, str) and part.strip() for part in parts)
