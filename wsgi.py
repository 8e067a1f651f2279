"""The WSGI entry point: ``gunicorn wsgi:app``."""

from adherence.app import create_app
from adherence.web.site import freeze

app = create_app()
freeze()
