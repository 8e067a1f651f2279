"""Signing in: every way in that is open to all.

No answer here says whether somebody has an account. Where a code or a password does not fit, the
page says what else one can do.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence import settings
from adherence.domain.access import Role, Stage
from adherence.domain.errors import InvalidInput
from adherence.domain.sign_in import PASSWORD_LONGEST, PASSWORD_SHORTEST, PIN_LONGEST, Purpose, Via
from adherence.pages.forms import Form
from adherence.services import devices, invites, mails, oidc, passkeys
from adherence.services import sign_in as service
from adherence.services.sessions import Entered
from adherence.services.sign_in import Elsewhere, FirstStart
from adherence.web import csrf, locale, sessions, throttles
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import public, throttled, visitor

blueprint = Blueprint("sign_in", __name__)

CODE_LIMIT = 200
EMAIL_LIMIT = 254
ANSWER_LIMIT = 20_000
REASONS = {"mail": Purpose.MAIL, "reset": Purpose.RESET}


@blueprint.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """Ask a known device for its PIN, everybody else for address and password."""
    if visitor() is not None:
        return redirect(url_for("account.home"), 303)
    if devices.is_known(sessions.device()):
        return _pin_page({})
    return _page({}, {})


@blueprint.get("/sign-in/other")
@public
def other() -> ResponseReturnValue:
    """Ask for address and password, on a known device too."""
    return _page({}, {})


@blueprint.get("/clinics/<slug>/sign-in")
@public
def at(slug: str) -> ResponseReturnValue:
    """Ask for address and password, for one clinic of several. Any word looks the same."""
    return _page({"clinic": slug}, {})


@blueprint.get("/signed-out")
@public
def goodbye() -> ResponseReturnValue:
    """Say that the session is over."""
    return _page({}, {}, signed_out=True)


@blueprint.post("/sign-in/password")
@throttled("password", fields=("clinic", "email", "password"))
def by_password() -> ResponseReturnValue:
    """Sign in by password; what does not fit says nothing about why."""
    form = Form(request.form)
    password = request.form.get("password", "")[: PASSWORD_LONGEST + 1]
    entered = service.by_password(
        form.raw("clinic"), form.raw("email")[:EMAIL_LIMIT], password, sessions.browser(), now()
    )
    if entered is None:
        form.wrong("password", _("This does not fit together. Nothing is locked yet."))
        return _page(form.typed, form.errors)
    throttles.remember(form.raw("email"))
    return went_in(entered)


@blueprint.post("/sign-in/pin")
@throttled("pin", fields=("pin",))
def by_pin() -> ResponseReturnValue:
    """Open a known device with its PIN."""
    pin = "".join(request.form.get("pin", "").split())[: PIN_LONGEST + 1]
    if not pin:
        return _pin_page({"pin": _("Type your PIN.")})
    entered = devices.by_pin(sessions.device(), pin, sessions.browser(), now())
    if isinstance(entered, Entered):
        return went_in(entered)
    if entered == 0:
        sessions.forget_device()
        return _page({}, {}, shut=True)
    return _pin_page({"pin": _("This PIN does not fit.")}, entered)


@blueprint.get("/code")
@public
def code() -> ResponseReturnValue:
    """Show the field for a code from paper, a mail or whoever runs the server."""
    return _code_page({})


@blueprint.post("/code")
@throttled("code", fields=("token",))
def by_code() -> ResponseReturnValue:
    """Redeem a code that works once; one that does not fit says nothing about why."""
    typed = request.form.get("token", "").strip()[:CODE_LIMIT].rpartition("#")[2]
    found = service.by_code(typed, csrf.pre(), sessions.browser(), now()) if typed else None
    match found:
        case Entered():
            return went_in(found)
        case FirstStart():
            return _first_start_page({"token": typed, "zone": ""}, {})
        case Elsewhere():
            wrong = _(
                "This link works only in the browser that asked for it. Type the eight digits from"
                " the mail there, or ask for a new mail here."
            )
        case _:
            wrong = _("This code does not fit or was used before. Ask your clinic for a new one.")
    return _code_page({"token": wrong})


@blueprint.post("/first-start")
@throttled("code", fields=("token", "clinic", "zone", "name", "email", "password", "again"))
def first_start() -> ResponseReturnValue:
    """Found the first clinic and its administrator."""
    form = Form(request.form)
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        form.wrong("again", _("The two are not the same."))
    entered = None
    if not form.errors:
        try:
            entered = invites.found_clinic(
                form.raw("token")[:CODE_LIMIT],
                clinic=form.raw("clinic"),
                zone=form.raw("zone"),
                name=form.raw("name"),
                email=form.raw("email"),
                password=password,
                locale=locale.current(),
                emergency_number=settings.current().emergency_number,
                browser=sessions.browser(),
                now=now(),
            )
        except InvalidInput as error:
            form.refused(error)
    if entered is not None:
        return went_in(entered)
    if form.errors:
        return _first_start_page(form.typed, form.errors)
    return _code_page({"token": _("This link is over. Ask whoever runs the server for a new one.")})


@blueprint.get("/sign-in/mail")
@public
def ask() -> ResponseReturnValue:
    """Ask for the address that a link is sent to."""
    return _ask_page("mail", {}, {})


@blueprint.get("/sign-in/forgotten")
@public
def forgotten() -> ResponseReturnValue:
    """The same for a forgotten password."""
    return _ask_page("reset", {}, {})


@blueprint.post("/sign-in/mail")
@throttled("mail", fields=("reason", "email", "clinic"))
def send() -> ResponseReturnValue:
    """Have a link sent. The answer is the same whoever has the address."""
    form = Form(request.form)
    reason = form.choice("reason", REASONS) or "mail"
    address = form.raw("email")[:EMAIL_LIMIT]
    if "@" not in address:
        form.wrong("email", _("Type an e-mail address."))
        return _ask_page(reason, form.typed, form.errors)
    service.ask_mail(
        REASONS[reason], form.raw("clinic"), address, csrf.pre(), locale.current(), now()
    )
    return render_template("account/mail_sent.html", errors={})


@blueprint.post("/sign-in/mail/code")
@throttled("mail_code", fields=("code",))
def by_mail_code() -> ResponseReturnValue:
    """Sign in by the eight digits of a mail."""
    typed = request.form.get("code", "")[:CODE_LIMIT]
    entered = service.by_mail_code(typed, csrf.pre(), sessions.browser(), now())
    if entered is not None:
        return went_in(entered)
    errors = {"code": _("This code does not fit. After five tries ask for a new mail.")}
    return render_template("account/mail_sent.html", errors=errors), 422


@blueprint.post("/sign-in/passkey/options")
@throttled("passkey", fields=())
def passkey_options() -> ResponseReturnValue:
    """What a browser needs to ask for a passkey."""
    return passkeys.sign_in_options(csrf.pre(), now())


@blueprint.post("/sign-in/passkey")
@throttled("passkey", fields=("answer",))
def by_passkey() -> ResponseReturnValue:
    """Sign in with a passkey."""
    try:
        entered = passkeys.by_passkey(answer(), csrf.pre(), sessions.browser(), now())
    except passkeys.Refused:
        form = {"passkey": _("This passkey did not fit. Sign in another way.")}
        return _page({}, form)
    return went_in(entered)


def answer() -> dict[str, Any]:
    """What a browser says a passkey answered.

    Raises:
        passkeys.Refused: it is not even a document.
    """
    try:
        found = json.loads(request.form.get("answer", "")[:ANSWER_LIMIT])
    except (ValueError, RecursionError) as error:
        raise passkeys.Refused from error
    if not isinstance(found, dict):
        raise passkeys.Refused
    return found


def went_in(entered: Entered) -> ResponseReturnValue:
    """Give the browser its session and lead on: to the next step, or to where somebody wanted."""
    throttles.forgive()
    sessions.go_on(entered)
    if entered.stage is Stage.PENDING:
        return redirect(_on("steps.next_one"), 303)
    if entered.via is Via.RESET:
        return redirect(_on("factors.password"), 303)
    return redirect(url_for("account.home"), 303)


def refused_elsewhere() -> ResponseReturnValue:
    """Say that single sign-on did not lead in here, and nothing about why."""
    said = _("That did not lead in here. Try again, or sign in another way.")
    return _page({}, {"passkey": said})


def clinic_field() -> bool:
    """Whether somebody has to say to which clinic."""
    return service.asks_for_clinic()


def _on(endpoint: str) -> str:
    """The address of the next page, in the language that was chosen on this one."""
    chosen = request.args.get("lang")
    return url_for(endpoint, lang=chosen) if chosen in locale.LOCALES else url_for(endpoint)


def _page(
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    signed_out: bool = False,
    shut: bool = False,
) -> ResponseReturnValue:
    page = render_template(
        "account/sign_in.html",
        form=typed,
        errors=errors,
        signed_out=signed_out,
        shut=shut,
        asks_for_clinic=clinic_field(),
        mails=mails.is_on(),
        passkeys=passkeys.are_possible(),
        sso=settings.current().oidc_name if oidc.is_on() else "",
    )
    return page, 422 if errors or shut else 200


def _pin_page(errors: dict[str, str], left: int = 0) -> ResponseReturnValue:
    page = render_template("account/pin.html", errors=errors, left=left)
    return page, 422 if errors else 200


def _code_page(errors: dict[str, str]) -> ResponseReturnValue:
    return render_template("account/code.html", errors=errors), 422 if errors else 200


def _ask_page(reason: str, typed: dict[str, str], errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template(
        "account/mail.html",
        reason=reason,
        form=typed,
        errors=errors,
        asks_for_clinic=clinic_field(),
        mails=mails.is_on(),
    )
    return page, 422 if errors else 200


def _first_start_page(typed: dict[str, str], errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template(
        "account/first_start.html",
        form=typed,
        errors=errors,
        shortest=PASSWORD_SHORTEST[Role.ADMIN],
    )
    return page, 422 if errors else 200
