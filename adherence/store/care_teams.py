"""Care teams: the people behind the care relations, with their names."""

from __future__ import annotations

import sqlalchemy as sa

from adherence.domain.activities import Discipline
from adherence.domain.care_teams import CareKind
from adherence.store.accounts import ACCOUNT
from adherence.store.columns import Choice, Id, UtcDateTime
from adherence.store.patients import CARE, CARES, PATIENT
from adherence.store.statements import Statement

_other = ACCOUNT.alias("other")
_patient = CARE.c.patient_id == sa.bindparam("patient_id", type_=Id)
_account = CARE.c.account_id == sa.bindparam("account_id", type_=Id)
_now = sa.bindparam("now", type_=UtcDateTime)
_not_over = sa.or_(CARE.c.until_at.is_(None), CARE.c.until_at > _now)
_shown = (
    sa.select(
        CARE.c.account_id,
        ACCOUNT.c.name,
        ACCOUNT.c.active,
        CARE.c.discipline,
        CARE.c.kind,
        CARE.c.from_at,
        CARE.c.until_at,
        CARE.c.looked_at,
        CARE.c.stands_for_id,
        _other.c.name.label("stands_for_name"),
    )
    .select_from(
        CARE.join(ACCOUNT, ACCOUNT.c.id == CARE.c.account_id).outerjoin(
            _other, _other.c.id == CARE.c.stands_for_id
        )
    )
    .where(_patient)
)
_rank = sa.case(
    (CARE.c.kind == CareKind.LEAD, 0), (CARE.c.kind == CareKind.SUPPLEMENTARY, 1), else_=2
)

#: Who cares for a patient now, the lead first.
care_team = Statement(_shown.where(CARES).order_by(_rank, CARE.c.from_at, CARE.c.account_id))
#: Who will stand in later.
planned_substitutes = Statement(
    _shown.where(CARE.c.from_at > _now).order_by(CARE.c.from_at, CARE.c.account_id)
)
#: Where somebody is a member for good now, under any lead, with the patients' names.
memberships = Statement(
    sa.select(CARE.c.patient_id, PATIENT.c.name, CARE.c.kind, CARE.c.discipline)
    .select_from(CARE.join(PATIENT, PATIENT.c.id == CARE.c.patient_id))
    .where(
        _account,
        CARE.c.clinic_id == sa.bindparam("clinic_id", type_=Id),
        CARE.c.kind != CareKind.SUBSTITUTE,
        CARES,
    )
    .order_by(PATIENT.c.name, CARE.c.patient_id)
)
#: Whether somebody stands in for anybody here in a part of a period.
stands_in = Statement(
    sa.select(CARE.c.account_id).where(
        _patient,
        _account,
        CARE.c.kind == CareKind.SUBSTITUTE,
        CARE.c.from_at < sa.bindparam("until_at", type_=UtcDateTime),
        CARE.c.until_at > sa.bindparam("from_at", type_=UtcDateTime),
    )
)

add_care_relation = Statement(
    sa.insert(CARE),
    "patient_id account_id from_at clinic_id discipline kind stands_for_id until_at looked_at",
)
#: Ends all that somebody is now, older things that were left open too.
end_care_relations = Statement(
    sa.update(CARE)
    .where(_patient, _account, CARE.c.from_at <= _now, _not_over)
    .values(until_at=_now)
)
#: What never began leaves no period behind; the audit keeps that it was planned.
remove_planned = Statement(sa.delete(CARE).where(_patient, _account, CARE.c.from_at > _now))
_for_member = CARE.c.stands_for_id == sa.bindparam("account_id", type_=Id)
end_substitutes_of = Statement(
    sa.update(CARE)
    .where(_patient, _for_member, CARE.c.from_at <= _now, _not_over)
    .values(until_at=_now)
)
remove_substitutes_of = Statement(
    sa.delete(CARE).where(_patient, _for_member, CARE.c.from_at > _now)
)
#: For a relation that began at this very instant: it has no past to keep.
set_kind = Statement(
    sa.update(CARE)
    .where(_patient, _account, CARE.c.from_at == _now)
    .values(
        kind=sa.bindparam("new_kind", type_=Choice(CareKind)),
        discipline=sa.bindparam("new_discipline", type_=Choice(Discipline)),
        stands_for_id=None,
        until_at=None,
    )
)
