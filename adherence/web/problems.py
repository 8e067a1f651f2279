"""Refusals: RFC 9457 problem documents for machines, a page with a next step for people.

No text of an exception reaches anybody: each status has its own sentences. The body for an id that
does not exist and for one that the actor may not know of is the same to the byte.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import traceback
from typing import Any

from flask import Flask, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _later
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException, SecurityError, Unauthorized

from adherence.domain.errors import (
    AdherenceError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    Restricted,
    TooMany,
)
from adherence.schemas.fields import messages_of
from adherence.web import request_ids
from adherence.web.typed import Typed

log = logging.getLogger(__name__)
#: A line for each refusal of somebody unknown that an attack would leave behind. Refusals of those
#: who are known stand in the audit.
security = logging.getLogger("adherence.security")

#: Addresses below these speak problem documents; all others are pages.
MACHINES = ("/api/",)
SIGN_IN = "/sign-in"
#: Where a form waits while its sender shows a factor again.
PROVE_FIRST = "/account/prove/first"
#: Seconds after which a client may try again when the store is full, locked or away.
RETRY_AFTER = 5

STATUS: dict[type[AdherenceError], int] = {
    InvalidInput: 422,
    NotPermitted: 403,
    NotFound: 404,
    Restricted: 423,
    Conflict: 409,
    TooMany: 429,
}
#: status -> (kind, title, detail), in English: the API speaks one language.
SAID: dict[int, tuple[str, str, str]] = {
    400: ("malformed", "The request cannot be read.", "Check its form and send it again."),
    401: ("signed-out", "Sign in first.", "Send a valid bearer token."),
    403: ("not-permitted", "This is not permitted.", "Your account cannot do this."),
    404: ("not-found", "There is nothing here.", "Check the address; it may have changed."),
    405: ("method", "This method is not offered here.", "See the Allow header."),
    409: ("conflict", "It has changed meanwhile.", "Read it again, then decide."),
    413: ("too-large", "The request is too large.", "Send it in smaller parts."),
    415: ("media-type", "The body is of the wrong kind.", "Send application/json."),
    422: ("invalid-input", "Some fields are not valid.", "See errors."),
    423: ("locked", "The record is locked away.", "It may be read by the patient, not changed."),
    429: ("too-many", "Too many requests.", "Wait as long as Retry-After says."),
    500: ("internal", "Something went wrong here.", "It was noted under the id in instance."),
    503: ("unavailable", "The service cannot store or read just now.", "Try again shortly."),
}
#: status -> (title, words) for people. A status that is missing reads like 400 or 500.
SHOWN: dict[int, tuple[Any, Any]] = {
    400: (
        _later("That did not arrive properly"),
        _later("Go back and try again. Nothing was stored."),
    ),
    401: (_later("Please sign in again"), _later("You were away for a while. Nothing was lost.")),
    403: (_later("This is not for your account"), _later("Somebody else on your team can do it.")),
    404: (_later("There is nothing here"), _later("The address may have changed.")),
    405: (_later("There is nothing here"), _later("The address may have changed.")),
    409: (
        _later("It has changed meanwhile"),
        _later("Somebody else was quicker. Look again, then decide."),
    ),
    413: (_later("That is too much at once"), _later("Send less, or in parts.")),
    415: (_later("That did not arrive properly"), _later("Go back and try again.")),
    422: (
        _later("Something in it does not fit"),
        _later("Go back: what you typed is still there."),
    ),
    423: (
        _later("Your record is locked"),
        _later("You can read it and have a copy made. Nothing in it can be changed any more."),
    ),
    429: (_later("A little too fast"), _later("Wait a moment and try again.")),
    500: (
        _later("Something went wrong here"),
        _later("It is our fault, not yours. Try again in a moment."),
    ),
    503: (
        _later("We cannot store anything just now"),
        _later("Nothing you typed is lost if you keep this page. Try again in a moment."),
    ),
}
SHOWN_FIELD = (
    _later("This page is no longer up to date"),
    _later(
        "It sent something that is not asked here. Perhaps it was open for long, or another program"
        " added it. Nothing was stored."
    ),
)
SHOWN_STEP = (
    _later("One step comes first"),
    _later("Show that it is you. Then do it again: nothing was stored."),
)
SHOWN_STEP_TYPED = _later("Show that it is you. What you typed is kept until then.")
#: What the log calls a refusal that may be an attack.
EVENTS = {403: "foreign form", 429: "too often"}
#: What a driver calls the states in which waiting helps and nobody made a mistake.
_SQLITE_WAIT = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")


class SignedOut(Unauthorized):
    """Nobody is signed in: no session or token, or one that is over."""


class StepNeeded(Unauthorized):
    """Somebody is signed in, but not for this: another step comes first, at ``to``.

    ``typed`` is the form that waits for it, where there is one.
    """

    def __init__(self, to: str, typed: Typed | None = None) -> None:
        super().__init__()
        self.to = to
        self.typed = typed


class MalformedRequest(HTTPException):
    """The body, a form or the query cannot be read as what it says it is."""

    code = 400

    def __init__(self, detail: str) -> None:
        super().__init__()
        self.detail = detail


class UnknownField(HTTPException):
    """A form has a field that its view does not take; ``typed`` is the form without it."""

    code = 400

    def __init__(self, typed: Typed | None) -> None:
        super().__init__()
        self.typed = typed


def is_machine() -> bool:
    """Whether this request is answered with documents, not pages."""
    return request.path.startswith(MACHINES)


def problem(status: int, detail: str | None = None, **members: Any) -> Response:
    """One problem document. ``detail`` is for developers and must never carry health data."""
    kind, title, usual = SAID.get(status) or SAID[500 if status >= 500 else 400]
    body: dict[str, Any] = {
        "type": f"urn:adherence:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail or usual,
    }
    body.update(members)
    return Response(json.dumps(body), status, mimetype="application/problem+json")


def refusal(status: int, detail: str | None = None, **members: Any) -> Response:
    """The answer to what cannot be done, in the form this edge speaks."""
    if is_machine():
        return problem(status, detail, **members)
    try:
        return _page(status)
    except Exception as error:  # the page itself is what fails, or its addresses cannot be built
        log.error("no page for %s: %s\n%s", status, type(error).__name__, _where(error))
        return _bare(status)


def _bare(status: int) -> Response:
    """A refusal without a page around it."""
    title = (SAID.get(status) or SAID[500 if status >= 500 else 400])[1]
    return Response(f"{title}\n", status, mimetype="text/plain")


def _where(error: BaseException) -> str:
    """Where an error happened, not what it says: its text may hold what a person typed."""
    return "".join(traceback.format_tb(error.__traceback__))


def _page(
    status: int, step: str = "", typed: Typed | None = None, is_field: bool = False
) -> Response:
    title, words = SHOWN.get(status) or SHOWN[500 if status >= 500 else 400]
    link, link_words = "/", _("To my first page")
    again: dict[str, Any] | None = None
    if is_field:
        title, words = SHOWN_FIELD
        if typed is not None:
            again = _form(typed.action, typed.fields, _("Send what I typed"))
    elif step:
        title, words = SHOWN_STEP
        link, link_words = step, _("Go on")
        if typed is not None:
            words = SHOWN_STEP_TYPED
            again = _form(PROVE_FIRST, (("typed", typed.written()),), _("Go on"))
            link, link_words = "/", _("To my first page")
    elif status == 401:
        link, link_words = SIGN_IN, _("Sign in")
    shown = {
        "title": str(title),
        "words": str(words),
        "ours": status >= 500,
        "link": link,
        "link_words": link_words,
        "again": again,
    }
    page = render_template(
        "errors/error.html", status=status, title=title, detail=words, error=shown
    )
    return make_response(page, status)


def _form(action: str, fields: Any, words: str) -> dict[str, Any]:
    """A form whose fields nobody sees, with its one button."""
    return {"action": action, "fields": fields, "words": words}


def init_app(app: Flask) -> None:
    """Answer every error of ``app`` in these words."""
    app.register_error_handler(AdherenceError, _refused)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _refused(error: AdherenceError) -> ResponseReturnValue:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 422)
    if status in EVENTS and g.get("actor") is None:
        _note(EVENTS[status])
    if isinstance(error, InvalidInput):
        return refusal(status, errors={error.field: [error.message_key]})
    response = refusal(status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _note(event: str) -> None:
    """A line of the security log: what, and at which door. Nothing of what was sent."""
    security.warning("refused: %s at %s", event, request.endpoint)


def _invalid(error: ValidationError) -> ResponseReturnValue:
    return refusal(422, errors=_jsonable(messages_of(error)))


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error  # a redirect of the router's, or a response made by hand
    if isinstance(error, SignedOut) and not is_machine() and request.method == "GET":
        return redirect(SIGN_IN, 303)
    if isinstance(error, StepNeeded) and not is_machine():
        if request.method == "GET":
            return redirect(error.to, 303)
        return _page(401, error.to, error.typed)
    if isinstance(error, UnknownField):
        _note("unknown field")
        return _page(400, typed=error.typed, is_field=True)
    if isinstance(error, SecurityError):
        _note("foreign host")
        return problem(400) if is_machine() else _bare(400)  # no host, so no addresses for a page
    response = refusal(error.code, getattr(error, "detail", None))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    if error.code == 401 and is_machine():
        response.headers["WWW-Authenticate"] = 'Bearer realm="adherence"'
    return response


def _unknown(error: Exception) -> ResponseReturnValue:
    if _may_wait(error):
        log.error("store unavailable: %s", type(error).__name__)
        response = refusal(503)
        response.headers["Retry-After"] = str(RETRY_AFTER)
        return response
    number = request_ids.current()
    log.error("error %s: %s\n%s", number, type(error).__name__, _where(error))
    response = refusal(500, instance=f"urn:adherence:error:{number}")
    response.headers["X-Error-Id"] = number
    return response


def _may_wait(error: BaseException) -> bool:
    """Whether the store is full, locked or away: nothing is wrong with the request."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return str(getattr(cause, "sqlite_errorname", "")).startswith(_SQLITE_WAIT)
    kinds = {f"{kind.__module__.split('.')[0]}.{kind.__name__}" for kind in type(cause).__mro__}
    return bool(kinds & {"psycopg.OperationalError", "sqlalchemy.TimeoutError"})


def _jsonable(messages: Any) -> Any:
    """Errors with string keys throughout: marshmallow counts list items in integers."""
    if isinstance(messages, dict):
        return {str(key): _jsonable(value) for key, value in messages.items()}
    return messages
