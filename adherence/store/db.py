"""The database: column types, prepared statements, and the one door through which all writing goes.

Reading: ``with read() as run`` is one snapshot. Writing: ``write(work)`` calls ``work(run)`` inside
one durable transaction and returns what it returned; the caller goes on only after the commit.

On SQLite writers queue at a lock that the kernel wakes, never at SQLite's busy handler, which
sleeps up to 100 ms between looks. Jobs that pile up while another process holds the file are
committed together (group commit): each in a savepoint of its own, so an error undoes only its own
job. On PostgreSQL the same door is a plain transaction, whose statements are sent together where
nobody waits for their rows; the patient's row lock orders writers.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict, deque, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase

from adherence.store.lock_files import LockFile

T = TypeVar("T")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: At most this many waiting jobs share one commit.
GROUP = 32
#: How many forms of one insert, by the columns its rows fill, are kept at most.
NARROWED = 64
#: How long SQLite waits for a writer that does not use the door (a shell, a backup), in seconds.
FOREIGN_WRITER_SECONDS = 10.0
#: How often a PostgreSQL transaction is tried again after a deadlock or serialisation failure.
TRIES = 5

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

if TYPE_CHECKING:

    class Model(Base):
        """What row classes derive from, as a type checker understands it."""

        __abstract__ = True
else:
    Model = db.Model


# --- column types ------------------------------------------------------------------------------


class Quick:
    """A column type that says itself what converts its values to and from a dialect's driver.

    Core's way through a TypeDecorator is three calls a value. None converts nothing.
    """

    def to_driver(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        raise NotImplementedError

    def from_driver(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        raise NotImplementedError


class Id(Quick, sa.types.TypeDecorator[UUID]):
    """A UUID: 16 bytes on SQLite (35 % smaller than text), the native type on PostgreSQL."""

    impl = sa.LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(sa.LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        convert = self.to_driver(dialect)
        return value if convert is None else convert(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        convert = self.from_driver(dialect)
        found: UUID | None = value if convert is None else convert(value)
        return found

    def to_driver(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return None if dialect.name == "postgresql" else _bytes_of_uuid

    def from_driver(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return None if dialect.name == "postgresql" else _uuid_of_bytes


def _bytes_of_uuid(value: UUID | None) -> bytearray | None:
    # A bytearray, because sqlite3 asks for an adapter at every value that is bytes.
    return None if value is None else bytearray(value.int.to_bytes(16, "big"))


@lru_cache(maxsize=65_536)
def _uuid_of_bytes(value: bytes | None) -> UUID | None:
    # The same few ids come back row after row; making one costs more than finding it.
    return None if value is None else UUID(int=int.from_bytes(value, "big"))


class UtcDateTime(Quick, sa.types.TypeDecorator[datetime]):
    """An instant. Naive values are refused; SQLite, which loses zones, keeps UTC microseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return self.to_driver(dialect)(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        found: datetime | None = self.from_driver(dialect)(value)
        return found

    def to_driver(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _aware if dialect.name == "postgresql" else _microseconds

    def from_driver(self, dialect: Dialect) -> Callable[[Any], Any]:
        return _in_utc if dialect.name == "postgresql" else _of_microseconds


def _aware(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return value


def _microseconds(value: datetime | None) -> int | None:
    return None if value is None else (_aware(value) - EPOCH) // MICROSECOND  # type: ignore[operator]


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _of_microseconds(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(0, 0, value)


class Choice(Quick, sa.types.TypeDecorator[StrEnum]):
    """A member of a StrEnum, stored by its value (``done``, not ``DONE``)."""

    impl = sa.String(32)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__(32)
        self.kind = kind
        self._members: dict[str | None, StrEnum] = {member.value: member for member in kind}

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return self._members.get(value)

    def to_driver(self, dialect: Dialect) -> Callable[[Any], Any]:
        known: dict[Any, str | None] = {None: None, **{each: each.value for each in self.kind}}
        return known.__getitem__

    def from_driver(self, dialect: Dialect) -> Callable[[Any], Any]:
        return self._members.get


Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def one_of(column: str, kind: type[StrEnum], null: bool = False) -> sa.CheckConstraint:
    """A check that ``column`` holds a member of ``kind``; the list is written once, in the enum."""
    members = ", ".join(f"'{member.value}'" for member in kind)
    test = f"{column} IN ({members})"
    return sa.CheckConstraint(f"{column} IS NULL OR {test}" if null else test, name=column)


def between(column: str, scale: tuple[int, int]) -> sa.CheckConstraint:
    """A check that ``column`` is null or inside ``scale``, both ends included."""
    low, high = scale
    return sa.CheckConstraint(f"{column} IS NULL OR {column} BETWEEN {low} AND {high}", name=column)


# --- statements prepared once ------------------------------------------------------------------


class Statement:
    """A Core statement compiled once per dialect and run on the driver's own cursor.

    Core stays the only source of the SQL, and its own type processors convert what goes in and
    comes out; what is saved is the walk through the statement at each call (0.1 ms each, and a
    logged entry needs a dozen). Insert statements name their columns: ``Statement(insert(table), "a
    b")``.
    """

    __slots__ = ("_ready", "columns", "core")

    def __init__(self, core: Any, columns: str = "") -> None:
        self.core = core
        self.columns = columns.split() or None
        self._ready: dict[str, _Ready] = {}

    def ready(self, dialect: Dialect) -> _Ready:
        found = self._ready.get(dialect.name)
        if found is None:
            found = self._ready[dialect.name] = _Ready(self, dialect)
        return found


def _from_driver(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What converts a driver's value to a Python one, None where it is one already."""
    if isinstance(kind, Quick):
        return kind.from_driver(dialect)
    if isinstance(kind, sa.Float):
        return None  # both drivers give a float; psycopg's processor wants the cursor's type code
    processor: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(
        dialect, None
    )
    return processor


def _iso_date(value: date | None) -> str | None:
    return None if value is None else date.isoformat(value)


def _blob(value: bytes | None) -> bytearray | None:
    return None if value is None else bytearray(value)


#: The same values as Core's own processors for SQLite give, at a third of the cost.
_SQLITE: dict[type[sa.types.TypeEngine[Any]], Callable[[Any], Any]] = {
    sa.Date: _iso_date,
    sa.Boolean: {None: None, False: 0, True: 1}.__getitem__,
    sa.LargeBinary: _blob,
}


def _to_driver(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What converts a Python value to one for the driver, None where it is one already."""
    if isinstance(kind, Quick):
        return kind.to_driver(dialect)
    if dialect.name == "sqlite":
        for plain, convert in _SQLITE.items():
            if isinstance(kind, plain):
                return convert
    processor: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return processor


def _picker(keys: list[str]) -> Callable[[Mapping[str, Any]], Iterable[Any]]:
    """What takes the values of ``keys`` out of a mapping, in that order."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda given: [given[key] for key in keys]


class _Ready:
    __slots__ = (
        "bound",
        "converted",
        "dialect",
        "keys",
        "make",
        "may_lack",
        "names",
        "narrowed",
        "pick",
        "positional",
        "spread",
        "sql",
        "statement",
        "usual",
        "varying",
    )

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        core = statement.core
        self.statement, self.dialect = statement, dialect
        compiled = core.compile(dialect=dialect, column_keys=statement.columns)
        self.sql = str(compiled)
        self.positional = bool(compiled.positional)
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        binds = [compiled.binds[name] for name in names]
        self.names = names
        self.keys = [each.key for each in binds]
        self.pick = _picker(self.keys)
        #: The keys that are the same in all rows of a batch -> what differs, and where it stands.
        self.varying: dict[tuple[str, ...], tuple[Any, list[int]]] = {}
        #: Of an insert: the same one with fewer columns, by the places of those left out.
        self.narrowed: dict[tuple[int, ...], _Ready] | None = None
        #: Of an insert on PostgreSQL: the same one for many rows, by what they have in common.
        self.spread: dict[tuple[str, ...], str] = {}
        if statement.columns is not None and sorted(self.keys) == sorted(statement.columns):
            self.narrowed = {}
            table = core.table.c
            self.may_lack = [
                at
                for at, key in enumerate(self.keys)
                if table[key].nullable and table[key].server_default is None
            ]
        #: Values that the statement brings itself.
        self.usual = {each.key: each.effective_value for each in binds if not each.required}
        processors = [_to_driver(each.type, dialect) for each in binds]
        self.bound = [(at, each) for at, each in enumerate(processors) if each is not None]
        shown = getattr(core, "exported_columns", None)
        columns = list(shown) if shown is not None else []
        read = [_from_driver(column.type, dialect) for column in columns]
        #: The columns that the driver does not give as they should be, and what makes them so.
        self.converted = [(at, each) for at, each in enumerate(read) if each is not None]
        if columns:
            names = [str(column.key) for column in columns]
            row: Any = namedtuple("Row", names)  # type: ignore[misc]  # made at run time
            self.make: Any = partial(tuple.__new__, row)
        else:
            self.make = None

    def params(self, given: Mapping[str, Any]) -> Any:
        """The driver's parameters of one call."""
        values = list(self.pick({**self.usual, **given} if self.usual else given))
        for at, processor in self.bound:
            values[at] = processor(values[at])
        return values if self.positional else dict(zip(self.names, values, strict=True))

    def run_many(
        self, cursor: Any, given: Sequence[Mapping[str, Any]], same: Mapping[str, Any]
    ) -> None:
        """Run it once for each of several rows, converted column by column.

        What is the same in every row is converted once; ``same`` holds what is so by its nature. An
        insert leaves out what no row says.
        """
        rows = [{**self.usual, **one} for one in given] if self.usual else given
        many = len(rows)
        pick, places = self._varying(tuple(same))
        columns: list[Sequence[Any]] = [()] * len(self.keys)
        for at, column in zip(places, zip(*map(pick, rows), strict=True), strict=True):
            columns[at] = column
        for key, value in same.items():
            columns[self.keys.index(key)] = (value,) * many
        if self.narrowed is not None:
            empty = [
                at
                for at in self.may_lack
                if columns[at][0] is None and columns[at].count(None) == many
            ]
            narrower = self._without(tuple(empty)) if empty else None
            if narrower is not None:
                left = set(range(len(columns))).difference(empty)
                narrower._run_columns(cursor, [columns[at] for at in sorted(left)], same)
                return
        self._run_columns(cursor, columns, same)

    def _run_columns(
        self, cursor: Any, columns: list[Sequence[Any]], same: Mapping[str, Any]
    ) -> None:
        """Run it for rows that are given as their columns."""
        many = len(columns[0])
        for at, processor in self.bound:
            column = columns[at]
            first = column[0]
            if first is column[-1] and column.count(first) == many:
                columns[at] = (processor(first),) * many
            else:
                columns[at] = tuple(map(processor, column))
        if self.positional:
            cursor.executemany(self.sql, list(zip(*columns, strict=True)))
        elif self.narrowed is None:
            rows = zip(*columns, strict=True)
            named = [dict(zip(self.names, values, strict=True)) for values in rows]
            cursor.executemany(self.sql, named)
        else:
            # PostgreSQL runs a statement once for each row it is sent, at 0.07 ms each; so it is
            # sent one, with an array for each column.
            given = {
                key: column[0] if key in same else list(column)
                for key, column in zip(self.keys, columns, strict=True)
            }
            cursor.execute(self._of_arrays(tuple(key for key in self.keys if key in same)), given)

    def _of_arrays(self, same: tuple[str, ...]) -> str:
        """The insert as one statement that takes arrays, and one value of what is the ``same``."""
        found = self.spread.get(same)
        if found is None:
            table = self.statement.core.table
            columns = [table.c[key] for key in self.keys]
            values = []
            for key, column in zip(self.keys, columns, strict=True):
                kind = column.type.dialect_impl(self.dialect)
                if isinstance(kind, sa.types.TypeDecorator):
                    kind = kind.load_dialect_impl(self.dialect)
                if isinstance(kind, sa.String):
                    kind = sa.Text()  # a cast to a length would cut off what the column refuses
                given: Any = sa.bindparam(key)
                values.append(
                    sa.cast(given, kind)
                    if key in same
                    else sa.func.unnest(sa.cast(given, postgresql.ARRAY(kind)))
                )
            core = sa.insert(table).from_select(columns, sa.select(*values), False)
            found = self.spread[same] = str(core.compile(dialect=self.dialect))
        return found

    def _varying(self, same: tuple[str, ...]) -> tuple[Any, list[int]]:
        """What takes the other values than the ``same`` ones out of a row, and their places."""
        found = self.varying.get(same)
        if found is None:
            places = [at for at, key in enumerate(self.keys) if key not in same]
            found = _picker([self.keys[at] for at in places]), places
            self.varying[same] = found
        return found

    def _without(self, empty: tuple[int, ...]) -> _Ready | None:
        """The same insert without some of its columns, which take NULL; None of a rare form: to
        compile it costs more than it saves."""
        assert self.narrowed is not None
        found = self.narrowed.get(empty)
        if found is None and len(self.narrowed) < NARROWED:
            columns = [each for at, each in enumerate(self.keys) if at not in empty]
            statement = Statement(self.statement.core, " ".join(columns))
            found = self.narrowed[empty] = _Ready(statement, self.dialect)
        return found

    def row(self, raw: Sequence[Any]) -> Any:
        """One row as a named tuple."""
        values = list(raw)
        for at, processor in self.converted:
            values[at] = processor(values[at])
        return self.make(values)

    def rows(self, raw: Sequence[Sequence[Any]]) -> list[Any]:
        """The rows as named tuples, converted column by column."""
        if not raw:
            return []
        make = self.make
        if not self.converted:
            return [make(row) for row in raw]
        if len(raw) == 1:
            return [self.row(raw[0])]
        columns: list[Iterable[Any]] = list(zip(*raw, strict=True))
        for at, processor in self.converted:
            columns[at] = map(processor, columns[at])
        return list(map(make, zip(*columns, strict=True)))


class Kept:
    """What a process keeps of parsed rows, by a key that names their version; oldest out first."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._values: OrderedDict[Any, Any] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, key: Any) -> Any | None:
        return self._values.get(key)

    def put(self, key: Any, value: Any) -> None:
        with self._mutex:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def forget(self) -> None:
        """Keep nothing of what was parsed so far."""
        with self._mutex:
            self._values.clear()


class Run:
    """One transaction, or one reading snapshot, on one connection."""

    __slots__ = ("_connection", "_cursor", "_gathering", "_kept", "_pipeline", "_read", "dialect")

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept
        self._read: dict[Any, Any] = {}
        self._gathering: ExitStack | None = None
        self._pipeline: Any = None
        self.dialect = connection.dialect
        raw: Any = connection.connection.dbapi_connection
        self._cursor = raw.cursor()

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Send statements of PostgreSQL together, up to the next whose rows somebody waits for.

        A way to the server and back costs both sides more than most statements that an entry needs.
        What one of them refuses is raised where the next rows are read, at the latest at the end.
        """
        with ExitStack() as self._gathering:
            self._pipeline = self._gathering.enter_context(self._driver.pipeline())
            try:
                yield
            except BaseException:
                if self._pipeline is not None:
                    # The driver would log what else was refused, and what the row held.
                    with suppress(self.dialect.dbapi.Error):  # type: ignore[union-attr]  # loaded
                        self._pipeline.sync()
                raise

    @property
    def _driver(self) -> Any:
        return self._connection.connection.dbapi_connection

    @property
    def connection(self) -> Connection:
        """The connection, to whoever asks it in other ways than by statements: one at a time."""
        if self._gathering is not None:
            self._gathering.close()
            self._gathering = self._pipeline = None
        return self._connection

    @property
    def raw(self) -> Any:
        """The driver's connection, as ``connection``."""
        return self.connection.connection.dbapi_connection

    def commit(self) -> None:
        """Make what was written durable."""
        self._driver.commit()
        self.committed()

    def all(self, statement: Statement, **given: Any) -> list[Any]:
        """Every row, as named tuples."""
        ready = statement.ready(self.dialect)
        cursor = self._cursor
        cursor.execute(ready.sql, ready.params(given))
        return ready.rows(cursor.fetchall())

    def first(self, statement: Statement, **given: Any) -> Any | None:
        """The first row, or None."""
        ready = statement.ready(self.dialect)
        cursor = self._cursor
        cursor.execute(ready.sql, ready.params(given))
        # All of them: on SQLite an unfinished SELECT would keep its snapshot open past the commit.
        raw = cursor.fetchall()
        return ready.row(raw[0]) if raw else None

    def value(self, statement: Statement, **given: Any) -> Any:
        """The first column of the first row, or None when there is no row."""
        row = self.first(statement, **given)
        return None if row is None else row[0]

    def do(self, statement: Statement, **given: Any) -> int:
        """Run a statement that changes rows; how many it changed."""
        ready = statement.ready(self.dialect)
        self._cursor.execute(ready.sql, ready.params(given))
        if self._pipeline is not None:
            self._pipeline.sync()
        return int(self._cursor.rowcount)

    def put(self, statement: Statement, **given: Any) -> None:
        """Run a statement that changes rows, where nobody asks how many."""
        ready = statement.ready(self.dialect)
        self._cursor.execute(ready.sql, ready.params(given))

    def do_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]], **same: Any) -> None:
        """Run a statement once for each row; ``same`` is what they have in common."""
        if not rows:
            return
        ready = statement.ready(self.dialect)
        if len(rows) == 1:
            row = {**same, **rows[0]} if same else rows[0]
            self._cursor.execute(ready.sql, ready.params(row))
        else:
            ready.run_many(self._cursor, rows, same)

    def kept(self, key: Any) -> Any | None:
        """What was parsed before under this key, by this transaction or by a committed one."""
        found = self._read.get(key)
        return found if found is not None else self._kept.get(key)

    def keep(self, key: Any, value: Any) -> None:
        """Keep a parsed value for others, once this transaction has committed."""
        self._read[key] = value

    def committed(self) -> None:
        """What was read under versions that are now there for good may be kept."""
        for key, value in self._read.items():
            self._kept.put(key, value)

    def core(self, statement: Any, **given: Any) -> list[Any]:
        """Every row of a statement built at the call, for the few whose shape is not fixed."""
        result = self.connection.execute(statement, given)
        return list(result.all()) if result.returns_rows else []


# --- the store of one application --------------------------------------------------------------


class Store:
    """The engine of one application, its reading connections and its writing door."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self.kept = Kept()
        self._mine = threading.local()
        self._pid = os.getpid()
        self._door = self._new_door()
        self._steps: list[Callable[[Callable[[Callable[[Run], Any]], Any]], bool]] = []
        self._is_ready = True

    def _new_door(self) -> _GroupDoor | _PlainDoor:
        return _GroupDoor(self) if self.sqlite else _PlainDoor(self)

    def _after_fork(self) -> None:
        # A connection or a lock file opened before a fork would be shared with the parent.
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self.engine.dispose(close=False)
            self._mine = threading.local()
            self._door = self._new_door()

    def connection(self) -> Connection:
        """This thread's own connection, kept: taking one from the pool costs 0.1 ms a request."""
        self._after_fork()
        kept: Connection | None = getattr(self._mine, "connection", None)
        if kept is None or kept.closed or kept.invalidated:
            kept = self._mine.connection = self.engine.connect()
        return kept

    def drop_connection(self) -> None:
        kept: Connection | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if kept is not None and not kept.closed:
            try:
                kept.invalidate()
            finally:
                kept.close()

    @contextmanager
    def read(self) -> Iterator[Run]:
        connection = self.connection()
        if getattr(self._mine, "reading", None) is not None:
            # A read inside a read sees the same snapshot.
            yield self._mine.reading
            return
        try:
            run = Run(connection, self.kept)
            if self.sqlite:
                run.raw.execute("BEGIN")
            self._mine.reading = run
            try:
                yield run
                run.committed()
            finally:
                self._mine.reading = None
                run.raw.rollback()
                if connection.in_transaction():
                    connection.rollback()
        except (sa.exc.DBAPIError, self.engine.dialect.dbapi.Error):  # type: ignore[union-attr]
            self.drop_connection()
            raise

    def look(self, statement: Statement, **given: Any) -> Any | None:
        reading: Run | None = getattr(self._mine, "reading", None)
        if reading is not None:
            return reading.first(statement, **given)
        try:
            run = Run(self.connection(), self.kept)
            if self.sqlite:
                return run.first(statement, **given)
            run.raw.autocommit = True
            found = run.first(statement, **given)
            run.raw.autocommit = False
            return found
        except BaseException:
            self.drop_connection()  # it must not be met again as it may be now
            raise

    def write(self, work: Callable[[Run], T]) -> T:
        self._after_fork()
        if getattr(self._mine, "writing", False) or getattr(self._mine, "reading", None):
            raise RuntimeError("write() inside a transaction would wait for itself")
        if not self._is_ready:
            self._is_ready = all(step(self._door.write) for step in self._steps)
        return self._door.write(work)

    def before_writing(self, step: Callable[[Callable[[Callable[[Run], Any]], Any]], bool]) -> None:
        """Have ``step`` see to what must be there before anything is written.

        It is given a way to write, and asked, after the steps before it, until it says that all is
        there.
        """
        self._steps.append(step)
        self._is_ready = False

    def begin_anew(self) -> None:
        """Ask the steps again before the next thing is written: the rows are not what they were."""
        self._is_ready = False

    def close(self) -> None:
        self.drop_connection()
        self._door.close()
        self.engine.dispose()


class _PlainDoor:
    """PostgreSQL: one transaction, tried again when the server broke a tie against us."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def write(self, work: Callable[[Run], T]) -> T:
        store = self.store
        for attempt in range(1, TRIES + 1):
            connection = store.connection()
            store._mine.writing = True
            try:
                run = Run(connection, store.kept)
                with run.gathered():
                    result = work(run)
                    run.commit()
                if connection.in_transaction():
                    connection.commit()
                return result
            except BaseException as error:
                if _connection_lost(error):
                    store.drop_connection()
                else:
                    run.raw.rollback()
                    if connection.in_transaction():
                        connection.rollback()
                if attempt == TRIES or not _tie_lost(error):
                    raise
            finally:
                store._mine.writing = False
        raise AssertionError("the loop returns or raises")

    def close(self) -> None:
        return


def _sqlstate(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", "") or "")


def _tie_lost(error: BaseException) -> bool:
    return _sqlstate(error) in {"40001", "40P01"}


def _connection_lost(error: BaseException) -> bool:
    cause = getattr(error, "orig", error)
    name = type(cause).__name__
    return name in {"AdminShutdown", "ConnectionFailure", "InterfaceError"} or (
        name == "OperationalError" and not _sqlstate(error)
    )


class _Job:
    __slots__ = ("_wake", "done", "error", "result", "work")

    def __init__(self, work: Callable[[Run], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False
        self._wake = threading.Lock()
        self._wake.acquire()

    def wait(self) -> None:
        self._wake.acquire()

    def wake(self) -> None:
        self._wake.release()

    def answer(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


class _GroupDoor:
    """SQLite: whoever comes first leads, commits what has queued up, and hands the lead on.

    The leader works in its own thread, so a lone writer pays for no thread change. Between
    processes ``flock`` on ``<file>.lock`` is the queue; the group is formed after it is held, so
    what arrived while waiting shares the commit.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._mutex = threading.Lock()
        self._queue: deque[_Job] = deque()
        self._led = False
        self._connection: Connection | None = None
        database = store.engine.url.database
        held_in_memory = database in (None, "", ":memory:")
        self._lock_file = LockFile(None if held_in_memory else Path(f"{database}.lock"))

    def write(self, work: Callable[[Run], T]) -> T:
        job = _Job(work)
        with self._mutex:
            self._queue.append(job)
            lead = not self._led
            self._led = True
        if not lead:
            job.wait()
            if job.done:
                return job.answer()  # type: ignore[no-any-return]
        try:
            self._commit_group()
        finally:
            with self._mutex:
                following = self._queue[0] if self._queue else None
                if following is None:
                    self._led = False
            if following is not None:
                following.wake()
        return job.answer()  # type: ignore[no-any-return]

    def _commit_group(self) -> None:
        group: list[_Job] = []
        mine = self.store._mine
        mine.writing = True
        try:
            with self._lock_file:
                with self._mutex:
                    while self._queue and len(group) < GROUP:
                        group.append(self._queue.popleft())
                self._commit(group)
        except BaseException as error:
            if not group:  # the lock itself failed: take at least our own job
                with self._mutex:
                    group.append(self._queue.popleft())
            for job in group:
                job.error = job.error or error
            self._forget_connection()
        finally:
            mine.writing = False
            for job in group:
                job.done = True
            # The leader's own job is the first; it needs no waking.
            for job in group[1:]:
                job.wake()

    def _commit(self, group: list[_Job]) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = self.store.engine.connect()
        connection = self._connection
        run = Run(connection, self.store.kept)
        raw: Any = run.raw
        raw.execute("BEGIN IMMEDIATE")
        try:
            if len(group) == 1:
                self._alone(group[0], run)
                if group[0].error is not None:
                    raw.rollback()
                    return
            else:
                for job in group:
                    raw.execute("SAVEPOINT job")
                    self._alone(job, run)
                    if job.error is not None:
                        raw.execute("ROLLBACK TO job")
                    raw.execute("RELEASE job")
            run.commit()
        except BaseException:
            raw.rollback()
            raise
        finally:
            if connection.in_transaction():
                connection.rollback()

    @staticmethod
    def _alone(job: _Job, run: Run) -> None:
        try:
            job.result = job.work(run)
        except BaseException as error:  # raised again by the thread that asked
            job.error = error

    def _forget_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._lock_file.close()


# --- joining a Flask application ---------------------------------------------------------------

EXTENSION = "adherence.store"


def init_app(app: Flask, url: str) -> None:
    """Give ``app`` its engine and its store; nothing is read or created yet."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    options: dict[str, Any] = {"pool_pre_ping": False}
    if url.startswith("sqlite"):
        options["connect_args"] = {
            "check_same_thread": False,
            "timeout": FOREIGN_WRITER_SECONDS,
        }
        options["pool_size"] = 32
        options["max_overflow"] = 64
    else:
        options["pool_size"] = 32
        options["max_overflow"] = 64
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _open_sqlite)
    app.extensions[EXTENSION] = Store(engine)


def _open_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: reading begins deferred, writing immediate.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-16000")
    # What is deleted or encrypted anew leaves no bytes behind in the file.
    connection.execute("PRAGMA secure_delete=ON")
    # 16 MB of log instead of 4: pages that every writer touches are put back a quarter as often.
    connection.execute("PRAGMA wal_autocheckpoint=4000")


def store() -> Store:
    """The store of the current application."""
    found: Store = current_app.extensions[EXTENSION]
    return found


def read() -> Any:
    """A reading snapshot: ``with read() as run``."""
    return store().read()


def look(statement: Statement, **given: Any) -> Any | None:
    """The first row of a single statement, or None.

    One statement is a snapshot by itself, so nothing has to be begun and ended around it.
    """
    return store().look(statement, **given)


def write(work: Callable[[Run], T]) -> T:
    """Run ``work`` in one durable transaction; what it returned, after the commit.

    ``work`` gets values, not requests: on SQLite another caller's thread may run it.
    """
    return store().write(work)


def forget() -> None:
    """Let this process keep nothing of what it parsed: somebody is to be forgotten."""
    store().kept.forget()
