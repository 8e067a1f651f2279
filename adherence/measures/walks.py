"""Questions that are answered one patient after the other: durations, initiation, dose logs.

DuckDB reads the tables, checks every row, and brings them in order of the patient, from disk if
they do not fit into memory; the rules of ``domain`` answer for each patient; the rows go out as
they come. The tables of a question are named in ``SHEETS``.
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adherence.domain.dispensings import (
    Dispensing,
    DurationQuestion,
    InitiationQuestion,
    Prescription,
    courses,
    initiations,
    uses,
)
from adherence.domain.doses import DoseQuestion, Regimen, dose_measures
from adherence.measures import duck
from adherence.measures.columns import KINDS, TEXT, Kind, quoted, quoted_name
from adherence.measures.engines import library
from adherence.measures.supply_files import (
    PARQUET,
    BadRow,
    BadSupplies,
    UnusableFile,
    check_columns,
    is_parquet,
    line_numbers,
)

WalkQuestion = DurationQuestion | InitiationQuestion | DoseQuestion
Row = tuple[Any, ...]
Rows = Mapping[str, Sequence[Row]]
KEY = "patient_id"
USUAL_MATCH = "medication"
FETCHED = 10_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table a question reads: columns that must be given, and others that may be.

    ``matched`` tables have the columns that tell one medication from another. ``order`` is the
    column their rows of one patient are ordered by; rows that agree keep the table's order. Without
    rows in the ``base`` table there is nothing to answer.
    """

    name: str
    needed: tuple[str, ...]
    possible: tuple[str, ...] = ()
    matched: bool = True
    order: str = "date"
    base: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns but those of the match, in the order in which the rules get them."""
        return (*self.needed[1:], *self.possible)


STAYS = Sheet("stays", (KEY, "first_day", "last_day"), matched=False, order="first_day")
SHEETS: dict[type, tuple[Sheet, ...]] = {
    DurationQuestion: (
        Sheet("dispensings", (KEY, "date", "quantity"), base=True),
        Sheet("prescriptions", (KEY, "date", "daily_dose"), ("duration",)),
        STAYS,
    ),
    InitiationQuestion: (
        Sheet("prescriptions", (KEY, "date"), ("daily_dose", "duration"), base=True),
        Sheet("dispensings", (KEY, "date")),
    ),
    DoseQuestion: (
        Sheet("doses", (KEY, "taken_at"), ("status",), order="taken_at"),
        Sheet(
            "regimens",
            (KEY, "first_day", "doses_per_day"),
            ("last_day", "every_days"),
            order="first_day",
            base=True,
        ),
        replace(STAYS, name="away"),
    ),
}
"""The tables of each question; the first is the command's ``--input``. Stays may be left out."""


def sheets(question: WalkQuestion) -> tuple[Sheet, ...]:
    """Return the tables that ``question`` reads."""
    return SHEETS[type(question)]


def answer_files(
    question: WalkQuestion,
    sources: Mapping[str, Path],
    target: Path,
    *,
    match: Sequence[str] = (),
    memory: str | None = None,
    progress: duck.Progress | None = None,
) -> int:
    """Write the answer to ``question`` about the files ``sources`` to ``target``; return its rows.

    Sources are named as in ``SHEETS``; each is CSV, Parquet or a folder of Parquet, and ``target``
    is CSV or, by its suffix, Parquet; it appears whole or not at all. ``match`` names the columns
    that tell one medication from another, by default ``medication`` where the files have it.
    Raises ``UnusableFile`` and ``BadSupplies`` with every bad row of all files.
    """
    duckdb = library("duckdb")
    with (
        duck.connected(duckdb, target.parent, memory) as run,
        duck.whole_or_nothing(target) as part,
    ):
        walk = _Walk(run, question, sources, match)
        kept = part.with_suffix(".csv") if target.suffix.lower() in PARQUET else part
        try:
            rows = walk.write(kept, progress)
            if kept != part:
                run.execute(f"COPY ({walk.written(kept)}) TO {quoted(part)} (FORMAT parquet)")
        except duckdb.Error as error:
            raise UnusableFile(f"{target}: {duck.first_line(error)}") from None
        finally:
            if kept != part:
                kept.unlink(missing_ok=True)
        return rows


def answer_tables(
    question: WalkQuestion, tables: Mapping[str, Any], match: Sequence[str] = ()
) -> Any:
    """Return a DuckDB relation that answers ``question`` about ``tables``, named as in ``SHEETS``.

    Each is whatever DuckDB can scan. Raises as ``answer_files``; rows are counted from 1.
    """
    run = library("duckdb").connect()
    for name, table in tables.items():
        run.register(f"given_{name}", table)
    walk = _Walk(run, question, dict.fromkeys(tables), match)
    with tempfile.TemporaryDirectory(prefix="adherence-") as folder:
        path = Path(folder) / "answer.csv"
        walk.write(path, None)
        run.execute(f"CREATE TEMP TABLE answer AS {walk.written(path)}")
    return run.table("answer")


class _Walk:
    """One question and its tables, read and checked: each a table of its name in ``run``."""

    def __init__(
        self,
        run: Any,
        question: WalkQuestion,
        sources: Mapping[str, Path | None],
        match: Sequence[str],
    ) -> None:
        self.run, self.question, self.sources = run, question, sources
        self.sheets = [sheet for sheet in sheets(question) if sheet.name in sources]
        for sheet in sheets(question):
            if sheet.matched and sheet.name not in sources:
                raise UnusableFile(f"The table of {sheet.name} is missing.")
        self.match = self._matched(match)
        bad: list[BadRow] = []
        for sheet in self.sheets:
            bad += self._read(sheet)
        for sheet in self.sheets if not bad else ():
            bad += self._contradictions(sheet)
        if bad:
            raise BadSupplies(bad)
        for sheet in self.sheets:
            if sheet.base and not self._size(sheet):
                raise UnusableFile(f"{self._said(sheet)}: there are no rows.")

    # ---- Reading -----------------------------------------------------------------------------

    def _said(self, sheet: Sheet) -> str:
        path = self.sources[sheet.name]
        return f"the table of {sheet.name}" if path is None else str(path)

    def _names(self, sheet: Sheet) -> list[str]:
        path = self.sources[sheet.name]
        if path is not None:
            return duck.column_names(self.run, path, ())
        described = self.run.execute(f"DESCRIBE given_{sheet.name}").fetchall()
        return [row[0] for row in described]

    def _matched(self, match: Sequence[str]) -> tuple[str, ...]:
        """The columns that tell one medication from another."""
        if match:
            return tuple(dict.fromkeys(match))
        having = {one.name: USUAL_MATCH in self._names(one) for one in self.sheets if one.matched}
        if any(having.values()) and not all(having.values()):
            without = next(one for one in self.sheets if not having.get(one.name, True))
            check_columns(self._said(without), (), (USUAL_MATCH,), (USUAL_MATCH,))
        return (USUAL_MATCH,) if any(having.values()) else ()

    def _read(self, sheet: Sheet) -> list[BadRow]:
        """Make the table of ``sheet`` from what was given; return its bad rows."""
        names = self._names(sheet)
        needed = (*sheet.needed, *(self.match if sheet.matched else ()))
        check_columns(self._said(sheet), names, needed, (*needed, *sheet.possible))
        kinds: dict[str, Kind] = {one: KINDS.get(one, TEXT) for one in needed}
        kinds |= {one: KINDS[one] for one in sheet.possible}
        shown = [name for name in names if name in kinds]
        path = self.sources[sheet.name]
        table = f"given_{sheet.name}" if path is None else duck.scan(path, names, kinds)
        missing = ", ".join(
            f"NULL::{kinds[one].type} AS {quoted_name(one)}"
            for one in sheet.possible
            if one not in shown
        )
        checked = duck.checked(table, shown, needed, kinds, KEY, also=sheet.possible)
        query = f"SELECT *{missing and ', ' + missing} FROM ({checked})"  # noqa: S608 - names quoted
        duckdb = library("duckdb")
        try:
            self.run.execute(f"CREATE TABLE {sheet.name} AS {query}")
        except duckdb.Error as error:
            if path is None:
                found = duck.table_faults(self.run, table, shown, needed, kinds)
                if bad := [BadRow(line, f"{sheet.name}: {why}") for line, why in found]:
                    return bad
                raise UnusableFile(f"{self._said(sheet)}: {duck.first_line(error)}") from None
            try:
                duck.refuse(self.run, path, names, needed, kinds)
            except BadSupplies as refused:
                return list(refused.rows)
            raise UnusableFile(f"{path}: {duck.first_line(error)}") from None
        return []

    def _contradictions(self, sheet: Sheet) -> list[BadRow]:
        """The rows of ``sheet`` that contradict themselves, each other or the question."""
        parts = []
        if "last_day" in sheet.columns:
            parts.append("CASE WHEN last_day < first_day THEN 'last_day is before first_day' END")
        if sheet.name == "prescriptions" and "duration" in sheet.columns:
            parts.append("CASE WHEN duration <> floor(duration) THEN 'duration is not whole' END")
        if sheet.name == "regimens":
            last = getattr(self.question, "last", None)
            if last is None:
                parts.append("CASE WHEN last_day IS NULL THEN 'last_day is missing' END")
            parts.append(
                "CASE WHEN last_day > first_day + INTERVAL 100 YEARS"
                " THEN 'last_day is more than a century after first_day' END"
            )
            keys = ", ".join(quoted_name(one) for one in (KEY, *self.match))
            window = f"PARTITION BY {keys} ORDER BY first_day, seq ROWS"
            parts.append(
                "CASE WHEN first_day <= max(coalesce(last_day, DATE '9999-12-31')) OVER"
                f" ({window} BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
                " THEN 'it overlaps an earlier regimen of the patient' END"
            )
        if not parts:
            return []
        found = self.run.execute(
            f"SELECT seq, why FROM (SELECT seq, concat_ws('; ', {', '.join(parts)}) AS why"  # noqa: S608 - fixed words
            f" FROM {sheet.name}) WHERE why <> '' ORDER BY seq"
        ).fetchall()
        if not found:
            return []
        path = self.sources[sheet.name]
        if path is None:
            return [BadRow(seq, f"{sheet.name}: {why}") for seq, why in found]
        lines = {} if is_parquet(path) else line_numbers(path)
        return [BadRow(lines.get(seq, seq), why, str(path)) for seq, why in found]

    # ---- Walking -----------------------------------------------------------------------------

    def _size(self, sheet: Sheet) -> int:
        found = self.run.execute(f"SELECT count(*) FROM {sheet.name}").fetchone()  # noqa: S608 - a fixed name
        return int(found[0])

    def _ordered(self, sheet: Sheet) -> Iterator[tuple[str, list[Row]]]:
        """Yield each patient of ``sheet`` and the rows: the match as a tuple, then the columns."""
        match = self.match if sheet.matched else ()
        columns = ", ".join(quoted_name(one) for one in (KEY, *match, *sheet.columns))
        cursor = self.run.cursor()
        cursor.execute(
            f"SELECT {columns} FROM {sheet.name} ORDER BY {KEY}, {sheet.order}, seq"  # noqa: S608 - names quoted
        )
        patient: str | None = None
        rows: list[Row] = []
        while batch := cursor.fetchmany(FETCHED):
            for row in batch:
                if row[0] != patient:
                    if patient is not None:
                        yield patient, rows
                    patient, rows = row[0], []
                rows.append((row[1 : 1 + len(match)], *row[1 + len(match) :]))
        if patient is not None:
            yield patient, rows

    def _patients(self) -> Iterator[tuple[str, dict[str, list[Row]]]]:
        """Yield each patient, in order, with the rows of every table."""
        streams = {sheet.name: self._ordered(sheet) for sheet in self.sheets}
        heads = {name: next(stream, None) for name, stream in streams.items()}
        while waiting := [head[0] for head in heads.values() if head is not None]:
            patient = min(waiting)
            found: dict[str, list[Row]] = {}
            for name, head in heads.items():
                if head is not None and head[0] == patient:
                    found[name] = head[1]
                    heads[name] = next(streams[name], None)
                else:
                    found[name] = []
            yield patient, found

    def write(self, path: Path, progress: duck.Progress | None) -> int:
        """Write the header and the rows of the answer as CSV; return the rows."""
        answer, columns = ANSWERS[type(self.question)]
        total = sum(map(self._size, self.sheets))
        said, done, rows = time.monotonic(), 0, 0
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([KEY, *self.match, *columns])
            for patient, found in self._patients():
                for match, row in answer(self.question, found):
                    writer.writerow([patient, *match, *row])
                    rows += 1
                done += sum(map(len, found.values()))
                if progress and time.monotonic() - said > duck.SECONDS_BETWEEN_REPORTS:
                    said = time.monotonic()
                    progress(done / total)
        return rows

    def written(self, path: Path) -> str:
        """Return the query that reads an answer back in its types."""
        _, columns = ANSWERS[type(self.question)]
        types = {KEY: "VARCHAR", **dict.fromkeys(self.match, "VARCHAR"), **columns}
        said = ", ".join(f"{quoted(name)}: '{kind}'" for name, kind in types.items())
        return (
            f"SELECT * FROM read_csv({quoted(path)}, auto_detect = false, header = true,"  # noqa: S608 - names quoted
            f" delim = ',', quote = '\"', escape = '\"', columns = {{{said}}})"
        )


# ---- The answers ---------------------------------------------------------------------------------


def by_match(rows: Rows, names: Sequence[str]) -> Iterator[tuple[Row, dict[str, list[Row]]]]:
    """Yield each medication of ``rows``, in order, with its rows of the tables ``names``."""
    found: dict[Row, dict[str, list[Row]]] = defaultdict(lambda: {name: [] for name in names})
    for name in names:
        for match, *row in rows[name]:
            found[match][name].append(tuple(row))
    yield from sorted(found.items())


def durations(question: DurationQuestion, rows: Rows) -> Iterator[tuple[Row, Row]]:
    """Yield one row per supply, and one per dispensing that has none."""
    rule = question.rule
    stays = [(first, last + timedelta(days=1)) for _, first, last in rows.get("stays", ())]
    visits = [row[1] for row in rows["prescriptions"]] if rule.renew_at_visits else []
    for match, own in by_match(rows, ("dispensings", "prescriptions")):
        given = [Dispensing(*row) for row in own["dispensings"]]
        prescribed = courses(
            [Prescription(on, dose, days and int(days)) for on, dose, days in own["prescriptions"]],
            visits,
            given[0].on if given and rule.first_from_dispensing else None,
        )
        for use in uses(given, prescribed, stays, rule):
            said = (use.dispensing.on, use.dispensing.quantity)
            for one in use.supplies:
                course = (one.course.start, one.course.until)
                counts = (one.days_continued, one.days_waited)
                yield (
                    match,
                    (one.start, one.duration, one.daily_dose, *said, *course, *counts, None),
                )
            if not use.supplies and not question.computable_only:
                yield match, (None, None, None, *said, None, None, None, None, use.reason)


def initiated(question: InitiationQuestion, rows: Rows) -> Iterator[tuple[Row, Row]]:
    """Yield one row per first prescription, or per prescribed course."""
    for match, own in by_match(rows, ("prescriptions", "dispensings")):
        days = [on for on, *_ in own["prescriptions"]]
        if question.each_course:
            given = [
                Prescription(on, dose or 1.0, days and int(days))
                for on, dose, days in own["prescriptions"]
            ]
            days = [course.start for course in courses(given)]
        dispensed = [on for (on,) in own["dispensings"]]
        starts = days if question.each_course else days[:1]
        for one in initiations(starts, dispensed, question.until):
            done = int(one.days is not None)
            yield (
                match,
                (one.prescribed_on, one.dispensed_on, one.days, done, one.observed, one.reason),
            )


def dosed(question: DoseQuestion, rows: Rows) -> Iterator[tuple[Row, Row]]:
    """Yield one row per log."""
    away = [(first, last) for _, first, last in rows.get("away", ())]
    for match, own in by_match(rows, ("doses", "regimens")):
        regimens = [
            Regimen(first, last or max(first, question.last or first), int(doses), int(every or 1))
            for first, doses, last, every in own["regimens"]
        ]
        taken = [moment for moment, status in own["doses"] if status != "missed"]
        missed = [moment for moment, status in own["doses"] if status == "missed"]
        found = dose_measures(taken, missed, regimens, away, question)
        yield match, tuple(getattr(found, name) for name in DOSE_COLUMNS)


DURATION_COLUMNS = {
    "date": "DATE",
    "duration": "DOUBLE",
    "daily_dose": "DOUBLE",
    "dispensed_on": "DATE",
    "quantity": "DOUBLE",
    "prescribed_from": "DATE",
    "prescribed_until": "DATE",
    "days_continued": "DOUBLE",
    "days_waited": "BIGINT",
    "reason": "VARCHAR",
}
INITIATION_COLUMNS = {
    "prescribed_on": "DATE",
    "dispensed_on": "DATE",
    "days": "BIGINT",
    "initiated": "BIGINT",
    "observed": "BIGINT",
    "reason": "VARCHAR",
}
DOSE_COLUMNS = {
    "days": "BIGINT",
    "doses_due": "BIGINT",
    "doses_taken": "BIGINT",
    "doses_missed": "BIGINT",
    "doses_unreported": "BIGINT",
    "taking": "DOUBLE",
    "taking_at_most": "DOUBLE",
    "correct_days": "BIGINT",
    "correct_dosing": "DOUBLE",
    "intervals": "BIGINT",
    "timely_intervals": "BIGINT",
    "timing": "DOUBLE",
    "holidays": "BIGINT",
    "holiday_days": "BIGINT",
    "reason": "VARCHAR",
}
Answer = Callable[[Any, Rows], Iterator[tuple[Row, Row]]]
ANSWERS: dict[type, tuple[Answer, dict[str, str]]] = {
    DurationQuestion: (durations, DURATION_COLUMNS),
    InitiationQuestion: (initiated, INITIATION_COLUMNS),
    DoseQuestion: (dosed, DOSE_COLUMNS),
}
"""What answers each question, and its columns with their types after patient and match."""
