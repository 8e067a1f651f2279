"""Inviting: patients by a short code, staff by a link, and the first person of an empty server.

Whoever is invited anew has the code before cancelled in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import STAFF, Actor, Role, Stage
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.passwords import refusal, words_of
from adherence.domain.sign_in import PASSWORD_SHORTEST, Purpose, Via, spell
from adherence.domain.texts import clean
from adherence.domain.zones import zone_info
from adherence.services import accounts, devices, mails, one_time, passwords, patients
from adherence.services.devices import Device
from adherence.services.mails import MailKind
from adherence.services.one_time import Made
from adherence.services.record import Record, audit_clinic
from adherence.services.sessions import Browser, Entered, begin, beginning
from adherence.services.sign_in import link_to
from adherence.store import accounts as account_table
from adherence.store import addresses, clinics
from adherence.store import devices as device_table
from adherence.store import factors as factor_table
from adherence.store import oidc as oidc_table
from adherence.store import one_time as one_time_table
from adherence.store import patients as patient_table
from adherence.store import sessions as session_table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id

NAME_LIMIT = 200
INVITES = (Purpose.INVITE, Purpose.INVITE_MAIL)


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation on paper: shown now, and never again."""

    name: str
    clinic: str
    code: str
    link: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """How a patient gets in, for the clinic."""

    account_id: UUID | None
    name: str
    email: str | None
    email_new: str | None
    invited_until: datetime | None
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One account of the clinic's staff; ``has_begun`` once there is a password."""

    id: UUID
    name: str
    role: Role
    email: str | None
    active: bool
    has_begun: bool


# --- patients ----------------------------------------------------------------------------------


def access(actor: Actor, patient_id: UUID, now: datetime) -> Access:
    """How a patient gets in.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient = _patient(run, actor, patient_id)
        if patient.account_id is None:
            return Access(None, patient.name, None, None, None, ())
        row: Any = run.first(account_table.credentials_by_id, account_id=patient.account_id)
        invite: Any = run.first(one_time_table.open_invite, account_id=patient.account_id, now=now)
    return Access(
        patient.account_id,
        patient.name,
        row.email,
        row.email_new,
        None if invite is None else invite.ends_at,
        tuple(devices.devices_of(patient.account_id)),
    )


def invite_on_paper(actor: Actor, patient_id: UUID, locale: str | None, now: datetime) -> Invite:
    """A new code for a patient, to print; the one before is worth nothing from here on.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    account_id, name = _account_of(actor, patient_id)
    made = _made(Purpose.INVITE, account_id, now)

    def work(run: Run) -> str:
        record = Record(run, actor, patient_id, now)
        _ensure_account(run, record, account_id, name, locale)
        renew_invite(run, made, now)
        record.audit("patient.invite", account_id)
        record.close()
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=record.clinic_id)
        return str(clinic.name)

    return sheet(made, name, write(work))


def invite_by_mail(actor: Actor, patient_id: UUID, typed: str, locale: str, now: datetime) -> None:
    """Have a new code sent to a patient; its arrival confirms the address.

    Raises:
        InvalidInput: no address, or somebody of the clinic has it.
        NotFound: no such patient in the actor's clinic.
    """
    address = accounts.read_address(typed)
    account_id, name = _account_of(actor, patient_id)
    made = _made(Purpose.INVITE_MAIL, account_id, now)
    mail = mails.prepared(
        MailKind.INVITE,
        account_id,
        address,
        locale,
        now,
        made.row["ends_at"],
        link=link_to(made.code),
        code=spell(made.code),
    )

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        _ensure_account(run, record, account_id, name, locale)
        taken = addresses.account_with(run, record.clinic_id, address)
        if taken is not None and taken.account_id != account_id:
            raise InvalidInput("email", "taken")
        run.do(account_table.set_new_email, account_id=account_id, address=address)
        renew_invite(run, made, now)
        mails.add(run, mail)
        record.audit("patient.invite", account_id)
        record.close()

    write(work)


def shut_out(actor: Actor, patient_id: UUID, now: datetime) -> None:
    """End everything that lets a patient in at present: devices, sessions, open codes.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """

    def work(run: Run) -> None:
        record = Record(run, actor, patient_id, now)
        patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
        if patient.account_id is not None:
            run.do(device_table.revoke_devices_of, account_id=patient.account_id, now=now)
            run.do(session_table.drop_sessions_of, account_id=patient.account_id)
            run.do(one_time_table.end_all_of_account, account_id=patient.account_id, now=now)
        record.audit("patient.shut_out", patient_id)
        record.close()

    write(work)


def sheet(made: Made, name: str, clinic: str) -> Invite:
    """A code as it stands on paper."""
    return Invite(name, clinic, spell(made.code), link_to(made.code), made.row["ends_at"])


def renew_invite(run: Run, made: Made, now: datetime) -> None:
    """Store a new invitation and cancel the account's earlier ones."""
    for purpose in INVITES:
        run.do(
            one_time_table.end_of_account,
            account_id=made.row["account_id"],
            purpose=purpose,
            now=now,
        )
    one_time.add(run, made)


def made_invite(account_id: UUID, now: datetime) -> Made:
    """A fresh code on paper for an account."""
    return _made(Purpose.INVITE, account_id, now)


def _made(purpose: Purpose, account_id: UUID, now: datetime) -> Made:
    lasts = timedelta(days=settings.current().invite_days)
    return one_time.make(purpose, account_id, now, lasts)


def _patient(run: Run, actor: Actor, patient_id: UUID) -> Any:
    patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
    if patient is None or patient.clinic_id != actor.clinic_id:
        raise NotFound
    return patient


def _account_of(actor: Actor, patient_id: UUID) -> tuple[UUID, str]:
    """The patient's account, or the id that a new one will have; and the name."""
    with read() as run:
        patient = _patient(run, actor, patient_id)
    return patient.account_id or new_id(), patient.name


def _ensure_account(
    run: Run, record: Record, account_id: UUID, name: str, locale: str | None
) -> None:
    if run.first(account_table.account_by_id, account_id=account_id) is not None:
        return
    accounts.add_account(run, account_id, record.clinic_id, Role.PATIENT, name, locale, record.now)
    if not run.do(
        patient_table.set_patient_account,
        patient_id=record.patient_id,
        new_account_id=account_id,
    ):
        raise NotFound


# --- staff -------------------------------------------------------------------------------------


def staff(actor: Actor) -> list[Member]:
    """The staff of the actor's clinic, disabled ones too, by name."""
    with read() as run:
        return [
            Member(row.id, row.name, row.role, row.email, row.active, bool(row.has_begun))
            for row in run.all(account_table.staff_of_clinic, clinic_id=actor.clinic_id)
        ]


def invite_staff(
    actor: Actor, name: str, role: Role, typed: str, locale: str, now: datetime
) -> str:
    """Add a member of staff; the link with which they begin, also sent by mail where there is any.

    Raises:
        InvalidInput: an empty name, no role of staff, no address, or one that is taken.
    """
    name = clean(name, NAME_LIMIT, field="name")
    if not name:
        raise InvalidInput("name", "empty")
    if role not in STAFF:
        raise InvalidInput("role", "empty")
    address = accounts.read_address(typed)
    account_id = new_id()
    made, mail = _setup(account_id, address, locale, now)

    def work(run: Run) -> None:
        accounts.add_account(run, account_id, actor.clinic_id, role, name, None, now, address)
        one_time.add(run, made)
        mails.add(run, mail)
        audit_clinic(run, actor, "account.create", account_id, now)

    write(work)
    return link_to(made.code)


def begin_anew(actor: Actor, account_id: UUID, now: datetime) -> str:
    """Let a member of staff begin again: every factor and session of theirs is gone; the link.

    Raises:
        NotFound: nobody of this clinic's staff.
    """
    with read() as run:
        row: Any = run.first(account_table.credentials_by_id, account_id=account_id)
    if row is None or row.clinic_id != actor.clinic_id or row.role not in STAFF or not row.active:
        raise NotFound
    made, mail = _setup(account_id, row.email or "", row.locale or "en", now)

    def work(run: Run) -> None:
        run.do(account_table.forget_factors, account_id=account_id)
        run.do(factor_table.drop_passkeys_of, account_id=account_id)
        run.do(factor_table.drop_recovery_of, account_id=account_id)
        run.do(oidc_table.drop_link, account_id=account_id)
        run.do(session_table.drop_sessions_of, account_id=account_id)
        run.do(one_time_table.end_all_of_account, account_id=account_id, now=now)
        one_time.add(run, made)
        if row.email:
            mails.add(run, mail)
        audit_clinic(run, actor, "account.begin_anew", account_id, now)

    write(work)
    return link_to(made.code)


def _setup(
    account_id: UUID, address: str, locale: str, now: datetime
) -> tuple[Made, dict[str, Any]]:
    lasts = timedelta(hours=settings.current().setup_hours)
    made = one_time.make(Purpose.SETUP, account_id, now, lasts)
    mail = mails.prepared(
        MailKind.SETUP, account_id, address, locale, now, now + lasts, link=link_to(made.code)
    )
    return made, mail


# --- the first person --------------------------------------------------------------------------


def first_start(now: datetime) -> str:
    """The link with which the first person founds the first clinic of an empty server.

    The link before is worth nothing from here on.

    Raises:
        NotFound: somebody is there already.
    """
    if not accounts.is_empty():
        raise NotFound
    lasts = timedelta(hours=settings.current().setup_hours)
    made = one_time.make(Purpose.FIRST_START, None, now, lasts)

    def work(run: Run) -> None:
        run.do(one_time_table.end_of_purpose, purpose=Purpose.FIRST_START, now=now)
        one_time.add(run, made)

    write(work)
    return link_to(made.code)


def found_clinic(
    code: str,
    *,
    clinic: str,
    zone: str,
    name: str,
    email: str,
    password: str,
    locale: str,
    emergency_number: str,
    browser: Browser,
    now: datetime,
) -> Entered | None:
    """Found the first clinic and its administrator, who goes on to the second factor.

    None where the code is not good any more, or somebody was first.

    Raises:
        InvalidInput: a field that cannot be.
    """
    clinic = clean(clinic, NAME_LIMIT, field="clinic")
    name = clean(name, NAME_LIMIT, field="name")
    for field, value in (("clinic", clinic), ("name", name)):
        if not value:
            raise InvalidInput(field, "empty")
    zone_info(zone)
    address = accounts.read_address(email)
    why = refusal(
        password,
        PASSWORD_SHORTEST[Role.ADMIN],
        passwords.common(),
        words_of(name, address, clinic),
    )
    if why is not None:
        raise InvalidInput("password", why)
    shown = one_time.shown(code, {Purpose.FIRST_START})
    if one_time.looked_up(shown, now) is None:
        return None
    hashed = passwords.hashed(password)
    new = beginning(browser, now)
    clinic_id, account_id = new_id(), new_id()

    def work(run: Run) -> Entered | None:
        if one_time.redeem(run, shown, now) is None or run.first(account_table.any_account):
            return None
        run.do(
            clinics.add_clinic,
            **patients.clinic_row(clinic_id, clinic, zone, emergency_number, now),
        )
        accounts.add_account(run, account_id, clinic_id, Role.ADMIN, name, locale, now, address)
        run.do(account_table.set_password, account_id=account_id, new_hash=hashed)
        actor = Actor(account_id, clinic_id, Role.ADMIN, None, name, locale)
        audit_clinic(run, actor, "account.create", account_id, now)
        secret = begin(run, new, actor, Stage.PENDING, Via.PASSWORD)
        return Entered(secret, Stage.PENDING, Via.PASSWORD, actor)

    return write(work)
