"""``adherence db``: this version's tables, and what the service's own role may do with them."""

from __future__ import annotations

import argparse
import sys

from adherence.cli.site import site
from adherence.migrations import grant, newest, revision, upgrade


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
    grant = actions.add_parser(
        "grant",
        help="let a PostgreSQL role serve, without rights to change tables or the audit",
        description=(
            "Run it as the role that owns the tables, after every upgrade. The role named may then "
            "read and write what the service needs, may add to the audit but not change it, and "
            "may not change tables. Let the service sign in as that role."
        ),
    )
    grant.add_argument("role", help="the role that the service signs in as; it must exist")
    grant.set_defaults(run=run_grant)


def run_upgrade(given: argparse.Namespace) -> int:
    """Run every migration that has not run yet."""
    with site(given):
        upgrade()
    print("The database is up to date.")
    return 0


def run_current(given: argparse.Namespace) -> int:
    """Print the database's migration and the newest one."""
    with site(given):
        print(f"{revision() or 'empty'} (newest: {newest()})")
    return 0


def run_grant(given: argparse.Namespace) -> int:
    """Grant what the service needs to a role."""
    with site(given):
        try:
            many = len(grant(given.role))
        except ValueError as error:
            print(f"adherence: {error}", file=sys.stderr)
            return 1
    print(f"{given.role} may serve now ({many} statements).")
    return 0
