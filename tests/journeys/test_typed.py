"""What was typed into a page that is no longer up to date is not lost, and not sent unasked."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

NOTE = 'Weh am Abend & <b>müde</b>, "sehr"'
#: What another program in the browser adds to a form before it is sent.
ADD = """form => {
    const field = document.createElement("input")
    Object.assign(field, {type: "hidden", name: "coupon", value: "x"})
    form.append(field)
}"""


@pytest.mark.parametrize(
    ("width", "language", "send", "title"),
    [
        (360, "en-GB", "Send what I typed", "This page is no longer up to date"),
        (1280, "de-DE", "Senden, was ich eingegeben habe", "Diese Seite ist nicht mehr aktuell"),
    ],
)
def test_what_was_typed_is_sent_again_by_the_keyboard_and_stored_once(
    clinic, windows, width, language, send, title
):
    person = clinic.people["patient-two-plans"]
    visit = clinic.visit("patient-two-plans", width, language=language)
    windows.append(visit)
    page = visit.page
    visit.open("/symptom")
    if page.locator("#sym-other").count():
        page.locator("label[for=sym-other]").click()
    page.locator("#other").fill(f"Kribbeln {width}")
    page.locator("label[for=value-6]").click()
    page.locator("#note").fill(NOTE)
    form = page.locator("form.log-form")
    form.evaluate(ADD)
    form.locator("button.button-wide").click()

    button = page.locator("main form button")
    button.wait_for()
    assert page.locator("main h1").inner_text() == title
    assert button.inner_text() == send
    assert "coupon" not in page.content()
    visit.errors.clear()  # the browser notes the refusal
    assert visit.violations() == []
    assert visit.beside() == []
    assert visit.width_needed() <= width

    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/today*")
    assert visit.errors == []
    stored = page.request.get(
        f"{visit.url}/api/v1/patients/{person['patient_id']}/entries?limit=20",
        headers={"Authorization": f"Bearer {person['token']}"},
    ).json()["entries"]
    mine = [one for one in stored if one["symptom"] == f"Kribbeln {width}"]
    assert [(one["value"], one["note"]) for one in mine] == [(6, NOTE)]
