"""Proportion of days covered, as PQA defines it, as an Ibis expression.

Inpatient days leave the axis of time: a day's place is the number of days before it that were not
spent inside. On that axis a supply that ran into a stay goes on behind it, and so does whatever
follows it, without a further rule. Fills of one ingredient then queue: each begins where the one
before ended, which is a running maximum like carry-over. What all ingredients cover together is
counted once.
"""

from __future__ import annotations

import ibis
from ibis import _

from adherence.domain.supplies import PdcQuestion, Reason
from adherence.measures.terms import EPOCH, KEY, Table, Value, as_date, day_number, share, within


def unbound() -> tuple[Table, Table]:
    """Return the unbound tables ``stays`` and ``people``."""
    stays = {KEY: "string", "first_day": "date", "last_day": "date"}
    people = {KEY: "string", "excluded": "string", "covered_until": "date"}
    return ibis.table(stays, name="stays"), ibis.table(people, name="people")


def without(table: Table) -> tuple[Table, Table]:
    """Return ``stays`` and ``people`` without rows, on the engine of ``table``."""
    nobody = table.filter(ibis.literal(False))
    day, text = ibis.null("date"), ibis.null("string")
    stays = nobody.select(patient_id=_[KEY].cast("string"), first_day=day, last_day=day)
    people = nobody.select(patient_id=_[KEY].cast("string"), excluded=text, covered_until=day)
    return stays, people


def covered(supplies: Table, stays: Table, people: Table, question: PdcQuestion) -> Table:
    """One row per patient with a fill in the period: ``patient_id, PDC``, days, ``reason``.

    ``days_covered`` and ``days`` are the proportion's numerator and denominator, without inpatient
    days. With ``per_fill``, one row per fill: ``patient_id, medication, filled_on, first_dose,
    last_dose``, the last cut off at the end of the period; stays are not looked at.
    """
    fills = placed(supplies, stays, people, question)
    shifted = queued(fills)
    if question.per_fill:
        return shifted.order_by([KEY, "day", "seq"]).select(
            KEY,
            "medication",
            filled_on=_.date,
            first_dose=as_date(_.begin.floor()),
            last_dose=as_date((ibis.least(_.finish, _.end.cast("float64")) - 1).ceil()),
        )
    row = ibis.window(group_by=KEY, order_by=["begin", "seq"], preceding=(None, 1))
    shifted = shifted.mutate(reached=_.finish.max().over(row))
    first = ibis.greatest(_.begin, _.reached.fill_null(_.begin))
    news = ibis.greatest(0.0, ibis.least(_.finish, _.place_end.cast("float64")) - first)
    found = shifted.group_by(KEY).aggregate(
        days_covered=news.sum(),
        days=_.place_end.min() - _.place_start.min(),
        period=_.end.min() - _.start.min(),
        fills=_.day.nunique(),
        excluded=_.excluded.max(),
    )
    why = ibis.cases(
        (found.excluded != "", ibis.literal(f"{Reason.EXCLUDED.value}: ").concat(found.excluded)),
        (found.fills < question.least_fills, ibis.literal(Reason.TOO_FEW_FILLS.value)),
        (found.period < question.least_days, ibis.literal(Reason.PERIOD_TOO_SHORT.value)),
        (found.days <= 0, ibis.literal(Reason.ALWAYS_INPATIENT.value)),
        else_=ibis.null("string"),
    )
    found = found.mutate(reason=why)
    known = found.reason.isnull()
    return found.select(
        KEY,
        PDC=ibis.ifelse(known, within(share(found.days_covered, found.days)), None),
        days_covered=ibis.ifelse(known, found.days_covered, None),
        days=ibis.ifelse(known, found.days, None),
        reason=found.reason,
    ).order_by(KEY)


def placed(supplies: Table, stays: Table, people: Table, question: PdcQuestion) -> Table:
    """Return the fills of the period with their ``place`` on the axis without inpatient days.

    ``start`` and ``end`` bound the patient's treatment period, the end outside; ``place_start`` and
    ``place_end`` are their places.
    """
    known = people.group_by(KEY).aggregate(
        excluded=people.excluded.fill_null("").max(),
        until=day_number(people.covered_until).min() + 1,
    )
    fills = supplies.mutate(day=day_number(_.date)).left_join(known, KEY).drop(f"{KEY}_right")
    last = (question.last - EPOCH).days + 1
    fills = fills.mutate(
        excluded=_.excluded.fill_null(""), end=ibis.least(last, _.until.fill_null(last))
    )
    fills = fills.filter((_.day >= (question.first - EPOCH).days) & (_.day < _.end))
    fills = fills.mutate(start=_.day.min().over(ibis.window(group_by=KEY)))
    inside = merged(stays)
    pairs = fills.select(KEY, "seq", "day", "start", "end").join(inside, KEY)
    away = pairs.group_by([KEY, "seq"]).aggregate(
        away_day=spent(_.day), away_start=spent(_.start), away_end=spent(_.end)
    )
    fills = fills.left_join(away, [KEY, "seq"]).drop(f"{KEY}_right", "seq_right")
    return fills.mutate(
        place=_.day - _.away_day.fill_null(0),
        place_start=_.start - _.away_start.fill_null(0),
        place_end=_.end - _.away_end.fill_null(0),
    )


def merged(stays: Table) -> Table:
    """Return the stays as disjoint runs of days: ``came`` inside, ``went`` outside."""
    rows = stays.mutate(came=day_number(_.first_day), went=day_number(_.last_day) + 1)
    row = ibis.window(group_by=KEY, order_by=["came", "went"], preceding=(None, 1))
    rows = rows.mutate(reached=_.went.max().over(row))
    rows = rows.mutate(came=ibis.greatest(_.came, _.reached.fill_null(_.came)))
    return rows.filter(_.came < _.went).select(KEY, "came", "went")


def spent(day: Value) -> Value:
    """Return the inpatient days before ``day``, over a patient's stays."""
    return ibis.greatest(0, ibis.least(_.went, day) - _.came).sum().cast("int64")


def queued(fills: Table) -> Table:
    """Add ``begin`` and ``finish`` of each fill, after the earlier ones of its ingredient."""
    keys = [KEY, "medication"]
    before = ibis.window(group_by=keys, order_by=["day", "seq"], preceding=(None, 1))
    now = ibis.window(group_by=keys, order_by=["day", "seq"], following=0)
    fills = fills.mutate(supplied=_.duration.sum().over(before).fill_null(0.0))
    fills = fills.mutate(waited=(_.place - _.supplied).max().over(now))
    return fills.mutate(begin=_.waited + _.supplied, finish=_.waited + _.supplied + _.duration)
