"""Days from left to right, and what every chart over days shares: dates, plan changes, scales."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil, floor, log10

from adherence.charts.drawing.canvas import Anchor, Box, Sheet
from adherence.charts.drawing.lettering import text_width
from adherence.charts.drawing.signs import Point
from adherence.charts.parts import ONE_DAY, Day
from adherence.charts.style import TEXT
from adherence.charts.words import ChartWords
from adherence.domain.entries import Status

YEARS_LONG = 366
"""Longer than this many days, an axis names months and not days."""
BEAD_PITCH = 6.0
"""Days nearer together than this many units are stacked by week in place of beads."""
WEEKS_HEIGHT = 42.0
"""Height of a week in which seven days were planned."""
FLAG_ROW = 20.0
"""Height of the row in which plan changes are named."""


@dataclass(frozen=True, slots=True)
class DayAxis:
    """Where the local days from `first` on stand between `left` and `right`, each at its middle."""

    first: date
    length: int
    left: float
    right: float

    @property
    def pitch(self) -> float:
        """Distance from one day to the next."""
        return (self.right - self.left) / max(1, self.length - 1)

    def x(self, day: date) -> float:
        """Return where `day` stands; the only day of a period stands in the middle."""
        if self.length == 1:
            return (self.left + self.right) / 2
        return self.left + (day - self.first).days * self.pitch

    def start(self, day: date) -> float:
        """Return where `day` begins, never left of the axis."""
        if self.length == 1:
            return self.left
        return max(self.left, self.x(day) - self.pitch / 2)

    def end(self, day: date) -> float:
        """Return where `day` ends, never right of the axis."""
        if self.length == 1:
            return self.right
        return min(self.right, self.x(day) + self.pitch / 2)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high`, drawn from `bottom` up to `top`."""

    low: float
    high: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Return where `value` stands."""
        span = (self.high - self.low) or 1.0
        return self.bottom - (value - self.low) / span * (self.bottom - self.top)


def ticks(low: float, high: float, intervals: int = 3) -> list[float]:
    """Return round values from `low` to `high`, at most `intervals` steps apart."""
    span = high - low
    if span <= 0:
        return [low]
    power = 10.0 ** floor(log10(span / intervals))
    step = next(
        (factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= intervals), span
    )
    return [index * step for index in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def grid(
    sheet: Sheet, scale: Scale, values: Sequence[tuple[float, str]], left: float, right: float
) -> None:
    """Draw horizontal lines and write their values to the left of them."""
    sheet.lines(
        [((left, scale.y(value)), (right, scale.y(value))) for value, _ in values],
        sheet.theme.line,
        1.0,
        name="grid",
    )
    for value, written in values:
        sheet.keep((left, scale.y(value) - 0.5, right, scale.y(value) + 0.5))
        sheet.text(left - 7, scale.y(value) + 4.5, written, anchor="right")


def margin(written: Sequence[str]) -> float:
    """Return how far the axis stands from the edge, so that its values fit beside it."""
    return max([26.0, *(text_width(text) + 9 for text in written)])


def dates(sheet: Sheet, axis: DayAxis, y: float, words: ChartWords) -> None:
    """Write as many dates as have room, first and last among them."""
    write = words.month if axis.length > YEARS_LONG else words.day
    room = axis.right - axis.left
    for count in range(min(5, axis.length), 0, -1):
        steps = [round(index * (axis.length - 1) / max(1, count - 1)) for index in range(count)]
        days = [axis.first + step * ONE_DAY for step in steps]
        needed = sum(text_width(write(day)) for day in days) + 22 * (count - 1)
        if needed <= room * 0.92 or count == 1:
            break
    for index, day in enumerate(days):
        anchor: Anchor = "left" if index == 0 else "right" if index == count - 1 else "center"
        if axis.length == 1:
            anchor = "center"
        # The outer dates reach half a bead beyond the axis, as the beads above them do.
        shift = {"left": -6.0, "right": 6.0, "center": 0.0}[anchor]
        sheet.text(axis.x(day) + shift, y, write(day), anchor=anchor)


def plan_changes(
    sheet: Sheet, axis: DayAxis, changes: Mapping[date, str], top: float, bottom: float
) -> None:
    """Draw a dotted upright where each change began, with a flag and its reason at `top`."""
    if not changes:
        return
    places = [(axis.start(day), reason) for day, reason in sorted(changes.items())]
    sheet.lines(
        [((x, top), (x, bottom)) for x, _ in places],
        sheet.theme.line_strong,
        1.5,
        dash="dotted",
        name="change",
    )
    flown = [places[0]]
    for place in places[1:]:
        if place[0] - flown[-1][0] >= 14:
            flown.append(place)
    sheet.flags([(x, top) for x, _ in flown], sheet.theme.ink)
    written = 0.0
    for index, (x, reason) in enumerate(flown):
        beyond = flown[index + 1][0] - 6 if index + 1 < len(flown) else sheet.width
        after, before = beyond - (x + 14), x - 5 - written
        if text_width(reason, strong=True) <= after or after >= before:
            sheet.text(
                x + 14, top + 9, reason, color=sheet.theme.ink, strong=True, room=max(0.0, after)
            )
            written = min(beyond, x + 14 + text_width(reason, strong=True)) + 8
        else:
            sheet.text(
                x - 5,
                top + 9,
                reason,
                anchor="right",
                color=sheet.theme.ink,
                strong=True,
                room=max(0.0, before),
            )
            written = x + 14


def since_seen(sheet: Sheet, axis: DayAxis, since: date | None, top: float, bottom: float) -> None:
    """Shade the days from `since` on: what is new since the reader last looked."""
    if since is None or (since - axis.first).days >= axis.length:
        return
    left = axis.start(max(since, axis.first))
    sheet.rects([(left, top, axis.right + 6, bottom)], sheet.theme.thread_tint, name="since")


def strip(sheet: Sheet, axis: DayAxis, days: Mapping[date, Day], y: float) -> None:
    """Draw the states of the days as beads on a hairline, oldest left, or as weeks if too many."""
    if axis.pitch < BEAD_PITCH:
        _weeks(sheet, axis, days, y)
        return
    sheet.line([(axis.left, y), (axis.right, y)], sheet.theme.line, 1.0, name="strip")
    by_state: dict[Status | None, list[Point]] = {}
    for day, shown in days.items():
        by_state.setdefault(shown.status, []).append((axis.x(day), y))
    grow = min(1.3 if axis.pitch > 26 else 1.1, axis.pitch / 13)
    for status in Status:
        sheet.beads(status, by_state.get(status, []), grow)
    nothing = by_state.get(None, [])
    half = 4 * grow
    # The dash stands clear of the hairline: a stretch of ground to both sides of it.
    sheet.rects(
        [(x - half - 3, y - 2, x + half + 3, y + 2) for x, y in nothing], sheet.theme.surface
    )
    sheet.lines(
        [((x - half, y), (x + half, y)) for x, y in nothing],
        sheet.theme.line_strong,
        2.0,
        name="nothing",
    )


def _weeks(sheet: Sheet, axis: DayAxis, days: Mapping[date, Day], middle: float) -> None:
    """Stack each week's days by state, done at the foot, where a day has no room for a bead.

    A full week is as high as the strip; what is missing of it was not planned. Hatch and order tell
    the states apart as well as colour does.
    """
    step, foot = WEEKS_HEIGHT / 7, middle + WEEKS_HEIGHT / 2
    weeks: dict[date, Counter[Status]] = {}
    for day, shown in days.items():
        if shown.status is not None and shown.status is not Status.UPCOMING:
            monday = day - day.weekday() * ONE_DAY
            weeks.setdefault(monday, Counter())[shown.status] += 1
    width = axis.pitch * 7 * 0.86
    boxes: dict[Status, list[Box]] = {}
    for monday, counts in weeks.items():
        left = max(axis.left - 3, axis.x(monday) - axis.pitch / 2)
        right = min(axis.right + 3, axis.x(monday) - axis.pitch / 2 + width)
        y = foot
        for status in Status:
            if counts[status] and left < right:
                boxes.setdefault(status, []).append((left, y - step * counts[status], right, y - 1))
                y -= step * counts[status]
    sheet.line([(axis.left, foot), (axis.right, foot)], sheet.theme.line, 1.0, name="strip")
    for status, found in boxes.items():
        sheet.bars(status, found, hatched=width >= 10)


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return `points` (by x) with at most four per unit of width kept where there are over `most`.

    Of each unit the first, lowest, highest and last stay, so no peak is lost.
    """
    if len(points) <= most:
        return list(points)
    kept: list[Point] = []
    column: list[Point] = []
    for point, following in pairwise([*points, (float("inf"), 0.0)]):
        column.append(point)
        if int(point[0]) != (int(following[0]) if following[0] != float("inf") else -1):
            chosen = {
                0,
                len(column) - 1,
                min(range(len(column)), key=lambda index: column[index][1]),
                max(range(len(column)), key=lambda index: column[index][1]),
            }
            kept += [column[index] for index in sorted(chosen)]
            column = []
    return kept


def head(sheet: Sheet, lines: Sequence[str]) -> float:
    """Write what is measured and which way it points, top left; return where they end."""
    y = 14.0
    for line in lines:
        sheet.text(0, y, line, room=sheet.width)
        y += TEXT + 5
    return y - TEXT - 5
