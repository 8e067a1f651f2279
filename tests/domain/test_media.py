"""Films: told by content, kept whole, and silent about who made them where."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adherence.domain.errors import InvalidInput
from adherence.domain.media import clean_film
from tests.domain.films import GPS, PHONE, box, element, full, mp4, webm

FILMS = {
    "mp4": mp4(),
    "mp4 with a track of places": mp4(data_track=True),
    "quicktime": mp4(brand=b"qt  "),
    "webm": webm(),
    "webm as a recorder leaves it": webm(is_live=True),
}


@pytest.mark.parametrize("name", FILMS)
def test_a_film_keeps_its_pictures_and_loses_what_it_says_of_people(name):
    found = clean_film(FILMS[name])

    assert found.content.count(b"SEEN") == FILMS[name].count(b"SEEN") > 0
    assert GPS not in found.content
    assert PHONE not in found.content
    assert b"Recorder of Ruth" not in found.content
    assert (found.width, found.height) == (640, 360)


@pytest.mark.parametrize("name", FILMS)
def test_no_sample_moves_and_cleaning_again_changes_nothing(name):
    once = clean_film(FILMS[name])

    assert len(once.content) == len(FILMS[name])
    assert once.content.find(b"SEEN") == FILMS[name].find(b"SEEN")
    assert clean_film(once.content) == once


def test_the_day_it_was_made_is_gone():
    made = struct.pack(">I", 3_800_000_000)

    assert made in mp4()
    assert made not in clean_film(mp4()).content


def test_bytes_after_a_webm_belong_to_no_film():
    assert clean_film(webm() + b"<script>").content == clean_film(webm()).content


def test_a_box_of_another_kind_after_the_film_is_emptied():
    found = clean_film(mp4(extra=box(b"html", b"<script>alert(1)</script>")))

    assert b"script" not in found.content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not_a_film"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_film"),
        (b"GIF89a" + bytes(40), "not_a_film"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not_a_film"),
        (b"RIFF....AVI LIST" + bytes(40), "not_a_film"),
        (mp4(brand=b"heic"), "not_a_film"),
        (webm(doc_type=b"matroska"), "not_a_film"),
        (mp4(coding=b"hvc1"), "codec"),
        (webm(codec=b"V_MPEG4/ISO/AVC"), "codec"),
        (webm(kind=17, codec=b"S_TEXT/UTF8"), "data_track"),
        (webm(kind=2, codec=b"V_VP9"), "codec"),
        (mp4()[:-5], "broken"),
        (mp4()[:200], "broken"),
        (webm()[:-5], "broken"),
        (mp4(extra=b"\x00\x00\x00\x04free"), "broken"),
        (mp4(data_track=True, extra=box(b"moof", full(b"mfhd", bytes(4)))), "data_track"),
        (mp4().replace(b"url \x00\x00\x00\x01", b"url \x00\x00\x00\x00"), "broken"),
        (box(b"ftyp", b"isom", bytes(4)), "not_a_film"),
        (element(0x1A45DFA3, element(0x4282, b"webm")) + b"\x00\x00", "broken"),
    ],
)
def test_what_is_no_film_for_a_browser_is_refused_with_the_reason(content, why):
    with pytest.raises(InvalidInput) as refused:
        clean_film(content)

    assert (refused.value.field, refused.value.message_key) == ("film", why)


@given(st.sampled_from(sorted(FILMS)), st.data())
def test_a_damaged_film_is_cleaned_or_refused_and_nothing_else(name, data):
    content = bytearray(FILMS[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = clean_film(bytes(content[: data.draw(st.integers(0, len(content)))]))
    except InvalidInput as refused:
        assert refused.field == "film"
    else:
        assert found.mimetype in ("video/mp4", "video/webm")
