"""``adherence pdc``: the proportion of days covered, as PQA defines it."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from adherence.cli import supplies
from adherence.domain.errors import InvalidInput
from adherence.domain.supplies import PdcQuestion

EPILOG = f"""{supplies.definitions(["PDC"])}

Columns: patient_id, PDC, days_covered, days, reason. A column 'medication' (the ingredient) is
needed. PDC is not CMA7: CMA7 carries over across medications, starts at a window and not at the
first fill, and excludes nobody.

Example:
  adherence pdc --input fills.csv --output pdc.csv --first 2024-01-01 --last 2024-12-31 \\
      --stays stays.csv --people people.csv
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``pdc`` to the command."""
    parser = subparsers.add_parser(
        "pdc",
        help="proportion of days covered (PQA) from a file of supplies",
        description=supplies.paragraph(
            "Compute the proportion of days covered in a period: one row per patient with"
            " a fill in it."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    supplies.add_files(parser)
    period = parser.add_argument_group("period")
    period.add_argument("--first", required=True, type=date.fromisoformat, help="its first day")
    period.add_argument("--last", required=True, type=date.fromisoformat, help="its last day")
    period.add_argument(
        "--least-days",
        type=int,
        default=91,
        metavar="N",
        help="no value for a treatment period of fewer days (default: 91)",
    )
    period.add_argument(
        "--least-fills",
        type=int,
        default=2,
        metavar="N",
        help="no value for fills on fewer different days (default: 2)",
    )
    parser.add_argument(
        "--stays",
        type=Path,
        metavar="FILE",
        help="inpatient stays: CSV with patient_id,first_day,last_day, both days spent inside",
    )
    parser.add_argument(
        "--people",
        type=Path,
        metavar="FILE",
        help="CSV with patient_id[,excluded,covered_until]: why one is excluded (hospice, …) and"
        " the last day covered (end of enrolment, death)",
    )
    parser.add_argument(
        "--per-fill",
        action="store_true",
        help="one row per fill with the first and last dose after early fills were shifted",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write one row per patient, or per fill; return the exit code."""
    try:
        asked = PdcQuestion(args.first, args.last, args.least_days, args.least_fills, args.per_fill)
    except InvalidInput as error:
        return supplies.refused(f"This option cannot be used: {error}. Nothing was written.")
    if args.per_fill and args.stays:
        return supplies.refused("--per-fill does not look at --stays. Nothing was written.")
    given = {"stays": args.stays, "people": args.people}
    others = {kind: path for kind, path in given.items() if path is not None}
    return supplies.answer(asked, args, ("PDC",), others)
