"""A clinic's own exercises on pages: copied, changed by sliders, shown in pictures and films."""

from __future__ import annotations

import re
from io import BytesIO

import pytest

from adherence import library
from adherence.services import library as service
from adherence.services import own_exercises
from adherence.store.ids import new_id
from tests.domain.films import mp4
from tests.pages.browsers import SITE, Browser
from tests.services.test_media import picture
from tests.services.test_own_exercises import label
from tests.wards import MONDAY, clinic

HEEL = library.exercise_named("heel-raise")
NEW = "/library/own/new"


def ticked(html):
    """What is ticked and chosen in the form, as a browser would send it."""
    found = {
        name: re.findall(rf'name="{name}" value="([^"]+)" checked', html)
        for name in ("goals", "equipment")
    }
    for name in ("region", "position", "kind", "difficulty"):
        options = re.search(rf'<select id="{name}".*?</select>', html, re.S)[0]
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    found["joint"] = re.findall(r'name="joint" value="([^"]+)"', html)
    found["medium"] = re.findall(r'name="medium" value="([^"]+)"', html)
    return found


def send(browser, html, path, file=None, **typed):
    """The answer to the form of a page, sent as a browser sends one with a file."""
    fields = browser.forms(html, "/library/own/")[0][1] | ticked(html) | typed
    if file is not None:
        fields["file"] = (BytesIO(file), "IMG_1234.jpg")
    return browser.post(path, fields, content_type="multipart/form-data")


def fetch(client, address, **headers):
    """The answer at an address, read to its end."""
    return client.get(address, base_url=SITE, headers=headers, buffered=True)


def own(ruth):
    """The clinic's own exercises."""
    found = service.shelf(ruth.therapist, "en", label).find(service.Wanted())
    return [one for one in found if service.is_own(one.slug)]


PLAIN = {
    "title-en": "Knee over the edge",
    "steps-en": "Sit down.\nLet the leg hang.",
    "region": "knee",
    "position": "sitting",
    "kind": "mobility",
    "difficulty": "1",
    "goals": ["walking"],
    "then": "save",
}


def test_a_copy_begins_as_ours_and_is_saved_with_other_angles_and_words(therapist, ruth):
    path = f"{NEW}?of=heel-raise@1"
    html = therapist.open(path)
    _path, fields = therapist.forms(html, "/library/own/")[0]
    assert fields["title-de"] == HEEL.words["de"].title
    assert fields["steps-ru"].splitlines() == list(HEEL.words["ru"].steps)
    assert fields["p1-ankle.flexion"] == "-32"

    answer = send(
        therapist,
        html,
        NEW,
        then="save",
        **{"p1-ankle.flexion": "-20", "title-en": "Low heel raises", "reps-low": "5"},
    )

    assert answer.status_code == 303
    (one,) = own(ruth)
    assert one.words["en"].title == "Low heel raises"
    assert one.words["ru"] == HEEL.words["ru"]
    assert one.poses[1].angles["ankle_l.flexion"] == -20
    assert one.poses[1].angles["ankle_r.flexion"] == -20
    assert one.dose.reps == (5, HEEL.dose.reps[1])
    assert one.props == HEEL.props
    page = therapist.open(answer.headers["Location"])
    assert "Low heel raises" in page and "data-figure" in page and "Change it" in page


def test_a_patient_reads_it_and_cannot_change_it(therapist, patient, ruth):
    send(therapist, therapist.open(f"{NEW}?of=heel-raise@1"), NEW, then="save")
    (one,) = own(ruth)

    page = patient.open(f"/library/{one.slug}")

    assert HEEL.words["en"].title in page
    assert "Change it" not in page
    for path in (NEW, f"/library/own/{one.slug}"):
        assert patient.client.get(path, base_url=SITE).status_code == 403


def test_drawing_again_shows_other_angles_and_stores_nothing(therapist, ruth):
    html = therapist.open(f"{NEW}?of=heel-raise@1")

    again = send(
        therapist, html, NEW, then="draw", add="hip.rotation", **{"p0-elbow.flexion": "60"}
    )

    assert again.status_code == 200
    assert 'name="p0-hip.rotation"' in again.text
    assert re.search(r'name="p0-elbow.flexion"[^>]* value="60"', again.text)
    kept = send(therapist, again.text, NEW, then="draw", **{"p0-hip.rotation": "30"})
    assert re.search(r'name="p0-hip.rotation"[^>]* value="30"', kept.text)
    assert own(ruth) == []


def test_the_figure_beside_the_sliders_gets_its_movement(therapist):
    html = therapist.open(f"{NEW}?of=heel-raise@1")
    before = send(therapist, html, "/library/draw").get_json()

    after = send(therapist, html, "/library/draw", **{"p0-elbow.flexion": "90"}).get_json()

    assert before["motion"]["keys"] == after["motion"]["keys"]
    assert before["motion"]["angles"] != after["motion"]["angles"]
    assert before["warning"] == ""


def test_a_pose_that_cannot_hold_is_said(therapist):
    html = therapist.open(f"{NEW}?of=heel-raise@1")

    answer = send(therapist, html, "/library/draw", add="hip.flexion", **{"p0-hip.flexion": "90"})

    assert "Something does not touch" in answer.get_json()["warning"]


@pytest.mark.parametrize("degrees", ["171", "-90", "x"])
def test_an_angle_that_no_joint_has_is_refused(therapist, degrees):
    html = therapist.open(f"{NEW}?of=heel-raise@1")
    wrong = {"p0-elbow.flexion": degrees}

    assert send(therapist, html, "/library/draw", **wrong).status_code == 422
    assert send(therapist, html, NEW, then="save", **wrong).status_code == 422


def test_a_picture_is_enough_for_an_exercise(therapist, patient, ruth):
    html = therapist.open(NEW)
    answer = send(therapist, html, NEW, file=picture(), said="A leg hangs over the edge", **PLAIN)

    assert answer.status_code == 303
    page = patient.open(answer.headers["Location"])
    address, said = re.search(r'<img src="(/library/media/[^"]+)" alt="([^"]+)"', page).groups()
    assert said == "A leg hangs over the edge"
    assert "data-figure" not in page
    (one,) = own(ruth)
    hit = re.search(rf'<article class="hit">.*?/library/{one.slug}', patient.open("/library"), re.S)
    assert address in patient.open("/library") and hit
    assert fetch(patient.client, address).mimetype == "image/jpeg"


def test_what_is_added_is_kept_while_something_else_is_wrong(therapist, ruth):
    html = therapist.open(NEW)
    first = send(therapist, html, NEW, file=picture(), said="A leg", **{**PLAIN, "title-en": ""})
    assert first.status_code == 422
    assert 'src="/library/media/' in first.text

    second = send(therapist, first.text, NEW, **PLAIN)

    assert second.status_code == 303
    (one,) = own(ruth)
    (medium,) = service.shown(ruth.therapist, one.slug).media
    assert medium.said == "A leg"


@pytest.mark.parametrize(
    ("file", "said", "why"),
    [
        (b"<svg onload='alert(1)'/>", "A leg", "This is neither a JPEG"),
        (mp4(coding=b"hvc1"), "A leg", "Browsers do not play this film."),
        (picture(), "", "Say in words what one sees."),
        (None, "", "Add a picture or a film"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_it(therapist, ruth, file, said, why):
    answer = send(therapist, therapist.open(NEW), NEW, file=file, said=said, **PLAIN)

    assert answer.status_code == 422
    assert why in answer.text
    assert own(ruth) == []


def test_a_change_is_a_new_version_and_the_old_page_stays(therapist, ruth):
    send(therapist, therapist.open(f"{NEW}?of=heel-raise@1"), NEW, then="save")
    (one,) = own(ruth)
    path = f"/library/own/{one.slug}"
    html = therapist.open(path)

    answer = send(therapist, html, path, then="save", **{"title-en": "Heels, second try"})

    assert answer.status_code == 303
    assert "Heels, second try" in therapist.open(f"/library/{one.slug}")
    old = therapist.open(f"/library/{one.slug}/1")
    assert "This is version 1, as it was prescribed." in old
    assert "Heels, second try" not in old
    stale = send(therapist, html, path, then="save", **{"title-en": "Late"})
    assert stale.status_code == 422
    assert "Somebody saved another version meanwhile." in stale.text


def test_it_can_be_offered_no_more_and_again(therapist, ruth):
    send(therapist, therapist.open(f"{NEW}?of=heel-raise@1"), NEW, then="save")
    (one,) = own(ruth)

    for _ in range(2):
        page = therapist.open(f"/library/{one.slug}")
        offered = f"/library/{one.slug}" in therapist.open("/library")
        assert ("It is offered no more." in page) is not offered
        therapist.press(page, "/retire")
    assert own(ruth) == [one]


def test_one_of_ours_cannot_be_changed_in_place(therapist):
    path = "/library/own/heel-raise"

    assert therapist.client.get(path, base_url=SITE).status_code == 404
    assert therapist.post(path, {**PLAIN, "seen": "1"}).status_code in (403, 404)


# --- pictures and films as answers ---------------------------------------------------------------


@pytest.fixture
def addresses(therapist, ruth):
    """Where a picture and a film of the clinic are."""
    found = []
    for file in (picture(), mp4()):
        answer = send(therapist, therapist.open(NEW), NEW, file=file, said="A leg", **PLAIN)
        page = therapist.open(answer.headers["Location"])
        found.append(re.search(r'src="(/library/media/[^"]+)"', page)[1])
    return found


def test_pictures_and_films_are_for_the_clinic_s_own_people(app, patient, addresses):
    _, stranger = clinic(MONDAY, "Elsewhere")
    other = Browser(app, stranger, MONDAY)
    nobody = app.test_client()
    for address in addresses:
        assert fetch(patient.client, address).status_code == 200
        assert fetch(other.client, address).status_code == 404
        assert fetch(nobody, address).status_code == 303
    none = patient.client.get(f"/library/media/{new_id()}", base_url=SITE)
    there = other.client.get(addresses[0], base_url=SITE)
    assert none.status_code == there.status_code == 404


def test_they_are_sent_as_what_they_are_and_do_nothing_by_themselves(patient, addresses):
    for address, kind in zip(addresses, ("image/jpeg", "video/mp4"), strict=True):
        answer = fetch(patient.client, address)

        assert answer.mimetype == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "IMG_1234" not in str(answer.headers)
        foreign = fetch(patient.client, address, **{"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 404


def test_a_film_is_sent_in_parts_to_who_asks_for_parts(patient, addresses):
    answer = fetch(patient.client, addresses[1], Range="bytes=0-9")

    assert answer.status_code == 206
    assert len(answer.data) == 10
    assert answer.data[4:8] == b"ftyp"


def test_a_form_longer_than_a_film_is_refused_before_it_is_read(therapist):
    boundary = "multipart/form-data; boundary=x"
    for path, size in ((NEW, 41_000_000), ("/library/draw", 41_000_000), ("/learn/pacing", 70_000)):
        answer = therapist.client.post(
            path, data=bytes(size), content_type=boundary, base_url=SITE, headers={"Origin": SITE}
        )
        assert answer.status_code == 413, path


def test_what_a_clinic_made_is_prescribed_like_ours(therapist, patient, ruth):
    send(therapist, therapist.open(NEW), NEW, file=picture(), said="A leg", **PLAIN)
    (one,) = own(ruth)
    html = therapist.open(f"/patients/{ruth.patient_id}/activities/new?exercise={one.slug}@1")
    answer = therapist.press(
        html,
        "/activities/new",
        goal_id=str(ruth.goal_id),
        because="because the knee is stiff",
        plan_id=str(ruth.plan_id),
        kind="exercise",
        rhythm="every_n_days",
        every="1",
    )
    assert answer.status_code == 303
    own_exercises.save(
        ruth.therapist,
        one.slug,
        1,
        {
            **own_exercises.base(ruth.therapist, one.slug),
            "words": {"en": {"title": "Another title", "steps": ["x"]}},
        },
        MONDAY,
    )

    today = patient.open("/today")
    link = re.search(rf'href="(/library/{one.slug}/1)"', today)[1]
    assert "Knee over the edge" in patient.open(link)
    assert "Another title" not in patient.open(link)
