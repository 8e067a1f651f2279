"""When something is due: schedules, and the occurrences they expand to.

A schedule is a wall-clock rule; occurrences are computed from it and never stored as truth.
Periods are half-open: ``starts_on`` and ``first`` are in, ``ends_on`` and ``until`` are out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from adherence.domain.errors import InvalidInput
from adherence.domain.values import light
from adherence.domain.windows import SAME_DAY, Window, WindowKind
from adherence.domain.zones import DAY, MIDNIGHT, Zones, first_instant, zone_info

WEEK = 7 * DAY
HOUR = timedelta(hours=1)
MOST_TIMES = 24  # a day; the same bound holds for sessions a day
LONGEST_CYCLE = 366  # days, for "every n days" and for cycles
LONGEST_INTERVAL = 24 * 366  # hours
#: Days outside are mistakes, and near the ends of the calendar sums of days overflow.
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)


class ScheduleKind(StrEnum):
    """The five rules a prescription can follow."""

    WEEKDAYS = "weekdays"
    EVERY_N_DAYS = "every_n_days"
    N_PER_WEEK = "n_per_week"
    FIXED_INTERVAL = "fixed_interval"
    AS_NEEDED = "as_needed"


class ZonePolicy(StrEnum):
    """Whose clock rules when the patient travels: the patient's, or the one at home."""

    PATIENT = "patient"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A wall-clock rule. One that makes no sense raises ``InvalidInput`` naming the field.

    ``times`` are the slots of each due day, in order; none means one slot at no particular time.
    ``cycle_on`` and ``cycle_off`` are days counted from ``starts_on`` (21 on, 7 off); ``every`` is
    counted from there too. ``per_week`` sessions belong to the local week, Monday first, at most
    ``max_per_day`` of them a day. A fixed interval counts hours from the instant ``anchor`` and is
    not moved by daylight saving; its days are local dates in ``zone``. ``min_interval_hours`` of an
    as-needed item is shown, and never enforced by refusing what happened.
    """

    kind: ScheduleKind
    starts_on: date
    ends_on: date | None = None
    times: tuple[time, ...] = ()
    weekdays: frozenset[int] = frozenset()
    every: int = 1
    cycle_on: int = 0
    cycle_off: int = 0
    per_week: int = 0
    max_per_day: int = 1
    interval_hours: float = 0
    anchor: datetime | None = None
    min_interval_hours: float | None = None
    zone_policy: ZonePolicy = ZonePolicy.PATIENT
    zone: str | None = None
    window: Window = SAME_DAY
    home: Zones | None = field(init=False, repr=False, compare=False, default=None)
    quota_days: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        _check(self)
        if self.is_weekly:
            n = self.per_week
            days = tuple((2 * session + 1) * 7 // (2 * n) for session in range(n))
            object.__setattr__(self, "quota_days", days)
        is_home = self.zone_policy is ZonePolicy.HOME or self.kind is ScheduleKind.FIXED_INTERVAL
        if self.zone is not None and is_home:
            object.__setattr__(self, "home", Zones.always(self.zone))

    @property
    def is_weekly(self) -> bool:
        """Whether the week, not the day, is what an occurrence has to be done in."""
        return self.kind is ScheduleKind.N_PER_WEEK

    @property
    def is_within_days(self) -> bool:
        """Whether each of the patient's local days is answered by entries of that day alone."""
        return self.window.kind is WindowKind.SAME_DAY and not self.is_weekly and self.home is None

    def to_json(self) -> dict[str, Any]:
        """The wire form, which is also the stored form: every key, always in the same order."""
        return {
            "kind": self.kind.value,
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "times": [at.isoformat("minutes") for at in self.times],
            "weekdays": sorted(self.weekdays),
            "every": self.every,
            "cycle_on": self.cycle_on,
            "cycle_off": self.cycle_off,
            "per_week": self.per_week,
            "max_per_day": self.max_per_day,
            "interval_hours": self.interval_hours,
            "anchor": self.anchor.isoformat() if self.anchor else None,
            "min_interval_hours": self.min_interval_hours,
            "zone_policy": self.zone_policy.value,
            "zone": self.zone,
            "window": self.window.to_json(),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Schedule":
        """The schedule a wire form describes; absent keys have their defaults, others raise."""
        if not isinstance(document, dict):
            raise InvalidInput("schedule")
        for key in document:
            if key not in _READERS:
                raise InvalidInput(f"schedule.{key}"[:80], "unknown_key")
        given: dict[str, Any] = {}
        for key, value in document.items():
            try:
                given[key] = _READERS[key](value)
            except InvalidInput:
                raise
            except (TypeError, ValueError, AttributeError) as error:
                raise InvalidInput(key) from error
        for key in ("kind", "starts_on"):
            if key not in given:
                raise InvalidInput(key, "required")
        return cls(**given)


def _day(value: str) -> date:
    return date.fromisoformat(value)


def _anchor(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError
    return value


_READERS: dict[str, Any] = {
    "kind": ScheduleKind,
    "starts_on": _day,
    "ends_on": lambda value: None if value is None else _day(value),
    "times": lambda value: tuple(time.fromisoformat(at) for at in value),
    "weekdays": lambda value: frozenset(_whole(day) for day in value),
    "every": _whole,
    "cycle_on": _whole,
    "cycle_off": _whole,
    "per_week": _whole,
    "max_per_day": _whole,
    "interval_hours": _number,
    "anchor": _anchor,
    "min_interval_hours": lambda value: None if value is None else _number(value),
    "zone_policy": ZonePolicy,
    "zone": lambda value: value,
    "window": Window.from_json,
}

_DAILY = {"times", "cycle_on", "cycle_off", "window"}
_BELONGS = {
    ScheduleKind.WEEKDAYS: _DAILY | {"weekdays"},
    ScheduleKind.EVERY_N_DAYS: _DAILY | {"every"},
    ScheduleKind.N_PER_WEEK: {"per_week", "max_per_day"},
    ScheduleKind.FIXED_INTERVAL: {"interval_hours", "anchor", "window"},
    ScheduleKind.AS_NEEDED: {"min_interval_hours"},
}


def _check(schedule: Schedule) -> None:
    """Raise ``InvalidInput`` for the first field out of its bounds or not of the kind."""
    belonging = _BELONGS[schedule.kind]
    for name, default in _PARTICULARS:
        if name not in belonging and getattr(schedule, name) != default:
            raise InvalidInput(name, "not_for_this_kind")
    _require("starts_on", EARLIEST <= schedule.starts_on < LATEST)
    _require("ends_on", schedule.ends_on is None or schedule.ends_on < LATEST)
    if schedule.ends_on is not None and schedule.ends_on <= schedule.starts_on:
        raise InvalidInput("ends_on", "before_start")
    _CHECKS[schedule.kind](schedule)
    if (schedule.cycle_on > 0) is not (schedule.cycle_off > 0):
        raise InvalidInput("cycle_off" if schedule.cycle_on else "cycle_on", "required")
    _require("cycle_on", 0 <= schedule.cycle_on <= LONGEST_CYCLE)
    _require("cycle_off", 0 <= schedule.cycle_off <= LONGEST_CYCLE)
    if schedule.zone is not None:
        zone_info(schedule.zone)
    elif schedule.zone_policy is ZonePolicy.HOME:
        raise InvalidInput("zone", "required")


def _require(name: str, is_met: bool, message_key: str = "out_of_range") -> None:
    if not is_met:
        raise InvalidInput(name, message_key)


def _check_times(schedule: Schedule) -> None:
    times = schedule.times
    _require("times", len(times) <= MOST_TIMES)
    for at in times:
        _require("times", not (at.second or at.microsecond or at.tzinfo), "whole_minutes")
    _require("times", list(times) == sorted(set(times)), "not_in_order")
    if schedule.window.kind is WindowKind.AROUND:
        _require("times", bool(times), "required")
        _require("window", _reaches_apart(schedule), "overlaps_next_day")


def _reaches_apart(schedule: Schedule) -> bool:
    """Whether windows of one due day end before those of the next begin (while clocks stand still).

    Else one late entry could move the answers of all days after it, without end.
    """
    if schedule.kind is ScheduleKind.WEEKDAYS:
        days = sorted(schedule.weekdays)
        apart = min((later - day) % 7 or 7 for day, later in pairwise([*days, days[0]]))
    else:
        apart = schedule.every
    first, last = schedule.times[0], schedule.times[-1]
    closes = since_midnight(last) + schedule.window.after
    return closes <= apart * DAY + since_midnight(first) - schedule.window.before


def _check_weekdays(schedule: Schedule) -> None:
    _require("weekdays", bool(schedule.weekdays), "required")
    _require("weekdays", schedule.weekdays <= frozenset(range(7)))
    _check_times(schedule)


def _check_every_n_days(schedule: Schedule) -> None:
    _require("every", 1 <= schedule.every <= LONGEST_CYCLE)
    _check_times(schedule)


def _check_n_per_week(schedule: Schedule) -> None:
    _require("max_per_day", 1 <= schedule.max_per_day <= MOST_TIMES)
    _require("per_week", 1 <= schedule.per_week <= 7 * schedule.max_per_day)


def _check_fixed_interval(schedule: Schedule) -> None:
    _require("interval_hours", 1 <= schedule.interval_hours <= LONGEST_INTERVAL)
    _require("interval_hours", schedule.interval_hours * 60 % 1 == 0, "whole_minutes")
    _require("anchor", schedule.anchor is not None, "required")
    _require("zone", schedule.zone is not None, "required")
    if schedule.anchor is not None:
        _require("anchor", schedule.anchor.utcoffset() == timedelta(0), "not_utc")
        _require("anchor", EARLIEST <= schedule.anchor.date() < LATEST)
    reach = schedule.window.before + schedule.window.after
    _require("window", reach <= schedule.interval_hours * HOUR, "overlaps_next")


def _check_as_needed(schedule: Schedule) -> None:
    hours = schedule.min_interval_hours
    _require("min_interval_hours", hours is None or 0 < hours <= LONGEST_INTERVAL)


_CHECKS = {
    ScheduleKind.WEEKDAYS: _check_weekdays,
    ScheduleKind.EVERY_N_DAYS: _check_every_n_days,
    ScheduleKind.N_PER_WEEK: _check_n_per_week,
    ScheduleKind.FIXED_INTERVAL: _check_fixed_interval,
    ScheduleKind.AS_NEEDED: _check_as_needed,
}

_PARTICULARS = [
    (each.name, each.default)
    for each in fields(Schedule)
    if each.name in set().union(*_BELONGS.values())
]


@light
@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One due moment. Within an activity, (day, slot) says which.

    ``due_at`` is a UTC instant, None at no particular time. The window is [opens_at, closes_at);
    ``closes_at`` None never closes. Windows counted in local days also have ``days``, half-open,
    whose end is None if none follows; those ``around`` an instant have ``days`` None. ``span``
    marks the ones longer than their day. ``lapsed`` ones were taken back by a later revision before
    their day came, and count only because they had been answered by then.
    """

    day: date
    slot: int
    due_at: datetime | None = field(compare=False)
    opens_at: datetime = field(compare=False)
    closes_at: datetime | None = field(compare=False)
    span: bool = field(default=False, compare=False)
    activity_id: UUID | None = field(default=None, compare=True)
    lapsed: bool = False
    days: tuple[date, date | None] | None = field(default=None, compare=False)

    def __hash__(self) -> int:
        # Matching looks occurrences of one activity up, over and over.
        return hash((self.day, self.slot))


def occurrences(
    schedule: Schedule,
    zones: Zones,
    first: date,
    until: date,
    activity_id: UUID | None = None,
    since: date = date.min,
) -> list[Occurrence]:
    """Every occurrence whose day is in [first, until), by day and slot.

    A daily item has exactly one per day and time, over every zone and change of clocks; a local day
    that the zone leaves out has none. As-needed items have none at all. Days before ``since``
    belong to an earlier revision: nothing is due on them, and no week opens before it.

    *n per week*: session k of n has the quota day floor((k + 1/2) * 7 / n) after Monday, and exists
    if [starts_on, ends_on) covers it, which prorates partial weeks evenly. Its window is the part
    of the local week inside [starts_on, ends_on).
    """
    zones = schedule.home or zones
    if schedule.kind is ScheduleKind.N_PER_WEEK:
        return _weekly(schedule, zones, max(first, since), until, activity_id, since)
    days = _due_days(schedule, zones, max(first, since), until)
    if schedule.window.kind is WindowKind.AROUND:
        return _around(schedule.window, days, activity_id)
    if schedule.window.kind is WindowKind.ANY_TIME:
        return _until_next(schedule, zones, days, activity_id)
    return _on_the_day(zones, days, activity_id)


def next_due_day(schedule: Schedule, zones: Zones, after: date) -> date | None:
    """The first day later than ``after`` with an occurrence; None if none. Not for weeks."""
    day = max(after + DAY, schedule.starts_on)
    for stretch in _stretches(schedule):
        due = _due_days(schedule, schedule.home or zones, day, day + stretch)
        if due:
            return due[0][0]
        day += stretch
    return None


def last_due_day(schedule: Schedule, zones: Zones, before: date) -> date | None:
    """The last day earlier than ``before`` with an occurrence; None if none is. Not for weeks."""
    day = before if schedule.ends_on is None else min(before, schedule.ends_on)
    for stretch in _stretches(schedule):
        due = _due_days(schedule, schedule.home or zones, day - stretch, day)
        if due:
            return due[-1][0]
        day -= stretch
    return None


def since_midnight(at: time) -> timedelta:
    """A wall-clock time as the time on a clock that never changes."""
    return timedelta(hours=at.hour, minutes=at.minute)


def monday_of(day: date) -> date:
    """The first day of the local week a day belongs to."""
    return day - day.weekday() * DAY


_Due = tuple[date, Sequence[datetime | None]]
_UNTIMED = (None,)


def _due_days(schedule: Schedule, zones: Zones, first: date, until: date) -> list[_Due]:
    """The due days in [first, until) inside the schedule's life, each with its due instants."""
    first = max(first, schedule.starts_on)
    if schedule.ends_on is not None:
        until = min(until, schedule.ends_on)
    if first >= until or schedule.kind is ScheduleKind.AS_NEEDED:
        return []
    if schedule.kind is ScheduleKind.FIXED_INTERVAL:
        return _by_interval(schedule, zones, first, until)
    due: list[_Due] = []
    step = schedule.every if schedule.kind is ScheduleKind.EVERY_N_DAYS else 1
    phase = (schedule.starts_on - first).days % step
    for ordinal in range(first.toordinal() + phase, until.toordinal(), step):
        day = date.fromordinal(ordinal)
        if _falls(schedule, day):
            zone = zones.on(day)
            if first_instant(day, MIDNIGHT, zone) is not None:
                due.append(
                    (day, [first_instant(day, at, zone) for at in schedule.times] or _UNTIMED)
                )
    return due


def _falls(schedule: Schedule, day: date) -> bool:
    """Whether a daily rule has its slots on a day of its life."""
    if schedule.cycle_off:
        period = schedule.cycle_on + schedule.cycle_off
        if (day - schedule.starts_on).days % period >= schedule.cycle_on:
            return False
    if schedule.kind is ScheduleKind.WEEKDAYS:
        return day.weekday() in schedule.weekdays
    return (day - schedule.starts_on).days % schedule.every == 0


def _by_interval(schedule: Schedule, zones: Zones, first: date, until: date) -> list[_Due]:
    assert schedule.anchor is not None
    step = schedule.interval_hours * HOUR
    end = zones.start(until)
    at = schedule.anchor + max(0, -((schedule.anchor - zones.start(first)) // step)) * step
    due: dict[date, list[datetime | None]] = {}
    while at < end:
        due.setdefault(zones.local_day(at), []).append(at)
        at += step
    return list(due.items())


def _on_the_day(zones: Zones, days: list[_Due], activity_id: UUID | None) -> list[Occurrence]:
    found = []
    for day, dues in days:
        opens, closes, window = zones.start(day), zones.end(day), (day, day + DAY)
        for slot, at in enumerate(dues):
            found.append(
                Occurrence(day, slot, at, opens, closes, False, activity_id, False, window)
            )
    return found


def _around(window: Window, days: list[_Due], activity_id: UUID | None) -> list[Occurrence]:
    before, after = window.before, window.after
    return [
        Occurrence(day, slot, at, at - before, at + after, False, activity_id)
        for day, dues in days
        for slot, at in enumerate(dues)
        if at is not None
    ]


def _until_next(
    schedule: Schedule, zones: Zones, days: list[_Due], activity_id: UUID | None
) -> list[Occurrence]:
    """Occurrences that stay open until the day of the next one by the same schedule."""
    found: list[Occurrence] = []
    following: date | None = next_due_day(schedule, zones, days[-1][0]) if days else None
    for day, dues in reversed(days):
        opens, closes = zones.start(day), None if following is None else zones.start(following)
        window = (day, following)
        found[:0] = [
            Occurrence(day, slot, at, opens, closes, True, activity_id, False, window)
            for slot, at in enumerate(dues)
        ]
        following = day
    return found


def _weekly(
    schedule: Schedule,
    zones: Zones,
    first: date,
    until: date,
    activity_id: UUID | None,
    since: date,
) -> list[Occurrence]:
    found = []
    opening, ending = max(schedule.starts_on, since), schedule.ends_on or date.max
    first, until = max(first, opening), min(until, ending)
    monday = monday_of(first)
    while monday < until:
        window = (max(monday, opening), min(monday + WEEK, ending))
        opens, closes = zones.start(window[0]), zones.end(window[1] - DAY)
        for slot, quota in enumerate(schedule.quota_days):
            if first <= (day := monday + quota * DAY) < until:
                found.append(
                    Occurrence(day, slot, None, opens, closes, True, activity_id, False, window)
                )
        monday += WEEK
    return found


def _stretches(schedule: Schedule) -> Iterator[timedelta]:
    """Lengths in which to look for the next due day: doubling, and together longer than the time
    after which the rule repeats itself, so that what is not found in them never comes."""
    period = schedule.cycle_on + schedule.cycle_off or 1
    if schedule.kind is ScheduleKind.FIXED_INTERVAL:
        repeats = round(schedule.interval_hours / 24) + 1
    else:
        repeats = period * (7 if schedule.kind is ScheduleKind.WEEKDAYS else schedule.every)
    stretch, searched = 8, 0
    while searched <= repeats + 2:
        yield stretch * DAY
        searched += stretch
        stretch *= 2
