"""Forms that only our own pages can post: a token tied to the browser, and where it came from.

The token of a signed-in browser is derived from its session, that of anybody else from a cookie
that exists only once a form was shown. Nothing is stored for either.
"""

from __future__ import annotations

import hmac
import secrets

from flask import Flask, Response, g, request

from adherence import settings
from adherence.domain.errors import NotPermitted

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
COOKIE = "__Host-pre"
COOKIE_SECONDS = 3600


class ForeignForm(NotPermitted):
    """The post does not come from a page of ours, or from one that is too old."""


def init_app(app: Flask) -> None:
    """Offer ``csrf_token()`` to the templates of ``app``."""
    app.jinja_env.globals["csrf_token"] = token
    app.after_request(_write_cookie)


def token() -> str:
    """The token that a form on this page has to send back."""
    secret = _session()
    return _tied("pre", pre()) if secret is None else _tied("session", secret)


def pre() -> str:
    """The secret that tells this browser from others before anybody has signed in on it."""
    found: str | None = request.cookies.get(COOKIE) or g.get("pre_cookie")
    if not found:
        found = g.pre_cookie = secrets.token_urlsafe(32)
    return found


def check() -> None:
    """Let an unsafe request pass only if one of our own pages sent it.

    Raises:
        ForeignForm: it did not, or the token is missing or another browser's.
    """
    _check_origin()
    secret = _session()
    if secret is not None:
        expected = _tied("session", secret)
    elif found := request.cookies.get(COOKIE):
        expected = _tied("pre", found)
    else:
        raise ForeignForm
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise ForeignForm


def _session() -> str | None:
    """The session that forms of this page belong to; none on a page that is open to all."""
    found: str | None = None if g.get("is_open_page") else g.get("session_secret")
    return found


def _check_origin() -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise ForeignForm
    origin = request.headers.get("Origin")
    # "null" is what browsers say under a strict referrer policy: it proves nothing either way.
    if origin is None or origin == "null":
        return
    if origin not in {settings.current().origin, request.host_url.rstrip("/")}:
        raise ForeignForm


def _tied(kind: str, secret: str) -> str:
    key = settings.current().secret_key.encode()
    message = f"csrf\0{kind}\0{secret}".encode("utf-8", "replace")
    return hmac.new(key, message, "sha256").hexdigest()


def _write_cookie(response: Response) -> Response:
    made: str | None = g.get("pre_cookie")
    if made is not None:
        response.set_cookie(
            COOKIE,
            made,
            max_age=COOKIE_SECONDS,
            path="/",
            secure=True,
            httponly=True,
            # Not "Strict": a link in a mail would come without it and the page would get a new one,
            # so that forms already open in this browser could no longer be sent.
            samesite="Lax",
        )
    return response
