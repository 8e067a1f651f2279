"""A clinic's pictures and films as answers: for its own people, inside our pages."""

from __future__ import annotations

from uuid import UUID

from flask import Response, send_file

from adherence.domain.access import Actor
from adherence.domain.errors import NotFound
from adherence.services import media
from adherence.web import headers

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "video/mp4": "mp4",
    "video/webm": "webm",
}


def answer(actor: Actor, medium_id: UUID) -> Response:
    """Return a picture or film; parts of it where the asker wants parts, as film players do.

    Raises:
        NotFound: there is none in the actor's clinic, or another site asks.
    """
    found = media.medium(actor, medium_id)
    if headers.is_foreign_picture():
        raise NotFound
    response = send_file(
        found.path,
        mimetype=found.mimetype,
        as_attachment=True,
        download_name=f"exercise.{ENDINGS[found.mimetype]}",
        etag=found.digest.hex(),
        conditional=True,
    )
    response.headers[headers.CSP] = headers.MEDIUM_CSP
    return response
