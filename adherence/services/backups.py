"""Backups: the database, the pictures and films and the list of tombstones in one sealed file.

Written while everybody goes on writing; read back and checked before it gets its name. A restored
database gets its name only after everything in it was checked, and after whoever was erased since
was erased again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from flask import Flask

from adherence import __version__, settings
from adherence.domain.errors import AdherenceError
from adherence.services import audit, erasures
from adherence.services.sealed_files import KEY, Damaged, SealedReader, SealedWriter
from adherence.store import backups as table
from adherence.store.data_keys import keyring
from adherence.store.db import EXTENSION, Run, Store, read, store, write
from adherence.store.exports import is_same_moment
from adherence.store.look_ups import look_ups

FORMAT = 1
PIECE = 1024 * 1024
#: Under which name the list of tombstones lies beside backups.
TOMBSTONES = "adherence-tombstones.txt"
_MEDIUM = re.compile(r"media/[0-9A-Za-z_-]{1,100}")
_TABLE = re.compile(r"tables/([a-z_]+)/(\d{8})")


class NoBackup(AdherenceError):
    """It cannot be written, or cannot be restored; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself, in its first part."""

    format: int
    version: str
    made_at: str
    kind: str
    revision: str
    rows: dict[str, int]
    columns: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup in a folder of its own: its manifest, the database, pictures and films."""

    folder: Path
    manifest: Manifest

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "database.sqlite"

    @property
    def media(self) -> Path:
        """The folder of pictures and films."""
        return self.folder / "media"

    @property
    def tombstones(self) -> Path:
        """The list as it was when the backup was made."""
        return self.folder / "tombstones.txt"

    def pieces(self, name: str) -> Iterator[bytes]:
        """The pieces of a PostgreSQL table."""
        for path in sorted((self.folder / "tables" / name).glob("*")):
            yield path.read_bytes()


# --- the key -----------------------------------------------------------------------------------


def make_key(path: Path) -> None:
    """Write a new key into a new file that only its owner may read.

    Raises:
        NoBackup: there is a file of that name.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise NoBackup(f"{path} is there already; a key is never overwritten.") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(KEY) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> bytes:
    """The key in a file.

    Raises:
        NoBackup: it cannot be read, is no key, or others may read it.
    """
    try:
        others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise NoBackup(f"The key {path} cannot be read.") from error
    except ValueError as error:
        raise NoBackup(f"{path} holds no key; make one with: adherence keys create") from error
    if len(key) != KEY:
        raise NoBackup(f"{path} holds no key; make one with: adherence keys create")
    if others:
        raise NoBackup(f"The key {path} can be read by others; run chmod 600 on it.")
    return key


def fingerprint(key: bytes) -> str:
    """By what a key is told from others without showing it."""
    return hashlib.sha256(b"adherence\0key\0" + key).hexdigest()[:16]


# --- writing -----------------------------------------------------------------------------------


def write_backup(part: Path, key: bytes, revision: str, now: datetime) -> Manifest:
    """Write a backup of all there is at this moment into a new file; what it says of itself.

    Raises:
        NoBackup: the database is no file, or its audit does not hold.
    """
    with open(part, "xb", opener=_private) as file:
        sealed = SealedWriter(file, key)
        with tarfile.open(
            fileobj=cast("IO[bytes]", sealed), mode="w|", format=tarfile.PAX_FORMAT
        ) as archive:
            if table.kind() == "sqlite":
                manifest = _write_sqlite(archive, revision, now)
            else:
                manifest = _write_postgresql(archive, revision, now)
            _add_media(archive)
            listed = Path(settings.current().tombstone_file)
            if listed.exists():
                _add(archive, "tombstones.txt", listed.read_bytes())
        sealed.finish()
        os.fsync(file.fileno())
    return manifest


def _write_sqlite(archive: tarfile.TarFile, revision: str, now: datetime) -> Manifest:
    source = table.sqlite_file()
    if source is None:
        raise NoBackup("The database is in memory only; there is no file to back up.")
    # The copy lies beside the database, where its content is protected as well as it is anyway.
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=source.absolute().parent) as folder:
        copy = Path(folder) / "copy.sqlite"
        table.copy_sqlite(source, copy)
        rows = table.rows_of_sqlite(copy)
        manifest = _manifest("sqlite", revision, now, rows, {})
        _add(archive, "manifest.json", _as_json(manifest))
        archive.add(copy, "database.sqlite", filter=_plain)
    return manifest


def _write_postgresql(archive: tarfile.TarFile, revision: str, now: datetime) -> Manifest:
    with read() as run:
        is_same_moment(run)
        names = table.tables_in_order(run)
        columns = {name: table.columns_of(run, name) for name in names}
        manifest = _manifest("postgresql", revision, now, table.rows_in(run), columns)
        _add(archive, "manifest.json", _as_json(manifest))
        for name in names:
            for number, piece in enumerate(table.copy_out(run, name, columns[name])):
                _add(archive, f"tables/{name}/{number:08d}", piece)
        # Reading inside this reading sees the same moment: what was copied is what is verified.
        faults = [one for clinic in audit.clinic_ids() for one in audit.verify(clinic)]
    if faults:
        raise NoBackup("The audit does not hold; see adherence audit verify.")
    return manifest


def _manifest(
    kind: str,
    revision: str,
    now: datetime,
    rows: dict[str, int],
    columns: dict[str, list[str]],
) -> Manifest:
    at = now.astimezone(UTC).isoformat()
    return Manifest(FORMAT, __version__, at, kind, revision, rows, columns)


def _add_media(archive: tarfile.TarFile) -> None:
    folder = Path(settings.current().media_folder)
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.is_file() and _MEDIUM.fullmatch(f"media/{path.name}"):
                archive.add(path, f"media/{path.name}", filter=_plain)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(content))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A member that says nothing of this machine and its accounts."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _as_json(manifest: Manifest) -> bytes:
    return json.dumps(asdict(manifest), indent=1).encode()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


# --- reading -----------------------------------------------------------------------------------


@contextmanager
def unpacked(source: Path, key: bytes, near: Path) -> Iterator[Unpacked]:
    """A backup, decrypted into a folder beside ``near`` that is gone afterwards.

    Everything is read to the end and authenticated before this gives anything out.

    Raises:
        WrongKey: the key is not the backup's.
        Damaged: the file was changed, cut or mixed up.
        NoBackup: it is sealed well but is no backup that this version reads.
    """
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=near) as name:
        folder = Path(name)
        try:
            with source.open("rb") as file:
                sealed = SealedReader(file, [key])
                with tarfile.open(fileobj=cast("IO[bytes]", sealed), mode="r|") as archive:
                    for member in archive:
                        _extract(archive, member, folder)
                while sealed.read(PIECE):
                    pass  # to the end, which vouches for everything before it
        except (tarfile.TarError, EOFError) as error:
            raise Damaged("the file is damaged") from error
        yield Unpacked(folder, _read_manifest(folder / "manifest.json"))


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one member where its name says, if it is one of the names there are."""
    known = member.name in {"manifest.json", "database.sqlite", "tombstones.txt"}
    if not member.isreg() or not (
        known or _MEDIUM.fullmatch(member.name) or _TABLE.fullmatch(member.name)
    ):
        raise NoBackup("The file holds something that no backup has.")
    path = folder / member.name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = archive.extractfile(member)
    assert content is not None  # it is a regular file
    with open(path, "xb", opener=_private) as file:
        shutil.copyfileobj(content, file, PIECE)
        file.flush()
        os.fsync(file.fileno())


def _read_manifest(path: Path) -> Manifest:
    try:
        found = Manifest(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise NoBackup("The file does not say what it is a backup of.") from error
    if found.format != FORMAT:
        raise NoBackup("The backup was written by a newer version; restore it with that one.")
    return found


def check_file(found: Unpacked) -> None:
    """Check the database in an unpacked backup against what the backup says of itself.

    Raises:
        NoBackup: something is wrong or missing.
    """
    if found.manifest.kind == "sqlite":
        if faults := table.faults_of_sqlite(found.database):
            raise NoBackup(f"The database in the backup is not whole: {faults[0]}.")
        rows = table.rows_of_sqlite(found.database)
    else:
        # COPY writes one line for each row, and no line break inside one.
        rows = {
            name: sum(piece.count(b"\n") for piece in found.pieces(name))
            for name in found.manifest.rows
        }
    if rows != found.manifest.rows:
        raise NoBackup("Rows are missing in the backup, or there are too many.")


def let_go(app: Flask) -> None:
    """Let an application that was made to look at one database let go of it."""
    found: Store = app.extensions[EXTENSION]
    found.close()


def is_empty() -> bool:
    """Whether the application's database has no table yet."""
    return table.is_empty()


def put_in_place(found: Unpacked, target: Path, media: Path) -> None:
    """Give a checked SQLite database its name, after its pictures and films.

    Raises:
        FileExistsError: there is a file of that name by now.
    """
    table.fold_sqlite(found.database)
    put_media(found, media)
    os.link(found.database, target)  # unlike renaming, it overwrites nothing


def put_media(found: Unpacked, media: Path) -> None:
    """Put pictures and films where they belong."""
    if not found.media.is_dir():
        return
    media.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in found.media.iterdir():
        with path.open("rb") as content, open(media / path.name, "xb", opener=_private) as file:
            shutil.copyfileobj(content, file, PIECE)
            file.flush()
            os.fsync(file.fileno())


def load_tables(found: Unpacked) -> None:
    """Put the rows of a PostgreSQL backup into tables just made by the same migrations.

    Raises:
        NoBackup: there are not as many rows afterwards as the backup says.
    """

    def work(run: Run) -> dict[str, int]:
        table.clear(run)
        for name in table.tables_in_order(run):
            if name in found.manifest.columns:
                pieces = found.pieces(name)
                table.copy_in(run, name, found.manifest.columns[name], pieces)
        return table.rows_in(run)

    if write(work) != found.manifest.rows:
        raise NoBackup("Not all rows of the backup arrived.")


def make_ready() -> None:
    """See again to what must be there before anything is written: other rows are there now."""
    keyring().forget()
    look_ups().forget()
    store().begin_anew()
    write(lambda run: None)


def audit_faults() -> int:
    """How many places of the audit do not hold, of all clinics."""
    return sum(len(audit.verify(clinic)) for clinic in audit.clinic_ids())


# --- tombstones --------------------------------------------------------------------------------


def list_beside(backup: Path) -> Path:
    """Where the list of tombstones lies beside a backup."""
    return backup.absolute().parent / TOMBSTONES


def renew_list_beside(backup: Path) -> None:
    """Add to the list beside a backup what it lacks, so that it travels with the backups."""
    erasures.list_tombstones()
    beside = list_beside(backup)
    listed = erasures.read_tombstones(Path(settings.current().tombstone_file))
    erasures.add_tombstones(beside, listed)
    if not beside.exists():
        beside.touch(0o600)


def listed_for(backup: Path, found: Unpacked) -> list[erasures.Tombstone]:
    """Every tombstone known beside a backup, in it, and to this server's settings.

    Raises:
        NoBackup: there is no list outside the backup, so nobody knows who was erased since.
    """
    outside = [list_beside(backup), Path(settings.current().tombstone_file)]
    if not any(path.exists() for path in outside):
        raise NoBackup(
            f"There is no list of tombstones ({TOMBSTONES}) beside the backup: whoever was erased"
            " since would come back. Put the newest list there."
        )
    return [one for path in (*outside, found.tombstones) for one in erasures.read_tombstones(path)]
