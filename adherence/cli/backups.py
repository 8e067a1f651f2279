"""``adherence backup`` and ``adherence restore``: one sealed file, checked before it is needed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask

from adherence import settings
from adherence.cli.site import now, site
from adherence.migrations import revision, upgrade
from adherence.services import backups, erasures, rebuild
from adherence.services.backups import Manifest, NoBackup, Unpacked


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = commands.add_parser(
        "backup",
        help="write an encrypted, checked copy of everything",
        description=(
            "Writes the database, pictures and films into one encrypted file while the service"
            " runs, then reads it back: it is decrypted, counted and its audit verified. The list"
            f" of who was erased lies beside it as {backups.TOMBSTONES}: keep both together, and"
            " the key elsewhere."
        ),
    )
    backup.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="new file; none is overwritten"
    )
    _add_key(backup)
    backup.set_defaults(run=_said(run_backup))
    restore = commands.add_parser(
        "restore",
        help="put a backup into a new place",
        description=(
            "Decrypts and checks a backup, erases again whom the list of tombstones names, runs"
            " the migrations, verifies the audit and compares every figure with the record. Only"
            " then the database gets its name. Nothing that is there is overwritten."
        ),
    )
    restore.add_argument(
        "--from", dest="source", type=Path, required=True, metavar="FILE", help="the backup"
    )
    restore.add_argument(
        "--into",
        required=True,
        metavar="ADDRESS",
        help="address of an empty PostgreSQL database, or a new file for SQLite",
    )
    restore.add_argument(
        "--media-into",
        type=Path,
        metavar="FOLDER",
        help="new folder for pictures and films; default: ADHERENCE_MEDIA_FOLDER",
    )
    restore.add_argument(
        "--no-figures",
        action="store_true",
        help="do not compare figures now; adherence rebuild --check does it later",
    )
    _add_key(restore)
    restore.set_defaults(run=_said(run_restore))


def _said(
    run: Callable[[argparse.Namespace], int],
) -> Callable[[argparse.Namespace], int]:
    """The same, where a full disk or a folder that is not there is one sentence."""

    def told(given: argparse.Namespace) -> int:
        try:
            return run(given)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise NoBackup(f"{error.strerror or type(error).__name__}{where}") from error

    return told


def _add_key(of: argparse.ArgumentParser) -> None:
    of.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="the key; default: ADHERENCE_BACKUP_KEY_FILE",
    )


def _key(given: argparse.Namespace) -> bytes:
    path = given.key_file or settings.current().backup_key_file
    if not path:
        raise NoBackup(
            "Name the key with --key-file; adherence keys create FILE makes one. Keep it apart"
            " from the backups."
        )
    return backups.read_key(Path(path))


def run_backup(given: argparse.Namespace) -> int:
    """Write, read back and check a backup; nothing of it is left where anything is wrong."""
    out: Path = given.out
    with _this_site(given) as app:
        key = _key(given)
        if out.exists():
            raise NoBackup(f"{out} is there already; choose another name.")
        part = out.with_name(f".{out.name}.part")
        try:
            manifest = backups.write_backup(part, key, revision() or "", now())
            with backups.unpacked(part, key, out.absolute().parent) as found:
                backups.check_file(found)
                if manifest.kind == "sqlite":
                    _verify_copy(given, app, found)
            os.link(part, out)  # unlike renaming, it overwrites nothing
            backups.renew_list_beside(out)
        finally:
            part.unlink(missing_ok=True)
    print(f"Written and checked: {out} ({sum(manifest.rows.values())} rows)")
    return 0


def _verify_copy(given: argparse.Namespace, app: Flask, found: Unpacked) -> None:
    with _other_site(given, app, f"sqlite:///{found.database}"):
        if backups.audit_faults():
            raise NoBackup("The audit does not hold; see adherence audit verify.")


@contextmanager
def _this_site(given: argparse.Namespace) -> Iterator[Flask]:
    """The application of the settings, which lets go of its database at the end."""
    with site(given) as app:
        try:
            yield app
        finally:
            backups.let_go(app)


@contextmanager
def _other_site(
    given: argparse.Namespace, app: Flask, url: str, media: Path | None = None
) -> Iterator[None]:
    """The same application on another database, its context open."""
    kept = app.extensions[settings.EXTENSION]
    folder = kept.media_folder if media is None else str(media)
    other: Flask = given.create_app(replace(kept, database_url=url, media_folder=folder))
    try:
        with other.app_context():
            yield
    finally:
        backups.let_go(other)


def run_restore(given: argparse.Namespace) -> int:
    """Restore a backup into a new place; the status is 1 when some figure differs."""
    with _this_site(given) as app:
        key = _key(given)
        media = given.media_into or Path(settings.current().media_folder)
        if media.exists() and any(media.iterdir()):
            raise NoBackup(f"{media} is not empty; name a new folder with --media-into.")
        if given.into.startswith("postgresql"):
            different = _restore_postgresql(given, app, key, media)
        else:
            different = _restore_sqlite(given, app, key, media)
    if different:
        print(f"{different} figures differ from the record: run adherence rebuild.")
    return 1 if different else 0


def _restore_sqlite(given: argparse.Namespace, app: Flask, key: bytes, media: Path) -> int:
    target = Path(given.into.removeprefix("sqlite:///")).absolute()
    beside = [target.with_name(target.name + end) for end in ("", "-wal", "-journal")]
    if any(path.exists() for path in beside):
        raise NoBackup(f"{target} is there already; nothing is overwritten.")
    with backups.unpacked(given.source, key, target.parent) as found:
        _is_of(found.manifest, "sqlite")
        backups.check_file(found)
        with _other_site(given, app, f"sqlite:///{found.database}", media):
            different = _finish(given, found)
        backups.put_in_place(found, target, media)
    return different


def _restore_postgresql(given: argparse.Namespace, app: Flask, key: bytes, media: Path) -> int:
    with _other_site(given, app, given.into, media):
        if not backups.is_empty():
            raise NoBackup("The database has tables already; name an empty one.")
        near = media.absolute().parent
        with backups.unpacked(given.source, key, near) as found:
            _is_of(found.manifest, "postgresql")
            backups.check_file(found)
            upgrade(found.manifest.revision)
            backups.load_tables(found)
            different = _finish(given, found)
            backups.put_media(found, media)
    return different


def _is_of(manifest: Manifest, kind: str) -> None:
    if manifest.kind != kind:
        raise NoBackup(
            f"This is a backup of a {manifest.kind} database; it cannot go into another kind."
        )


def _finish(given: argparse.Namespace, found: Unpacked) -> int:
    """Everything between the rows and the first person who reads them; how many figures differ."""
    listed = backups.listed_for(given.source, found)
    upgrade()
    backups.make_ready()
    if backups.audit_faults():
        raise NoBackup("The audit in the backup does not hold; it is not restored.")
    erased, locked = erasures.bury_again(listed, now())
    if backups.audit_faults():
        raise NoBackup("The audit does not hold after erasing again; it is not restored.")
    print(f"The state of {found.manifest.made_at}.")
    print(f"Erased again: {erased}; locked away again: {locked}.")
    if given.no_figures:
        return 0
    return sum(len(rebuild.check(one, now())) for one in rebuild.patient_ids())
