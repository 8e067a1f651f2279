"""``adherence doses``: taking, correct dosing, timing and drug holidays from a log of doses."""

from __future__ import annotations

import argparse
from datetime import date, time, timedelta
from pathlib import Path

from adherence.cli import supplies
from adherence.domain.doses import TOLERANCE, DoseQuestion, DoseRule
from adherence.domain.errors import InvalidInput
from adherence.domain.persistence import HOLIDAY_DAYS

MEASURES = ("taking", "correct dosing", "timing", "drug holidays")
EPILOG = (
    "Measures:\n\n"
    + supplies.definitions(MEASURES)
    + """

A log of --recorder device is complete: no record of a dose means that it was not taken. In one of
--recorder people a dose is taken, reported missed, or not reported; 'taking' counts what is
confirmed, 'taking_at_most' is what it would be if every dose not reported had been taken, and a day
about which something is not reported belongs to no drug holiday.

Columns: patient_id, medication, days (with a dose due, not away), doses_due, doses_taken,
doses_missed, doses_unreported, taking, taking_at_most, correct_days, correct_dosing, intervals,
timely_intervals, timing, holidays, holiday_days, reason.

Only whole days count: list the day on which monitoring began or ended in mid-day in --away, and let
a change of dose begin on the first whole day. Times are those of the clock on the wall; an offset
such as +02:00 is passed over, so that neither travel nor summer time moves a dose.

Example:
  adherence doses --input doses.csv --regimens regimens.csv --output result.csv \\
      --last 2024-12-31 --day-begins 03:00
"""
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doses`` to the command."""
    parser = subparsers.add_parser(
        "doses",
        help="taking, correct dosing, timing and drug holidays from a log of doses",
        description=supplies.paragraph(
            "Compute the dose-log measures: one row per patient and medication."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    supplies.add_walk_files(
        parser,
        "doses: patient_id,taken_at[,status][,medication]; taken_at is YYYY-MM-DDTHH:MM on the"
        " clock on the wall when it was taken, however late it was entered; status is taken"
        " (default) or missed",
    )
    parser.add_argument(
        "--regimens",
        required=True,
        type=Path,
        metavar="FILE",
        help="what was due: patient_id,first_day,doses_per_day[,last_day][,every_days]"
        "[,medication]; without a last_day it holds to --last; doses_per_day 0 is taken as needed,"
        " with nothing due; every_days 7 is once a week",
    )
    parser.add_argument(
        "--away",
        type=Path,
        metavar="FILE",
        help="days that do not count (hospital, pauses, not monitored):"
        " patient_id,first_day,last_day, both inside",
    )
    rules = parser.add_argument_group("rules")
    rules.add_argument("--first", type=date.fromisoformat, metavar="DATE", help="first day asked")
    rules.add_argument(
        "--last",
        type=date.fromisoformat,
        metavar="DATE",
        help="last day asked, the last whole day of the data: what is due later does not count",
    )
    rules.add_argument(
        "--recorder",
        choices=["device", "people"],
        default="device",
        help="who keeps the log (default: device)",
    )
    rules.add_argument(
        "--tolerance",
        type=float,
        default=100 * TOLERANCE,
        metavar="PERCENT",
        help=f"of the prescribed interval, for timing (default: {100 * TOLERANCE:g})",
    )
    rules.add_argument(
        "--holiday-days",
        type=int,
        default=HOLIDAY_DAYS,
        metavar="N",
        help=f"days without a dose that make a drug holiday (default: {HOLIDAY_DAYS})",
    )
    rules.add_argument(
        "--day-begins",
        type=clock,
        default=time(0),
        metavar="HH:MM",
        help="a dose before that time counts for the day before (default: 00:00)",
    )
    rules.add_argument(
        "--once-within",
        type=float,
        default=0,
        metavar="MINUTES",
        help="records closer than this are one dose (default: 0, each record is one)",
    )
    parser.set_defaults(run=run)


def clock(text: str) -> time:
    """Return the time of day that ``text`` (HH:MM) is."""
    try:
        hour, minute = text.split(":")
        return time(int(hour), int(minute))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of the form HH:MM") from None


def run(args: argparse.Namespace) -> int:
    """Write one row per log; return the exit code."""
    try:
        rule = DoseRule(
            complete=args.recorder == "device",
            tolerance=args.tolerance / 100,
            holiday_days=args.holiday_days,
            day_begins=args.day_begins,
            once_within=timedelta(minutes=args.once_within),
        )
        question = DoseQuestion(rule, args.first, args.last)
    except (InvalidInput, OverflowError, ValueError) as error:
        return supplies.refused(f"This option cannot be used: {error}. Nothing was written.")
    return supplies.walk(question, args, MEASURES, regimens=args.regimens, away=args.away)
