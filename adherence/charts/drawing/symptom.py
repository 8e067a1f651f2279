"""A symptom over days, with the states of the same days below it."""

from collections.abc import Sequence
from datetime import date

from adherence.charts.drawing.axis import (
    BEAD_PITCH,
    FLAG_ROW,
    WEEKS_HEIGHT,
    DayAxis,
    Scale,
    dates,
    grid,
    head,
    margin,
    plan_changes,
    since_seen,
    strip,
    thinned,
    ticks,
)
from adherence.charts.drawing.canvas import Anchor, Place, Sheet
from adherence.charts.drawing.signs import Point
from adherence.charts.parts import ONE_DAY, Reading, finite, reasons
from adherence.charts.style import TEXT_BIG, WIDTHS, Theme, WidthName
from adherence.charts.symptom import SymptomChart
from adherence.charts.words import ChartWords

DENSE = 2000
"""More points than this in one line are thinned to what the width can show."""


def sheet(chart: SymptomChart, theme: Theme, words: ChartWords, width: WidthName) -> Sheet:
    """Draw the line, its gaps, zeros and refusals, and the strip on the same days.

    Days without an entry are not bridged. A value outside the instrument's range widens the axis
    rather than being cut.
    """
    shown = chart.shown()
    values = [reading.value for reading in shown if reading.value is not None]
    limit = finite(chart.limit)
    low = min([chart.scale[0], *values])
    high = max([chart.scale[1], *values])
    marks = [(value, words.number(value)) for value in ticks(low, high)]
    changes, days = reasons(chart, chart.changes), chart.strip()

    top = 36.0 + (FLAG_ROW if changes else 0.0)
    bottom = top + (138.0 if width == "phone" else 168.0)
    left, right = margin([written for _, written in marks]), WIDTHS[width] - 10.0
    # Several answers on one day stand side by side in it, so its sides need room too.
    inset = 12.0 if len(shown) > len({reading.day for reading in shown}) else 0.0
    axis = DayAxis(chart.first, chart.length, left + inset, right - inset)
    reach = WEEKS_HEIGHT / 2 if axis.pitch < BEAD_PITCH else 10.0
    below = bottom + (24.0 + reach if days else 0.0)
    foot = below + (reach + 26 if days else 36)
    drawn = Sheet(WIDTHS[width], foot + 12, theme)
    scale = Scale(low, high, top, bottom)

    since_seen(drawn, axis, chart.since, top - 8, below + reach + 6 if days else bottom)
    head(drawn, [chart.direction(words)])
    grid(drawn, scale, marks, left, right)
    if limit is not None:
        drawn.line(
            [(left, scale.y(limit)), (right, scale.y(limit))],
            theme.line_strong,
            1.5,
            dash="fine",
            name="limit",
        )
    plan_changes(drawn, axis, changes, top - FLAG_ROW - 2, below + reach + 4 if days else bottom)
    if days:
        strip(drawn, axis, days, below)
    dates(drawn, axis, foot, words)

    lines, refusals = _lines(shown, axis, scale)
    density = (axis.right - axis.left) / max(1, chart.length, len(shown))
    _line(drawn, lines, density)
    drawn.lines(
        [((x - 4, top + 5), (x + 4, top + 5)) for x in refusals],
        theme.ink_soft,
        2.5,
        name="declined",
    )
    drawn.keep_points([(x, top + 5) for x in refusals], 5)
    if not lines:
        drawn.notice(
            (left + right) / 2, (top + bottom) / 2 + 4, words.gettext("No value in these days")
        )
    _values(drawn, lines, words)
    if limit is not None:
        y = scale.y(limit)
        drawn.place(
            [
                (right, y - 6, "right"),
                (right, y + 15, "right"),
                (left + 4, y - 6, "left"),
                (left + 4, y + 15, "left"),
            ],
            words.gettext("limit %(limit)s") % {"limit": words.number(limit)},
        )
    return drawn


def _lines(
    shown: Sequence[Reading], axis: DayAxis, scale: Scale
) -> tuple[list[list[tuple[Point, float]]], list[float]]:
    """Return the unbroken stretches of (place, value), and where nothing was said on purpose.

    Several answers on one day stand side by side within it.
    """
    by_day: dict[date, list[Reading]] = {}
    for reading in shown:
        by_day.setdefault(reading.day, []).append(reading)
    lines: list[list[tuple[Point, float]]] = []
    refusals: list[float] = []
    newest: date | None = None
    for day, readings in by_day.items():
        for index, reading in enumerate(readings):
            x = axis.x(day) + ((index + 0.5) / len(readings) - 0.5) * min(axis.pitch, 28.0) * 0.8
            if reading.value is None:
                refusals.append(x)
                continue
            if newest is None or day - newest > ONE_DAY:
                lines.append([])
            lines[-1].append(((x, scale.y(reading.value)), reading.value))
            newest = day
    return lines, refusals


def _line(sheet: Sheet, lines: Sequence[Sequence[tuple[Point, float]]], density: float) -> None:
    theme = sheet.theme
    paths = [thinned([place for place, _ in line], DENSE) for line in lines]
    sheet.lines(paths, theme.brand, 2.5 if density >= 4 else 1.5, name="line")
    radius = min(4.0, max(1.5, density * 0.3))
    # The words stand at both ends, so only what is drawn there can be in their way.
    for path in (*paths[:12], *paths[-12:]):
        sheet.keep_points((*path[:20], *path[-20:]), radius + 1)
        sheet.keep_line(path[:20])
        sheet.keep_line(path[-20:])
    alone = density < 4
    dots = [
        place
        for line in lines
        for place, value in line
        if value != 0 and (not alone or len(line) == 1)
    ]
    zeros = [place for line in lines for place, value in line if value == 0]
    sheet.dots(
        thinned(dots, DENSE),
        radius,
        theme.brand,
        theme.surface,
        min(1.5, density * 0.1),
        name="value",
    )
    sheet.dots(
        thinned(zeros, DENSE),
        radius + 0.8,
        theme.surface,
        theme.brand,
        min(2.5, radius),
        name="zero",
    )


def _values(
    sheet: Sheet,
    lines: Sequence[Sequence[tuple[Point, float]]],
    words: ChartWords,
) -> None:
    """Write the first and the last value at the line."""
    if not lines:
        return
    (first, first_value), (last, last_value) = lines[0][0], lines[-1][-1]
    x, y = last
    _write(sheet, words.number(last_value), _beside(x + 5, y, "right"))
    if first != last:
        x, y = first
        _write(sheet, words.number(first_value), _beside(x - 3, y, "left"))


def _beside(x: float, y: float, anchor: Anchor) -> list[Place]:
    return [(x, y + down, anchor) for down in (-9, 20, -16, 27)]


def _write(sheet: Sheet, text: str, places: Sequence[Place]) -> None:
    sheet.place(places, text, color=sheet.theme.ink, size=TEXT_BIG, strong=True)
