"""``adherence persistence``: how long treatment lasts, as a curve or patient by patient."""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from adherence.cli import supplies
from adherence.domain.errors import InvalidInput
from adherence.domain.persistence import Point, at, median, persistence
from adherence.domain.supplies import PersistenceQuestion
from adherence.measures import duck, remote
from adherence.measures.supply_files import PARQUET, UnusableFile

NAMES = ("persistence", "episodes")
NOT_OBSERVED = "nobody was observed for so long"
COLUMNS = ("day", "at_risk", "ended", "censored", "share", "lower", "upper", "reason")
EPILOG = f"""{supplies.definitions(NAMES)}

Columns: day, at_risk, ended and censored on that day, share still on treatment, lower and upper
bound at 95 % (Greenwood, on the log-log scale), reason (why there is no bound). With --at, one row
per day asked about. With --per-patient: patient_id, start, days, ended (1, or 0 if treatment still
went on), gap_at_end, reason.

Example:
  adherence persistence --input events.csv --output curve.csv --max-gap 90 --at 180 --at 365
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``persistence`` to the command."""
    parser = subparsers.add_parser(
        "persistence",
        help="how long the first treatment episode lasts: Kaplan-Meier curve, or by patient",
        description=supplies.paragraph(
            "Compute the share of patients still on treatment by day, from the first"
            " treatment episode of each; who still was at the end of follow-up is censored then."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    supplies.add_files(parser)
    shape = parser.add_argument_group("one row per …").add_mutually_exclusive_group()
    shape.add_argument("--per-patient", action="store_true", help="patient")
    shape.add_argument(
        "--at", type=float, action="append", metavar="DAY", help="day; may be given several times"
    )
    supplies.add_rule(parser, title="episodes")
    parser.add_argument(
        "--no-carry-over", action="store_true", help="no supply left over counts on"
    )
    supplies.add_windows(parser, observation=False)
    supplies.add_carry(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the curve, or one row per patient; return the exit code."""
    try:
        question = PersistenceQuestion(
            supplies.rule(args), supplies.windows(args), supplies.carry(args)
        )
    except InvalidInput as error:
        return supplies.refused(f"This option cannot be used: {error}. Nothing was written.")
    if args.per_patient:
        return supplies.answer(question, args, NAMES)
    sources = {"supplies": args.input}
    return supplies.told(lambda: curve(question, args), args, question, NAMES, sources)


def curve(question: PersistenceQuestion, args: argparse.Namespace) -> int:
    """Write the curve of the first episodes; return its rows."""
    if args.output.suffix.lower() in PARQUET:
        raise UnusableFile(f"{args.output}: a curve is written as CSV only.")
    with tempfile.TemporaryDirectory(prefix=".adherence-", dir=args.output.parent) as folder:
        path = Path(folder) / "patients.csv"
        remote.answer(
            question,
            supplies.source(args),
            path,
            engine=args.engine,
            database=args.database,
            table=args.table,
            clinic=args.clinic,
            memory=args.memory,
            progress=None if args.quiet else duck.to_stderr,
            least=supplies.least(args),
        )
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["days"], row["ended"]) for row in csv.DictReader(file)]
    points = persistence((float(days), ended == "1") for days, ended in rows if days)
    if not args.quiet:
        half = median(points)
        missing = sum(not days for days, _ in rows)
        print(
            f"half had ended by day {half:g}; " if half is not None else "fewer than half ended; ",
            f"{missing:,} patients without supply in follow-up",
            sep="",
            file=sys.stderr,
        )
    with duck.whole_or_nothing(args.output) as part:
        return written(part, list(asked(points, args.at)))


def asked(
    points: Sequence[Point], days: Sequence[float] | None
) -> Iterator[tuple[float, Point | None]]:
    """Yield the days to show, each with the point that holds on it."""
    if days is None:
        yield from ((point.day, point) for point in points)
    else:
        yield from ((day, at(points, day)) for day in days)


def written(path: Path, rows: Sequence[tuple[float, Point | None]]) -> int:
    """Write ``rows`` as CSV; return how many there are."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for day, point in rows:
            if point is None:
                writer.writerow([f"{day:g}", *[None] * 6, NOT_OBSERVED])
            else:
                counts = (point.at_risk, point.ended, point.censored)
                bounds = (point.share, point.lower, point.upper)
                writer.writerow([f"{day:.15g}", *counts, *bounds, point.reason])
    return len(rows)
