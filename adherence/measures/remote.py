"""Questions about supplies wherever they lie: a file, the service's database, PostgreSQL, Spark."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adherence.domain.supplies import PdcQuestion, Question, columns_needed
from adherence.measures import duck, texts
from adherence.measures.columns import TEXT, kinds_of, quoted_name
from adherence.measures.engines import Engine, library
from adherence.measures.service import TABLE, is_address, on_disk, plain_address
from adherence.measures.supply_files import (
    OTHERS,
    PARQUET,
    UnusableFile,
    other_types,
    read_other,
)

CHUNK = 1 << 20

Rows = Sequence[tuple[str | None, ...]]


def answer(
    question: Question,
    source: str,
    target: Path,
    *,
    engine: Engine = Engine.DUCKDB,
    database: str | None = None,
    table: str = TABLE,
    clinic: str | None = None,
    memory: str | None = None,
    progress: duck.Progress | None = None,
    others: Mapping[str, Path] | None = None,
    least: int = 0,
) -> int:
    """Write the answer to ``question`` about ``source`` to ``target``; return its rows.

    ``source`` is a path, or the address of a database: the service's own, of which ``clinic`` names
    one, or any whose ``table`` has the columns of a file of supplies. Of the service's own, those
    are taken who agree to research, in words of version ``least`` at least. ``database`` is
    the PostgreSQL server that computes, with that engine. Raises
    ``UnusableFile``, ``BadSupplies`` (all bad rows) and ``EngineMissing``; nothing is written then.
    """
    if not target.parent.is_dir():
        raise UnusableFile(f"{target.parent}: there is no such folder.")
    wanted = columns_needed(question)
    with on_disk(source, table, clinic, wanted, target.parent, least) as path:
        if engine is Engine.DUCKDB:
            return duck.answer_file(
                question, path, target, memory=memory, progress=progress, others=others
            )
        if target.suffix.lower() in PARQUET:
            raise UnusableFile(f"{target}: this engine writes CSV only.")
        read = {
            kind: read_other(kind, others[kind]) if others and kind in others else []
            for kind in (OTHERS if isinstance(question, PdcQuestion) else ())
        }
        server = database or (source if is_address(source) else None)
        if engine is Engine.POSTGRES and not (server and server.startswith("postgres")):
            raise UnusableFile("--engine postgres needs --database postgresql://…")
        with (
            duck.checked_copy(question, path, target.parent) as checked,
            duck.whole_or_nothing(target) as part,
        ):
            if engine is Engine.POSTGRES:
                return on_postgres(question, checked, part, str(server), read)
            return on_spark(question, checked, part, read)


SQL_TYPES = {"VARCHAR": 'text COLLATE "C"', "DATE": "date", "DOUBLE": "double precision"}
SPARK_TYPES = {"VARCHAR": "string", "DATE": "date", "DOUBLE": "double"}


def schema_of(question: Question, types: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a checked copy and their types, in an engine's words."""
    kinds = kinds_of(question)
    named = {one: types[kinds.get(one, TEXT).type] for one in columns_needed(question)}
    return named | {"seq": "bigint"}


def copy_out(run: Any, query: str, path: Path) -> None:
    """Write what ``query`` (a COPY … TO STDOUT) gives to ``path``."""
    with path.open("wb") as file, run.cursor().copy(query) as rows:
        for block in rows:
            file.write(block)


def on_postgres(
    question: Question, path: Path, part: Path, server: str, others: Mapping[str, Rows]
) -> int:
    """Load ``path`` into a temporary table of ``server``, compute there, write the rows out.

    Texts are compared byte by byte, so that the rows stand in the order of every other engine.
    """
    psycopg = library("psycopg")
    query = texts.text(question, Engine.POSTGRES)
    columns = ", ".join(
        f"{quoted_name(one)} {kind}" for one, kind in schema_of(question, SQL_TYPES).items()
    )
    try:
        with psycopg.connect(plain_address(server)) as run:
            run.execute("SET LOCAL DateStyle = 'ISO'")
            run.execute(f"CREATE TEMPORARY TABLE supplies ({columns}) ON COMMIT DROP")
            load = "COPY supplies FROM STDIN (FORMAT csv, HEADER, ENCODING 'UTF8')"
            with path.open("rb") as file, run.cursor().copy(load) as rows:
                while block := file.read(CHUNK):
                    rows.write(block)
            run.execute("ANALYZE supplies")
            for kind, rows_of in others.items():
                columns = ", ".join(" ".join(column) for column in other_types(kind))
                run.execute(f"CREATE TEMPORARY TABLE {kind} ({columns}) ON COMMIT DROP")
                with run.cursor().copy(f"COPY {kind} FROM STDIN") as rows:
                    for row in rows_of:
                        rows.write_row(row)
            copy_out(run, f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)", part)
    except psycopg.Error as error:
        raise UnusableFile(f"the database: {duck.first_line(error)}") from None
    with part.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def on_spark(question: Question, path: Path, part: Path, others: Mapping[str, Rows]) -> int:
    """Compute with Spark in local mode, or the cluster its own settings name; return the rows."""
    library("pyspark")
    sql = library("pyspark.sql")
    ibis = library("ibis")
    expressions = library("adherence.measures.expressions")
    session = (
        sql.SparkSession.builder.appName("adherence")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    schema = ", ".join(f"`{one}` {kind}" for one, kind in schema_of(question, SPARK_TYPES).items())
    frame = session.read.csv(str(path), schema=schema, header=True, escape='"', multiLine=True)
    frame.createOrReplaceTempView("supplies")
    connection = ibis.pyspark.connect(session)
    for kind, rows_of in others.items():
        columns = other_types(kind)
        texts_only = ", ".join(f"{name} string" for name, _ in columns)
        typed = [f"cast({name} as {sort}) as {name}" for name, sort in columns]
        session.createDataFrame(rows_of, texts_only).selectExpr(*typed).createOrReplaceTempView(
            kind
        )
    beside = [connection.table(kind) for kind in others]
    asked = expressions.answer(connection.table("supplies"), question, beside)
    found = session.sql(connection.compile(asked))
    rows = 0
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(found.columns)
        for row in found.toLocalIterator():
            writer.writerow(row)
            rows += 1
    return rows
