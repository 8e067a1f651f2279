"""Exports: everything about one person in one archive: asked for, built by a job, fetched.

The archive holds ``data.json`` (every row that is the person's), one CSV for each table, and
``index.html`` to read. What lets somebody in (hashes, tokens, sealed values) is never in it, and
``data.json`` says which columns were left out. While it waits it lies encrypted in a folder of its
own, and whoever fetches it is asked again whether they still may.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

from adherence import __version__, settings
from adherence.domain.access import Actor, Relation, may
from adherence.domain.activities import ExerciseName
from adherence.domain.errors import InvalidInput, NotFound
from adherence.schemas.csv_rows import cell
from adherence.services import keys, relations
from adherence.services.record import Record
from adherence.services.sealed_files import SealedReader, SealedWriter
from adherence.services.settle import service_actor
from adherence.store import exercises as exercise_table
from adherence.store import exports as table
from adherence.store import patients
from adherence.store.classes import KINDS, tables_of_person
from adherence.store.db import Run, read, write
from adherence.store.exports import ExportState as ExportState
from adherence.store.ids import new_id

ASK = "export.ask"
LASTS = timedelta(days=7)
#: Copies that one person may have asked for at a time.
MOST_WAITING = 2
#: Copies built in one round of the job.
ROUND = 5
FORMAT = 1
PIECE = 256 * 1024

#: Renders ``index.html`` from an open record: the edge that calls knows words and languages.
Page = Callable[["Opened", str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Export:
    """One asked-for copy."""

    id: UUID
    state: ExportState
    created_at: datetime
    built_at: datetime | None
    ends_at: datetime
    size: int | None
    downloads: int


@dataclass(frozen=True, slots=True)
class Opened:
    """One person's rows, all of the same moment. ``names`` says who the accounts in them are."""

    run: Run
    patient_id: UUID
    account_id: UUID | None
    now: datetime

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The person's rows of one table, without secrets."""
        return table.rows_of(self.run, name, self.patient_id, self.account_id)

    def tables(self) -> list[str]:
        """The tables that may hold rows of the person."""
        return [name for name, _ in tables_of_person()]

    def names(self) -> dict[UUID, tuple[str, str]]:
        """Name and role of everybody who looked at or wrote into the record."""
        found: set[UUID] = set()
        for name, column in (
            ("audit", "actor_id"),
            ("entry", "author_id"),
            ("revision", "author_id"),
            ("care_relation", "account_id"),
            ("break_glass", "account_id"),
            ("break_glass", "seen_by"),
            ("proxy", "account_id"),
            ("notice", "reviewed_by"),
            ("break_glass", "account_id"),
            ("consent_decision", "author_id"),
        ):
            found |= {row[column] for row in self.rows(name) if row[column] is not None}
        return table.names_of(self.run, sorted(found))


# --- asking and fetching -----------------------------------------------------------------------


def exports_of(actor: Actor, patient_id: UUID, now: datetime) -> list[Export]:
    """The copies that the actor asked for and that are not over, the newest first."""
    with read() as run:
        rows = run.all(
            table.exports_of, patient_id=patient_id, account_id=actor.account_id, now=now
        )
    return [_export(row) for row in rows]


def ask(actor: Actor, patient_id: UUID, locale: str, now: datetime) -> UUID:
    """Ask for a copy of everything about a patient; its id.

    Raises:
        InvalidInput: so many of the actor's copies wait already.
        NotFound: the actor may not.
    """
    export_id = new_id()

    def work(run: Run) -> None:
        _permit(run, actor, patient_id, now)
        rows = run.all(
            table.exports_of, patient_id=patient_id, account_id=actor.account_id, now=now
        )
        if sum(row.state is ExportState.WAITING for row in rows) >= MOST_WAITING:
            raise InvalidInput("export", "waits_already")
        record = Record(run, actor, patient_id, now, even_restricted=True)
        run.do(
            table.add_export,
            id=export_id,
            clinic_id=record.clinic_id,
            patient_id=patient_id,
            account_id=actor.account_id,
            locale=locale,
            state=ExportState.WAITING,
            created_at=now,
            ends_at=now + LASTS,
            downloads=0,
        )
        record.audit("export.ask", export_id)
        record.close()

    write(work)
    return export_id


def fetch(actor: Actor, patient_id: UUID, export_id: UUID, now: datetime) -> Iterator[bytes]:
    """The archive in pieces, for whom asked for it and still may have it.

    Raises:
        NotFound: there is no such copy, it is over or not ready, or the actor may not any more.
    """

    def work(run: Run) -> None:
        _permit(run, actor, patient_id, now)
        row: Any = run.first(
            table.export_by_id,
            export_id=export_id,
            patient_id=patient_id,
            account_id=actor.account_id,
            now=now,
        )
        if row is None or row.state is not ExportState.READY:
            raise NotFound
        if not _path(export_id).is_file():
            raise NotFound
        run.do(table.count_download, export_id=export_id)
        record = Record(run, actor, patient_id, now, even_restricted=True)
        record.audit("export.fetch", export_id, bytes(row.digest)[:16])
        record.close()

    write(work)
    return _pieces(_path(export_id), keys.file_keys())


def _pieces(path: Path, file_keys: tuple[bytes, ...]) -> Iterator[bytes]:
    """The pieces of a sealed file, which is opened by whoever takes the first one."""
    with path.open("rb") as file:
        sealed = SealedReader(file, file_keys)
        while piece := sealed.read(PIECE):
            yield piece


def _permit(run: Run, actor: Actor, patient_id: UUID, now: datetime) -> None:
    """The check and the write it permits are one: whoever left the team meanwhile gets nothing.

    Raises:
        NotFound: the actor may not.
    """
    relation: Relation = relations.relation_in(run, actor, patient_id, now)
    if not may(actor, ASK, relation):
        raise NotFound


# --- building ----------------------------------------------------------------------------------


def build_waiting(page: Page, now: datetime) -> tuple[int, int]:
    """Build what waits, and drop what is over; (built, failed)."""
    drop_ended(now)
    with read() as run:
        waiting = run.all(table.waiting_exports, now=now, many=ROUND)
    built = failed = 0
    for row in waiting:
        if _build(row, page, now):
            built += 1
        else:
            failed += 1
    return built, failed


def _build(row: Any, page: Page, now: datetime) -> bool:
    path = _path(row.id)
    part = path.with_suffix(".part")
    try:
        with open(part, "wb", opener=_private) as file:
            sealed = SealedWriter(file, keys.file_keys()[0])
            counting = _Counting(sealed)
            write_archive(row.patient_id, row.locale, cast("IO[bytes]", counting), page, now)
            sealed.finish()
            os.fsync(file.fileno())
    except NotFound:
        part.unlink(missing_ok=True)
        _settle(row, ExportState.FAILED, None, None, now)
        return False
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(path)
    _settle(row, ExportState.READY, counting.digest(), counting.size, now)
    return True


def _settle(
    row: Any, state: ExportState, digest: bytes | None, size: int | None, now: datetime
) -> None:
    def work(run: Run) -> None:
        record = Record(
            run, service_actor(row.clinic_id), row.patient_id, now, even_restricted=True
        )
        run.do(
            table.set_export,
            export_id=row.id,
            new_state=state,
            now=now,
            new_digest=digest,
            new_size=size,
        )
        is_built = state is ExportState.READY
        action = "export.build" if is_built else "export.fail"
        record.audit(action, row.id, digest and digest[:16])
        record.close()

    write(work)


def drop_ended(now: datetime) -> int:
    """Remove copies whose week is over, and files that no row speaks of; how many."""
    with read() as run:
        ended = [row.id for row in run.all(table.ended_exports, now=now)]
        known = {row.id for row in run.all(table.export_ids)}
    for export_id in ended:
        drop_files([export_id])
        write(partial(_drop_row, export_id))
    stray = [path for path in _folder().glob("*.sealed") if _id_of(path) not in known - set(ended)]
    for path in stray:
        path.unlink(missing_ok=True)
    return len(ended) + len(stray)


def _drop_row(export_id: UUID, run: Run) -> None:
    run.do(table.drop_export, export_id=export_id)


def drop_files(export_ids: Sequence[UUID]) -> None:
    """Remove the files of copies."""
    for export_id in export_ids:
        _path(export_id).unlink(missing_ok=True)
        _path(export_id).with_suffix(".part").unlink(missing_ok=True)


def write_archive(
    patient_id: UUID, locale: str, into: IO[bytes], page: Page, now: datetime
) -> None:
    """Write the archive of one patient, all of one moment, row by row.

    Raises:
        NotFound: no such patient.
    """
    with read() as run:
        table.is_same_moment(run)
        patient: Any = run.first(patients.patient_by_id, patient_id=patient_id)
        if patient is None:
            raise NotFound
        opened = Opened(run, patient_id, patient.account_id, now)
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "index.html", now, page(opened, locale))
            _add(archive, "data.json", now, _json_of(opened))
            for name in opened.tables():
                rows = opened.rows(name)
                _add(archive, f"csv/{name}.csv", now, _csv_of(KINDS[name].shown(), rows))
            _add_exercises(archive, run, opened, patient.clinic_id)


def write_file(patient_id: UUID, locale: str, path: Path, page: Page, now: datetime) -> None:
    """Write the archive of one patient into a new file that only its owner may read, and note it.

    Raises:
        FileExistsError: there is a file of that name.
        NotFound: no such patient.
    """
    with read() as run:
        patient: Any = run.first(patients.patient_by_id, patient_id=patient_id)
    if patient is None:
        raise NotFound
    try:
        with open(path, "xb", opener=_private) as file:
            write_archive(patient_id, locale, file, page, now)
    except FileExistsError:
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise

    def work(run: Run) -> None:
        record = Record(
            run, service_actor(patient.clinic_id), patient_id, now, even_restricted=True
        )
        record.audit("export.file", patient_id)
        record.close()

    write(work)


def _add(archive: zipfile.ZipFile, name: str, now: datetime, texts: Iterable[str]) -> None:
    found = zipfile.ZipInfo(name, now.astimezone(UTC).timetuple()[:6])
    found.compress_type = zipfile.ZIP_DEFLATED
    found.external_attr = 0o600 << 16
    with archive.open(found, "w", force_zip64=True) as entry:
        for text in texts:
            entry.write(text.encode())


def _add_exercises(archive: zipfile.ZipFile, run: Run, opened: Opened, clinic_id: UUID) -> None:
    """The exercises that were prescribed, as they were then, with their pictures and films.

    They are the clinic's and not the person's; without them the record would name what nobody can
    look up.
    """
    named = {row["asked"].get("exercise") for row in opened.rows("revision")} - {None}
    contents: dict[str, Any] = {}
    for one in sorted({(name.slug, name.version) for name in map(ExerciseName.read, named)}):
        asked = {"clinic_id": clinic_id, "slug": one[0], "version": one[1]}
        row = run.first(exercise_table.prescribed, **asked)
        row = row or run.first(exercise_table.own_version, **asked)
        if row is not None:
            contents[f"{one[0]}@{one[1]}"] = row.content
    text = json.dumps(contents, ensure_ascii=False, indent=1)
    _add(archive, "exercises.json", opened.now, [text, "\n"])
    media = {
        UUID(medium["id"]) for content in contents.values() for medium in content.get("media", [])
    }
    for medium_id in sorted(media):
        found: Any = run.first(exercise_table.medium, clinic_id=clinic_id, medium_id=medium_id)
        path = None if found is None else Path(settings.current().media_folder) / found.file
        if path is not None and path.is_file():
            ending = found.mimetype.rpartition("/")[2]
            archive.write(path, f"media/{medium_id}.{ending}")


def _json_of(opened: Opened) -> Iterator[str]:
    """``data.json``: who it is of, what was left out, and every row, one a line."""
    head = {
        "format": FORMAT,
        "made_by": f"adherence {__version__}",
        "made_at": as_json(opened.now),
        "patient_id": str(opened.patient_id),
        "left_out": {name: found for name in opened.tables() if (found := KINDS[name].hidden())},
        "people": {
            str(one): {"name": name, "role": role} for one, (name, role) in opened.names().items()
        },
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "tables": {'
    for number, name in enumerate(opened.tables()):
        yield f"{',' if number else ''}\n  {json.dumps(name)}: ["
        for at, row in enumerate(opened.rows(name)):
            said = json.dumps(
                {key: as_json(value) for key, value in row.items()}, ensure_ascii=False
            )
            yield f"{',' if at else ''}\n   {said}"
        yield "]"
    yield "\n }\n}\n"


def as_json(value: Any) -> Any:
    """A value as ``data.json`` has it: instants in UTC, bytes in hexadecimal digits."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return value


def _csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    # The mark lets a spreadsheet see that it is UTF-8.
    yield "\ufeff"
    page = io.StringIO(newline="")
    writer = csv.writer(page, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
        yield page.getvalue()
        page.seek(0)
        page.truncate()
    yield page.getvalue()


def _cell(value: Any) -> Any:
    plain = as_json(value)
    if isinstance(plain, dict | list):
        plain = json.dumps(plain, ensure_ascii=False)
    return cell(plain)


class _Counting(io.RawIOBase):
    """Passes bytes on, and knows how many they were and their SHA-256."""

    def __init__(self, to: SealedWriter) -> None:
        self._to = to
        self._hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, given: Any, /) -> int:
        self._hash.update(given)
        written = self._to.write(given)
        self.size += written
        return written

    def digest(self) -> bytes:
        """The SHA-256 of all that was passed on."""
        return self._hash.digest()


def _folder() -> Path:
    folder = Path(settings.current().export_folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(export_id: UUID) -> Path:
    return _folder() / f"{export_id.hex}.sealed"


def _id_of(path: Path) -> UUID | None:
    try:
        return UUID(path.stem)
    except ValueError:
        return None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _export(row: Any) -> Export:
    state = row.state
    if state is ExportState.READY and not _path(row.id).is_file():
        state = ExportState.FAILED  # copies are in no backup, so restoring brings none back
    return Export(row.id, state, row.created_at, row.built_at, row.ends_at, row.size, row.downloads)
