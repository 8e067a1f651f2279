"""G1, G2: a copy of everything about one person, compared with a walk through the database."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from adherence.domain.access import Actor
from adherence.domain.activities import Discipline
from adherence.domain.errors import InvalidInput, NotFound
from adherence.services import accounts, audit, care_teams, exports, rebuild
from adherence.services.exports import ExportState
from adherence.store.classes import KINDS, Class, Whose
from adherence.store.columns import Base, Choice, Id, UtcDateTime, db
from adherence.store.db import write
from adherence.store.exports import EXPORT
from adherence.web.exports import page
from tests import persons
from tests.builders import opened
from tests.practice import rows
from tests.web.town import MONDAY, Record, Town, mark_of

if TYPE_CHECKING:
    from flask import Flask

#: What the team writes for itself: the patient knows that it is there (see ``OBJECTS``).
WITHHELD = {"care_note": {"text"}}
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def town(app: Flask) -> Town:
    """Two clinics; every table holds something of each of the three patients."""
    found = Town(app)
    for record in found.records.values():
        persons.fill(record)
    return found


@pytest.fixture
def archive(town: Town) -> zipfile.ZipFile:
    """The copy of the one whose record is called own."""
    return copy_of(town.records["own"])


def copy_of(record: Record, locale: str = "en") -> zipfile.ZipFile:
    into = io.BytesIO()
    exports.write_archive(record.patient_id, locale, into, page, MONDAY + MINUTE)
    return zipfile.ZipFile(into)


def data(archive: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(archive.read("data.json"))
    return found


def parsed(column: Any, value: Any) -> Any:
    """A value of ``data.json`` as the table has it."""
    if value is None:
        return None
    match column.type:
        case Id():
            return UUID(value)
        case UtcDateTime():
            return datetime.fromisoformat(value)
        case Choice():
            return column.type.kind(value)
        case sa.Date():
            return date.fromisoformat(value)
        case sa.LargeBinary():
            return bytes.fromhex(value)
        case _:
            return value


def read_back(name: str, row: dict[str, Any]) -> dict[str, Any]:
    columns = Base.metadata.tables[name].c
    return {key: parsed(columns[key], value) for key, value in row.items()}


def by_key(name: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = KINDS[name].shown()
    return sorted(
        ({key: row[key] for key in shown} for row in found), key=lambda row: repr([*row.values()])
    )


def test_G1_the_copy_is_what_a_walk_through_the_database_finds(
    town: Town, archive: zipfile.ZipFile
):
    own = town.records["own"]
    said = data(archive)["tables"]
    walked = {name for name in Base.metadata.tables if persons.whose(name) is not None}

    assert set(said) == walked - {n for n, k in KINDS.items() if k.whose is Whose.CLINIC}
    for name, found in said.items():
        expected = persons.rows(name, own.patient_id, own.actor.account_id)
        assert expected, f"nothing of {name} to compare"
        back = [read_back(name, row) for row in found]
        assert by_key(name, back) == by_key(name, expected), name


def test_G1_every_classified_column_is_there_and_no_secret(archive: zipfile.ZipFile):
    said = data(archive)

    for name, found in said["tables"].items():
        classes = KINDS[name].columns
        shown = {column for column, one in classes.items() if one is not Class.SECRET}
        shown -= WITHHELD.get(name, set())
        assert all(set(row) == shown for row in found), name
        assert set(said["left_out"].get(name, [])) == set(classes) - shown


def test_G1_nothing_of_anybody_else_is_in_any_file(town: Town, archive: zipfile.ZipFile):
    for name in archive.namelist():
        text = archive.read(name).decode()
        for other in ("near", "far"):
            assert mark_of(other).lower() not in text.lower(), f"{other} in {name}"
            assert str(town.records[other].patient_id) not in text, f"{other} in {name}"
    assert mark_of("own") in archive.read("index.html").decode()


def test_G1_a_row_that_was_forgotten_or_is_anothers_would_be_seen(town: Town):
    """The walk itself finds a difference where there is one."""
    own, near = town.records["own"], town.records["near"]
    copied = [read_back("entry", row) for row in data(copy_of(own))["tables"]["entry"]]
    mine = persons.rows("entry", own.patient_id, None)

    assert by_key("entry", copied[1:]) != by_key("entry", mine)
    others = persons.rows("entry", near.patient_id, None)
    assert by_key("entry", [*copied, *others]) != by_key("entry", mine)


@pytest.mark.parametrize("locale", ["en", "de", "ru"])
def test_the_page_reads_well_in_every_language(town: Town, locale: str):
    record = town.records["own"]
    said = copy_of(record, locale).read("index.html").decode()

    assert f'<html lang="{locale}">' in said
    assert {"en": "Who opened your record", "de": "geöffnet", "ru": "открывал"}[locale] in said
    assert f"{record.mark} note" in said
    assert f"{record.mark} goal" in said
    assert {"en": "Opened in an emergency", "de": "Notfall", "ru": "экстренн"}[locale] in said
    for key in ("pain_limit", "halfway", "did_not_understand", ">rest<", ">hurt<", ">en<"):
        assert key not in said, "a word of the tables stands where the patient's should"
    for asking in ("http://", "https://", "<script", "src="):
        assert asking not in said, "the page asks for something elsewhere"


def test_O5_no_cell_can_be_run_as_a_formula_and_numbers_stay_numbers(town: Town):
    own = town.records["own"]
    risky = ["=1+1", "+1", "-1", "@x", "\tx", "plain"]
    for text in risky:
        db.session.execute(
            sa.update(Base.metadata.tables["pause"])
            .where(sa.column("patient_id", Id) == own.patient_id)
            .values(note=text)
        )
        db.session.commit()
        lines = list(csv.DictReader(table_of(copy_of(own), "pause")))
        assert {line["note"] for line in lines} == {text if text == "plain" else f"'{text}"}
    lines = list(csv.DictReader(table_of(copy_of(own), "day_sum")))
    assert {line["pain_max"] for line in lines} <= {"", *map(str, range(11))}


def table_of(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    return iter(archive.read(f"csv/{name}.csv").decode("utf-8-sig").splitlines(keepends=True))


def test_every_table_has_a_csv_with_as_many_lines(archive: zipfile.ZipFile):
    said = data(archive)["tables"]

    assert {n for n in archive.namelist() if n.startswith("csv/")} == {f"csv/{n}.csv" for n in said}
    for name, found in said.items():
        lines = list(csv.reader(table_of(archive, name)))
        assert lines[0] == KINDS[name].shown()
        assert len(lines) == len(found) + 1


def test_G2_the_copy_makes_the_same_state_in_an_empty_place(
    town: Town, archive: zipfile.ZipFile, tmp_path: Path, migrate: Callable[[str], None]
):
    said = data(archive)
    clinic = rows(Base.metadata.tables["clinic"])
    staff = [row for row in rows(Base.metadata.tables["account"]) if str(row.id) in said["people"]]
    own = town.records["own"]
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    migrate(url)
    skipped = {
        name
        for name, kind in KINDS.items()
        if any(not Base.metadata.tables[name].c[one].nullable for one in kind.hidden())
    }
    with opened(url):
        write(lambda run: None)  # whoever writes first makes the key of what is encrypted
        engine = db.engine
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for row in clinic:
                connection.execute(sa.insert(Base.metadata.tables["clinic"]).values(row._asdict()))
            for row in staff:
                if row.id != own.actor.account_id:
                    table = Base.metadata.tables["account"]
                    connection.execute(sa.insert(table).values(row._asdict()))
            for name, found in said["tables"].items():
                if name in skipped:
                    continue
                for one in found:
                    connection.execute(
                        sa.insert(Base.metadata.tables[name]).values(read_back(name, one))
                    )
        again = data(copy_of(own))
        before = {name: found for name, found in said["tables"].items() if name not in skipped}
        after = {name: found for name, found in again["tables"].items() if name not in skipped}
        assert after == before
        assert rebuild.check(own.patient_id, MONDAY) == []
        assert {one for one in skipped if KINDS[one].whose is Whose.PATIENT} == set(WITHHELD)


def test_what_was_prescribed_is_there_as_it_was_then_with_its_pictures(app: Flask):
    from adherence.domain.activities import ActivityKind, Asked
    from adherence.services import media, own_exercises, plans
    from tests.services.test_own_exercises import pictured
    from tests.wards import daily, ward

    one = ward(MONDAY)
    content = pictured(one.therapist)
    medium = UUID(content["media"][0]["id"])
    slug = own_exercises.create(one.therapist, content, None, MONDAY)
    for name in ("heel-raise@1", f"{slug}@1"):
        plans.assign_activity(
            one.therapist,
            one.patient_id,
            plan_id=one.plan_id,
            kind=ActivityKind.EXERCISE,
            schedule=daily(MONDAY.date()),
            asked=Asked("Named", exercise=name),
            goals=[(one.goal_id, "it helps")],
            now=MONDAY,
        )
    into = io.BytesIO()
    exports.write_archive(one.patient_id, "en", into, page, MONDAY)
    archive = zipfile.ZipFile(into)

    assert set(json.loads(archive.read("exercises.json"))) == {"heel-raise@1", f"{slug}@1"}
    kept = media.medium(one.therapist, medium).path
    assert archive.read(f"media/{medium}.jpeg") == kept.read_bytes()


# --- asking, building, fetching ----------------------------------------------------------------


def of(actor: Actor, record: Record, now: datetime = MONDAY) -> list[exports.Export]:
    return exports.exports_of(actor, record.patient_id, now)


def fetched(actor: Actor, record: Record, export_id: UUID, now: datetime = MONDAY) -> bytes:
    return b"".join(exports.fetch(actor, record.patient_id, export_id, now))


def test_a_copy_is_asked_for_built_fetched_and_gone_after_a_week(town: Town):
    own = town.records["own"]
    at = MONDAY + DAY
    export_id = exports.ask(own.actor, own.patient_id, "de", at)
    with pytest.raises(NotFound):
        fetched(own.actor, own, export_id, at)
    assert exports.build_waiting(page, at + MINUTE) == (1, 0)

    found = zipfile.ZipFile(io.BytesIO(fetched(own.actor, own, export_id, at + MINUTE)))
    assert found.testzip() is None
    assert '<html lang="de">' in found.read("index.html").decode()
    one = next(each for each in of(own.actor, own, at) if each.id == export_id)
    assert (one.state, one.downloads) == (ExportState.READY, 1)
    path = exports._path(export_id)
    assert path.stat().st_mode & 0o077 == 0
    assert mark_of("own").encode() not in path.read_bytes(), "the file lies there in the clear"
    lines = [row for row in rows(audit.table.AUDIT) if row.object_id == export_id]
    assert [row.action for row in lines] == ["export.ask", "export.build", "export.fetch"]

    later = at + exports.LASTS
    with pytest.raises(NotFound):
        fetched(own.actor, own, export_id, later)
    exports.build_waiting(page, later)
    assert not path.exists()
    assert export_id not in [row.id for row in rows(EXPORT)]


def test_whoever_leaves_the_team_gets_nothing_any_more(town: Town):
    own = town.records["own"]
    nurse = town.people["colleague"].actor
    assert nurse is not None
    care_teams.add_to_care_team(
        own.lead, own.patient_id, nurse.account_id, discipline=Discipline.NURSING, now=MONDAY
    )
    export_id = exports.ask(nurse, own.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)
    assert fetched(nurse, own, export_id)

    care_teams.end_care_relation(own.lead, own.patient_id, nurse.account_id, MONDAY + MINUTE)
    with pytest.raises(NotFound):
        fetched(nurse, own, export_id, MONDAY + 2 * MINUTE)
    with pytest.raises(NotFound):
        exports.ask(nurse, own.patient_id, "en", MONDAY + 2 * MINUTE)


@pytest.mark.parametrize("who", ["colleague", "stranger", "manager", "admin", "near"])
def test_others_neither_ask_for_nor_fetch_a_copy(town: Town, who: str):
    own = town.records["own"]
    export_id = exports.ask(own.actor, own.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)
    actor = town.people[who].actor
    assert actor is not None

    with pytest.raises(NotFound):
        exports.ask(actor, own.patient_id, "en", MONDAY)
    with pytest.raises(NotFound):
        fetched(actor, own, export_id)


def test_a_copy_is_fetched_only_by_whom_it_was_made_for(town: Town):
    own = town.records["own"]
    export_id = exports.ask(own.actor, own.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)

    with pytest.raises(NotFound):
        fetched(own.lead, own, export_id)
    assert of(own.lead, own) == []


def test_only_a_few_copies_wait_at_a_time(town: Town):
    own = town.records["own"]
    for _ in range(exports.MOST_WAITING):
        exports.ask(own.actor, own.patient_id, "en", MONDAY)
    with pytest.raises(InvalidInput, match="waits_already"):
        exports.ask(own.actor, own.patient_id, "en", MONDAY)


def test_a_file_that_no_row_speaks_of_is_removed(town: Town):
    own = town.records["own"]
    export_id = exports.ask(own.actor, own.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)
    stray = exports._path(own.patient_id)
    shutil.copyfile(exports._path(export_id), stray)
    exports.drop_ended(MONDAY)

    assert not stray.exists()
    assert exports._path(export_id).exists()


def test_a_copy_changed_on_the_disk_is_not_given_out(town: Town):
    from adherence.services.sealed_files import Damaged

    own = town.records["own"]
    export_id = exports.ask(own.actor, own.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)
    path = exports._path(export_id)
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)

    with pytest.raises(Damaged):
        fetched(own.actor, own, export_id)


def test_the_audit_still_holds(town: Town):
    own = town.records["own"]
    exports.ask(own.actor, own.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)
    assert accounts.actor_of(own.actor.account_id)

    assert audit.verify(own.actor.clinic_id) == []
