"""Where one is signed in, and ending it; and the word that somebody is still typing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from adherence.domain.access import Actor
from adherence.pages.factors import layout
from adherence.services import sessions as service
from adherence.web import sessions, words
from adherence.web.clock import now
from adherence.web.locale import gettext as _
from adherence.web.policy import policy

blueprint = Blueprint("sessions", __name__)


@dataclass(frozen=True, slots=True)
class ShownSession:
    """One browser in which somebody is signed in; ``action`` is empty for this one."""

    name: str
    note: str
    action: str


@blueprint.get("/account/sessions")
@policy("session.list")
def show(actor: Actor) -> ResponseReturnValue:
    """List where the actor is signed in."""
    shown = [
        ShownSession(
            name=one.label or _("A browser"),
            note=_("this one")
            if one.is_this
            else _("last active %(since)s ago", since=words.age(one.seen_at, now())),
            action="" if one.is_this else url_for("sessions.end_one", session_id=one.id),
        )
        for one in service.sessions_of(actor, sessions.secret(), now())
    ]
    return render_template("account/sessions.html", layout=layout(actor), sessions=shown)


@blueprint.post("/account/sessions/<uuid:session_id>/end")
@policy("session.list", fields=())
def end_one(actor: Actor, session_id: UUID) -> ResponseReturnValue:
    """End one of the actor's sessions."""
    service.end_one(actor, session_id, now())
    return redirect(url_for("sessions.show"), 303)


@blueprint.post("/account/sessions/end")
@policy("session.list", fields=())
def end_all(actor: Actor) -> ResponseReturnValue:
    """End every session of the actor, this one too."""
    service.end_all(actor, now())
    sessions.end()
    return redirect(url_for("sign_in.goodbye"), 303)


@blueprint.post("/still-here")
@policy("session.stay", fields=())
def stay(actor: Actor) -> ResponseReturnValue:
    """Take notice that somebody is typing; the guard has written it down."""
    return "", 204
