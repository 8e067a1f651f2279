"""Questions answered by DuckDB inside this process: file to file, or table to table."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adherence.domain.supplies import PdcQuestion, Question, columns_needed, window_columns
from adherence.measures import texts
from adherence.measures.columns import TEXT, Kind, kinds_of, quoted, quoted_name
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
    line_numbers,
    other_types,
    read_other,
)

Progress = Callable[[float], None]

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
    with (
        opened(question, source, target.parent, memory) as run,
        whole_or_nothing(target) as part,
    ):
        for kind in OTHERS if isinstance(question, PdcQuestion) else ():
            add_other(run, kind, (others or {}).get(kind))
        query = texts.text(question)
        with reported(run, progress):
            return copied(run, query, source, part, style_of(target))


@contextmanager
def checked_copy(question: Question, source: Path, beside: Path) -> Iterator[Path]:
    """Yield a CSV file of the columns ``question`` reads and of ``seq``; its rows were checked.

    It goes again afterwards. Raises as ``answer_file``.
    """
    wanted = ", ".join(map(quoted_name, (*columns_needed(question), "seq")))
    with tempfile.TemporaryDirectory(prefix=".adherence-", dir=beside) as folder:
        path = Path(folder) / "checked.csv"
        with opened(question, source, beside) as run:
            copied(run, f"SELECT {wanted} FROM supplies", source, path, CSV)  # noqa: S608 - names quoted
        yield path


CSV = "FORMAT csv, HEADER"


def style_of(target: Path) -> str:
    """Return how ``target`` is written, in DuckDB's words: by its suffix."""
    return "FORMAT parquet" if target.suffix.lower() in PARQUET else CSV


def copied(run: Any, query: str, source: Path, target: Path, style: str) -> int:
    """Write the rows of ``query`` to ``target``; return them, or raise if there was no supply."""
    rows = int(run.execute(f"COPY ({query}) TO {quoted(target)} ({style})").fetchone()[0])
    if rows == 0 and is_empty(run, source):
        raise UnusableFile(f"{source}: the file holds no supplies.")
    return rows


@contextmanager
def opened(
    question: Question, source: Path, beside: Path, memory: str | None = None
) -> Iterator[Any]:
    """Yield a connection with the view ``supplies``, whose rows are checked as they are read."""
    wanted, kinds = columns_needed(question), kinds_of(question)
    duckdb = library("duckdb")
    with connected(duckdb, beside, memory) as run:
        names = column_names(run, source, wanted)
        try:
            run.execute(f"CREATE VIEW supplies AS {view(source, names, wanted, kinds)}")
            constant(run, question, source)
            yield run
        except duckdb.Error as error:
            refuse(run, source, names, wanted, kinds)
            raise UnusableFile(f"{source}: {first_line(error)}") from None


def answer_table(question: Question, table: Any, others: Mapping[str, Any] | None = None) -> Any:
    """Return a DuckDB relation that answers ``question`` about ``table``.

    ``table`` is whatever DuckDB can scan: a pandas or Polars frame, an Arrow table. Raises
    ``UnusableFile`` for a missing column and ``BadSupplies`` (all bad rows, counted from 1).
    """
    duckdb = library("duckdb")
    wanted, kinds = columns_needed(question), kinds_of(question)
    run = duckdb.connect()
    run.execute("SET preserve_insertion_order = true")
    run.register("given", table)
    names = [row[0] for row in run.execute("DESCRIBE given").fetchall()]
    check_columns("the table", names, wanted)
    try:
        run.execute(f"CREATE TEMP TABLE supplies AS {checked('given', names, wanted, kinds)}")
    except duckdb.Error as error:
        found = table_faults(run, "given", names, wanted, kinds)
        if bad := [BadRow(line, reason) for line, reason in found]:
            raise BadSupplies(bad) from None
        raise UnusableFile(f"the table: {first_line(error)}") from None
    constant(run, question)
    for kind in OTHERS if isinstance(question, PdcQuestion) else ():
        add_other(run, kind, None)
        if others and others.get(kind) is not None:
            run.register(f"given_{kind}", others[kind])
            run.execute(f"INSERT INTO {kind} BY NAME SELECT * FROM given_{kind}")  # noqa: S608 - two fixed names
    return run.sql(texts.text(question))


def constant(run: Any, question: Question, source: Path | None = None) -> None:
    """Raise ``BadSupplies`` unless each column that says a window is one value per patient."""
    differ = [
        f"CASE WHEN {quoted_name(one.name)} <> first_value({quoted_name(one.name)})"
        f" OVER (PARTITION BY patient_id ORDER BY seq)"
        f" THEN {quoted(f'{one.name} differs from that of the first row of the patient')} END"
        for one in window_columns(question)
    ]
    if not differ:
        return
    found = run.execute(
        f"SELECT seq, why FROM (SELECT seq, concat_ws('; ', {', '.join(differ)}) AS why"  # noqa: S608 - names quoted
        " FROM supplies) WHERE why <> '' ORDER BY seq"
    ).fetchall()
    if found:
        whose = "" if source is None else str(source)
        lines = {} if source is None or is_parquet(source) else line_numbers(source)
        raise BadSupplies([BadRow(lines.get(seq, seq), why, whose) for seq, why in found])


def add_other(run: Any, kind: str, path: Path | None) -> None:
    """Create the table ``kind`` of ``OTHERS`` from ``path``, empty without one."""
    columns = other_types(kind)
    run.execute(f"CREATE TEMP TABLE {kind} ({', '.join(' '.join(column) for column in columns)})")
    if path is not None and (rows := read_other(kind, path)):
        marks = ", ".join("?" for _ in columns)
        run.executemany(f"INSERT INTO {kind} VALUES ({marks})", rows)  # noqa: S608 - a fixed name


# ---- What the text calls "supplies" --------------------------------------------------------------


def view(
    source: Path,
    names: Sequence[str],
    wanted: Sequence[str],
    kinds: Mapping[str, Kind],
) -> str:
    """Return the query that reads and checks ``source``."""
    return checked(scan(source, names, kinds), names, wanted, kinds)


def scan(source: Path, names: Sequence[str], kinds: Mapping[str, Kind]) -> str:
    """Return the table function that reads ``source``, with the columns ``names``."""
    if is_parquet(source):
        where = source / "**" / "*.parquet" if source.is_dir() else source
        folder = str(source.is_dir()).lower()
        return (
            f"read_parquet({quoted(where)}, hive_partitioning = {folder},"
            " hive_types_autocast = false)"
        )
    types = ", ".join(
        f"{quoted(name)}: '{'DOUBLE' if is_number(kinds.get(name)) else 'VARCHAR'}'"
        for name in names
    )
    return (
        f"read_csv({quoted(source)}, auto_detect = false, header = true, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{types}}})"
    )


def is_number(kind: Kind | None) -> bool:
    """Whether a column of ``kind`` is read as a number at once."""
    return kind is not None and kind.type == "DOUBLE"


def checked(
    table: str,
    names: Sequence[str],
    wanted: Sequence[str],
    kinds: Mapping[str, Kind],
    carrier: str = "duration",
    also: Sequence[str] = (),
) -> str:
    """Return the query that gives the columns of ``wanted`` and ``seq``, and fails at a bad row.

    Those of ``also`` are given too where the table has them; they may be empty. The checks stand in
    the expression for the ``carrier``, which every question reads, so that the rows are read once
    and no check is left out.
    """
    columns = ", ".join(
        f"{kinds.get(name, TEXT).typed(name)} AS {quoted_name(name)}"
        for name in (*wanted, *(one for one in also if one in names))
        if name != carrier
    )
    shown = [name for name in kinds if name in names]
    good = " AND ".join(c for name in shown for c in conditions(name, kinds[name], name in wanted))
    value = f"CASE WHEN {good} THEN {kinds[carrier].typed(carrier)} ELSE error('bad row') END"
    return f"SELECT {columns}, {value} AS {carrier}, row_number() OVER () AS seq FROM {table}"  # noqa: S608 - names and paths quoted


def conditions(name: str, kind: Kind, needed: bool) -> Iterator[str]:
    """Yield what must hold of the column ``name``, in DuckDB's words."""
    column = quoted_name(name)
    good = list(kind.good(name))
    if needed:
        yield f"{column} IS NOT NULL"
        if kind.type == "VARCHAR":
            yield f"CAST({column} AS VARCHAR) <> ''"
        yield from good
    elif good:
        empty = f" OR CAST({column} AS VARCHAR) = ''" if kind.type != "DOUBLE" else ""
        yield f"({column} IS NULL{empty} OR ({' AND '.join(good)}))"


def column_names(run: Any, source: Path, wanted: Sequence[str]) -> list[str]:
    """Return the columns of ``source``; raises ``UnusableFile`` if one of ``wanted`` is missing."""
    if not is_parquet(source):
        return header(source, wanted)
    try:
        rows = run.execute(f"DESCRIBE SELECT * FROM {scan(source, [], {})}").fetchall()  # noqa: S608 - names checked, paths quoted
    except Exception as error:
        raise UnusableFile(f"{source}: {first_line(error)}") from None
    names = [row[0] for row in rows]
    check_columns(str(source), names, wanted)
    return names


def is_empty(run: Any, source: Path) -> bool:
    """Whether ``source`` has no row; asked only when there is no result."""
    if is_parquet(source):
        rows = run.execute(f"SELECT 1 FROM {scan(source, [], {})} LIMIT 1").fetchall()  # noqa: S608 - a path, quoted
        return not rows
    with source.open("rb") as file:
        file.readline()
        return not file.read(4096).strip()


def refuse(
    run: Any,
    source: Path,
    names: Sequence[str],
    wanted: Sequence[str],
    kinds: Mapping[str, Kind],
) -> None:
    """Raise ``BadSupplies`` with every bad row of ``source``; return if there is none."""
    if is_parquet(source):
        found = table_faults(run, scan(source, names, kinds), names, wanted, kinds)
        rows = [BadRow(line, reason, str(source)) for line, reason in found]
    else:
        rows = list(bad_rows(source, names, wanted, kinds))
    if rows:
        raise BadSupplies(rows)


def table_faults(
    run: Any,
    table: str,
    names: Sequence[str],
    wanted: Sequence[str],
    kinds: Mapping[str, Kind],
) -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and the faults of each bad row of ``table``."""
    parts = []
    for name in (one for one in kinds if one in names):
        kind, column = kinds[name], quoted_name(name)
        given = f"{column} IS NOT NULL AND CAST({column} AS VARCHAR) <> ''"
        if name in wanted:
            parts.append(f"CASE WHEN NOT ({given}) THEN {quoted(f'{name} is missing')} END")
        cast = kind.typed(name, "TRY_CAST")
        if kind.type == "DOUBLE":
            known = f"isnan({cast}) IS NOT FALSE"
            parts.append(
                f"CASE WHEN {given} AND {known} THEN {quoted(f'{name} is not a number')} END"
            )
            for bad, why in kind.refusals(cast):
                parts.append(
                    f"CASE WHEN NOT isnan({cast}) AND ({bad}) THEN {quoted(f'{name} {why}')} END"
                )
        elif good := " AND ".join(kind.good(name, "TRY_CAST")):
            parts.append(
                f"CASE WHEN {given} AND ({good}) IS NOT TRUE"
                f" THEN {quoted(f'{name} {kind.words}')} END"
            )
    query = (
        f"SELECT n, why FROM (SELECT row_number() OVER () AS n, concat_ws('; ', {', '.join(parts)})"  # noqa: S608 - names and paths quoted
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
            try:
                run.execute("SET memory_limit = ?", [memory])
            except duckdb.Error as error:
                raise UnusableFile(f"--memory: {first_line(error)}") from None
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


def first_line(error: Exception) -> str:
    """Return the first line of an engine's message: the rest may repeat what the file holds."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def to_stderr(share: float) -> None:
    """Say on the error stream how much is done."""
    print(f"{share:4.0%} done", file=sys.stderr, flush=True)
