"""Every page is usable by everybody: two widths, two themes, three languages, and axe-core."""

from __future__ import annotations

import itertools

import pytest

pytestmark = pytest.mark.browser

PATIENT = "patient-knee"
PATIENT_PAGES = (
    "/today",
    "/log/{exercise}/{day}/0",
    "/not-today/{exercise}/{day}/0",
    "/log/{check_in}/{day}/0",
    "/symptom",
    "/goals",
    "/progress",
    "/milestones",
    "/answers",
    "/pause",
    "/account",
    "/library",
    "/library/heel-raise",
    "/learn",
    "/learn/pacing",
    "/account/ways-in",
    "/proxies",
    "/my-data",
    "/accesses",
    "/team",
    "/consents",
    "/consents/care",
    "/consents/research",
    "/consents/sms",
)
THERAPIST = "therapist"
THERAPIST_PAGES = (
    "/review",
    "/patients",
    "/patients/{patient}",
    "/patients/{patient}/goals/new",
    "/patients/{patient}/activities/new",
    "/patients/{patient}/activities/new?exercise=heel-raise@1",
    "/patients/{patient}/activities/{exercise}/revise",
    "/account",
    "/library",
    "/library/heel-raise",
    "/library/heel-raise/1/prescribe",
    "/library/own/new?of=heel-raise@1",
    "/library/own/new",
    "/learn/pacing",
    "/account/ways-in",
    "/patients/{patient}/ways-in",
    "/patients/{patient}/data",
    "/patients/{patient}/team",
    "/emergency",
    "/patients/{patient}/consents",
)
ADMIN = "admin"
ADMIN_PAGES = ("/staff", "/audit", "/account", "/emergencies", "/forgetting")
#: A patient without a goal that has a picture, and a manager.
OTHERS = [("patient-medicine", ("/progress",)), ("programme-manager", ("/programme",))]
AUDIENCES = [(PATIENT, PATIENT_PAGES), (THERAPIST, THERAPIST_PAGES), (ADMIN, ADMIN_PAGES), *OTHERS]
WIDTHS = (360, 1280)
THEMES = ("light", "dark")
LANGUAGES = ("en-GB", "de-DE", "ru-RU")
LOOKS = tuple(itertools.product(WIDTHS, THEMES, LANGUAGES))
#: The quick run sees each width, theme and language once; the full run sees them all.
QUICK = {(360, "light", "en-GB"), (1280, "dark", "de-DE"), (360, "dark", "ru-RU")}

EVERY_LOOK = [
    pytest.param(*look, marks=[] if look in QUICK else [pytest.mark.full]) for look in LOOKS
]


@pytest.fixture(scope="module")
def places(clinic):
    """What the addresses of pages name: a patient, two activities and the day."""
    visit = clinic.visit(PATIENT)
    visit.open("/today")
    form = visit.page.locator("form.answers")
    found = {"patient": clinic.people[PATIENT]["patient_id"]}
    for index in range(form.count()):
        one = form.nth(index)
        kind = "check_in" if one.locator("[value=answer]").count() else "exercise"
        found.setdefault(kind, one.locator("[name=activity_id]").input_value())
        found.setdefault("day", one.locator("[name=day]").input_value())
    visit.page.context.close()
    return found


def look_at(visit, path, width):
    """Open a page and say everything that is wrong with it."""
    visit.open(path)
    wrong = [f"{path}: {violation}" for violation in visit.violations()]
    if visit.width_needed() > width:
        wrong.append(f"{path}: needs {visit.width_needed()} px")
    wrong += [f"{path}: outside stands {one}" for one in visit.beside()]
    return wrong


@pytest.mark.parametrize(("width", "theme", "language"), EVERY_LOOK)
@pytest.mark.parametrize(("who", "pages"), AUDIENCES)
def test_pages_leave_nobody_out(clinic, places, windows, who, pages, width, theme, language):
    visit = clinic.visit(who, width, theme, language)
    windows.append(visit)

    wrong = [fault for path in pages for fault in look_at(visit, path.format(**places), width)]

    assert wrong == []
    assert visit.errors == []
    assert visit.foreign == []


@pytest.mark.parametrize(("who", "pages"), AUDIENCES)
def test_no_page_scrolls_sideways_on_the_narrowest_phone(clinic, places, windows, who, pages):
    visit = clinic.visit(who, width=320)
    windows.append(visit)
    too_wide = {}
    for path in pages:
        visit.open(path.format(**places))
        if visit.width_needed() > 320:
            too_wide[path] = visit.width_needed()

    assert too_wide == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_door_is_open_to_everybody(clinic, windows, language):
    """The sign-in page is the first thing anybody sees, also somebody whose code does not fit."""
    context = clinic.browser.new_context(viewport={"width": 360, "height": 800}, locale=language)
    visit = type(clinic.visit(PATIENT))(context.new_page(), clinic.url)
    windows.append(visit)

    visit.open("/sign-in")
    assert visit.violations() == []
    visit.open("/code")
    assert visit.violations() == []
    visit.page.locator("#token").fill("no-such-code")
    visit.page.locator("form button").first.click()
    visit.page.wait_for_selector(".wrong")

    assert visit.violations() == []
    assert visit.page.locator("html").get_attribute("lang") == language[:2]


def test_the_programme_shows_sums_or_says_why_not(clinic, windows):
    visit = clinic.visit("programme-manager", 1280)
    windows.append(visit)
    visit.open("/programme")

    assert visit.violations() == []
    assert clinic.people[PATIENT]["name"] not in visit.page.content()


def test_what_is_not_there_and_what_is_not_yours_look_the_same(clinic, windows):
    visit = clinic.visit(PATIENT)
    windows.append(visit)
    other = clinic.people["patient-shoulder"]["patient_id"]
    visit.open(f"/patients/{other}")
    stranger = visit.page.locator("main").inner_html()
    visit.open("/patients/01890000-0000-7000-8000-000000000000")

    assert visit.page.locator("main").inner_html() == stranger
    assert visit.violations() == []


#: How far below the picture above it (the heading, for the first) each part of a page begins, by
#: column; a part across both columns stands in both.
BELOW = """() => {
    const ends = {}, middle = innerWidth / 2
    const parts = [...document.querySelectorAll("main > *")]
    const boxes = parts.map(part => part.getBoundingClientRect()).sort((a, b) => a.top - b.top)
    return boxes.map(({left, right, top, bottom}) => {
        const sides = [...(left < middle ? ["left"] : []), ...(right > middle ? ["right"] : [])]
        const above = Math.max(...sides.map(side => ends[side] ?? top))
        sides.forEach(side => ends[side] = bottom)
        return top - above
    })
}"""


@pytest.mark.parametrize("who", [PATIENT, "patient-shoulder", "patient-medicine"])
def test_no_hole_stands_among_the_pictures_of_a_wide_page(clinic, windows, who):
    """With two goals beside the days, with one, and with none."""
    visit = clinic.visit(who, 1280)
    windows.append(visit)
    visit.open("/progress")

    below = visit.page.evaluate(BELOW)
    assert len(below) >= 4
    assert max(below) <= 40
    first = visit.page.locator("main > section").first.bounding_box()
    assert first["x"] < 200


def test_who_sees_only_a_few_colours_sees_what_is_chosen(clinic, places, windows):
    """Grounds and shadows are gone then: a line and an edge say it."""
    visit = clinic.visit(PATIENT)
    windows.append(visit)
    visit.page.emulate_media(forced_colors="active")
    visit.open("/log/{exercise}/{day}/0".format(**places))

    here = visit.page.locator(".tabs [aria-current]")
    assert "underline" in here.evaluate("one => getComputedStyle(one).textDecorationLine")
    edge = "one => getComputedStyle(one).borderTopWidth"
    assert visit.page.locator("label[for=pain-3]").evaluate(edge) != "4px"
    visit.page.locator("label[for=pain-3]").click()
    assert visit.page.locator("label[for=pain-3]").evaluate(edge) == "4px"


@pytest.mark.parametrize("path", ["/my-data", "/progress"])
def test_paper_is_white_whatever_the_device_prefers(clinic, windows, path):
    visit = clinic.visit(PATIENT, theme="dark")
    windows.append(visit)
    visit.open(path)
    colours = "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
    assert visit.page.locator("body").evaluate(colours) == ["rgb(25, 16, 24)", "rgb(248, 238, 241)"]
    visit.page.emulate_media(media="print")

    ground, ink = visit.page.locator("body").evaluate(colours)
    assert (ground, ink) == ("rgb(248, 242, 241)", "rgb(44, 26, 42)")
    drawn = "[...document.querySelectorAll('picture img')].map(one => one.currentSrc)"
    for _try in range(50):
        pictures = visit.page.evaluate(drawn)
        if all(one.endswith("theme=light") for one in pictures):
            break
        visit.page.wait_for_timeout(100)
    else:
        pytest.fail(f"dark pictures on paper: {pictures}")
    assert bool(pictures) == (path == "/progress")
