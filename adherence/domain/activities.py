"""What is asked of a patient: activities, their revisions, and what they make due."""

import itertools
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from adherence.domain.entries import NOTHING_SAID, PAIN_SCALE, SYMPTOM_LIMIT, Amounts
from adherence.domain.errors import InvalidInput
from adherence.domain.schedules import Occurrence, Schedule, occurrences
from adherence.domain.zones import DAY, Zones

TITLE_LIMIT = 120
INSTRUCTIONS_LIMIT = 4000
UNIT_LIMIT = 40
LONGEST_MINUTES = 24 * 60
EXERCISE_LIMIT = 80
"""Characters of the name of an exercise and its version."""
_EXERCISE = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)@([1-9][0-9]{0,5})(?:/(left|right))?", re.ASCII)


class ActivityKind(StrEnum):
    """The four things that can be asked."""

    EXERCISE = "exercise"
    MEDICATION = "medication"
    CHECK_IN = "check_in"
    TASK = "task"


class Discipline(StrEnum):
    """Whose care plan it is; several may run side by side."""

    PHYSIOTHERAPY = "physiotherapy"
    OCCUPATIONAL_THERAPY = "occupational_therapy"
    MEDICATION = "medication"
    NURSING = "nursing"
    PSYCHOLOGY = "psychology"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ExerciseName:
    """Which exercise of the library, in which version, and for which side of the body.

    Written ``heel-raise@1`` or ``heel-raise-single@1/left``; no side means both, or the middle.
    """

    slug: str
    version: int
    side: str = ""

    @classmethod
    def read(cls, text: str) -> "ExerciseName":
        """The name that ``text`` writes.

        Raises:
            InvalidInput: it writes none.
        """
        found = _EXERCISE.fullmatch(text) if len(text) <= EXERCISE_LIMIT else None
        if found is None:
            raise InvalidInput("exercise", "no_name")
        return cls(found[1], int(found[2]), found[3] or "")

    def __str__(self) -> str:
        return f"{self.slug}@{self.version}" + (f"/{self.side}" if self.side else "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one occurrence asks for.

    ``unit`` belongs to ``amounts.quantity``; ``symptom`` is what a check-in asks about;
    ``pain_limit`` (0 to 10) is where the patient was told to stop; ``minutes`` is how long it
    takes. ``optional`` ones are shown and never counted as adherence. ``exercise`` is the one of
    the library that was shown when it was asked for; see ``ExerciseName``.
    """

    title: str
    instructions: str = ""
    amounts: Amounts = NOTHING_SAID
    unit: str | None = None
    symptom: str | None = None
    pain_limit: int | None = None
    minutes: int | None = None
    optional: bool = False
    exercise: str | None = None

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InvalidInput("title", "required")
        for field, text, limit in (
            ("title", self.title, TITLE_LIMIT),
            ("instructions", self.instructions, INSTRUCTIONS_LIMIT),
            ("unit", self.unit, UNIT_LIMIT),
            ("symptom", self.symptom, SYMPTOM_LIMIT),
        ):
            if text is not None and len(text) > limit:
                raise InvalidInput(field, "too_long")
        if self.pain_limit is not None and not PAIN_SCALE[0] <= self.pain_limit <= PAIN_SCALE[1]:
            raise InvalidInput("pain_limit", "out_of_range")
        if self.minutes is not None and not 0 <= self.minutes <= LONGEST_MINUTES:
            raise InvalidInput("minutes", "out_of_range")
        if self.exercise is not None:
            ExerciseName.read(self.exercise)
        for field in _AMOUNTS:
            amount = getattr(self.amounts, field)
            if amount is not None and not amount > 0:
                raise InvalidInput(f"amounts.{field}", "out_of_range")

    def to_json(self) -> dict[str, Any]:
        """The wire form, which is also the stored form: every key, always in the same order."""
        return {
            "title": self.title,
            "instructions": self.instructions,
            "amounts": {field: getattr(self.amounts, field) for field in _AMOUNTS},
            "unit": self.unit,
            "symptom": self.symptom,
            "pain_limit": self.pain_limit,
            "minutes": self.minutes,
            "optional": self.optional,
            "exercise": self.exercise,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Asked":
        """What a wire form describes; absent keys have their defaults, unknown ones raise."""
        if not isinstance(document, dict) or document.keys() - _KEYS:
            raise InvalidInput("asked", "unknown_key")
        if not isinstance(document.get("title"), str):
            raise InvalidInput("title", "required")
        amounts = document.get("amounts") or {}
        if not isinstance(amounts, dict) or amounts.keys() - set(_AMOUNTS):
            raise InvalidInput("amounts", "unknown_key")
        symptom = document.get("symptom")
        if isinstance(symptom, str):
            # An entry of it never had more room; a longer name was stored before it was refused.
            document = {**document, "symptom": symptom[:SYMPTOM_LIMIT]}
        try:
            return cls(**{**document, "amounts": Amounts(**amounts)})
        except (TypeError, AttributeError) as error:
            raise InvalidInput("asked") from error


_AMOUNTS = ("sets", "reps", "hold_seconds", "quantity")
_KEYS = {
    "title",
    "instructions",
    "amounts",
    "unit",
    "symptom",
    "pain_limit",
    "minutes",
    "optional",
    "exercise",
}


@dataclass(frozen=True, slots=True)
class Revision:
    """What an activity asks from one local day on, until the day of the next revision."""

    number: int
    effective_on: date
    schedule: Schedule
    asked: Asked


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing asked of one patient; the identity stays, revisions follow each other.

    ``ended_on`` is the first local day on which it is no longer asked, None while it runs.
    """

    id: UUID
    kind: ActivityKind
    plan_id: UUID
    revisions: tuple[Revision, ...]
    ended_on: date | None = None

    def __post_init__(self) -> None:
        days = [revision.effective_on for revision in self.revisions]
        if not days or any(later <= day for day, later in itertools.pairwise(days)):
            raise InvalidInput("revisions", "not_in_order")

    def revision_on(self, day: date) -> Revision | None:
        """The revision that governs a local day; None before the first."""
        governing = None
        for revision in self.revisions:
            if revision.effective_on > day:
                break
            governing = revision
        return governing

    def stages(self) -> list[tuple[Revision, date]]:
        """Each revision with the day it stops governing (exclusive), oldest first.

        One that would begin after the activity's end never governs and is left out.
        """
        end = self.ended_on or date.max
        if len(self.revisions) == 1:
            return [(self.revisions[0], end)]
        following = [*(revision.effective_on for revision in self.revisions[1:]), date.max]
        return [
            (revision, min(stop, end))
            for revision, stop in zip(self.revisions, following, strict=True)
            if revision.effective_on < end or revision is self.revisions[0]
        ]


def was_asked(activity: Activity, zones: Zones, day: date, slot: int) -> bool:
    """Whether (day, slot) is or ever was an occurrence of the activity.

    One that a later revision took back counts: somebody may have had its form open meanwhile.
    """
    return any(
        one.slot == slot
        for revision in activity.revisions
        if revision.effective_on <= day
        for one in occurrences(
            revision.schedule, zones, day, day + DAY, activity.id, revision.effective_on
        )
    )


def due(activity: Activity, zones: Zones, first: date, until: date) -> list[Occurrence]:
    """Every occurrence asked on the days [first, until), by day and slot.

    Each revision governs its own days, so that revising never changes what was asked on a past day.
    Its phases (every n days, cycles) count from its own schedule's start.
    """
    found: list[Occurrence] = []
    for revision, stop in activity.stages():
        begin, end = revision.effective_on, min(until, stop)
        if begin < end and first < end:
            found += occurrences(revision.schedule, zones, first, end, activity.id, begin)
    return found
