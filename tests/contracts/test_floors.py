"""Imports run one way; the standard library is enough to check it, so a bare pytest does."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "adherence"
FLOORS = [
    {"domain", "settings"},
    {"schemas", "store", "charts", "measures", "library"},
    {"services"},
    {"web"},
    {"jobs", "pages", "api"},
    {"cli"},
    {"app"},
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
MODULES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in {"__init__.py", "__main__.py", "migrations"}
]


def imports(source: str) -> Iterator[str]:
    """Dotted names of all that ``source`` imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide the floor"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def wrong_imports(room: str, source: str) -> list[str]:
    """What a module of ``room`` imports and may not: from above, from beside, from outside."""
    wrong = []
    for name in imports(source):
        top, _, rest = name.partition(".")
        if top == "adherence":
            other = rest.split(".")[0]
            beside = other != room and LEVEL.get(other) == LEVEL[room]
            if LEVEL.get(other, -1) > LEVEL[room] or beside:
                wrong.append(name)
        elif room == "domain" and top not in sys.stdlib_module_names:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_floors_below_its_own(path: Path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    assert room in LEVEL, f"{room} stands on no floor"
    assert wrong_imports(room, path.read_text()) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("domain", "import flask"),
        ("domain", "from adherence.store import db"),
        ("charts", "from adherence.store.entries import ENTRY"),
        ("api", "from adherence.pages import today"),
        ("services", "def f():\n    from adherence.web import actor"),
    ],
)
def test_a_planted_wrong_import_is_found(room: str, line: str):
    assert wrong_imports(room, line)
