"""Prints how easy the words of the exercises are to read, per language.

    python -m tests.library.readability [slug …]

For each language and exercise: sentences, words a sentence (mean and longest), share of long words,
and LIX (C.-H. Björnsson, "Läsbarhet", 1968): words a sentence plus the percentage of words of more
than six letters. Björnsson reads below 30 as very easy, below 40 as easy, below 50 as middling. The
figure does not fit two languages alike: German and Russian words are longer, so only texts of one
language should be compared. Words for therapists (`caution`) and search words are left out.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adherence.domain.exercises import LOCALES, Exercise, ExerciseWords
from adherence.library import exercises

LONG = 6
_SENTENCE = re.compile(r"[^.!?:]+[.!?:]*")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Readability:
    """How long the sentences and words of some text are."""

    sentences: int
    words: int
    longest: int
    long_words: int

    @property
    def mean(self) -> float:
        """Words a sentence."""
        return self.words / self.sentences

    @property
    def lix(self) -> float:
        """Björnsson's index."""
        return self.mean + 100 * self.long_words / self.words


def sentences_of(text: str) -> list[list[str]]:
    """Return the words of each sentence."""
    found = (_WORD.findall(part) for part in _SENTENCE.findall(text.replace("\u00ad", "")))
    return [words for words in found if words]


def readability(texts: Iterable[str]) -> Readability:
    """Return the figures of all texts together."""
    sentences = [words for text in texts for words in sentences_of(text)]
    every = [word for words in sentences for word in words]
    return Readability(
        sentences=len(sentences),
        words=len(every),
        longest=max((len(words) for words in sentences), default=0),
        long_words=sum(len(word) > LONG for word in every),
    )


def texts_for_patients(words: ExerciseWords) -> list[str]:
    """Return the sentences a patient reads."""
    lists = (words.start, words.steps, words.mistakes, words.stop)
    return [words.purpose, words.body, *(text for texts in lists for text in texts)]


def _row(name: str, figures: Readability) -> str:
    return (
        f"{name:30} {figures.sentences:9} {figures.mean:6.1f} {figures.longest:8} "
        f"{100 * figures.long_words / figures.words:6.0f} {figures.lix:6.1f}"
    )


def main(names: Sequence[str]) -> None:
    """Print the table."""
    chosen: list[Exercise] = [e for slug, e in exercises().items() if not names or slug in names]
    for locale in LOCALES:
        print(f"{locale:30} sentences   mean  longest  long %    LIX")
        every: list[str] = []
        for exercise in chosen:
            texts = texts_for_patients(exercise.words[locale])
            every += texts
            print(_row(exercise.slug, readability(texts)))
        print(_row("all", readability(every)), end="\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
