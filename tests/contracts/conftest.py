"""The town whose every route is asked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.town import Town, founded


@pytest.fixture(scope="module")
def shared_town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that the tests of a file share, for those that leave it usable for the next."""
    path = tmp_path_factory.mktemp("town") / "adherence.sqlite"
    shutil.copyfile(sqlite_template, path)
    with founded(f"sqlite:///{path}") as made:
        yield made
