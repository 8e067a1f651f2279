"""Templates: each one that a view names exists, and templates print without computing."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html"))


def named_by_code():
    """Return every template that code renders, with the file that names it."""
    for path in (ROOT / "adherence").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"render_template", "stream_template"}
                and isinstance(node.args[0], ast.Constant)
            ):
                yield node.args[0].value, path.relative_to(ROOT).as_posix()


def test_every_template_that_code_names_exists():
    assert [name for name, _path in named_by_code() if not (TEMPLATES / name).is_file()] == []


def test_every_template_is_named_by_code_or_by_a_template():
    named = {name for name, _path in named_by_code()}
    for path in PAGES:
        named |= set(re.findall(r'(?:extends|include|from|import) "([^"]+)"', path.read_text()))
    missing = {path.relative_to(TEMPLATES).as_posix() for path in PAGES} - named

    assert {name for name in missing if not name.startswith("email/")} == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_a_template_prints_and_does_not_compute(path):
    """No arithmetic, no number formatting and nothing marked safe: that is done in Python."""
    for code in re.findall(r"{[{%](.*?)[%}]}", path.read_text(), re.DOTALL):
        bare = re.sub(r'"[^"]*"|\'[^\']*\'', '""', code)
        assert not re.search(
            r"[\w)\]] [*/+] [\w(\[]| - \d|\|\s*(round|int|float|sum|safe)\b", bare
        ), code


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_a_posted_form_carries_its_token(path):
    forms = re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(), re.DOTALL)

    assert [form[:80] for form in forms if "guard()" not in form and "csrf_token" not in form] == []
