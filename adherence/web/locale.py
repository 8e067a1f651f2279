"""The language a page speaks: which one, and its catalogue read straight from the .po file."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain
from flask_babel import get_locale as _babel_locale
from flask_babel.speaklater import LazyString

LOCALES = ("en", "de", "ru")
"""Languages a person may choose, the source language first."""

NAMES = {"en": "English", "de": "Deutsch", "ru": "Русский"}
"""Each language by its own name."""

FORMATS = {"en": "en_GB", "de": "de", "ru": "ru"}
"""Whose dates and numbers a language uses: days before months and a clock of 24 hours."""

#: Where a request keeps its language once it was asked for.
CHOSEN = "adherence.language"

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


def read_catalogue(locale: str) -> Catalog:
    """Return the messages of every .po file of ``locale`` as one catalogue.

    Each part of the pages may keep its words in a file of its own.

    Raises:
        ValueError: two files translate the same message.
    """
    whole = Catalog(locale=locale)
    for path in sorted((TRANSLATIONS / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as source:
            part = read_po(source, locale=locale, abort_invalid=True)
        for message in part:
            if message.id and message.id in whole:
                raise ValueError(f"{path.name} translates {message.id!r} a second time")
            if message.id:
                whole[message.id] = message
    return whole


@cache
def catalogue(locale: str) -> NullTranslations:
    """Return the messages of ``locale``; English is its own source and has none to read.

    The .po files are compiled in memory the first time they are asked for, so no compiled file can
    be older than its source.
    """
    if locale == LOCALES[0]:
        return Translations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(locale))
    compiled.seek(0)
    return Translations(fp=compiled)


class _Catalogues(Domain):  # type: ignore[misc]  # flask-babel has no types
    def get_translations(self) -> NullTranslations:
        return catalogue(current())


class _Babel(Babel):  # type: ignore[misc]  # flask-babel has no types
    @property
    def domain_instance(self) -> Domain:
        return _CATALOGUES


_CATALOGUES = _Catalogues()


def choose() -> str:
    """Return the language of this request.

    In this order: the account's own choice; where there is none, the ``lang`` of the address (it
    names a language and nothing about a person); what the browser prefers; English.
    """
    actor = g.get("actor")
    if actor is not None and actor.locale in LOCALES:
        return str(actor.locale)
    if request.args.get("lang") in LOCALES:
        return str(request.args["lang"])
    return request.accept_languages.best_match(LOCALES) or LOCALES[0]


def current() -> str:
    """Return the language in force: of the request, or one forced with ``force_locale``.

    A page asks some hundred times; the first answer holds for the request.
    """
    try:
        kept = request.environ
    except RuntimeError:  # outside of any request
        return _in_force()
    known: str | None = kept.get(CHOSEN)
    if known is None:
        known = kept[CHOSEN] = _in_force()
    return known


def _in_force() -> str:
    locale = _babel_locale()
    return LOCALES[0] if locale is None else str(locale.language)


def formats() -> str:
    """Return the babel locale name for dates and numbers of the current language."""
    return FORMATS[current()]


def gettext(message: str, **values: object) -> str:
    """Return a message in the current language, its placeholders filled with ``values``."""
    said = catalogue(current()).gettext(message)
    return said % values if values else said


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """Return the form of a message that fits ``count``, which it may name as ``num``."""
    said = catalogue(current()).ngettext(one, many, count)
    return said % {"num": count, **values}


def later(message: str) -> Any:
    """Return a message that is translated whenever it is printed."""
    return LazyString(gettext, message)


def init_app(app: Flask) -> None:
    """Give ``app`` its three languages."""
    _Babel(app, default_locale=LOCALES[0], locale_selector=_select)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension's
        gettext=lambda message: catalogue(current()).gettext(message),
        ngettext=lambda one, many, count: catalogue(current()).ngettext(one, many, count),
        newstyle=True,
    )


def _select() -> str:
    return choose() if has_request_context() else LOCALES[0]
