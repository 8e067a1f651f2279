"""Sessions: one row per signed-in browser, kept by the hash of its cookie.

Nobody who has not signed in has a row, so anonymous visits fill nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.access import Stage
from adherence.domain.sign_in import Via
from adherence.store.accounts import ACCOUNT, ACTOR
from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.patients import PATIENT
from adherence.store.statements import Statement


class SessionRow(Model):
    """One signed-in browser. ``ends_at`` never moves; ``seen_at`` moves by a person's acts only."""

    __tablename__ = "session"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.ForeignKeyConstraint(["for_patient_id"], ["patient.id"]),
        sa.UniqueConstraint("id"),
        sa.Index(None, "account_id"),
        sa.Index(None, "device_id"),
        sa.Index(None, "ends_at"),
        one_of("stage", Stage),
        one_of("via", Via),
    )

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    #: What lists name it by; it opens nothing.
    id: Mapped[UUID] = mapped_column(Id)
    account_id: Mapped[UUID] = mapped_column(Id)
    stage: Mapped[Stage] = mapped_column(Choice(Stage))
    via: Mapped[Via] = mapped_column(Choice(Via))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: When a factor was last shown.
    proved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: The browser in two words, such as "Firefox, Android".
    label: Mapped[str] = mapped_column(sa.String(80))
    device_id: Mapped[UUID | None] = mapped_column(Id)
    #: The patient that a proxy acts for at present.
    for_patient_id: Mapped[UUID | None] = mapped_column(Id)


SESSION: Any = SessionRow.__table__
COLUMNS = " ".join(column.name for column in SESSION.c)

_digest = sa.bindparam("digest", type_=sa.LargeBinary(32))
_account = sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)

add_session = Statement(sa.insert(SESSION), COLUMNS)
actor_of_session = Statement(
    sa.select(
        *ACTOR,
        SESSION.c.id,
        SESSION.c.stage,
        SESSION.c.via,
        SESSION.c.started_at,
        SESSION.c.seen_at,
        SESSION.c.ends_at,
        SESSION.c.proved_at,
        SESSION.c.device_id,
        SESSION.c.for_patient_id,
    )
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
sessions_of = Statement(
    sa.select(
        SESSION.c.id,
        SESSION.c.via,
        SESSION.c.started_at,
        SESSION.c.seen_at,
        SESSION.c.label,
        SESSION.c.digest,
    )
    .where(
        SESSION.c.account_id == _account,
        SESSION.c.ends_at > _now,
        SESSION.c.stage == Stage.FULL.value,
    )
    .order_by(SESSION.c.seen_at.desc())
)
#: Ends a session and says whose: of two that replace one, only the first finds it.
take_session = Statement(
    sa.delete(SESSION).where(SESSION.c.digest == _digest).returning(SESSION.c.account_id)
)
drop_session = Statement(sa.delete(SESSION).where(SESSION.c.digest == _digest))
drop_session_by_id = Statement(
    sa.delete(SESSION).where(
        SESSION.c.account_id == _account, SESSION.c.id == sa.bindparam("session_id", type_=Id)
    )
)
drop_sessions_of = Statement(sa.delete(SESSION).where(SESSION.c.account_id == _account))
drop_other_sessions = Statement(
    sa.delete(SESSION).where(SESSION.c.account_id == _account, SESSION.c.digest != _digest)
)
drop_sessions_of_device = Statement(
    sa.delete(SESSION).where(SESSION.c.device_id == sa.bindparam("device_id", type_=Id))
)
set_device = Statement(
    sa.update(SESSION)
    .where(SESSION.c.digest == _digest)
    .values(device_id=sa.bindparam("device_id", type_=Id))
)
#: Whoever acted for the patient goes back to acting for nobody.
stop_acting = Statement(
    sa.update(SESSION)
    .where(
        SESSION.c.account_id == _account,
        SESSION.c.for_patient_id == sa.bindparam("patient_id", type_=Id),
    )
    .values(for_patient_id=None)
)
drop_old_sessions = Statement(sa.delete(SESSION).where(SESSION.c.ends_at <= _now))
