"""Every room says what belongs in it, and the map in README shows it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "adherence"
NOT_A_ROOM = {"__pycache__", "static", "translations", "versions"}
FORBIDDEN = {"utils", "helpers", "common", "misc", "manager", "base"}


def rooms() -> list[Path]:
    """Folders directly under the package that hold code."""
    return [
        path for path in sorted(PACKAGE.iterdir()) if path.is_dir() and path.name not in NOT_A_ROOM
    ]


@pytest.mark.parametrize("room", rooms(), ids=lambda path: path.name)
def test_a_room_opens_with_what_belongs_in_it(room: Path):
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))

    assert said, f"{room.name}/__init__.py has no docstring"
    assert len(said.splitlines()) >= 2, "say what belongs, what never does, what to read first"


@pytest.mark.parametrize("room", rooms(), ids=lambda path: path.name)
def test_the_map_in_readme_names_the_room(room: Path):
    assert f"{room.name}/" in (ROOT / "README.md").read_text()


def test_every_module_says_what_it_is_about():
    silent = [
        str(path.relative_to(ROOT))
        for path in sorted(PACKAGE.rglob("*.py"))
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []


def test_a_file_is_named_for_a_noun():
    assert [path.name for path in PACKAGE.rglob("*.py") if path.stem in FORBIDDEN] == []
