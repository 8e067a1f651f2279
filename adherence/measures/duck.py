"""Questions answered by DuckDB inside this process: file to file, or table to table."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adherence.domain.supplies import (
    COLUMNS,
    PdcQuestion,
    Question,
    columns_needed,
    numbers_compared,
)
from adherence.measures import texts
from adherence.measures.engines import library
from adherence.measures.supply_files import (
    OTHERS,
    PARQUET,
    BadRow,
    BadSupplies,
    UnusableFile,
    bad_rows,
    check_columns,
    header,
    is_parquet,
    other_types,
    read_other,
)

Progress = Callable[[float], None]

CSV_TYPES = {"duration": "DOUBLE", "daily_dose": "DOUBLE"}
SECONDS_BETWEEN_REPORTS = 2.0


def answer_file(
    question: Question,
    source: Path,
    target: Path,
    *,
    memory: str | None = None,
    progress: Progress | None = None,
    others: Mapping[str, Path] | None = None,
) -> int:
    """Write the answer to ``question`` about the supplies in ``source``; return its rows.

    Both are CSV or, by their suffix, Parquet; ``source`` may be a folder of Parquet files. Rows are
    read twice only if one is bad. ``target`` appears whole or, if anything is raised, not at all.
    ``memory`` (such as ``2GB``) bounds the working set; the rest goes to temporary files.
    ``others`` are CSV files of ``supply_files.OTHERS``; one that is not given is empty.
    Raises ``UnusableFile`` and ``BadSupplies`` (all bad rows).
    """
    wanted = columns_needed(question)
    duckdb = library("duckdb")
    with connected(duckdb, target.parent, memory) as run, whole_or_nothing(target) as part:
        names = column_names(run, source, wanted)
        for kind in OTHERS if isinstance(question, PdcQuestion) else ():
            add_other(run, kind, (others or {}).get(kind))
        try:
            run.execute(
                f"CREATE VIEW supplies AS {view(source, names, wanted, numbers_compared(question))}"
            )
            query = texts.text(question)
            style = "FORMAT parquet" if target.suffix.lower() in PARQUET else "FORMAT csv, HEADER"
            with reported(run, progress):
                done = run.execute(f"COPY ({query}) TO {quoted(part)} ({style})").fetchone()
        except duckdb.Error as error:
            refuse(run, source, names, wanted)
            raise UnusableFile(f"{source}: {first_line(error)}") from None
        rows = int(done[0])
        if rows == 0 and is_empty(run, source):
            raise UnusableFile(f"{source}: the file holds no supplies.")
        return rows


def answer_table(question: Question, table: Any, others: Mapping[str, Any] | None = None) -> Any:
    """Return a DuckDB relation that answers ``question`` about ``table``.

    ``table`` is whatever DuckDB can scan: a pandas or Polars frame, an Arrow table. Raises
    ``UnusableFile`` for a missing column and ``BadSupplies`` (all bad rows, counted from 1).
    """
    duckdb = library("duckdb")
    wanted = columns_needed(question)
    run = duckdb.connect()
    run.execute("SET preserve_insertion_order = true")
    run.register("given", table)
    names = [row[0] for row in run.execute("DESCRIBE given").fetchall()]
    check_columns("the table", names, wanted)
    shown = [name for name in COLUMNS if name in names]
    numbers = numbers_compared(question)
    try:
        run.execute(f"CREATE TEMP TABLE supplies AS {checked('given', shown, wanted, numbers)}")
    except duckdb.Error as error:
        bad = [BadRow(line, reason) for line, reason in table_faults(run, "given", shown, wanted)]
        if bad:
            raise BadSupplies(bad) from None
        raise UnusableFile(f"the table: {first_line(error)}") from None
    for kind in OTHERS if isinstance(question, PdcQuestion) else ():
        add_other(run, kind, None)
        if others and others.get(kind) is not None:
            run.register(f"given_{kind}", others[kind])
            run.execute(f"INSERT INTO {kind} BY NAME SELECT * FROM given_{kind}")  # noqa: S608 - two fixed names
    return run.sql(texts.text(question))


def add_other(run: Any, kind: str, path: Path | None) -> None:
    """Create the table ``kind`` of ``OTHERS`` from ``path``, empty without one."""
    columns = other_types(kind)
    run.execute(f"CREATE TEMP TABLE {kind} ({', '.join(' '.join(column) for column in columns)})")
    if path is not None and (rows := read_other(kind, path)):
        marks = ", ".join("?" for _ in columns)
        run.executemany(f"INSERT INTO {kind} VALUES ({marks})", rows)  # noqa: S608 - a fixed name


# ---- What the text calls "supplies" --------------------------------------------------------------


def view(
    source: Path, names: Sequence[str], wanted: Sequence[str], numbers: Collection[str]
) -> str:
    """Return the query that reads and checks ``source``."""
    shown = [name for name in COLUMNS if name in names]
    return checked(scan(source, names), shown, wanted, numbers)


def scan(source: Path, names: Sequence[str], *, as_text: bool = False) -> str:
    """Return the table function that reads ``source``, with the columns ``names``."""
    if is_parquet(source):
        where = source / "**" / "*.parquet" if source.is_dir() else source
        return f"read_parquet({quoted(where)}, hive_partitioning = {str(source.is_dir()).lower()})"
    types = ", ".join(
        f"{quoted(name)}: '{'VARCHAR' if as_text else CSV_TYPES.get(name, 'VARCHAR')}'"
        for name in names
    )
    return (
        f"read_csv({quoted(source)}, auto_detect = false, header = true, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{types}}})"
    )


def checked(
    table: str, shown: Sequence[str], wanted: Sequence[str], numbers: Collection[str]
) -> str:
    """Return the query that gives the columns of ``wanted`` and ``seq``, and fails at a bad row.

    The checks stand in the expression for the duration, which every question reads, so that the
    rows are read once and no check is left out.
    """
    columns = ", ".join(
        f'{typed(name, numbers)} AS "{name}"' for name in wanted if name != "duration"
    )
    good = " AND ".join(condition for name in shown for condition in conditions(name, wanted))
    duration = f"CASE WHEN {good} THEN {typed('duration')} ELSE error('bad row') END AS duration"
    return f"SELECT {columns}, {duration}, row_number() OVER () AS seq FROM {table}"  # noqa: S608 - names checked, paths quoted


def typed(name: str, numbers: Collection[str] = ()) -> str:
    """Return the column ``name`` in the type the measures want; one of ``numbers`` is a number."""
    types = {"date": "DATE", "duration": "DOUBLE", "daily_dose": "DOUBLE"}
    kind = types.get(name, "DOUBLE" if name in numbers else "VARCHAR")
    return f'CAST("{name}" AS {kind})'


def conditions(name: str, wanted: Sequence[str]) -> Iterator[str]:
    """Yield what must hold of the column ``name``, in DuckDB's words."""
    given = f"{name} IS NOT NULL"
    if name == "date":
        yield given
        yield "CAST(date AS VARCHAR) LIKE '____-__-__'"
        yield "CAST(date AS VARCHAR) >= '0001'"
    elif name in CSV_TYPES:
        above = f"{typed(name)} > 0 AND {typed(name)} < 'infinity'::DOUBLE"
        yield f"{given} AND {above}" if name in wanted else f"({name} IS NULL OR ({above}))"
    elif name in wanted:
        yield given
        yield f"CAST({name} AS VARCHAR) <> ''"


def column_names(run: Any, source: Path, wanted: Sequence[str]) -> list[str]:
    """Return the columns of ``source``; raises ``UnusableFile`` if one of ``wanted`` is missing."""
    if not is_parquet(source):
        return header(source, wanted)
    try:
        rows = run.execute(f"DESCRIBE SELECT * FROM {scan(source, [])}").fetchall()  # noqa: S608 - names checked, paths quoted
    except Exception as error:
        raise UnusableFile(f"{source}: {first_line(error)}") from None
    names = [row[0] for row in rows]
    check_columns(str(source), names, wanted)
    return names


def is_empty(run: Any, source: Path) -> bool:
    """Whether ``source`` has no row; asked only when there is no result."""
    if is_parquet(source):
        rows = run.execute(f"SELECT 1 FROM {scan(source, [])} LIMIT 1").fetchall()  # noqa: S608 - a path, quoted
        return not rows
    with source.open("rb") as file:
        file.readline()
        return not file.read(4096).strip()


def refuse(run: Any, source: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise ``BadSupplies`` with every bad row of ``source``; return if there is none."""
    if is_parquet(source):
        shown = [name for name in COLUMNS if name in names]
        found = table_faults(run, scan(source, names), shown, wanted)
        rows = [BadRow(line, reason, str(source)) for line, reason in found]
    else:
        rows = list(bad_rows(source, names, wanted))
    if rows:
        raise BadSupplies(rows)


def table_faults(
    run: Any, table: str, shown: Sequence[str], wanted: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and the faults of each bad row of ``table``."""
    parts = []
    for name in shown:
        cast = typed(name).replace("CAST", "TRY_CAST", 1)
        if name in wanted:
            parts.append(
                f"CASE WHEN {name} IS NULL OR CAST({name} AS VARCHAR) = ''"
                f" THEN '{name} is missing' END"
            )
        if name == "date":
            parts.append(
                f"CASE WHEN {name} IS NOT NULL AND ({cast} IS NULL"
                f" OR CAST({name} AS VARCHAR) NOT LIKE '____-__-__%')"
                " THEN 'date is not a date of the form YYYY-MM-DD' END"
            )
        elif name in CSV_TYPES:
            parts.append(
                f"CASE WHEN {cast} IS NULL AND {name} IS NOT NULL THEN '{name} is not a number' END"
            )
            parts.append(
                f"CASE WHEN NOT ({cast} > 0 AND {cast} < 'infinity'::DOUBLE)"
                f" THEN '{name} is not above 0' END"
            )
    query = (
        f"SELECT n, why FROM (SELECT row_number() OVER () AS n, concat_ws('; ', {', '.join(parts)})"  # noqa: S608 - names checked, paths quoted
        f" AS why FROM {table}) WHERE why <> '' ORDER BY n"
    )
    yield from run.execute(query).fetchall()


# ---- Running -------------------------------------------------------------------------------------


@contextmanager
def connected(duckdb: Any, beside: Path, memory: str | None) -> Iterator[Any]:
    """Yield a connection whose overflow goes to a folder that is removed afterwards."""
    if not beside.is_dir():
        raise UnusableFile(f"{beside}: there is no such folder.")
    spill = Path(tempfile.mkdtemp(prefix=".adherence-", dir=beside))
    run = duckdb.connect(config={"temp_directory": str(spill)})
    try:
        run.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
        if memory is not None:
            run.execute("SET memory_limit = ?", [memory])
        yield run
    finally:
        run.close()
        shutil.rmtree(spill, ignore_errors=True)


@contextmanager
def whole_or_nothing(target: Path) -> Iterator[Path]:
    """Yield a file beside ``target`` that takes its place at the end, or goes if anything fails."""
    if target.is_dir():
        raise UnusableFile(f"{target}: this is a folder.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reported(run: Any, progress: Progress | None) -> Iterator[None]:
    """Call ``progress`` with the share done, 0 to 1, now and then while the block runs."""
    if progress is None:
        yield
        return
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SECONDS_BETWEEN_REPORTS):
            percent = run.query_progress()
            if percent >= 0:
                progress(percent / 100)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def quoted(text: object) -> str:
    """Return ``text`` as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    """Return the first line of an engine's message: the rest may repeat what the file holds."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def to_stderr(share: float) -> None:
    """Say on the error stream how much is done."""
    print(f"{share:4.0%} done", file=sys.stderr, flush=True)
