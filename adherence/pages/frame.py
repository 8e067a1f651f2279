"""What every page stands in: templates, drawings, static addresses, and words to print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, g, request, url_for
from markupsafe import Markup

from adherence import settings
from adherence.pages import break_glass
from adherence.pages.marks import Marks
from adherence.services import proxies
from adherence.services.proxies import ActedFor
from adherence.web import files, locale, words

HERE = Path(__file__).resolve().parent.parent


def templates_dir() -> Path:
    """Return ``templates/`` beside the package in a checkout, inside it in an installed wheel."""
    packaged = HERE / "templates"
    return packaged if packaged.is_dir() else HERE.parent / "templates"


def init_app(app: Flask) -> None:
    """Give the templates of ``app`` what they print with."""
    addresses = _Addresses()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        icon=lambda name: _marks().icon(name),
        bead=lambda state, word="": _marks().bead(state, word),
        strip=lambda states, said: _marks().strip(states, said),
        sprite=sprite,
        url_for=addresses.page,
        static_url=addresses.file,
        words=words,
        languages=locale.NAMES,
        acting_for=_acting_for,
        broken_glass=break_glass.banner,
        unseen_emergencies=break_glass.unseen,
        emergency_number=lambda: settings.current().emergency_number,
    )


def _acting_for() -> ActedFor | None:
    """The patient whom this browser's person acts for, for the banner; None for nobody."""
    actor = g.get("actor")
    acts_for = None if actor is None else getattr(actor, "acts_for", None)
    return None if acts_for is None else proxies.acted_for(acts_for)


def _marks() -> Marks:
    marks: Marks | None = g.get("marks")
    if marks is None:
        marks = g.marks = Marks()
    return marks


def sprite() -> Markup:
    """Return the symbols used on this page so far; the page calls it last."""
    return _marks().sprite()


class _Addresses:
    """The addresses of one application that name nothing, each made once.

    Every page has a dozen of these, and making one costs as much as a look into the database.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], str] = {}

    def page(self, endpoint: str, **values: Any) -> str:
        """Return the address of a page."""
        return url_for(endpoint, **values) if values else self._plain(endpoint, "")

    def file(self, filename: str) -> str:
        """Return the address of a static file that changes when the file does, so it may be
        kept."""
        return self._plain("static", filename)

    def _plain(self, endpoint: str, filename: str) -> str:
        key = request.script_root, endpoint, filename
        found = self._known.get(key)
        if found is None:
            if filename:
                found = url_for(endpoint, filename=filename, v=files.version(filename))
            else:
                found = url_for(endpoint)
            self._known[key] = found
        return found
