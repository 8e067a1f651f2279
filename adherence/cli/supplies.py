"""What the commands about supplies share: files, windows, carry-over, engines, plain refusals."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from textwrap import fill
from typing import Any

from adherence.cli import method
from adherence.domain.consent import Purpose
from adherence.domain.errors import InvalidInput
from adherence.domain.supplies import (
    DEFINITIONS,
    Carry,
    Column,
    EpisodeRule,
    GapUnit,
    Question,
    Unit,
    Windows,
)
from adherence.measures import duck, remote, walks
from adherence.measures.columns import is_date
from adherence.measures.engines import Engine, EngineMissing
from adherence.measures.service import TABLE, is_address
from adherence.measures.supply_files import BadSupplies, UnusableFile

REFUSED = 2
"""Exit code of a refusal: a file, a row or an option that cannot be used; nothing was written."""

INPUT_HELP = (
    "supplies: a CSV file (UTF-8, header line; patient_id,date,duration[,daily_dose,medication];"
    " dates YYYY-MM-DD; duration in days), a Parquet file, or a folder of Parquet files;"
    " or 'service' for the supplies in the service's own database (ADHERENCE_DATABASE_URL); or the"
    " address of a database (postgresql://…, sqlite:///…), the service's or any other with a"
    " table of these columns. Rows of one patient and day keep their order; results come out in"
    " order of patient_id, compared as text"
)

SERVICE = "service"
"""As ``--input``: the database that the service's settings name."""
WIDTH = 96


def paragraph(text: str, indent: str = "") -> str:
    """Return ``text`` in lines of a terminal; no word is cut, so that an address stays whole."""
    return fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def definitions(names: Iterable[str]) -> str:
    """Return the definitions of ``names``, a paragraph each, as help prints them."""
    return "\n\n".join(paragraph(DEFINITIONS[name].sentence(), "  ") for name in names)


WALK_FILES = paragraph(
    "CSV (UTF-8, header line), Parquet, or a folder of Parquet files; dates YYYY-MM-DD. Columns may"
    " stand in any order, others are passed over. Bad rows of all files are refused at once, with"
    " their lines. Rows come out in order of patient_id, compared as text."
)


def add_files(parser: argparse.ArgumentParser) -> None:
    """Add where supplies come from, where results go and what computes."""
    files = parser.add_argument_group("files")
    files.add_argument("--input", required=True, metavar="FILE", help=INPUT_HELP)
    files.add_argument(
        "--output",
        required=True,
        metavar="FILE",
        type=Path,
        help="results as CSV, or as Parquet by its suffix; replaced only when all is computed",
    )
    add_method(files)
    engine = parser.add_argument_group("engine")
    engine.add_argument(
        "--engine",
        type=Engine,
        choices=list(Engine),
        default=Engine.DUCKDB,
        metavar="{duckdb,postgres,pyspark}",
        help="what computes (default: duckdb, inside this process)",
    )
    engine.add_argument(
        "--database",
        metavar="ADDRESS",
        help="with --engine postgres: the server that computes, such as postgresql://host/name;"
        " not needed where --input is its address",
    )
    engine.add_argument(
        "--table",
        default=TABLE,
        help=f"table of a database given as --input (default: {TABLE})",
    )
    files.add_argument(
        "--clinic",
        metavar="NAME",
        help="name or id of the clinic, where the service's database has several",
    )
    engine.add_argument(
        "--memory",
        metavar="SIZE",
        help="with duckdb: the most memory to use, such as 2GB; the rest goes to temporary files",
    )
    engine.add_argument("--quiet", action="store_true", help="report no progress")


def add_method(files: argparse._ArgumentGroup) -> None:
    """Add where to say how the numbers were made."""
    files.add_argument(
        "--method",
        type=Path,
        metavar="FILE",
        help="also write there, as JSON, how the numbers were made: definitions with their sources,"
        " every parameter, the SHA-256 of each input, versions",
    )


def add_windows(parser: argparse.ArgumentParser, *, observation: bool) -> None:
    """Add the follow-up window and, if ``observation``, the observation window."""
    group = parser.add_argument_group(
        "windows",
        paragraph(
            "Both ends belong to a window; its length is its end minus its start. Each option may"
            " name a column of the file instead, with one value per patient: units:COLUMN holds"
            " numbers of --unit, dates:COLUMN holds dates (of a start only)."
        ),
    )
    group.add_argument(
        "--follow-up-start",
        type=start,
        default=0,
        metavar="N",
        help="units after the patient's first supply, or a date (default: 0)",
    )
    group.add_argument(
        "--follow-up-duration", type=length, default=None, metavar="N", help="(default: 730 days)"
    )
    if observation:
        group.add_argument(
            "--observation-start",
            type=start,
            default=0,
            metavar="N",
            help="units after the start of follow-up, or a date (default: 0)",
        )
        group.add_argument(
            "--observation-duration",
            type=length,
            default=None,
            metavar="N",
            help="(default: as long as follow-up)",
        )
    group.add_argument(
        "--unit",
        type=Unit,
        choices=list(Unit),
        default=Unit.DAYS,
        metavar="{days,weeks,months,years}",
        help="of the window options; months and years are of the calendar, and a day that does not"
        " exist becomes the first of the next month (default: days)",
    )


def add_carry(parser: argparse.ArgumentParser) -> None:
    """Add how supply left over counts on."""
    group = parser.add_argument_group("carry-over")
    group.add_argument(
        "--carry-only-for-same-medication",
        action="store_true",
        help="supply left over is lost where the next supply is of another medication",
    )
    group.add_argument(
        "--consider-dosage-change",
        action="store_true",
        help="supply left over is re-counted at the daily dose of the next supply",
    )


def add_rule(parser: argparse.ArgumentParser, *, title: str) -> None:
    """Add when an episode ends."""
    group = parser.add_argument_group(title)
    group.add_argument(
        "--max-gap",
        type=float,
        default=90,
        metavar="N",
        help="a gap longer than this ends an episode (default: 90)",
    )
    group.add_argument(
        "--max-gap-unit",
        type=GapUnit,
        choices=list(GapUnit),
        default=GapUnit.DAYS,
        metavar="{days,weeks,months,years,percent}",
        help="a month is 30 days, a year 365; percent is of the supply's duration (default: days)",
    )
    group.add_argument(
        "--medication-change-starts-episode",
        action="store_true",
        help="another medication starts an episode",
    )
    group.add_argument(
        "--dosage-change-starts-episode",
        action="store_true",
        help="another daily dose starts an episode (AdhereR's option of that name has no effect)",
    )
    group.add_argument(
        "--append-gap",
        action="store_true",
        help="an episode ended by a gap lasts --max-gap longer",
    )


def start(text: str) -> float | date | Column:
    """Return the date, the number or the column that ``text`` names."""
    sign, _, name = text.partition(":")
    if sign == "dates" and name:
        return Column(name, dated=True)
    if is_date(text):
        return date.fromisoformat(text)
    try:
        return length(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number, nor a date, nor units:COLUMN, nor dates:COLUMN"
        ) from None


def length(text: str) -> float | Column:
    """Return the number or the column that ``text`` names."""
    sign, _, name = text.partition(":")
    if sign == "units" and name:
        return Column(name)
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor units:COLUMN") from None


def windows(args: argparse.Namespace) -> Windows:
    """Return the windows the options describe."""
    duration = args.follow_up_duration
    if duration is None:
        usual = {Unit.DAYS: 730, Unit.WEEKS: 104, Unit.MONTHS: 24, Unit.YEARS: 2}
        duration = usual[args.unit]
    observation = getattr(args, "observation_duration", None)
    return Windows(
        follow_up_start=args.follow_up_start,
        follow_up_duration=duration,
        observation_start=getattr(args, "observation_start", 0),
        observation_duration=duration if observation is None else observation,
        unit=args.unit,
    )


def carry(args: argparse.Namespace) -> Carry:
    """Return the carry-over the options describe."""
    return Carry(args.carry_only_for_same_medication, args.consider_dosage_change)


def rule(args: argparse.Namespace) -> EpisodeRule:
    """Return the episode rule the options describe."""
    return EpisodeRule(
        max_gap=args.max_gap,
        max_gap_unit=args.max_gap_unit,
        medication_change=args.medication_change_starts_episode,
        carry_over=not getattr(args, "no_carry_over", False),
        append_gap=args.append_gap,
        dose_change=args.dosage_change_starts_episode,
    )


def answer(
    question: Question,
    args: argparse.Namespace,
    names: Sequence[str],
    others: Mapping[str, Path] | None = None,
) -> int:
    """Write the answer; return 0, or ``REFUSED`` after saying why nothing was written.

    ``names`` are those of the definitions it rests on.
    """

    def work() -> int:
        return remote.answer(
            question,
            source(args),
            args.output,
            engine=args.engine,
            database=args.database,
            table=args.table,
            clinic=args.clinic,
            memory=args.memory,
            progress=None if args.quiet else duck.to_stderr,
            others=others,
            least=least(args),
        )

    return told(work, args, question, names, {"supplies": args.input, **(others or {})})


def source(args: argparse.Namespace) -> str:
    """Return where the supplies are: the path or the address of ``--input``.

    Raises:
        UnusableFile: the service's own settings cannot be read.
    """
    return str(args.input if args.input != SERVICE else _settings().database_url)


def least(args: argparse.Namespace) -> int:
    """Return the oldest version of the words about research to which a yes still holds.

    Raises:
        UnusableFile: the service's own settings, or a clinic's own words, cannot be read.
    """
    if args.input != SERVICE and not is_address(str(args.input)):
        return 0
    folder = _settings().consent_folder
    consent = import_module("adherence.library.consent")
    try:
        return int(consent.least(Purpose.RESEARCH, datetime.now(UTC), folder))
    except consent.MalformedText as error:
        raise UnusableFile(f"{error}.") from None


def _settings() -> Any:
    settings = import_module("adherence.settings")  # which loads Flask: only where it is asked for
    try:
        return settings.Settings.from_env()
    except settings.UnsafeSettings as error:
        raise UnusableFile(str(error)) from None


def add_walk_files(parser: argparse.ArgumentParser, holds: str) -> None:
    """Add where the tables of a question that is answered patient by patient come from and go."""
    files = parser.add_argument_group("files", WALK_FILES)
    files.add_argument("--input", required=True, type=Path, metavar="FILE", help=holds)
    files.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="results as CSV, or as Parquet by its suffix; replaced only when all is computed",
    )
    add_method(files)
    files.add_argument(
        "--match",
        action="append",
        default=[],
        metavar="COLUMN",
        help="column that tells one medication from another; may be given several times (default:"
        " medication, where the files have it)",
    )
    files.add_argument(
        "--memory",
        metavar="SIZE",
        help="the most memory to use, such as 2GB; the rest goes to temporary files",
    )
    files.add_argument("--quiet", action="store_true", help="report no progress")


def walk(
    question: walks.WalkQuestion,
    args: argparse.Namespace,
    names: Sequence[str],
    **others: Path | None,
) -> int:
    """Write the answer; return 0, or ``REFUSED`` after saying why nothing was written.

    ``names`` are those of the definitions it rests on; ``others`` are the files beside ``--input``,
    by the names of ``walks.SHEETS``.
    """
    sources: dict[str, Path] = {walks.sheets(question)[0].name: args.input}
    sources |= {name: path for name, path in others.items() if path is not None}

    def work() -> int:
        return walks.answer_files(
            question,
            sources,
            args.output,
            match=args.match,
            memory=args.memory,
            progress=None if args.quiet else duck.to_stderr,
        )

    return told(work, args, question, names, sources)


def told(
    work: Callable[[], int],
    args: argparse.Namespace,
    question: Question | walks.WalkQuestion,
    names: Sequence[str],
    sources: Mapping[str, str | Path],
) -> int:
    """Do ``work`` and say how many rows were written, or, all at once, why nothing was."""
    try:
        check_targets(args, sources)
        rows = work()
        if args.method is not None:
            engine = str(getattr(args, "engine", Engine.DUCKDB))
            method.written(args.method, args.command, question, names, sources, engine, rows)
    except BadSupplies as bad:
        for row in bad.rows:
            print(row, file=sys.stderr)
        many = "1 row" if len(bad.rows) == 1 else f"{len(bad.rows):,} rows"
        return refused(f"{many} cannot be used. Nothing was written.")
    except (UnusableFile, EngineMissing, InvalidInput) as error:
        return refused(f"{error} Nothing was written.")
    except OSError as error:
        return refused(f"{error.filename}: {error.strerror}. Nothing was written.")
    if not args.quiet:
        print(f"{rows:,} rows written to {args.output}", file=sys.stderr)
    return 0


def check_targets(args: argparse.Namespace, sources: Mapping[str, str | Path]) -> None:
    """Raise ``UnusableFile`` if a result would take the place of an input, or has no folder."""
    for target in (args.output, args.method):
        if target is None:
            continue
        if not target.parent.is_dir():
            raise UnusableFile(f"{target.parent}: there is no such folder.")
        for source in map(Path, sources.values()):
            if target.exists() and source.exists() and target.samefile(source):
                raise UnusableFile(f"{target}: this is an input; name another file.")


def refused(why: str) -> int:
    """Say ``why`` on the error stream and return the exit code of a refusal."""
    print(f"adherence: {why}", file=sys.stderr)
    return REFUSED
