"""Doses by local day and local time of day, against the windows in which they counted."""

from collections.abc import Sequence
from datetime import time
from itertools import groupby

from adherence.charts.doses import DoseChart
from adherence.charts.drawing.axis import DayAxis, Scale, dates, grid, head, margin
from adherence.charts.drawing.canvas import Box, Sheet
from adherence.charts.drawing.lettering import text_width
from adherence.charts.drawing.signs import Point
from adherence.charts.parts import MARK_STATUS, ONE_DAY, Dose, DoseMark, mark_word
from adherence.charts.style import TEXT, WIDTHS, Theme, WidthName
from adherence.charts.words import ChartWords

DAY_MINUTES = 24 * 60
DENSE = 1000
MARK_SIZE = 11.0
NEAR_TICK = 150
"""A plain hour less than this many minutes from a planned time is not written at the axis."""
MIDNIGHT_TICK = 80
"""The same for midnight, which bounds the picture."""


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


def sheet(chart: DoseChart, theme: Theme, words: ChartWords, width: WidthName) -> Sheet:
    """Draw the whole day from midnight to midnight, so that two charts can be laid side by side."""
    shown = chart.shown()
    untimed = any(dose.at is None and dose.due is None for dose in shown)
    marks = _marks(chart, words)
    timeless = words.gettext("no time")
    left = margin([*(written for _, written in marks), *([timeless] if untimed else [])])
    top = 34.0
    bottom = top + (220.0 if width == "phone" else 240.0)
    below = bottom + (26.0 if untimed else 0.0)
    key = _key(chart, words, WIDTHS[width])
    rows = max((row for row, _, _, _ in key), default=-1) + 1
    drawn = Sheet(WIDTHS[width], below + 34 + rows * 24 + (12 if rows else 2), theme)
    axis = DayAxis(chart.first, chart.length, left + 10, drawn.width - 14)
    scale = Scale(0, DAY_MINUTES, top, bottom)

    head(drawn, [chart.direction(words)])
    _windows(drawn, chart, axis, scale)
    grid(drawn, scale, marks, left, drawn.width - 4)
    _due(drawn, chart, axis, scale)
    dates(drawn, axis, below + 28, words)
    _doses(drawn, shown, axis, scale, bottom + 24)
    if not shown:
        drawn.notice(
            (axis.left + axis.right) / 2,
            (top + bottom) / 2 + 4,
            words.gettext("No dose in these days"),
        )
    if untimed:
        drawn.text(left - 7, bottom + 28.5, timeless, anchor="right")
    for row, x, mark, text in key:
        y = below + 34 + 20 + row * 24
        _sign(drawn, mark, [(x + 7, y - 4.5)], 1.15)
        drawn.text(x + 20, y, text)
    return drawn


def _marks(chart: DoseChart, words: ChartWords) -> list[tuple[float, str]]:
    """Return the times written at the axis: those planned, and every six hours."""
    planned = {_minutes(window.due): window.due for window in chart.windows}
    written = [(minutes, words.clock(due)) for minutes, due in sorted(planned.items())]
    for hour in (0, 6, 12, 18, 24):
        near = MIDNIGHT_TICK if hour in {0, 24} else NEAR_TICK
        if all(abs(minutes - hour * 60) >= near for minutes in planned):
            written.append((hour * 60.0, words.clock(time(hour % 24))))
    return written


def _windows(sheet: Sheet, chart: DoseChart, axis: DayAxis, scale: Scale) -> None:
    """Draw the time in which each dose counted; what runs past midnight goes on the next day."""
    boxes: list[Box] = []
    for window in chart.windows:
        due = _minutes(window.due)
        opens = due - window.before.total_seconds() / 60
        closes = due + window.after.total_seconds() / 60
        for shift in (-1, 0, 1):
            low, high = max(0.0, opens - shift * DAY_MINUTES), closes - shift * DAY_MINUTES
            high = min(float(DAY_MINUTES), high)
            first = max(chart.first, window.first + shift * ONE_DAY)
            last = min(chart.last, window.until + (shift - 1) * ONE_DAY)
            if low < high and first <= last:
                boxes.append(
                    (
                        axis.x(first) - _half(axis),
                        scale.y(high),
                        axis.x(last) + _half(axis),
                        scale.y(low),
                    )
                )
    sheet.rects(boxes, sheet.theme.brand_tint, name="window")


def _half(axis: DayAxis) -> float:
    return min(axis.pitch / 2, 10.0)


def _due(sheet: Sheet, chart: DoseChart, axis: DayAxis, scale: Scale) -> None:
    pieces = []
    for window in chart.windows:
        first, last = max(chart.first, window.first), min(chart.last, window.until - ONE_DAY)
        if first <= last:
            y = scale.y(_minutes(window.due))
            pieces.append([(axis.x(first) - _half(axis), y), (axis.x(last) + _half(axis), y)])
    sheet.lines(pieces, sheet.theme.line_strong, 1.2, dash="fine", name="due")


def _doses(
    sheet: Sheet, doses: Sequence[Dose], axis: DayAxis, scale: Scale, untimed: float
) -> None:
    """Draw every dose where it was taken, or where it was planned if it was not."""
    grow = max(0.25, min(1.1, axis.pitch / 13))
    near = MARK_SIZE * grow * 0.8
    by_mark: dict[DoseMark, list[Point]] = {}
    stems: list[list[Point]] = []
    for _, of_day in groupby(doses, key=lambda dose: dose.day):
        above: Point | None = None
        for dose in of_day:
            at = dose.at or dose.due
            x, y = axis.x(dose.day), scale.y(_minutes(at)) if at else untimed
            if above is not None and abs(above[1] - y) < near:
                # Two at nearly the same time stand side by side, not one on the other.
                x = above[0] + near
            above = (x, y)
            by_mark.setdefault(dose.mark, []).append((x, y))
            if dose.mark is DoseMark.LATE and dose.at and dose.due:
                stems.append([(x, scale.y(_minutes(dose.due))), (x, y)])
    if len(doses) <= DENSE:
        sheet.lines(stems, sheet.theme.line_strong, 1.5, dash="dotted", name="late-by")
    for mark in DoseMark:
        places = by_mark.get(mark, [])
        _sign(sheet, mark, _apart(places), grow)


def _apart(places: Sequence[Point]) -> Sequence[Point]:
    """Return at most `DENSE` of `places`; of those that would lie on one another one stays."""
    step = 1.0
    while len(places) > DENSE:
        places = sorted({(round(x / step) * step, round(y / step) * step) for x, y in places})
        step *= 1.5
    return places


def _sign(sheet: Sheet, mark: DoseMark, places: Sequence[Point], grow: float) -> None:
    theme, size = sheet.theme, MARK_SIZE * grow
    if mark is DoseMark.EXTRA:
        sheet.dots(places, size * 0.5, theme.surface, theme.brand, size * 0.13, name="dose-extra")
        sheet.cut("plus", places, size, theme.brand)
    elif mark is DoseMark.LATE:
        color = theme.state[MARK_STATUS[mark]]
        sheet.dots(places, size * 0.5, theme.surface, color, size * 0.13, name="dose-late")
        sheet.cut("tick", places, size, color)
    else:
        sheet.beads(MARK_STATUS[mark], places, grow, name=f"dose-{mark.value}")


def _key(
    chart: DoseChart, words: ChartWords, width: float
) -> list[tuple[int, float, DoseMark, str]]:
    """Return row, x, sign and words of the key: the marks that occur, with their counts.

    A dose has two signs the other charts do not have, so the picture explains itself.
    """
    row, x = 0, 0.0
    items = []
    for mark, count in chart.facts().counts.items():
        if not count:
            continue
        text = f"{mark_word(mark, words)} {words.number(count)}"
        room = 20 + text_width(text, TEXT) + 18
        if x and x + room - 18 > width:
            row, x = row + 1, 0.0
        items.append((row, x, mark, text))
        x += room
    return items
