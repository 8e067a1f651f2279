"""The signed-in browser: an opaque cookie, and nothing of the session outside the server."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, request
from flask.sessions import SessionInterface, SessionMixin

from adherence.domain.access import Actor
from adherence.services import sessions
from adherence.services.sessions import Browser, Entered, Opened
from adherence.web import browsers
from adherence.web.clock import now

COOKIE = "__Host-session"
DEVICE = "__Host-device"
#: A known device is forgotten by its browser after this many seconds: 400 days, the most there is.
DEVICE_SECONDS = 400 * 24 * 3600


class _NoClientSession(SessionInterface):
    """Flask's own session is a signed cookie that outlives signing out; there is none here."""

    def open_session(self, app: Flask, request: Any) -> SessionMixin | None:
        return None  # flask makes a null session of it, which refuses to be written

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        return


def init_app(app: Flask) -> None:
    """Give ``app`` server-side sessions and no others."""
    app.session_interface = _NoClientSession()
    app.after_request(_write_cookies)


def opened() -> Opened | None:
    """The live session of this browser. Reading never prolongs it."""
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    found = sessions.open_session(secret, now())
    if found is None:
        g.session_cookie = None  # worth nothing any more: taken back with this response
        return None
    g.session_secret = secret
    g.session = found
    return found


def current() -> Opened:
    """The session that the guard opened for this view."""
    found: Opened = g.session
    return found


def secret() -> str:
    """The secret of this browser's session, for what is bound to it."""
    found: str = g.session_secret
    return found


def browser() -> Browser:
    """What this browser brings along to the beginning of a session."""
    return Browser(request.cookies.get(COOKIE), browsers.label())


def device() -> str:
    """The secret of a device that may be known; empty where it never was."""
    return request.cookies.get(DEVICE, "")


def go_on(entered: Entered) -> None:
    """Let this browser hold a session that has begun; what it held before is over."""
    g.session_cookie = g.session_secret = entered.secret


def go_on_as(secret: str) -> None:
    """The same for a session that goes on under a new id."""
    g.session_cookie = g.session_secret = secret


def keep_device(cookie: str) -> None:
    """Let this browser be a known device."""
    g.device_cookie = cookie


def forget_device() -> None:
    """Let this browser no longer be a known device."""
    g.device_cookie = None


def sign_out(actor: Actor) -> None:
    """End this browser's session for good; the response also clears what was kept of pages."""
    sessions.end_session(g.session_secret, actor, now())
    end()


def end() -> None:
    """Take the cookie of a session back that is over."""
    g.session_cookie = None
    g.clears_cache = True


def note_act() -> None:
    """Write down that a person acted, if they did and it is due.

    An unsafe method is an act. A GET is one only where the browser says that somebody navigated
    (``Sec-Fetch-User``): refreshing by script, by meta tag or by redirect does not say so. Browsers
    too old to say anything count unless a script's header gives the request away.
    """
    if g.session.is_stale and _is_act():
        sessions.see_session(g.session_secret, now())


def _is_act() -> bool:
    headers = request.headers
    if "HX-Request" in headers or "X-Requested-With" in headers:
        return False
    if request.method not in {"GET", "HEAD"}:
        return True
    mode = headers.get("Sec-Fetch-Mode")
    return mode is None or (mode == "navigate" and headers.get("Sec-Fetch-User") == "?1")


def _write_cookies(response: Response) -> Response:
    if "session_cookie" in g:
        _write(response, COOKIE, g.session_cookie, "Lax", None)
    if "device_cookie" in g:
        _write(response, DEVICE, g.device_cookie, "Strict", DEVICE_SECONDS)
    if g.get("clears_cache"):
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _write(
    response: Response, name: str, secret: str | None, samesite: str, seconds: int | None
) -> None:
    if secret is None:
        response.delete_cookie(name, path="/", secure=True, httponly=True, samesite=samesite)
    else:
        response.set_cookie(
            name, secret, seconds, path="/", secure=True, httponly=True, samesite=samesite
        )
