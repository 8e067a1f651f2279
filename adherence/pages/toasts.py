"""The short word after an answer, with its way back: it stays until the next action.

A cookie of one minute carries only the entry's own random id; what is said about it is read from
the record of the person who is signed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Response, redirect, request

COOKIE = "__Host-said"
SECONDS = 60
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Toast:
    """A bead, at most four words, and where a press on *Undo* goes (empty where there is none)."""

    state: str
    words: str
    undo: str = ""


def back_to(address: str, client_id: UUID | str | None = None) -> Response:
    """Return a redirect that a reload does not repeat, remembering which entry to speak of.

    A fixed word in place of an id says what was done without naming anybody.
    """
    response = redirect(address, 303)
    if client_id is not None:
        response.set_cookie(
            COOKIE,
            str(client_id),
            max_age=SECONDS,
            path="/",
            secure=True,
            httponly=True,
            samesite="Strict",
        )
    return response  # type: ignore[return-value]  # werkzeug's redirect is a Flask response here


def asked_for() -> UUID | None:
    """Return the entry the last answer stored, None if there was none or it is over."""
    try:
        return UUID(said())
    except ValueError:
        return None


def said() -> str:
    """Return what the cookie carries: an entry's id, or a word that names no patient."""
    return request.cookies.get(COOKIE, "")


def forget(response: Response) -> Response:
    """Return the page, after which the toast is not shown again."""
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return response
