"""The account: signing out, the first page of each role, the language, my things."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor, Role
from adherence.pages import toasts
from adherence.pages.care_teams import waiting_words
from adherence.pages.own import own
from adherence.services import accounts, patients
from adherence.services import milestones as milestone_service
from adherence.web import locale, sessions, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import ngettext
from adherence.web.policy import policy

blueprint = Blueprint("account", __name__)

HOMES = {
    Role.PATIENT: "today.show",
    Role.CLINICIAN: "review.show",
    Role.PROGRAMME_MANAGER: "programme.show",
    Role.ADMIN: "invites.staff",
}


@dataclass(frozen=True, slots=True)
class Door:
    """A way to one of my things."""

    link: str
    icon: str
    word: str
    hint: str


@dataclass(frozen=True, slots=True)
class ShownThings:
    """My things."""

    doors: list[Door]
    team: str
    signed_in: str


@blueprint.get("/")
@policy("account.read")
def home(actor: Actor) -> ResponseReturnValue:
    """Go to the first page of the actor's role; a proxy is asked for whom, where that is open."""
    if actor.role is Role.PATIENT and actor.patient_id is None and actor.acts_for is None:
        return redirect(url_for("proxies.choose"), 303)
    return redirect(url_for(HOMES[actor.role]), 303)


@blueprint.post("/sign-out")
@policy("session.end", fields=())
def sign_out(actor: Actor) -> ResponseReturnValue:
    """End this browser's session."""
    sessions.sign_out(actor)
    return redirect(url_for("sign_in.goodbye"), 303)


@blueprint.get("/account")
@policy("account.read")
def show(actor: Actor) -> ResponseReturnValue:
    """Show a patient's own things, or a member of staff's account."""
    if actor.role is not Role.PATIENT:
        return render_template("account/account.html")
    if actor.patient_id is None and actor.acts_for is None:
        return redirect(url_for("proxies.choose"), 303)
    return render_template("patient/things.html", things=_things(actor))


@blueprint.post("/account/language")
@policy("account.update", fields=("locale",))
def set_language(actor: Actor) -> ResponseReturnValue:
    """Choose the language of the account."""
    chosen = request.form.get("locale", "")
    if chosen in locale.LOCALES:
        accounts.set_locale(actor, chosen, now())
    return toasts.back_to(url_for("account.show"))


def _things(actor: Actor) -> ShownThings:
    patient_id = own(actor)
    reached = sum(
        one.retracted_at is None for one in milestone_service.milestones(actor, patient_id, now())
    )
    team = words.listed(
        f"{member.name} ({words.DISCIPLINES[member.discipline]})"
        for member in patients.care_team(actor, patient_id, now())
    )
    return ShownThings(
        doors=[
            Door(url_for("goals.show"), "goal", _("My goals"), ""),
            Door(
                url_for("milestones.show"),
                "bow",
                _("My milestones"),
                ngettext("%(num)s so far", "%(num)s so far", reached) if reached else "",
            ),
            Door(url_for("answers.show"), "talk", _("Answers from my team"), ""),
            Door(
                url_for("pauses.show"),
                "moon",
                _("A pause for some days"),
                _("ill, resting, travelling or in hospital"),
            ),
            Door(url_for("symptoms.log"), "ask", _("Note how I feel"), ""),
            Door(
                url_for("library.index"),
                "move",
                _("Exercises to look up"),
                _("what they are good for and how they go"),
            ),
            Door(
                url_for("lessons.index"),
                "book",
                _("Short lessons"),
                _("about pain, pacing, sleep and medicine"),
            ),
            Door(url_for("factors.show"), "key", _("My ways in"), _("PIN, password, devices")),
            Door(
                url_for("care_teams.mine"),
                "talk",
                _("Who cares for me"),
                waiting_words(patient_id) or _("who is in my team, from when to when"),
            ),
            Door(
                url_for("proxies.show"),
                "person",
                _("Who acts for me"),
                _("a parent, a partner, somebody who helps"),
            ),
            *_rights(actor),
            Door(
                url_for("audit.accesses"),
                "eye",
                _("Who opened my record"),
                _("everybody else who looked or changed something, and when"),
            ),
            Door(
                url_for("consent.show"),
                "lock",
                _("What I agree to"),
                _("care, sums, research, messages"),
            ),
        ],
        team=team or _("Nobody yet."),
        signed_in=_("Signed in as %(name)s.", name=actor.name),
    )


def _rights(actor: Actor) -> list[Door]:
    """The way to one's own data; who acts for somebody has none."""
    if actor.patient_id is None or actor.acts_for is not None:
        return []
    hint = _("a copy of everything, and deletion")
    return [Door(url_for("exports.show"), "box", _("My data"), hint)]
