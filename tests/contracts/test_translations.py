"""Every sentence of the pages exists in every language, with its placeholders and plural forms.

A room may keep its words in a .po file of its own beside ``messages.po``. To renew that one:

    pybabel extract -F adherence/translations/babel.cfg -k _later -k _marked -k lazy_gettext \\
        -o messages.pot .
    pybabel update -i messages.pot -d adherence/translations --no-wrap --no-fuzzy-matching \\
        --ignore-obsolete
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from adherence.web.locale import LOCALES, TRANSLATIONS, read_catalogue

ROOT = Path(__file__).resolve().parent.parent.parent
TRANSLATED = LOCALES[1:]
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


@cache
def extracted() -> frozenset[str | tuple[str, ...]]:
    """Return every message of code and templates: a text, or a tuple of singular and plural."""
    with (TRANSLATIONS / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    keywords = {**DEFAULT_KEYWORDS, "_later": None, "_marked": None, "lazy_gettext": None}
    found = extract_from_dir(ROOT, methods, options, keywords)
    return frozenset(message for _file, _line, message, _comments, _context in found)


@cache
def catalogue(locale: str) -> Catalog:
    return read_catalogue(locale)


def messages(locale: str) -> list[Message]:
    return [message for message in catalogue(locale) if message.id]


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_sentence_is_translated(locale):
    known = {message.id for message in messages(locale)}

    assert extracted() - known == set()


@pytest.mark.parametrize("locale", TRANSLATED)
def test_no_translation_outlives_its_sentence(locale):
    assert {message.id for message in messages(locale)} - extracted() == set()
    for path in sorted((TRANSLATIONS / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as source:
            assert not read_po(source, locale=locale).obsolete, path.name


@pytest.mark.parametrize("locale", TRANSLATED)
def test_no_translation_is_empty_or_a_guess(locale):
    assert [message.id for message in messages(locale) if message.fuzzy] == []
    assert [message.id for message in messages(locale) if not all(forms(message))] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_placeholders_are_the_same(locale):
    """A singular form may leave the number out, nothing may add a name the code does not give."""
    wrong = []
    for message in messages(locale):
        ids = (message.id,) if isinstance(message.id, str) else message.id
        named = {name for text in ids for name in PLACEHOLDER.findall(text)}
        for form in forms(message):
            used = set(PLACEHOLDER.findall(form))
            if used - named or (isinstance(message.id, str) and used != named):
                wrong.append((message.id, form))

    assert wrong == []


@pytest.mark.parametrize(("locale", "count"), [("de", 2), ("ru", 3)])
def test_plurals_have_as_many_forms_as_the_language(locale, count):
    assert catalogue(locale).num_plurals == count
    plural = [message for message in messages(locale) if not isinstance(message.id, str)]
    assert plural
    assert [message.id for message in plural if len(forms(message)) != count] == []


def test_patients_never_read_words_of_blame():
    """The words of LOOK section 5 hold in every language: no blame, no exclamation mark."""
    blame = re.compile(
        r"\b(failed|forgot|forgotten|refused|non-?compliant)\b|!"
        r"|\b(versäumt|vergessen|verweigert|versagt)\b|\b(забыл\w*|провал\w*|отказал\w*)\b",
        re.IGNORECASE,
    )
    said = [text for message in extracted() for text in _texts(message)]
    said += [form for locale in TRANSLATED for m in messages(locale) for form in forms(m)]

    assert [text for text in said if blame.search(text)] == []


def _texts(message: str | tuple[str, ...]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else message


def test_long_german_words_may_break():
    """Browsers on old phones do not hyphenate by themselves (LOOK section 5)."""
    long = [
        word
        for message in messages("de")
        for form in forms(message)
        for word in re.findall(r"[A-Za-zÄÖÜäöüß\u00ad]+", form)
        if len(word.replace("\u00ad", "")) > 14 and "\u00ad" not in word
    ]

    assert long == []
