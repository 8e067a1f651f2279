"""``adherence episodes``: the treatment episodes in a file of supplies."""

from __future__ import annotations

import argparse

from adherence.cli import supplies
from adherence.domain.errors import InvalidInput
from adherence.domain.supplies import EpisodeQuestion

EPILOG = f"""{supplies.definitions(["episodes"])}

Columns: patient_id, episode, start, end, duration (days from start to end), gap_at_end (complete
days without supply after the episode's last supply ran out).

Example:
  adherence episodes --input events.csv --output episodes.csv --max-gap 90 \\
      --medication-change-starts-episode
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``episodes`` to the command."""
    parser = subparsers.add_parser(
        "episodes",
        help="treatment episodes from a file of supplies",
        description=supplies.paragraph("Find treatment episodes in supplies: one row per episode."),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    supplies.add_files(parser)
    supplies.add_rule(parser, title="episodes")
    parser.add_argument(
        "--no-carry-over", action="store_true", help="no supply left over counts on"
    )
    supplies.add_windows(parser, observation=False)
    supplies.add_carry(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write one row per episode; return the exit code."""
    try:
        asked = EpisodeQuestion(supplies.rule(args), supplies.windows(args), supplies.carry(args))
    except InvalidInput as error:
        return supplies.refused(f"This option cannot be used: {error}. Nothing was written.")
    return supplies.answer(asked, args, ("episodes",))
