"""Response headers: on every answer, errors and files included."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse

HTML = "text/html"
ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
#: Documents and files load nothing and are framed by nobody.
DOCUMENT_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PICTURE_CSP = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
#: Only script tags that this answer wrote run, and what they load: an address of ours is not
#: enough, for people's own files have one too. 'self' is for browsers before 'strict-dynamic'.
PAGE_CSP = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
#: Somebody's picture or film: shown inside our pages, harmless if opened by itself.
MEDIUM_CSP = (
    "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
CSP = "Content-Security-Policy"
NO_STORE = "no-store"
KEEP = "private, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Put the headers on every response of ``app``, and offer ``csp_nonce()`` to its templates."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.after_request(_add)


def csp_nonce() -> str:
    """The nonce of this response: every script tag of a page carries it."""
    found: str | None = g.get("csp_nonce")
    if found is None:
        found = g.csp_nonce = secrets.token_urlsafe(16)
    return found


class Kept(Response):
    """An answer that says nothing of anybody, at an address that changes when it does."""


def picture(content: bytes, mimetype: str) -> Response:
    """A chart as a response of its own: sandboxed, never kept, and only for pages of this site."""
    response = Response(content, mimetype=mimetype)
    response.headers[CSP] = PICTURE_CSP
    return response


def kept_picture(content: bytes, mimetype: str) -> Response:
    """A drawing that this reader's browser may keep for a year."""
    response = Kept(content, mimetype=mimetype)
    response.headers[CSP] = PICTURE_CSP
    response.headers["Cache-Control"] = KEEP
    return response


def is_foreign_picture() -> bool:
    """Whether another site embeds this address; its charts are not for other sites."""
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}


def _add(response: Response) -> Response:
    headers = response.headers
    is_page = response.mimetype == HTML
    if CSP not in headers:
        headers[CSP] = PAGE_CSP.format(nonce=csp_nonce()) if is_page else DOCUMENT_CSP
    # Pages post to themselves, and browsers then name their origin only under this policy.
    headers["Referrer-Policy"] = "same-origin" if is_page else "no-referrer"
    is_file = request.endpoint == "static" or isinstance(response, Kept)
    if not is_file or response.status_code >= 400:
        headers["Cache-Control"] = NO_STORE
        if is_page or "session_secret" in g:
            response.vary.add("Cookie")
    return response


def with_always(start: StartResponse) -> StartResponse:
    """``start`` for answers that also carry what is the same on all: none of it is looked for."""

    def started(
        status: str, headers: list[tuple[str, str]], error: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        return start(status, [*headers, *ALWAYS], error)

    return started
