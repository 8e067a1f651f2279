"""Which entry answers which occurrence, and what therefore became of each.

Everything here is a pure function of entries in the order (performed_at, client_id), so it gives
the same answer whatever order they arrived in.

**An entry answers** the occurrence it names; else the nearest one whose window contains it and that
no earlier entry answers; else none, and is an extra.

**Stages.** Revisions are matched one after the other, each as though no other followed. What
belongs to a day before the next revision is final, and only the rest goes on to it, so that
revising a plan never changes a past day. An occurrence that an entry of a past day had answered
before a revision took it back stays, as *lapsed*.

**Days of account.** An occurrence counts on its own day; a session of a week on the day it was
done, or, unanswered, on the last day of its window. An extra counts on the day of the occurrence it
names, if there is such a one, else on its own.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from adherence.domain.activities import Activity, Asked, Revision
from adherence.domain.entries import Amounts, Entry, Status, in_order
from adherence.domain.pauses import Pause, covers
from adherence.domain.schedules import (
    WEEK,
    Occurrence,
    Schedule,
    ScheduleKind,
    last_due_day,
    monday_of,
    next_due_day,
    occurrences,
    since_midnight,
)
from adherence.domain.values import light
from adherence.domain.windows import WindowKind
from adherence.domain.zones import DAY, Zones

# The dates of one instant differ by at most 2 days over all zones (UTC-12 to UTC+14).
_DATES_APART = 2 * DAY
# How far past its last day a revision is still matched: a week, and more than windows reach.
_BEYOND = WEEK
# Amounts are decimal fractions people typed; 3 x 0.1 is as much as 0.3.
_ENOUGH = 1 - 1e-9


@light
@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one occurrence.

    ``entry`` is the one that answers it, also when a pause excuses it: it still counts as activity.
    ``doses`` is amount done / amount asked, uncapped: 1.0 when done and nothing was asked or said,
    0.0 when not done or not reported, None when partly done without an amount. ``share`` is the
    same, at most 1.0. ``volume`` is the amount done (0.0 where unknown). ``on`` is the local day it
    counts on. ``optional`` ones are shown and never counted as asked.
    """

    occurrence: Occurrence
    status: Status
    entry: Entry | None
    share: float | None
    on: date
    doses: float | None = 0.0
    volume: float = 0.0
    optional: bool = False


@light
@dataclass(frozen=True, slots=True)
class Extra:
    """An entry that answers no occurrence, and the local day it counts on.

    ``doses`` and ``volume`` are as in ``Outcome``; ``excused`` if a pause covers that day.
    """

    entry: Entry
    on: date
    doses: float | None
    volume: float
    excused: bool = False


def match(
    due: Sequence[Occurrence],
    entries: Sequence[Entry],
    home: Zones | None = None,
    max_per_day: int | None = None,
) -> tuple[dict[Occurrence, Entry], list[Entry]]:
    """Which entry answers each occurrence; and the entries that answer none (extras), in order.

    ``due`` is of one schedule, by day and slot; ``entries`` are in order, corrected and withdrawn
    ones removed. Entries that name a (day, slot) come first, then the others: for a timed
    occurrence the nearest due instant (ties: the earlier), else the earliest slot. A name nobody
    knows is ignored. Windows counted in days are compared with the entry's local day, reckoned in
    ``home`` where the schedule has a home zone.

    In windows longer than a day, entries that did something come before those that did not ("not
    today" says nothing about the rest of the week), and at most ``max_per_day`` answer on one day.
    """
    if not due:
        return {}, list(entries)
    answers: dict[Occurrence, Entry] = {}
    answered_on: Counter[date] = Counter()
    by_name = {(occurrence.day, occurrence.slot): occurrence for occurrence in due}
    offered = _around_instants(due) if due[0].days is None else _within_days(due, home)
    for entries_of_round in _rounds(entries) if due[0].span else (entries,):
        unnamed = []
        for entry in entries_of_round:
            occurrence = by_name.get(entry.named) if entry.named is not None else None
            if occurrence is None:
                unnamed.append(entry)
            elif occurrence not in answers:
                answers[occurrence] = entry
                if max_per_day is not None and occurrence in offered(entry):
                    answered_on[day_of(entry, home)] += 1
        for entry in unnamed:
            day = day_of(entry, home)
            if max_per_day is not None and answered_on[day] >= max_per_day:
                continue
            free = [occurrence for occurrence in offered(entry) if occurrence not in answers]
            if free:
                answers[_nearest(free, entry.performed_at)] = entry
                answered_on[day] += 1
    used = {id(entry) for entry in answers.values()}
    return answers, [entry for entry in entries if id(entry) not in used]


def day_of(entry: Entry, home: Zones | None) -> date:
    """The local day of an entry: the patient's, or where there is a home zone, the day at home."""
    return entry.local_day if home is None else home.local_day(entry.performed_at)


def _rounds(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    return (
        [entry for entry in entries if entry.is_doing],
        [entry for entry in entries if not entry.is_doing],
    )


def _nearest(free: Sequence[Occurrence], performed_at: datetime) -> Occurrence:
    """The occurrence due nearest to an instant, ties the earlier; the first slot if untimed."""
    if len(free) == 1 or free[0].span:
        return free[0]
    nearest, least = free[0], timedelta.max
    for occurrence in free:
        if occurrence.due_at is None:
            return free[0]
        distance = abs(occurrence.due_at - performed_at)
        if distance < least:
            nearest, least = occurrence, distance
    return nearest


_Offer = Callable[[Entry], Sequence[Occurrence]]


def _within_days(due: Sequence[Occurrence], home: Zones | None) -> _Offer:
    """Finds the occurrences whose window has an entry's day; of one schedule they never overlap."""
    windows = [(days, list(group)) for days, group in groupby(due, _days)]
    starts = [first for (first, _), _ in windows]

    def offered(entry: Entry) -> Sequence[Occurrence]:
        day = day_of(entry, home)
        at = bisect_right(starts, day) - 1
        if at < 0:
            return ()
        (_, until), group = windows[at]
        return group if until is None or day < until else ()

    return offered


def _days(occurrence: Occurrence) -> tuple[date, date | None]:
    assert occurrence.days is not None
    return occurrence.days


def _around_instants(due: Sequence[Occurrence]) -> _Offer:
    """Finds the occurrences whose window has an entry's instant, in the order they are due."""
    in_time = sorted(due, key=_opening)
    openings = [occurrence.opens_at for occurrence in in_time]

    def offered(entry: Entry) -> Sequence[Occurrence]:
        at = entry.performed_at
        end = start = bisect_right(openings, at)
        while start and at < (in_time[start - 1].closes_at or at):
            start -= 1
        return in_time[start:end]

    return offered


def _opening(occurrence: Occurrence) -> datetime:
    return occurrence.opens_at


def outcomes(
    activity: Activity,
    zones: Zones,
    entries: Iterable[Entry],
    pauses: Sequence[Pause],
    first: date,
    until: date,
    now: datetime,
) -> tuple[list[Outcome], list[Extra]]:
    """What became of everything that counts on the days [first, until), and the extras of them.

    ``entries`` are the activity's, corrected and withdrawn ones removed, in any order: at least
    those whose local day or named day is in ``affected_days(activity, zones, first, until)``;
    more do no harm. The answer is the same as that from the whole history. An ``until`` of
    ``date.max`` ends a week after today, or after the newest entry if that is later.

    A pause excuses the occurrences of its days, also answered ones. A session of a week is excused
    if its quota day is paused, unless it was done on a day that is not.
    """
    pool = in_order(entries)
    reach = affected_days(activity, zones, first, until)
    if reach[1] == date.max:
        known = max([zones.local_day(now), *(entry.local_day for entry in pool)]) + WEEK
        reach = reach[0], known if until == date.max else max(known, until)
    found: list[Outcome] = []
    extras: list[Extra] = []
    for revision, stop in activity.stages():
        if revision.effective_on >= reach[1] and revision is not activity.revisions[0]:
            return found, extras
        stage = _Stage(activity, revision, stop, zones, pauses, now)
        pool = stage.settle(pool, reach)
        found += [outcome for outcome in stage.outcomes if first <= outcome.on < until]
        extras += [extra for extra in stage.extras if first <= extra.on < until]
    leftover = [stage.as_extra(entry, max(day_of(entry, None), stop)) for entry in pool]
    return found, extras + [extra for extra in leftover if first <= extra.on < until]


#: Status, doses and volume (see ``Outcome``), and what of a report they follow from.
_Told = tuple[Status, float | None, float]
_Said = tuple[Status | None, bool, int, int]


class _Stage:
    """The days of one revision, [revision.effective_on, stop), being matched."""

    def __init__(
        self,
        activity: Activity,
        revision: Revision,
        stop: date,
        zones: Zones,
        pauses: Sequence[Pause],
        now: datetime,
    ) -> None:
        self.activity, self.revision, self.stop = activity, revision, stop
        self.zones, self.pauses, self.now = zones, pauses, now
        self.home = revision.schedule.home
        self.is_first = revision is activity.revisions[0]
        self.is_only = len(activity.revisions) == 1
        self._told: dict[_Said, _Told] = {}
        self.outcomes: list[Outcome] = []
        self.extras: list[Extra] = []

    def settle(self, pool: Sequence[Entry], reach: tuple[date, date]) -> list[Entry]:
        """Match what this revision made due within ``reach``; the entries left for the next one.

        Final is whatever counts on a day before ``stop``, and every entry of such a day.
        """
        schedule, begin, stop = self.revision.schedule, self.revision.effective_on, self.stop
        beyond = _later(stop, _BEYOND)
        first, until = max(reach[0], begin), min(reach[1], beyond)
        due = occurrences(schedule, self.zones, first, until, self.activity.id, begin)
        here, left, far = [], [], set()
        for entry in pool:
            there = self._named_elsewhere(entry, first, until)
            if not there:
                here.append(entry)
            elif not self._is_final(entry, there[0].day):
                left.append(entry)
            elif beyond <= there[0].day < reach[1]:
                here.append(entry)
                far.update(there)
        if far:
            due = sorted({*due, *far})
        names = {(occurrence.day, occurrence.slot) for occurrence in due}
        max_per_day = schedule.max_per_day if schedule.is_weekly else None
        answers, unmatched = match(due, here, self.home, max_per_day)
        for occurrence in due:
            answer = answers.get(occurrence)
            if occurrence.day < stop:
                self.outcomes.append(self._outcome(occurrence, answer))
            elif answer is not None and day_of(answer, self.home) < stop:
                self.outcomes.append(self._outcome(replace(occurrence, lapsed=True), answer))
            elif answer is not None:
                left.append(answer)
        for entry in unmatched:
            on = day_of(entry, self.home)
            if entry.named is not None and entry.named in names:
                on = entry.named[0]
            if self._is_final(entry, on):
                self.extras.append(self.as_extra(entry, on if self.is_first else max(on, begin)))
            else:
                left.append(entry)
        return in_order(left) if left else left

    def as_extra(self, entry: Entry, on: date) -> Extra:
        """The entry as an extra of a day."""
        return _as_extra(self.activity, self.pauses, entry, on)

    def _is_final(self, entry: Entry, on: date) -> bool:
        return on < self.stop or day_of(entry, self.home) < self.stop

    def _named_elsewhere(self, entry: Entry, first: date, until: date) -> list[Occurrence]:
        """The occurrences of the day an entry names, if that is outside the days matched here, and
        the one it names is among them; else none."""
        if entry.named is None or first <= entry.named[0] < until:
            return []
        day, slot = entry.named
        begin, of = self.revision.effective_on, self.activity.id
        there = occurrences(self.revision.schedule, self.zones, day, day + DAY, of, begin)
        return there if any(occurrence.slot == slot for occurrence in there) else []

    def _asked(self, on: date) -> Asked:
        """What was asked on a day: by the revision that governs it, else by this one."""
        if self.is_only:
            return self.revision.asked
        return (self.activity.revision_on(on) or self.revision).asked

    def _reported(self, entry: Entry, asked: Amounts) -> _Told:
        """The same as ``_reported``, worked out once for reports that say the same.

        Amounts are told apart as objects: equal ones of different origin are worked out anew.
        """
        said = entry.status, bool(entry.reason), id(entry.amounts), id(asked)
        found = self._told.get(said)
        if found is None:
            found = self._told[said] = _reported(entry, asked)
        return found

    def _outcome(self, occurrence: Occurrence, entry: Entry | None) -> Outcome:
        on, is_excused = occurrence.day, False
        if self.revision.schedule.is_weekly:
            occurrence, on = self._in_its_week(occurrence, entry)
        if self.pauses:
            is_excused = self._is_paused(occurrence.day) and (entry is None or self._is_paused(on))
        asked = self.revision.asked if occurrence.lapsed else self._asked(on)
        if entry is not None:
            status, doses, volume = self._reported(entry, asked.amounts)
        else:
            closes = occurrence.closes_at
            status = Status.UPCOMING if closes is None or self.now < closes else Status.UNREPORTED
            doses, volume = 0.0, 0.0
        if is_excused:
            status = Status.EXCUSED
        share = None if doses is None else min(1.0, doses)
        return Outcome(occurrence, status, entry, share, on, doses, volume, asked.optional)

    def _is_paused(self, day: date) -> bool:
        return covers(self.pauses, self.activity.id, day) is not None

    def _in_its_week(self, occurrence: Occurrence, entry: Entry | None) -> tuple[Occurrence, date]:
        """The session of a week, and the day it counts on.

        The end of the activity closes what is still open; that counts on the day of the end, not
        on one before it, which is past.
        """
        opens_on, closes_on = _days(occurrence)
        assert closes_on is not None
        if entry is not None:
            return occurrence, min(max(day_of(entry, self.home), opens_on), closes_on - DAY)
        ended_on = self.activity.ended_on
        if ended_on is None or closes_on <= ended_on:
            return occurrence, closes_on - DAY
        days, closes_at = (opens_on, ended_on), self.zones.start(ended_on)
        return replace(occurrence, days=days, closes_at=closes_at), ended_on


def takes_no_more(activity: Activity, day: date) -> bool:
    """Whether, once everything asked on a day is answered, a later entry of that day is an extra.

    So it is where every revision keeps to the patient's local days, and nothing optional is left
    open unseen.
    """
    revision = activity.revision_on(day)
    return (
        revision is not None
        and not revision.asked.optional
        and all(each.schedule.is_within_days for each in activity.revisions)
    )


def extra_of(activity: Activity, pauses: Sequence[Pause], entry: Entry) -> Extra:
    """An entry that answers no occurrence, as an extra of its own day."""
    return _as_extra(activity, pauses, entry, entry.local_day)


def _as_extra(activity: Activity, pauses: Sequence[Pause], entry: Entry, on: date) -> Extra:
    revision = activity.revision_on(on)
    # Where no revision governs a day nothing was asked on it: a later one must not change its past.
    asked = Amounts() if revision is None else revision.asked.amounts
    _, doses, volume = _reported(entry, asked)
    is_excused = bool(pauses) and covers(pauses, activity.id, on) is not None
    return Extra(entry, on, doses, volume, is_excused)


def _reported(entry: Entry, asked: Amounts) -> _Told:
    """The status an entry gives, its doses (see ``Outcome.doses``) and the volume done.

    An answer without a status (to a question) is done. "Done" with less than was asked is partly
    done; with none at all, not done. Not done is skipped with a reason and missed without.
    """
    said = entry.status or Status.DONE
    doses = entry.amounts.share_of(asked)
    if not entry.is_doing or (said is Status.DONE and doses == 0):
        return (Status.SKIPPED if entry.reason else Status.MISSED), 0.0, 0.0
    if doses is not None:
        is_enough = said is Status.DONE and doses >= _ENOUGH
        return (Status.DONE if is_enough else Status.PARTLY), doses, doses * (asked.volume() or 0.0)
    volume = entry.amounts.volume()
    if said is Status.PARTLY:
        return Status.PARTLY, None, volume or 0.0
    return Status.DONE, 1.0, (asked.volume() if volume is None else volume) or 0.0


def affected_days(activity: Activity, zones: Zones, first: date, until: date) -> tuple[date, date]:
    """The days [first', until') whose figures may change when something on [first, until) does.

    Something: an entry whose local day or named day is there, a pause of those days, a revision
    from then on. The same days are those whose entries ``outcomes`` needs for the figures of
    [first, until). So to follow an entry, for its local day and for the day it names: compute the
    ``outcomes`` of ``days = affected_days(...)`` from the entries of ``affected_days(*days)``. That
    equals a computation from scratch. After a change of zone, begin a day before it.

    Same-day windows affect their own day only; weeks the whole week; any-time windows go back to
    the occurrence before and on to the next (``date.max`` if none follows); windows around an
    instant go on as far as neighbours overlap.
    """
    stages = activity.stages()
    if len(stages) == 1 and stages[0][0].schedule.is_within_days:
        return first, until
    apart = _DATES_APART if any(stage.schedule.home for stage, _ in stages) else timedelta(0)
    first, until = first - apart, _later(until, apart)
    for revision, stop in (*stages, *stages[-2::-1]):
        first, until = _closed(revision, stop, zones, first, until)
    return first - apart, _later(until, apart)


def _later(until: date, by: timedelta) -> date:
    return until if until == date.max else until + by


def _closed(
    revision: Revision, stop: date, zones: Zones, first: date, until: date
) -> tuple[date, date]:
    """The days [first, until) with all that one revision's windows join to them."""
    schedule, begin = revision.schedule, revision.effective_on
    if until == date.max:
        return _closed(revision, stop, zones, first, first + DAY)[0], until
    if until <= begin:
        return first, until
    if schedule.is_weekly:
        if first < _later(stop, WEEK):
            return monday_of(first), monday_of(until - DAY) + WEEK
    elif schedule.window.kind is WindowKind.ANY_TIME:
        return _with_whole_turns(revision, stop, zones, first, until)
    elif schedule.window.kind is WindowKind.AROUND and (stop == date.max or first < stop + _BEYOND):
        return _with_overlapping(revision, stop, zones, first, until)
    return first, until


def _with_whole_turns(
    revision: Revision, stop: date, zones: Zones, first: date, until: date
) -> tuple[date, date]:
    """The days from the occurrence before (or on) the first to the one after the last."""
    schedule, begin = revision.schedule, revision.effective_on
    turn = last_due_day(schedule, zones, min(first + DAY, stop))
    if turn is not None and turn >= begin:
        following = next_due_day(schedule, zones, turn)
        if following is None or following > first:
            first = turn
    turn = last_due_day(schedule, zones, min(until, stop))
    if turn is not None and turn >= begin:
        until = max(until, next_due_day(schedule, zones, turn) or date.max)
    return first, until


def _with_overlapping(
    revision: Revision, stop: date, zones: Zones, first: date, until: date
) -> tuple[date, date]:
    """The days of all occurrences whose windows overlap, one by one, out from the days given."""
    schedule, begin = revision.schedule, revision.effective_on
    zones = schedule.home or zones
    spill = _days_spilt(schedule)
    if zones.is_steady(first - 3 * DAY, until + 3 * DAY):
        return first - spill, until + spill
    last = _later(stop, _BEYOND)
    margin = WEEK
    while True:  # Windows of two days overlap only where clocks or zones change, so this ends.
        low, high = first - margin, min(until + margin, last)
        due = occurrences(schedule, zones, low, high, None, begin)
        opens, closes = _overlapping(due, zones.start(first), zones.end(until - DAY))
        new_first, new_until = zones.local_day(opens), zones.local_day(closes) + DAY
        is_whole_past = new_first > low + _DATES_APART or low <= max(begin, schedule.starts_on)
        is_whole_future = new_until < high - _DATES_APART or high in (last, schedule.ends_on)
        if is_whole_past and is_whole_future:
            return min(first, new_first), max(until, new_until)
        margin *= 2


def _overlapping(
    due: Sequence[Occurrence], opens: datetime, closes: datetime
) -> tuple[datetime, datetime]:
    """The instants [opens, closes) with every window that overlaps them, one by one outwards."""
    in_time = sorted(due, key=_opening)
    for occurrence in reversed(in_time):
        if occurrence.closes_at is not None and occurrence.closes_at > opens:
            opens = min(opens, occurrence.opens_at)
    for occurrence in in_time:
        if occurrence.closes_at is not None and occurrence.opens_at < closes:
            closes = max(closes, occurrence.closes_at)
    return opens, closes


def _days_spilt(schedule: Schedule) -> timedelta:
    """How far windows carry a change past its own day while clocks stand still."""
    if schedule.kind is ScheduleKind.FIXED_INTERVAL:
        return 2 * DAY
    opens = since_midnight(schedule.times[0]) - schedule.window.before
    closes = since_midnight(schedule.times[-1]) + schedule.window.after
    return DAY * ((opens < timedelta(0)) + (closes > DAY))
