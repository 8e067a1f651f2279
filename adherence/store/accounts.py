"""Accounts with what each signs in by, and bearer tokens, kept as hashes.

What a relation is, is asked here too: it is the other half of "may this person enter", and both
halves together are at most two statements.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.access import STAFF, Role
from adherence.store.break_glass import IS_OPEN
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.data_keys import MARK, SealedAddress
from adherence.store.factors import PASSKEY
from adherence.store.milestones import NOTICE
from adherence.store.patients import CARE, CARES, PATIENT
from adherence.store.statements import Statement

#: Which addresses lie there as they were typed.
PLAIN = "email IS NOT NULL AND email_digest IS NULL"


class AccountRow(Model):
    """Somebody who may sign in to one clinic; a person in two clinics has two accounts."""

    __tablename__ = "account"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.Index(None, "clinic_id", "name", "id"),
        sa.Index("uq_account_clinic_id_email_digest", "clinic_id", "email_digest", unique=True),
        # Rows from before addresses were encrypted, until a server of this version has begun.
        sa.Index(
            "uq_account_plain_email",
            "clinic_id",
            "email",
            unique=True,
            sqlite_where=sa.text(PLAIN),
            postgresql_where=sa.text(PLAIN),
        ),
        sa.Index("uq_account_handle", "handle", unique=True),
        one_of("role", Role),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    role: Mapped[Role] = mapped_column(Choice(Role))
    name: Mapped[str] = mapped_column(sa.String(200))
    locale: Mapped[str | None] = mapped_column(sa.String(8))
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: As ``plain_address`` spells it; an address nobody has confirmed yet waits in ``email_new``.
    email: Mapped[str | None] = mapped_column(SealedAddress(254))
    email_new: Mapped[str | None] = mapped_column(SealedAddress(254))
    #: By what an account is found by its address, see ``addresses``. An address without a digest is
    #: one from before addresses were encrypted.
    email_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    #: An argon2id hash with its parameters.
    password: Mapped[str | None] = mapped_column(sa.String(200))
    #: The authenticator app's secret, encrypted, and the last time step whose code was used.
    totp: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    totp_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    #: What passkeys know the account by: 32 random bytes, nothing of the person.
    handle: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))


class ApiTokenRow(Model):
    """A bearer token of one account; open-ended while ``ends_at`` is null."""

    __tablename__ = "api_token"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.Index(None, "account_id"),
    )

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Id)
    label: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


ACCOUNT: Any = AccountRow.__table__
TOKEN: Any = ApiTokenRow.__table__

_digest = sa.bindparam("digest", type_=sa.LargeBinary(32))
_account = sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)
ACTOR = [
    ACCOUNT.c.id.label("account_id"),
    ACCOUNT.c.clinic_id,
    ACCOUNT.c.role,
    PATIENT.c.id.label("patient_id"),
    ACCOUNT.c.name,
    ACCOUNT.c.locale,
    PATIENT.c.restricted_at.is_not(None).label("is_locked"),
]
_with_patient = ACCOUNT.outerjoin(PATIENT, PATIENT.c.account_id == ACCOUNT.c.id)

add_account = Statement(sa.insert(ACCOUNT), "id clinic_id role name locale active created_at")
account_by_id = Statement(
    sa.select(*ACTOR, ACCOUNT.c.active).select_from(_with_patient).where(ACCOUNT.c.id == _account)
)
set_active = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account)
    .values(active=sa.bindparam("is_active", type_=sa.Boolean))
)
set_locale = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account)
    .values(locale=sa.bindparam("new_locale", type_=sa.String))
)

set_name = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account)
    .values(name=sa.bindparam("new_name", type_=sa.String))
)


def _raw(column: Any) -> Any:
    """A column of addresses as it lies in the table."""
    return sa.type_coerce(column, sa.String)


_STORED = [
    ACCOUNT.c.id,
    ACCOUNT.c.clinic_id,
    _raw(ACCOUNT.c.email).label("email"),
    _raw(ACCOUNT.c.email_new).label("email_new"),
    ACCOUNT.c.email_digest,
]
_has_address = sa.or_(ACCOUNT.c.email.is_not(None), ACCOUNT.c.email_new.is_not(None))

#: What a sign-in is decided by. Asked by the address or by the account.
_credentials = sa.select(
    *ACTOR,
    ACCOUNT.c.active,
    ACCOUNT.c.email,
    ACCOUNT.c.email_new,
    ACCOUNT.c.password,
    ACCOUNT.c.totp,
    ACCOUNT.c.totp_step,
    ACCOUNT.c.handle,
    sa.exists().where(PASSKEY.c.account_id == ACCOUNT.c.id).label("has_passkey"),
).select_from(_with_patient)
_email = sa.bindparam("address", type_=SealedAddress(254))
_email_digest = sa.bindparam("digest", type_=sa.LargeBinary(32))
credentials_by_id = Statement(_credentials.where(ACCOUNT.c.id == _account))
#: By the digest of an address; by the address itself where it is not encrypted yet.
credentials_by_digest = Statement(
    _credentials.where(
        ACCOUNT.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        sa.or_(
            ACCOUNT.c.email_digest == _email_digest,
            sa.and_(
                ACCOUNT.c.email_digest.is_(None),
                _raw(ACCOUNT.c.email) == sa.bindparam("plain", type_=sa.String),
            ),
        ),
    ).order_by(ACCOUNT.c.email_digest.is_(None))
)
staff_of_clinic = Statement(
    sa.select(
        ACCOUNT.c.id,
        ACCOUNT.c.name,
        ACCOUNT.c.role,
        ACCOUNT.c.email,
        ACCOUNT.c.active,
        ACCOUNT.c.password.is_not(None).label("has_begun"),
    )
    .where(
        ACCOUNT.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        sa.or_(*(ACCOUNT.c.role == role for role in sorted(STAFF))),
    )
    .order_by(ACCOUNT.c.name, ACCOUNT.c.id)
)
any_account = Statement(sa.select(ACCOUNT.c.id).limit(1))
set_email = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account)
    .values(email=_email, email_new=None, email_digest=_email_digest)
)
set_new_email = Statement(
    sa.update(ACCOUNT).where(ACCOUNT.c.id == _account).values(email_new=_email)
)
#: Addresses as they lie in the table, account by account.
stored_addresses = Statement(
    sa.select(*_STORED)
    .where(_has_address, ACCOUNT.c.id > sa.bindparam("after", type_=Id))
    .order_by(ACCOUNT.c.id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
#: The same of accounts of which something is not encrypted yet.
plain_addresses = Statement(
    sa.select(*_STORED)
    .where(
        ACCOUNT.c.id > sa.bindparam("after", type_=Id),
        sa.or_(
            sa.and_(ACCOUNT.c.email.is_not(None), ACCOUNT.c.email_digest.is_(None)),
            sa.and_(ACCOUNT.c.email_new.is_not(None), ~_raw(ACCOUNT.c.email_new).startswith(MARK)),
        ),
    )
    .order_by(ACCOUNT.c.id)
    .limit(sa.bindparam("many", type_=sa.Integer))
)
#: Encrypted anew, unless somebody changed one of them meanwhile.
store_addresses = Statement(
    sa.update(ACCOUNT)
    .where(
        ACCOUNT.c.id == _account,
        _raw(ACCOUNT.c.email).is_not_distinct_from(sa.bindparam("stored", type_=sa.String)),
        _raw(ACCOUNT.c.email_new).is_not_distinct_from(sa.bindparam("stored_new", type_=sa.String)),
    )
    .values(
        email=_email,
        email_new=sa.bindparam("address_new", type_=SealedAddress(254)),
        email_digest=_email_digest,
    )
)
set_password = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account)
    .values(password=sa.bindparam("new_hash", type_=sa.String))
)
#: The same hash under newer parameters: only if nobody has changed the password meanwhile.
rehash_password = Statement(
    sa.update(ACCOUNT)
    .where(
        ACCOUNT.c.id == _account,
        ACCOUNT.c.password == sa.bindparam("old_hash", type_=sa.String),
    )
    .values(password=sa.bindparam("new_hash", type_=sa.String))
)
set_totp = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account)
    .values(
        totp=sa.bindparam("sealed", type_=sa.LargeBinary),
        totp_step=sa.bindparam("step", type_=sa.BigInteger),
    )
)
#: A code works once, and none of an earlier step works after it: the database decides who is first.
use_totp_step = Statement(
    sa.update(ACCOUNT)
    .where(
        ACCOUNT.c.id == _account,
        ACCOUNT.c.active.is_(True),
        ACCOUNT.c.totp.is_not(None),
        sa.or_(
            ACCOUNT.c.totp_step.is_(None),
            ACCOUNT.c.totp_step < sa.bindparam("step", type_=sa.BigInteger),
        ),
    )
    .values(totp_step=sa.bindparam("step", type_=sa.BigInteger))
    .returning(ACCOUNT.c.id)
)
sealed_secrets = Statement(
    sa.select(ACCOUNT.c.id, ACCOUNT.c.totp).where(ACCOUNT.c.totp.is_not(None))
)
reseal_totp = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account, ACCOUNT.c.totp == sa.bindparam("before", type_=sa.LargeBinary))
    .values(totp=sa.bindparam("sealed", type_=sa.LargeBinary))
)
set_handle = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account, ACCOUNT.c.handle.is_(None))
    .values(handle=sa.bindparam("new_handle", type_=sa.LargeBinary(32)))
)
#: Whoever lost what they signed in by begins anew, with nothing of it left.
forget_factors = Statement(
    sa.update(ACCOUNT)
    .where(ACCOUNT.c.id == _account)
    .values(password=None, totp=None, totp_step=None)
)

add_token = Statement(sa.insert(TOKEN), "digest account_id label created_at ends_at")
actor_of_token = Statement(
    sa.select(*ACTOR)
    .select_from(
        TOKEN.join(ACCOUNT, ACCOUNT.c.id == TOKEN.c.account_id).outerjoin(
            PATIENT, PATIENT.c.account_id == ACCOUNT.c.id
        )
    )
    .where(
        TOKEN.c.digest == _digest,
        ACCOUNT.c.active.is_(True),
        sa.or_(TOKEN.c.ends_at.is_(None), TOKEN.c.ends_at > _now),
    )
)
drop_token = Statement(sa.delete(TOKEN).where(TOKEN.c.digest == _digest))
drop_tokens_of = Statement(sa.delete(TOKEN).where(TOKEN.c.account_id == _account))

_in_team = (
    sa.exists()
    .where(CARE.c.patient_id == PATIENT.c.id, CARE.c.account_id == _account, CARES)
    .correlate(PATIENT)
    .label("in_team")
)
_in_emergency = IS_OPEN.correlate(PATIENT).label("in_emergency")
_of_clinic = PATIENT.c.clinic_id == sa.bindparam("clinic_id", type_=Id)
relation_to_patient = Statement(
    sa.select(PATIENT.c.id, _in_team, _in_emergency, PATIENT.c.restricted_at).where(
        PATIENT.c.id == sa.bindparam("patient_id", type_=Id), _of_clinic
    )
)
relation_to_notice = Statement(
    sa.select(PATIENT.c.id, _in_team, _in_emergency, PATIENT.c.restricted_at)
    .select_from(NOTICE.join(PATIENT, PATIENT.c.id == NOTICE.c.patient_id))
    .where(NOTICE.c.id == sa.bindparam("notice_id", type_=Id), _of_clinic)
)
#: Who may be in a care team: clinicians of the clinic who are not shut out.
clinicians_of_clinic = Statement(
    sa.select(ACCOUNT.c.id, ACCOUNT.c.name)
    .where(
        ACCOUNT.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        ACCOUNT.c.role == Role.CLINICIAN,
        ACCOUNT.c.active.is_(True),
    )
    .order_by(ACCOUNT.c.name, ACCOUNT.c.id)
)
#: The clinic's privacy officers: whom a mail can reach.
admins_with_address = Statement(
    sa.select(ACCOUNT.c.id, ACCOUNT.c.email, ACCOUNT.c.locale)
    .where(
        ACCOUNT.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        ACCOUNT.c.role == Role.ADMIN,
        ACCOUNT.c.active.is_(True),
        ACCOUNT.c.email.is_not(None),
    )
    .order_by(ACCOUNT.c.id)
)
