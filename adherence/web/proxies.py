"""What a reverse proxy may say of a request: as many hops as the settings trust, else nothing."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from adherence.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Trust ``settings.proxy_hops`` proxies, and serve no other host than the settings name."""
    hops = settings.proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts)
