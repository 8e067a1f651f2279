"""Consent on a phone with the keyboard alone, in three languages: given, then taken back."""

from __future__ import annotations

import pytest

from tests.journeys.test_keyboard import press_until

pytestmark = pytest.mark.browser

#: Person -> (the words after agreeing begin so, after taking it back so, the refusal of no name).
READERS = {
    "patient-knee": ("You agree since", "You do not agree", "Type your name"),
    "patient-shoulder": ("Sie sind einverstanden seit", "Sie sind nicht", "Tippen Sie Ihren Namen"),
    "patient-medicine": ("Вы согласны с", "Вы не согласны", "Напишите своё имя"),
}


@pytest.mark.parametrize("who", READERS)
def test_giving_and_taking_back_by_keyboard_on_a_phone(clinic, windows, who):
    agreed, taken_back, no_name = READERS[who]
    visit = clinic.visit(who, 360)
    windows.append(visit)
    page = visit.page

    def fits() -> None:
        assert visit.width_needed() <= 360
        assert visit.violations() == []

    visit.open("/account")
    press_until(page, "a[href='/consents']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/consents")
    fits()
    press_until(page, "a[href='/consents/sms']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/consents/sms")
    fits()

    press_until(page, "#signature")
    page.keyboard.type("  ")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wrong")
    assert no_name in page.locator(".wrong").inner_text()
    fits()
    visit.errors.clear()  # the browser itself notes the refusal

    press_until(page, "#signature")
    page.keyboard.type("Ruth Aldous")
    press_until(page, "form[action$='/give'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action$='/withdraw']")
    assert page.locator("[role=status]").inner_text().startswith(agreed)
    assert page.locator("#signature").count() == 0
    fits()

    press_until(page, "form[action$='/withdraw'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#signature")
    assert page.locator("[role=status]").inner_text().startswith(taken_back)
    press_until(page, "details.as-table > summary")
    page.keyboard.press("Enter")
    assert page.locator(".keys-list > li").count() == 2
    fits()
    assert visit.errors == []
    assert visit.foreign == []


def test_research_asks_who_one_is_and_a_no_does_not(clinic, windows):
    visit = clinic.visit("patient-knee", 360)
    windows.append(visit)
    page = visit.page
    visit.open("/consents/research")
    page.locator("a[href='/consents/research/sign']").click()
    page.wait_for_selector("#signature")
    page.locator("#signature").fill("Ruth Aldous")
    page.locator("form[action$='/sign'] button").click()
    page.wait_for_selector("form[action$='/withdraw']")
    page.locator("form[action$='/withdraw'] button").click()
    page.wait_for_selector("a[href='/consents/research/sign']")
    assert visit.errors == []


def test_the_first_page_asks_about_care_until_it_is_answered(clinic, windows):
    visit = clinic.visit("patient-two-plans", 360)
    windows.append(visit)
    visit.open("/today")
    visit.page.locator(".day-notes a").first.click()
    visit.page.wait_for_url("**/consents/care")
    visit.page.locator("#signature").fill("Mehmet Kaya")
    visit.page.locator("form[action$='/give'] button").click()
    visit.page.wait_for_selector("form[action$='/withdraw']")
    visit.open("/today")

    assert visit.page.locator(".day-notes a[href='/consents/care']").count() == 0
