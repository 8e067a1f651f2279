"""The library in a browser: find, open, watch, slow, print; with keys alone; without scripts."""

from __future__ import annotations

import re

import pytest

from adherence import library
from tests.journeys.test_keyboard import press_until

pytestmark = pytest.mark.browser

PATIENT, THERAPIST = "patient-knee", "therapist"
HEEL = library.exercise_named("heel-raise")
#: A machine without a graphics card draws the first picture by software, in milliseconds.
DRAWN = 60_000


def hits(page):
    """The addresses of the exercises in the list."""
    return page.locator(".hit-title a").evaluate_all("all => all.map(a => a.pathname)")


def state(page, wanted):
    """Wait until the moving figure is in a state."""
    page.wait_for_selector(f'[data-figure][data-state="{wanted}"]', timeout=DRAWN)


def press(page, do):
    """Press a button of the moving figure."""
    page.locator(f'[data-figure] button[data-do="{do}"]').click()


def test_treppe_is_found_opened_watched_turned_slowed_and_printed(clinic, windows):
    visit = clinic.visit(PATIENT, 360, language="de-DE")
    windows.append(visit)
    page = visit.page
    visit.open("/library")
    everything = len(hits(page))
    page.locator("#q").press_sequentially("Trepe")
    page.wait_for_function("() => location.search.includes('q=Trepe')")
    assert "/library/heel-raise" in hits(page)
    assert len(hits(page)) <= everything == len(library.exercises())
    assert visit.violations() == []

    page.locator('.hit a[href="/library/heel-raise"]').click()
    page.wait_for_selector("[data-figure]")
    assert page.locator("h1").inner_text().replace("\u00ad", "") == HEEL.words["de"].title
    if page.locator("[data-figure]").get_attribute("data-state") == "stills":
        press(page, "play")
    state(page, "playing")
    section = page.locator("[data-figure]")
    press(page, "slower")
    assert float(section.get_attribute("data-speed")) < 1
    before = section.get_attribute("data-turn")
    press(page, "turn-left")
    page.wait_for_function(
        "before => document.querySelector('[data-figure]').dataset.turn !== before", arg=before
    )
    press(page, "play")
    state(page, "paused")
    assert visit.violations() == []

    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.locator("[data-print]").click()
    assert page.title() == "printed"
    assert visit.errors == []
    assert visit.foreign == []


#: Puts the sheets of many exercises below each other, each where the page's own sheet stood.
TOGETHER = """async slugs => {
    const own = document.querySelector("main");
    const sheets = await Promise.all(slugs.map(async slug => {
        const text = await (await fetch(`/library/${slug}`)).text();
        const sheet = new DOMParser().parseFromString(text, "text/html").querySelector("main");
        return document.importNode(sheet, true);
    }));
    for (const sheet of sheets) {
        sheet.style.breakAfter = "page";
        own.before(sheet);
    }
    own.remove();
}"""
#: The window as wide as the text on an A4 sheet: 210 mm less the margins.
PAPER = {"width": 688, "height": 1000}


def sheets(page):
    """How many sheets of paper a page takes."""
    return len(re.findall(rb"/Type /Page\b(?!s)", page.pdf(prefer_css_page_size=True)))


def fullest(page, slugs):
    """The slug of the highest of the sheets that stand below each other."""
    before = page.viewport_size
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    heights = page.locator("main").evaluate_all("all => all.map(one => one.offsetHeight)")
    page.emulate_media()
    page.set_viewport_size(before)
    assert len(heights) == len(slugs) and min(heights) > 100
    return max(zip(heights, slugs, strict=True))[1]


def too_long(visit, slugs):
    """The exercises that need more than a sheet; asked one by one only where there is any."""
    if sheets(visit.page) == len(slugs):
        return []
    found = []
    for slug in slugs:
        visit.open(f"/library/{slug}")
        if sheets(visit.page) != 1:
            found.append(slug)
    return found or ["together, but none alone"]


@pytest.mark.parametrize("language", ["en-GB", "de-DE", "ru-RU"])
def test_every_exercise_fits_on_one_sheet(clinic, windows, language):
    """All in one printing; the fullest also alone, with its figure moving, as people print it."""
    visit = clinic.visit(PATIENT, 1280, language=language)
    windows.append(visit)
    slugs = list(library.exercises())
    visit.open(f"/library/{slugs[0]}")
    visit.page.evaluate(TOGETHER, slugs)
    fullest_one = fullest(visit.page, slugs)
    assert too_long(visit, slugs) == []

    visit.open(f"/library/{fullest_one}")
    state(visit.page, "playing")
    assert sheets(visit.page) == 1


def test_an_exercise_that_needs_two_sheets_is_named(clinic, windows):
    visit = clinic.visit(PATIENT, 1280)
    windows.append(visit)
    slugs = list(library.exercises())[:3]
    longer = slugs[1]

    def lengthened(route):
        page = route.fetch()
        lines = "<li>Heels up.</li>" * 60
        route.fulfill(response=page, body=page.text().replace("</ol>", f"{lines}</ol>", 1))

    visit.page.route(f"**/library/{longer}", lengthened)
    visit.open(f"/library/{slugs[0]}")
    visit.page.evaluate(TOGETHER, slugs)

    assert fullest(visit.page, slugs) == longer
    assert too_long(visit, slugs) == [longer]


def test_the_library_works_with_keys_alone(clinic, windows):
    """Slash goes to the search, arrows through the list and back, Enter opens."""
    visit = clinic.visit(THERAPIST, 1280)
    windows.append(visit)
    page = visit.page
    visit.open("/library")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("stairs")
    page.wait_for_function("() => location.search.includes('q=stairs')")
    page.keyboard.press("ArrowDown")
    first = page.evaluate("document.activeElement.pathname")
    assert first == hits(page)[0]
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.pathname") == hits(page)[-1]
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-figure]")
    assert page.url.endswith(first)

    press_until(page, 'a[href*="/prescribe"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(".doors")
    press_until(page, 'a[href*="activities/new"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#title")
    assert page.locator("#title").input_value()
    assert page.locator("[name=exercise][type=hidden]").input_value().startswith(first[9:])
    assert visit.errors == []


def test_a_filter_narrows_the_list_at_once_and_a_way_leads_back(clinic, windows):
    visit = clinic.visit(THERAPIST, 1280)
    windows.append(visit)
    page = visit.page
    visit.open("/library")
    page.locator("#position").select_option("standing")
    page.wait_for_function("() => location.search.includes('position=standing')")
    standing = hits(page)
    expected = {
        f"/library/{one.slug}" for one in library.exercises().values() if one.position == "standing"
    }
    assert set(standing) == expected

    page.locator(".hit-title a").first.click()
    page.wait_for_selector("[data-figure]")
    page.go_back()
    page.wait_for_selector(".hit")
    assert hits(page) == standing
    page.locator("#q").fill("xylophone")
    page.wait_for_selector(".empty")
    assert visit.violations() == []


def test_the_library_works_without_scripts(clinic, windows):
    clinic.visit(PATIENT).page.context.close()
    context = clinic.browser.new_context(
        viewport={"width": 360, "height": 800},
        java_script_enabled=False,
        locale="de-DE",
        storage_state=clinic.signed_in[PATIENT],
    )
    page = context.new_page()
    page.goto(f"{clinic.url}/library")
    page.locator("#q").fill("Treppe")
    page.locator(".search button").click()
    assert "q=Treppe" in page.url
    page.locator('.hit a[href="/library/heel-raise"]').click()
    frames = page.locator("main svg.frame")
    assert frames.count() == 3
    for index in range(3):
        assert frames.nth(index).is_visible()
        assert len(frames.nth(index).get_attribute("aria-label")) > 20
    assert not page.locator("[data-print]").is_visible()
    assert not page.locator("[data-do=play]").is_visible()

    page.goto(f"{clinic.url}/learn/pacing")
    page.locator("label[for=answer-1]").click()
    page.locator(".lesson form button").click()
    assert page.locator(".lesson-reply").is_visible()
    context.close()
