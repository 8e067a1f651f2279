"""``adherence initiation``: the time from prescription to first dispensing."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from adherence.cli import supplies
from adherence.domain.dispensings import InitiationQuestion

EPILOG = f"""{supplies.definitions(["initiation"])}

Columns: patient_id, medication, prescribed_on, dispensed_on, days, initiated (1 or 0), observed
(days until it was dispensed or, while it was not, until the end of the data or the next
prescription; with 'initiated' this is what a survival curve takes), reason.

Example:
  adherence initiation --input prescriptions.csv --dispensings dispensings.csv \\
      --until 2024-12-31 --output initiation.csv
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``initiation`` to the command."""
    parser = subparsers.add_parser(
        "initiation",
        help="time from prescription to first dispensing",
        description=supplies.paragraph(
            "Compute the days from the first prescription of a medication to its first"
            " dispensing: one row per patient and medication."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    supplies.add_walk_files(
        parser, "prescriptions: patient_id,date[,medication][,daily_dose][,duration]"
    )
    parser.add_argument(
        "--dispensings",
        required=True,
        type=Path,
        metavar="FILE",
        help="patient_id,date[,medication]",
    )
    parser.add_argument(
        "--until",
        type=date.fromisoformat,
        metavar="DATE",
        help="last day of the data: who was not dispensed by then was not yet initiated",
    )
    parser.add_argument(
        "--each-course",
        action="store_true",
        help="one row for each prescribed stretch, up to the next: a pause of the prescription or"
        " another daily dose begins one",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write one row per patient and medication; return the exit code."""
    question = InitiationQuestion(args.until, args.each_course)
    return supplies.walk(question, args, ("initiation",), dispensings=args.dispensings)
