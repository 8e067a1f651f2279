"""The loop without a mouse and without scripts: log, see it in the chart, and reach a milestone."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PATIENT, THERAPIST = "patient-knee", "therapist"


def press_until(page, what, key="Tab", most=80):
    """Press a key until the focus stands on the first thing that matches, as a person would."""
    for _step in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", what):
            return
    raise AssertionError(f"{what} was not reached with {key}")


def test_a_day_is_logged_and_a_goal_reached_with_the_keyboard_alone(clinic, windows):
    """The answer stands on Today, the measured goal in the chart, the milestone in its place."""
    visit = clinic.visit(PATIENT, 1280)
    windows.append(visit)
    page = visit.page
    visit.open("/today")
    press_until(page, "form.answers [value=done]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast")
    assert page.locator(".toast").inner_text().startswith("Noted: done")

    visit.open("/goals")
    press_until(page, "details.rate > summary")
    page.keyboard.press("Enter")
    press_until(page, "details.rate input[inputmode=decimal]")
    page.keyboard.type("14")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast")
    assert "14" in page.locator(".goal-count").first.inner_text()

    visit.open("/progress")
    press_until(page, ".plot .as-table > summary")
    page.keyboard.press("Enter")
    assert "14" in page.locator(".plot table").first.inner_text()
    assert page.locator(".plot img").first.evaluate("image => image.complete && image.naturalWidth")

    visit.open("/milestones")
    assert "14 steps, for the first time." in page.locator("main").inner_text()
    assert visit.errors == []


def test_the_therapist_reviews_it_with_the_keyboard_alone(clinic, windows):
    """R opens the reply of the row in focus; what was replied leaves the queue."""
    visit = clinic.visit(THERAPIST, 1280)
    windows.append(visit)
    page = visit.page
    visit.open("/review")
    rows = page.locator("[data-row]").count()
    press_until(page, ".queue a")
    page.keyboard.press("r")
    page.keyboard.type("I saw it. Keep to this pace.")
    press_until(page, ".row-reply button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast")

    assert page.locator("[data-row]").count() == rows - 1
    assert visit.errors == []


def test_the_loop_works_without_scripts(clinic, windows):
    """Answer, take it back, say why not: forms alone carry all of it."""
    clinic.visit(PATIENT).page.context.close()
    context = clinic.browser.new_context(
        viewport={"width": 360, "height": 800},
        java_script_enabled=False,
        locale="en-GB",
        storage_state=clinic.signed_in[PATIENT],
    )
    page = context.new_page()
    page.goto(f"{clinic.url}/today")
    page.locator("form.answers [value=skipped]").first.click()
    page.locator("label[for=r-no_time]").click()
    page.locator("#r-no_time ~ section button[value=note]").first.click()
    assert "Noted: not today" in page.locator(".toast").inner_text()
    page.locator(".toast button").click()
    assert "Taken back" in page.locator(".toast").inner_text()
    context.close()


def test_pressing_done_twice_stores_it_once(clinic, windows):
    """The form carries the entry's id, so a second press of the same card changes nothing."""
    visit = clinic.visit("patient-two-plans", 360)
    windows.append(visit)
    page = visit.page
    visit.open("/today")
    form = page.locator("form.answers").first
    fields = form.locator("input[type=hidden]")
    sent = {
        fields.nth(index).get_attribute("name"): fields.nth(index).input_value()
        for index in range(fields.count())
    } | {"status": "done"}
    headers = {"Origin": clinic.url}

    for _time in range(2):
        answer = page.request.post(
            f"{clinic.url}/today/log", form=sent, headers=headers, max_redirects=0
        )
        assert answer.status == 303
        assert answer.headers["location"].startswith("/today")
