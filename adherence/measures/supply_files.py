"""Files of supplies: what one may look like, and every row of it that cannot be used.

A CSV file is UTF-8, comma-separated, with a header line; its columns may stand in any order and
others are passed over. ``patient_id`` is any text, ``date`` is YYYY-MM-DD, ``duration`` (days) and
``daily_dose`` are numbers above 0, ``medication`` is any text. Rows of one patient and day keep
the file's order.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adherence.domain.supplies import COLUMNS, PEOPLE, STAYS
from adherence.measures.columns import Kind, is_date

PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: its line (the header is line 1) or row number, and why."""

    line: int
    reason: str
    file: str = ""

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.reason}"
            if self.file
            else (f"row {self.line}: {self.reason}")
        )


class UnusableFile(ValueError):
    """A file that cannot be read as supplies at all; the text says why, without its contents."""


class BadSupplies(ValueError):
    """Supplies that cannot be used: ``rows`` holds every bad row, in order."""

    def __init__(self, rows: Sequence[BadRow]) -> None:
        super().__init__(f"{len(rows)} rows cannot be used; the first: {rows[0]}")
        self.rows = rows


def is_parquet(path: Path) -> bool:
    """Whether ``path`` is a Parquet file or a folder of them."""
    return path.is_dir() or path.suffix.lower() in PARQUET


def header(path: Path, wanted: Sequence[str]) -> list[str]:
    """Return the column names of the CSV file ``path``, in the file's order.

    Raises ``UnusableFile`` if it is missing, empty, not text, lacks a column of ``wanted`` or names
    one twice.
    """
    try:
        with path.open("rb") as file:
            start = file.read(65536)
    except OSError as error:
        raise UnusableFile(f"{path}: {error.strerror}") from None
    if not start.strip():
        raise UnusableFile(f"{path}: the file is empty; a header line was expected.")
    if b"\0" in start:
        raise UnusableFile(f"{path}: this is a binary file, not a CSV file.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        raise UnusableFile(f"{path}: this is not a CSV file in UTF-8.") from None
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnusableFile(f"{path}: the header names a column twice: {', '.join(twice)}.")
    check_columns(str(path), names, wanted)
    return names


def check_columns(
    source: str, names: Sequence[str], wanted: Sequence[str], possible: Sequence[str] = COLUMNS
) -> None:
    """Raise ``UnusableFile``, naming all ``possible``, unless ``names`` has those of ``wanted``."""
    missing = [name for name in wanted if name not in names]
    if missing:
        raise UnusableFile(
            f"{source}: columns are missing: {', '.join(missing)}."
            f" Needed: {', '.join(wanted)}; possible: {', '.join(possible)}."
        )


def bad_rows(
    path: Path, names: Sequence[str], wanted: Sequence[str], kinds: Mapping[str, Kind]
) -> Iterator[BadRow]:
    """Yield every row of the CSV file ``path`` that cannot be used, with all that is wrong in it.

    ``names`` is the file's header. A value of one of ``kinds`` that is given must be of that kind,
    even in a column the question does not read; a column of ``wanted`` must be given.
    """
    checks = [(names.index(one), one, kinds[one], one in wanted) for one in kinds if one in names]
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.reader(file, strict=True)
        next(reader, None)
        line = reader.line_num + 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(line, f"the quotes do not close ({error})", str(path))
                line = reader.line_num + 1
                continue
            wrong = faults(row, len(names), checks)
            if wrong:
                yield BadRow(line, "; ".join(wrong), str(path))
            line = reader.line_num + 1


def line_numbers(path: Path) -> dict[int, int]:
    """Return the line on which each row of the CSV file ``path`` begins; the first row is 1."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader, None)
        begins = [reader.line_num + 1, *(reader.line_num + 1 for _ in reader)]
    return dict(enumerate(begins[:-1], 1))


def faults(
    row: Sequence[str], width: int, checks: Sequence[tuple[int, str, Kind, bool]]
) -> list[str]:
    """Return everything that is wrong with ``row``, without repeating what it holds."""
    if not row:
        return ["the line is empty"]
    if len(row) != width:
        return [f"{len(row)} values where the header names {width}"]
    wrong = []
    for place, name, kind, needed in checks:
        value = row[place]
        if not value:
            if needed:
                wrong.append(f"{name} is missing")
        elif why := kind.fault(value):
            wrong.append(f"{name} {why}")
    return wrong


OTHERS = {"stays": STAYS, "people": PEOPLE}
"""Tables beside the supplies that the proportion of days covered may read: their columns."""


def other_types(kind: str) -> list[tuple[str, str]]:
    """Return the columns of a table of ``OTHERS`` and their types, in words every engine knows."""
    days = ("day", "until")
    return [(name, "date" if name.endswith(days) else "varchar(1000)") for name in OTHERS[kind]]


def read_other(kind: str, path: Path) -> list[tuple[str | None, ...]]:
    """Return the rows of ``path``, a CSV file of ``OTHERS``, in the order of its columns there.

    Stays need all columns; of people only the patient is needed. Raises ``UnusableFile`` and
    ``BadSupplies`` with every bad row.
    """
    columns = OTHERS[kind]
    names = header(path, columns if kind == "stays" else columns[:1])
    places = [names.index(column) if column in names else None for column in columns]
    rows: list[tuple[str | None, ...]] = []
    bad = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader, None)
        line = reader.line_num + 1
        for row in reader:
            wrong = [] if len(row) == len(names) else ["not as many values as the header names"]
            values = [None if p is None or wrong else row[p] or None for p in places]
            wrong = wrong or other_faults(kind, dict(zip(columns, values, strict=True)))
            if wrong:
                bad.append(BadRow(line, "; ".join(wrong), str(path)))
            rows.append(tuple(values))
            line = reader.line_num + 1
    if bad:
        raise BadSupplies(bad)
    return rows


def other_faults(kind: str, row: dict[str, str | None]) -> list[str]:
    """Return everything that is wrong with ``row`` of a file of ``OTHERS``."""
    wrong = [] if row["patient_id"] else ["patient_id is missing"]
    for name, value in row.items():
        if not name.endswith(("day", "until")):
            continue
        if value is None and kind == "stays":
            wrong.append(f"{name} is missing")
        elif value is not None and not is_date(value):
            wrong.append(f"{name} is not a date of the form YYYY-MM-DD")
    if not wrong and kind == "stays" and str(row["first_day"]) > str(row["last_day"]):
        wrong.append("last_day is before first_day")
    return wrong
