"""Care teams: the people behind the care relations, with their names."""

from __future__ import annotations

import sqlalchemy as sa

from adherence.store.accounts import ACCOUNT
from adherence.store.db import Id, Statement
from adherence.store.patients import CARE

#: Who cares for a patient now, the lead first.
care_team = Statement(
    sa.select(
        CARE.c.account_id,
        ACCOUNT.c.name,
        CARE.c.discipline,
        CARE.c.lead,
        CARE.c.from_at,
        CARE.c.looked_at,
    )
    .select_from(CARE.join(ACCOUNT, ACCOUNT.c.id == CARE.c.account_id))
    .where(CARE.c.patient_id == sa.bindparam("patient_id", type_=Id), CARE.c.until_at.is_(None))
    .order_by(CARE.c.lead.desc(), CARE.c.from_at)
)
