"""``adherence cma``: the measures of medication availability over a file of supplies."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from adherence.cli import supplies
from adherence.domain.errors import InvalidInput
from adherence.domain.groups import Condition
from adherence.domain.groups import groups as conditions
from adherence.domain.supplies import (
    CmaQuestion,
    GapQuestion,
    Measure,
    Question,
    SlidingWindows,
    Unit,
)

EPILOG = (
    "Measures:\n\n"
    + supplies.definitions(Measure)
    + """

A measure that is not computable stays empty, and the column 'reason' says why.

Example:
  adherence cma --input events.csv --output result.csv --measure CMA7 --measure CMA9 \\
      --follow-up-duration 730 --observation-start 182 --observation-duration 365
"""
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``cma`` to the command."""
    parser = subparsers.add_parser(
        "cma",
        help="adherence measures CMA1 to CMA9 from a file of supplies",
        description=supplies.paragraph(
            "Compute adherence measures from supplies: one row per patient, or per episode or"
            " window, and one column per measure."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    supplies.add_files(parser)
    parser.add_argument(
        "--measure",
        action="append",
        type=str.upper,
        choices=[*Measure, "ALL"],
        metavar="CMA1…CMA9",
        help="which measure; may be given several times, or 'all' (default: CMA7)",
    )
    supplies.add_windows(parser, observation=True)
    supplies.add_carry(parser)
    shape = parser.add_argument_group("one row per …")
    shape.add_argument("--per-episode", action="store_true", help="treatment episode")
    shape.add_argument(
        "--per-supply",
        choices=["into-window", "within-window"],
        help="supply: its interval, gap and carry-over instead of measures, carrying over into the"
        " observation window (as CMA7 to CMA9 do) or only within it (as CMA5 and CMA6 do)",
    )
    shape.add_argument(
        "--sliding-duration", type=float, metavar="N", help="sliding window of this length"
    )
    shape.add_argument("--sliding-step", type=float, metavar="N", help="each this much later")
    shape.add_argument("--sliding-count", type=int, metavar="N", help="or so many, evenly spread")
    shape.add_argument(
        "--sliding-start",
        type=float,
        default=0,
        metavar="N",
        help="the first this much after the start of observation (default: 0)",
    )
    shape.add_argument(
        "--sliding-unit",
        type=Unit,
        choices=list(Unit),
        default=Unit.DAYS,
        metavar="{days,weeks,months,years}",
        help="of the sliding options; a month is 30 days, a year 365 (default: days)",
    )
    groups = parser.add_argument_group(
        "medication groups",
        "One result per group of supplies and one for supplies in none (__ALL_OTHERS__).",
    )
    groups.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="NAME=EXPRESSION",
        help="such as \"Short=medication == 'A11' & duration <= 30\"; joins columns of the file,"
        " other groups in braces, & | ! and parentheses; may be given several times",
    )
    groups.add_argument(
        "--groups", type=Path, metavar="FILE", help="the same as a JSON object of names"
    )
    groups.add_argument(
        "--follow-up-per-group",
        action="store_true",
        help="follow-up starts from the patient's first supply of the group, not of all",
    )
    supplies.add_rule(parser, title="episodes (with --per-episode)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write one row per patient, episode, window or supply; return the exit code."""
    try:
        asked = question(args)
    except InvalidInput as error:
        return supplies.refused(f"This option cannot be used: {error}. Nothing was written.")
    return supplies.answer(asked, args, names(asked))


def names(question: Question) -> tuple[str, ...]:
    """Return the definitions that the answer to ``question`` rests on."""
    if not isinstance(question, CmaQuestion):
        return ("gaps",)
    return (*question.measures, *(("episodes",) if question.per_episode else ()))


def question(args: argparse.Namespace) -> Question:
    """Return what the options ask; raises ``InvalidInput`` naming the option."""
    windows, carry = supplies.windows(args), supplies.carry(args)
    if args.per_supply:
        if args.measure or args.per_episode or args.sliding_duration or args.group or args.groups:
            raise InvalidInput("per_supply", "stands_alone")
        return GapQuestion(windows, carry, into_window=args.per_supply == "into-window")
    named = args.measure or [Measure.CMA7]
    measures = list(Measure) if "ALL" in named else [Measure(name) for name in named]
    sliding = None
    if args.sliding_duration is not None:
        sliding = SlidingWindows(
            args.sliding_duration,
            args.sliding_step,
            args.sliding_count,
            args.sliding_start,
            args.sliding_unit,
        )
    elif args.sliding_step is not None or args.sliding_count is not None:
        raise InvalidInput("sliding_duration", "missing")
    return CmaQuestion(
        tuple(dict.fromkeys(measures)),
        windows,
        carry,
        per_episode=supplies.rule(args) if args.per_episode else None,
        sliding=sliding,
        groups=tuple(grouped(args).items()),
        follow_up_per_group=args.follow_up_per_group,
    )


def grouped(args: argparse.Namespace) -> dict[str, Condition]:
    """Return the medication groups of the options; raises ``InvalidInput`` naming a bad one."""
    given: dict[str, str] = {}
    if args.groups is not None:
        try:
            given = json.loads(args.groups.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InvalidInput("groups", "not_json") from None
        if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
            raise InvalidInput("groups", "not_json")
    for one in args.group:
        name, sign, expression = one.partition("=")
        if not sign:
            raise InvalidInput("group", "name_and_expression")
        given[name.strip()] = expression
    return conditions(given)
