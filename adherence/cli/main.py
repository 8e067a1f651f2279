"""The ``adherence`` command: its sub-commands and what they have in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from flask import Flask

from adherence import __version__
from adherence.cli import (
    account,
    audit,
    backups,
    cma,
    database,
    demo,
    doses,
    durations,
    episodes,
    exports,
    initiation,
    keys,
    pdc,
    persistence,
    policy,
    rebuild,
    serve,
    work,
)
from adherence.domain.errors import AdherenceError

COMMANDS = (
    *(demo, serve, database, account, work, rebuild, audit, policy),
    *(exports, backups, keys),
    *(cma, episodes, pdc, durations, initiation, doses, persistence),
)


def parser() -> argparse.ArgumentParser:
    """The whole command line; every sub-command carries the function that runs it."""
    found = argparse.ArgumentParser(
        prog="adherence",
        description="Home exercises, doses and symptoms, each tied to the patient's own goal.",
        epilog="Settings come from the environment (ADHERENCE_...); README lists them all.",
    )
    found.add_argument("--version", action="version", version=f"adherence {__version__}")
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    return found


def main(create_app: Callable[..., Flask], arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command on the application that ``create_app`` makes; the exit status."""
    given = parser().parse_args(arguments)
    given.create_app = create_app
    try:
        status: int = given.run(given)
    except AdherenceError as error:
        print(f"adherence: {error or type(error).__doc__}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status
