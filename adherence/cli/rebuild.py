"""``adherence rebuild``: projections computed again from the record."""

from __future__ import annotations

import argparse

from adherence.cli.site import now, site
from adherence.services import rebuild


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "rebuild",
        help="compute day sums and the caseload again from the record",
        description="Computes every projection from scratch; with --check it only compares.",
    )
    found.add_argument("--check", action="store_true", help="change nothing, list differences")
    found.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Compare or replace; with ``--check`` the status is 1 when anything differs."""
    different = 0
    with site(given):
        patients = rebuild.patient_ids()
        for patient_id in patients:
            if given.check:
                for one in rebuild.check(patient_id, now()):
                    different += 1
                    print(f"{one.patient_id}: {one.what} {one.where}".rstrip())
            else:
                rebuild.rebuild(patient_id, now())
    if given.check:
        print(f"{len(patients)} patients checked, {different} differences.")
        return 1 if different else 0
    print(f"{len(patients)} patients rebuilt.")
    return 0
