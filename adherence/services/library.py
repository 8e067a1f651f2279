"""The library: exercises of the package and of a clinic, found by filters and words.

The package's files are read once and kept in memory; a clinic's own are read again when one was
saved. What was prescribed is kept as it was, so a later file or save changes no patient's page.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from hashlib import blake2b
from threading import Lock
from typing import Any
from uuid import UUID

from adherence import library
from adherence.domain.access import Actor
from adherence.domain.activities import ExerciseName
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.exercises import (
    EQUIPMENT,
    GOALS,
    KINDS,
    LOCALES,
    PLACES,
    POSITIONS,
    REGIONS,
    Exercise,
    exercise_of,
)
from adherence.domain.figure import AT_EASE
from adherence.domain.own_exercises import Medium, OwnExercise, read_own
from adherence.domain.search import QUERY_LIMIT, Index, Text
from adherence.library import education
from adherence.library.documents import document
from adherence.library.education import Piece
from adherence.store import clinics
from adherence.store import exercises as table
from adherence.store.db import Run, read

NOTHING_NEEDED = "none"
"""The choice of equipment for those who have none."""
DIFFICULTIES = ("1", "2", "3", "4", "5")

CHOICES: Mapping[str, tuple[str, ...]] = {
    "region": REGIONS,
    "goal": GOALS,
    "position": POSITIONS,
    "equipment": (NOTHING_NEEDED, *EQUIPMENT),
    "difficulty": DIFFICULTIES,
    "kind": KINDS,
    "place": PLACES,
}
"""Every filter with what may be chosen in it."""

#: What a hit counts for, by where it is. Ours; the order is what matters.
TITLE, SEARCH, LABEL, PURPOSE, REST = 8.0, 6.0, 5.0, 2.5, 1.0
#: Shelves a process keeps: one for each clinic with exercises of its own, and language.
KEPT_SHELVES = 64

Content = dict[str, Any]
Label = Callable[[str, str], str]
"""Names a filter's value in a language: ("region", "knee") is "Knee"."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; one that says nothing wants everything.

    Every field but ``words`` is one of ``CHOICES``.
    """

    words: str = ""
    region: str = ""
    goal: str = ""
    position: str = ""
    equipment: str = ""
    difficulty: str = ""
    kind: str = ""
    place: str = ""

    def __post_init__(self) -> None:
        if len(self.words) > QUERY_LIMIT:
            raise InvalidInput("q", "too_long")
        for name, choices in CHOICES.items():
            chosen = getattr(self, name)
            if chosen and chosen not in choices:
                raise InvalidInput(name, "not_one_of_these")

    @property
    def is_all(self) -> bool:
        """Whether nothing is asked for in particular."""
        return not any(getattr(self, each.name) for each in fields(self))

    def fits(self, exercise: Exercise) -> bool:
        """Whether an exercise passes every filter; words are not looked at."""
        equipment = (
            not exercise.equipment
            if self.equipment == NOTHING_NEEDED
            else not self.equipment or self.equipment in exercise.equipment
        )
        return (
            equipment
            and (not self.region or self.region in exercise.regions)
            and (not self.goal or self.goal in exercise.goals)
            and (not self.place or self.place in exercise.place)
            and self.position in ("", exercise.position)
            and self.kind in ("", exercise.kind)
            and self.difficulty in ("", str(exercise.difficulty))
        )


class Shelf:
    """All exercises that a clinic offers, in one language, ready to be found."""

    def __init__(
        self,
        exercises: Iterable[Exercise],
        version: str,
        locale: str,
        label: Label,
        media: Mapping[str, tuple[Medium, ...]] | None = None,
    ) -> None:
        self.locale = locale
        #: Changes with every change of an exercise on it.
        self.version = version
        self._media = media or {}
        self._by_slug = {one.slug: one for one in exercises}
        self._places = {
            one.slug: (
                REGIONS.index(one.regions[0]),
                one.difficulty,
                one.words[locale].title.casefold(),
            )
            for one in self._by_slug.values()
        }
        self._labels = {
            (name, value): label(name, value)
            for name, choices in CHOICES.items()
            for value in choices
        }
        self._index: Index[str] = Index.of(self._text(one) for one in self._by_slug.values())
        #: For people who type in another language than the one they read in.
        self._others: Index[str] = Index.of(
            Text(one.slug, tuple((" ".join((w.title, *w.search)), SEARCH) for w in others))
            for one in self._by_slug.values()
            if (others := [said for other, said in one.words.items() if other != locale])
        )

    def __len__(self) -> int:
        return len(self._by_slug)

    def get(self, slug: str) -> Exercise | None:
        """The exercise of a slug in its newest version, None where there is none."""
        return self._by_slug.get(slug)

    def media(self, slug: str) -> tuple[Medium, ...]:
        """Pictures and films of a clinic's own exercise; none for ours."""
        return self._media.get(slug, ())

    def neighbours(self, slugs: Iterable[str]) -> list[Exercise]:
        """Those of ``slugs`` that are on the shelf, in their order."""
        return [self._by_slug[slug] for slug in slugs if slug in self._by_slug]

    def find(self, wanted: Wanted) -> list[Exercise]:
        """What fits, the best answer to the words first; else by region and difficulty."""
        scores: Mapping[str, float] = {}
        if wanted.words.strip():
            scores = self._index.find(wanted.words) or self._others.find(wanted.words)
            if not scores:
                return []
        found = [
            one
            for one in self._by_slug.values()
            if (not scores or one.slug in scores) and wanted.fits(one)
        ]
        return sorted(found, key=lambda one: (-scores.get(one.slug, 0.0), self._places[one.slug]))

    def _text(self, one: Exercise) -> Text[str]:
        said = one.words[self.locale]
        labels = [self._labels["region", region] for region in one.regions]
        more = [
            self._labels[name, value]
            for name, values in (
                ("goal", one.goals),
                ("position", (one.position,)),
                ("equipment", one.equipment),
                ("kind", (one.kind,)),
                ("place", one.place),
            )
            for value in values
        ]
        rest = (said.body, *said.start, *said.steps, *said.mistakes)
        return Text(
            one.slug,
            (
                (said.title, TITLE),
                (" ".join(said.search), SEARCH),
                (" ".join(labels), LABEL),
                (" ".join(more), PURPOSE),
                (said.purpose, PURPOSE),
                (" ".join(rest), REST),
            ),
            said.search,
        )


class _Shelves:
    """Shelves by clinic, stamp and language; the one asked for longest ago goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Shelf] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], Shelf]) -> Shelf:
        found = self._kept.get(key)
        if found is None:
            found = make()
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > KEPT_SHELVES:
                    self._kept.popitem(last=False)
        return found


_shelves = _Shelves()


@cache
def package_version() -> str:
    """What stands for the content of all files of the package: 12 hexadecimal digits."""
    documents = [document(slug) for slug in sorted(library.exercises())]
    said = json.dumps(documents, sort_keys=True, ensure_ascii=False)
    return blake2b(said.encode(), digest_size=6).hexdigest()


def shelf(actor: Actor, locale: str, label: Label) -> Shelf:
    """Everything that the actor's clinic offers, in the language ``locale``."""
    with read() as run:
        stamp = run.first(table.own_stamp, clinic_id=actor.clinic_id)
        known = (None,) if stamp is None or not stamp.many else (actor.clinic_id, *stamp)

        def make() -> Shelf:
            rows = run.all(table.own_newest, clinic_id=actor.clinic_id) if len(known) > 1 else []
            own = [read_own(row.content) for row in rows]
            version = blake2b(repr(known).encode(), digest_size=4).hexdigest()
            return Shelf(
                [*library.exercises().values(), *(one.exercise for one in own)],
                package_version() if not own else f"{package_version()}-{version}",
                locale,
                label,
                {one.exercise.slug: one.media for one in own},
            )

        return _shelves.get((*known, locale), make)


def exercise(actor: Actor, slug: str, version: int | None = None) -> Exercise:
    """An exercise as a version showed it; the newest where none is named.

    A version that was prescribed comes from the record, whatever the package holds today.

    Raises:
        NotFound: no such exercise or version, or one of another clinic.
    """
    return shown(actor, slug, version).exercise


def shown(actor: Actor, slug: str, version: int | None = None) -> OwnExercise:
    """An exercise as ``exercise`` finds it, with the pictures and films of a clinic's own.

    Raises:
        NotFound: no such exercise or version, or one of another clinic.
    """
    with read() as run:
        return _shown(run, actor.clinic_id, slug, version)


def _shown(run: Run, clinic_id: UUID, slug: str, version: int | None) -> OwnExercise:
    ours = library.exercises().get(slug)
    if ours is not None and version is None:
        return OwnExercise(ours, (), LOCALES)
    if version is None:
        row = run.first(table.own_by_slug, clinic_id=clinic_id, slug=slug)
        if row is None:
            raise NotFound
        version = row.version
    asked = {"clinic_id": clinic_id, "slug": slug, "version": version}
    kept = run.first(table.prescribed, **asked)
    if kept is not None:
        return OwnExercise(exercise_of(kept.content, AT_EASE), (), LOCALES)
    own = run.first(table.own_version, **asked)
    if own is not None:
        return read_own(own.content)
    if ours is None or ours.version != version:
        raise NotFound
    return OwnExercise(ours, (), LOCALES)


def is_own(slug: str) -> bool:
    """Whether a clinic made the exercise, and not the package."""
    return slug not in library.exercises()


def keep_prescribed(run: Run, clinic_id: UUID, name: str, now: datetime) -> None:
    """Make sure that the version that ``name`` names can be read for ever.

    A clinic's own versions never change; one of the package is copied into the record when it is
    prescribed for the first time.

    Raises:
        InvalidInput: there is no such exercise or version.
    """
    named = ExerciseName.read(name)
    slug, version = named.slug, named.version
    try:
        _shown(run, clinic_id, slug, version)
    except NotFound as error:
        raise InvalidInput("exercise", "unknown") from error
    asked = {"clinic_id": clinic_id, "slug": slug, "version": version}
    if is_own(slug) or run.first(table.prescribed, **asked) is not None:
        return
    # Two therapists may ask for it first at the same time; the clinic's lock puts them in order.
    run.first(clinics.lock_clinic, clinic_id=clinic_id)
    if run.first(table.prescribed, **asked) is None:
        run.do(table.add_prescribed, **asked, content=document(slug), kept_at=now)


def lessons() -> tuple[Piece, ...]:
    """Every education piece, in the order in which they are read."""
    return education.all_pieces()


def lesson(slug: str) -> Piece:
    """One education piece.

    Raises:
        NotFound: there is none of this name.
    """
    try:
        return education.piece(slug)
    except KeyError as error:
        raise NotFound from error
