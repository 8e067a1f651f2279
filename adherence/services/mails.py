"""Mails: written with their cause, sent later, at least once.

A mail says nothing of health and names nobody. What it must carry is encrypted until it is sent.
``CONSENT`` says of every kind whether it contacts a patient on our own account; such a mail leaves
only while the patient's consent holds, which is asked about at the last moment (``may_go``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.consent import Purpose
from adherence.services import consent
from adherence.services.keys import Unreadable, seal, unseal
from adherence.store import accounts as account_table
from adherence.store import mails as table
from adherence.store import patients as patient_table
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

#: A patient hears of something new at most this often.
NEWS_EVERY = timedelta(days=1)
#: kind -> the consent without which it does not leave. None where the reader asked for it just now,
#: where it is a clinician's own act towards somebody who has no way in yet (an invitation), or
#: where not telling would leave an account or a record unsafe (a way in was changed, a record was
#: opened in an emergency).
CONSENT: dict[MailKind, Purpose | None] = {
    MailKind.SIGN_IN: None,
    MailKind.RESET: None,
    MailKind.INVITE: None,
    MailKind.SETUP: None,
    MailKind.NEW_ADDRESS: None,
    MailKind.CHANGED: None,
    MailKind.EMERGENCY: None,
    MailKind.NEWS: Purpose.EMAIL,
}

__all__ = [
    "Mail",
    "MailKind",
    "add",
    "end",
    "is_on",
    "lease",
    "may_go",
    "news",
    "prepared",
    "put_back",
    "waiting",
]


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
    patient_id: UUID | None = None


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
    patient_id: UUID | None = None,
) -> dict[str, Any]:
    """The row of a mail. Without an account it goes nowhere, after the same work."""
    return {
        "id": new_id(),
        "account_id": account_id,
        "patient_id": patient_id,
        "kind": kind,
        "locale": locale,
        "sealed": seal(json.dumps({"to": to, "link": link, "code": code})),
        "created_at": now,
        "due_at": now,
        "ends_at": ends_at,
        "tries": 0,
    }


def news(patient_id: UUID, now: datetime) -> dict[str, Any] | None:
    """The mail that tells a patient of something new, without saying what.

    None where no mail is sent here, the patient has no address or did not agree, or was told of
    something within the last day.
    """
    if not is_on() or not consent.may_contact(patient_id, Purpose.EMAIL, now):
        return None
    with read() as run:
        patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
        if patient is None or patient.account_id is None:
            return None
        account: Any = run.first(account_table.credentials_by_id, account_id=patient.account_id)
        told = run.first(table.written_to, patient_id=patient_id, since=now - NEWS_EVERY)
    if account is None or not account.active or not account.email or told is not None:
        return None
    return prepared(
        MailKind.NEWS,
        patient.account_id,
        account.email,
        account.locale or "en",
        now,
        now + NEWS,
        link=settings.current().base_url,
        patient_id=patient_id,
    )


def may_go(mail: Mail, now: datetime) -> bool:
    """Whether a mail may leave at this moment: the last question before it is handed over."""
    purpose = CONSENT[mail.kind]
    if purpose is None:
        return True
    return mail.patient_id is not None and consent.may_contact(mail.patient_id, purpose, now)


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
                    row.patient_id,
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
