"""Rows of the security checklist that belong to no part of the house alone."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adherence.domain.access import Role
from adherence.domain.sign_in import PASSWORD_SHORTEST
from adherence.services import passwords
from tests.practice import DAY
from tests.web.calls import CALLS, address, ids_of, routes
from tests.web.test_sign_in import House
from tests.web.town import Town

ROOT = Path(__file__).parents[2]
CODE = [path for path in sorted((ROOT / "adherence").rglob("*.py")) if "versions" not in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*"))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "password",
    [
        "lantern wombat quarry",
        "                lantern wombat",
        "ЛАМПА вомбат",
        "🦘🦘🦘🦘🦘🦘 hop hop",
    ],
)
def test_A4_no_kind_of_character_is_asked_for(app: object, password: str, role: Role):
    assert len(password) >= PASSWORD_SHORTEST[role]
    assert passwords.why_not(password, role) is None


def test_A4_a_password_grows_no_older(house: House):
    house.at += 3650 * DAY

    house.window().sign_in(house.ada)


def test_A4_password_managers_and_pasting_work(house: House):
    """Every field for a secret says what it is for, and no script stands in the way of pasting."""
    found: dict[str, str] = {}

    class Fields(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            said = {name: value or "" for name, value in attrs}
            if tag == "input" and said.get("type") == "password":
                found[f"{path} {said['name']}"] = said.get("autocomplete", "")
                assert not {"onpaste", "readonly", "maxlength"} & said.keys()

    window = house.window()
    window.sign_in(house.ada)
    for path in ("/sign-in/other", "/account/password", "/account/prove"):
        Fields().feed(window.get(path).text)

    assert len(found) >= 4
    assert set(found.values()) <= {"current-password", "new-password"}
    scripts = list((ROOT / "adherence" / "static" / "js").glob("*.js"))
    assert scripts
    assert not [path.name for path in scripts if "paste" in path.read_text()]


SCHEMES = re.compile(r"(?:https?|mailto|tel):")
OURS = re.compile(r"(?:/(?![/\\])|#|\?|$)")


def test_O3_every_link_leads_to_us_to_a_page_a_mailbox_or_a_telephone(shared_town: Town):
    """Whatever people type, no ``javascript:`` and no ``data:`` becomes a link."""
    town, wrong, seen = shared_town, [], 0
    record = town.records["own"]

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            nonlocal seen
            for name, value in attrs:
                if name in ("href", "action", "formaction", "xlink:href"):
                    seen += 1
                    if not (SCHEMES.match(value or "") or OURS.match(value or "")):
                        wrong.append((path, tag, value))

    entry = {"note": "javascript:alert(1) data:text/html,x https://evil.example"}
    said = CALLS["api_entries.log"].json
    assert said is not None
    path = f"/api/v1/patients/{record.patient_id}/entries"
    assert town.ask("own", path, "POST", json=said(record) | entry).status_code == 201
    for route, method in routes(town.app):
        if method != "GET" or route.rule.startswith("/static"):
            continue
        for who in ("own", "therapist", "admin"):
            path = address(town.app, route, method, ids_of(record))
            answer = town.ask(who, path)
            if answer.mimetype in ("text/html", "image/svg+xml"):
                Links().feed(answer.text)

    assert seen > 300
    assert wrong == []


def test_O4_data_for_scripts_is_escaped_and_no_template_turns_escaping_off():
    """``|safe`` stands nowhere, a template is a page or a drawing, data go through ``tojson``."""
    wrong = []
    for path in TEMPLATES:
        if not path.is_file():
            continue
        text = path.read_text()
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in (".html", ".svg") and "email/" not in name:
            wrong.append(f"{name} is not escaped by its name")
        if re.search(r"\|\s*safe\b|autoescape|Markup\(", text):
            wrong.append(f"{name} turns escaping off")
        for script in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
            holds = script[1].strip()
            if "{{" in holds and not re.fullmatch(r"\{\{[^{}]*\|\s*tojson\s*\}\}", holds):
                wrong.append(f"{name}: a script with data that are not tojson")
    for path in CODE:
        if "render_template_string" in path.read_text():
            wrong.append(f"{path.name} renders a string")

    assert TEMPLATES
    assert wrong == []


#: Constants by name; in the store also prepared statements and what they are made of.
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*|__all__|__slots__")


def test_P11_no_module_keeps_what_requests_would_share():
    """Module-level lists and dicts are constants by name, and nothing says ``global``.

    The store's are what statements are made of; that those never change is for its own tests.
    """
    wrong = []
    for path in CODE:
        tree = ast.parse(path.read_text())
        name = path.relative_to(ROOT).as_posix()
        wrong += [f"{name}: global" for node in ast.walk(tree) if isinstance(node, ast.Global)]
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.AnnAssign):
                targets = [node.target]
            mutable = isinstance(
                getattr(node, "value", None),
                ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp,
            )
            wrong += [
                f"{name}: {target.id}"
                for target in targets
                if mutable
                and isinstance(target, ast.Name)
                and "/store/" not in name
                and not CONSTANT.fullmatch(target.id)
            ]

    assert wrong == []


def test_P11_fifty_readers_at_once_get_their_own_and_nobody_elses(town: Town):
    people = ["own", "near", "far"]
    for name in people:
        town.form_token(town.people[name])

    def read(number: int) -> list[str]:
        who = people[number % 3]
        record = town.records[who]
        wrong = []
        for _ in range(3):
            for path in (
                "/today",
                "/progress",
                f"/charts/{record.patient_id}/adherence.svg",
                f"/api/v1/patients/{record.patient_id}/entries",
                f"/api/v1/patients/{record.patient_id}/goals",
            ):
                answer = town.ask(who, path)
                if answer.status_code != 200 or town.foreign_marks(who, answer.text):
                    wrong.append(f"{who} {path} {answer.status_code}")
                if path.endswith("entries") and record.mark.lower() not in answer.text.lower():
                    wrong.append(f"{who} {path} without their own")
        return wrong

    found = run_at_once(read)

    assert len(found) == 50
    assert [one for each in found for one in each] == []


def run_at_once(work: object, threads: int = 50) -> list[list[str]]:
    """What ``work`` answers in threads that begin together, each without a context."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    barrier = Barrier(threads)

    def run(number: int) -> list[str]:
        barrier.wait(60)
        return work(number)  # type: ignore[operator,no-any-return]

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
