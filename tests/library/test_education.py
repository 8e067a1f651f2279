"""Education pieces: complete in three languages, with sources, and on this side of the boundary."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from adherence.library import education
from adherence.library.education import LANGUAGES, TOPICS, MalformedPiece, Piece, Words

PIECES = education.all_pieces()
EACH = pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.slug)
RAW = tomllib.loads((education.FOLDER / "pacing.toml").read_text())

# What would be advice on a dose: an amount, a count of tablets, how often, how late.
DOSES = re.compile(
    r"""\d\s*(?:mg|g|µg|mcg|ml|iu|i\.e\.|ie|мг|г|мкг|мл|ме)\b
      | \b(?:\d+|one|two|three|half|eine?|zwei|drei|halbe|одну|две|три|полтаблетки)\s+
        (?:tablets?|pills?|capsules?|drops?|tabletten?|kapseln?|tropfen|таблет\w*|капсул\w*|капл\w*)
      | \b(?:\d+|once|twice|one|two|three|ein|zwei|drei|один|два|три)[\s-]*
        (?:times?|mal|раза?)?\s*(?:a|per|daily|am|pro|täglich|в)\s+(?:day|tag|день|сутки)
      | \b(?:every|alle|каждые)\s+\w+\s+(?:hours?|stunden|часа?|часов)
      | \b(?:within|innerhalb\ von|в\ течение)\s+\w+\s+(?:hours?|stunden|часа?|часов)""",
    re.IGNORECASE | re.VERBOSE,
)
# Medicines by name would be advice for somebody and wrong for everybody else.
MEDICINES = re.compile(
    r"\b(?:ibuprof|paracetam|acetaminoph|diclofen|naprox|aspirin|metamizol|novalgin|tramad|opio"
    r"|morphi|morfi|metform|statin|cortiso|kortiso|warfar|melaton|ибупроф|парацетам|диклофен"
    r"|аспирин|анальгин|трамад|опио|морфи|метформ|варфар|мелатон)\w*",
    re.IGNORECASE,
)
# What would be a finding about the reader.
FINDINGS = re.compile(
    r"\byou (?:have|suffer from) (?:arthritis|osteoarthritis|a tear|insomnia|depression)"
    r"|\bSie (?:haben|leiden an) (?:einer? )?(?:Arthrose|Arthritis|Depression|Schlafstörung)"
    r"|\bу вас (?:артроз|артрит|депрессия|бессонница|разрыв)",
    re.IGNORECASE,
)
BLAME = re.compile(
    r"!|\b(?:failed|forgot\w*|refused|lazy|versäum\w*|vergess\w*|faul|versag\w*|забы\w*|ленив\w*)\b",
    re.IGNORECASE,
)
PERSONS = {
    "en": r"\b(?:doctor|pharmacist|therapist|team)\b",
    "de": r"Ärzt|ärztlich|Apotheke|[Tt]herap|[Pp]raxis|Team",
    "ru": r"врач|фармацевт|физиотерапевт|команд",
}
PHARMACIST = {"en": r"\bpharmacist\b", "de": r"Apotheke", "ru": r"[Фф]армацевт"}


def texts(words: Words) -> Iterator[str]:
    """Every text of a piece in one language, search words too."""
    yield from (words.title, words.summary, words.question, words.because)
    yield from (*words.paragraphs, *words.answers, *words.search)


def test_there_are_twelve_pieces_in_reading_order():
    assert len(PIECES) == 12
    assert [piece.order for piece in PIECES] == list(range(1, 13))
    assert {piece.topic for piece in PIECES} == set(TOPICS)


def test_a_piece_is_found_by_its_name():
    assert education.piece("pacing").words["de"].title == "Kräfte einteilen"
    with pytest.raises(KeyError):
        education.piece("no-such-piece")


@EACH
def test_a_piece_is_short_and_asks_back(piece: Piece):
    for words in piece.words.values():
        assert 4 <= len(words.paragraphs) <= 6
        assert 5 <= len(words.search) <= 10
        assert words.question.endswith("?")
        assert words.title[-1] not in ".?!"


@EACH
def test_only_the_marked_answer_is_right(piece: Piece):
    assert [number for number in range(5) if piece.is_right(number)] == [piece.right]


def test_the_right_answer_has_no_usual_place():
    places = [piece.right for piece in PIECES]

    assert min(places.count(number) for number in (1, 2, 3)) >= 3


@EACH
def test_sources_are_real_enough_to_be_found(piece: Piece):
    assert 1 <= len(piece.sources) <= 4
    for source in piece.sources:
        assert 1990 <= source.year <= 2026
        assert not source.where.startswith("doi:") or re.fullmatch(
            r"doi:10\.\d{4,}/\S+", source.where
        )


@EACH
@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_stay_readable(piece: Piece, language: str):
    for text in texts(piece.words[language]):
        for sentence in re.split(r"(?<=[.!?:])\s+", text):
            assert len(sentence.split()) <= 24, sentence


@EACH
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_piece_names_whom_to_ask(piece: Piece, language: str):
    words = piece.words[language]

    assert any(re.search(PERSONS[language], text) for text in words.paragraphs)
    if piece.topic == "medicine":
        assert any(re.search(PHARMACIST[language], text) for text in words.paragraphs)
        right = words.answers[piece.right - 1]
        assert re.search(PHARMACIST[language], right), right


@EACH
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_piece_stays_on_this_side_of_the_boundary(piece: Piece, language: str):
    """No dose, no medicine by name, no finding about the reader, no blame."""
    for text in texts(piece.words[language]):
        for pattern in (DOSES, MEDICINES, FINDINGS, BLAME):
            assert not pattern.search(text), (text, pattern.search(text))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (DOSES, "Take 400 mg with water."),
        (DOSES, "Nehmen Sie zwei Tabletten."),
        (DOSES, "Примите две таблетки."),
        (DOSES, "Take it twice a day."),
        (DOSES, "Dreimal geht auch, drei mal am Tag."),
        (DOSES, "принимайте три раза в день"),
        (DOSES, "You can take it within twelve hours."),
        (DOSES, "alle sechs Stunden"),
        (MEDICINES, "Ibuprofen helps."),
        (MEDICINES, "Выпейте парацетамол."),
        (FINDINGS, "Sie haben eine Arthrose."),
        (BLAME, "You forgot it."),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], said: str):
    assert pattern.search(said)


@EACH
def test_each_language_is_in_its_own_letters(piece: Piece):
    cyrillic = re.compile(r"[а-яё]", re.IGNORECASE)
    assert all(cyrillic.search(text) or text.isdigit() for text in texts(piece.words["ru"]))
    for language in ("en", "de"):
        assert not any(cyrillic.search(text) for text in texts(piece.words[language]))
    assert len({piece.words[language].title for language in LANGUAGES}) == len(LANGUAGES)


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RAW), **changes}


def without_a_russian_paragraph() -> dict[str, Any]:
    raw = changed()
    raw["words"]["ru"]["paragraphs"].pop()
    return raw


def with_an_empty_answer() -> dict[str, Any]:
    raw = changed()
    raw["words"]["de"]["answers"][1] = " "
    return raw


def with_one_answer_twice() -> dict[str, Any]:
    raw = changed()
    raw["words"]["en"]["answers"][0] = raw["words"]["en"]["answers"][2]
    return raw


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (changed(slug="other"), "another name"),
        (changed(right=4), "no answer as right"),
        (changed(right=0), "no answer as right"),
        (changed(topic="weather"), "no such topic"),
        (changed(version=0), "version below 1"),
        (changed(sources=[]), "no source"),
        (changed(extra=1), "nothing knows"),
        (without_a_russian_paragraph(), "differs between languages"),
        (with_an_empty_answer(), "empty"),
        (with_one_answer_twice(), "twice"),
    ],
)
def test_a_malformed_file_is_refused(raw: dict[str, Any], says: str):
    with pytest.raises(MalformedPiece, match=says):
        education.parse(raw, "pacing")


def test_a_well_formed_file_is_read():
    assert education.parse(changed(), "pacing") == education.piece("pacing")
