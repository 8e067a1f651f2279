"""A clinic's own exercises: made, saved version by version, offered no more, and never lost."""

from __future__ import annotations

import itertools
from dataclasses import replace
from uuid import uuid4

import pytest

from adherence import library as package
from adherence.domain.activities import Asked
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.exercises import faults
from adherence.domain.own_exercises import (
    all_controls,
    check_own,
    controls,
    limits_of,
    names_of,
    posed,
    read_own,
)
from adherence.library.documents import document
from adherence.services import audit, library, media, own_exercises
from adherence.services.library import Wanted
from tests.services.test_media import picture
from tests.services.test_plans import ask
from tests.wards import MONDAY, clinic, ward

HEEL = document("heel-raise")
WORDS = {"de": {"title": "Fersen, wie wir sie machen", "steps": ["Heben.", "Senken."]}}
PLAIN = {
    "regions": ["knee"],
    "kind": "strength",
    "position": "sitting",
    "difficulty": 2,
    "goals": ["walking"],
    "words": WORDS,
}


@pytest.fixture
def therapist(app):
    return clinic()[1]


def label(name, value):
    return f"{name} {value}"


def found(actor, words="", locale="de"):
    return [one.slug for one in library.shelf(actor, locale, label).find(Wanted(words=words))]


def pictured(actor, **changes):
    """The document of an exercise that a picture shows."""
    medium_id = media.keep(actor, media.clean(picture()), MONDAY)
    shown = [{"id": str(medium_id), "kind": "picture", "said": "A person lifts the heels."}]
    return {**PLAIN, "media": shown, **changes}


def test_a_copy_of_ours_is_found_beside_ours_by_the_clinic_alone(therapist):
    before = library.shelf(therapist, "de", label).version
    slug = own_exercises.create(therapist, {**HEEL, "words": WORDS}, "heel-raise@1", MONDAY)

    assert slug.startswith("own-")
    assert found(therapist, "Fersen wie wir")[0] == slug
    assert "heel-raise" in found(therapist)
    assert library.shelf(therapist, "de", label).version != before
    _, other = clinic(name="Elsewhere")
    assert slug not in found(other)
    with pytest.raises(NotFound):
        library.exercise(other, slug)


def test_words_in_one_language_are_shown_to_readers_of_all(therapist):
    slug = own_exercises.create(therapist, pictured(therapist), None, MONDAY)
    own = library.shown(therapist, slug)

    assert own.languages == ("de",)
    assert {said.title for said in own.exercise.words.values()} == {WORDS["de"]["title"]}
    assert slug in found(therapist, "Fersen", "ru")
    assert own.exercise.poses == ()
    assert [one.said for one in own.media] == ["A person lifts the heels."]


def test_each_save_is_a_version_and_the_ones_before_stay(therapist):
    content = {**HEEL, "words": WORDS}
    slug = own_exercises.create(therapist, content, "heel-raise@1", MONDAY)
    changed = {**content, "words": {"de": {**WORDS["de"], "title": "Fersen neu"}}}

    assert own_exercises.save(therapist, slug, 1, changed, MONDAY) == 2

    assert library.exercise(therapist, slug).words["de"].title == "Fersen neu"
    assert library.exercise(therapist, slug, 1).words["de"].title == WORDS["de"]["title"]
    assert library.exercise(therapist, slug, 2).version == 2
    assert own_exercises.base(therapist, slug)["version"] == 2


def test_of_two_who_change_the_same_version_the_second_is_told(therapist):
    content = {**HEEL, "words": WORDS}
    slug = own_exercises.create(therapist, content, None, MONDAY)
    own_exercises.save(therapist, slug, 1, content, MONDAY)

    with pytest.raises(Conflict):
        own_exercises.save(therapist, slug, 1, content, MONDAY)

    assert library.exercise(therapist, slug).version == 2


@pytest.mark.usefixtures("app")
def test_what_is_offered_no_more_stays_readable_for_who_does_it():
    w = ward()
    slug = own_exercises.create(w.therapist, {**HEEL, "words": WORDS}, None, MONDAY)
    ask(w, asked=Asked("Fersen", exercise=f"{slug}@1"))

    own_exercises.retire(w.therapist, slug, True, MONDAY)
    assert slug not in found(w.therapist)
    assert own_exercises.is_retired(w.therapist, slug)
    assert library.exercise(w.patient, slug, 1).words["de"].title == WORDS["de"]["title"]
    own_exercises.retire(w.therapist, slug, False, MONDAY)
    assert slug in found(w.therapist)


def test_every_change_is_a_line_of_the_clinic_s_audit_that_holds(therapist):
    content = pictured(therapist)
    slug = own_exercises.create(therapist, content, None, MONDAY)
    own_exercises.save(therapist, slug, 1, content, MONDAY)
    own_exercises.retire(therapist, slug, True, MONDAY)

    from adherence.store import audit as table
    from adherence.store.db import read

    with read() as run:
        rows = run.all(table.audit_chain, chain_id=therapist.clinic_id, after=0, many=50)
    assert [row.action for row in rows if row.action.startswith("exercise.")] == [
        "exercise.medium",
        "exercise.create",
        "exercise.change",
        "exercise.retire",
    ]
    assert audit.verify(therapist.clinic_id) == []


@pytest.mark.usefixtures("app")
def test_a_stored_version_cannot_be_changed_or_removed(therapist):
    from adherence.store.columns import db

    own_exercises.create(therapist, {**HEEL, "words": WORDS}, None, MONDAY)
    for statement in (
        "UPDATE clinic_exercise_version SET version = 9",
        "DELETE FROM clinic_exercise_version",
    ):
        with (
            pytest.raises(Exception, match="append-only"),
            db.engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)


def test_a_medium_of_another_clinic_cannot_be_used(therapist):
    _, other = clinic(name="Elsewhere")
    foreign = pictured(other)

    for content in (foreign, {**foreign, "media": [{**foreign["media"][0], "id": str(uuid4())}]}):
        with pytest.raises(InvalidInput) as refused:
            own_exercises.create(therapist, content, None, MONDAY)
        assert (refused.value.field, refused.value.message_key) == ("media", "unknown")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"words": {}}, "title"),
        ({"words": {"de": {"title": " ", "steps": ["x"]}}}, "title-de"),
        ({"words": {"de": {"title": "x", "steps": []}}}, "steps-de"),
        ({"words": {"de": {"title": "x" * 121, "steps": ["x"]}}}, "title-de"),
        ({"words": {"de": {"title": "x", "steps": ["x" * 301]}}}, "steps-de"),
        ({"words": {"de": {"title": "x", "steps": ["x"], "stop": ["x"] * 11}}}, "stop-de"),
        ({"regions": []}, "region"),
        ({"regions": ["moon"]}, "region"),
        ({"goals": []}, "goal"),
        ({"kind": "dance"}, "kind"),
        ({"position": "flying"}, "position"),
        ({"equipment": ["rocket"]}, "equipment"),
        ({"difficulty": 9}, "difficulty"),
        ({"pose": []}, "media"),
        ({"pose": HEEL["pose"][:1]}, "media"),
        ({"pose": [{**HEEL["pose"][0], "seconds": 99}, HEEL["pose"][1]]}, "p0-seconds"),
        ({"pose": [HEEL["pose"][0], {**HEEL["pose"][1], "hold": 31}]}, "p1-hold"),
        (
            {"pose": [HEEL["pose"][0], {**HEEL["pose"][1], "joints": {"knee": {"flexion": 170}}}]},
            "angles",
        ),
    ],
)
def test_what_cannot_be_stored_names_its_field(changes, field):
    with pytest.raises(InvalidInput) as refused:
        check_own({**HEEL, "words": WORDS, **changes})

    assert refused.value.field == field


# --- angles --------------------------------------------------------------------------------------


def test_writing_the_angles_out_changes_no_movement():
    for slug, exercise in package.exercises().items():
        content = document(slug)
        given = [
            {key: pose.angles.get(names_of(key)[-1], 0.0) for key in controls(exercise)}
            for pose in exercise.poses
        ]
        again = read_own({**content, "pose": posed(content, given, exercise)}).exercise

        for before, after in zip(exercise.poses, again.poses, strict=True):
            names = before.angles.keys() | after.angles.keys()
            assert all(before.angles.get(n, 0.0) == after.angles.get(n, 0.0) for n in names), slug
            assert replace(after, angles=before.angles) == before, slug
        assert not faults(again)


def test_a_control_moves_both_sides_where_both_are_alike():
    exercise = package.exercise_named("heel-raise")
    given = [{"knee.flexion": 20.0}, {}]
    again = read_own({**HEEL, "pose": posed(HEEL, given, exercise)}).exercise

    assert again.poses[0].angles["knee_l.flexion"] == 20.0
    assert again.poses[0].angles["knee_r.flexion"] == 20.0
    assert again.poses[1].angles.get("knee_l.flexion", 0.0) == 0.0


def test_every_angle_of_the_figure_can_be_added():
    keys = all_controls()

    assert len(keys) == len(set(keys)) > 30
    assert all(names_of(key) and limits_of(key)[0] < limits_of(key)[1] for key in keys)
    named = [name for key in keys for name in names_of(key)]
    assert len(named) == len(set(named))


def test_controls_keep_the_order_of_the_figure():
    order = {key: place for place, key in enumerate(all_controls())}
    for exercise in package.exercises().values():
        both = [order[key] for key in controls(exercise) if key in order]
        assert all(one < other for one, other in itertools.pairwise(both))


@pytest.mark.parametrize("name", ["", "knee", "knee.twist", "tail.flexion", "knee_x.flexion"])
def test_what_the_figure_does_not_have_names_no_angle(name):
    assert names_of(name) == ()
