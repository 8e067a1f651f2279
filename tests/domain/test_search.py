"""Finding by words: what a person types on a phone finds what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.search import (
    BEGINS,
    EXACT,
    ONE_WRONG,
    STEM,
    Index,
    Text,
    fit,
    fold,
    is_one_off,
    spelt,
)

WORDS = st.text("abcdeтрё", min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Übungen", "ubungen"),
        ("Straße", "strasse"),
        ("ещё ЁЛКА", "еще елка"),
        ("Stuhl\u00adlehne", "stuhllehne"),
        ("é", "e"),
    ],
)
def test_case_accents_and_soft_hyphens_do_not_part_words(text, folded):
    assert fold(text) == folded


def test_an_umlaut_may_be_written_with_e():
    assert {"ruckenschmerzen", "rueckenschmerzen"} == spelt("Rückenschmerzen")


@pytest.mark.parametrize(
    ("asked", "word", "how_well"),
    [
        ("stairs", "stairs", EXACT),
        ("stai", "stairs", BEGINS),
        ("st", "stairs", BEGINS),
        ("treppe", "treppen", BEGINS),
        ("treppen", "treppe", STEM),
        ("лестница", "лестницы", STEM),
        ("лестница", "лестницей", STEM),
        ("stiars", "stairs", ONE_WRONG),
        ("sthairs", "stairs", ONE_WRONG),
        ("schulder", "schulter", ONE_WRONG),
        ("neck", "back", 0.0),
        ("bal", "ball", BEGINS),
        ("bel", "ball", 0.0),
        ("hip", "shin", 0.0),
        ("hip", "his", 0.0),
        ("шею", "шея", STEM),
    ],
)
def test_a_word_is_answered_as_well_as_it_fits(asked, word, how_well):
    assert fit(asked, word) == how_well


def test_the_beginning_of_a_word_may_have_a_letter_wrong_too():
    assert 0 < fit("schulde", "schulterblatt") < ONE_WRONG


@given(WORDS, WORDS)
def test_one_letter_off_is_the_same_from_both_sides(one, other):
    assert is_one_off(one, other) == is_one_off(other, one)


@given(WORDS, st.data())
def test_every_single_slip_is_one_letter_off(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    slips = {
        word[:at] + word[at + 1 :],
        word[:at] + "x" + word[at:],
        word[:at] + "x" + word[at + 1 :],
    }
    if at:
        slips.add(word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :])

    assert all(is_one_off(word, slip) for slip in slips if slip != word)


@given(WORDS, WORDS)
def test_two_words_far_apart_in_length_are_never_one_off(one, other):
    assert not is_one_off(one, other + "zz" + one)


INDEX = Index.of(
    [
        Text("step-up", (("Step-ups", 8), ("strong legs for stairs", 3)), ("stairs",)),
        Text("sit-to-stand", (("Sit to stand", 8), ("chair", 1), ("after knee replacement", 5))),
        Text("neck-turn", (("Turn the head", 8), ("knee", 1)), ("stiff neck",)),
    ]
)


def test_a_phrase_that_people_type_comes_first():
    found = INDEX.find("stairs")

    assert max(found, key=lambda key: found[key]) == "step-up"


def test_every_word_has_to_be_answered():
    assert set(INDEX.find("knee replacement")) == {"sit-to-stand"}
    assert set(INDEX.find("knee")) == {"sit-to-stand", "neck-turn"}


def test_where_nothing_answers_all_words_what_answers_most_is_found():
    assert set(INDEX.find("after total knee replacement")) == {"sit-to-stand"}
    assert set(INDEX.find("stairs nonsense")) == {"step-up"}


def test_a_hit_in_the_title_counts_more_than_one_in_the_text():
    found = Index.of([Text("a", (("knee", 8.0),)), Text("b", (("knee", 1.0),))]).find("knee")

    assert found["a"] > found["b"]


@pytest.mark.parametrize("query", ["", "  ", "…", "?!"])
def test_a_query_without_a_word_finds_nothing(query):
    assert INDEX.find(query) == {}


def test_a_query_that_is_no_search_is_refused():
    with pytest.raises(InvalidInput) as refused:
        INDEX.find("x" * 121)

    assert refused.value.field == "q"


@given(st.text(max_size=120))
def test_whatever_is_typed_is_answered(query):
    assert all(score > 0 for score in INDEX.find(query).values())
