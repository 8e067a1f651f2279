"""``adherence audit verify``: is every line of the audit still what was written?"""

from __future__ import annotations

import argparse

from adherence.cli.site import site
from adherence.services import audit


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "audit", help="the audit's hash chains", description="Looks after the audit's hash chains."
    )
    actions = found.add_subparsers(required=True, metavar="ACTION")
    verify = actions.add_parser(
        "verify",
        help="find lines that were changed, removed, swapped or cut off",
        description="Walks every chain and every seal of every clinic.",
    )
    verify.set_defaults(run=run_verify)


def run_verify(given: argparse.Namespace) -> int:
    """Walk every chain and every seal; the status is 1 when one does not hold."""
    faults = 0
    with site(given):
        clinics = audit.clinic_ids()
        for clinic_id in clinics:
            for fault in audit.verify(clinic_id):
                faults += 1
                print(f"chain {fault.chain_id}, line {fault.n}: {fault.what}")
    print(f"{len(clinics)} clinics verified, {faults} faults.")
    return 1 if faults else 0
