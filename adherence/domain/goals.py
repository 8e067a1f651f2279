"""Where a patient wants to get, and how far it is: goals, ratings, progress, and days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from adherence.domain.adherence import DaySum
from adherence.domain.entries import SYMPTOM_LIMIT, VALUE_SCALE
from adherence.domain.errors import InvalidInput
from adherence.domain.scores import GAS_LEVELS
from adherence.domain.values import light

WORDS_LIMIT = 300
STEP_LIMIT = 200
GOAL_UNIT_LIMIT = 40
LADDER_STEPS = 5
# Importance and difficulty of a GAS goal, 0 to 3 (customary, unverified).
WEIGHT_SCALE = (0, 3)
# Days over which a symptom is averaged, so that one good day is not a goal reached.
SYMPTOM_DAYS = 7


class Measure(StrEnum):
    """How a goal is measured: the patient's own activity rated 0 to 10, a five-step ladder, a
    symptom 0 to 10, a count (steps of a stair) or an amount (metres)."""

    RATING = "rating"
    GAS = "gas"
    SYMPTOM = "symptom"
    COUNT = "count"
    AMOUNT = "amount"


class GoalState(StrEnum):
    """The life of a goal; moving it is a person's decision."""

    ACTIVE = "active"
    ACHIEVED = "achieved"
    CLOSED = "closed"


class Direction(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal in the patient's own ``words``; one that cannot be measured raises ``InvalidInput``.

    ``baseline`` is None until it is known. ``ladder`` says what each GAS level from -2 to +2 means,
    in that order; 0 is the expected level. ``importance`` x ``difficulty`` is the GAS weight.
    """

    id: UUID
    words: str
    measure: Measure
    target: float
    baseline: float | None = None
    unit: str | None = None
    symptom: str | None = None
    ladder: tuple[str, ...] | None = None
    due_on: date | None = None
    importance: int = 1
    difficulty: int = 1

    def __post_init__(self) -> None:
        if not self.words.strip():
            raise InvalidInput("words", "required")
        if len(self.words) > WORDS_LIMIT:
            raise InvalidInput("words", "too_long")
        low, high = value_range(self.measure)
        for field, value in (("target", self.target), ("baseline", self.baseline)):
            if value is not None and not low <= value <= high:
                raise InvalidInput(field, "out_of_range")
            if self.measure is Measure.GAS and value is not None and value != int(value):
                raise InvalidInput(field, "not_a_step")
        if self.target == self.baseline:
            raise InvalidInput("target", "same_as_baseline")
        self._check_words()
        for field, weight in (("importance", self.importance), ("difficulty", self.difficulty)):
            if not WEIGHT_SCALE[0] <= weight <= WEIGHT_SCALE[1]:
                raise InvalidInput(field, "out_of_range")

    def _check_words(self) -> None:
        if (self.measure is Measure.SYMPTOM) is not bool(self.symptom):
            raise InvalidInput("symptom", "not_for_this_kind" if self.symptom else "required")
        if self.symptom is not None and len(self.symptom) > SYMPTOM_LIMIT:
            raise InvalidInput("symptom", "too_long")
        if self.measure in (Measure.COUNT, Measure.AMOUNT) and not self.unit:
            raise InvalidInput("unit", "required")
        if self.unit is not None and len(self.unit) > GOAL_UNIT_LIMIT:
            raise InvalidInput("unit", "too_long")
        if (self.measure is Measure.GAS) is not (self.ladder is not None):
            raise InvalidInput("ladder", "not_for_this_kind" if self.ladder else "required")
        if self.ladder is not None and (
            len(self.ladder) != LADDER_STEPS
            or not all(step.strip() and len(step) <= STEP_LIMIT for step in self.ladder)
        ):
            raise InvalidInput("ladder")

    @property
    def direction(self) -> Direction:
        """Which way is better: towards the target; before a baseline, down for symptoms only."""
        if self.baseline is not None:
            return Direction.UP if self.target > self.baseline else Direction.DOWN
        return Direction.DOWN if self.measure is Measure.SYMPTOM else Direction.UP

    @property
    def weight(self) -> int:
        """The GAS weight (customary, unverified: importance x difficulty)."""
        return self.importance * self.difficulty


def value_range(measure: Measure) -> tuple[float, float]:
    """The lowest and the highest value a measure can have."""
    if measure is Measure.GAS:
        return GAS_LEVELS
    if measure in (Measure.RATING, Measure.SYMPTOM):
        return VALUE_SCALE
    return 0, float("inf")


@dataclass(frozen=True, slots=True)
class Rating:
    """One measurement of a goal; ``value`` None is "prefer not to say", which is not a value."""

    at: datetime
    day: date
    value: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a goal is.

    ``share`` is (current - baseline) / (target - baseline), raw: below 0 when worse, above 1 when
    past the target; cap it for display only. None where the baseline or any value is missing.
    ``first`` is the first value, ``n`` counts the values; of them ``n_current`` made ``current``.
    """

    current: float | None
    share: float | None
    first: float | None
    n: int
    n_current: int


def progress(goal: Goal, ratings: Iterable[Rating]) -> Progress:
    """How far the goal is after the ratings: the newest value.

    For a symptom: the mean of the values of the 7 local days that end with the newest one's.
    """
    return progress_of(goal, values_in_order(ratings))


def values_in_order(ratings: Iterable[Rating]) -> list[tuple[date, float]]:
    """Day and value of each rating that has one, in the order they were made."""
    made = sorted(ratings, key=_made)
    return [(rating.day, rating.value) for rating in made if rating.value is not None]


def _made(rating: Rating) -> datetime:
    return rating.at


def progress_of(goal: Goal, values: Sequence[tuple[date, float]]) -> Progress:
    """How far the goal is after these values, in order (see ``progress``)."""
    if not values:
        return Progress(None, None, None, 0, 0)
    newest, counting = values[-1][0], [values[-1][1]]
    if goal.measure is Measure.SYMPTOM:
        since = newest - timedelta(days=SYMPTOM_DAYS)
        counting = [value for day, value in values if since < day <= newest]
    current = sum(counting) / len(counting)
    share = None
    if goal.baseline is not None:
        share = (current - goal.baseline) / (goal.target - goal.baseline)
    return Progress(current, share, values[0][1], len(values), len(counting))


@light
@dataclass(frozen=True, slots=True)
class GoalDay:
    """One local day, summed over the activities of a goal.

    ``asked`` leaves out what a pause excused. ``active``: something was done, asked or not.
    ``settled``: nothing asked on the day can still be reported in time.
    """

    day: date
    asked: int
    done: int
    partly: int
    excused: int
    active: bool
    settled: bool


def goal_days(rows: Iterable[DaySum], now: datetime) -> list[GoalDay]:
    """The days of the rows of a goal's activities, in order, each summed over the activities."""
    by_day: dict[date, list[DaySum]] = {}
    for row in rows:
        by_day.setdefault(row.day, []).append(row)
    return [
        GoalDay(
            day=day,
            asked=sum(row.asked for row in of_day),
            done=sum(row.done for row in of_day),
            partly=sum(row.partly for row in of_day),
            excused=sum(row.excused for row in of_day),
            active=any(row.is_active for row in of_day),
            settled=all(row.open == row.unreported(now) for row in of_day),
        )
        for day, of_day in sorted(by_day.items())
    ]
