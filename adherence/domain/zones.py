"""Local days and wall-clock times, over every zone, change of clocks and change of zone.

A local day begins at its first instant. A wall time that spring skips is the first valid instant
after it; one that autumn repeats is its first passing. A patient's zone has a history; a change of
zone begins with a day that has not begun, so that no day is ever reckoned twice.
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from adherence.domain.errors import InvalidInput

DAY = timedelta(days=1)
MIDNIGHT = time(0)


@cache
def zone_info(name: str) -> ZoneInfo:
    """The rules of an IANA zone, loaded once; a name that is none raises ``InvalidInput``."""
    if name.startswith(("posix/", "right/")) or name in {"localtime", "posixrules"}:
        raise InvalidInput("zone", "unknown_zone")
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        raise InvalidInput("zone", "unknown_zone") from error


def first_instant(day: date, at: time, zone: str) -> datetime | None:
    """The UTC instant at which the clocks of ``zone`` first show ``at`` on ``day``.

    A time in a gap gives the first valid instant after it, which may be the first of the next day
    where the gap ends the day. None if the whole local day is left out (Apia, 30 December 2011).
    """
    instant, is_left_out = _reading(day, at, zone)
    return None if is_left_out else instant


def day_start(day: date, zone: str) -> datetime:
    """The first instant of a local day; for a day left out, the instant the clocks jump over it."""
    return _reading(day, MIDNIGHT, zone)[0]


@lru_cache(maxsize=1 << 15)
def _reading(day: date, at: time, zone: str) -> tuple[datetime, bool]:
    """The instant a wall-clock reading stands for, and whether its day is left out."""
    rules = zone_info(zone)
    wall = datetime.combine(day, at, rules)
    before = wall.utcoffset()
    after = wall.replace(fold=1).utcoffset()
    assert before is not None and after is not None
    reading = wall.replace(tzinfo=UTC)
    if before >= after:  # Ordinary, or repeated: fold 0 is the first passing.
        return reading - before, False
    instant = _change(reading - after, reading - before, rules)
    last_shown = (instant + before).replace(tzinfo=None)
    next_shown = (instant + after).date()
    return instant, next_shown > day and last_shown <= datetime.combine(day, MIDNIGHT)


def _change(low: datetime, high: datetime, rules: ZoneInfo) -> datetime:
    """The first whole second in (low, high] at which the offset is no longer that of ``low``."""
    old = low.astimezone(rules).utcoffset()
    unchanged, changed = 0, int((high - low).total_seconds())
    while changed - unchanged > 1:
        middle = (unchanged + changed) // 2
        if (low + timedelta(seconds=middle)).astimezone(rules).utcoffset() == old:
            unchanged = middle
        else:
            changed = middle
    return low + timedelta(seconds=changed)


@dataclass(frozen=True, slots=True)
class Zones:
    """A patient's zones, oldest first, each from a local day on; the first covers earlier days."""

    history: tuple[tuple[date, str], ...]
    _only: str | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        days = [day for day, _ in self.history]
        if not days or any(later <= day for day, later in itertools.pairwise(days)):
            raise InvalidInput("zones", "not_in_order")
        for _, name in self.history:
            zone_info(name)
        if len({name for _, name in self.history}) == 1:
            object.__setattr__(self, "_only", self.history[0][1])

    @classmethod
    def always(cls, zone: str) -> "Zones":
        """A history of one zone that never changed."""
        return cls(((date.min, zone),))

    def on(self, day: date) -> str:
        """The zone in force on a local day."""
        if self._only is not None:
            return self._only
        name = self.history[0][1]
        for effective_on, later in self.history:
            if effective_on > day:
                break
            name = later
        return name

    def current(self) -> str:
        """The newest zone, in force or about to be."""
        return self.history[-1][1]

    def is_steady(self, first: date, until: date) -> bool:
        """Whether one zone with one offset from UTC holds from the first day to the last."""
        zone = self.on(first)
        if self._only is None and any(first < day <= until for day, _ in self.history):
            return False
        start, end = day_start(first, zone), day_start(until, zone)
        return end - start == datetime.combine(until, MIDNIGHT) - datetime.combine(first, MIDNIGHT)

    def start(self, day: date) -> datetime:
        """The first instant of a local day, in the zone in force on it."""
        return day_start(day, self.on(day))

    def end(self, day: date) -> datetime:
        """The first instant that no longer belongs to a local day.

        Flying west, the day lasts until the next one begins in the new zone, so that no hour is
        outside every day; flying east, it keeps all its hours and overlaps with the next.
        """
        if self._only is not None:
            return day_start(day + DAY, self._only)
        zone, next_zone = self.on(day), self.on(day + DAY)
        end = day_start(day + DAY, zone)
        return end if zone == next_zone else max(end, day_start(day + DAY, next_zone))

    def local_day(self, instant: datetime) -> date:
        """The newest local day begun at an instant, each beginning in the zone in force on it."""
        if self._only is not None:
            return instant.astimezone(zone_info(self._only)).date()
        last = date.max
        for effective_on, zone in reversed(self.history):
            day = min(instant.astimezone(zone_info(zone)).date(), last)
            if day >= effective_on:
                return day
            last = effective_on - DAY
        return day


def today(zones: Zones, now: datetime) -> date:
    """The patient's local date: the newest local day that has begun (see ``Zones.local_day``)."""
    return zones.local_day(now)


def effective_day(zones: Zones, new_zone: str, now: datetime) -> date:
    """The day on which a change to ``new_zone`` takes effect: the first that has not begun.

    "Begun" is reckoned in the zone in force, so the change never touches a day that has begun.
    Raises ``InvalidInput`` if the zone is unknown.
    """
    zone_info(new_zone)
    return zones.local_day(now) + DAY
