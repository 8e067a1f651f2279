"""Day sums: per patient, local day and activity, what was asked and what became of it.

A projection of revisions, pauses and entries, written in the transaction that changes them. It
knows no clock: what nobody answered is ``asked`` less the answered, and ``open_until`` tells the
reader from when on that is *not reported*. ``adherence rebuild --check`` computes it again from
scratch.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adherence.domain.adherence import DaySum
from adherence.store.columns import Id, Model, UtcDateTime
from adherence.store.plans import ACTIVITY_GOAL
from adherence.store.statements import Statement


class DaySumRow(Model):
    """One day of one activity; clustered by (patient, day), which is how it is read."""

    __tablename__ = "day_sum"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["patient_id", "activity_id"], ["activity.patient_id", "activity.id"]
        ),
        {"sqlite_with_rowid": False},
    )

    patient_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    asked: Mapped[int] = mapped_column(sa.SmallInteger)
    done: Mapped[int] = mapped_column(sa.SmallInteger)
    partly: Mapped[int] = mapped_column(sa.SmallInteger)
    skipped: Mapped[int] = mapped_column(sa.SmallInteger)
    missed: Mapped[int] = mapped_column(sa.SmallInteger)
    excused: Mapped[int] = mapped_column(sa.SmallInteger)
    extra: Mapped[int] = mapped_column(sa.SmallInteger)
    share: Mapped[float]
    unmeasured: Mapped[int] = mapped_column(sa.SmallInteger)
    pain_n: Mapped[int] = mapped_column(sa.SmallInteger)
    pain_sum: Mapped[int] = mapped_column(sa.SmallInteger)
    pain_max: Mapped[int | None] = mapped_column(sa.SmallInteger)
    effort_n: Mapped[int] = mapped_column(sa.SmallInteger)
    effort_sum: Mapped[int] = mapped_column(sa.SmallInteger)
    volume: Mapped[float]
    doses: Mapped[float]
    open_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


DAY_SUM: Any = DaySumRow.__table__
COLUMNS = [column.name for column in DAY_SUM.c]
_mine = DAY_SUM.c.patient_id == sa.bindparam("patient_id", type_=Id)
_days = sa.and_(
    DAY_SUM.c.day >= sa.bindparam("first", type_=sa.Date),
    DAY_SUM.c.day < sa.bindparam("until", type_=sa.Date),
)
_activity = DAY_SUM.c.activity_id == sa.bindparam("activity_id", type_=Id)

add_day_sum = Statement(sa.insert(DAY_SUM), " ".join(COLUMNS))
_KEY = ("patient_id", "day", "activity_id")
#: Writes one row anew, found by ``patient_id``, ``on_day`` and ``activity_id``.
set_day_sum = Statement(
    sa.update(DAY_SUM)
    .where(_mine, _activity, DAY_SUM.c.day == sa.bindparam("on_day", type_=sa.Date))
    .values({name: sa.bindparam(f"new_{name}") for name in COLUMNS if name not in _KEY})
)
drop_day_sum = Statement(
    sa.delete(DAY_SUM).where(
        _mine, _activity, DAY_SUM.c.day == sa.bindparam("on_day", type_=sa.Date)
    )
)
clear_all_day_sums = Statement(sa.delete(DAY_SUM).where(_mine))
#: In the order of the fields of the domain's ``DaySum``.
day_sums = Statement(
    sa.select(*[DAY_SUM.c[field.name] for field in fields(DaySum)])
    .where(_mine, _days)
    .order_by(DAY_SUM.c.day, DAY_SUM.c.activity_id)
)
day_sums_of_activity = Statement(
    sa.select(*[DAY_SUM.c[field.name] for field in fields(DaySum)]).where(_mine, _days, _activity)
)
all_day_sums = Statement(
    sa.select(*DAY_SUM.c).where(_mine).order_by(DAY_SUM.c.day, DAY_SUM.c.activity_id)
)
_of_goal = DAY_SUM.join(
    ACTIVITY_GOAL,
    sa.and_(
        ACTIVITY_GOAL.c.patient_id == DAY_SUM.c.patient_id,
        ACTIVITY_GOAL.c.activity_id == DAY_SUM.c.activity_id,
    ),
)
_goal = ACTIVITY_GOAL.c.goal_id == sa.bindparam("goal_id", type_=Id)
#: What a goal's milestones are judged by, a row a day; narrow, because entries read it.
goal_days = Statement(
    sa.select(
        DAY_SUM.c.day,
        sa.func.sum(DAY_SUM.c.asked).label("asked"),
        sa.func.sum(DAY_SUM.c.done).label("done"),
        sa.func.sum(DAY_SUM.c.partly).label("partly"),
        sa.func.sum(DAY_SUM.c.excused).label("excused"),
        sa.func.sum(DAY_SUM.c.extra).label("extra"),
    )
    .select_from(_of_goal)
    .where(_mine, _days, _goal)
    .group_by(DAY_SUM.c.day)
    .order_by(DAY_SUM.c.day)
)
#: Which of a goal's activities have rows on the days of [first, until).
goal_rows = Statement(
    sa.select(DAY_SUM.c.day, DAY_SUM.c.activity_id).select_from(_of_goal).where(_mine, _days, _goal)
)
_active = sa.or_(DAY_SUM.c.done > 0, DAY_SUM.c.partly > 0, DAY_SUM.c.extra > 0)
_day = sa.bindparam("day", type_=sa.Date)
#: The nearest day before, or after, one day on which something of a goal was done.
active_before = Statement(
    sa.select(DAY_SUM.c.day)
    .select_from(_of_goal)
    .where(_mine, _goal, DAY_SUM.c.day < _day, _active)
    .order_by(DAY_SUM.c.day.desc())
    .limit(1)
)
active_after = Statement(
    sa.select(DAY_SUM.c.day)
    .select_from(_of_goal)
    .where(_mine, _goal, DAY_SUM.c.day > _day, _active)
    .order_by(DAY_SUM.c.day)
    .limit(1)
)
#: Thirty days of one patient, a row a day, for the caseload.
patient_days = Statement(
    sa.select(
        DAY_SUM.c.day,
        sa.func.sum(DAY_SUM.c.asked).label("asked"),
        sa.func.sum(DAY_SUM.c.done).label("done"),
        sa.func.sum(DAY_SUM.c.partly).label("partly"),
        sa.func.sum(DAY_SUM.c.skipped).label("skipped"),
        sa.func.sum(DAY_SUM.c.missed).label("missed"),
        sa.func.sum(DAY_SUM.c.excused).label("excused"),
        sa.func.max(DAY_SUM.c.pain_max).label("pain_max"),
        sa.func.max(DAY_SUM.c.open_until).label("open_until"),
    )
    .where(_mine, _days)
    .group_by(DAY_SUM.c.day)
    .order_by(DAY_SUM.c.day)
)

_open = DAY_SUM.c.asked - DAY_SUM.c.done - DAY_SUM.c.partly - DAY_SUM.c.skipped - DAY_SUM.c.missed
_at = sa.bindparam("at", type_=UtcDateTime)
_closed = DAY_SUM.c.open_until <= _at
#: A window without an end never closes; a row on which all is answered has none open.
_still_open = sa.or_(DAY_SUM.c.open_until.is_(None), DAY_SUM.c.open_until > _at)


def _total(name: str, column: Any) -> Any:
    return sa.func.sum(column).label(name)


#: The fields of the domain's ``Adherence``, added up where the rows are.
_counts = [
    _total("done", DAY_SUM.c.done),
    _total("partly", DAY_SUM.c.partly),
    _total("skipped", DAY_SUM.c.skipped),
    _total("missed", DAY_SUM.c.missed),
    _total("unreported", sa.case((_closed, _open), else_=0)),
    _total("excused", DAY_SUM.c.excused),
    _total("upcoming", sa.case((_closed, 0), else_=_open)),
    _total("extra", DAY_SUM.c.extra),
    _total("share_sum", DAY_SUM.c.share),
    _total("unmeasured", DAY_SUM.c.unmeasured),
]
#: Adherence of each day, and of each activity, on the days of [first, until).
counts_by_day = Statement(
    sa.select(DAY_SUM.c.day, *_counts)
    .where(_mine, _days)
    .group_by(DAY_SUM.c.day)
    .order_by(DAY_SUM.c.day)
)
counts_by_activity = Statement(
    sa.select(DAY_SUM.c.activity_id, *_counts)
    .where(_mine, _days)
    .group_by(DAY_SUM.c.activity_id)
    .order_by(DAY_SUM.c.activity_id)
)
#: Thirty days of one patient in one row, for the caseload; pain of the days from ``pain_from`` on.
#: ``waiting`` is what is still open, ``unreported`` what closed without a word.
period_counts = Statement(
    sa.select(
        _total("asked", DAY_SUM.c.asked),
        _total("done", DAY_SUM.c.done),
        sa.func.sum(_open).filter(_still_open).label("waiting"),
        sa.func.sum(_open).filter(_closed).label("unreported"),
        sa.func.max(DAY_SUM.c.pain_max)
        .filter(DAY_SUM.c.day >= sa.bindparam("pain_from", type_=sa.Date))
        .label("pain"),
    ).where(_mine, _days)
)
