"""Backups: all that a database holds, of one moment, and putting it into an empty one.

SQLite is copied by its own online backup, PostgreSQL table by table in one snapshot, as COPY writes
it. Neither keeps anybody from writing meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa

from adherence.store.db import Run, store

#: Bytes of one piece of a table.
PIECE = 4 * 1024 * 1024
#: It says which migration ran last, and is written by migrating.
VERSIONS = "alembic_version"


def kind() -> str:
    """``sqlite`` or ``postgresql``."""
    return store().engine.dialect.name


def sqlite_file() -> Path | None:
    """The file of the database; None where it is no file."""
    found = store().engine.url.database
    return None if kind() != "sqlite" or found in (None, "", ":memory:") else Path(str(found))


def is_empty() -> bool:
    """Whether the database has no table yet."""
    return not sa.inspect(store().engine).get_table_names()


# --- SQLite ------------------------------------------------------------------------------------


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database that others go on writing into a new file, as it is at one moment."""
    connection = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    copy = sqlite3.connect(target)
    try:
        # All pages in one step: a writer in between would make the copy begin again and again.
        connection.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()
        connection.close()


def fold_sqlite(file: Path) -> None:
    """Bring what lies beside a file in its log into the file itself; nobody may have it open."""
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()


def faults_of_sqlite(file: Path) -> list[str]:
    """What SQLite itself finds wrong with a file; empty when it is whole."""
    connection = sqlite3.connect(file)
    try:
        said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        faults = [] if said == ["ok"] else said
        loose = connection.execute("PRAGMA foreign_key_check").fetchall()
        return faults + [f"a row of {row[0]} refers to nothing" for row in loose]
    except sqlite3.DatabaseError:
        return ["it is no database"]
    finally:
        connection.close()


def rows_of_sqlite(file: Path) -> dict[str, int]:
    """How many rows each table of a file has."""
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            return _counted(connection)
    finally:
        engine.dispose()


# --- PostgreSQL --------------------------------------------------------------------------------


def rows_in(run: Run) -> dict[str, int]:
    """How many rows each table has, in the snapshot of ``run``."""
    return _counted(run.connection)


def tables_in_order(run: Run) -> list[str]:
    """The tables, each after those that its keys refer to."""
    inspector = sa.inspect(run.connection)
    ordered = inspector.get_sorted_table_and_fkc_names()
    return [name for name, _keys in ordered if name is not None and name != VERSIONS]


def columns_of(run: Run, name: str) -> list[str]:
    """The columns of a table, in their order."""
    return [one["name"] for one in sa.inspect(run.connection).get_columns(name)]


def copy_out(run: Run, name: str, columns: list[str]) -> Iterator[bytes]:
    """A table as COPY writes it, in pieces."""
    statement = f"COPY {_named(run, name, columns)} TO STDOUT"
    held = bytearray()
    with run.raw.cursor() as cursor, cursor.copy(statement) as copy:
        for part in copy:
            held += part
            if len(held) >= PIECE:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


def clear(run: Run) -> None:
    """Take out what migrating may have put into tables that were empty a moment ago."""
    names = tables_in_order(run)
    quoted = run.dialect.identifier_preparer.quote_identifier
    run.raw.execute(f"TRUNCATE {', '.join(quoted(name) for name in names)}")


def copy_in(run: Run, name: str, columns: list[str], pieces: Iterable[bytes]) -> None:
    """Put what COPY wrote into a table; keys and checks hold here as for everybody."""
    statement = f"COPY {_named(run, name, columns)} FROM STDIN"
    with run.raw.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in pieces:
            copy.write(piece)


def _named(run: Run, name: str, columns: list[str]) -> str:
    """A table and its columns as COPY wants them, quoted: the names come from a file."""
    quoted = run.dialect.identifier_preparer.quote_identifier
    return f"{quoted(name)} ({', '.join(quoted(column) for column in columns)})"


def _counted(connection: sa.Connection) -> dict[str, int]:
    names = sa.inspect(connection).get_table_names()
    counts = {}
    for name in sorted(names):
        if name != VERSIONS:
            asked = sa.select(sa.func.count()).select_from(sa.table(name))
            counts[name] = int(connection.execute(asked).scalar_one())
    return counts
