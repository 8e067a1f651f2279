"""The programme: sums over many people, never one person."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_babel import gettext as _

from adherence.domain.access import Actor
from adherence.web.policy import policy

blueprint = Blueprint("programme", __name__)

SMALLEST = 10
"""Sums over fewer people are not shown: a programme parameter, customary in health statistics."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its whole."""

    word: str
    value: str
    hint: str


@dataclass(frozen=True, slots=True)
class ShownOverview:
    """What a programme manager sees."""

    title: str
    sentence: str
    facts_title: str
    facts: list[Fact]
    definition: str
    smallest: int


@blueprint.get("/programme")
@policy("programme.read")
def show(actor: Actor) -> str:
    """Show the programme's aggregates."""
    page = ShownOverview(
        title=_("Programme"),
        sentence=_("Sums over many people. Nobody can be recognised in them."),
        facts_title=_("Last 30 days"),
        facts=[],
        definition="",
        smallest=SMALLEST,
    )
    return render_template("programme/overview.html", overview=page)
