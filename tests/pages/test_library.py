"""The library's pages: finding, reading, prescribing, and lessons that answer back."""

from __future__ import annotations

import re

import pytest

from adherence import library
from adherence.services import accounts, plans
from tests.pages.browsers import SITE, Browser
from tests.wards import MONDAY, clinic

HEEL = library.exercise_named("heel-raise")


def titles(html):
    """The titles of the exercises in a list, in its order."""
    return re.findall(r'class="hit-title"><a href="[^"]*">([^<]+)</a>', html)


def test_a_patient_and_a_therapist_find_the_same(patient, therapist):
    found = titles(patient.open("/library?q=Treppe"))

    assert "Heel raises" in found
    assert titles(therapist.open("/library?q=Treppe")) == found


def test_filters_stay_chosen_and_narrow_the_list(therapist):
    html = therapist.open("/library?region=ankle-foot&position=standing")

    assert "Heel raises" in titles(html)
    assert '<option value="ankle-foot" selected>' in html
    assert titles(therapist.open("/library?region=neck&q=heel+raises")) == []
    assert "Nothing fits all of it" in therapist.open("/library?region=neck&q=heel+raises")


def test_the_list_alone_is_what_the_page_s_script_asks_for(therapist):
    whole = therapist.open("/library?q=stairs")
    part = therapist.client.get("/library?q=stairs", base_url=SITE, headers={"X-Part": "hits"})

    assert part.status_code == 200
    assert "<html" not in part.text
    assert titles(part.text) == titles(whole)


@pytest.mark.parametrize("query", ["region=moon", "q=" + "x" * 121])
def test_a_search_that_cannot_be_is_refused(therapist, query):
    assert therapist.client.get(f"/library?{query}", base_url=SITE).status_code == 422


def test_an_exercise_says_all_a_patient_needs_and_keeps_cautions_for_therapists(patient, therapist):
    said = HEEL.words["en"]
    for html in (patient.open("/library/heel-raise"), therapist.open("/library/heel-raise")):
        for text in (said.title, said.purpose, *said.start, *said.steps, *said.stop):
            assert text in html

    assert said.caution[0] not in patient.open("/library/heel-raise")
    assert said.caution[0] in therapist.open("/library/heel-raise")
    assert "Prescribe it" not in patient.open("/library/heel-raise")


@pytest.mark.parametrize("locale", ["de", "ru"])
def test_an_exercise_speaks_the_reader_s_language(app, ruth, locale):
    accounts.set_locale(ruth.patient, locale, MONDAY)
    html = Browser(app, ruth.patient, MONDAY).open("/library/heel-raise")

    assert HEEL.words[locale].title in html
    assert HEEL.words[locale].steps[0] in html


@pytest.mark.parametrize(
    "path", ["/library/no-such-exercise", "/library/heel-raise/9", "/learn/no-such-lesson"]
)
def test_what_is_not_there_is_not_there(patient, path):
    assert patient.client.get(path, base_url=SITE).status_code == 404


# --- frames --------------------------------------------------------------------------------------


def frame_of(browser, query=""):
    return browser.client.get(f"/library/heel-raise/1/start.svg{query}", base_url=SITE)


def test_a_frame_is_drawn_for_each_theme_and_moment(patient):
    drawn = {
        patient.client.get(f"/library/heel-raise/1/{moment}.svg?theme={theme}", base_url=SITE).data
        for moment in ("start", "middle", "end")
        for theme in ("light", "dark", "contrast", "dark-contrast", "print")
    }

    assert len(drawn) == 15
    assert all(one.startswith(b"<svg") for one in drawn)


@pytest.mark.parametrize("query", ["?theme=pink", "?theme=page", "?side=up"])
def test_a_frame_that_is_not_drawn_is_not_there(patient, query):
    assert frame_of(patient, query).status_code == 404
    assert patient.client.get("/library/heel-raise/1/lunch.svg", base_url=SITE).status_code == 404


def test_a_frame_is_kept_by_the_browser_under_its_stamped_address_alone(patient):
    html = patient.open("/library")
    address = re.search(r'src="(/library/heel-raise/[^"]+)"', html)[1].replace("&amp;", "&")

    kept = patient.client.get(address, base_url=SITE)
    assert kept.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert kept.headers["Content-Security-Policy"].startswith("sandbox")
    again = patient.client.get(
        address, base_url=SITE, headers={"If-None-Match": kept.headers["ETag"]}
    )
    assert again.status_code == 304
    assert frame_of(patient).headers["Cache-Control"] == "no-store"
    assert frame_of(patient, "?v=0").headers["Cache-Control"] == "no-store"


def test_another_site_cannot_embed_a_frame(patient):
    answer = patient.client.get(
        "/library/heel-raise/1/start.svg", base_url=SITE, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 404


# --- prescribing ---------------------------------------------------------------------------------


def prescribe(therapist, ruth, html, **typed):
    usual = {
        "goal_id": str(ruth.goal_id),
        "because": "because step 9 needs a stronger calf",
        "plan_id": str(ruth.plan_id),
        "kind": "exercise",
        "rhythm": "n_per_week",
        "side": "both",
    }
    return therapist.press(html, "/activities/new", **{**usual, **typed})


def newest(ruth):
    return plans.activities(ruth.therapist, ruth.patient_id, MONDAY)[-1].activity.revisions[-1]


def test_from_an_exercise_over_the_patient_to_a_form_that_is_filled_in(therapist, ruth):
    page = therapist.open("/library/heel-raise")
    choose = re.search(r'href="(/library/heel-raise/1/prescribe)"', page)[1]
    chosen = re.search(r'href="(/patients/[^"]+/activities/new[^"]+)"', therapist.open(choose))[1]
    html = therapist.open(chosen)
    said, dose = HEEL.words["en"], HEEL.dose
    _path, fields = therapist.forms(html, "/activities/new")[0]

    assert fields["title"] == said.title
    assert fields["instructions"].splitlines() == [*said.start, *said.steps]
    assert (fields["sets"], fields["reps"]) == (str(dose.sets[0]), str(dose.reps[0]))
    assert fields["exercise"] == "heel-raise@1"

    assert prescribe(therapist, ruth, html).status_code == 303
    asked = newest(ruth).asked
    assert (asked.title, asked.exercise) == (said.title, "heel-raise@1")
    assert asked.amounts.reps == dose.reps[0]


def test_it_is_filled_in_in_the_patient_s_language(therapist, ruth):
    accounts.set_locale(ruth.patient, "ru", MONDAY)

    html = therapist.open(f"/patients/{ruth.patient_id}/activities/new?exercise=heel-raise@1")

    assert f'value="{HEEL.words["ru"].title}"' in html


def test_the_prescribe_page_offers_the_whole_library(therapist, ruth):
    html = therapist.open(f"/patients/{ruth.patient_id}/activities/new")
    offered = set(re.findall(r'<option value="([a-z-]+)@\d+"', html))

    assert offered == set(library.exercises())


def test_looking_through_the_library_leads_back_to_the_patient(therapist, ruth):
    html = therapist.open(f"/library?patient={ruth.patient_id}")
    assert "An exercise for Ruth Aldous" in html

    page = therapist.open(f"/library/heel-raise?patient={ruth.patient_id}")

    assert "Prescribe it to Ruth Aldous" in page
    assert f"/patients/{ruth.patient_id}/activities/new?exercise=heel-raise@1" in page


def test_somebody_else_s_patient_reads_like_none(app, ruth, patient):
    _, stranger = clinic(MONDAY, "Elsewhere")
    browser = Browser(app, stranger, MONDAY)
    for one in (browser, patient):
        html = one.open(f"/library?patient={ruth.patient_id}")
        assert "An exercise for" not in html
        assert str(ruth.patient_id) not in html


def test_an_exercise_that_is_gone_is_refused_beside_the_form(therapist, ruth):
    html = therapist.open(f"/patients/{ruth.patient_id}/activities/new?exercise=heel-raise@1")
    before = len(plans.activities(ruth.therapist, ruth.patient_id, MONDAY))

    answer = prescribe(therapist, ruth, html, exercise="heel-raise@9")

    assert answer.status_code == 422
    assert len(plans.activities(ruth.therapist, ruth.patient_id, MONDAY)) == before


def test_today_and_the_answer_lead_to_the_version_and_side_that_were_prescribed(
    therapist, patient, ruth
):
    html = therapist.open(f"/patients/{ruth.patient_id}/activities/new?exercise=heel-raise@1")
    prescribe(therapist, ruth, html, side="left", rhythm="every_n_days", every="1")
    assert newest(ruth).asked.exercise == "heel-raise@1/left"

    today = patient.open("/today")
    assert 'href="/library/heel-raise/1?side=left"' in today
    assert "left side" in today
    form = next(
        fields
        for _path, fields in patient.forms(today, "/today/log")
        if fields["activity_id"] == str(_activity_of(ruth))
    )
    log = patient.open(f"/log/{form['activity_id']}/{form['day']}/{form['slot']}")
    assert 'href="/library/heel-raise/1?side=left"' in log
    assert log.count('<svg class="frame" role="img"') == 3


def _activity_of(ruth):
    return plans.activities(ruth.therapist, ruth.patient_id, MONDAY)[-1].id


def test_a_revision_keeps_the_exercise_unless_it_is_changed(therapist, ruth):
    html = therapist.open(f"/patients/{ruth.patient_id}/activities/new?exercise=heel-raise@1")
    prescribe(therapist, ruth, html, side="left", rhythm="every_n_days", every="1")
    address = f"/patients/{ruth.patient_id}/activities/{_activity_of(ruth)}/revise"
    page = therapist.open(address)
    assert "From the library" in page

    answer = therapist.press(
        page, "/revise", reason="more", sets="4", rhythm="every_n_days", side="left"
    )

    assert answer.status_code == 303
    assert newest(ruth).asked.exercise == "heel-raise@1/left"
    assert newest(ruth).asked.amounts.sets == 4


# --- lessons -------------------------------------------------------------------------------------


def test_every_lesson_is_listed_and_answers_back(patient):
    listed = patient.open("/learn")
    for slug in re.findall(r'href="(/learn/[^"]+)"', listed):
        page = patient.open(slug)
        assert "Where this comes from" in page
        replies = [patient.press(page, "/learn/", answer=number).text for number in ("1", "2", "3")]
        assert sum("Yes, that is it." in reply for reply in replies) == 1
        assert sum("Not quite." in reply for reply in replies) == 2


@pytest.mark.parametrize("answer", ["", "0", "4", "x"])
def test_an_answer_that_is_none_is_asked_for_again(patient, answer):
    page = patient.open("/learn/pacing")

    reply = patient.press(page, "/learn/", answer=answer)

    assert reply.status_code == 422
    assert "Choose an answer." in reply.text


def test_an_answer_is_not_kept(app, patient):
    from adherence.store.columns import db

    def rows():
        with db.engine.connect() as connection:
            return {
                table.name: connection.exec_driver_sql(
                    f"SELECT count(*) FROM {table.name}"
                ).scalar()
                for table in db.metadata.sorted_tables
            }

    before = rows()
    patient.press(patient.open("/learn/pacing"), "/learn/", answer="1")

    assert rows() == before
