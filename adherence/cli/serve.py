"""``adherence serve``: one process for a small site."""

from __future__ import annotations

import argparse
import sys

from adherence.cli.site import now, site
from adherence.jobs import work as jobs
from adherence.migrations import lacking
from adherence.services import accounts, invites
from adherence.settings import current
from adherence.web.site import freeze

THREADS = 8


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "serve",
        help="serve the site with one process (a clinic uses gunicorn, see README)",
        description="Serves the site with waitress and, unless told otherwise, runs the jobs.",
    )
    found.add_argument("--host", default="127.0.0.1", help="address to listen at")
    found.add_argument("--port", type=int, default=8000, help="port to listen at")
    found.add_argument(
        "--without-work", action="store_true", help="leave the jobs to `adherence work`"
    )
    found.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Serve until stopped."""
    from waitress import serve  # noqa: PLC0415 - only this command needs a server

    with site(given) as app:
        if (missing := lacking()) is not None:
            print(f"The database cannot be served: {missing}", file=sys.stderr)
            return 1
        if accounts.is_empty():
            print(f"Nobody is here yet. Found the first clinic: {invites.first_start(now())}")
        if current().work_inside and not given.without_work:
            jobs.start_inside(app)
        freeze()
        serve(app, host=given.host, port=given.port, threads=THREADS, ident=None)
    return 0
