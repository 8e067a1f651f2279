"""What may not be committed: a registry's host, a machine's path, a secret, a huge file."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LARGEST = {"ours": 1_000_000, "vendor": 2_000_000}
"""Bytes. A larger file belongs into a release, not into history."""

# Written in pieces, so that this file does not match itself.
HOSTS = "|".join(
    ("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian")
)
PATHS = (
    r"(?<![\w.}])/(?:"
    + "|".join(("home/[a-z]", "ro" + "ot/", "Us" + "ers/[a-z]", "wo" + "rk/", "opt/v" + "env"))
    + ")"
)
SECRETS = (
    r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)


def files() -> list[Path]:
    """Every file git keeps, or would keep; nothing outside a clone."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a clone")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def is_vendored(path: Path) -> bool:
    """Whether others wrote the file and we only keep it."""
    return "vendor" in path.relative_to(ROOT).parts


def found(pattern: str, *, ours: bool = False) -> list[str]:
    """File, number and text of every line that matches ``pattern``, in ``ours`` or in all files."""
    wanted = re.compile(pattern)
    hits = []
    for path in files():
        if ours and is_vendored(path):
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        name = path.relative_to(ROOT)
        hits += [
            f"{name}:{n}: {line[:80]}" for n, line in enumerate(lines, 1) if wanted.search(line)
        ]
    return hits


def test_no_file_names_a_package_registry():
    assert found(HOSTS) == []


def test_no_file_names_a_path_of_one_machine():
    assert found(PATHS) == []


def test_no_file_holds_a_secret():
    assert found(SECRETS) == []


def test_no_file_is_oversized():
    oversized = [
        str(path)
        for path in files()
        if path.stat().st_size > LARGEST["vendor" if is_vendored(path) else "ours"]
    ]

    assert oversized == []


def test_no_line_is_left_for_later():
    assert found(r"\b(?:TO" + "DO|FIX" + "ME|XX" + r"X)\b", ours=True) == []


def test_the_lock_pins_every_requirement_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^[a-z0-9._-]+(?:\[[^\]]*\])?==", lock, re.MULTILINE)

    assert len(pinned) > 50
    assert lock.count("--hash=sha256:") > len(pinned)
    assert "://" not in lock
