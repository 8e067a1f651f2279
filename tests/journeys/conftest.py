"""A demo clinic that runs for real, and a browser with one signed-in window per person."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.conftest import missing

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START = "import sys; from adherence.app import command; sys.exit(command())"
#: What is due depends on the weekday and the hour, and a test must not.
WEDNESDAY = "2026-03-18T07:05+01:00"
#: What a page does once it is laid out has begun after two pictures of it.
FRAMES = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"""
ARRIVES = 30_000
#: What is read or pressed and stands outside the window, or outside the panel that it belongs to;
#: what scrolls sideways by itself is in nobody's way. A page's own width says nothing of its left.
BESIDE = """() => {
    const said = "a, button, summary, input, select, textarea, label, h1, h2, h3, p, b, span, td"
    const hidden = ".visually-hidden, .skip, .sprite, [hidden]"
    const scrolls = ".scroll, .chart-scroll, .splice-scroll"
    const inside = box => {
        const style = getComputedStyle(box), {left, right} = box.getBoundingClientRect()
        return [left + parseFloat(style.paddingLeft), right - parseFloat(style.paddingRight)]
    }
    return [...document.querySelectorAll(said)].filter(one => {
        const {left, right, width, height} = one.getBoundingClientRect()
        if (width < 2 || height < 2 || !one.checkVisibility()) return false
        if (one.closest(hidden) || one.closest(scrolls)) return false
        const box = one.closest(".panel, .card, .plot, .row, .note")
        const [from, to] = box && box !== one ? inside(box) : [0, innerWidth]
        return left < Math.min(from, innerWidth) - 9 || right > Math.min(to, innerWidth) + 9
    }).map(one => `${one.tagName} ${one.className}: ${one.innerText || one.id}`.slice(0, 80))
}"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Visit:
    """One window: what its pages logged as errors, and which requests left this computer."""

    page: Any
    url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    pending: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("request", lambda sent: self.pending.add(sent))
        for over in ("requestfinished", "requestfailed"):
            self.page.on(over, lambda sent: self.pending.discard(sent))

    def open(self, path: str) -> None:
        """Open a path of the clinic and wait until everything on it has arrived.

        The browser's own ``networkidle`` waits half a second on every page; here the page is asked
        whether it still waits for something, and whether it began to after it was laid out.
        """
        self.pending.clear()
        self.page.goto(self.url + path)
        until = monotonic() + ARRIVES / 1000
        self.page.evaluate(FRAMES)
        while self.pending:
            assert monotonic() < until, [request.url for request in self.pending]
            self.page.evaluate(FRAMES)

    def violations(self) -> list[str]:
        """What axe-core finds on the page as it stands: rule, and where."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {', '.join(str(node['target']) for node in rule['nodes'])}"
            for rule in found["violations"]
        ]

    def beside(self) -> list[str]:
        """Words, fields and buttons that stand outside the window or their panel."""
        return list(self.page.evaluate(BESIDE))

    def width_needed(self) -> int:
        """How wide the page is, in CSS pixels; more than the window scrolls sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


@dataclass
class Clinic:
    """The running demo clinic: its address and who is in it."""

    url: str
    people: dict[str, dict[str, Any]]
    browser: Any
    signed_in: dict[str, Any] = field(default_factory=dict)

    def visit(
        self, who: str, width: int = 360, theme: str = "light", language: str = "en-GB"
    ) -> Visit:
        """Open a window for a person, who signs in by link the first time."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=theme,
            locale=language,
            storage_state=self.signed_in.get(who),
        )
        context.set_default_timeout(10_000)
        visit = Visit(context.new_page(), self.url)
        visit.page.on(
            "console",
            lambda said: visit.errors.append(said.text) if said.type == "error" else None,
        )
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.page.on(
            "request",
            lambda sent: None if sent.url.startswith(self.url) else visit.foreign.append(sent.url),
        )
        if who not in self.signed_in:
            visit.page.goto(self.people[who]["link"])
            visit.page.locator("form button").first.click()
            visit.page.wait_for_url(lambda url: "/code" not in url)
            self.signed_in[who] = context.storage_state()
        return visit


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window; tests that need it are skipped where there is none."""
    if CHROMIUM is None:
        missing("Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def clinic(browser: Any) -> Iterator[Clinic]:
    """A demo clinic of sixty days on a Wednesday morning, started with the command people use."""
    command = [sys.executable, "-c", START, "demo", "--json", "--port", "0", "--days", "60"]
    command += ["--at", WEDNESDAY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = json.loads(server.stdout.readline())
        yield Clinic(said["url"], {each["key"]: each for each in said["people"]}, browser)
        server.terminate()


@pytest.fixture
def windows() -> Iterator[list[Visit]]:
    """Windows opened by a test, closed after it."""
    opened: list[Visit] = []
    yield opened
    for visit in opened:
        visit.page.context.close()
