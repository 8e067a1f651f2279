"""``adherence export``: everything about one patient in one archive."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from uuid import UUID

from adherence.cli.site import now, site
from adherence.services import exports
from adherence.web.exports import page
from adherence.web.locale import LOCALES


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "export",
        help="write everything about one patient into an archive",
        description=(
            "Writes a ZIP with data.json, a CSV for each table and index.html to read. It is not"
            " encrypted: only your account may read the file; hand it over and remove it."
        ),
    )
    found.add_argument("--patient", type=UUID, required=True, metavar="ID", help="the patient's id")
    found.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="new file; none is overwritten"
    )
    found.add_argument(
        "--language", choices=LOCALES, default=LOCALES[0], help="language of index.html"
    )
    found.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the archive; the status is 1 when there is such a file, or no such patient."""
    with site(given):
        try:
            exports.write_file(given.patient, given.language, given.out, page, now())
        except FileExistsError:
            print(f"adherence: {given.out} is there already.", file=sys.stderr)
            return 1
    print(f"Written: {given.out}")
    return 0
