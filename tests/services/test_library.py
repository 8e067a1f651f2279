"""The library: found by filters and words in three languages; what was prescribed stays."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from adherence import library
from adherence.domain.activities import Asked, ExerciseName
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.exercises import LOCALES
from adherence.services import library as service
from adherence.services import plans
from adherence.services.library import CHOICES, Shelf, Wanted
from adherence.store import exercises as table
from adherence.store.db import read, write
from tests.services.test_plans import ask
from tests.wards import MONDAY, clinic, ward

HEEL = library.exercise_named("heel-raise")
SAID = {
    "step-up": {
        "en": ("Step up", ("stairs", "after knee replacement")),
        "de": ("Auf die Stufe steigen", ("Treppe", "nach Knie-OP")),
        "ru": ("Подъём на ступеньку", ("лестница", "после замены колена")),
    },
    "neck-turn": {
        "en": ("Neck turns", ("stiff neck",)),
        "de": ("Kopf drehen", ("steifer Nacken",)),
        "ru": ("Повороты головы", ("затекла шея",)),
    },
    "bridge": {
        "en": ("Bridge", ("back pain",)),
        "de": ("Brücke", ("Rückenschmerzen",)),
        "ru": ("Ягодичный мостик", ("боль в пояснице",)),
    },
}
FIELDS = {
    "step-up": {
        "regions": ("knee", "hip"),
        "position": "standing",
        "equipment": ("step",),
        "goals": ("stairs",),
        "difficulty": 3,
        "kind": "strength",
        "place": (),
    },
    "neck-turn": {
        "regions": ("neck",),
        "position": "sitting",
        "equipment": ("chair",),
        "goals": ("posture",),
        "difficulty": 1,
        "kind": "mobility",
        "place": ("chair",),
    },
    "bridge": {
        "regions": ("hip",),
        "position": "lying-back",
        "equipment": (),
        "goals": ("walking",),
        "difficulty": 2,
        "kind": "strength",
        "place": ("bed",),
    },
}


def made(slug):
    """An exercise with titles and search words of its own."""
    words = {
        locale: replace(
            HEEL.words[locale],
            title=title,
            search=search,
            purpose="",
            body="",
            start=(),
            steps=(),
            mistakes=(),
        )
        for locale, (title, search) in SAID[slug].items()
    }
    return replace(HEEL, slug=slug, words=words, **FIELDS[slug])


def shelf(locale="en"):
    return Shelf([made(slug) for slug in SAID], "1", locale, lambda name, value: f"{name} {value}")


def slugs(wanted, locale="en"):
    return [one.slug for one in shelf(locale).find(wanted)]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("stairs", "step-up"),
        ("Treppe", "step-up"),
        ("treppen", "step-up"),
        ("лестница", "step-up"),
        ("лестнице", "step-up"),
        ("after knee replacement", "step-up"),
        ("nach Knie-OP", "step-up"),
        ("после замены колена", "step-up"),
        ("stiff nekc", "neck-turn"),
        ("Rueckenschmerzen", "bridge"),
        ("rückenschmerz", "bridge"),
        ("шею", "neck-turn"),
    ],
)
def test_words_find_it_whatever_language_one_reads_in(locale, query, found):
    assert slugs(Wanted(words=query), locale)[0] == found


def test_words_that_fit_nothing_find_nothing():
    assert slugs(Wanted(words="xylophone")) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["neck-turn", "bridge", "step-up"]),
        ({"region": "hip"}, ["bridge", "step-up"]),
        ({"region": "knee"}, ["step-up"]),
        ({"goal": "walking"}, ["bridge"]),
        ({"position": "sitting"}, ["neck-turn"]),
        ({"equipment": "none"}, ["bridge"]),
        ({"equipment": "chair"}, ["neck-turn"]),
        ({"difficulty": "3"}, ["step-up"]),
        ({"kind": "strength"}, ["bridge", "step-up"]),
        ({"place": "bed"}, ["bridge"]),
        ({"kind": "strength", "words": "stairs"}, ["step-up"]),
        ({"kind": "mobility", "words": "stairs"}, []),
    ],
)
def test_filters_are_all_kept_and_the_order_is_by_region_and_difficulty(wanted, found):
    assert slugs(Wanted(**wanted)) == found


@pytest.mark.parametrize("name", CHOICES)
def test_a_filter_that_nobody_offers_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        Wanted(**{name: "x"})

    assert refused.value.field == name


def test_a_filter_s_word_finds_what_has_it():
    assert slugs(Wanted(words="sitting"))[0] == "neck-turn"


def test_neighbours_come_in_their_order_and_only_those_on_the_shelf():
    found = shelf().neighbours(("step-up", "gone", "bridge"))

    assert [one.slug for one in found] == ["step-up", "bridge"]


@pytest.mark.usefixtures("app")
def test_the_shelf_of_a_clinic_without_own_exercises_is_shared():
    _, one = clinic()
    _, other = clinic(name="Elsewhere")

    assert service.shelf(one, "en", max) is service.shelf(other, "en", max)


# --- what was prescribed -------------------------------------------------------------------------


@pytest.fixture
def newer(monkeypatch):
    """Let the package be one that came later, in which heel raises have changed."""

    def put():
        words = {
            locale: replace(said, title=f"{said.title} II") for locale, said in HEEL.words.items()
        }
        later = {**library.exercises(), HEEL.slug: replace(HEEL, version=2, words=words)}
        monkeypatch.setattr(library, "exercises", lambda: MappingProxyType(later))

    return put


@pytest.mark.usefixtures("app")
def test_a_version_once_prescribed_stays_as_it_was(newer):
    w = ward()
    ask(w, asked=Asked("Heel raises", exercise="heel-raise@1"))

    newer()

    assert service.exercise(w.patient, "heel-raise", 1) == HEEL
    assert service.exercise(w.patient, "heel-raise").version == 2
    assert service.exercise(w.patient, "heel-raise").words["en"].title == "Heel raises II"


@pytest.mark.usefixtures("app")
def test_a_version_that_nobody_prescribed_goes_with_the_package(newer):
    w = ward()

    newer()

    with pytest.raises(NotFound):
        service.exercise(w.patient, "heel-raise", 1)


@pytest.mark.usefixtures("app")
def test_a_revision_may_name_another_exercise_and_the_first_stays_readable(newer):
    w = ward()
    activity_id = ask(w, asked=Asked("Heel raises", exercise="heel-raise@1/left"))
    newer()
    before = plans.activity(w.therapist, w.patient_id, activity_id, MONDAY).activity.revisions[-1]

    plans.revise_activity(
        w.therapist,
        w.patient_id,
        activity_id,
        schedule=before.schedule,
        asked=Asked("Heel raises II", exercise="heel-raise@2"),
        reason="newer",
        effective_on=MONDAY.date().replace(day=9),
        now=MONDAY,
    )

    revisions = plans.activity(w.therapist, w.patient_id, activity_id, MONDAY).activity.revisions
    assert [one.asked.exercise for one in revisions] == ["heel-raise@1/left", "heel-raise@2"]
    assert service.exercise(w.patient, "heel-raise", 1).words["en"].title == "Heel raises"
    assert service.exercise(w.patient, "heel-raise").version == 2


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("name", ["heel-raise@7", "no-such-exercise@1"])
def test_what_the_library_does_not_have_cannot_be_prescribed(name):
    w = ward()

    with pytest.raises(InvalidInput) as refused:
        ask(w, asked=Asked("Heel raises", exercise=name))

    assert (refused.value.field, refused.value.message_key) == ("exercise", "unknown")


@pytest.mark.usefixtures("app")
def test_a_prescribed_version_is_copied_once_for_a_clinic():
    w = ward()
    for _ in range(2):
        ask(w, asked=Asked("Heel raises", exercise="heel-raise@1"))
    write(lambda run: service.keep_prescribed(run, w.clinic_id, "heel-raise@1", MONDAY))

    with read() as run:
        found = run.all(table.prescribed, clinic_id=w.clinic_id, slug="heel-raise", version=1)

    assert len(found) == 1


@pytest.mark.usefixtures("app")
def test_a_kept_version_cannot_be_changed_or_removed(app):
    from adherence.store.columns import db

    w = ward()
    ask(w, asked=Asked("Heel raises", exercise="heel-raise@1"))

    for statement in (
        "UPDATE prescribed_exercise SET content = '{}'",
        "DELETE FROM prescribed_exercise",
    ):
        with (
            pytest.raises(Exception, match="append-only"),
            db.engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("text", ["heel-raise@1", "heel-raise-single@12/left", "a@1/right"])
def test_an_exercise_s_name_is_read_as_it_is_written(text):
    assert str(ExerciseName.read(text)) == text


@pytest.mark.parametrize("text", ["", "heel-raise", "heel-raise@0", "Heel@1", "a@1/up", "a" * 99])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(InvalidInput):
        ExerciseName.read(text)


def test_every_lesson_can_be_read_by_its_name():
    assert [service.lesson(one.slug) for one in service.lessons()] == list(service.lessons())
    with pytest.raises(NotFound):
        service.lesson("no-such-lesson")
