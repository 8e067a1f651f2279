"""The ``adherence`` command: one file per sub-command, joined here.

Belongs here: words of the command line and its exit codes. Never: rules, queries, health data in a
message. A sub-command offers ``add_parser(subparsers)`` and ``run(args) -> int``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from adherence.cli import cma, episodes


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; return its exit code."""
    parser = argparse.ArgumentParser(prog="adherence")
    subparsers = parser.add_subparsers(title="commands", required=True)
    for command in (cma, episodes):
        command.add_parser(subparsers)
    args = parser.parse_args(argv)
    return int(args.run(args))
