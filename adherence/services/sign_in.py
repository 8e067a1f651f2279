"""Signing in: by password, by code, by mailed link, and the second step.

Every way in ends in one transaction that uses up what was shown, begins the session and writes the
line of audit. Where nobody is known the same work is done, and the answer is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import Actor, Role, Stage
from adherence.domain.audit import Refusal
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.sign_in import Purpose, Step, Via
from adherence.services import accounts, factors, mails, one_time, passwords
from adherence.services.factors import NewTotp
from adherence.services.mails import MailKind
from adherence.services.record import audit_clinic
from adherence.services.sessions import (
    Beginning,
    Browser,
    Entered,
    Opened,
    actor_from,
    begin,
    beginning,
    check_step,
    digest_of,
    enter,
    has_factor,
)
from adherence.settings import Mode
from adherence.store import accounts as account_table
from adherence.store import addresses, clinics
from adherence.store import buckets as bucket_table
from adherence.store import devices as device_table
from adherence.store import one_time as one_time_table
from adherence.store import sessions as session_table
from adherence.store.db import Run, read, write

#: Who is meant where nobody is: no account has this id, no clinic either.
NOBODY = UUID(int=0)
MAILED = {Purpose.MAIL: Purpose.MAIL_CODE, Purpose.RESET: Purpose.RESET_CODE}
VIA = {
    Purpose.LINK: Via.LINK,
    Purpose.INVITE: Via.INVITE,
    Purpose.INVITE_MAIL: Via.INVITE,
    Purpose.SETUP: Via.SETUP,
    Purpose.MAIL: Via.MAIL,
    Purpose.RESET: Via.RESET,
    Purpose.MAIL_CODE: Via.MAIL,
    Purpose.RESET_CODE: Via.RESET,
}
#: What the page for codes takes; short codes are typed where they were asked for.
CODES = frozenset(VIA) - set(MAILED.values())
KINDS = {Purpose.MAIL: MailKind.SIGN_IN, Purpose.RESET: MailKind.RESET}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The code is good, but only in the browser that asked for it."""


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The code is good, and the server is empty: whoever has it founds the first clinic."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What an account can sign in by, as its own page and the second step show it."""

    email: str | None
    email_new: str | None
    has_password: bool
    has_totp: bool
    has_passkey: bool

    @property
    def has_second(self) -> bool:
        return self.has_totp or self.has_passkey


def clinic_of(slug: str) -> UUID | None:
    """The clinic that somebody signs in to: the only one, or the one of that word."""
    with read() as run:
        rows = run.all(clinics.clinic_slugs)
    if len(rows) == 1 and not slug:
        return rows[0].id  # type: ignore[no-any-return]  # a row's field
    return next((row.id for row in rows if slug and row.slug == slug.strip().lower()), None)


def asks_for_clinic() -> bool:
    """Whether a server has several clinics, so that one has to say to which."""
    with read() as run:
        return len(run.all(clinics.clinic_slugs)) > 1


# --- first step --------------------------------------------------------------------------------


def by_password(
    slug: str, address: str, password: str, browser: Browser, now: datetime
) -> Entered | None:
    """Sign in by password; None for any reason, after the same work."""
    clinic_id = clinic_of(slug)
    found = _credentials(clinic_id, address)
    usable = found if found is not None and found.active and found.password else None
    stored = None if usable is None else usable.password
    is_right = passwords.fits(stored, password)
    new = beginning(browser, now)
    newer = None
    if is_right and passwords.is_outdated(stored or ""):
        newer = passwords.hashed(password)
    is_demo = _is_demo()

    def work(run: Run) -> Entered | None:
        if usable is None or not is_right:
            _refuse(run, clinic_id, usable, now)
            return None
        row: Any = run.first(account_table.credentials_by_id, account_id=usable.account_id)
        if row is None or row.password != stored:
            return None
        if newer is not None:
            run.do(
                account_table.rehash_password,
                account_id=row.account_id,
                old_hash=stored,
                new_hash=newer,
            )
        return enter(run, new, row, Via.PASSWORD, is_demo=is_demo)

    return write(work)


def by_code(
    typed: str, bound: str, browser: Browser, now: datetime
) -> Entered | Elsewhere | FirstStart | None:
    """Sign in by a code from paper, a mail or the command line.

    None for a code that is unknown, used or over. ``bound`` is what tells this browser from others.
    """
    code = one_time.shown(typed, CODES, bound)
    new = beginning(browser, now)
    is_demo = _is_demo()

    def work(run: Run) -> Entered | None:
        used = one_time.redeem(run, code, now)
        if used is None:
            return None
        return _enter_by(run, used, new, is_demo=is_demo)

    entered = write(work)
    if entered is not None:
        return entered
    first = one_time.shown(typed, {Purpose.FIRST_START})
    if one_time.looked_up(first, now) is not None and accounts.is_empty():
        return FirstStart()
    return Elsewhere() if one_time.looked_up(code, now) is not None else None


def ask_mail(
    purpose: Purpose, slug: str, address: str, bound: str, locale: str, now: datetime
) -> None:
    """Have a link and a code sent to an address. The same work and silence for an unknown one."""
    clinic_id = clinic_of(slug)
    found = _credentials(clinic_id, address)
    account_id = found.account_id if found is not None and found.active else None
    lasts = timedelta(minutes=settings.current().link_minutes)
    link = one_time.make(purpose, account_id, now, lasts, bound)
    code = one_time.make(MAILED[purpose], account_id, now, lasts, bound)
    mail = mails.prepared(
        KINDS[purpose],
        account_id,
        address if found is None else found.email,
        locale if found is None or found.locale is None else found.locale,
        now,
        now + lasts,
        link=link_to(link.code),
        code=code.code,
    )
    bounds = one_time.bounds(bound)

    def work(run: Run) -> None:
        for kind in (*MAILED, *MAILED.values()):
            one_time.end_before(run, kind, bounds, now)
        one_time.add(run, link)
        one_time.add(run, code)
        mails.add(run, mail)

    write(work)


def by_mail_code(typed: str, bound: str, browser: Browser, now: datetime) -> Entered | None:
    """Sign in by the eight digits of a mail, in the browser that asked for it; five tries."""
    bounds = one_time.bounds(bound)
    for purpose in MAILED.values():
        row = write(partial(_guess, purpose, bounds, now))
        if row is not None:
            break
    else:
        return None
    if not one_time.fits(row, purpose, typed, bound):
        return None
    new = beginning(browser, now)
    is_demo = _is_demo()

    def work(run: Run) -> Entered | None:
        if not one_time.redeem_guess(run, row, purpose, now) or row.account_id is None:
            return None
        for other in MAILED:
            one_time.end_before(run, other, bounds, now)
        found: Any = run.first(account_table.credentials_by_id, account_id=row.account_id)
        return enter(run, new, found, VIA[purpose], is_demo=is_demo)

    return write(work)


def _guess(purpose: Purpose, bounds: tuple[bytes, ...], now: datetime, run: Run) -> Any:
    return one_time.guess(run, purpose, bounds, now)


def link_to(code: str) -> str:
    """The address that brings a code to its page; the part after # never reaches a server's log."""
    return f"{settings.current().base_url.rstrip('/')}/code#{code}"


def _enter_by(run: Run, used: one_time.Used, new: Beginning, *, is_demo: bool) -> Entered | None:
    if used.account_id is None:
        return None
    row: Any = run.first(account_table.credentials_by_id, account_id=used.account_id)
    is_mailed = used.purpose is Purpose.INVITE_MAIL and row is not None and row.email_new
    # Whoever holds the code has read the mail, so the address is theirs.
    if is_mailed and not addresses.give(run, row.account_id, row.clinic_id, row.email_new):
        run.do(account_table.set_new_email, account_id=row.account_id, address=None)
    return enter(run, new, row, VIA[used.purpose], is_demo=is_demo)


def _credentials(clinic_id: UUID | None, typed: str) -> Any:
    try:
        address = accounts.read_address(typed)
    except InvalidInput:
        address = ""
    with read() as run:
        return addresses.account_with(run, clinic_id or NOBODY, address)


def _refuse(run: Run, clinic_id: UUID | None, row: Any, now: datetime) -> None:
    """A line of audit for a sign-in that failed; where there is no clinic, a write of its size."""
    if clinic_id is None:
        run.do(bucket_table.forgive, key=NOBODY.bytes, slot=0)
        return
    account_id = NOBODY if row is None else row.account_id
    actor = Actor(account_id, clinic_id, Role.PATIENT, None, "", None)
    audit_clinic(run, actor, "sign_in", account_id, now, Refusal.FACTOR)


def _is_demo() -> bool:
    return settings.current().mode is Mode.DEMO


# --- second step -------------------------------------------------------------------------------


def factors_of(account_id: UUID) -> Factors:
    """What an account can sign in by.

    Raises:
        NotFound: no such account.
    """
    row = _row(account_id)
    return Factors(
        row.email,
        row.email_new,
        row.password is not None,
        row.totp is not None,
        bool(row.has_passkey),
    )


def finish(session: Opened, typed: str, browser: Browser, now: datetime) -> Entered | None:
    """The second step, by authenticator or recovery code; None for a wrong or used one."""
    row = _row(session.actor.account_id)
    guess = factors.guessed(row, typed, now)
    new = beginning(browser, now)

    def work(run: Run) -> Entered | None:
        if not has_factor(row) or not factors.use(run, row.account_id, guess, now):
            _note_refusal(run, session, now)
            return None
        secret = begin(run, new, session.actor, Stage.FULL, session.via, finishes=True)
        return Entered(secret, Stage.FULL, session.via, session.actor)

    return write(work)


def choose_first_password(
    session: Opened, password: str, browser: Browser, now: datetime
) -> Entered:
    """The first password of a member of staff; what is left of signing in comes next.

    Raises:
        InvalidInput: nobody should take this password.
        NotFound: the first visit has ended meanwhile.
        NotPermitted: the sign-in did not begin with a link for staff.
    """
    row = _row(session.actor.account_id)
    _check_password(row, password)
    hashed = passwords.hashed(password)
    new = beginning(browser, now)

    def work(run: Run) -> Entered:
        check_step(run, session, Step.PASSWORD)
        run.do(account_table.set_password, account_id=row.account_id, new_hash=hashed)
        secret = begin(run, new, session.actor, Stage.PENDING, Via.PASSWORD, finishes=True)
        audit_clinic(run, session.actor, "password.set", row.account_id, now)
        return Entered(secret, Stage.PENDING, Via.PASSWORD, session.actor)

    return write(work)


def enrol(
    session: Opened, offered: NewTotp, typed: str, browser: Browser, now: datetime
) -> tuple[Entered, list[str]] | None:
    """Set up the authenticator app; the new session and ten recovery codes, None for a wrong code.

    Raises:
        NotFound: the session has ended meanwhile.
        NotPermitted: a pending sign-in whose account has a second factor, which is to be shown.
    """
    step = factors.confirms(offered, typed, now)
    if step is None:
        return None
    actor = session.actor
    sealed = factors.sealed_secret(offered)
    codes, rows = factors.new_recovery(actor.account_id, now)
    new = beginning(browser, now)
    news = news_of(actor.account_id, now)

    def work(run: Run) -> Entered:
        if session.stage is Stage.PENDING:
            check_step(run, session, Step.ENROL)
        factors.store_totp(run, actor.account_id, sealed, step)
        factors.store_recovery(run, actor.account_id, rows)
        if session.stage is Stage.PENDING:
            secret = begin(run, new, actor, Stage.FULL, session.via, finishes=True)
        else:
            secret = begin(run, new, actor, Stage.FULL, session.via, continues=session)
        audit_clinic(run, actor, "totp.set", actor.account_id, now)
        if news is not None:
            mails.add(run, news)
        return Entered(secret, Stage.FULL, session.via, actor)

    return write(work), codes


# --- a factor again, and changes of one's own --------------------------------------------------


def prove_by_pin(
    session: Opened, device: str, pin: str, browser: Browser, now: datetime
) -> Entered | None:
    """Show the PIN again on the device that this session began on; None for a wrong one.

    The session goes on under a new id; its start and its end stay.
    """
    digest = digest_of(device)
    row: Any = write(lambda run: run.first(device_table.try_pin, digest=digest))
    is_right = passwords.pin_fits(None if row is None else row.pin, device, pin)
    new = beginning(browser, now)

    def work(run: Run) -> Entered | None:
        if (
            not is_right
            or row.account_id != session.actor.account_id
            or not run.first(device_table.open_device, device_id=row.id, seen_pin=row.pin, now=now)
        ):
            _note_refusal(run, session, now)
            return None
        return proved(run, session, new)

    return write(work)


def prove_by_password(
    session: Opened, password: str, browser: Browser, now: datetime
) -> Entered | None:
    """Show the password again; None for a wrong one."""
    row = _row(session.actor.account_id)
    is_right = passwords.fits(row.password, password)
    new = beginning(browser, now)

    def work(run: Run) -> Entered | None:
        if not is_right:
            _note_refusal(run, session, now)
            return None
        return proved(run, session, new)

    return write(work)


def prove_by_code(session: Opened, typed: str, browser: Browser, now: datetime) -> Entered | None:
    """Show an authenticator or a recovery code again; None for a wrong or used one."""
    row = _row(session.actor.account_id)
    guess = factors.guessed(row, typed, now)
    new = beginning(browser, now)

    def work(run: Run) -> Entered | None:
        if not has_factor(row) or not factors.use(run, row.account_id, guess, now):
            _note_refusal(run, session, now)
            return None
        return proved(run, session, new)

    return write(work)


def prove_in_demo(session: Opened, browser: Browser, now: datetime) -> Entered:
    """A demo's people have nothing to show: there, saying so is enough.

    Raises:
        NotFound: this is no demo, or the session has ended meanwhile.
    """
    if not _is_demo():
        raise NotFound
    new = beginning(browser, now)
    return write(lambda run: proved(run, session, new))


def _note_refusal(run: Run, session: Opened, now: datetime) -> None:
    account_id = session.actor.account_id
    audit_clinic(run, session.actor, "sign_in", account_id, now, Refusal.FACTOR)


def proved(run: Run, session: Opened, new: Beginning) -> Entered:
    """Let a session go on under a new id after a factor was shown again.

    Raises:
        NotFound: the session has ended meanwhile.
    """
    secret = begin(run, new, session.actor, Stage.FULL, session.via, continues=session)
    return Entered(secret, Stage.FULL, session.via, session.actor)


def change_password(
    session: Opened,
    current: str,
    password: str,
    browser: Browser,
    now: datetime,
) -> Entered:
    """Change one's password; every other session ends, and this one goes on under a new id.

    Who came by a mailed link because the old one was forgotten need not name it.

    Raises:
        InvalidInput: ``current`` is not right, or nobody should take the new one.
        NotFound: the session has ended meanwhile.
    """
    actor = session.actor
    row = _row(actor.account_id)
    forgot = session.via is Via.RESET
    if row.password is not None and not forgot and not passwords.fits(row.password, current):
        raise InvalidInput("current", "wrong_password")
    _check_password(row, password)
    hashed = passwords.hashed(password)
    new = beginning(browser, now)
    news = news_of(actor.account_id, now)

    def work(run: Run) -> Entered:
        run.do(account_table.set_password, account_id=actor.account_id, new_hash=hashed)
        via = Via.PASSWORD if forgot else session.via
        secret = begin(run, new, actor, Stage.FULL, via, continues=session)
        run.do(
            session_table.drop_other_sessions,
            account_id=actor.account_id,
            digest=digest_of(secret),
        )
        for purpose in MAILED:
            run.do(
                one_time_table.end_of_account,
                account_id=actor.account_id,
                purpose=purpose,
                now=now,
            )
        audit_clinic(run, actor, "password.set", actor.account_id, now)
        if news is not None:
            mails.add(run, news)
        return Entered(secret, Stage.FULL, via, actor)

    return write(work)


def drop_totp(actor: Actor, now: datetime) -> None:
    """Stop using the authenticator app. Staff keep a second factor, or this is refused.

    Raises:
        InvalidInput: it is the last second factor of a member of staff.
    """
    news = news_of(actor.account_id, now)

    def work(run: Run) -> None:
        row: Any = run.first(account_table.credentials_by_id, account_id=actor.account_id)
        keep_a_factor(row, without_totp=True)
        run.do(account_table.set_totp, account_id=actor.account_id, sealed=None, step=None)
        audit_clinic(run, actor, "totp.drop", actor.account_id, now)
        if news is not None:
            mails.add(run, news)

    write(work)


def keep_a_factor(row: Any, *, without_totp: bool = False, passkeys: int | None = None) -> None:
    """Refuse that staff be left without a second factor.

    Raises:
        InvalidInput: that is what would be left.
    """
    has_totp = row.totp is not None and not without_totp
    has_passkey = bool(row.has_passkey) if passkeys is None else passkeys > 0
    if row.role is not Role.PATIENT and not has_totp and not has_passkey:
        raise InvalidInput("factor", "last_factor")


def ask_new_email(actor: Actor, typed: str, locale: str, now: datetime) -> None:
    """Have a code sent to a new address; the address changes once it is typed in.

    Raises:
        InvalidInput: no address.
    """
    address = accounts.read_address(typed)
    lasts = timedelta(minutes=settings.current().link_minutes)
    bound = str(actor.account_id)
    made = one_time.make(Purpose.NEW_ADDRESS, actor.account_id, now, lasts, bound)
    bounds = one_time.bounds(bound)
    mail = mails.prepared(
        MailKind.NEW_ADDRESS, actor.account_id, address, locale, now, now + lasts, code=made.code
    )

    def work(run: Run) -> None:
        one_time.end_before(run, Purpose.NEW_ADDRESS, bounds, now)
        one_time.add(run, made)
        run.do(account_table.set_new_email, account_id=actor.account_id, address=address)
        mails.add(run, mail)
        audit_clinic(run, actor, "email.ask", actor.account_id, now)

    write(work)


def confirm_email(actor: Actor, typed: str, now: datetime) -> bool:
    """Change one's address to the one whose code was typed in; the old one is told.

    False for a wrong code, for the sixth, and where somebody of the clinic has the address by now.
    """
    bound = str(actor.account_id)
    bounds = one_time.bounds(bound)
    row = write(lambda run: one_time.guess(run, Purpose.NEW_ADDRESS, bounds, now))
    if row is None or not one_time.fits(row, Purpose.NEW_ADDRESS, typed, bound):
        return False
    news = news_of(actor.account_id, now)

    def work(run: Run) -> bool:
        if not one_time.redeem_guess(run, row, Purpose.NEW_ADDRESS, now):
            return False
        found: Any = run.first(account_table.credentials_by_id, account_id=actor.account_id)
        if found.email_new is None or not addresses.give(
            run, actor.account_id, actor.clinic_id, found.email_new
        ):
            return False
        audit_clinic(run, actor, "email.set", actor.account_id, now)
        if news is not None:
            mails.add(run, news)
        return True

    return write(work)


def news_of(account_id: UUID, now: datetime) -> dict[str, Any] | None:
    """A mail to the address in force that something about signing in has changed."""
    row = _row(account_id)
    if row.email is None:
        return None
    return mails.prepared(
        MailKind.CHANGED, account_id, row.email, row.locale or "en", now, now + mails.NEWS
    )


def _check_password(row: Any, password: str) -> None:
    with read() as run:
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=row.clinic_id)
    why = passwords.why_not(password, row.role, row.name, row.email, clinic.name)
    if why is not None:
        raise InvalidInput("password", why)


def _row(account_id: UUID) -> Any:
    with read() as run:
        row: Any = run.first(account_table.credentials_by_id, account_id=account_id)
    if row is None:
        raise NotFound
    return row


def actor_with(account_id: UUID) -> Actor:
    """The actor of an account, active or not.

    Raises:
        NotFound: no such account.
    """
    return actor_from(_row(account_id))
