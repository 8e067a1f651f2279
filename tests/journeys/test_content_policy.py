"""What a page's policy makes of a script that somebody managed to write into it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.journeys.conftest import Clinic, Visit

pytestmark = pytest.mark.browser

CSP = "content-security-policy"


@pytest.mark.parametrize(
    ("tag", "runs"),
    [
        ("<script>window.wasRun = true</script>", False),
        ("<script src='/static/js/written.js'></script>", False),
        ("<script nonce='AAAAAAAAAAAAAAAAAAAAAA' src='/static/js/written.js'></script>", False),
        ("<img src='/nowhere' onerror='window.wasRun = true'>", False),
        ("<script nonce='{nonce}' src='/static/js/written.js'></script>", True),
    ],
)
def test_O7_only_scripts_that_the_answer_itself_wrote_run(
    clinic: Clinic, windows: list[Visit], tag: str, runs: bool
):
    visit = clinic.visit("patient-knee")
    windows.append(visit)
    page = visit.page
    page.route(
        "**/static/js/written.js",
        lambda route: route.fulfill(content_type="text/javascript", body="window.wasRun = true"),
    )

    def deliver(route: Any) -> None:
        said = re.search(r"'nonce-([\w-]+)'", (answer := route.fetch()).headers[CSP])
        assert said is not None
        written = tag.replace("{nonce}", said[1])
        route.fulfill(response=answer, body=answer.text().replace("</body>", f"{written}</body>"))

    page.route("**/today", deliver)
    visit.open("/today")

    assert page.evaluate("window.wasRun === true") is runs
