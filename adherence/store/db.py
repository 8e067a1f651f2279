"""The database: snapshots to read from, and the one door through which all writing goes.

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
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.engine import Connection, Engine

from adherence.store.columns import db
from adherence.store.lock_files import LockFile
from adherence.store.statements import Statement

T = TypeVar("T")

#: At most this many waiting jobs share one commit.
GROUP = 32
#: How long SQLite waits for a writer that does not use the door (a shell, a backup), in seconds.
FOREIGN_WRITER_SECONDS = 10.0
#: How often a PostgreSQL transaction is tried again after a deadlock or serialisation failure.
TRIES = 5


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

    __slots__ = (
        "_connection",
        "_cursor",
        "_driver",
        "_gathering",
        "_kept",
        "_pipeline",
        "_read",
        "dialect",
    )

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept
        self._read: dict[Any, Any] = {}
        self._gathering: ExitStack | None = None
        self._pipeline: Any = None
        self.dialect = connection.dialect
        driver: Any = connection.connection.dbapi_connection
        self._driver = driver
        self._cursor = driver.cursor()

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
                    with suppress(self._driver.Error):
                        self._pipeline.sync()
                raise

    @property
    def connection(self) -> Connection:
        """The connection, to whoever asks it in other ways than by statements: one at a time."""
        self._send_one_by_one()
        return self._connection

    @property
    def raw(self) -> Any:
        """The driver's connection, as ``connection``."""
        self._send_one_by_one()
        return self._driver

    def _send_one_by_one(self) -> None:
        if self._gathering is not None:
            self._gathering.close()
            self._gathering = self._pipeline = None

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
        for is_last in (self.sqlite, True):
            try:
                return self._look(statement, given)
            except BaseException as error:
                self.drop_connection()  # it must not be met again as it may be now
                if is_last or not _connection_lost(error):
                    raise
                # The server was started anew. Every request looks first, so that none fails of it.
                self.engine.dispose()
        raise AssertionError("the loop returns or raises")

    def _look(self, statement: Statement, given: Mapping[str, Any]) -> Any | None:
        run = Run(self.connection(), self.kept)
        if self.sqlite:
            return run.first(statement, **given)
        run.raw.autocommit = True
        found = run.first(statement, **given)
        run.raw.autocommit = False
        return found

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
