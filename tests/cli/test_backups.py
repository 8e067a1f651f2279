"""F12: a backup while everybody writes, restored in a new place; damage, wrong keys, the erased."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from adherence.app import create_app
from adherence.cli.main import main
from adherence.domain.access import Actor, Role
from adherence.domain.entries import Status
from adherence.services import accounts, audit, backups, entries, erasures, media
from adherence.services.erasures import Outcome
from adherence.settings import EXTENSION, Settings
from adherence.store.entries import ENTRY
from adherence.store.ids import new_id
from tests.builders import SECRET
from tests.practice import rows
from tests.services.test_media import picture
from tests.wards import MONDAY, Ward, ward

if TYPE_CHECKING:
    from flask import Flask

WRITERS = 50
LATER = MONDAY + timedelta(days=4_000)


class Place:
    """A server of this test's own, its folders, its key, and its command line."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(
            database_url=url,
            secret_key=SECRET,
            work_inside=False,
            requests_per_minute=10**9,
            media_folder=str(folder / "media"),
            export_folder=str(folder / "exports"),
            tombstone_file=str(folder / "tombstones.txt"),
            backup_key_file=str(folder / "key"),
        )
        self.out = folder / "vault" / "backup.sealed"
        self.out.parent.mkdir()
        self.app = self.create()

    def create(self, given: Settings | None = None) -> Flask:
        made = create_app(given or self.settings)
        made.testing = True
        return made

    def run(self, *words: object) -> int:
        return main(self.create, [str(word) for word in words])

    def back_up(self) -> int:
        return self.run("backup", "--out", self.out)

    def restore(self, into: str, *more: object) -> int:
        where = ("--media-into", self.folder / "new-media")
        return self.run("restore", "--from", self.out, "--into", into, *where, *more)

    def other(self, url: str) -> Flask:
        found = self.create(replace(self.settings, database_url=url))
        assert found.extensions[EXTENSION].database_url == url
        return found


@pytest.fixture
def place(store_url: str, tmp_path: Path):
    made = Place(store_url, tmp_path)
    made.run("keys", "create", tmp_path / "key")
    yield made
    backups.let_go(made.app)


@pytest.fixture
def ruth(place: Place) -> Ward:
    with place.app.app_context():
        return ward(MONDAY)


def log(one: Ward, note: str = "") -> UUID:
    client_id = new_id()
    entries.log_entry(
        one.patient,
        one.patient_id,
        {
            "client_id": client_id,
            "activity_id": one.exercise_id,
            "status": Status.DONE,
            "note": note or None,
            "performed_at": MONDAY,
        },
        MONDAY,
    )
    return client_id


def target(place: Place, request: pytest.FixtureRequest) -> str:
    """The address of a place that is empty."""
    if place.settings.database_url.startswith("sqlite"):
        return f"sqlite:///{place.folder / 'new.sqlite'}"
    from tests.conftest import databases

    server = request.getfixturevalue("postgres_server")
    name = f"restored_{os.getpid()}_{random.randrange(10**9)}"
    with databases(server) as run:
        run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")

    def drop() -> None:
        with databases(server) as run:
            run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    request.addfinalizer(drop)
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.mark.postgres
def test_F12_a_backup_under_fifty_writers_holds_what_was_acknowledged_before(
    place: Place, ruth: Ward, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
):
    stop, acknowledged, errors = threading.Event(), [], []
    mutex = threading.Lock()

    def write() -> None:
        with place.app.app_context():
            while not stop.is_set():
                try:
                    made = log(ruth)
                except Exception as error:
                    errors.append(error)
                    return
                with mutex:
                    acknowledged.append(made)

    with place.app.app_context():
        medium = media.keep(ruth.therapist, media.clean(picture()), MONDAY)
    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        while len(acknowledged) < WRITERS:
            assert not errors
        with mutex:
            before = set(acknowledged)
        assert place.back_up() == 0
        with mutex:
            after = len(acknowledged)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not errors
    assert after > len(before), "nobody wrote while the backup was made"

    url = target(place, request)
    assert place.restore(url) == 0, capsys.readouterr()
    app = place.other(url)
    with app.app_context():
        kept = {row.client_id for row in rows(ENTRY)}
        assert before <= kept <= set(acknowledged)
        assert audit.verify(ruth.clinic_id) == []
        assert log(ruth), "nobody can write into what was restored"
        health = app.test_client().get("/health")
        assert health.status_code in {200, 503}
    files = {path.name: path.read_bytes() for path in (place.folder / "media").iterdir()}
    assert files == {p.name: p.read_bytes() for p in (place.folder / "new-media").iterdir()}
    assert medium
    backups.let_go(app)


@pytest.mark.postgres
def test_the_file_shows_nothing_and_only_its_owner_reads_it(place: Place, ruth: Ward):
    with place.app.app_context():
        log(ruth, "a note that nobody else reads")
    assert place.back_up() == 0
    content = place.out.read_bytes()

    assert place.out.stat().st_mode & 0o077 == 0
    for text in (b"a note that nobody", b"Ruth Aldous", b"Climb to my flat", b"SQLite format"):
        assert text not in content
    assert sorted(path.name for path in place.out.parent.iterdir()) == [
        backups.TOMBSTONES,
        "backup.sealed",
    ]


def test_F12_one_changed_byte_is_found_at_each_of_a_hundred_places(
    place: Place, ruth: Ward, capsys
):
    assert place.back_up() == 0
    whole = place.out.read_bytes()
    chance = random.Random(20261122)
    places = {0, len(whole) - 1, *chance.sample(range(len(whole)), 98)}
    into = place.folder / "new.sqlite"
    for at in sorted(places):
        changed = bytearray(whole)
        changed[at] ^= 1 << chance.randrange(8)
        place.out.write_bytes(changed)
        assert place.restore(str(into)) == 1, at
        assert not into.exists()
    assert len(places) == 100
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert not (place.folder / "new-media").exists()


@pytest.mark.parametrize("keep", [0, 10, 60, 0.3, 0.99])
def test_F12_a_cut_file_is_found(place: Place, ruth: Ward, keep: float):
    assert place.back_up() == 0
    whole = place.out.read_bytes()
    place.out.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])

    assert place.restore(str(place.folder / "new.sqlite")) == 1


def test_another_key_is_refused_with_a_sentence(place: Place, ruth: Ward, capsys):
    assert place.back_up() == 0
    place.run("keys", "create", place.folder / "other")
    capsys.readouterr()
    more = ("--key-file", place.folder / "other")

    assert place.restore(str(place.folder / "new.sqlite"), *more) == 1
    assert "This key does not open the file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key: key.chmod(0o640), "chmod 600"),
        (lambda key: key.write_text("short"), "holds no key"),
        (lambda key: key.write_text("ab" * 16), "holds no key"),
        (lambda key: key.unlink(), "cannot be read"),
    ],
)
def test_a_key_that_is_none_is_refused(place: Place, spoil: Callable[[Path], Any], said, capsys):
    spoil(place.folder / "key")

    assert place.back_up() == 1
    assert said in capsys.readouterr().err
    assert not place.out.exists()


def test_nothing_is_overwritten(place: Place, ruth: Ward, capsys):
    assert place.back_up() == 0
    before = place.out.read_bytes()
    assert place.back_up() == 1
    assert place.out.read_bytes() == before
    assert place.run("keys", "create", place.folder / "key") == 1
    into = place.folder / "new.sqlite"
    into.write_text("mine")
    assert place.restore(str(into)) == 1
    assert into.read_text() == "mine"
    into.unlink()
    (place.folder / "new-media").mkdir()
    (place.folder / "new-media" / "x").touch()
    assert place.restore(str(into)) == 1
    assert not into.exists()


@pytest.mark.postgres
def test_a_database_with_tables_is_not_restored_into(place: Place, ruth: Ward, capsys):
    assert place.back_up() == 0
    assert place.restore(place.settings.database_url) == 1
    assert "already" in capsys.readouterr().err


@pytest.mark.postgres
def test_F12_who_was_erased_after_the_backup_does_not_come_back(
    place: Place, ruth: Ward, request: pytest.FixtureRequest, capsys
):
    with place.app.app_context():
        other = ward(MONDAY, ruth.therapist)
        locked = ward(MONDAY, ruth.therapist)
        admins = [_admin(ruth, name) for name in ("One", "Two")]
    assert place.back_up() == 0
    with place.app.app_context():
        _decide(ruth, admins, Outcome.ERASE)
        _decide(locked, admins, Outcome.RESTRICT)
        # The next backup renews the list beside it; this one is older than the erasure.
        backups.renew_list_beside(place.out)
    url = target(place, request)
    (place.folder / "tombstones.txt").unlink()
    assert place.restore(url) == 0, capsys.readouterr()
    assert "Erased again: 1; locked away again: 1." in capsys.readouterr().out

    app = place.other(url)
    with app.app_context():
        from adherence.store.patients import PATIENT

        left = {row.id: row.restricted_at is None for row in rows(PATIENT)}
        assert left == {other.patient_id: True, locked.patient_id: False}
        assert audit.verify(ruth.clinic_id) == []
    backups.let_go(app)


def test_without_the_list_of_tombstones_nothing_is_restored(place: Place, ruth: Ward, capsys):
    assert place.back_up() == 0
    backups.list_beside(place.out).unlink()
    (place.folder / "tombstones.txt").unlink(missing_ok=True)
    into = place.folder / "new.sqlite"

    assert place.restore(str(into)) == 1
    assert "tombstones" in capsys.readouterr().err
    assert not into.exists()


def test_a_backup_whose_audit_does_not_hold_is_not_kept(place: Place, ruth: Ward, capsys):
    engine = sa.create_engine(place.settings.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.exec_driver_sql("UPDATE audit SET action = 'nothing' WHERE n = 2")
    engine.dispose()

    assert place.back_up() == 1
    assert "audit" in capsys.readouterr().err
    assert not place.out.exists()


def test_a_backup_of_one_kind_does_not_go_into_the_other(place: Place, ruth: Ward, postgres_server):
    assert place.back_up() == 0
    name = f"empty_{os.getpid()}"
    from tests.conftest import databases

    with databases(postgres_server) as run:
        run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            url = sa.make_url(postgres_server).set(database=name)
            assert place.restore(url.render_as_string(hide_password=False)) == 1
        finally:
            run(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_folder_or_a_file_that_is_not_there_is_said(place: Place, ruth: Ward, capsys):
    assert place.restore(str(place.folder / "new.sqlite")) == 1
    assert place.run("backup", "--out", place.folder / "nowhere" / "b.sealed") == 1
    assert place.back_up() == 0
    assert place.restore(str(place.folder / "nowhere" / "new.sqlite")) == 1
    said = capsys.readouterr().err
    assert said.count("No such file or directory") == 3


def test_nothing_is_left_lying_about(place: Place, ruth: Ward):
    assert place.back_up() == 0
    shutil.rmtree(place.folder / "media", ignore_errors=True)
    assert place.restore(str(place.folder / "new.sqlite")) == 0

    hidden = [path.name for path in place.folder.rglob("*") if path.name.startswith(".")]
    assert hidden == []


def _admin(of: Ward, name: str) -> Actor:
    made = accounts.create_account(of.clinic_id, Role.ADMIN, name, "en", MONDAY)
    return accounts.actor_of(made)


def _decide(one: Ward, admins: list[Actor], outcome: Outcome) -> None:
    wish = erasures.ask(one.patient, one.patient_id, "", LATER)
    for admin in admins:
        erasures.decide(admin, wish, outcome, "You asked.", LATER)
