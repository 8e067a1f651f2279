"""What every test may ask for: an application on a migrated database of its own, and a client.

``--full`` adds the long forms. Tests of the store, the services and the API run on SQLite and on
PostgreSQL; all others on SQLite. With ``CI=true`` a missing component is an error, not a skip.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests import postgres
from tests.shared import share

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.web.town import Town

HERE = Path(__file__).parent
ON_BOTH = {"store", "services", "api"}
IN_CI = os.environ.get("CI") == "true"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the long forms of the tests as well")


def pytest_configure() -> None:
    share()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``--dist loadgroup`` by file: pytest 9.2 keeps xdist 3.8 from reading the mark's groups.

    Tests of one file of journeys share a clinic that takes seconds to start; files that measure or
    kill processes share one worker. Everything else is dealt out test by test.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class ByFile(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = HERE.parent / nodeid.partition("::")[0]
            if path.parent.name == "journeys":
                return path.stem
            return "processes" if is_of_processes(path) else nodeid

    return ByFile(config, log)


@cache
def is_of_processes(path: Path) -> bool:
    """Whether a file's tests are marked for the one worker that handles processes."""
    return path.is_file() and 'xdist_group("processes")' in path.read_text("utf-8")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    long = pytest.mark.skip(reason="the long form; run with --full")
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(long)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``store_url`` its databases: both kinds where SQL is what the test is about."""
    if "store_url" not in metafunc.fixturenames:
        return
    room = metafunc.definition.path.relative_to(HERE).parts[0]
    kinds = ["sqlite"]
    if room in ON_BOTH or metafunc.definition.get_closest_marker("postgres"):
        kinds.append("postgresql")
    marked = {"postgresql": [pytest.mark.postgres]}
    metafunc.parametrize(
        "store_url",
        [pytest.param(kind, marks=marked.get(kind, [])) for kind in kinds],
        indirect=True,
    )


def missing(what: str) -> None:
    """Skip the test because ``what`` is not there; in CI that is an error."""
    if IN_CI:
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server's maintenance database."""
    if given := os.environ.get(postgres.VARIABLE):
        yield given
        return
    if postgres.programs() is None:
        missing(postgres.HOW)
    with postgres.Cluster() as cluster:
        yield cluster.url()


@pytest.fixture(scope="session")
def migrate() -> Callable[[str], None]:
    """A function that brings the database at an address to the newest revision."""

    def upgrade(url: str) -> None:
        from tests.builders import migrated

        migrated(url)

    return upgrade


@pytest.fixture(scope="session")
def sqlite_template(
    tmp_path_factory: pytest.TempPathFactory, migrate: Callable[[str], None]
) -> Path:
    """An empty, migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "adherence.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(
    postgres_server: str, worker_name: str, migrate: Callable[[str], None]
) -> Iterator[sa.URL]:
    """An empty, migrated PostgreSQL database to copy."""
    url = sa.make_url(postgres_server).set(database=f"template_{worker_name}")
    with databases(postgres_server) as run:
        run(f"DROP DATABASE IF EXISTS {url.database}")
        run(f"CREATE DATABASE {url.database} TEMPLATE template0 ENCODING 'UTF8'")
        migrate(url.render_as_string(hide_password=False))
        yield url
        run(f"DROP DATABASE {url.database} WITH (FORCE)")


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """A name no other process of this machine uses for its databases."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "alone")
    return f"{worker}_{os.getpid()}"


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path, worker_name: str) -> Iterator[str]:
    """The address of an empty, migrated database that only this test uses.

    What lies beside a database is emptied with it.
    """
    from tests.builders import tombstones

    tombstones().unlink(missing_ok=True)
    if request.param == "sqlite":
        path = tmp_path / "adherence.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("empty_postgres")()


@pytest.fixture(scope="session")
def empty_postgres(
    postgres_server: str, postgres_template: sa.URL, worker_name: str
) -> Iterator[Callable[[], str]]:
    """A function that empties this process's database, or makes it, and returns its address.

    Emptying takes a tenth of the time of making. A test that left other tables, rights or settings
    behind than the template's gets the next one a new database.
    """
    url = postgres_template.set(database=f"test_{worker_name}")
    address = url.render_as_string(hide_password=False)
    name = url.database
    made = ""

    with databases(postgres_server) as run:

        def empty() -> str:
            nonlocal made
            with suppress(sa.exc.DBAPIError):  # it may be gone, or have lost a table
                if made and emptied(address) == made:
                    return address
            run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            run(f"CREATE DATABASE {name} TEMPLATE {postgres_template.database}")
            made = emptied(address)
            return address

        try:
            yield empty
        finally:
            run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


#: All that a test may change of a database but its rows, as one digest.
SHAPE = r"""
SELECT md5(concat_ws('|',
  (SELECT string_agg(row(oid, relname, relkind, relowner, relacl, reloptions, relrowsecurity)::text,
                     ',' ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
  (SELECT string_agg(row(attrelid, attname, atttypid, attnotnull, attacl, attisdropped)::text,
                     ',' ORDER BY attrelid, attnum) FROM pg_attribute WHERE attnum > 0
     AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
  (SELECT string_agg(row(oid, conname, convalidated)::text, ',' ORDER BY oid) FROM pg_constraint),
  (SELECT string_agg(row(oid, tgname, tgenabled)::text, ',' ORDER BY oid) FROM pg_trigger),
  (SELECT string_agg(row(oid, prosrc, proacl)::text, ',' ORDER BY oid) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace),
  (SELECT string_agg(row(oid, nspname, nspacl)::text, ',' ORDER BY oid) FROM pg_namespace
     WHERE nspname NOT LIKE 'pg\_%%'),
  (SELECT string_agg(row(setdatabase, setrole, setconfig)::text, ',') FROM pg_db_role_setting),
  (SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles),
  (SELECT string_agg(version_num, ',') FROM alembic_version)))
"""
OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def emptied(address: str) -> str:
    """Empty the tables of a database, whoever still holds on to it, and return its shape."""
    with databases(address) as run:
        run(OTHERS)
        shape = run(SHAPE).scalar_one()
        tables = run(
            "SELECT quote_ident(tablename) FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).scalars()
        # As a replica does it: neither foreign keys nor what keeps the record from being cut.
        run("SET session_replication_role = replica")
        run("".join(f"DELETE FROM {table};" for table in tables))
        return str(shape)


@contextmanager
def databases(url: str) -> Iterator[Callable[[str], Any]]:
    """A function that runs statements on the server at ``url`` outside any transaction."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            yield connection.exec_driver_sql
    finally:
        engine.dispose()


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords and PINs hashed in no time, but for tests marked ``hashes``.

    The product's own parameters take 45 ms of a processor for each, and there are thousands.
    They stand in the code and no setting changes them; a test has to reach into the module.
    """
    if "store_url" not in request.fixturenames or request.node.get_closest_marker("hashes"):
        return
    from argon2 import PasswordHasher

    from adherence.services import passwords

    for name in ("HASHER", "PIN_HASHER"):
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr(passwords, name, quick)


@pytest.fixture
def app(store_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The whole application on a fresh database, with its context pushed."""
    from tests.builders import application, closed

    made = application(store_url)
    with made.app_context():
        yield made
    closed(made)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies or a phone without a token."""
    return app.test_client()


@pytest.fixture
def town(store_url: str) -> Iterator[Town]:
    """A town of this test's own."""
    from tests.web.town import founded

    with founded(store_url) as made:
        yield made


@pytest.fixture(scope="module")
def shared_town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that the tests of a file share, for those that leave it usable for the next."""
    from tests.web.town import founded

    path = tmp_path_factory.mktemp("town") / "adherence.sqlite"
    shutil.copyfile(sqlite_template, path)
    with founded(f"sqlite:///{path}") as made:
        yield made
