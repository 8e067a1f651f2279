"""``adherence keys``: which keys there are, making one for backups, and changing the secret."""

from __future__ import annotations

import argparse
from pathlib import Path

from adherence.cli.site import now, site
from adherence.services import backups, key_inventory


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "keys", help="the keys of this server", description="Looks after the keys of this server."
    )
    actions = found.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser(
        "list",
        help="print what each key protects, and how much of it",
        description=(
            "Prints every key by its fingerprint, what it protects and how many values are under"
            " it. No key is shown."
        ),
    )
    listed.set_defaults(run=run_list)
    rotate = actions.add_parser(
        "rotate",
        help="encrypt everything anew under the secret in use",
        description=(
            "Encrypts what was written under an earlier secret anew, in small steps, while the"
            " service runs. After it that secret may leave ADHERENCE_SECRET_KEY_FALLBACKS; open"
            " codes and recovery codes made under it end with it."
        ),
    )
    rotate.set_defaults(run=run_rotate)
    create = actions.add_parser(
        "create",
        help="make a key for backups",
        description="Writes a new key for backups into a new file. Keep it apart from them.",
    )
    create.add_argument("file", type=Path, help="new file; none is overwritten")
    create.set_defaults(run=run_create)


def run_list(given: argparse.Namespace) -> int:
    """Print the inventory; the status is 1 when something cannot be read any more."""
    unreadable = 0
    with site(given):
        for one in key_inventory.inventory():
            unreadable += one.unreadable
            counts = (
                f"{one.current} under the secret in use, {one.earlier} under earlier ones,"
                f" {one.unreadable} unreadable"
            )
            print(f"{one.what}: {counts}")
        plain = key_inventory.plain_texts()
        print(f"notes, answers and addresses from before there were keys: {plain}")
        for name, mark in key_inventory.fingerprints():
            print(f"{name}: {mark}")
    return 1 if unreadable else 0


def run_rotate(given: argparse.Namespace) -> int:
    """Encrypt everything anew; the status is 1 when something cannot be read any more."""
    with site(given):
        done, unreadable = key_inventory.rotate(now())
    print(f"{done} encrypted anew, {unreadable} cannot be read.")
    return 1 if unreadable else 0


def run_create(given: argparse.Namespace) -> int:
    """Write a new key."""
    backups.make_key(given.file)
    print(f"Written: {given.file}")
    return 0
