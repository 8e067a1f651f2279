"""Single sign-on: on to the provider and back, and tying an account to it.

The provider sends the browser back from another site, where browsers leave our strict cookie out;
so the first page on return only leads on to one of ours, and a press there is what signs in.
"""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence import settings
from adherence.domain.access import Actor
from adherence.domain.errors import InvalidInput, NotFound
from adherence.pages.sign_in import refused_elsewhere, went_in
from adherence.services import oidc as service
from adherence.web import csrf, sessions
from adherence.web.clock import now
from adherence.web.policy import policy, public, throttled

blueprint = Blueprint("oidc", __name__)

LIMIT = 4_000
#: What the provider says.
SAID = ("code", "state", "iss")


@blueprint.post("/sign-in/oidc")
@throttled("oidc", fields=("clinic",))
def ask() -> ResponseReturnValue:
    """Lead on to the provider."""
    _must_be_on()
    try:
        place = service.ask(request.form.get("clinic", "")[:100], csrf.pre(), now())
    except service.Refused:
        return refused_elsewhere()
    return _on_to(place)


@blueprint.get("/sign-in/oidc/back")
@public
def back() -> ResponseReturnValue:
    """Take the browser back from the provider, to a page that knows it again."""
    _must_be_on()
    said = {name: request.args.get(name, "")[:LIMIT] for name in SAID}
    ties = said["state"].startswith(service.TIES)
    place = url_for("oidc.arrived_to_tie" if ties else "oidc.arrived")
    return _on_to(f"{place}?{urlencode(said)}", is_back=True)


@blueprint.get("/sign-in/oidc/arrived")
@public
def arrived() -> ResponseReturnValue:
    """Ask for the one press that signs in; looking at this page does nothing."""
    return _arrived("oidc.enter", ties=False)


@blueprint.get("/account/oidc/arrived")
@policy("factor.change")
def arrived_to_tie(actor: Actor) -> ResponseReturnValue:
    """Ask for the one press that ties the account; looking at this page does nothing."""
    return _arrived("oidc.tie", ties=True)


@blueprint.post("/sign-in/oidc/enter")
@throttled("oidc", fields=SAID)
def enter() -> ResponseReturnValue:
    """Sign in with what the provider said; what does not fit says nothing about why."""
    _must_be_on()
    try:
        entered = service.enter_by(*_said(), csrf.pre(), sessions.browser(), now())
    except service.Refused:
        return refused_elsewhere()
    return went_in(entered)


@blueprint.post("/account/oidc")
@policy("factor.change", fields=(), throttle="prove")
def ask_to_tie(actor: Actor) -> ResponseReturnValue:
    """Lead on to the provider, to come in that way from now on."""
    _must_be_on()
    try:
        return _on_to(service.ask_to_tie(sessions.current(), sessions.secret(), now()))
    except service.Refused:
        return _ways_in("away")


@blueprint.post("/account/oidc/tie")
@policy("factor.change", fields=SAID, throttle="prove")
def tie(actor: Actor) -> ResponseReturnValue:
    """Tie the account to whom the provider named."""
    _must_be_on()
    try:
        service.tie(sessions.current(), sessions.secret(), *_said(), now())
    except (service.Refused, InvalidInput):
        return _ways_in("refused")
    return redirect(url_for("factors.show"), 303)


@blueprint.post("/account/oidc/untie")
@policy("factor.change", fields=())
def untie(actor: Actor) -> ResponseReturnValue:
    """Come in that way no longer."""
    _must_be_on()
    service.untie(actor, now())
    return redirect(url_for("factors.show"), 303)


@blueprint.post("/staff/<uuid:account_id>/oidc")
@policy("account.invite", fields=("subject",), throttle="invite")
def tie_member(actor: Actor, account_id: UUID) -> ResponseReturnValue:
    """Tie a member of staff to a subject of the provider's, or to none."""
    _must_be_on()
    try:
        service.tie_member(actor, account_id, request.form.get("subject", "")[:LIMIT], now())
    except InvalidInput:
        return redirect(url_for("invites.staff", sso="taken"), 303)
    return redirect(url_for("invites.staff"), 303)


def _arrived(endpoint: str, *, ties: bool) -> ResponseReturnValue:
    _must_be_on()
    return render_template(
        "account/oidc_arrived.html",
        action=url_for(endpoint),
        said={name: request.args.get(name, "")[:LIMIT] for name in SAID},
        ties=ties,
        name=settings.current().oidc_name,
    )


def _must_be_on() -> None:
    if not service.is_on():
        raise NotFound


def _said() -> tuple[str, str, str]:
    form = request.form
    return (
        form.get("code", "")[:LIMIT],
        form.get("state", "")[:LIMIT],
        form.get("iss", "")[:LIMIT],
    )


def _on_to(place: str, *, is_back: bool = False) -> Response:
    """A page that leads on by itself; a redirect would carry this site's form rules along."""
    page = render_template(
        "account/oidc_on.html", place=place, is_back=is_back, name=settings.current().oidc_name
    )
    response = make_response(page)
    response.headers["Refresh"] = f"0; url={place}"
    return response


def _ways_in(what: str) -> ResponseReturnValue:
    return redirect(url_for("factors.show", sso=what), 303)
