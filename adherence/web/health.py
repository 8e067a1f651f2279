"""``/health``: what is wrong with the service and since when. Open to all, and about no person."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue

from adherence.services import health
from adherence.web.clock import now
from adherence.web.policy import public

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public
def show() -> ResponseReturnValue:
    """200 while all is well, else 503 with each trouble and since when."""
    found = health.troubles(now())
    said = {
        "status": "trouble" if found else "ok",
        "troubles": [
            {"what": one.what, "since": None if one.since is None else one.since.isoformat()}
            for one in found
        ],
    }
    return said, 503 if found else 200


def init_app(app: Flask) -> None:
    """Offer ``/health``."""
    app.register_blueprint(blueprint)
