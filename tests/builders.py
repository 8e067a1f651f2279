"""Whole stories through the services: an application, a ward of patients, weeks of logging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adherence.settings import Settings, variable

if TYPE_CHECKING:
    from flask import Flask

#: For processes that a test starts; invented, and long enough for a clinic's settings.
SECRET = "0123456789abcdef-of-tests-only-0123456789"


def settings(url: str) -> Settings:
    """Settings of an application on the database at ``url``, without jobs of its own."""
    return Settings(database_url=url, secret_key=SECRET, work_inside=False)


def environment(url: str) -> dict[str, str]:
    """The same settings for a server process."""
    given = {"database_url": url, "secret_key": SECRET, "work_inside": "false"}
    return {variable(name): value for name, value in given.items()}


def application(url: str) -> Flask:
    """The whole application on the database at ``url``."""
    from adherence.app import create_app

    app = create_app(settings(url))
    app.testing = True
    return app


def migrated(url: str) -> None:
    """Bring the database at ``url`` to the newest revision."""
    from flask_migrate import upgrade

    app = application(url)
    with app.app_context():
        upgrade()
    closed(app)


def closed(app: Flask) -> None:
    """Let go of every connection and file that ``app`` holds."""
    from adherence.store.db import EXTENSION

    app.extensions[EXTENSION].close()
