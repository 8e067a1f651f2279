"""Text people typed, made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.texts import clean, label


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Knie tut weh  ", "Knie tut weh"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("not a character \uffff", "not a character"),
        ("tab\there", "tab here"),
        ("Болит 👩‍⚕️", "Болит 👩‍⚕️"),
        ("one\r\ntwo\rthree", "one two three"),
    ],
)
def test_what_is_kept_of_a_line(typed, kept):
    assert clean(typed, 100) == kept


def test_lines_are_kept_as_far_as_allowed():
    assert clean("\n\none \n\ntwo\n", 100, lines=9) == "one\n\ntwo"
    assert clean("one\ntwo\nthree", 100, lines=2) == "one\ntwo three"


def test_too_long_is_refused_and_never_cut():
    with pytest.raises(InvalidInput) as refused:
        clean("x" * 11, 10, field="note")

    assert (refused.value.field, refused.value.message_key) == ("note", "too_long")


def test_a_label_is_cut_to_what_a_chart_has_room_for():
    assert label("x" * 200) == "x" * 79 + "…"
    assert label("one\ntwo\nthree") == "one\ntwo three"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaning_is_done_once_and_for_all(typed):
    kept = clean(typed, 10_000, lines=3)

    assert clean(kept, 10_000, lines=3) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert len(label(typed)) <= 80
    assert label(typed).count("\n") <= 1
    assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cs", "Cn"} for c in kept)
