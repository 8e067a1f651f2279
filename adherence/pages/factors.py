"""One's own ways in: password, second step, passkeys, recovery codes, devices, address.

Looking is free; a change asks for a factor again when the last one was shown too long ago.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence import settings
from adherence.domain.access import Actor, Role
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.sign_in import PASSWORD_SHORTEST, PIN_LONGEST, Via
from adherence.pages import sign_in, steps
from adherence.pages.forms import Form, wrong_words
from adherence.services import devices, factors, mails, oidc, passkeys
from adherence.services import sign_in as service
from adherence.services.sessions import Entered
from adherence.settings import Mode
from adherence.web import locale, sessions, throttles, words
from adherence.web import policy as policies
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.locale import later as _later
from adherence.web.policy import policy
from adherence.web.typed import read_typed

blueprint = Blueprint("factors", __name__)

HOME = "/"
#: What a proof may be, and what it is for.
PROOFS = ("to", "typed", "pin", "password", "code", "answer", "demo")


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A passkey or a device in a list, and where a press on its button goes."""

    name: str
    note: str
    action: str


@dataclass(frozen=True, slots=True)
class ShownFactors:
    """The page of one's ways in."""

    email: str
    email_new: str
    has_password: bool
    has_totp: bool
    recovery: str
    passkeys: list[ShownKey]
    devices: list[ShownKey]
    has_pin_here: bool
    may_pin: bool
    may_passkey: bool
    may_mail: bool
    is_staff: bool


@dataclass(frozen=True, slots=True)
class ShownSso:
    """Single sign-on, where the server knows a provider."""

    name: str
    is_tied: bool


SSO = {
    "away": _later("Nobody answers there at present. Try again later."),
    "refused": _later("That did not work. Nothing has changed."),
}


@blueprint.get("/account/ways-in")
@policy("factor.read")
def show(actor: Actor) -> ResponseReturnValue:
    """Show one's ways in."""
    said = SSO.get(request.args.get("sso", ""))
    return _page(actor, {} if said is None else {"factor": str(said)})


@blueprint.get("/account/password")
@policy("factor.change")
def password(actor: Actor) -> ResponseReturnValue:
    """Ask for a new password."""
    return _password_page(actor, {})


@blueprint.post("/account/password")
@policy("factor.change", fields=("current", "password", "again"), throttle="prove")
def set_password(actor: Actor) -> ResponseReturnValue:
    """Change the password; all other sessions end."""
    form = Form({})
    new = request.form.get("password", "")
    if new != request.form.get("again", ""):
        form.wrong("again", _("The two are not the same."))
    if not form.errors:
        current = request.form.get("current", "")
        try:
            entered = service.change_password(
                sessions.current(), current, new, sessions.browser(), now()
            )
        except InvalidInput as error:
            form.refused(error)
        else:
            return _go_on(entered)
    return _password_page(actor, form.errors)


@blueprint.get("/account/authenticator")
@policy("factor.change")
def authenticator(actor: Actor) -> ResponseReturnValue:
    """Offer a new secret for an authenticator app."""
    return steps.enrol_page(actor, {}, is_first=False)


@blueprint.post("/account/authenticator")
@policy("factor.change", fields=("code",), throttle="prove")
def set_authenticator(actor: Actor) -> ResponseReturnValue:
    """Keep the authenticator app whose code was typed in."""
    return steps.keep_totp(actor, is_first=False)


@blueprint.post("/account/authenticator/remove")
@policy("factor.change", fields=())
def drop_authenticator(actor: Actor) -> ResponseReturnValue:
    """Stop using the authenticator app."""
    try:
        service.drop_totp(actor, now())
    except InvalidInput as error:
        return _page(actor, {"factor": wrong_words(error.message_key)})
    return redirect(url_for("factors.show"), 303)


@blueprint.post("/account/recovery")
@policy("factor.change", fields=())
def renew_recovery(actor: Actor) -> ResponseReturnValue:
    """Show new recovery codes in place of the old ones."""
    return steps.recovery_page(actor, None, factors.renew_recovery(actor, now()))


@blueprint.post("/account/passkeys/options")
@policy("factor.change", fields=(), throttle="prove")
def passkey_options(actor: Actor) -> ResponseReturnValue:
    """What a browser needs to make a passkey."""
    throttles.forgive()
    return passkeys.new_options(sessions.current(), sessions.secret(), now())


@blueprint.post("/account/passkeys")
@policy("factor.change", fields=("answer", "label"), throttle="prove")
def add_passkey(actor: Actor) -> ResponseReturnValue:
    """Keep a new passkey."""
    return steps.keep_passkey(actor, is_first=False)


@blueprint.post("/account/passkeys/<uuid:passkey_id>/remove")
@policy("factor.change", fields=())
def drop_passkey(actor: Actor, passkey_id: UUID) -> ResponseReturnValue:
    """Forget a passkey."""
    try:
        passkeys.drop_passkey(actor, passkey_id, sessions.secret(), now())
    except InvalidInput as error:
        return _page(actor, {"factor": wrong_words(error.message_key)})
    return redirect(url_for("factors.show"), 303)


@blueprint.get("/account/pin")
@policy("factor.change")
def pin(actor: Actor) -> ResponseReturnValue:
    """Ask for a PIN that opens this device."""
    return _pin_page(actor, {})


@blueprint.post("/account/pin")
@policy("factor.change", fields=("pin", "again"))
def set_pin(actor: Actor) -> ResponseReturnValue:
    """Let a PIN open this device from now on."""
    form = Form({})
    typed = "".join(request.form.get("pin", "").split())[: PIN_LONGEST + 1]
    if typed != "".join(request.form.get("again", "").split())[: PIN_LONGEST + 1]:
        form.wrong("again", _("The two are not the same."))
    if not form.errors:
        try:
            entered, cookie = devices.add_device(
                sessions.current(), typed, sessions.browser(), now()
            )
        except InvalidInput as error:
            form.refused(error)
        else:
            sessions.keep_device(cookie)
            return _go_on(entered)
    return _pin_page(actor, form.errors)


@blueprint.post("/account/devices/<uuid:device_id>/remove")
@policy("factor.change", fields=())
def drop_device(actor: Actor, device_id: UUID) -> ResponseReturnValue:
    """Shut a device out."""
    devices.revoke(actor, actor.account_id, device_id, now())
    return redirect(url_for("factors.show"), 303)


@blueprint.get("/account/email")
@policy("factor.change")
def email(actor: Actor) -> ResponseReturnValue:
    """Ask for a new address."""
    return _email_page(actor, {}, {})


@blueprint.post("/account/email")
@policy("factor.change", fields=("email",), throttle="mail")
def ask_email(actor: Actor) -> ResponseReturnValue:
    """Have a code sent to a new address."""
    form = Form({"email": request.form.get("email", "")[:300]})
    try:
        service.ask_new_email(actor, form.raw("email"), locale.current(), now())
    except InvalidInput as error:
        form.refused(error)
        return _email_page(actor, form.typed, form.errors)
    return redirect(url_for("factors.show"), 303)


@blueprint.post("/account/email/confirm")
@policy("email.confirm", fields=("code",), throttle="prove")
def confirm_email(actor: Actor) -> ResponseReturnValue:
    """Change the address to the one whose code was typed in."""
    if service.confirm_email(actor, request.form.get("code", "")[:40], now()):
        throttles.forgive()
        return redirect(url_for("factors.show"), 303)
    return _page(actor, {"code": _("This code does not fit. After five tries ask for a new one.")})


@blueprint.get("/account/prove")
@policy("session.prove")
def prove(actor: Actor) -> ResponseReturnValue:
    """Ask for a factor again."""
    return _prove_page(actor, request.args.get("to", ""), {})


@blueprint.post("/account/prove/first")
@policy("session.prove", fields=("typed",))
def prove_first(actor: Actor) -> ResponseReturnValue:
    """Ask for a factor again before a form that waits for it; the form travels along."""
    return _prove_page(actor, "", {}, request.form.get("typed", ""))


@blueprint.post("/account/prove")
@policy("session.prove", fields=PROOFS, throttle="prove")
def proven(actor: Actor) -> ResponseReturnValue:
    """Take a factor and lead back to where it was asked for."""
    session, browser, form = sessions.current(), sessions.browser(), request.form
    entered: Entered | None = None
    if "pin" in form:
        typed = "".join(form["pin"].split())[: PIN_LONGEST + 1]
        entered = service.prove_by_pin(session, sessions.device(), typed, browser, now())
    elif "password" in form:
        entered = service.prove_by_password(session, form["password"][:300], browser, now())
    elif "code" in form:
        entered = service.prove_by_code(session, form["code"][:40], browser, now())
    elif "answer" in form:
        try:
            entered = passkeys.prove(session, sessions.secret(), sign_in.answer(), browser, now())
        except passkeys.Refused:
            entered = None
    elif "demo" in form:
        entered = service.prove_in_demo(session, browser, now())
    if entered is None:
        wrong = {"proof": _("This does not fit.")}
        return _prove_page(actor, form.get("to", ""), wrong, form.get("typed", ""))
    throttles.forgive()
    sessions.go_on(entered)
    waiting = read_typed(form.get("typed", ""))
    if waiting is not None and policies.takes(waiting):
        return render_template("account/send_now.html", waiting=waiting)
    return redirect(_safe(form.get("to", "")), 303)


@blueprint.post("/account/prove/passkey/options")
@policy("session.prove", fields=(), throttle="prove")
def prove_options(actor: Actor) -> ResponseReturnValue:
    """What a browser needs to show a passkey again."""
    throttles.forgive()
    return passkeys.prove_options(sessions.current(), sessions.secret(), now())


def _safe(to: str) -> str:
    """A page of ours, and nothing else."""
    is_ours = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable()
    return to if is_ours else HOME


def _go_on(entered: Entered) -> ResponseReturnValue:
    throttles.forgive()
    sessions.go_on(entered)
    return redirect(url_for("factors.show"), 303)


def layout(actor: Actor) -> str:
    """The frame of an account's pages: a patient's, or that of the staff."""
    return "patient/layout.html" if actor.role is Role.PATIENT else "clinician/layout.html"


def _page(actor: Actor, errors: dict[str, str]) -> ResponseReturnValue:
    mine = service.factors_of(actor.account_id)
    left = factors.recovery_left(actor.account_id)
    here = sessions.current().device_id
    shown = ShownFactors(
        email=mine.email or "",
        email_new=mine.email_new or "",
        has_password=mine.has_password,
        has_totp=mine.has_totp,
        recovery=_("%(num)s recovery codes are left.", num=left) if mine.has_second else "",
        passkeys=[
            ShownKey(
                one.label or _("Passkey"),
                _("since %(day)s", day=words.day(one.created_at.date(), "full")),
                url_for("factors.drop_passkey", passkey_id=one.id),
            )
            for one in passkeys.passkeys_of(actor.account_id)
        ],
        devices=[
            ShownKey(
                one.label or _("A device"),
                _("this one")
                if one.id == here
                else _("last used %(day)s", day=words.day(one.seen_at.date())),
                url_for("factors.drop_device", device_id=one.id),
            )
            for one in devices.devices_of(actor.account_id)
        ],
        has_pin_here=here is not None,
        may_pin=actor.role is Role.PATIENT,
        may_passkey=passkeys.are_possible(),
        may_mail=mails.is_on(),
        is_staff=actor.role is not Role.PATIENT,
    )
    page = render_template(
        "account/ways_in.html", layout=layout(actor), ways=shown, sso=_sso(actor), errors=errors
    )
    return page, 422 if errors else 200


def _sso(actor: Actor) -> ShownSso | None:
    if not oidc.is_on():
        return None
    return ShownSso(settings.current().oidc_name, oidc.tied(actor.account_id) is not None)


def _password_page(actor: Actor, errors: dict[str, str]) -> ResponseReturnValue:
    mine = service.factors_of(actor.account_id)
    asks = mine.has_password and sessions.current().via is not Via.RESET
    page = render_template(
        "account/password.html",
        asks_current=asks,
        shortest=PASSWORD_SHORTEST[actor.role],
        errors=errors,
    )
    return page, 422 if errors else 200


def _pin_page(actor: Actor, errors: dict[str, str]) -> ResponseReturnValue:
    if actor.role is not Role.PATIENT:
        raise NotFound
    return render_template("account/new_pin.html", errors=errors), 422 if errors else 200


def _email_page(actor: Actor, typed: dict[str, str], errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template("account/email.html", form=typed, errors=errors, mails=mails.is_on())
    return page, 422 if errors else 200


def _prove_page(
    actor: Actor, to: str, errors: dict[str, str], waiting: str = ""
) -> ResponseReturnValue:
    mine = service.factors_of(actor.account_id)
    has_pin = sessions.current().device_id is not None and devices.is_known(sessions.device())
    has_any = has_pin or mine.has_password or mine.has_second
    page = render_template(
        "account/prove.html",
        to=_safe(to),
        waiting=waiting,
        has_pin=has_pin,
        has_password=mine.has_password,
        has_totp=mine.has_second,
        has_passkey=mine.has_passkey and passkeys.are_possible(),
        is_demo=not has_any and settings.current().mode is Mode.DEMO,
        has_any=has_any,
        errors=errors,
    )
    return page, 422 if errors else 200
