"""A naive calendar, to check the clever one against: it looks at a clock every minute."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


class Clock:
    """What a clock on the wall showed at every minute of some days round a date."""

    def __init__(self, zone: str, first: date, until: date) -> None:
        start = datetime.combine(first, time(0), UTC) - timedelta(days=1)
        minutes = ((until - first).days + 2) * 24 * 60
        self.instants = [start + n * MINUTE for n in range(minutes)]
        rules = ZoneInfo(zone)
        self.shown = [at.astimezone(rules).replace(tzinfo=None) for at in self.instants]
        self.latest = list(accumulate(self.shown, max))
        self.days = {shown.date() for shown in self.shown}

    def first_at_or_past(self, day: date, at: time) -> datetime | None:
        """The first minute at which the clock showed the time or more; None if no such day was."""
        if day not in self.days:
            return None
        return self.instants[bisect_left(self.latest, datetime.combine(day, at))]


def changes(zone: str, first: date, until: date) -> list[date]:
    """The UTC dates on which the offset of a zone differs from that of the day after."""
    rules = ZoneInfo(zone)
    days = [first + timedelta(days=n) for n in range((until - first).days)]
    offsets = [datetime.combine(day, time(12), UTC).astimezone(rules).utcoffset() for day in days]
    return [day for day, old, new in zip(days, offsets, offsets[1:], strict=False) if old != new]
