"""Acting for somebody: choosing for whom, stopping, and who may act for oneself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.domain.errors import NotFound
from adherence.pages.factors import ShownKey
from adherence.pages.own import own
from adherence.services import proxies as service
from adherence.services import sessions as session_service
from adherence.web import sessions, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("proxies", __name__)


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """Somebody for whom one may act, or oneself (an empty id)."""

    patient_id: str
    name: str
    is_now: bool


@blueprint.get("/for")
@policy("proxy.act")
def choose(actor: Actor) -> ResponseReturnValue:
    """Ask for whom somebody is here."""
    people = [
        ShownPerson(str(one.patient_id), one.patient_name, one.patient_id == actor.acts_for)
        for one in service.patients_of(actor, now())
    ]
    if actor.patient_id is not None:
        mine = _("For me, %(name)s", name=actor.name)
        people.insert(0, ShownPerson("", mine, actor.acts_for is None))
    return render_template("account/for.html", people=people)


@blueprint.post("/for")
@policy("proxy.act", fields=("patient_id",))
def act(actor: Actor) -> ResponseReturnValue:
    """Act for somebody from here on, or for nobody."""
    chosen = request.form.get("patient_id", "")
    try:
        patient_id = UUID(chosen) if chosen else None
    except ValueError as error:
        raise NotFound from error
    new = session_service.beginning(sessions.browser(), now())
    sessions.go_on_as(service.act(new, sessions.current(), patient_id, now()))
    return redirect(url_for("account.home"), 303)


@blueprint.get("/proxies")
@policy("proxy.end")
def show(actor: Actor) -> ResponseReturnValue:
    """Show who may act for oneself."""
    people = [
        ShownKey(
            one.proxy_name,
            _("since %(day)s", day=words.day(one.from_at.date(), "full")),
            url_for("proxies.end", proxy_id=one.id)
            if actor.acts_for is None or one.account_id == actor.account_id
            else "",
        )
        for one in service.proxies_of(actor, own(actor), now())
    ]
    return render_template("patient/proxies.html", people=people)


@blueprint.post("/proxies/<uuid:proxy_id>/end")
@policy("proxy.end", fields=())
def end(actor: Actor, proxy_id: UUID) -> ResponseReturnValue:
    """Let somebody no longer act for oneself, or stop acting for good."""
    service.end_proxy(actor, own(actor), proxy_id, now())
    is_own = actor.acts_for is None
    return redirect(url_for("proxies.show" if is_own else "proxies.choose"), 303)
