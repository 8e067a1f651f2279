"""The town that tests of the API ask, on both kinds of database."""

from collections.abc import Iterator

import pytest

from tests.web.town import Town, founded


@pytest.fixture
def town(store_url: str) -> Iterator[Town]:
    """A town of this test's own."""
    with founded(store_url) as made:
        yield made
