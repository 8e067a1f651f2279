"""Accounts: who they are, the links and tokens made for them, and how they stand to a patient.

A link and a token are random values of 256 bits that only their holder knows; the tables keep
hashes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import Actor, Role
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.sign_in import Purpose, plain_address
from adherence.services import one_time
from adherence.services.keys import new_token
from adherence.services.record import audit_clinic
from adherence.services.sessions import actor_from, digest_of
from adherence.store import accounts as table
from adherence.store import addresses
from adherence.store import buckets as bucket_table
from adherence.store import devices as device_table
from adherence.store import one_time as one_time_table
from adherence.store import sessions as session_table
from adherence.store.db import Run, look, read, write
from adherence.store.ids import new_id

EMAIL_LIMIT = 254
#: What would let an address carry a second one, or a header.
_NOT_IN_ADDRESSES = frozenset(' "(),:;<>[\\]')


def create_account(
    clinic_id: UUID,
    role: Role,
    name: str,
    locale: str | None,
    now: datetime,
    by: Actor | None = None,
    email: str | None = None,
) -> UUID:
    """Add an account to a clinic; its id. ``by`` is None when the command line does it.

    Raises:
        InvalidInput: no address, or somebody of the clinic has it.
    """
    account_id = new_id()
    address = None if email is None else read_address(email)
    actor = by or Actor(account_id, clinic_id, role, None, name, locale)

    def work(run: Run) -> None:
        add_account(run, account_id, clinic_id, role, name, locale, now, address)
        audit_clinic(run, actor, "account.create", account_id, now)

    write(work)
    return account_id


def add_account(
    run: Run,
    account_id: UUID,
    clinic_id: UUID,
    role: Role,
    name: str,
    locale: str | None,
    now: datetime,
    address: str | None = None,
) -> None:
    """Add the row of an account in a transaction that goes on.

    Raises:
        InvalidInput: somebody of the clinic has the address.
    """
    run.do(
        table.add_account,
        id=account_id,
        clinic_id=clinic_id,
        role=role,
        name=name,
        locale=locale,
        active=True,
        created_at=now,
    )
    if address is not None and not addresses.give(run, account_id, clinic_id, address):
        raise InvalidInput("email", "taken")


def read_address(typed: str) -> str:
    """An e-mail address as it is stored: without spaces around it, in lower case, composed.

    Raises:
        InvalidInput: nobody can be reached there.
    """
    found = plain_address(typed)
    local, _, domain = found.rpartition("@")
    if (
        len(found) > EMAIL_LIMIT
        or not local
        or "." not in domain.strip(".")
        or not found.isprintable()
        or set(found) & _NOT_IN_ADDRESSES
        or "@" in local
    ):
        raise InvalidInput("email", "no_address")
    return found


def is_empty() -> bool:
    """Whether nobody has an account on this server yet."""
    with read() as run:
        return run.first(table.any_account) is None


def actor_of(account_id: UUID) -> Actor:
    """The actor an account is, for commands that act in somebody's name.

    Raises:
        NotFound: no such account, or a disabled one.
    """
    with read() as run:
        row = run.first(table.account_by_id, account_id=account_id)
    if row is None or not row.active:
        raise NotFound
    return actor_from(row)


def set_locale(actor: Actor, locale: str, now: datetime) -> None:
    """Remember the language an account chose."""

    def work(run: Run) -> None:
        run.do(table.set_locale, account_id=actor.account_id, new_locale=locale)
        audit_clinic(run, actor, "account.locale", actor.account_id, now)

    write(work)


def disable_account(account_id: UUID, now: datetime, by: Actor | None = None) -> None:
    """Shut an account out from the next request on; its sessions and tokens are gone."""

    def work(run: Run) -> None:
        row: Any = run.first(table.account_by_id, account_id=account_id)
        if row is None:
            raise NotFound
        run.do(table.set_active, account_id=account_id, is_active=False)
        run.do(session_table.drop_sessions_of, account_id=account_id)
        run.do(device_table.revoke_devices_of, account_id=account_id, now=now)
        run.do(one_time_table.end_all_of_account, account_id=account_id, now=now)
        run.do(table.drop_tokens_of, account_id=account_id)
        audit_clinic(run, by or actor_from(row), "account.disable", account_id, now)

    write(work)


def make_link(account_id: UUID, now: datetime, minutes: int | None = None) -> str:
    """The code of a new one-time link; it is nowhere else, so it cannot be shown again."""
    lasts = timedelta(minutes=settings.current().link_minutes if minutes is None else minutes)
    made = one_time.make(Purpose.LINK, account_id, now, lasts)
    write(lambda run: one_time.add(run, made))
    return made.code


def drop_expired(now: datetime) -> int:
    """Remove sessions, codes and counters whose time is over; how many."""
    second = int(now.timestamp())
    return write(
        lambda run: (
            run.do(session_table.drop_old_sessions, now=now)
            + run.do(one_time_table.drop_old_one_time, now=now)
            + run.do(bucket_table.drop_old_buckets, second=second)
        )
    )


# --- tokens ------------------------------------------------------------------------------------


def make_token(account_id: UUID, label: str, now: datetime, ends_at: datetime | None = None) -> str:
    """A new bearer token for the API; it is nowhere else, so it cannot be shown again."""
    token = new_token()
    digest = digest_of(token)
    write(
        lambda run: run.do(
            table.add_token,
            digest=digest,
            account_id=account_id,
            label=label,
            created_at=now,
            ends_at=ends_at,
        )
    )
    return token


def actor_of_token(token: str, now: datetime) -> Actor | None:
    """Who a bearer token speaks for; None when it is unknown, over or its account disabled."""
    row: Any = look(table.actor_of_token, digest=digest_of(token), now=now)
    return None if row is None else actor_from(row)


def end_token(token: str) -> None:
    """Make a token worthless."""
    digest = digest_of(token)
    write(lambda run: run.do(table.drop_token, digest=digest))
