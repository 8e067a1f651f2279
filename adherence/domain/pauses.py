"""Times in which nothing is expected: rest, illness, travel, hospital, a clinician's stop."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from adherence.domain.errors import InvalidInput


class PauseKind(StrEnum):
    """Why nothing is expected."""

    REST = "rest"
    ILL = "ill"
    TRAVELLING = "travelling"
    HOSPITAL = "hospital"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Pause:
    """The local days [first_day, until) on which occurrences are excused.

    ``until`` None has no end yet; ``activity_ids`` None means all of the patient's activities.
    """

    kind: PauseKind
    first_day: date
    until: date | None = None
    activity_ids: frozenset[UUID] | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until <= self.first_day:
            raise InvalidInput("until", "before_start")


def covers(pauses: Iterable[Pause], activity_id: UUID, day: date) -> Pause | None:
    """The first of the pauses that excuses an activity on a local day; None if none does."""
    for pause in pauses:
        if (
            pause.first_day <= day
            and (pause.until is None or day < pause.until)
            and (pause.activity_ids is None or activity_id in pause.activity_ids)
        ):
            return pause
    return None
