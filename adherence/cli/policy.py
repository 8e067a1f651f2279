"""``adherence policy``: who may do what, as the code has it."""

from __future__ import annotations

import argparse

from adherence.domain.access import document


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "policy",
        help="print who may do what, field by field",
        description=(
            "Prints the policy that every door reads, as Markdown: actions, roles, relations and "
            "the fields that each may set and read."
        ),
    )
    found.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the policy."""
    print(document(), end="")
    return 0
