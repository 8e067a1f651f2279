"""The browser's skeleton is the figure's."""

from __future__ import annotations

from tests.library.browser_skeleton import FILE, text


def test_the_browser_draws_the_figure_of_the_domain():
    assert FILE.read_text() == text(), "renew it: python -m tests.library.browser_skeleton"
