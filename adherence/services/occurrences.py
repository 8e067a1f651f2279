"""Occurrences: what is due when, and what became of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from adherence.domain import activities
from adherence.domain.access import Actor
from adherence.domain.errors import InvalidInput
from adherence.domain.matching import Outcome
from adherence.services.day_sums import outcomes_between
from adherence.services.plans import opened
from adherence.store.db import read

#: The most days that may be asked for at once.
LONGEST = timedelta(days=400)


def occurrences(
    actor: Actor, patient_id: UUID, first: date, until: date, now: datetime
) -> list[Outcome]:
    """What became of everything due on the days of [first, until), in order of day and time.

    Raises:
        InvalidInput: an empty period, or one longer than ``LONGEST``.
        NotFound: no such patient in the actor's clinic.
    """
    if until <= first:
        raise InvalidInput("until", "before_the_start")
    if until - first > LONGEST:
        raise InvalidInput("until", "too_long")
    with read() as run:
        _, care = opened(run, actor, patient_id)
        found = [
            outcome
            for judged, _ in outcomes_between(run, care, first, until, now).values()
            for outcome in judged
        ]
    return sorted(found, key=in_order)


def asked_for(
    actor: Actor, patient_id: UUID, first: date | None, until: date | None, now: datetime
) -> list[Outcome]:
    """The same for a period that somebody typed, both ends of which must be there.

    Raises:
        InvalidInput: an end is missing, or as ``occurrences``.
    """
    if first is None:
        raise InvalidInput("first", "required")
    if until is None:
        raise InvalidInput("until", "required")
    return occurrences(actor, patient_id, first, until, now)


def was_asked(
    actor: Actor, patient_id: UUID, activity_id: UUID, day: date, slot: int, now: datetime
) -> bool:
    """Whether there is or ever was such an occurrence of one of the patient's activities.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        _, care = opened(run, actor, patient_id)
    found = care.activities.get(activity_id)
    return found is not None and activities.was_asked(found, care.zones, day, slot)


def in_order(outcome: Outcome) -> tuple[date, bool, datetime, str, int]:
    """Untimed things come after timed ones of the same day."""
    occurrence = outcome.occurrence
    return (
        outcome.on,
        occurrence.due_at is None,
        occurrence.due_at or occurrence.opens_at,
        str(occurrence.activity_id),
        occurrence.slot,
    )
