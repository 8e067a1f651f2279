"""The house and the town that attackers come to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.practice import application
from tests.web.test_sign_in import House
from tests.web.town import Town, founded


@pytest.fixture
def house(store_url: str) -> Iterator[House]:
    """A clinic with a clinic's settings, its clock, and windows on it."""
    with application(store_url, smtp_host="localhost", mail_from="a@example.org") as app:
        made = House(app)
        app.testing = False
        yield made


@pytest.fixture
def town(store_url: str) -> Iterator[Town]:
    """A town of this test's own."""
    with founded(store_url) as made:
        yield made


@pytest.fixture(scope="module")
def shared_town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that the tests of a file share, for those that leave it usable for the next."""
    path = tmp_path_factory.mktemp("town") / "adherence.sqlite"
    shutil.copyfile(sqlite_template, path)
    with founded(f"sqlite:///{path}") as made:
        yield made
