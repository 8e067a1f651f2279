"""Job state: when each job last ran and how it went, for /health."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.store.columns import Model, UtcDateTime
from adherence.store.statements import Statement


class JobStateRow(Model):
    """One job."""

    __tablename__ = "job_state"

    job: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Since when it fails without a success in between; null while it works.
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done: Mapped[int] = mapped_column(sa.Integer)
    failed: Mapped[int] = mapped_column(sa.Integer)


JOB_STATE: Any = JobStateRow.__table__

job_states = Statement(sa.select(*JOB_STATE.c).order_by(JOB_STATE.c.job))
add_job_state = Statement(sa.insert(JOB_STATE), " ".join(column.name for column in JOB_STATE.c))
set_job_state = Statement(
    sa.update(JOB_STATE)
    .where(JOB_STATE.c.job == sa.bindparam("name", type_=sa.String))
    .values(
        ran_at=sa.bindparam("at", type_=UtcDateTime),
        failing_since=sa.bindparam("since", type_=UtcDateTime),
        done=sa.bindparam("well", type_=sa.Integer),
        failed=sa.bindparam("badly", type_=sa.Integer),
    )
)
