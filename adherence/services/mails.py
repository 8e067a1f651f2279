"""Mails about signing in: written with their cause, sent later, at least once.

A mail says nothing of health and names nobody. What it must carry is encrypted until it is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.services.keys import Unreadable, seal, unseal
from adherence.store import mails as table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id
from adherence.store.mails import MailKind

#: How long a worker may take over the mail it claimed.
LEASE = timedelta(seconds=90)
#: The wait after the first failure; it doubles up to the longest.
FIRST_WAIT = timedelta(seconds=20)
LONGEST_WAIT = timedelta(hours=1)
#: How long a mail that carries no code is worth sending.
NEWS = timedelta(days=2)

__all__ = ["Mail", "MailKind", "add", "end", "is_on", "lease", "prepared", "put_back", "waiting"]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to send now; ``link`` and ``code`` are empty where it has none."""

    id: UUID
    kind: MailKind
    locale: str
    to: str
    link: str
    code: str
    tries: int


def is_on() -> bool:
    """Whether this server can send mail; where it cannot, no page offers any."""
    return bool(settings.current().smtp_host)


def prepared(
    kind: MailKind,
    account_id: UUID | None,
    to: str,
    locale: str,
    now: datetime,
    ends_at: datetime,
    *,
    link: str = "",
    code: str = "",
) -> dict[str, Any]:
    """The row of a mail. Without an account it goes nowhere, after the same work."""
    return {
        "id": new_id(),
        "account_id": account_id,
        "kind": kind,
        "locale": locale,
        "sealed": seal(json.dumps({"to": to, "link": link, "code": code})),
        "created_at": now,
        "due_at": now,
        "ends_at": ends_at,
        "tries": 0,
    }


def add(run: Run, row: dict[str, Any]) -> None:
    """Have a mail sent once the transaction is committed."""
    run.do(table.add_mail, **row)


def lease(now: datetime) -> Mail | None:
    """The next mail to send, claimed for a while; None when nothing waits.

    Mails that go nowhere, have ended or cannot be read any more are done with on the way.
    """
    while True:
        row: Any = write(lambda run: run.first(table.lease_mail, at=now, lease_until=now + LEASE))
        if row is None:
            return None
        if row.account_id is not None and now < row.ends_at and row.sealed is not None:
            try:
                said = json.loads(unseal(bytes(row.sealed)))
            except Unreadable:
                said = None
            if said is not None:
                return Mail(
                    row.id,
                    row.kind,
                    row.locale,
                    said["to"],
                    said["link"],
                    said["code"],
                    row.tries,
                )
        end(row.id, now)


def end(mail_id: UUID, now: datetime) -> None:
    """A mail is sent, or not worth sending; what it carried is gone."""
    write(lambda run: run.do(table.end_mail, mail_id=mail_id, at=now))


def put_back(mail: Mail, now: datetime) -> None:
    """A mail could not be sent; it is tried again later."""
    wait = min(FIRST_WAIT * 2 ** min(mail.tries - 1, 12), LONGEST_WAIT)
    write(lambda run: run.do(table.put_back, mail_id=mail.id, again_at=now + wait))


def drop_old(now: datetime) -> int:
    """Remove what is left of mails long done; how many."""
    return write(lambda run: run.do(table.drop_old_mails, at=now))


def waiting() -> tuple[int, datetime | None]:
    """How many mails could not be sent so far, and since when the oldest waits."""
    with read() as run:
        row: Any = run.first(table.oldest_waiting)
    return row.waiting, row.since
