"""The application a sub-command works in: built from the environment, with its context open."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Flask


@contextmanager
def site(given: argparse.Namespace) -> Iterator[Flask]:
    """The application of this environment's settings, its context open.

    The factory comes with the arguments: the room that joins all rooms stands above this one.
    """
    app: Flask = given.create_app()
    with app.app_context():
        yield app


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)
