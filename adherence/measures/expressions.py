"""The measures over a cohort as Ibis expressions: the one place where they are defined.

A table of supplies has one row per supply: ``patient_id``, ``date``, ``duration`` (days, above 0),
``seq`` (a number that keeps the order of supplies of one day), and where the question asks for it
``daily_dose`` (above 0) and ``medication``. The same expression runs on every engine, so nothing
here may depend on one: no division that may meet a zero, no cast of a truth value to a number, a
cast to date after each step of the calendar.

What is left over at a supply is ``S - min(S)``, ``S`` being the running sum over the earlier
supplies of (duration - days to the next supply), in doses if the dose counts. The minimum is taken
over the supplies of the window the carry-over may come from, and of the same run of one medication
if it is lost at a change. A window function per sum replaces a loop over supplies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import eq, ge, gt, le, lt, ne, or_
from typing import Any

import ibis
from ibis import _

from adherence.domain.groups import ALL_OTHERS, Both, Condition, Either, Not
from adherence.domain.supplies import (
    DAYS_PER_UNIT,
    TOLERANCE_OF_COMPARISON,
    Carry,
    CmaQuestion,
    Column,
    EpisodeQuestion,
    EpisodeRule,
    GapQuestion,
    Measure,
    PdcQuestion,
    PersistenceQuestion,
    Question,
    Reason,
    SlidingWindows,
    Windows,
    columns_needed,
    numbers_compared,
    window_columns,
)
from adherence.measures import coverage
from adherence.measures.terms import (
    EPOCH,
    KEY,
    TYPES,
    Table,
    Value,
    as_date,
    day_number,
    midnight,
    share,
    total,
    within,
)


def answer(supplies: Table, question: Question, others: Sequence[Table] = ()) -> Table:
    """Return the expression whose rows answer ``question`` about ``supplies``, in order.

    Columns: ``patient_id``, then those of the question's shape (see each function below), one
    ``CMA…`` per measure asked for, and ``reason``, empty where everything was computable.
    ``others`` are the tables of stays and of people for the proportion of days covered.
    """
    if isinstance(question, PdcQuestion):
        stays, people = others or coverage.unbound()
        return coverage.covered(supplies, stays, people, question)
    if isinstance(question, PersistenceQuestion):
        return persistence(supplies, question)
    if isinstance(question, EpisodeQuestion):
        return episodes(supplies, question)
    if isinstance(question, GapQuestion):
        return gaps(supplies, question)
    if question.groups:
        return per_group(supplies, question)
    if question.per_episode is not None:
        return per_episode(supplies, question, question.per_episode)
    if question.sliding is not None:
        return per_sliding_window(supplies, question, question.sliding)
    return per_patient(supplies, question)


def per_patient(supplies: Table, question: CmaQuestion) -> Table:
    """One row per patient: ``patient_id``, the measures, ``reason``."""
    rows = limited(supplies, question.windows, question.carry)
    found = measured(carried(rows, question.carry, asked=question.measures), question.measures)
    return found.select(KEY, *question.measures, "reason").order_by(KEY)


def per_group(supplies: Table, question: CmaQuestion) -> Table:
    """The answer of each medication group, with the group's name in a column ``group``.

    A supply may be in several groups; those in none are ``__ALL_OTHERS__``. A comparison with a
    missing value does not hold. A group without supplies of a patient has no row for that patient.
    """
    if not question.follow_up_per_group:
        supplies = supplies.mutate(origin=_.date.min().over(ibis.window(group_by=KEY)))
    held = {name: holds(supplies, condition) for name, condition in question.groups}
    held[ALL_OTHERS] = ~reduce(or_, held.values())
    alone = replace(question, groups=())
    parts = [
        answer(supplies.filter(condition), alone).mutate(group=ibis.literal(name))
        for name, condition in held.items()
    ]
    found = ibis.union(*parts) if len(parts) > 1 else parts[0]
    order = [name for name in ("episode", "window") if name in found.columns]
    return found.relocate("group", after=KEY).order_by([KEY, "group", *order])


def holds(supplies: Table, condition: Condition) -> Value:
    """Return whether each supply satisfies ``condition``."""
    match condition:
        case Not(inner):
            return ~holds(supplies, inner)
        case Both(left, right):
            return holds(supplies, left) & holds(supplies, right)
        case Either(left, right):
            return holds(supplies, left) | holds(supplies, right)
    sign = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}[condition.sign]
    return sign(supplies[condition.column], condition.value).fill_null(False)


def per_sliding_window(supplies: Table, question: CmaQuestion, sliding: SlidingWindows) -> Table:
    """One row per patient and window: ``patient_id, window, start, end``, measures, ``reason``.

    Every window acts as the observation window inside the same follow-up window; windows that do
    not fit into the observation window are left out.
    """
    rows = limited(supplies, question.windows, question.carry)
    length, start = sliding.days(sliding.duration), sliding.days(sliding.start)
    room = _.oe - _.os - start - length
    outer = carried(rows, question.carry, asked=[m for m in question.measures if m not in INNER])
    if sliding.step is not None:
        step = sliding.days(sliding.step)
        outer = outer.mutate(window_count=(room / step).floor().cast("int64") + 1)
        offset = _.window * step
    else:
        count = sliding.count or 1
        outer = outer.mutate(window_count=ibis.ifelse(room >= 0, count, 0))
        offset = (_.window * room / max(1, count - 1)).floor().cast("int64")
    outer = outer.filter(_.used & (_.window_count > 0) & (_.os >= _.fs) & (_.oe <= _.fe))
    outer = outer.mutate(window=ibis.range(0, outer.window_count)).unnest("window")
    outer = outer.mutate(window=_.window.cast("int64")).mutate(os=_.os + start + offset)
    outer = outer.mutate(oe=_.os + length)
    if any(measure in INNER for measure in question.measures):
        outer = inner_carried(outer, [KEY, "window"], question.carry)
    found = measured(outer, question.measures, [KEY, "window"])
    return found.select(
        KEY,
        window=_.window + 1,
        start=as_date(_.os),
        end=as_date(_.oe),
        **{measure: found[measure] for measure in question.measures},
        reason=_.reason,
    ).order_by([KEY, "window"])


def per_episode(supplies: Table, question: CmaQuestion, rule: EpisodeRule) -> Table:
    """One row per episode that has a part in the observation window.

    ``patient_id, episode, start, end, duration, gap_at_end``, measures, ``reason``. The episode by
    itself is the follow-up window; ``start`` and ``end`` are its part in the observation window,
    over which the measures are taken; ``duration`` is that of the whole episode, in days.
    """
    rows = limited(supplies, question.windows, question.carry)
    spans = spanned(rows, rule, question.carry).mutate(
        part_start=ibis.greatest(_.start_day, _.os), part_end=ibis.least(_.end_day, _.oe)
    )
    spans = spans.filter((_.part_start < _.part_end) & (_.os >= _.fs) & (_.oe <= _.fe))
    length = round_half_even(_.end_day - _.start_day)
    part = round_half_even(_.part_end - _.part_start)
    spans = spans.mutate(fs=_.start_day, fe=_.start_day + length, os=_.part_start).mutate(
        oe=ibis.least(_.part_start + part, _.fe)
    )
    keep = ["episode", "start_day", "end_day", "gap_at_end", "part_start", "part_end"]
    spans = spans.select(KEY, *keep, "fs", "fe", "os", "oe")
    events = rows.drop("fs", "fe", "os", "oe", "used")
    both = events.join(
        spans,
        [
            events[KEY] == spans[KEY],
            events.day >= spans.fs,
            events.day <= spans.fe,
        ],
    ).mutate(used=ibis.literal(True))
    found = measured(
        carried(both, question.carry, [KEY, "episode"], question.measures),
        question.measures,
        [KEY, "episode"],
        keep[1:],
    )
    return found.select(
        KEY,
        "episode",
        start=as_date(_.part_start),
        end=as_date(_.part_end.floor()),
        duration=_.end_day - _.start_day,
        gap_at_end=whole(_.gap_at_end),
        **{measure: found[measure] for measure in question.measures},
        reason=_.reason,
    ).order_by([KEY, "episode"])


def episodes(supplies: Table, question: EpisodeQuestion) -> Table:
    """One row per episode: ``patient_id, episode, start, end, duration, gap_at_end``.

    ``end`` is the day on which the episode's last moment falls; ``duration`` is in days, fractional
    where durations are; ``gap_at_end`` counts complete days without supply after the last one ran
    out, as AdhereR does. A patient without supply in follow-up has no row.
    """
    rows = limited(supplies, question.windows, question.carry)
    spans = spanned(rows, question.rule, question.carry)
    return spans.select(
        KEY,
        "episode",
        start=as_date(_.start_day),
        end=as_date(_.end_day.floor()),
        duration=_.end_day - _.start_day,
        gap_at_end=whole(_.gap_at_end),
    ).order_by([KEY, "episode"])


def persistence(supplies: Table, question: PersistenceQuestion) -> Table:
    """One row per patient: ``patient_id, start, days, ended, gap_at_end, reason``.

    ``start`` is the first supply in follow-up and ``days`` the length of the episode it begins, at
    most to the end of follow-up. ``ended`` is 1 if it ended before that, 0 if it still went on.
    """
    rows = limited(supplies, question.windows, question.carry)
    patients = rows.select(KEY).distinct()
    first = spanned(rows, question.rule, question.carry).filter(_.episode == 1)
    first = first.mutate(end_day=ibis.least(_.end_day, _.fe.cast("float64")))
    found = patients.left_join(first, KEY)
    known = found.start_day.notnull()
    return found.select(
        KEY,
        start=ibis.ifelse(known, as_date(found.start_day.fill_null(0)), None),
        days=found.end_day - found.start_day,
        ended=ibis.ifelse(
            known, ibis.ifelse(found.end_day < found.fe - TOLERANCE_OF_COMPARISON, 1, 0), None
        ),
        gap_at_end=ibis.ifelse(known, whole(found.gap_at_end.fill_null(0.0)), None),
        reason=ibis.ifelse(known, None, ibis.literal(Reason.NO_EVENT_IN_FOLLOW_UP.value)),
    ).order_by(KEY)


def gaps(supplies: Table, question: GapQuestion) -> Table:
    """One row per supply, in order of the patient's supplies.

    ``patient_id, date, duration, interval, gap, carry_over`` in days, ``reason``. ``interval`` runs
    to the next supply or the end of observation and is given for supplies inside the observation
    window. ``gap`` and ``carry_over`` are given for those whose carry-over the question asks about:
    all of follow-up up to the end of observation, or only the observation window.
    """
    rows = limited(supplies, question.windows, question.carry)
    asked = (Measure.CMA7,) if question.into_window else (Measure.CMA5,)
    rows = carried(rows, question.carry, asked=asked)
    carry = _.carry if question.into_window else _.inner_carry
    valid = (_.os >= _.fs) & (_.oe <= _.fe)
    inside = valid & _.used & (_.day >= _.os) & (_.day <= _.oe)
    shown = valid & _.used & (_.day <= _.oe) if question.into_window else inside
    return (
        rows.select(
            KEY,
            "date",
            "duration",
            "seq",
            "day",
            interval=ibis.ifelse(inside, until(_.oe) - _.day, None),
            gap=ibis.ifelse(shown, gap(_.oe, carry), None),
            carry_over=ibis.ifelse(shown, carry, None),
            reason=ibis.cases(
                (~valid, ibis.literal(Reason.WINDOW_OUTSIDE.value)),
                (~shown, ibis.literal(Reason.SUPPLY_OUTSIDE.value)),
                else_=ibis.null("string"),
            ),
        )
        .order_by([KEY, "day", "seq"])
        .drop("seq", "day")
    )


# ---- Windows -------------------------------------------------------------------------------------


def limited(supplies: Table, windows: Windows, carry: Carry) -> Table:
    """Add to each supply its ``day`` number and its patient's window limits, as day numbers.

    ``fs, fe`` bound follow-up, ``os, oe`` observation, both ends inside; ``used`` says whether the
    supply lies in follow-up. Also what the running sums need from neighbouring rows: the patient's
    ``before`` (days supplied earlier) or, if the dose counts, ``next_day``, and ``run`` changes.
    """
    rows = supplies.mutate(day=day_number(_.date))
    row = ordered([KEY])
    earliest = _.day.first().over(row_until_now([KEY]))
    if "origin" in supplies.columns:
        earliest = day_number(_.origin)
    news: dict[str, Value] = {"first": earliest}
    if carry.by_dose:
        news["next_day"] = _.day.lead().over(row)
    else:
        news["before"] = _.duration.sum().over(rows_before([KEY])).fill_null(0.0)
    if "medication" in supplies.columns:
        news["change"] = ibis.ifelse(_.medication != _.medication.lag().over(row), 1, 0)
    rows = rows.mutate(**news)
    if windows.by_calendar:
        rows = rows.mutate(first_date=as_date(_.first))
        fs = stepped(_.first_date, windows.follow_up_start, windows)
        rows = rows.mutate(fs_date=fs)
        rows = rows.mutate(
            fe_date=stepped(_.fs_date, windows.follow_up_duration, windows),
            os_date=stepped(_.fs_date, windows.observation_start, windows),
        )
        rows = rows.mutate(oe_date=stepped(_.os_date, windows.observation_duration, windows))
        rows = rows.mutate(
            fs=day_number(_.fs_date),
            fe=day_number(_.fe_date),
            os=day_number(_.os_date),
            oe=day_number(_.oe_date),
        ).drop("first_date", "fs_date", "fe_date", "os_date", "oe_date")
    else:
        rows = rows.mutate(fs=shifted(_.first, windows.follow_up_start, windows))
        rows = rows.mutate(
            fe=shifted(_.fs, windows.follow_up_duration, windows),
            os=shifted(_.fs, windows.observation_start, windows),
        )
        rows = rows.mutate(oe=shifted(_.os, windows.observation_duration, windows))
    return rows.mutate(used=(_.day >= _.fs) & (_.day <= _.fe))


def shifted(day: Value, step: float | date | Column, windows: Windows) -> Value:
    """Return the day number ``step`` units after ``day``, or that of ``step`` if it is a date."""
    if isinstance(step, date):
        return ibis.literal((step - EPOCH).days)
    if not isinstance(step, Column):
        return day + windows.steps(step)
    if step.dated:
        return day_number(_[step.name])
    days = _[step.name].cast("float64") * DAYS_PER_UNIT[windows.unit]
    return day + round_half_even(days).cast("int64")


def stepped(day: Value, step: float | date | Column, windows: Windows) -> Value:
    """Return the date ``step`` months after ``day``; a day that is not there rolls forward.

    31 August and six months make 1 March: engines clamp to the month's last day, so one day is
    added wherever the day of the month became smaller.
    """
    if isinstance(step, date):
        return ibis.literal(step)
    if not isinstance(step, Column):
        later = ibis.interval(months=windows.steps(step))
    elif step.dated:
        return midnight(_[step.name])
    else:
        months = _[step.name].cast("int64") * windows.steps(1)
        later = months.as_interval("M")
    moved = midnight(day + later)
    return midnight(ibis.ifelse(moved.day() < day.day(), moved + ibis.interval(days=1), moved))


# ---- Carry-over ----------------------------------------------------------------------------------

INNER = (Measure.CMA5, Measure.CMA6)
OUTER = (Measure.CMA7, Measure.CMA8, Measure.CMA9)


def ordered(keys: Sequence[str]) -> Any:
    """The supplies of each key in order: by day, then in the order in which they were given."""
    return ibis.window(group_by=list(keys), order_by=["day", "seq"])


def row_until_now(keys: Sequence[str]) -> Any:
    """As ``ordered``, from the first supply to the present one."""
    return ibis.window(group_by=list(keys), order_by=["day", "seq"], following=0)


def rows_before(keys: Sequence[str]) -> Any:
    """As ``ordered``, from the first supply to the one before the present."""
    return ibis.window(group_by=list(keys), order_by=["day", "seq"], preceding=(None, 1))


def carried(
    rows: Table,
    carry: Carry,
    keys: Sequence[str] = (KEY,),
    asked: Sequence[Measure] = OUTER,
) -> Table:
    """Add ``next_day`` and what is carried into each supply, in days of that supply.

    ``carry`` comes from anywhere in follow-up, ``inner_carry`` only from the observation window.
    """
    rows = rows.mutate(unit=_.daily_dose if carry.by_dose else ibis.literal(1.0))
    lead: dict[str, Value] = {}
    if carry.by_dose:
        change = (_.duration - (_.next_day - _.day)) * _.unit
        sums = {"balance": change.sum().over(rows_before(keys)).fill_null(0.0)}
    else:
        sums = {"balance": _.before - (_.day - _.first)}
        lead = {"next_day": _.day.lead().over(ordered(keys))}
    if carry.same_medication_only:
        sums["run"] = _.change.sum().over(row_until_now(keys))
        rows = rows.mutate(**sums, **lead)
        lead = {}
        keys = [*keys, "run"]
    else:
        rows = rows.mutate(**sums)
    lowest = row_until_now(keys)
    found = dict(lead)
    if any(measure in OUTER for measure in asked):
        found["lowest"] = ibis.ifelse(_.used, _.balance, None).min().over(lowest)
    if any(measure in INNER for measure in asked):
        inside = _.used & (_.day >= _.os) & (_.day <= _.oe)
        found["inner_lowest"] = ibis.ifelse(inside, _.balance, None).min().over(lowest)
    rows = rows.mutate(**found)
    for name, low in (("carry", "lowest"), ("inner_carry", "inner_lowest")):
        if low in found:
            rows = rows.mutate(**{name: (_.balance - rows[low]) / _.unit})
    return rows


def inner_carried(rows: Table, keys: Sequence[str], carry: Carry) -> Table:
    """Add ``inner_carry`` to rows that know their ``balance`` already, for windows ``keys``."""
    inside = (_.day >= _.os) & (_.day <= _.oe)
    keys = [*keys, "run"] if carry.same_medication_only else keys
    rows = rows.mutate(
        inner_lowest=ibis.ifelse(inside, _.balance, None).min().over(row_until_now(keys))
    )
    return rows.mutate(inner_carry=(_.balance - _.inner_lowest) / _.unit)


def until(end: Value) -> Value:
    """Return the day of the next supply, or ``end`` if that comes first or there is none."""
    return ibis.least(_.next_day.fill_null(end), end)


def gap(end: Value, carry: Value) -> Value:
    """Return the days without supply between this supply's end and the next one, up to ``end``."""
    return ibis.greatest(0.0, until(end) - _.day - _.duration - carry)


# ---- Measures ------------------------------------------------------------------------------------


def round_half_even(number: Value) -> Value:
    """Return ``number`` (0 or more) rounded to a whole, halves to the even neighbour."""
    whole = number.floor()
    rest = number - whole
    odd = whole - 2 * (whole / 2).floor()
    up = ibis.ifelse(rest > 0.5, 1.0, ibis.ifelse(rest == 0.5, odd.cast("float64"), 0.0))
    return whole + up


def uncovered(start: Value, end: Value) -> Value:
    """Return the days without supply between ``start`` and ``end``, of one supply's interval."""
    return ibis.greatest(0.0, ibis.least(gap(end, _.carry), until(end) - start))


def measured(
    rows: Table,
    measures: Sequence[Measure],
    keys: Sequence[str] = (KEY,),
    keep: Sequence[str] = (),
) -> Table:
    """Return one row per ``keys`` with the ``measures``, their ``reason`` and the limits.

    ``keep`` names further columns that are the same in all rows of a key.
    """
    wanted = set(measures)
    if Measure.CMA8 in wanted:
        early = ibis.ifelse(_.used & (_.day < _.os), _.day + _.duration + _.carry, None)
        lag = early.max().over(ibis.window(group_by=list(keys)))
        rows = rows.mutate(lagged=ibis.greatest(lag.fill_null(_.os.cast("float64")), _.os))
        rows = rows.mutate(
            lagged_end=_.lagged + round_half_even(ibis.greatest(0.0, _.oe - _.lagged))
        )
    valid = (_.os >= _.fs) & (_.oe <= _.fe)
    seen = valid & _.used & (_.day <= _.oe)
    inside = seen & (_.day >= _.os)
    not_last = inside & (_.next_day <= _.oe)
    sums: dict[str, Value] = {name: _[name].min() for name in ("fs", "fe", "os", "oe", *keep)} | {
        "seen": total(seen, 1),
        "inside": total(inside, 1),
    }
    sums["first_seen"] = ibis.ifelse(seen, _.day, None).min()
    sums["first_inside"] = ibis.ifelse(inside, _.day, None).min()
    sums["last_inside"] = ibis.ifelse(inside, _.day, None).max()
    if wanted & {Measure.CMA1, Measure.CMA3}:
        sums["supplied_not_last"] = total(not_last, _.duration)
    if wanted & {Measure.CMA2, Measure.CMA4}:
        sums["supplied"] = total(inside, _.duration)
    if Measure.CMA5 in wanted:
        sums["gaps_not_last"] = total(not_last, gap(_.oe, _.inner_carry))
    if Measure.CMA6 in wanted:
        sums["gaps"] = total(inside, gap(_.oe, _.inner_carry))
    if Measure.CMA7 in wanted:
        sums["uncovered"] = total(seen, uncovered(_.os, _.oe))
    if Measure.CMA8 in wanted:
        lagging = valid & _.used & (_.day <= _.lagged_end)
        sums["lagged"] = _.lagged.min()
        sums["lagged_end"] = _.lagged_end.min()
        sums["lagged_uncovered"] = total(lagging, uncovered(_.lagged, _.lagged_end))
    if Measure.CMA9 in wanted:
        interval = until(_.fe) - _.day
        observed = ibis.least(until(_.fe), _.oe) - ibis.greatest(_.day, _.os)
        rate = 1.0 - share(gap(_.fe, _.carry), interval).fill_null(0.0)
        sums["mean_days"] = total(seen, ibis.greatest(0, observed) * rate)
    found = rows.group_by(list(keys)).aggregate(**sums)
    between = _.last_inside - _.first_inside
    opening = _.oe - _.first_inside
    length = _.oe - _.os
    before = ibis.greatest(0, _.first_seen - _.os)
    formulas: dict[Measure, Any] = {
        Measure.CMA1: lambda: share(_.supplied_not_last, between),
        Measure.CMA2: lambda: share(_.supplied, opening),
        Measure.CMA3: lambda: within(share(_.supplied_not_last, between)),
        Measure.CMA4: lambda: within(share(_.supplied, opening)),
        Measure.CMA5: lambda: within(1.0 - share(_.gaps_not_last, between)),
        Measure.CMA6: lambda: within(1.0 - share(_.gaps, opening)),
        Measure.CMA7: lambda: within(1.0 - share(_.uncovered + before, length)),
        Measure.CMA8: lambda: ibis.ifelse(
            _.lagged < _.oe,
            within(
                1.0
                - share(
                    _.lagged_uncovered + ibis.greatest(0.0, _.first_seen - _.lagged),
                    _.lagged_end - _.lagged,
                )
            ),
            None,
        ),
        Measure.CMA9: lambda: within(share(_.mean_days, length)),
    }
    found = found.mutate(
        **{measure: ibis.ifelse(_.seen > 0, formulas[measure](), None) for measure in measures}
    )
    return found.mutate(reason=reason(found, measures))


def reason(found: Table, measures: Sequence[Measure]) -> Value:
    """Return why measures are missing: each reason once, after the measures it holds for.

    Empty where all are there; the reason alone where it holds for every measure asked for.
    """
    few = [m for m in (Measure.CMA1, Measure.CMA3, Measure.CMA5) if m in measures]
    opening = [m for m in (Measure.CMA2, Measure.CMA4, Measure.CMA6) if m in measures]
    lagged = [m for m in (Measure.CMA8,) if m in measures]
    invalid = (found.os < found.fs) | (found.oe > found.fe)
    none = found.seen == 0
    cases: list[tuple[Value, Value]] = [
        (invalid, ibis.literal(Reason.WINDOW_OUTSIDE.value)),
        (found.os == found.oe, ibis.literal(Reason.WINDOW_EMPTY.value)),
        (none, ibis.literal(Reason.NO_EVENT_BEFORE_END.value)),
    ]
    parts: list[Value] = [ibis.literal("")]
    if few:
        parts.append(part(found[few[0]].isnull(), Reason.TOO_FEW_EVENTS, few, measures))
    if opening:
        empty = found.inside == 0
        last = found[opening[0]].isnull() & ~empty
        parts.append(part(empty, Reason.NO_EVENT, opening, measures))
        parts.append(part(last, Reason.LAST_DAY_ONLY, opening, measures))
    if lagged:
        covered = found[Measure.CMA8].isnull()
        parts.append(part(covered, Reason.COVERED_THROUGHOUT, lagged, measures))
    joined = parts[0].concat(*parts[1:]) if len(parts) > 1 else parts[0]
    return ibis.cases(*cases, else_=joined.substr(len(GLUE))).nullif("")


GLUE = "; "


def part(
    condition: Value, why: Reason, concerned: Sequence[Measure], measures: Sequence[Measure]
) -> Value:
    """Return ``GLUE`` and the sentence on ``concerned`` where ``condition`` holds, else nothing."""
    return ibis.ifelse(condition, ibis.literal(GLUE + said(why, concerned, measures)), "")


def said(why: Reason, concerned: Sequence[Measure], measures: Sequence[Measure]) -> str:
    """Return ``why``, after the names of ``concerned`` unless those are all ``measures``."""
    if len(concerned) == len(measures):
        return why.value
    return f"{', '.join(concerned)}: {why.value}"


# ---- Episodes ------------------------------------------------------------------------------------


def spanned(rows: Table, rule: EpisodeRule, carry: Carry) -> Table:
    """Return one row per episode: ``episode, start_day, end_day, gap_at_end`` and the limits.

    An episode is cut after a supply whose gap is longer than permitted, or that is followed by
    another medication if the rule says so; never after the patient's last supply in follow-up.
    """
    rows = carried(rows, carry) if rule.carry_over else uncarried(rows, carry)
    rows = rows.filter(_.used)
    rows = rows.mutate(gap_after=gap(_.fe, _.carry))
    days = rule.max_gap_days
    limit = ibis.literal(float(days)) if days is not None else _.duration * (rule.max_gap / 100.0)
    rows = rows.mutate(permitted=limit)
    cut = _.gap_after > _.permitted + TOLERANCE_OF_COMPARISON
    row = ordered([KEY])
    if rule.medication_change:
        cut = cut | (_.medication != _.medication.lead().over(row))
    if rule.dose_change:
        cut = cut | (_.daily_dose != _.daily_dose.lead().over(row))
    rows = rows.mutate(cut=ibis.ifelse(cut, 1, 0))
    rows = rows.mutate(
        episode=_.cut.sum().over(rows_before([KEY])).fill_null(0).cast("int64") + 1,
        final=_.next_day.isnull() | (_.next_day > _.fe),
    )
    last = _.final | (_.cut == 1)
    supply_ends = until(_.fe) - _.gap_after
    stays = _.final & (_.gap_after < _.permitted - TOLERANCE_OF_COMPARISON)
    end = ibis.ifelse(stays, _.fe.cast("float64"), supply_ends.cast("float64"))
    if rule.append_gap:
        longer = _.gap_after > _.permitted + TOLERANCE_OF_COMPARISON
        end = ibis.ifelse(longer, end + _.permitted, end)
    return rows.group_by([KEY, "episode"]).aggregate(
        start_day=_.day.min(),
        end_day=ibis.ifelse(last, end, None).max(),
        gap_at_end=ibis.ifelse(last, _.gap_after, None).max(),
        fs=_.fs.min(),
        fe=_.fe.min(),
        os=_.os.min(),
        oe=_.oe.min(),
    )


def whole(days: Value) -> Value:
    """Return the complete days in ``days``, which is 0 or more."""
    return (days + TOLERANCE_OF_COMPARISON).floor().cast("int64")


def uncarried(rows: Table, carry: Carry) -> Table:
    """Add ``next_day`` and a ``carry`` of nothing, for rules that carry no supply over."""
    if not carry.by_dose:
        rows = rows.mutate(next_day=_.day.lead().over(ordered([KEY])))
    return rows.mutate(carry=ibis.literal(0.0))


def supplies_of(question: Question) -> Table:
    """Return the unbound table ``supplies`` with the columns that ``question`` reads."""
    numbers = numbers_compared(question)
    types = {
        name: TYPES.get(name, "float64" if name in numbers else "string")
        for name in columns_needed(question)
    }
    for one in window_columns(question):
        types[one.name] = "date" if one.dated else "float64"
    return ibis.table(types | {"seq": "int64"}, name="supplies")
