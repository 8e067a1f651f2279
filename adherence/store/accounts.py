"""Accounts, and the three ways in: one-time links, sessions, tokens; all kept as hashes.

What a relation is, is asked here too: it is the other half of "may this person enter", and both
halves together are at most two statements.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.access import Role
from adherence.store.db import Choice, Id, Model, Statement, UtcDateTime, one_of
from adherence.store.milestones import NOTICE
from adherence.store.patients import CARE, PATIENT


class AccountRow(Model):
    """Somebody who may sign in to one clinic; a person in two clinics has two accounts."""

    __tablename__ = "account"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.Index(None, "clinic_id", "name", "id"),
        one_of("role", Role),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    role: Mapped[Role] = mapped_column(Choice(Role))
    name: Mapped[str] = mapped_column(sa.String(200))
    locale: Mapped[str | None] = mapped_column(sa.String(8))
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SigninLinkRow(Model):
    """A one-time link; the digest is keyed, so a stolen table cannot be searched for tokens."""

    __tablename__ = "signin_link"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.Index(None, "account_id"),
        sa.Index(None, "ends_at"),
    )

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Model):
    """One signed-in browser. ``ends_at`` never moves; ``seen_at`` moves by a person's acts only."""

    __tablename__ = "session"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.Index(None, "account_id"),
        sa.Index(None, "ends_at"),
    )

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


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
LINK: Any = SigninLinkRow.__table__
SESSION: Any = SessionRow.__table__
TOKEN: Any = ApiTokenRow.__table__

_digest = sa.bindparam("digest", type_=sa.LargeBinary(32))
_account = sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)
_actor = [
    ACCOUNT.c.id.label("account_id"),
    ACCOUNT.c.clinic_id,
    ACCOUNT.c.role,
    PATIENT.c.id.label("patient_id"),
    ACCOUNT.c.name,
    ACCOUNT.c.locale,
]
_with_patient = ACCOUNT.outerjoin(PATIENT, PATIENT.c.account_id == ACCOUNT.c.id)

add_account = Statement(sa.insert(ACCOUNT), "id clinic_id role name locale active created_at")
account_by_id = Statement(
    sa.select(*_actor, ACCOUNT.c.active).select_from(_with_patient).where(ACCOUNT.c.id == _account)
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

add_link = Statement(sa.insert(LINK), "digest account_id created_at ends_at")
#: The database decides who was first: one row comes back once, then never again.
use_link = Statement(
    sa.update(LINK)
    .where(LINK.c.digest == _digest, LINK.c.used_at.is_(None), LINK.c.ends_at > _now)
    .values(used_at=_now)
    .returning(LINK.c.account_id)
)
drop_old_links = Statement(sa.delete(LINK).where(LINK.c.ends_at <= _now))

add_session = Statement(sa.insert(SESSION), "digest account_id started_at seen_at ends_at")
actor_of_session = Statement(
    sa.select(*_actor, SESSION.c.seen_at, SESSION.c.ends_at)
    .select_from(
        SESSION.join(ACCOUNT, ACCOUNT.c.id == SESSION.c.account_id).outerjoin(
            PATIENT, PATIENT.c.account_id == ACCOUNT.c.id
        )
    )
    .where(SESSION.c.digest == _digest, ACCOUNT.c.active.is_(True))
)
#: Only forwards: two requests at once leave the later moment.
touch_session = Statement(
    sa.update(SESSION)
    .where(SESSION.c.digest == _digest, SESSION.c.seen_at < _now)
    .values(seen_at=_now)
)
drop_session = Statement(sa.delete(SESSION).where(SESSION.c.digest == _digest))
drop_sessions_of = Statement(sa.delete(SESSION).where(SESSION.c.account_id == _account))
drop_old_sessions = Statement(sa.delete(SESSION).where(SESSION.c.ends_at <= _now))

add_token = Statement(sa.insert(TOKEN), "digest account_id label created_at ends_at")
actor_of_token = Statement(
    sa.select(*_actor)
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
    .where(
        CARE.c.patient_id == PATIENT.c.id,
        CARE.c.account_id == _account,
        CARE.c.from_at <= _now,
        sa.or_(CARE.c.until_at.is_(None), CARE.c.until_at > _now),
    )
    .label("in_team")
)
_of_clinic = PATIENT.c.clinic_id == sa.bindparam("clinic_id", type_=Id)
relation_to_patient = Statement(
    sa.select(PATIENT.c.id, _in_team).where(
        PATIENT.c.id == sa.bindparam("patient_id", type_=Id), _of_clinic
    )
)
relation_to_notice = Statement(
    sa.select(PATIENT.c.id, _in_team)
    .select_from(NOTICE.join(PATIENT, PATIENT.c.id == NOTICE.c.patient_id))
    .where(NOTICE.c.id == sa.bindparam("notice_id", type_=Id), _of_clinic)
)
