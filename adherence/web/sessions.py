"""The signed-in browser: an opaque cookie, and nothing of the session outside the server."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, request
from flask.sessions import SessionInterface, SessionMixin

from adherence.domain.access import Actor
from adherence.services import accounts
from adherence.web.clock import now

COOKIE = "__Host-session"


class _NoClientSession(SessionInterface):
    """Flask's own session is a signed cookie that outlives signing out; there is none here."""

    def open_session(self, app: Flask, request: Any) -> SessionMixin | None:
        return None  # flask makes a null session of it, which refuses to be written

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        return


def init_app(app: Flask) -> None:
    """Give ``app`` server-side sessions and no others."""
    app.session_interface = _NoClientSession()
    app.after_request(_write_cookie)


def actor() -> Actor | None:
    """Who is signed in on this browser. Reading never prolongs a session."""
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    opened = accounts.open_session(secret, now())
    if opened is None:
        g.session_cookie = None  # worth nothing any more: taken back with this response
        return None
    g.session_secret = secret
    g.session_is_stale = opened.is_stale
    return opened.actor


def sign_in(token: str) -> bool:
    """Redeem a one-time token for a session on this browser; False says nothing about why.

    The browser's session before, if any, is over either way, and the new one has a new id. Call it
    from a posted form only.
    """
    secret = accounts.redeem_link(token.strip(), now(), replaces=request.cookies.get(COOKIE))
    g.session_cookie = secret
    return secret is not None


def sign_out(actor: Actor) -> None:
    """End this browser's session for good; the response also clears what was kept of pages."""
    accounts.end_session(g.session_secret, actor, now())
    g.session_cookie = None
    g.clears_cache = True


def note_act() -> None:
    """Write down that a person acted, if they did and it is due.

    An unsafe method is an act. A GET is one only where the browser says that somebody navigated
    (``Sec-Fetch-User``): refreshing by script, by meta tag or by redirect does not say so. Browsers
    too old to say anything count unless a script's header gives the request away.
    """
    if g.session_is_stale and _is_act():
        accounts.see_session(g.session_secret, now())


def _is_act() -> bool:
    headers = request.headers
    if "HX-Request" in headers or "X-Requested-With" in headers:
        return False
    if request.method not in {"GET", "HEAD"}:
        return True
    mode = headers.get("Sec-Fetch-Mode")
    return mode is None or (mode == "navigate" and headers.get("Sec-Fetch-User") == "?1")


def _write_cookie(response: Response) -> Response:
    if "session_cookie" in g:
        secret: str | None = g.session_cookie
        if secret is None:
            response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        else:
            response.set_cookie(
                COOKIE, secret, path="/", secure=True, httponly=True, samesite="Lax"
            )
    if g.get("clears_cache"):
        response.headers["Clear-Site-Data"] = '"cache"'
    return response
