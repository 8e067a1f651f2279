"""Supplies in a database: the service's own record, by clinic, or any table of their columns.

The rows are written to a file, which the engines then read as any other. Of the service's record,
those that stand are taken: not corrected by a later row and not withdrawn, of patients who at this
moment agree that data about them leave the clinic for research.
"""

from __future__ import annotations

import csv
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from adherence.domain.supplies import COLUMNS
from adherence.measures.columns import quoted_name
from adherence.measures.engines import library
from adherence.measures.supply_files import BadRow, BadSupplies, UnusableFile, check_columns

DATABASES = ("postgresql", "postgresql+psycopg", "postgres", "sqlite")
TABLE = "supply"
"""The service's table, and the usual name of another."""
OWN = frozenset({"client_id", "clinic_id", "corrects_id", "withdrawn"})
"""Columns by which the service's own table is known."""
CONSENT = "consent_decision"
"""The service's table of what patients agreed to."""
SQLITE_ID = (
    "lower("
    + " || '-' || ".join(
        f"substr(hex({{0}}), {first}, {length})"
        for first, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    )
    + ")"
)


def is_address(source: str) -> bool:
    """Whether ``source`` is the address of a database rather than a path."""
    return urlsplit(source).scheme in DATABASES


def plain_address(address: str) -> str:
    """Return ``address`` without the name of a driver, as PostgreSQL's own client reads it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(scheme=parts.scheme.partition("+")[0]))


@contextmanager
def on_disk(
    source: str,
    table: str,
    clinic: str | None,
    wanted: Sequence[str],
    beside: Path,
    least: int = 0,
) -> Iterator[Path]:
    """Yield ``source`` as a file; the rows of a database are written to one that goes again.

    ``clinic`` is the name or the id of the clinic whose record is meant, where there are several;
    ``least`` the oldest version of the words about research to which a yes still holds.
    What the block refuses about that file is said of the rows of the database.
    """
    if not is_address(source):
        if clinic is not None:
            raise UnusableFile("--clinic belongs to the service's database, not to a file.")
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix=".adherence-", dir=beside) as folder:
        path = Path(folder) / "supplies.csv"
        with opened(source) as run:
            copy(run, table, clinic, wanted, path, least)
        try:
            yield path
        except BadSupplies as bad:
            raise BadSupplies([BadRow(row.line - 1, row.reason) for row in bad.rows]) from None
        except UnusableFile as error:
            raise UnusableFile(str(error).replace(str(path), f"table {table}")) from None


def copy(
    run: Any, table: str, clinic: str | None, wanted: Sequence[str], path: Path, least: int = 0
) -> None:
    """Write the supplies of ``table`` to the CSV file ``path``."""
    names = run.names(table)
    check_columns(f"table {table}", names, wanted)
    shown = [name for name in dict.fromkeys((*COLUMNS, *wanted)) if name in names]
    if names.issuperset(OWN):
        if not run.names(CONSENT):
            raise UnusableFile(
                f"the database has no table {CONSENT}; run adherence db upgrade first."
            )
        chosen = one_clinic(run.clinics(table), clinic)
        rows = run.own(table, shown, chosen, least)
    elif clinic is not None:
        raise UnusableFile(f"table {table}: it is not the service's, so it knows no --clinic.")
    else:
        rows = run.all(table, shown)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(shown)
        writer.writerows(rows)


def one_clinic(clinics: Sequence[tuple[Any, str, str]], clinic: str | None) -> Any:
    """Return the key of the clinic meant, of those (key, id, name) that have supplies."""
    if clinic is None and len(clinics) <= 1:
        return clinics[0][0] if clinics else None
    found = [key for key, own_id, name in clinics if clinic in (own_id, name)]
    if len(found) == 1:
        return found[0]
    known = "; ".join(f"{name} ({own_id})" for _, own_id, name in clinics) or "none"
    raise UnusableFile(f"--clinic has to name one of those with supplies: {known}.")


@contextmanager
def opened(address: str) -> Iterator[Any]:
    """Yield the database at ``address`` for reading, as ``_Sqlite`` or ``_Postgres``."""
    if urlsplit(address).scheme == "sqlite":
        place = Path(unquote(address.split("///", 1)[-1]))
        if not place.is_file():
            raise UnusableFile(f"{place}: there is no such database.")
        try:
            with closing(sqlite3.connect(f"{place.resolve().as_uri()}?mode=ro", uri=True)) as run:
                yield _Sqlite(run)
        except sqlite3.Error as error:
            raise UnusableFile(f"{place}: {error}") from None
        return
    psycopg = library("psycopg")
    try:
        with psycopg.connect(plain_address(address)) as run:
            run.execute("SET TRANSACTION READ ONLY")
            yield _Postgres(run)
    except psycopg.Error as error:
        raise UnusableFile(f"the database: {str(error).partition(chr(10))[0]}") from None


class _Sqlite:
    """A SQLite file: ids are 16 bytes there."""

    def __init__(self, run: sqlite3.Connection) -> None:
        self.run = run

    def names(self, table: str) -> set[str]:
        """The columns of ``table``; none if there is no such table."""
        return {row[1] for row in self.run.execute(f"PRAGMA table_info({quoted_name(table)})")}

    def clinics(self, table: str) -> list[tuple[bytes, str, str]]:
        """Key, id and name of each clinic that has supplies."""
        text = SQLITE_ID.format("id")
        return self.run.execute(
            f"SELECT id, {text}, name FROM clinic"  # noqa: S608 - names quoted
            " WHERE id IN (SELECT clinic_id FROM "
            f"{quoted_name(table)}) ORDER BY 3, 1"
        ).fetchall()

    def own(
        self, table: str, shown: Sequence[str], clinic: bytes | None, least: int
    ) -> Iterator[Any]:
        """The standing supplies of who agreed, in the order in which they were recorded."""
        columns = [SQLITE_ID.format(n) if n == "patient_id" else quoted_name(n) for n in shown]
        return self.run.execute(standing(quoted_name(table), columns, "?"), (clinic, least))

    def all(self, table: str, shown: Sequence[str]) -> Iterator[Any]:
        """The rows of ``table`` in its own order."""
        columns = ", ".join(map(quoted_name, shown))
        return self.run.execute(f"SELECT {columns} FROM {quoted_name(table)} ORDER BY rowid")  # noqa: S608 - names quoted


class _Postgres:
    """A PostgreSQL server."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def names(self, table: str) -> set[str]:
        """The columns of ``table``, which may name its schema; none if there is no such table."""
        found = self.run.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
            " AND NOT attisdropped",
            (_dotted(table),),
        )
        return {row[0] for row in found}

    def clinics(self, table: str) -> list[tuple[Any, str, str]]:
        """Key, id and name of each clinic that has supplies."""
        found = self.run.execute(
            "SELECT id, id::text, name FROM clinic"  # noqa: S608 - names quoted
            " WHERE id IN (SELECT clinic_id FROM "
            f"{_dotted(table)}) ORDER BY 3, 1"
        ).fetchall()
        return list(found)

    def own(self, table: str, shown: Sequence[str], clinic: Any, least: int) -> Iterator[Any]:
        """The standing supplies of who agreed, in the order in which they were recorded."""
        columns = [f"{n}::text" if n == "patient_id" else quoted_name(n) for n in shown]
        return self._rows(standing(_dotted(table), columns, "%s"), (clinic, least))

    def all(self, table: str, shown: Sequence[str]) -> Iterator[Any]:
        """The rows of ``table``, in order of ``id`` where it has one, else as the server gives."""
        order = " ORDER BY id" if "id" in self.names(table) else ""
        columns = ", ".join(map(quoted_name, shown))
        return self._rows(f"SELECT {columns} FROM {_dotted(table)}{order}", ())  # noqa: S608 - names quoted

    def _rows(self, query: str, values: tuple[Any, ...]) -> Iterator[Any]:
        """The rows of ``query``, a batch at a time, so that none has to fit into memory."""
        with self.run.cursor(name="supplies") as cursor:
            cursor.execute(query, values)
            yield from cursor


def standing(table: str, columns: Sequence[str], mark: str) -> str:
    """Return the query for the supplies of one clinic that no later row corrects or withdraws.

    Only of patients whose latest decision about research is a yes to words that suffice.
    """
    return (
        f"SELECT {', '.join(columns)} FROM {table} AS one WHERE clinic_id = {mark}"  # noqa: S608 - fixed names
        " AND NOT withdrawn AND NOT EXISTS (SELECT 1 FROM "
        f"{table} AS later WHERE later.patient_id = one.patient_id"
        " AND later.corrects_id = one.client_id)"
        " AND EXISTS (SELECT 1 FROM consent_decision AS agreed"
        " WHERE agreed.patient_id = one.patient_id"
        f" AND agreed.purpose = 'research' AND agreed.answer = 'given' AND agreed.version >= {mark}"
        " AND NOT EXISTS (SELECT 1 FROM consent_decision AS after"
        " WHERE after.patient_id = agreed.patient_id AND after.purpose = agreed.purpose"
        " AND (after.decided_at > agreed.decided_at"
        " OR after.decided_at = agreed.decided_at AND after.seq > agreed.seq)))"
        " ORDER BY one.patient_id, one.seq"
    )


def _dotted(table: str) -> str:
    return ".".join(quoted_name(part) for part in table.split("."))
