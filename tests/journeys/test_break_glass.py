"""An emergency from its beginning to its end: who opens, who is told, who looks into it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

RESCUER = "second-therapist"
REASON = "Collapsed in the waiting room, her team cannot be reached"
BIRTH_YEAR = "1952"


@pytest.fixture
def people(clinic, windows, request):
    """A window of the page's width for whoever is asked for."""
    width = request.node.callspec.params["width"]

    def visit(who):
        found = clinic.visit(who, width)
        windows.append(found)
        return found

    return visit


def usable(visit, width):
    """Nothing in a window that somebody could not use, see or reach."""
    assert visit.violations() == []
    assert visit.width_needed() <= width
    assert visit.errors == []


@pytest.mark.parametrize("width", [360, 1280])
def test_a_record_is_opened_in_an_emergency_and_everybody_learns_of_it(clinic, people, width):
    patient = clinic.people["patient-knee"]
    sheet = f"/patients/{patient['patient_id']}"

    rescuer = people(RESCUER)
    rescuer.open(sheet)
    assert rescuer.page.locator("main h1").inner_text() == "There is nothing here"
    rescuer.errors.clear()  # the browser notes the 404 that was asked for
    rescuer.open("/patients")
    rescuer.page.get_by_role("link", name="Emergency access").click()
    rescuer.page.get_by_label("Full name").fill(patient["name"])
    rescuer.page.get_by_label("Year of birth").fill(BIRTH_YEAR)
    rescuer.page.get_by_label("Why, in a sentence").fill("no idea")
    rescuer.page.get_by_role("button", name="Open the record").click()
    rescuer.page.wait_for_selector("#reason-wrong")
    assert rescuer.page.get_by_label("Full name").input_value() == patient["name"]
    rescuer.errors.clear()  # the browser notes the 422
    usable(rescuer, width)
    rescuer.page.get_by_label("Why, in a sentence").fill(REASON)
    rescuer.page.get_by_role("button", name="Open the record").click()
    rescuer.page.wait_for_url(f"**{sheet}")
    banner = rescuer.page.get_by_role("alert")
    assert "60 minutes left" in banner.inner_text()
    assert rescuer.page.locator("main h1").inner_text() == patient["name"]
    assert rescuer.page.get_by_role("link", name="Revise").count() == 0
    assert rescuer.page.get_by_role("link", name="Let in").count() == 0
    usable(rescuer, width)

    admin = people("admin")
    admin.open("/")
    assert admin.page.locator(".nav .count").inner_text().startswith("1")
    admin.page.get_by_role("link", name="Emergencies").click()
    admin.page.wait_for_selector("h1:has-text('Records opened')")
    assert REASON in admin.page.locator("main").inner_text()
    usable(admin, width)
    admin.page.get_by_label("What came of it").fill("I have spoken to both. It was one.")
    admin.page.get_by_role("button", name="Seen").click()
    admin.page.wait_for_load_state("networkidle")
    assert admin.page.locator(".nav .count").count() == 0
    assert "I have spoken to both" in admin.page.locator("main").inner_text()

    ruth = people("patient-knee")
    ruth.open("/today")
    told = ruth.page.locator(".day-notes", has_text="in an emergency")
    usable(ruth, width)
    told.get_by_role("link", name="Read it").click()
    ruth.page.wait_for_selector("h1:has-text('Who cares for me')")
    note = ruth.page.locator(".note-care")
    assert "Imre Fehér" in note.inner_text()
    assert REASON in note.inner_text()
    usable(ruth, width)
    note.get_by_role("button", name="I have read this").click()
    ruth.page.wait_for_load_state("networkidle")
    assert ruth.page.locator(".note-care").count() == 0
    ruth.open("/today")
    assert ruth.page.locator(".day-notes", has_text="in an emergency").count() == 0

    rescuer.page.get_by_role("button", name="End now").click()
    rescuer.page.wait_for_selector("h1:has-text('Emergency access')")
    assert rescuer.page.get_by_role("alert").count() == 0
    rescuer.open(sheet)
    assert rescuer.page.locator("main h1").inner_text() == "There is nothing here"
