"""JSON v1 for apps and partners, described by OpenAPI 3.1.

Here belong views that load a schema, call one service and dump a schema. Never a rule or a query.
May import `web` and below, never another edge. Read `entries.py` first.
"""

from flask import Flask

from adherence.api import (
    care_notes,
    consent,
    entries,
    exercises,
    openapi,
    patients,
    plans,
    progress,
    review,
    supplies,
)
from adherence.api.openapi import described


def init_app(app: Flask) -> None:
    """Put API v1 and its description into ``app``."""
    api = described(app)
    people, care = (patients, consent, care_notes), (plans, entries, supplies, progress, review)
    for room in (*people, *care, exercises):
        api.register_blueprint(room.blueprint)
    openapi.init_app(app)
