"""The words that patients agree to: whole in three languages, plain, and never one number twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adherence.domain.consent import LANGUAGES, Purpose, Version
from adherence.library import consent
from adherence.library.consent import MalformedText, Text, Words, in_force, least, texts
from tests.library.readability import readability

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
RAW = (consent.FOLDER / "email.toml").read_text()
#: Björnsson's index; Russian and German words are longer by themselves.
HARDEST = {"en": 30, "de": 35, "ru": 45}
BLAME = re.compile(r"!|\b(must agree|have to agree|müssen zustimmen|должны согласиться)\b")


@pytest.fixture(autouse=True)
def fresh() -> Any:
    texts.cache_clear()
    yield
    texts.cache_clear()


def each() -> list[tuple[Text, str, Words]]:
    return [
        (text, language, text.words[language])
        for versions in texts().values()
        for text in versions
        for language in LANGUAGES
    ]


def parts(words: Words) -> list[str]:
    return [words.title, words.summary, *words.paragraphs, words.stops, words.agree]


def test_every_purpose_has_words_from_the_start():
    for purpose in Purpose:
        assert in_force(purpose, datetime(1990, 1, 1, tzinfo=UTC)).version.number == 1
        assert least(purpose, NOW) == 0


def test_the_words_are_plain():
    for text, language, words in each():
        found = readability(parts(words)[1:])
        assert found.lix <= HARDEST[language], (text.purpose, language, found.lix)
        assert found.mean <= 12, (text.purpose, language)
        assert found.longest <= 24, (text.purpose, language)
        assert not [part for part in parts(words) if BLAME.search(part)]


def test_languages_say_as_much_as_each_other():
    for versions in texts().values():
        for text in versions:
            assert len({len(text.words[name].paragraphs) for name in LANGUAGES}) == 1
            assert len({text.digest(name) for name in LANGUAGES}) == 3


def test_a_changed_letter_is_another_text():
    text = texts()[Purpose.EMAIL][0]
    words = {**text.words, "en": replace(text.words["en"], stops=f"{text.words['en'].stops} ")}
    others = (
        replace(text, words=words),
        replace(text, version=Version(2)),
        replace(text, purpose=Purpose.SMS),
    )

    assert text.digest("en") not in {other.digest("en") for other in others}
    assert text.digest("de") == others[0].digest("de")
    assert len(text.digest("en")) == 32


def test_a_clinics_own_words_come_after_ours(tmp_path: Path):
    own = RAW.replace("number = 1", "number = 100\nneeds_renewal = true\nbegins_on = 2026-04-01")
    (tmp_path / "email.toml").write_text(own)
    folder = str(tmp_path)
    april = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)

    assert in_force(Purpose.EMAIL, NOW, folder).version.number == 1
    assert least(Purpose.EMAIL, NOW, folder) == 0
    assert in_force(Purpose.EMAIL, april, folder).version.number == 100
    assert least(Purpose.EMAIL, april, folder) == 100
    assert in_force(Purpose.SMS, april, folder).version.number == 1
    assert in_force(Purpose.EMAIL, april).version.number == 1, "another server's words"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("number = 1", "number = 100"),
        ("number = 1", "number = 0"),
        ("number = 1", 'number = "1"'),
        ("number = 1", "number = 1\nbegins_on = 2026-01-01"),
        ("number = 1", "number = 1\ncolour = 'red'"),
        ('purpose = "email"', 'purpose = "sms"'),
        ("[version.words.ru]", "[version.words.fr]"),
        ('title = "Письма о новом"', 'title = " "'),
        ('title = "Письма о новом"\n', ""),
        ("[[version]]", "[[versions]]"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused(tmp_path: Path, before: str, after: str):
    assert before in RAW
    (tmp_path / "email.toml").write_text(RAW.replace(before, after))
    with pytest.raises(MalformedText, match=r"email\.toml"):
        consent._read(tmp_path / "email.toml", Purpose.EMAIL, is_own=False)


def test_a_clinics_own_number_never_takes_one_of_ours(tmp_path: Path):
    (tmp_path / "email.toml").write_text(RAW.replace("number = 1", "number = 2"))
    with pytest.raises(MalformedText, match=r"email\.toml"):
        texts(str(tmp_path))
