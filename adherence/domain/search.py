"""Finding by words: folded, by the beginning of a word, by its stem, and with one letter wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from adherence.domain.texts import clean

Key = TypeVar("Key")

QUERY_LIMIT = 120
"""Characters of a query; a longer one is no search."""
MOST_WORDS = 12

#: How well a word of a text answers a word of a query. Ours; the order is what matters.
EXACT, BEGINS, STEM, INSIDE, ONE_WRONG = 1.0, 0.85, 0.7, 0.55, 0.4

#: A shorter word has too many neighbours for a wrong letter, a stem or a part of a compound.
LONG_ENOUGH = 4
#: Russian declines even words as short as this ("шея", "шею"); of others the end tells them apart.
SHORT = 3
#: Endings that declension and plural add: at most this many letters ("Treppen", "лестницей").
ENDING = 3

_WORD = re.compile(r"[^\W_]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(text: str) -> str:
    """The text as it is compared: no case, no accents, no soft hyphens.

    ``ß`` reads ``ss``, ``ä`` reads ``a`` and ``ё`` reads ``е``.

    >>> fold("Straße über Ёлка")
    'strasse uber елка'
    """
    plain = unicodedata.normalize("NFKD", text.replace("\u00ad", "").casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))


def words_of(text: str) -> list[str]:
    """The folded words of a text, in its order."""
    return _WORD.findall(fold(text))


def spelt(text: str) -> set[str]:
    """Folded words with both ways to write an umlaut, for people without one on the keyboard."""
    found = set(words_of(text))
    lower = text.replace("\u00ad", "").lower()
    if any(each in lower for each in "äöü"):
        found |= set(words_of(lower.translate(_UMLAUTS)))
    return found


def is_one_off(one: str, other: str) -> bool:
    """Whether one letter put in, left out, changed or swapped with its neighbour parts them."""
    if one == other:
        return False
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = 0
    while at < len(one) and one[at] == other[at]:
        at += 1
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    if one[at + 1 :] == other[at + 1 :]:
        return True
    return one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]


def fit(asked: str, word: str) -> float:
    """How well a folded word of a text answers a folded word of a query; 0.0 for not at all."""
    if asked == word:
        return EXACT
    if word.startswith(asked):
        return BEGINS
    if len(asked) == len(word) == SHORT and asked[:-1] == word[:-1] and not asked.isascii():
        return STEM
    if len(asked) < LONG_ENOUGH or len(word) < LONG_ENOUGH:
        return 0.0
    if _has_one_stem(asked, word):
        return STEM
    if asked in word:
        return INSIDE
    if is_one_off(asked, word):
        return ONE_WRONG
    # Somebody still typing the word, with a letter wrong in what is there so far.
    if len(word) > len(asked) >= LONG_ENOUGH + 1 and (
        is_one_off(asked, word[: len(asked)]) or is_one_off(asked, word[: len(asked) + 1])
    ):
        return ONE_WRONG / 2
    return 0.0


def _has_one_stem(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    same = 0
    while same < shorter and one[same] == other[same]:
        same += 1
    if same < LONG_ENOUGH or same < shorter - 2:
        return False
    return max(len(one), len(other)) - same <= ENDING


@dataclass(frozen=True, slots=True)
class Text(Generic[Key]):
    """One thing that can be found: its texts, each with how much a hit there counts."""

    key: Key
    parts: tuple[tuple[str, float], ...]
    #: Phrases that answer a query on their own.
    phrases: tuple[str, ...] = ()


@dataclass(slots=True)
class Index(Generic[Key]):
    """Texts ready to be found. Built once, read by many."""

    #: word -> key -> the most that a hit of this word counts for this key.
    _weights: dict[str, dict[Key, float]] = field(default_factory=dict)
    _phrases: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    _fits: dict[str, dict[Key, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Iterable[Text[Key]]) -> Index[Key]:
        """An index of ``texts``."""
        made: Index[Key] = cls()
        for text in texts:
            made._phrases[text.key] = tuple(" ".join(words_of(one)) for one in text.phrases)
            for said, weight in text.parts:
                for word in spelt(said):
                    known = made._weights.setdefault(word, {})
                    known[text.key] = max(weight, known.get(text.key, 0.0))
        return made

    def find(self, query: str) -> Mapping[Key, float]:
        """What answers ``query``, each with how well; empty for a query without a word.

        Every word has to be answered. Where nothing answers all of them, what answers most does.
        """
        asked = _asked(query)
        if not asked:
            return {}
        answers = [self._answers(word) for word in asked]
        hits: dict[Key, int] = {}
        scores: dict[Key, float] = {}
        for answer in answers:
            for key, score in answer.items():
                hits[key] = hits.get(key, 0) + 1
                scores[key] = scores.get(key, 0.0) + score
        most = max(hits.values(), default=0)
        phrase = " ".join(asked)
        return {
            key: score + self._phrase(key, phrase)
            for key, score in scores.items()
            if hits[key] == most
        }

    def _phrase(self, key: Key, phrase: str) -> float:
        known = self._phrases[key]
        if phrase in known:
            return 20.0
        return 8.0 if any(one.startswith(phrase) for one in known) else 0.0

    def _answers(self, asked: str) -> dict[Key, float]:
        kept = self._fits.get(asked)
        if kept is not None:
            return kept
        best: dict[Key, float] = {}
        for word, weights in self._weights.items():
            good = fit(asked, word)
            if good:
                for key, weight in weights.items():
                    best[key] = max(best.get(key, 0.0), good * weight)
        if len(self._fits) > 2_000:
            self._fits.clear()
        self._fits[asked] = best
        return best


def _asked(query: str) -> list[str]:
    """The folded words of a query, each once.

    Raises:
        InvalidInput: the query is longer than ``QUERY_LIMIT``.
    """
    return list(dict.fromkeys(words_of(clean(query, QUERY_LIMIT, field="q"))))[:MOST_WORDS]
