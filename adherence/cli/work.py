"""``adherence work``: the jobs of time, once or for ever."""

from __future__ import annotations

import argparse
import threading

from adherence.cli.site import now, site
from adherence.jobs import work as jobs


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "work",
        help="close windows, settle midnights, seal the audit, empty the outbox",
        description=(
            "Does what time alone changes. Safe to run twice, and by several workers at once."
        ),
    )
    found.add_argument("--once", action="store_true", help="one round, then stop")
    found.add_argument("--pause", type=float, default=jobs.PAUSE, help="seconds between rounds")
    found.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Run the jobs; with ``--once`` the status is 1 when something failed."""
    with site(given) as app:
        if not given.once:
            jobs.run_forever(app, threading.Event(), given.pause)
            return 0
        reports = jobs.run_once(now())
    for report in reports:
        print(f"{report.job}: {report.done} done, {report.failed} failed")
    return 1 if any(report.failed for report in reports) else 0
