"""Every exercise file: its data, its words, its movement, and the graph of neighbours.

The tests run over the files that are there, so what is added later is tested as well.
"""

import json
import re
import tomllib

import pytest

from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.exercises import LOCALES, faults, graph_faults, mirrored
from adherence.domain.figure import (
    BONES,
    breaches,
    length,
    matrix,
    minus,
    mirrored_name,
    posture,
)
from adherence.domain.figure import between as turn_between
from adherence.domain.motions import faults_in_motion, key_moments, moment, strip
from adherence.library import exercise_at, exercise_named, exercises, motion
from tests.library.contact_sheet import FOLDER
from tests.library.readability import readability, texts_for_patients

SLUGS = sorted(path.stem for path in FOLDER.glob("*.toml"))
WANTED = {
    *("neck", "shoulder", "elbow", "wrist-hand", "upper-back", "lower-back", "hip", "knee"),
    *("ankle-foot", "balance", "breathing"),
}
LONGEST = 20
"""Words in one sentence for patients; FORMAT.md asks for about 14."""

each = pytest.mark.parametrize("slug", SLUGS)


def test_the_reader_finds_every_file():
    assert list(exercises()) == SLUGS


@each
def test_a_file_is_named_for_its_slug(slug):
    assert exercise_named(slug).slug == slug


@each
def test_data_and_words_are_complete(slug):
    assert faults(exercise_named(slug)) == []


@each
def test_the_movement_is_sound(slug):
    assert faults_in_motion(exercise_named(slug)) == []


@each
def test_every_moment_of_the_strip_is_within_the_ranges_and_keeps_its_bones(slug):
    plain = posture({})
    for now in strip(exercise_named(slug)):
        assert breaches(now.angles) == []
        for start, end in BONES:
            bone = length(minus(now.body.places[end], now.body.places[start]))
            whole = length(minus(plain.places[end], plain.places[start]))
            assert bone == pytest.approx(whole)


@each
def test_mirrored_it_is_the_same_movement_in_a_mirror(slug):
    exercise = exercise_named(slug)
    other = mirrored(exercise)

    assert mirrored(other) == exercise
    for here, there in zip(key_moments(exercise), key_moments(other), strict=True):
        for name, (x, y, z) in here.body.places.items():
            assert there.body.places[mirrored_name(name)] == pytest.approx((-x, y, z), abs=0.015)


@each
def test_the_motion_for_the_browser_is_under_5_kb(slug):
    sent = json.dumps(motion(slug), separators=(",", ":"))

    assert len(sent) < 5_000


@each
def test_straight_lines_between_the_samples_come_close_to_the_movement(slug):
    exercise, sent = exercise_named(slug), motion(slug)
    times = sent["times"]
    for step in range(1, 24):
        clock = sent["seconds"] * step / 24
        after = next(n for n, time in enumerate(times) if time >= clock)
        share = (clock - times[after - 1]) / (times[after] - times[after - 1])

        def at(track, after=after, share=share):
            if len(track) == 1:
                return track[0]
            return between(track[after - 1], track[after], share)

        angles = {name: at(track) for name, track in sent["angles"].items()}
        body = posture(angles, matrix(at(sent["turn"])), at(sent["place"]))
        real = moment(exercise, clock).body
        for name, place in real.places.items():
            assert length(minus(body.places[name], place)) < 0.06, (name, clock)


def between(before, after, share):
    """Straight for numbers and points, the shortest turn for quaternions."""
    if isinstance(before, list):
        if len(before) == 4:
            return turn_between(tuple(before), tuple(after), share)
        return tuple(x + (y - x) * share for x, y in zip(before, after, strict=True))
    return before + (after - before) * share


@each
def test_sentences_for_patients_are_short(slug):
    for locale in LOCALES:
        figures = readability(texts_for_patients(exercise_named(slug).words[locale]))
        assert figures.longest <= LONGEST, f"{locale}: a sentence of {figures.longest} words"
        assert figures.mean <= 12


@each
def test_the_dose_has_a_source_with_a_year(slug):
    source = exercise_named(slug).dose.source

    assert re.search(r"\b(19|20)\d\d\b", source), source


def test_the_neighbours_form_one_graph():
    everyone = exercises()
    named = {name for e in everyone.values() for name in (*e.easier, *e.harder)}
    if named - set(everyone):
        pytest.skip("not every neighbour is written yet")

    assert graph_faults(everyone) == []


def test_the_library_covers_every_region():
    regions = {region for e in exercises().values() for region in e.regions}
    if len(exercises()) < 60:
        pytest.skip("the library is not complete yet")

    assert regions == WANTED
    places = [place for e in exercises().values() for place in e.place]
    assert places.count("chair") >= 5 and places.count("bed") >= 5


def test_an_exercise_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        exercise_named("fly")


def test_a_broken_file_says_which_it_is(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("slug = ")

    with pytest.raises(InvalidInput, match=r"broken\.toml"):
        exercise_at(path)


def test_the_example_in_the_format_is_a_good_top_of_a_file():
    text = (FOLDER.parent / "FORMAT.md").read_text()
    example = text.split("```toml")[1].split("```")[0]

    assert set(tomllib.loads(example)) <= set(
        tomllib.loads((FOLDER / "heel-raise.toml").read_text())
    ) | {"repeat"}


def test_readability_counts_words_and_sentences():
    figures = readability(["Stand up. Put both hands on the backrest.", "Wonderful weather!"])

    assert (figures.sentences, figures.words, figures.longest, figures.long_words) == (3, 10, 6, 3)
    assert figures.lix == pytest.approx(10 / 3 + 30)


def test_a_hyphen_or_soft_hyphen_makes_no_new_word():
    assert readability(["Ober\u00adkörper und x-Achse."]).words == 3
