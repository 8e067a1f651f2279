"""``adherence demo``: a clinic full of plausible people, on a throw-away database, signed in by
link."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from adherence.cli.account import sign_in_link
from adherence.jobs import work as jobs
from adherence.migrations import upgrade
from adherence.services import accounts, demo
from adherence.settings import Mode, Settings
from adherence.web import clock

THREADS = 8
LINK_MINUTES = 24 * 60
PREFIX = "adherence-demo-"
LOCK = "held.lock"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "demo",
        help="start a demo clinic on this computer",
        description=(
            "Simulates a clinic through the real services on a throw-away SQLite file, prints a"
            " sign-in link and an API token for each person, and serves it on 127.0.0.1."
        ),
    )
    found.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    found.add_argument("--seed", type=int, default=1, help="another clinic with the same people")
    found.add_argument("--days", type=int, default=100, help="days of history, 30 to 730")
    found.add_argument(
        "--at", type=_moment, help="live as if it were this moment now: 2026-03-18T10:30+01:00"
    )
    found.add_argument("--json", action="store_true", help="print one JSON line before serving")
    found.add_argument("--database", help="keep the SQLite file here; it must not exist yet")
    found.add_argument("--no-serve", action="store_true", help="only make and print")
    found.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Make the clinic, print who is in it, and serve until stopped."""
    from waitress.server import create_server  # noqa: PLC0415 - only this command needs it

    if given.database and Path(given.database).exists():
        print(f"adherence: {given.database} exists already; nothing was changed.", file=sys.stderr)
        return 1
    with _throw_away() as folder, _ended_in_order():
        path = Path(given.database) if given.database else folder / "demo.sqlite"
        beside = str(path.resolve().with_suffix(""))
        settings = Settings(
            mode=Mode.DEMO,
            database_url=f"sqlite:///{path.resolve()}",
            secret_key=secrets.token_urlsafe(48),
            media_folder=f"{beside}-media",
            export_folder=f"{beside}-exports",
            tombstone_file=f"{beside}-tombstones.txt",
            base_url=f"http://127.0.0.1:{given.port}",
        )
        app = given.create_app(settings)
        with app.app_context():
            if not given.json:
                print("Making the demo clinic ...", flush=True)
            upgrade()
            if given.at is not None:
                clock.set_clock(app, given.at)
            at = clock.of(app)
            people = demo.simulate(given.seed, given.days, at)
            server = None
            if not given.no_serve:
                server = create_server(
                    app, host="127.0.0.1", port=given.port, threads=THREADS, ident=None
                )
            port = server.effective_port if server is not None else given.port
            _print(_said(people, f"http://127.0.0.1:{port}", at), given.json)
            if server is not None:
                stop = jobs.start_inside(app)
                try:
                    server.run()
                finally:
                    stop.set()
                    server.close()
    return 0


@contextmanager
def _throw_away() -> Iterator[Path]:
    """A folder that goes when the demo does; those that killed ones left behind go first.

    A running demo holds the lock of its folder, so only one that nobody holds is taken away.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        held = None if left.is_symlink() else _hold(left / LOCK)
        if held is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(held)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / LOCK).touch(mode=0o600)
    held = _hold(folder / LOCK)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _hold(lock: Path) -> int | None:
    """The open lock of a folder; None if it is held, not there or not ours, or on Windows."""
    try:
        import fcntl  # noqa: PLC0415 - does not exist on Windows
    except ImportError:  # pragma: no cover - Windows
        return None
    try:
        held = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if os.fstat(held).st_uid != os.getuid():
            raise PermissionError
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """End by SIGTERM as by Ctrl+C: what was opened is closed, and the folder goes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _moment(text: str) -> datetime:
    """An instant from its ISO text; without an offset it is UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _said(people: list[demo.DemoPerson], url: str, at: datetime) -> dict[str, Any]:
    return {
        "url": url,
        "api": f"{url}/api/v1",
        "people": [
            {
                "key": person.key,
                "name": person.name,
                "role": person.role.value,
                "account_id": str(person.account_id),
                "patient_id": None if person.patient_id is None else str(person.patient_id),
                "link": sign_in_link(accounts.make_link(person.account_id, at, LINK_MINUTES), url),
                "token": accounts.make_token(
                    person.account_id, "demo", at, at + timedelta(minutes=LINK_MINUTES)
                ),
            }
            for person in people
        ],
    }


def _print(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(said, ensure_ascii=False), flush=True)
        return
    print(f"\nThe demo clinic is at {said['url']}   (stop it with Ctrl+C)\n")
    for person in said["people"]:
        print(f"{person['name']} ({person['role'].replace('_', ' ')}, {person['key']})")
        print(f"  sign in   {person['link']}")
        print(f"  API token {person['token']}\n")
    print(
        "Each link works once and for one day. Everything is gone when the demo stops.", flush=True
    )
