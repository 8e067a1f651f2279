"""The pieces chart values are made of: days, readings, doses, the period shown, the table.

Every chart covers the local days from `first` up to, not including, `until`. `today` is the
patient's local date: the calendar marks it, and a line that holds until measured again ends there.
What lies outside the period is left out, except that a goal's line enters with the last value
before it.
"""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum
from math import isfinite
from typing import Self

from adherence.charts.words import ChartWords
from adherence.domain.entries import Status
from adherence.domain.texts import label

Cell = str | int | float | None

ONE_DAY = timedelta(days=1)
RATING_SCALE = (0.0, 10.0)


def line_of(text: str) -> str:
    """Return a person's `text` as a chart writes it: cleaned, short, on one line."""
    return " ".join(label(text).split())


def finite(value: float | None) -> float | None:
    """Return `value`, or None where it is no finite number: that is missing, never 0."""
    return value if value is not None and isfinite(value) else None


class DoseMark(StrEnum):
    """What became of a dose; `late` was outside the window of its slot, `extra` had no slot."""

    TAKEN = "taken"
    PARTLY = "partly"
    LATE = "late"
    EXTRA = "extra"
    SKIPPED = "skipped"
    MISSED = "missed"
    UNREPORTED = "unreported"
    EXCUSED = "excused"
    UPCOMING = "upcoming"


MARK_STATUS = {
    DoseMark.TAKEN: Status.DONE,
    DoseMark.PARTLY: Status.PARTLY,
    DoseMark.LATE: Status.DONE,
    DoseMark.SKIPPED: Status.SKIPPED,
    DoseMark.MISSED: Status.MISSED,
    DoseMark.UNREPORTED: Status.UNREPORTED,
    DoseMark.EXCUSED: Status.EXCUSED,
    DoseMark.UPCOMING: Status.UPCOMING,
}


def mark_word(mark: DoseMark, words: ChartWords) -> str:
    """Return the word for `mark`: the audience's own for the six states."""
    if mark is DoseMark.TAKEN:
        return words.gettext("taken")
    if mark is DoseMark.LATE:
        return words.gettext("taken outside its time")
    if mark is DoseMark.EXTRA:
        return words.gettext("extra")
    return words.status[MARK_STATUS[mark]]


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart: `header` names the columns by key, days and times are ISO text.

    None is a cell without a number, which is never the same as 0.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def worded(self, words: ChartWords) -> tuple[list[str], list[list[str]]]:
        """Return the heads and the rows as a reader's language writes them; an empty cell is ''."""
        return self.heads(words), [
            [worded(key, cell, words) for key, cell in zip(self.header, row, strict=True)]
            for row in self.rows
        ]

    def heads(self, words: ChartWords) -> list[str]:
        """Return the names of the columns."""
        heads = {
            "day": words.gettext("Day"),
            "status": words.gettext("State"),
            "asked": words.gettext("Asked"),
            "done": words.gettext("Done"),
            "value": words.gettext("Value"),
            "answer": words.gettext("Answer"),
            "change": words.gettext("Plan change"),
            "due": words.gettext("Planned at"),
            "at": words.gettext("Taken at"),
            "mark": words.gettext("Dose"),
        }
        return [heads[key] for key in self.header]


#: The columns in which nothing stands that a person wrote.
OURS = frozenset({"day", "status", "asked", "done", "value", "answer", "due", "at", "mark"})


def worded(key: str, cell: Cell, words: ChartWords) -> str:
    """Return a cell of the column ``key`` as a reader's language writes it; None is ''."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return words.number(cell)
    if key == "day":
        return words.long_day(date.fromisoformat(cell))
    if key in {"due", "at"}:
        return words.clock(time.fromisoformat(cell))
    if key == "status":
        return words.nothing if cell == "nothing" else words.status[Status(cell)]
    if key == "mark":
        return mark_word(DoseMark(cell), words)
    if key == "answer":
        return {
            "given": words.gettext("given"),
            "declined": words.gettext("preferred not to say"),
            "none": words.gettext("no entry"),
        }[cell]
    return cell


@dataclass(frozen=True, slots=True)
class Day:
    """One patient day: its state (None: nothing was due) and, where known, done of asked."""

    day: date
    status: Status | None
    asked: int | None = None
    done: int | None = None


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A day from which the plan asks something else, and the reason in two words."""

    day: date
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer to a symptom question. `declined` is "prefer not to say", which has no value.

    A reading with neither a value nor `declined` is no entry.
    """

    day: date
    value: float | None
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of a goal, on its own scale."""

    day: date
    value: float | None


@dataclass(frozen=True, slots=True)
class DoseWindow:
    """When a dose was due, on the local days from `first` to before `until`.

    It counted from `before` ahead of the local time `due` to `after` past it, up to 24 hours each.
    Both zero draw only the time itself, as for a dose that counts all day.
    """

    first: date
    until: date
    due: time
    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose on a local day: `at` is when it was taken, `due` when it was planned, both local.

    Without `at` it is drawn at `due`; without either it stands in a row of its own below the times.
    """

    day: date
    mark: DoseMark
    at: time | None = None
    due: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    first: date
    until: date
    today: date

    def __post_init__(self) -> None:
        if self.first >= self.until:
            raise ValueError("a chart covers at least one day: first must be before until")

    @property
    def length(self) -> int:
        """Number of local days."""
        return (self.until - self.first).days

    @property
    def last(self) -> date:
        """The last local day shown."""
        return self.until - ONE_DAY

    @property
    def begun(self) -> int:
        """Number of the days that have begun, today included."""
        return max(0, (min(self.until, self.today + ONE_DAY) - self.first).days)

    def holds(self, day: date) -> bool:
        """Return whether `day` is one of the days shown."""
        return self.first <= day < self.until

    def latest(self, days: int) -> Self:
        """Return the same chart of its last `days` days; what it says then is about these alone."""
        return replace(self, first=max(self.first, self.until - days * ONE_DAY))


def state_key(day: Day | None) -> str | None:
    if day is None:
        return None
    return day.status.value if day.status is not None else "nothing"


def reasons(period: Period, changes: tuple[PlanChange, ...]) -> dict[date, str]:
    """Return the reasons of the plan changes in the period, those of one day together."""
    found: dict[date, str] = {}
    for change in sorted(changes, key=lambda change: change.day):
        if period.holds(change.day):
            reason = line_of(change.reason)
            found[change.day] = f"{found[change.day]}; {reason}" if change.day in found else reason
    return found
