"""The programme: sums over many people, never one person."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from adherence.domain.access import Actor
from adherence.services import programmes
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("programme", __name__)


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
    found = programmes.overview(actor, now())
    page = ShownOverview(
        title=_("Programme"),
        sentence=_("Sums over many people. Nobody can be recognised in them."),
        facts_title=_("Last 30 days"),
        facts=_facts(found),
        definition=_(
            "Done of everything that was due, over all patients of the clinic who agreed to be"
            " counted and for whom something was due. Excused days are in neither number. Sums"
            " over fewer than %(num)s people are not shown.",
            num=found.smallest_cell,
        ),
        smallest=found.smallest_cell,
    )
    return render_template("programme/overview.html", overview=page)


def _facts(found: programmes.Overview) -> list[Fact]:
    if not found.due or found.done is None or found.unreported is None:
        return []
    return [
        Fact(_("Patients with something due"), str(found.patients), ""),
        Fact(
            _("Done"),
            _("%(done)s of %(due)s", done=found.done, due=found.due),
            _(
                "%(possible)s if everything not reported was done",
                possible=found.done + found.unreported,
            ),
        ),
        Fact(_("Not reported"), str(found.unreported), ""),
    ]
