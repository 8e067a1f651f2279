"""``adherence db upgrade``: bring the database to this version's tables."""

from __future__ import annotations

import argparse

from adherence.cli.site import site


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "db",
        help="look after the database's tables",
        description="Creates and migrates the tables of the database in ADHERENCE_DATABASE_URL.",
    )
    actions = found.add_subparsers(required=True, metavar="ACTION")
    upgrade = actions.add_parser(
        "upgrade",
        help="create or migrate all tables",
        description="Runs every migration step that has not run yet; safe to repeat.",
    )
    upgrade.set_defaults(run=run_upgrade)
    current = actions.add_parser(
        "current",
        help="print which migration the database is at",
        description="Prints the step the database is at and the newest one there is.",
    )
    current.set_defaults(run=run_current)


def run_upgrade(given: argparse.Namespace) -> int:
    """Run every migration that has not run yet."""
    from adherence.migrations import upgrade  # noqa: PLC0415 - only here

    with site(given):
        upgrade()
    print("The database is up to date.")
    return 0


def run_current(given: argparse.Namespace) -> int:
    """Print the database's migration and the newest one."""
    from adherence.migrations import newest, revision  # noqa: PLC0415 - only here

    with site(given):
        print(f"{revision() or 'empty'} (newest: {newest()})")
    return 0
