"""Single sign-on: which account a provider's subject opens. Never found by an address."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.oidc import SUBJECT_LIMIT
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.statements import Statement

ISSUER_LIMIT = 500


class OidcLinkRow(Model):
    """One account and the subject that opens it; in one clinic a subject opens one account."""

    __tablename__ = "oidc_link"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.UniqueConstraint("clinic_id", "issuer", "subject"),
        sa.Index(None, "issuer", "subject"),
    )

    account_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    issuer: Mapped[str] = mapped_column(sa.String(ISSUER_LIMIT))
    subject: Mapped[str] = mapped_column(sa.String(SUBJECT_LIMIT))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)


LINK: Any = OidcLinkRow.__table__

_account = LINK.c.account_id == sa.bindparam("account_id", type_=Id)
_subject = sa.and_(
    LINK.c.issuer == sa.bindparam("issuer", type_=sa.String(ISSUER_LIMIT)),
    LINK.c.subject == sa.bindparam("subject", type_=sa.String(SUBJECT_LIMIT)),
)

add_link = Statement(sa.insert(LINK), " ".join(column.name for column in LINK.c))
drop_link = Statement(sa.delete(LINK).where(_account))
link_of = Statement(sa.select(*LINK.c).where(_account))
links_of_clinic = Statement(
    sa.select(LINK.c.account_id, LINK.c.subject, LINK.c.issuer).where(
        LINK.c.clinic_id == sa.bindparam("clinic_id", type_=Id)
    )
)
#: More than one only where the subject is somebody in several clinics.
accounts_of_subject = Statement(
    sa.select(LINK.c.account_id, LINK.c.clinic_id)
    .select_from(LINK.join(ACCOUNT, ACCOUNT.c.id == LINK.c.account_id))
    .where(_subject, ACCOUNT.c.active.is_(True))
)
account_of_subject = Statement(
    sa.select(LINK.c.account_id).where(
        _subject, LINK.c.clinic_id == sa.bindparam("clinic_id", type_=Id)
    )
)
