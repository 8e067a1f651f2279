"""A practice that runs for real: a clinic's settings, one of each role, ways in that work.

Demo mode lets everybody in by link; here passwords, second factors, codes and PINs are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyotp
import sqlalchemy as sa

from adherence.domain.access import Actor, Role, Stage
from adherence.services import accounts, devices, invites, patients, sessions, sign_in
from adherence.services.factors import new_totp
from adherence.services.sessions import Browser, Entered, Opened
from adherence.store.columns import db
from tests.builders import ZONE, clinic_settings, closed
from tests.wards import DAY, MONDAY

if TYPE_CHECKING:
    from flask import Flask

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STEP = timedelta(seconds=30)
PASSWORD = "lantern wombat quarry"
PIN = "482913"
THREADS = 20


@contextmanager
def application(url: str, **changes: Any) -> Iterator[Flask]:
    """The whole application with a clinic's settings, its context pushed."""
    from adherence.app import create_app

    app = create_app(clinic_settings(url, **changes))
    app.testing = True
    with app.app_context():
        yield app
    closed(app)


@dataclass
class Staff:
    """A member of staff who has set everything up, and what they sign in by."""

    actor: Actor
    email: str
    secret: str
    codes: list[str]
    cookie: str

    def code(self, now: datetime) -> str:
        """What the authenticator app shows at a moment."""
        return pyotp.TOTP(self.secret).at(int(now.timestamp()))


def found(name: str = "Praxis am Markt", slug: str | None = None) -> UUID:
    """A clinic."""
    return patients.add_clinic(
        name=name, zone=ZONE, emergency_number="112", now=MONDAY - DAY, slug=slug
    )


def token_of(link: str) -> str:
    """The code at the end of a link."""
    return link.rpartition("#")[2]


def staff(
    clinic_id: UUID,
    role: Role = Role.CLINICIAN,
    email: str = "ada@example.org",
    name: str = "Ada Roth",
    at: datetime = MONDAY - HOUR,
) -> Staff:
    """Somebody who was invited, chose a password and set up an authenticator app."""
    account_id = accounts.create_account(clinic_id, role, name, "en", at, email=email)
    actor = accounts.actor_of(account_id)
    link = invites.begin_anew(actor, account_id, at)
    began = entered(sign_in.by_code(token_of(link), "", Browser(), at))
    chosen = sign_in.choose_first_password(
        opened(began.secret, at), PASSWORD, Browser(began.secret), at
    )
    session = opened(chosen.secret, at)
    offered = new_totp(chosen.secret, name, "")
    code = pyotp.TOTP(offered.secret).at(int(at.timestamp()))
    done = sign_in.enrol(session, offered, code, Browser(chosen.secret), at)
    assert done is not None
    return Staff(actor, email, offered.secret, done[1], done[0].secret)


def patient(
    by: Actor, name: str = "Ruth Aldous", email: str | None = None, born: int | None = 1950
) -> Actor:
    """A patient of somebody's, with an account that nothing opens yet."""
    account_id = accounts.create_account(
        by.clinic_id, Role.PATIENT, name, "en", MONDAY - HOUR, email=email
    )
    patients.add_patient(
        by, name=name, zone=ZONE, birth_year=born, account_id=account_id, now=MONDAY - HOUR
    )
    return accounts.actor_of(account_id)


def invited(by: Actor, of: Actor, at: datetime = MONDAY, pin: str = PIN) -> tuple[str, str]:
    """A patient who came by a code on paper and chose a PIN: (session cookie, device cookie)."""
    assert of.patient_id is not None
    made = invites.invite_on_paper(by, of.patient_id, "en", at)
    began = entered(sign_in.by_code(made.code, "", Browser(), at))
    done, cookie = devices.welcome(opened(began.secret, at), pin, "en", Browser(began.secret), at)
    return done.secret, cookie


def entered(found: Any) -> Entered:
    """What must be a way in."""
    assert isinstance(found, Entered), found
    return found


def opened(secret: str, at: datetime) -> Opened:
    """The session that a cookie holds."""
    found = sessions.open_session(secret, at)
    assert found is not None
    return found


def is_in(secret: str, at: datetime) -> bool:
    """Whether a cookie opens the first page."""
    found = sessions.open_session(secret, at)
    return found is not None and found.stage is Stage.FULL


def at_once(app: Flask, work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """What ``work`` answers in each of many threads that begin together."""
    barrier = Barrier(threads)

    def run(number: int) -> Any:
        with app.app_context():
            barrier.wait(30)
            return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def rows(table: Any) -> list[Any]:
    """Everything in a table."""
    found = list(db.session.execute(sa.select(table)).all())
    db.session.rollback()
    return found


def mails() -> list[dict[str, str]]:
    """What the mails that wait say, the oldest first; empty ones go nowhere."""
    import json

    from adherence.services.keys import unseal
    from adherence.store.mails import MAIL

    waiting = sorted(rows(MAIL), key=lambda row: row.id)
    return [
        {"kind": str(row.kind), **json.loads(unseal(row.sealed))}
        for row in waiting
        if row.account_id is not None and row.sealed is not None
    ]
