"""Proxies: who acts for a patient, from when to when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.accounts import ACCOUNT
from adherence.store.clinics import CLINIC
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.patients import PATIENT
from adherence.store.statements import Statement


class ProxyRow(Model):
    """One person who acts for one patient.

    ``until_at`` is open while it lasts. With ``until_grown`` it also ends with the first day of the
    year in which the patient reaches the age that the clinic sets.
    """

    __tablename__ = "proxy"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
        sa.Index(None, "patient_id", "account_id"),
        sa.Index(None, "account_id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    patient_id: Mapped[UUID] = mapped_column(Id)
    account_id: Mapped[UUID] = mapped_column(Id)
    #: Who let them; what they are to the patient is in the clinic's own papers.
    author_id: Mapped[UUID] = mapped_column(Id)
    until_grown: Mapped[bool]
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


PROXY: Any = ProxyRow.__table__

_patient = PROXY.c.patient_id == sa.bindparam("patient_id", type_=Id)
_account = PROXY.c.account_id == sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)
_joined = (
    PROXY.join(PATIENT, PATIENT.c.id == PROXY.c.patient_id)
    .join(CLINIC, CLINIC.c.id == PATIENT.c.clinic_id)
    .join(ACCOUNT, ACCOUNT.c.id == PROXY.c.account_id)
)
#: Holds now: begun, not over, the patient not grown up, and both of one clinic.
_holds = sa.and_(
    PROXY.c.from_at <= _now,
    sa.or_(PROXY.c.until_at.is_(None), PROXY.c.until_at > _now),
    sa.or_(
        PROXY.c.until_grown.is_(False),
        PATIENT.c.birth_year + CLINIC.c.grown_age > sa.bindparam("year", type_=sa.Integer),
    ),
    PATIENT.c.clinic_id == ACCOUNT.c.clinic_id,
    ACCOUNT.c.active.is_(True),
)
_columns = (
    PROXY.c.id,
    PROXY.c.patient_id,
    PROXY.c.account_id,
    PATIENT.c.name.label("patient_name"),
    ACCOUNT.c.name.label("proxy_name"),
    PROXY.c.from_at,
    PROXY.c.until_at,
    PROXY.c.until_grown,
    (PATIENT.c.birth_year + CLINIC.c.grown_age).label("grown_year"),
)

add_proxy = Statement(
    sa.insert(PROXY),
    "id clinic_id patient_id account_id author_id until_grown from_at until_at",
)
proxy_holds = Statement(
    sa.select(PROXY.c.id).select_from(_joined).where(_patient, _account, _holds)
)
proxies_of_patient = Statement(
    sa.select(*_columns).select_from(_joined).where(_patient, _holds).order_by(PROXY.c.from_at)
)
patients_of_proxy = Statement(
    sa.select(*_columns).select_from(_joined).where(_account, _holds).order_by(PATIENT.c.name)
)
end_proxy = Statement(
    sa.update(PROXY)
    .where(
        _patient,
        PROXY.c.id == sa.bindparam("proxy_id", type_=Id),
        sa.or_(PROXY.c.until_at.is_(None), PROXY.c.until_at > _now),
    )
    .values(until_at=_now)
    .returning(PROXY.c.account_id)
)
