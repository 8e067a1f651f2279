"""The library over the wire: the page's filters, languages, versions, and tags of content."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from adherence import library
from adherence.domain.activities import Asked
from adherence.services import own_exercises
from adherence.services.library import CHOICES, lessons
from tests.services.test_own_exercises import pictured
from tests.web.town import MONDAY, Town

HEEL = library.exercise_named("heel-raise")


def ask(town: Town, path: str, who: str = "own", **more: Any):
    return town.ask(who, f"/api/v1{path}", **more)


def found(town: Town, **query: str) -> list[str]:
    answer = ask(town, f"/exercises?{urlencode(query)}")
    assert answer.status_code == 200, answer.get_json()
    return [one["slug"] for one in answer.get_json()["exercises"]]


@pytest.mark.parametrize("words", ["stairs", "Treppe", "лестница", "stiars"])
def test_words_of_any_language_find_it(shared_town: Town, words: str):
    assert "heel-raise" in found(shared_town, q=words)


def test_every_exercise_is_listed_in_the_language_asked_for(shared_town: Town):
    for language in ("en", "de", "ru"):
        answer = ask(shared_town, f"/exercises?language={language}").get_json()

        assert answer["language"] == language
        titles = {one["slug"]: one["title"] for one in answer["exercises"]}
        assert titles == {
            slug: one.words[language].title for slug, one in library.exercises().items()
        }


def test_filters_are_those_of_the_page(shared_town: Town):
    for name, values in CHOICES.items():
        for value in values:
            for slug in found(shared_town, **{name: value}):
                one = library.exercise_named(slug)
                held = {
                    "region": one.regions,
                    "goal": one.goals,
                    "position": (one.position,),
                    "equipment": one.equipment or ("none",),
                    "difficulty": (str(one.difficulty),),
                    "kind": (one.kind,),
                    "place": one.place,
                }
                assert value in held[name]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("region=moon", 422),
        ("difficulty=6", 422),
        ("language=fr", 422),
        ("q=" + "x" * 121, 422),
        ("colour=red", 400),
        ("region=hip&region=knee", 400),
    ],
)
def test_a_query_that_cannot_be_is_refused(shared_town: Town, query: str, status: int):
    assert ask(shared_town, f"/exercises?{query}").status_code == status


def test_one_exercise_says_everything_and_moves(shared_town: Town):
    answer = ask(shared_town, "/exercises/heel-raise?language=de").get_json()
    said = HEEL.words["de"]

    assert answer["name"] == "heel-raise@1"
    assert (answer["title"], tuple(answer["steps"])) == (said.title, said.steps)
    assert answer["dose"]["reps"] == list(HEEL.dose.reps)
    assert answer["dose"]["source"] == HEEL.dose.source
    assert answer["motion"] == json.loads(json.dumps(library.motion("heel-raise")))


def test_cautions_are_for_therapists(shared_town: Town):
    path = "/exercises/heel-raise?language=en"

    assert ask(shared_town, path).get_json()["caution"] is None
    mine = ask(shared_town, path, "therapist").get_json()["caution"]
    assert tuple(mine) == HEEL.words["en"].caution


@pytest.mark.parametrize(
    "path",
    [
        "/exercises/no-such",
        "/exercises/heel-raise?version=9",
        "/exercises/heel-raise/frames/lunch.svg",
        "/exercises/heel-raise/frames/end.svg?theme=pink",
        "/education/no-such",
    ],
)
def test_what_is_not_there_is_a_404(shared_town: Town, path: str):
    assert ask(shared_town, path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/exercises?q=stairs",
        "/exercises/heel-raise",
        "/exercises/heel-raise/frames/end.svg?theme=dark",
        "/education",
        "/education/pacing",
    ],
)
def test_what_has_not_changed_is_not_sent_again(shared_town: Town, path: str):
    first = ask(shared_town, path)
    again = ask(shared_town, path, headers={"If-None-Match": first.headers["ETag"]})
    other = ask(shared_town, path, headers={"If-None-Match": '"something-else"'})

    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert again.data == b""


def test_a_tag_belongs_to_its_language_and_its_reader(shared_town: Town):
    path = "/exercises/heel-raise"
    tags = {
        ask(shared_town, f"{path}?language={language}", who).headers["ETag"]
        for language in ("en", "de", "ru")
        for who in ("own", "therapist")
    }

    assert len(tags) == 6


def test_what_a_clinic_shows_in_pictures_has_media_and_no_movement(town: Town):
    therapist, stranger = town.people["therapist"].actor, town.people["stranger"].actor
    assert therapist is not None and stranger is not None
    with town.inside():
        slug = own_exercises.create(therapist, pictured(therapist), None, MONDAY)
    shown = ask(town, f"/exercises/{slug}").get_json()
    (medium,) = shown["media"]

    assert (shown["own"], shown["motion"]) == (True, None)
    assert (medium["kind"], medium["said"]) == ("picture", "A person lifts the heels.")
    assert slug in found(town, region="knee")
    path = f"/exercises/media/{medium['id']}"
    assert ask(town, path).mimetype == "image/jpeg"
    assert ask(town, f"/exercises/{slug}/frames/end.svg").status_code == 404
    for hidden in (path, f"/exercises/{slug}"):
        assert ask(town, hidden, "stranger").status_code == 404


def test_an_activity_carries_the_exercise_that_was_shown(town: Town):
    own = town.records["own"]
    path = f"/patients/{own.patient_id}/activities"
    said = {
        "plan_id": str(own.plan_id),
        "kind": "exercise",
        "schedule": {"kind": "every_n_days", "starts_on": MONDAY.date().isoformat(), "every": 1},
        "asked": {"title": "Heel raises", "exercise": "heel-raise@1/left"},
        "goals": [{"goal_id": str(own.goal_id), "because": "it helps"}],
    }

    made = ask(town, path, "therapist", method="POST", json=said)
    assert made.status_code == 201
    shown = ask(town, f"{path}/{made.get_json()['id']}", "therapist").get_json()
    assert shown["revisions"][0]["asked"]["exercise"] == "heel-raise@1/left"
    assert Asked.from_json(shown["revisions"][0]["asked"]).title == "Heel raises"
    for wrong in ("heel-raise@9", "no-such@1", "heel-raise", 5):
        said["asked"]["exercise"] = wrong
        assert ask(town, path, "therapist", method="POST", json=said).status_code == 422


def test_lessons_are_listed_in_reading_order_and_say_what_is_right(shared_town: Town):
    listed = ask(shared_town, "/education?language=ru").get_json()["lessons"]
    assert [one["slug"] for one in listed] == [one.slug for one in lessons()]

    for one in lessons():
        shown = ask(shared_town, f"/education/{one.slug}?language=ru").get_json()
        said = one.words["ru"]
        assert shown["right"] == one.right
        assert tuple(shown["answers"]) == said.answers
        assert shown["because"] == said.because
        assert shown["sources"][0]["title"] == one.sources[0].title
