"""Consent: every decision of a patient, and the words it was about. Both may only be added.

``consent_text`` keeps what was agreed to, to the letter, once per version and language: a version
that was edited after somebody agreed to it finds its place taken. Triggers refuse UPDATE and
DELETE.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.consent import NAME_LIMIT, Answer, Purpose, Source
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Choice, Id, Json, Model, UtcDateTime, one_of
from adherence.store.statements import Statement


class ConsentTextRow(Model):
    """The words of one version in one language."""

    __tablename__ = "consent_text"
    __table_args__ = (
        sa.UniqueConstraint("purpose", "version", "locale"),
        one_of("purpose", Purpose),
    )

    #: SHA-256 of purpose, version, language and words.
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(Choice(Purpose))
    version: Mapped[int] = mapped_column(sa.Integer)
    locale: Mapped[str] = mapped_column(sa.String(8))
    words: Mapped[dict[str, Any]] = mapped_column(Json)


class ConsentDecisionRow(Model):
    """One decision of one patient about one purpose."""

    __tablename__ = "consent_decision"
    __table_args__ = (
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["digest"], ["consent_text.digest"]),
        sa.UniqueConstraint("patient_id", "seq"),
        sa.Index(None, "patient_id", "purpose", "decided_at", "seq"),
        one_of("purpose", Purpose),
        one_of("answer", Answer),
        one_of("source", Source),
        # A yes is signed by hand or by typing a name; what was only said is never one.
        sa.CheckConstraint("answer <> 'given' OR source <> 'spoken'", name="signed"),
        sa.CheckConstraint("answer <> 'given' OR length(signature) >= 2", name="named"),
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    clinic_id: Mapped[UUID] = mapped_column(Id)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    purpose: Mapped[Purpose] = mapped_column(Choice(Purpose))
    answer: Mapped[Answer] = mapped_column(Choice(Answer))
    version: Mapped[int] = mapped_column(sa.Integer)
    locale: Mapped[str] = mapped_column(sa.String(8))
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    #: The name as typed, or as it stands on the paper; empty where somebody took a consent back.
    signature: Mapped[str] = mapped_column(sa.String(NAME_LIMIT))
    source: Mapped[Source] = mapped_column(Choice(Source))
    #: Who typed it in: the patient, a proxy, or a clinician who holds the paper.
    author_id: Mapped[UUID] = mapped_column(Id)
    #: From when it counts; before ``recorded_at`` where it stood on paper first.
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


TEXT: Any = ConsentTextRow.__table__
DECISION: Any = ConsentDecisionRow.__table__

_patient = DECISION.c.patient_id == sa.bindparam("patient_id", type_=Id)

add_decision = Statement(sa.insert(DECISION), " ".join(column.name for column in DECISION.c))
_shown = (*DECISION.c, ACCOUNT.c.name.label("author_name"))
_by = ACCOUNT.c.id == DECISION.c.author_id
#: The one that counts comes first of its purpose.
decisions_of = Statement(
    sa.select(*_shown)
    .select_from(DECISION.join(ACCOUNT, _by))
    .where(_patient)
    .order_by(DECISION.c.decided_at.desc(), DECISION.c.seq.desc())
)
decision_by_id = Statement(
    sa.select(*_shown, TEXT.c.words)
    .select_from(DECISION.join(TEXT, TEXT.c.digest == DECISION.c.digest).join(ACCOUNT, _by))
    .where(_patient, DECISION.c.id == sa.bindparam("decision_id", type_=Id))
)
#: Of two who are the first to agree to the same words, either may be first.
add_text = {
    name: Statement(
        dialect.insert(TEXT).on_conflict_do_nothing(),
        " ".join(column.name for column in TEXT.c),
    )
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
text_by_version = Statement(
    sa.select(TEXT.c.digest).where(
        TEXT.c.purpose == sa.bindparam("purpose", type_=Choice(Purpose)),
        TEXT.c.version == sa.bindparam("version", type_=sa.Integer),
        TEXT.c.locale == sa.bindparam("locale", type_=sa.String(8)),
    )
)


def _latest_is(patient: Any, purpose: Purpose, *more: Any) -> Any:
    """That the decision of a purpose that counts is such a one; ``patient`` is a column."""
    one: Any = DECISION.alias(f"of_{purpose.value}")
    later: Any = DECISION.alias(f"after_{purpose.value}")
    named = Choice(Purpose)
    return sa.exists().where(
        one.c.patient_id == patient,
        one.c.purpose == sa.literal(purpose, named),
        *(condition(one) for condition in more),
        ~sa.exists().where(
            later.c.patient_id == one.c.patient_id,
            later.c.purpose == sa.literal(purpose, named),
            sa.or_(
                later.c.decided_at > one.c.decided_at,
                sa.and_(later.c.decided_at == one.c.decided_at, later.c.seq > one.c.seq),
            ),
        ),
    )


def holds(patient: Any, purpose: Purpose) -> Any:
    """``domain.consent.holds`` as a condition on a column of patients.

    Binds ``least_<purpose>``, the oldest version that suffices. No decision lies in the future, so
    there is no ``now``.
    """
    least = sa.bindparam(f"least_{purpose.value}", type_=sa.Integer)
    return _latest_is(
        patient,
        purpose,
        lambda one: one.c.answer == sa.literal(Answer.GIVEN, Choice(Answer)),
        lambda one: one.c.version >= least,
    )


def is_objected(patient: Any, purpose: Purpose) -> Any:
    """``domain.consent.is_objected`` as a condition on a column of patients."""
    return _latest_is(
        patient,
        purpose,
        lambda one: one.c.answer == sa.literal(Answer.WITHDRAWN, Choice(Answer)),
    )
