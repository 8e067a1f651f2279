"""What a column may hold: one kind each, said once for Python, for SQL and for who reads.

The same rules refuse a row of a CSV file, where the line is named, and a row of a Parquet file or a
frame, which DuckDB reads. Sentences never repeat what the row holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite

from adherence.domain.supplies import (
    COLUMNS,
    DURATIONS,
    Question,
    Windows,
    numbers_compared,
    window_columns,
)

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
WALL_TIME = r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)"
MOMENT = re.compile(WALL_TIME + r"(?:Z|[+-]\d{2}:?\d{2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds. ``type`` is what it is read as; numbers may be bounded or whole."""

    type: str
    words: str = ""
    above: float | None = None
    least: float | None = None
    whole: bool = False
    among: tuple[str, ...] = ()

    def fault(self, value: str) -> str | None:
        """Return what is wrong with ``value``, which is not empty; None if nothing is."""
        if "\ufffd" in value:
            return "is not UTF-8 text"
        match self.type:
            case "DATE":
                return None if is_date(value) else self.words
            case "TIMESTAMP":
                return None if as_moment(value) else self.words
            case "DOUBLE":
                return self._fault_of(as_number(value))
        return self.words if self.among and value not in self.among else None

    def _fault_of(self, number: float | None) -> str | None:
        if number is None:
            return "is not a number"
        if self.above is not None and not (number > self.above and isfinite(number)):
            return f"is not above {self.above:g}"
        if self.least is not None and not (number >= self.least and isfinite(number)):
            return f"is below {self.least:g}"
        return "is not a whole number" if self.whole and number != int(number) else None

    def good(self, name: str, cast: str = "CAST") -> Iterator[str]:
        """Yield what must hold of a value of the column ``name`` that is given, as SQL."""
        text, value = f"CAST({quoted_name(name)} AS VARCHAR)", self.typed(name, cast)
        if self.type == "DATE":
            yield f"{text} LIKE '____-__-__'"
            yield f"{text} >= '0001' AND {value} IS NOT NULL"
        elif self.type == "TIMESTAMP":
            yield f"regexp_full_match({text}, '{MOMENT.pattern}')"
            yield f"{text} >= '0001' AND {value} IS NOT NULL"
        elif self.type == "DOUBLE":
            yield from (f"NOT ({bad})" for bad, _ in self.refusals(value))
        elif self.among:
            yield f"{text} IN ({', '.join(map(quoted, self.among))})"

    def refusals(self, value: str) -> Iterator[tuple[str, str]]:
        """Yield when the number ``value`` (SQL) cannot be used, and why. NaN is the largest."""
        beyond = f"{value} >= 'infinity'::DOUBLE"
        if self.above is not None:
            yield f"{value} <= {self.above:g} OR {beyond}", f"is not above {self.above:g}"
        if self.least is not None:
            yield f"{value} < {self.least:g} OR {beyond}", f"is below {self.least:g}"
        if self.whole:
            yield f"{value} <> floor({value})", "is not a whole number"

    def typed(self, name: str, cast: str = "CAST") -> str:
        """Return the column ``name`` in this kind's type, as SQL."""
        column = quoted_name(name)
        if self.type == "TIMESTAMP":
            column = f"replace(regexp_extract(CAST({column} AS VARCHAR), '{WALL_TIME}'), 'T', ' ')"
        return f"{cast}({column} AS {self.type})"


TEXT = Kind("VARCHAR")
DAY = Kind("DATE", "is not a date of the form YYYY-MM-DD")
WALL = Kind("TIMESTAMP", "is not a time of the form YYYY-MM-DDTHH:MM")
NUMBER = Kind("DOUBLE")
ABOVE_ZERO = Kind("DOUBLE", above=0)

KINDS: Mapping[str, Kind] = {
    "patient_id": TEXT,
    "date": DAY,
    "duration": ABOVE_ZERO,
    "daily_dose": ABOVE_ZERO,
    "medication": TEXT,
    "quantity": ABOVE_ZERO,
    "first_day": DAY,
    "last_day": DAY,
    "covered_until": DAY,
    "excluded": TEXT,
    "taken_at": WALL,
    "status": Kind("VARCHAR", "is neither taken nor missed", among=("taken", "missed")),
    "doses_per_day": Kind("DOUBLE", least=0, whole=True),
    "every_days": Kind("DOUBLE", least=1, whole=True),
}
"""Every column that a file of ours may have, under whatever name the file has."""


def kinds_of(question: Question) -> dict[str, Kind]:
    """Return the kinds of all columns that ``question`` may read; its own ones besides ours."""
    found = {name: KINDS[name] for name in COLUMNS}
    found |= dict.fromkeys(numbers_compared(question), NUMBER)
    if not window_columns(question):
        return found
    windows: Windows = question.windows  # type: ignore[union-attr]  # only these have columns
    lengths = windows.columns(DURATIONS)
    for one in window_columns(question):
        least = 1 if one in lengths else 0
        number = Kind("DOUBLE", least=least, whole=windows.by_calendar)
        found.setdefault(one.name, DAY if one.dated else number)
    return found


def is_date(value: str) -> bool:
    """Whether ``value`` is a day of the calendar written YYYY-MM-DD."""
    if not ISO_DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def as_moment(value: str) -> datetime | None:
    """Return what the clock on the wall showed at ``value``; None if it is no time."""
    found = MOMENT.fullmatch(value)
    try:
        return None if found is None else datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        return None


def as_number(value: str) -> float | None:
    """Return the number ``value`` stands for; None if it is none."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if number == number and value.isascii() else None


def quoted(text: object) -> str:
    """Return ``text`` as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """Return ``name`` as the name of a column in SQL."""
    return '"' + name.replace('"', '""') + '"'
