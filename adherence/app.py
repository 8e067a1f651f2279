"""The application: the only place where rooms are joined."""

from __future__ import annotations

from flask import Flask

from adherence import api, pages, settings
from adherence.cli.main import main
from adherence.library.consent import MalformedText
from adherence.pages.frame import templates_dir
from adherence.services import consent
from adherence.settings import Settings, UnsafeSettings
from adherence.store import addresses, data_keys, db, look_ups
from adherence.web import (
    clock,
    csrf,
    files,
    headers,
    health,
    kept,
    locale,
    policy,
    problems,
    proxies,
    sessions,
    throttles,
)
from adherence.web.site import Site


def create_app(given: Settings | None = None) -> Flask:
    """The whole application on ``given`` settings, or on those of the environment.

    Raises:
        UnsafeSettings: the settings cannot be served with; the text says what to do.
        UnguardedRoute: a route names no policy.
    """
    found = given if given is not None else Settings.from_env()
    app = Site(__name__, template_folder=str(templates_dir()))
    # A method that a route does not name is refused, OPTIONS too: no other site may call us.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions[settings.EXTENSION] = found
    _check_texts(found)
    clock.init_app(app)
    kept.init_app(app)
    db.init_app(app, found.database_url)
    data_keys.init_app(app)
    look_ups.init_app(app)
    addresses.init_app(app)
    # What every edge shares
    proxies.init_app(app, found)
    sessions.init_app(app)
    throttles.init_app(app)
    csrf.init_app(app)
    locale.init_app(app)
    # The edges
    pages.init_app(app)
    api.init_app(app)
    health.init_app(app)
    files.init_app(app)
    # Last: what stands before and after every view
    problems.init_app(app)
    headers.init_app(app)
    policy.guard_app(app, found)
    return app


def _check_texts(found: Settings) -> None:
    try:
        consent.check_texts(found.consent_folder)
    except MalformedText as error:
        raise UnsafeSettings(
            f"The words to agree to cannot be read ({error}); mend ADHERENCE_CONSENT_FOLDER."
        ) from error


def command() -> int:
    """The ``adherence`` command."""
    return main(create_app)
