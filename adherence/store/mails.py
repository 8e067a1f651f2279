"""Mails: what is to be sent after a commit, written in the transaction of its cause.

Address and text are encrypted and gone once the mail is. A line without a recipient is one that
somebody asked for at an address nobody here has: it costs the same and goes nowhere.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.columns import Choice, Id, Model, UtcDateTime, one_of
from adherence.store.statements import Statement


class MailKind(StrEnum):
    """Which text a mail carries."""

    SIGN_IN = "sign-in"
    RESET = "reset"
    INVITE = "invite"
    SETUP = "setup"
    NEW_ADDRESS = "new-address"
    CHANGED = "changed"
    EMERGENCY = "emergency"
    NEWS = "news"


class MailRow(Model):
    """One mail."""

    __tablename__ = "mail"
    __table_args__ = (
        sa.Index(
            "ix_mail_waiting",
            "due_at",
            "id",
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        ),
        one_of("kind", MailKind),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(Id)
    #: Set where the mail contacts a patient, whose consent is asked about when it is sent.
    patient_id: Mapped[UUID | None] = mapped_column(Id)
    kind: Mapped[MailKind] = mapped_column(Choice(MailKind))
    locale: Mapped[str] = mapped_column(sa.String(8))
    sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Not before this instant: now at first, later while somebody sends it or after a failure.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Worth nothing after this: what it carries has ended.
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(sa.Integer)
    #: Sent, or given up.
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


MAIL: Any = MailRow.__table__

_mail = MAIL.c.id == sa.bindparam("mail_id", type_=Id)
_at = sa.bindparam("at", type_=UtcDateTime)

add_mail = Statement(
    sa.insert(MAIL), "id account_id patient_id kind locale sealed created_at due_at ends_at tries"
)
#: Whether a patient was written to since an instant, or is about to be.
written_to = Statement(
    sa.select(MAIL.c.id).where(
        MAIL.c.patient_id == sa.bindparam("patient_id", type_=Id),
        MAIL.c.created_at > sa.bindparam("since", type_=UtcDateTime),
    )
)
_next = (
    sa.select(MAIL.c.id)
    .where(MAIL.c.done_at.is_(None), MAIL.c.due_at <= _at)
    .order_by(MAIL.c.due_at, MAIL.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
#: Claims one mail: two workers never hold the same one. The subquery stands for a single value, for
#: which PostgreSQL looks once. For a list it may look once for each row, and claim all that waits.
lease_mail = Statement(
    sa.update(MAIL)
    .where(MAIL.c.id == _next.scalar_subquery())
    .values(due_at=sa.bindparam("lease_until", type_=UtcDateTime), tries=MAIL.c.tries + 1)
    .returning(
        MAIL.c.id,
        MAIL.c.account_id,
        MAIL.c.patient_id,
        MAIL.c.kind,
        MAIL.c.locale,
        MAIL.c.sealed,
        MAIL.c.ends_at,
        MAIL.c.tries,
    )
)
end_mail = Statement(sa.update(MAIL).where(_mail).values(done_at=_at, sealed=None))
put_back = Statement(
    sa.update(MAIL).where(_mail).values(due_at=sa.bindparam("again_at", type_=UtcDateTime))
)
oldest_waiting = Statement(
    sa.select(
        sa.func.count().label("waiting"), sa.func.min(MAIL.c.created_at).label("since")
    ).where(MAIL.c.done_at.is_(None), MAIL.c.account_id.is_not(None), MAIL.c.tries > 0)
)
drop_old_mails = Statement(
    sa.delete(MAIL).where(MAIL.c.ends_at <= _at, MAIL.c.done_at.is_not(None))
)
sealed_mails = Statement(
    sa.select(MAIL.c.id, MAIL.c.sealed).where(MAIL.c.sealed.is_not(None)).order_by(MAIL.c.id)
)
reseal_mail = Statement(
    sa.update(MAIL)
    .where(_mail, MAIL.c.sealed == sa.bindparam("before", type_=sa.LargeBinary))
    .values(sealed=sa.bindparam("new_sealed", type_=sa.LargeBinary))
)
