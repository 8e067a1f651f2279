"""Care teams: who cares for a patient, who leads, who stands in; the patient's own page of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor, Role
from adherence.domain.activities import Discipline
from adherence.domain.care_teams import CareKind, may_change, may_lead
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.pages import toasts
from adherence.pages.break_glass import ShownEmergency, shown_emergencies
from adherence.pages.care_notes import ShownCareNote, shown_notes
from adherence.pages.forms import Form, wrong_words
from adherence.pages.own import own
from adherence.pages.toasts import Toast
from adherence.services import break_glass, care_notes, invites
from adherence.services import care_teams as service
from adherence.services.care_teams import Team, TeamMember
from adherence.web import words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later
from adherence.web.locale import ngettext
from adherence.web.policy import policy

blueprint = Blueprint("care_teams", __name__)

ONE_DAY = timedelta(days=1)
KINDS = {
    CareKind.LEAD: _later("leads the team"),
    CareKind.SUPPLEMENTARY: _later("in the team"),
    CareKind.SUBSTITUTE: _later("stands in"),
}
MAY = {
    CareKind.LEAD: _later("Sees and plans everything, and says who is in the team and who leads."),
    CareKind.SUPPLEMENTARY: _later("Sees and plans everything, and may add somebody to the team."),
    CareKind.SUBSTITUTE: _later("Sees and plans everything on these days, and not on others."),
}
ONE, ALL = "one", "all"
#: The cookie's word for how the last press ended; it names nobody.
NAMED = "stands-in"


@dataclass(frozen=True, slots=True)
class ShownMember:
    """Somebody in a team, and where a press on their buttons goes (empty where there is none)."""

    name: str
    kind: str
    is_lead: bool
    note: str
    may: str
    lead: str
    end: str


@dataclass(frozen=True, slots=True)
class ShownTeam:
    """A patient's team as the clinic sees it. ``leaving`` is the name of the lead who could leave
    by handing over, ``alone`` a sentence where nobody is there to take over."""

    patient_id: UUID
    name: str
    back: str
    back_words: str
    members: list[ShownMember]
    planned: list[ShownMember]
    may_change: bool
    may_name_lead: bool
    joiners: list[tuple[str, str]]
    disciplines: list[tuple[str, str]]
    away: list[tuple[str, str]]
    substitutes: list[tuple[str, str]]
    for_all: bool
    leaving: str
    leave: str
    successors: list[tuple[str, str]]
    alone: str
    emergencies: list[ShownEmergency]
    said: Toast | None


@dataclass(frozen=True, slots=True)
class ShownOwnTeam:
    """A patient's own page: who cares for me, who wrote notes, who came in an emergency."""

    members: list[ShownMember]
    planned: list[ShownMember]
    emergencies: list[ShownEmergency]
    notes: list[ShownCareNote]


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A patient whom a clinician looks after, as the clinic sees it."""

    name: str
    link: str
    kind: str


# --- the clinic's side -------------------------------------------------------------------------


@blueprint.get("/patients/<uuid:patient_id>/team")
@policy("team.read")
def show(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Show who cares for a patient."""
    if actor.role is Role.PATIENT:
        return redirect(url_for("care_teams.mine"), 303)
    return _page(actor, patient_id, Form({}))


@blueprint.post("/patients/<uuid:patient_id>/team")
@policy("team.change", fields=("account_id", "discipline", "lead"))
def add(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Join a clinician to the care team."""
    form = Form(request.form)
    account_id = _chosen(form, "account_id")
    discipline = form.choice(
        "discipline", [one.value for one in Discipline], _("Choose what this person does.")
    )
    if not form.errors and account_id is not None:
        try:
            service.add_to_care_team(
                actor,
                patient_id,
                account_id,
                discipline=Discipline(discipline),
                lead=form.raw("lead") == "yes",
                now=now(),
            )
        except Conflict:
            form.wrong("account_id", wrong_words("in_team"))
        else:
            return _back(patient_id)
    return _page(actor, patient_id, form)


@blueprint.post("/patients/<uuid:patient_id>/team/substitutes")
@policy("team.change", fields=("away_id", "substitute_id", "first_day", "last_day", "scope"))
def substitute(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Let somebody stand in for a member, or for oneself with all of one's patients."""
    form = Form(request.form)
    account_id = _chosen(form, "substitute_id")
    first = form.day("first_day", _("Choose the first day."))
    last = form.day("last_day", _("Choose the last day."))
    everywhere = actor.role is Role.CLINICIAN and form.raw("scope") == ALL
    away = _away(form, actor)
    if not form.errors and account_id is not None and first is not None and last is not None:
        try:
            if everywhere:
                service.name_substitute_everywhere(
                    actor, account_id, first_day=first, last_day=last, now=now()
                )
            else:
                service.name_substitute(
                    actor,
                    patient_id,
                    account_id,
                    first_day=first,
                    last_day=last,
                    stands_for_id=away,
                    now=now(),
                )
        except InvalidInput as error:
            form.refused(error, {"account_id": "substitute_id"})
        else:
            return toasts.back_to(url_for("care_teams.show", patient_id=patient_id), NAMED)
    return _page(actor, patient_id, form)


@blueprint.post("/patients/<uuid:patient_id>/team/<uuid:account_id>/lead")
@policy("team.change", fields=())
def lead(actor: Actor, patient_id: UUID, account_id: UUID) -> ResponseReturnValue:
    """Let a member lead the team."""
    service.hand_over(actor, patient_id, account_id, now())
    return _back(patient_id)


@blueprint.post("/patients/<uuid:patient_id>/team/<uuid:account_id>/end")
@policy("team.change", fields=("successor",))
def end(actor: Actor, patient_id: UUID, account_id: UUID) -> ResponseReturnValue:
    """Let somebody leave the care team; a lead names who takes over."""
    form = Form(request.form)
    successor = _chosen(form, "successor") if form.raw("successor") else None
    if not form.errors:
        try:
            service.end_care_relation(actor, patient_id, account_id, now(), successor)
        except InvalidInput as error:
            form.refused(error)
        else:
            if account_id == actor.account_id:
                return redirect(url_for("patients.index"), 303)
            return _back(patient_id)
    return _page(actor, patient_id, form)


@blueprint.get("/staff/<uuid:account_id>/teams")
@policy("clinic.administer")
def of_member(actor: Actor, account_id: UUID) -> ResponseReturnValue:
    """Show whom a member of staff cares for, so that somebody else can take over."""
    person = next((one for one in invites.staff(actor) if one.id == account_id), None)
    if person is None:
        raise NotFound
    places = [
        ShownPlace(
            one.patient_name,
            url_for("care_teams.show", patient_id=one.patient_id),
            str(KINDS[one.kind]),
        )
        for one in service.memberships(actor, account_id, now())
    ]
    return render_template("clinician/places.html", name=person.name, places=places)


def _back(patient_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("care_teams.show", patient_id=patient_id), 303)


def _chosen(form: Form, name: str) -> UUID | None:
    try:
        return UUID(form.raw(name))
    except ValueError:
        form.wrong(name, _("Choose a person."))
        return None


def _away(form: Form, actor: Actor) -> UUID | None:
    """Who is away: chosen where there is a choice, else the actor."""
    return _chosen(form, "away_id") if form.raw("away_id") else actor.account_id


def _page(actor: Actor, patient_id: UUID, form: Form) -> ResponseReturnValue:
    team = service.team(actor, patient_id, now())
    kind = next((one.kind for one in team.members if one.account_id == actor.account_id), None)
    changes, leads = may_change(actor.role, kind), may_lead(actor.role, kind)
    inside = {one.account_id for one in team.members if one.kind is not CareKind.SUBSTITUTE}
    outside = [
        (str(one.account_id), one.name)
        for one in service.colleagues(actor)
        if one.account_id not in inside
    ]
    members = [one for one in team.members if one.kind is not CareKind.SUBSTITUTE]
    lead = next((one for one in members if one.lead), None)
    successors = [
        (str(one.account_id), one.name) for one in team.members if not one.lead and one.is_active
    ]
    may_leave = lead is not None and leads and bool(successors or actor.role is Role.ADMIN)
    is_admin = actor.role is Role.ADMIN
    shown = ShownTeam(
        patient_id=patient_id,
        name=team.patient_name,
        back=url_for("invites.staff")
        if is_admin
        else url_for("patients.sheet", patient_id=patient_id),
        back_words=_("Staff") if is_admin else team.patient_name,
        members=[_shown(actor, team, one, leads) for one in team.members],
        planned=[_shown(actor, team, one, leads) for one in team.planned],
        may_change=changes,
        may_name_lead=leads and lead is not None,
        joiners=_to_choose(outside),
        disciplines=[(one.value, str(words.DISCIPLINES[one])) for one in Discipline],
        away=[(str(one.account_id), one.name) for one in members] if leads else [],
        substitutes=_to_choose(outside),
        for_all=actor.role is Role.CLINICIAN,
        leaving=lead.name if lead is not None and may_leave else "",
        leave=url_for("care_teams.end", patient_id=patient_id, account_id=lead.account_id)
        if lead is not None and may_leave
        else "",
        successors=_to_choose(successors),
        alone=wrong_words("last_of_team") if leads and not may_leave and lead is not None else "",
        emergencies=shown_emergencies(break_glass.of_patient(actor, patient_id), team.zone),
        said=Toast("done", _("That is arranged")) if toasts.said() == NAMED else None,
    )
    page = render_template("clinician/team.html", team=shown, form=form.typed, errors=form.errors)
    return page, 422 if form.errors else 200


def _to_choose(people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return people as the options of a field that begins with nobody; none where nobody is."""
    return [("", _("Choose a person")), *people] if people else []


def _shown(actor: Actor, team: Team, one: TeamMember, leads: bool) -> ShownMember:
    named: dict[str, Any] = {"patient_id": team.patient_id, "account_id": one.account_id}
    is_own = actor.account_id in (one.account_id, one.stands_for_id)
    can_lead = leads and not one.lead and one.is_active and one in team.members
    return ShownMember(
        name=one.name,
        kind=_kind(one),
        is_lead=one.lead,
        note=_note(one, team.zone),
        may=str(MAY[one.kind]) if one.is_active else _("Is shut out and sees nothing."),
        lead=url_for("care_teams.lead", **named) if can_lead else "",
        # A lead leaves by handing over, in a form of its own.
        end=url_for("care_teams.end", **named) if (leads or is_own) and not one.lead else "",
    )


def _kind(one: TeamMember) -> str:
    if one.stands_for_name:
        return _("stands in for %(name)s", name=one.stands_for_name)
    return str(KINDS[one.kind])


def _note(one: TeamMember, zone: str) -> str:
    first = words.local(one.from_at, zone).date()
    if one.until_at is None:
        when = _("since %(day)s", day=words.day(first, "full"))
    else:
        when = words.span(first, words.local(one.until_at, zone).date())
    return f"{words.DISCIPLINES[one.discipline]}, {when}"


# --- the patient's side ------------------------------------------------------------------------


@blueprint.get("/team")
@policy("team.read")
def mine(actor: Actor) -> ResponseReturnValue:
    """Show a patient who cares for them, and who opened their record in an emergency."""
    patient_id = own(actor)
    team = service.team(actor, patient_id, now())
    page = ShownOwnTeam(
        members=[_shown(actor, team, one, leads=False) for one in team.members if one.is_active],
        planned=[_shown(actor, team, one, leads=False) for one in team.planned],
        emergencies=shown_emergencies(break_glass.of_patient(actor, patient_id), team.zone),
        notes=shown_notes(care_notes.notes(actor, patient_id, now())),
    )
    return render_template("patient/team.html", team=page)


def waiting_words(patient_id: UUID) -> str:
    """What a patient is told first: that their record was opened in an emergency; else empty."""
    count = break_glass.untold(patient_id)
    if not count:
        return ""
    return ngettext(
        "Your record was opened in an emergency.",
        "Your record was opened in an emergency %(num)s times.",
        count,
    )
