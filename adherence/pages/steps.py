"""The steps between the first factor and the first page: they open nothing else."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.errors import InvalidInput
from adherence.domain.sign_in import PASSWORD_SHORTEST, PIN_LONGEST, Step, next_step, spell
from adherence.pages import sign_in
from adherence.pages.forms import Form
from adherence.pages.qr import qr
from adherence.services import devices, factors, passkeys, patients
from adherence.services import sign_in as service
from adherence.services.factors import NewTotp
from adherence.services.sessions import Entered
from adherence.web import locale, sessions, throttles
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import NEXT_STEP, policy
from adherence.web.problems import StepNeeded

blueprint = Blueprint("steps", __name__)

PAGES = {
    Step.PASSWORD: "steps.first_password",
    Step.WELCOME: "steps.welcome",
    Step.ENROL: "steps.enrol",
    Step.PROVE: "steps.second",
}
GROUP = 5


@blueprint.get("/sign-in/next")
@policy("sign_in.finish")
def next_one(actor: Actor) -> ResponseReturnValue:
    """Go to the step that is still needed."""
    endpoint = PAGES[_needed(actor)]
    chosen = request.args.get("lang")
    lang = chosen if chosen in locale.LOCALES else None
    return redirect(url_for(endpoint, lang=lang), 303)


@blueprint.get("/sign-in/second")
@policy("sign_in.finish")
def second(actor: Actor) -> ResponseReturnValue:
    """Ask for the second factor."""
    _only_at(actor, Step.PROVE)
    return _second_page(actor, {})


@blueprint.post("/sign-in/second")
@policy("sign_in.finish", fields=("code",), throttle="second_step")
def prove_second(actor: Actor) -> ResponseReturnValue:
    """Take an authenticator or a recovery code."""
    _only_at(actor, Step.PROVE)
    typed = request.form.get("code", "")[:40]
    entered = service.finish(sessions.current(), typed, sessions.browser(), now())
    if entered is None:
        return _second_page(
            actor, {"code": _("This code does not fit or was used before. Wait for the next one.")}
        )
    _remember(actor)
    return sign_in.went_in(entered)


@blueprint.post("/sign-in/second/passkey/options")
@policy("sign_in.finish", fields=(), throttle="second_step")
def second_options(actor: Actor) -> ResponseReturnValue:
    """What a browser needs to ask for one of the account's passkeys."""
    _only_at(actor, Step.PROVE)
    throttles.forgive()
    return passkeys.prove_options(sessions.current(), sessions.secret(), now())


@blueprint.post("/sign-in/second/passkey")
@policy("sign_in.finish", fields=("answer",), throttle="second_step")
def prove_passkey(actor: Actor) -> ResponseReturnValue:
    """Take a passkey as the second step."""
    _only_at(actor, Step.PROVE)
    try:
        entered = passkeys.prove(
            sessions.current(), sessions.secret(), sign_in.answer(), sessions.browser(), now()
        )
    except passkeys.Refused:
        return _second_page(actor, {"code": _("This passkey did not fit. Take a code.")})
    _remember(actor)
    return sign_in.went_in(entered)


@blueprint.get("/sign-in/password/new")
@policy("sign_in.begin_password")
def first_password(actor: Actor) -> ResponseReturnValue:
    """Ask for the first password."""
    _only_at(actor, Step.PASSWORD)
    return _password_page(actor, {})


@blueprint.post("/sign-in/password/new")
@policy("sign_in.begin_password", fields=("password", "again"))
def set_first_password(actor: Actor) -> ResponseReturnValue:
    """Keep the first password."""
    _only_at(actor, Step.PASSWORD)
    form = Form({})
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        form.wrong("again", _("The two are not the same."))
    if not form.errors:
        try:
            entered = service.choose_first_password(
                sessions.current(), password, sessions.browser(), now()
            )
        except InvalidInput as error:
            form.refused(error)
        else:
            return sign_in.went_in(entered)
    return _password_page(actor, form.errors)


@blueprint.get("/sign-in/enrol")
@policy("sign_in.enrol")
def enrol(actor: Actor) -> ResponseReturnValue:
    """Offer a secret for an authenticator app, and passkeys."""
    _only_at(actor, Step.ENROL)
    return enrol_page(actor, {}, is_first=True)


@blueprint.post("/sign-in/enrol")
@policy("sign_in.enrol", fields=("code",), throttle="second_step")
def set_up(actor: Actor) -> ResponseReturnValue:
    """Keep the authenticator app whose code was typed in, and show the recovery codes."""
    _only_at(actor, Step.ENROL)
    return keep_totp(actor, is_first=True)


@blueprint.post("/sign-in/enrol/passkey/options")
@policy("sign_in.enrol", fields=(), throttle="second_step")
def passkey_options(actor: Actor) -> ResponseReturnValue:
    """What a browser needs to make the first passkey."""
    _only_at(actor, Step.ENROL)
    throttles.forgive()
    return passkeys.new_options(sessions.current(), sessions.secret(), now())


@blueprint.post("/sign-in/enrol/passkey")
@policy("sign_in.enrol", fields=("answer", "label"), throttle="second_step")
def add_passkey(actor: Actor) -> ResponseReturnValue:
    """Keep the first passkey, and show the recovery codes."""
    _only_at(actor, Step.ENROL)
    return keep_passkey(actor, is_first=True)


@blueprint.get("/welcome")
@policy("sign_in.welcome")
def welcome(actor: Actor) -> ResponseReturnValue:
    """Ask a patient whether the code is theirs, for the language and for a PIN."""
    _only_at(actor, Step.WELCOME)
    return _welcome_page(actor, {}, {})


@blueprint.post("/welcome")
@policy("sign_in.welcome", fields=("locale", "pin", "again"))
def open_device(actor: Actor) -> ResponseReturnValue:
    """Let the PIN open this device from now on."""
    _only_at(actor, Step.WELCOME)
    form = Form({"locale": request.form.get("locale", "")})
    chosen = form.choice("locale", locale.LOCALES) or locale.current()
    pin = "".join(request.form.get("pin", "").split())[: PIN_LONGEST + 1]
    again = "".join(request.form.get("again", "").split())[: PIN_LONGEST + 1]
    if pin != again:
        form.wrong("again", _("The two are not the same."))
    if not form.errors:
        try:
            entered, cookie = devices.welcome(
                sessions.current(), pin, chosen, sessions.browser(), now()
            )
        except InvalidInput as error:
            form.refused(error)
        else:
            sessions.keep_device(cookie)
            return sign_in.went_in(entered)
    return _welcome_page(actor, form.typed, form.errors)


def enrol_page(actor: Actor, errors: dict[str, str], *, is_first: bool) -> ResponseReturnValue:
    """The page that offers an authenticator app's secret, as a square and as text."""
    offered = offer(actor)
    page = render_template(
        "account/enrol.html",
        square=qr(offered.address, _("Square code for your authenticator app")),
        secret=spell(offered.secret),
        errors=errors,
        is_first=is_first,
        passkeys=is_first and passkeys.are_possible(),
    )
    return page, 422 if errors else 200


def keep_totp(actor: Actor, *, is_first: bool) -> ResponseReturnValue:
    """Keep the authenticator app whose code was typed in; the page with the recovery codes."""
    typed = request.form.get("code", "")[:40]
    enrolled = service.enrol(sessions.current(), offer(actor), typed, sessions.browser(), now())
    if enrolled is None:
        wrong = _("This code does not fit. Look at the clock of your phone, then try the next one.")
        return enrol_page(actor, {"code": wrong}, is_first=is_first)
    entered, codes = enrolled
    return recovery_page(actor, entered, codes)


def keep_passkey(actor: Actor, *, is_first: bool) -> ResponseReturnValue:
    """Keep a new passkey; the recovery codes if it is the first second factor."""
    label = request.form.get("label", "")[:80]
    try:
        entered, codes = passkeys.add_passkey(
            sessions.current(),
            sessions.secret(),
            sign_in.answer(),
            label,
            sessions.browser(),
            now(),
        )
    except (passkeys.Refused, InvalidInput):
        wrong = _("No passkey was made. Try again, or take the app.")
        if is_first:
            return enrol_page(actor, {"passkey": wrong}, is_first=True)
        return redirect(url_for("factors.show"), 303)
    if codes:
        return recovery_page(actor, entered, codes)
    throttles.forgive()
    sessions.go_on(entered)
    return redirect(url_for("factors.show"), 303)


def recovery_page(actor: Actor, entered: Entered | None, codes: list[str]) -> ResponseReturnValue:
    """The page that shows recovery codes, once."""
    if entered is not None:
        throttles.forgive()
        sessions.go_on(entered)
        _remember(actor)
    return render_template("account/recovery.html", codes=[spell(code, GROUP) for code in codes])


def offer(actor: Actor) -> NewTotp:
    """The secret that this session offers for an authenticator app."""
    clinic = patients.clinic_name(actor.clinic_id)
    return factors.new_totp(sessions.secret(), actor.name, clinic)


def _needed(actor: Actor) -> Step:
    has_second = service.factors_of(actor.account_id).has_second
    return next_step(sessions.current().via, has_second)


def _only_at(actor: Actor, step: Step) -> None:
    """Lead to the step that comes next whoever asks for another: none can be taken out of turn."""
    if _needed(actor) is not step:
        raise StepNeeded(NEXT_STEP)


def _remember(actor: Actor) -> None:
    email = service.factors_of(actor.account_id).email
    if email:
        throttles.remember(email)


def _second_page(actor: Actor, errors: dict[str, str]) -> ResponseReturnValue:
    mine = service.factors_of(actor.account_id)
    page = render_template(
        "account/second.html",
        has_totp=mine.has_totp,
        has_passkey=mine.has_passkey and passkeys.are_possible(),
        errors=errors,
    )
    return page, 422 if errors else 200


def _password_page(actor: Actor, errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template(
        "account/first_password.html", shortest=PASSWORD_SHORTEST[actor.role], errors=errors
    )
    return page, 422 if errors else 200


def _welcome_page(
    actor: Actor, typed: dict[str, str], errors: dict[str, str]
) -> ResponseReturnValue:
    page = render_template(
        "account/welcome.html",
        name=actor.name,
        chosen=typed.get("locale") or locale.current(),
        errors=errors,
    )
    return page, 422 if errors else 200
