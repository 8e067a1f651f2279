"""``adherence``: a command over files starts at once, any other with the application."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

OVER_FILES = ("cma", "episodes", "pdc", "durations", "initiation", "doses", "persistence")
"""Commands that need no application: loading it would cost more than many a computation."""


def command() -> int:
    """Run the command the arguments name; return its exit status."""
    if sys.argv[1:2] and sys.argv[1] in OVER_FILES:
        return over_files(sys.argv[1:])
    return int(import_module("adherence.app").command())


def over_files(arguments: list[str]) -> int:
    """Run one of ``OVER_FILES``; return its exit status."""
    parser = argparse.ArgumentParser(prog="adherence")
    commands = parser.add_subparsers(dest="command", required=True)
    import_module(f"adherence.cli.{arguments[0]}").add_parser(commands)
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(command())
