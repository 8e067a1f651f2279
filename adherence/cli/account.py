"""``adherence account`` and ``adherence token``: people, their sign-in links and API tokens."""

from __future__ import annotations

import argparse
import json
from uuid import UUID

from adherence.cli.site import now, site
from adherence.domain.access import STAFF, Role
from adherence.domain.activities import Discipline
from adherence.domain.errors import InvalidInput, NotFound
from adherence.services import accounts, audit, invites, patients
from adherence.settings import Mode, current


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    found = commands.add_parser(
        "account",
        help="add people and let them in",
        description="Adds clinics and accounts, and makes one-time sign-in links.",
    )
    actions = found.add_subparsers(required=True, metavar="ACTION")

    clinic = actions.add_parser(
        "clinic",
        help="add a clinic",
        description="Adds a clinic, the tenant that all else belongs to, and prints its id.",
    )
    clinic.add_argument("--name", required=True, help="what its patients call it")
    clinic.add_argument("--zone", required=True, help="IANA time zone, such as Europe/Berlin")
    clinic.add_argument(
        "--emergency-number", default="112", help="shown wherever nobody reads live"
    )
    clinic.add_argument("--word", help="its word in addresses; needed once there are several")
    clinic.add_argument(
        "--grown-age", type=int, default=18, help="age at which nobody acts for a child any more"
    )
    clinic.set_defaults(run=run_clinic)

    setup = actions.add_parser(
        "setup",
        help="print the link of the first start, or let a member of staff begin anew",
        description=(
            "Without an account, on an empty server: prints a one-time link whose page founds the"
            " clinic and its administrator. With one: ends everything that let that member of staff"
            " in, and prints a one-time link for a new password and second step."
        ),
    )
    setup.add_argument("account", nargs="?", help="the account's id")
    setup.set_defaults(run=run_setup)

    create = actions.add_parser(
        "create",
        help="add an account and print its first sign-in link",
        description="Adds an account (for a patient also the record) and prints it as JSON.",
    )
    create.add_argument("--clinic", help="the clinic's id; not needed while there is only one")
    create.add_argument(
        "--role", required=True, choices=[role.value for role in Role], help="what it is for"
    )
    create.add_argument("--name", required=True, help="the person's name")
    create.add_argument("--email", help="their address; staff sign in with it")
    create.add_argument("--language", choices=["en", "de", "ru"], help="else the browser's")
    create.add_argument("--zone", help="a patient's time zone; else the clinic's")
    create.add_argument("--birth-year", type=int, help="a patient's")
    create.add_argument("--clinician", help="account id of the clinician who cares for the patient")
    create.set_defaults(run=run_create)

    link = actions.add_parser(
        "link",
        help="print a new one-time sign-in link",
        description="Prints a link that signs an account in once.",
    )
    link.add_argument("account", help="the account's id")
    link.add_argument("--minutes", type=int, help="how long it stays good")
    link.set_defaults(run=run_link)

    token = commands.add_parser(
        "token", help="API tokens", description="Makes bearer tokens for the API."
    )
    token_actions = token.add_subparsers(required=True, metavar="ACTION")
    make = token_actions.add_parser(
        "create",
        help="print a new bearer token for the API",
        description="Prints a bearer token; it is nowhere else and cannot be shown again.",
    )
    make.add_argument("account", help="the account's id")
    make.add_argument("--label", default="command line", help="what it is for")
    make.set_defaults(run=run_token)


def run_clinic(given: argparse.Namespace) -> int:
    """Add a clinic and print its id."""
    with site(given):
        clinic_id = patients.add_clinic(
            name=given.name,
            zone=given.zone,
            emergency_number=given.emergency_number,
            now=now(),
            slug=given.word,
            grown_age=given.grown_age,
        )
    print(json.dumps({"clinic": str(clinic_id)}))
    return 0


def run_create(given: argparse.Namespace) -> int:
    """Add an account (for a patient also the record) and print id and link."""
    with site(given):
        clinic_id = _clinic(given.clinic)
        role = Role(given.role)
        account_id = accounts.create_account(
            clinic_id, role, given.name, given.language, now(), email=given.email
        )
        said = {"account": str(account_id), "role": role.value}
        if role is Role.PATIENT:
            by = accounts.actor_of(UUID(given.clinician) if given.clinician else account_id)
            said["patient"] = str(
                patients.add_patient(
                    by,
                    name=given.name,
                    zone=given.zone or patients.clinic_zone(clinic_id),
                    birth_year=given.birth_year,
                    account_id=account_id,
                    discipline=Discipline.PHYSIOTHERAPY,
                    now=now(),
                )
            )
        said["link"] = _first_link(account_id)
    print(json.dumps(said))
    return 0


def run_link(given: argparse.Namespace) -> int:
    """Print a new one-time link."""
    with site(given):
        print(sign_in_link(accounts.make_link(UUID(given.account), now(), given.minutes)))
    return 0


def run_setup(given: argparse.Namespace) -> int:
    """Print the link of the first start, or one with which somebody begins anew."""
    with site(given):
        if given.account is None:
            print(invites.first_start(now()))
        else:
            account_id = UUID(given.account)
            print(invites.begin_anew(accounts.actor_of(account_id), account_id, now()))
    return 0


def run_token(given: argparse.Namespace) -> int:
    """Print a new bearer token."""
    with site(given):
        print(accounts.make_token(UUID(given.account), given.label, now()))
    return 0


def sign_in_link(token: str, base_url: str | None = None) -> str:
    """The address that brings a token to the sign-in page; the fragment never reaches a log."""
    return f"{(base_url or current().base_url).rstrip('/')}/code#{token}"


def _first_link(account_id: UUID) -> str:
    """The first link of a new account: in a demo it signs in, in a clinic it begins."""
    actor = accounts.actor_of(account_id)
    if current().mode is Mode.DEMO:
        return sign_in_link(accounts.make_link(account_id, now()))
    if actor.role in STAFF:
        return invites.begin_anew(actor, account_id, now())
    if actor.patient_id is None:
        raise NotFound
    return invites.invite_on_paper(actor, actor.patient_id, actor.locale, now()).link


def _clinic(given: str | None) -> UUID:
    if given:
        return UUID(given)
    clinics = audit.clinic_ids()
    if len(clinics) != 1:
        raise InvalidInput("clinic", "name the clinic with --clinic")
    return clinics[0]
