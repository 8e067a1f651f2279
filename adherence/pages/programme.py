"""The programme: sums over many people, never one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template

from adherence.domain.access import Actor
from adherence.services import patients, programmes
from adherence.web import words
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
    groups: str
    smallest: int


@blueprint.get("/programme")
@policy("programme.read")
def show(actor: Actor) -> str:
    """Show the programme's aggregates."""
    found = programmes.overview(actor, now())
    page = ShownOverview(
        title=_("Programme"),
        sentence=_("Sums over many people. Nobody can be recognised in them."),
        facts_title=""
        if found.counted_at is None
        else _("30 days until %(day)s", day=_day(actor, found.counted_at)),
        facts=_facts(found),
        definition=_(
            "Done of everything that was due, over patients who agreed to be counted; excused days"
            " are in neither number. It is added up on the first night of a week.",
        ),
        groups=_(
            "People are counted in groups that are shown as a whole or not at all. Each group"
            " brings at least %(num)s people who were never counted before, so no two sums differ"
            " by fewer. If somebody takes their consent back, the group is not shown any more.",
            num=found.smallest_cell,
        ),
        smallest=found.smallest_cell,
    )
    return render_template("programme/overview.html", overview=page)


def _day(actor: Actor, at: datetime) -> str:
    zone = patients.clinic_zone(actor.clinic_id)
    return words.day(words.local(at, zone).date(), "full")


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
