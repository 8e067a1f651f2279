"""The API's description as a developer reads it, with nothing fetched from elsewhere."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Clinic, Visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1280])
def test_the_description_shows_every_operation_and_loads_nothing_foreign(
    clinic: Clinic, windows: list[Visit], width: int
):
    visit = clinic.visit("therapist", width=width)
    windows.append(visit)
    visit.open("/api/docs")
    page = visit.page
    page.locator(".opblock").first.wait_for(timeout=60_000)
    described = page.request.get(f"{clinic.url}/api/v1/openapi.json").json()["paths"]
    operations = sum(len({"get", "post", "put", "delete"} & set(one)) for one in described.values())

    assert page.locator(".opblock").count() == operations > 40
    page.locator(".opblock-summary").first.click()
    page.locator(".opblock-body").first.wait_for()
    assert visit.foreign == []
    assert visit.errors == []
    assert visit.width_needed() <= width
