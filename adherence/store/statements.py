"""Statements: compiled once for each dialect, and run on the driver's own cursor."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from adherence.store.columns import Quick

#: How many forms of one insert, by the columns its rows fill, are kept at most.
NARROWED = 64


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


#: Any, for what it makes has its fields only at run time.
_row_class: Any = namedtuple


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
            self.make: Any = partial(tuple.__new__, _row_class("Row", names))
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
