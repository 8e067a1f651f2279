"""The demo's throw-away folder: gone when the demo is, however it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

START = "import sys; from adherence.app import command; sys.exit(command())"

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts demos that serve, with their throw-away folders in ``tmp_path``."""
    with ExitStack() as stack:

        def started() -> subprocess.Popen[str]:
            process = stack.enter_context(serving(tmp_path))
            stack.callback(process.kill)
            return process

        yield started


def serving(folder: Path) -> subprocess.Popen[str]:
    (folder / "here").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", START, "demo", "--port=0", "--days=30", "--json"],
        cwd=folder / "here",
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")
    return process


def folders(folder: Path) -> set[Path]:
    return set(folder.glob("adherence-demo-*"))


def test_a_demo_that_is_told_to_end_takes_its_folder_along_and_only_its_own(
    tmp_path: Path, start: Callable[[], subprocess.Popen[str]]
):
    killed = start()
    killed.send_signal(signal.SIGKILL)
    killed.wait(30)
    (left,) = folders(tmp_path)
    # Somebody else's: no lock in it, or a name that leads elsewhere.
    foreign = tmp_path / "adherence-demo-foreign"
    foreign.mkdir()
    led = tmp_path / "adherence-demo-led"
    led.symlink_to(left)

    first = start()
    assert left not in folders(tmp_path)
    (mine,) = folders(tmp_path) - {foreign, led}
    second = start()
    assert mine in folders(tmp_path), "a running demo lost its folder"

    for process in (first, second):
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert folders(tmp_path) == {foreign, led}
    assert not list((tmp_path / "here").iterdir()), "a demo left something where it was started"
