"""The WSGI entry point: ``gunicorn wsgi:app``."""

from adherence.app import create_app

app = create_app()
