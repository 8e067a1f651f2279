"""Letting people in: a patient's invitation and devices, and the clinic's staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import STAFF, Actor, Role
from adherence.domain.errors import InvalidInput, NotFound
from adherence.pages.factors import ShownKey
from adherence.pages.forms import Form
from adherence.pages.qr import qr
from adherence.services import accounts, devices, invites, mails, oidc, patients, proxies
from adherence.services.invites import Invite
from adherence.web import locale, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later
from adherence.web.policy import policy

blueprint = Blueprint("invites", __name__)

ROLES = {
    Role.CLINICIAN: _later("Clinician"),
    Role.PROGRAMME_MANAGER: _later("Programme manager"),
    Role.ADMIN: _later("Administrator"),
}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShownAccess:
    """How a patient gets in."""

    patient_id: UUID
    name: str
    back: str
    state: str
    email: str
    devices: list[ShownKey]
    proxies: list[ShownKey]
    may_mail: bool


@dataclass(frozen=True, slots=True)
class ShownMember:
    """A member of staff, and where a press on their buttons goes (empty where there is none)."""

    name: str
    role: str
    note: str
    teams: str
    again: str
    disable: str
    tie: str
    subject: str


# --- a patient ---------------------------------------------------------------------------------


@blueprint.get("/patients/<uuid:patient_id>/ways-in")
@policy("patient.invite")
def show(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Show how a patient gets in."""
    return _page(actor, patient_id, {}, {})


@blueprint.post("/patients/<uuid:patient_id>/invite")
@policy("patient.invite", fields=(), throttle="invite")
def invite(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Make a new code and show it as a sheet to print."""
    return _sheet(invites.invite_on_paper(actor, patient_id, None, now()), patient_id)


@blueprint.post("/patients/<uuid:patient_id>/invite/mail")
@policy("patient.invite", fields=("email",), throttle="invite")
def invite_by_mail(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Have a new code sent by mail."""
    form = Form({"email": request.form.get("email", "")[:300]})
    try:
        invites.invite_by_mail(actor, patient_id, form.raw("email"), locale.current(), now())
    except InvalidInput as error:
        form.refused(error)
        return _page(actor, patient_id, form.typed, form.errors)
    return redirect(url_for("invites.show", patient_id=patient_id), 303)


@blueprint.post("/patients/<uuid:patient_id>/shut-out")
@policy("patient.invite", fields=())
def shut_out(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """End everything that lets a patient in at present."""
    invites.shut_out(actor, patient_id, now())
    return redirect(url_for("invites.show", patient_id=patient_id), 303)


@blueprint.post("/patients/<uuid:patient_id>/devices/<uuid:device_id>/remove")
@policy("patient.invite", fields=())
def drop_device(actor: Actor, patient_id: UUID, device_id: UUID) -> ResponseReturnValue:
    """Shut one device of a patient out."""
    found = invites.access(actor, patient_id, now())
    if found.account_id is None:
        raise NotFound
    devices.revoke(actor, found.account_id, device_id, now())
    return redirect(url_for("invites.show", patient_id=patient_id), 303)


@blueprint.post("/patients/<uuid:patient_id>/proxies")
@policy(
    "patient.invite", fields=("proxy_name", "proxy_email", "until", "last_day"), throttle="invite"
)
def add_proxy(actor: Actor, patient_id: UUID) -> ResponseReturnValue:
    """Let somebody act for a patient."""
    form = Form(request.form)
    last = form.day("last_day")
    until = form.choice("until", ("open", "day", "grown"), _("Choose until when."))
    if until == "day" and last is None:
        form.wrong("last_day", _("Choose the last day."))
    if not form.errors:
        try:
            made = proxies.add_proxy(
                actor,
                patient_id,
                name=form.raw("proxy_name"),
                email=form.raw("proxy_email")[:300],
                until_at=None if until != "day" or last is None else _end_of(actor, last),
                until_grown=until == "grown",
                locale=None,
                now=now(),
            )
        except InvalidInput as error:
            form.refused(
                error,
                {
                    "name": "proxy_name",
                    "email": "proxy_email",
                    "until": "last_day",
                    "until_grown": "until",
                },
            )
        else:
            if made is not None:
                return _sheet(made, patient_id)
            return redirect(url_for("invites.show", patient_id=patient_id), 303)
    return _page(actor, patient_id, form.typed, form.errors)


@blueprint.post("/patients/<uuid:patient_id>/proxies/<uuid:proxy_id>/end")
@policy("patient.invite", fields=())
def end_proxy(actor: Actor, patient_id: UUID, proxy_id: UUID) -> ResponseReturnValue:
    """Let somebody no longer act for a patient."""
    proxies.end_proxy(actor, patient_id, proxy_id, now())
    return redirect(url_for("invites.show", patient_id=patient_id), 303)


def _end_of(actor: Actor, last: date) -> datetime:
    """The first moment after a last day, by the clinic's clock."""
    zone = ZoneInfo(patients.clinic_zone(actor.clinic_id))
    return datetime.combine(last + ONE_DAY, time(0), tzinfo=zone)


def _sheet(made: Invite, patient_id: UUID) -> ResponseReturnValue:
    return render_template(
        "clinician/invite_sheet.html",
        sheet=made,
        until=words.day(made.ends_at.date(), "day"),
        square=qr(made.link, _("Square code that opens the sign-in page")),
        address=made.link.partition("#")[0].partition("://")[2],
        back=url_for("invites.show", patient_id=patient_id),
    )


def _page(
    actor: Actor, patient_id: UUID, typed: dict[str, str], errors: dict[str, str]
) -> ResponseReturnValue:
    found = invites.access(actor, patient_id, now())
    if found.devices:
        state = _("Signs in by PIN.")
    elif found.invited_until is not None:
        state = _("Invited until %(day)s.", day=words.day(found.invited_until.date(), "day"))
    elif found.email:
        state = _("Signs in by mail or password.")
    else:
        state = _("Has no way in yet.")
    shown = ShownAccess(
        patient_id=patient_id,
        name=found.name,
        back=url_for("patients.sheet", patient_id=patient_id),
        state=state,
        email=found.email or found.email_new or "",
        devices=[
            ShownKey(
                one.label or _("A device"),
                _("last used %(day)s", day=words.day(one.seen_at.date())),
                url_for("invites.drop_device", patient_id=patient_id, device_id=one.id),
            )
            for one in found.devices
        ],
        proxies=[
            ShownKey(
                one.proxy_name,
                _until(one),
                url_for("invites.end_proxy", patient_id=patient_id, proxy_id=one.id),
            )
            for one in proxies.proxies_of(actor, patient_id, now())
        ],
        may_mail=mails.is_on(),
    )
    page = render_template("clinician/ways_in.html", access=shown, form=typed, errors=errors)
    return page, 422 if errors else 200


def _until(one: proxies.Proxy) -> str:
    if one.until_at is not None:
        return _("until %(day)s", day=words.day(one.until_at.date() - ONE_DAY, "full"))
    if one.grown_year is not None:
        return _("until the end of %(year)s", year=one.grown_year - 1)
    return _("until somebody ends it")


# --- staff -------------------------------------------------------------------------------------


@blueprint.get("/staff")
@policy("clinic.administer")
def staff(actor: Actor) -> ResponseReturnValue:
    """List the clinic's staff."""
    taken = _("This subject opens another account of the clinic.")
    return _staff_page(actor, {}, {"sso": taken} if request.args.get("sso") == "taken" else {})


@blueprint.post("/staff")
@policy("account.invite", fields=("name", "role", "email"), throttle="invite")
def invite_staff(actor: Actor) -> ResponseReturnValue:
    """Add a member of staff; the link with which they begin."""
    form = Form(request.form)
    role = form.choice("role", [one.value for one in STAFF], _("Choose what this person does."))
    if not form.errors:
        try:
            link = invites.invite_staff(
                actor,
                form.raw("name"),
                Role(role),
                form.raw("email")[:300],
                locale.current(),
                now(),
            )
        except InvalidInput as error:
            form.refused(error)
        else:
            return _staff_page(actor, {}, {}, link)
    return _staff_page(actor, form.typed, form.errors)


@blueprint.post("/staff/<uuid:account_id>/begin-anew")
@policy("account.invite", fields=(), throttle="invite")
def begin_anew(actor: Actor, account_id: UUID) -> ResponseReturnValue:
    """Let a member of staff begin again, without anything that let them in before."""
    return _staff_page(actor, {}, {}, invites.begin_anew(actor, account_id, now()))


@blueprint.post("/staff/<uuid:account_id>/disable")
@policy("account.invite", fields=())
def disable(actor: Actor, account_id: UUID) -> ResponseReturnValue:
    """Shut a member of staff out from the next request on."""
    if account_id == actor.account_id or account_id not in {one.id for one in invites.staff(actor)}:
        raise NotFound
    accounts.disable_account(account_id, now(), by=actor)
    return redirect(url_for("invites.staff"), 303)


def _staff_page(
    actor: Actor, typed: dict[str, str], errors: dict[str, str], link: str = ""
) -> ResponseReturnValue:
    subjects = oidc.tied_in(actor) if oidc.is_on() else {}
    members = [
        ShownMember(
            name=one.name,
            role=str(ROLES[one.role]),
            note=_member_note(one),
            teams=url_for("care_teams.of_member", account_id=one.id)
            if one.role is Role.CLINICIAN
            else "",
            again=url_for("invites.begin_anew", account_id=one.id) if one.active else "",
            disable=url_for("invites.disable", account_id=one.id)
            if one.active and one.id != actor.account_id
            else "",
            tie=url_for("oidc.tie_member", account_id=one.id)
            if one.active and oidc.is_on()
            else "",
            subject=subjects.get(one.id, ""),
        )
        for one in invites.staff(actor)
    ]
    page = render_template(
        "clinician/staff.html",
        members=members,
        roles=[(role.value, word) for role, word in ROLES.items()],
        link=link,
        mailed=bool(link) and mails.is_on(),
        form=typed,
        errors=errors,
    )
    return page, 422 if errors else 200


def _member_note(one: invites.Member) -> str:
    if not one.active:
        return _("shut out")
    if not one.has_begun:
        return _("invited, not begun yet")
    return one.email or ""
