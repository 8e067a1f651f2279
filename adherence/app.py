"""The application: the only place where rooms are joined."""

from __future__ import annotations

from flask import Flask

from adherence import migrations, settings
from adherence.cli import main
from adherence.settings import Settings
from adherence.store import db


def create_app(given: Settings | None = None) -> Flask:
    """The whole application on ``given`` settings, or on those of the environment."""
    found = given if given is not None else Settings.from_env()
    app = Flask(__name__)
    app.extensions[settings.EXTENSION] = found
    db.init_app(app, found.database_url)
    migrations.init_app(app)
    return app


def command() -> int:
    """The ``adherence`` command."""
    return main(create_app)
