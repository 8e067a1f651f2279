"""After months of days lived through the services, every projection equals one from scratch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import Plans, admit, checks, found_clinic, live, opened

SMALL = Plans(exercises=1, doses=2, questions=1)


def lived(url: str, days: int, seeds: range) -> list[str]:
    """What the product's own checks find after patients lived ``days`` days, one for each seed."""
    now = datetime.now(UTC)
    began = now - timedelta(days=days)
    with opened(url):
        clinic = found_clinic(began)
        for seed in seeds:
            one = admit(clinic, seed, began, SMALL)
            live(one, began.date() + timedelta(days=1), now.date(), seed, 0.55 + 0.1 * (seed % 5))
    return [line for check in checks(url).values() for line in check()]


def test_projections_of_lived_months_equal_a_rebuild(store_url: str):
    assert lived(store_url, days=300, seeds=range(6)) == []


@pytest.mark.full
@pytest.mark.postgres
def test_projections_of_lived_years_equal_a_rebuild(store_url: str):
    assert lived(store_url, days=730, seeds=range(20)) == []
