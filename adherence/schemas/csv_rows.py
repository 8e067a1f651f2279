"""CSV of entries: one line a version, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from io import StringIO
from typing import Any

COLUMNS = [
    "client_id",
    "seq",
    "activity_id",
    "goal_id",
    "symptom",
    "day",
    "slot",
    "status",
    "sets",
    "reps",
    "hold_seconds",
    "quantity",
    "value",
    "declined",
    "reason",
    "pain",
    "pain_declined",
    "effort",
    "note",
    "withdrawn",
    "performed_at",
    "zone",
    "local_day",
    "recorded_at",
    "received_at",
    "source",
    "corrects_id",
    "because",
]
#: A cell that begins so could be run as a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\0")
#: Lines written before they are sent on.
LINES = 200


def csv_lines(rows: Iterable[Any]) -> Iterator[str]:
    """The header and a line for each row, in pieces. An empty cell is no answer, 0 is an answer."""
    page = StringIO(newline="")
    writer = csv.writer(page, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(getattr(row, name)) for name in COLUMNS])
        if number % LINES == 0:
            yield page.getvalue()
            page.seek(0)
            page.truncate()
    yield page.getvalue()


def cell(value: Any) -> Any:
    """A value as a spreadsheet may safely read it: text that looks like a formula gets a quote."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, int):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(RISKY) else text
