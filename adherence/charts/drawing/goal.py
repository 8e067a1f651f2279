"""A goal's measurements as a stepped line: each holds until it is measured again."""

import itertools
from collections.abc import Sequence

from adherence.charts.drawing.axis import (
    FLAG_ROW,
    DayAxis,
    Scale,
    dates,
    grid,
    head,
    margin,
    plan_changes,
    since_seen,
    thinned,
    ticks,
)
from adherence.charts.drawing.canvas import Anchor, Sheet
from adherence.charts.drawing.lettering import shortened, wrapped
from adherence.charts.drawing.signs import Point
from adherence.charts.goal import GAS_SCALE, GoalChart
from adherence.charts.parts import RATING_SCALE, Measured, finite, line_of, reasons
from adherence.charts.style import TEXT_BIG, WIDTHS, Theme, WidthName
from adherence.charts.words import ChartWords

DENSE = 2000
LADDER_ROOM = 270.0
"""Room right of a wide GAS chart for the words of the five levels."""


def sheet(chart: GoalChart, theme: Theme, words: ChartWords, width: WidthName) -> Sheet:
    """Draw the line, the named target and the plan changes on the goal's own scale."""
    known, target = chart.known(), finite(chart.target)
    low, high = _range(chart, known, target)
    levels = [-2.0, -1.0, 0.0, 1.0, 2.0] if chart.measure == "gas" else ticks(low, high)
    marks = [(value, chart.written(value, words)) for value in levels]
    changes = reasons(chart, chart.changes)
    ladder = chart.ladder if chart.measure == "gas" and width == "wide" else None

    names = [line_of(chart.unit or ""), chart.direction(words)]
    names = [name for name in names if name]
    top = 18.0 * len(names) + 22 + (FLAG_ROW if changes else 0.0)
    bottom = top + (140.0 if width == "phone" else 160.0)
    drawn = Sheet(WIDTHS[width], bottom + 36, theme)
    axis = DayAxis(
        chart.first,
        chart.length,
        margin([written for _, written in marks]),
        drawn.width - (LADDER_ROOM if ladder else 10.0),
    )
    scale = Scale(low, high, top, bottom)

    since_seen(drawn, axis, chart.since, top - 8, bottom + 8)
    end = head(drawn, names)
    grid(drawn, scale, marks, axis.left, axis.right)
    plan_changes(drawn, axis, changes, end + 8, bottom)
    dates(drawn, axis, bottom + 26, words)
    if ladder:
        for level, text in zip(levels, ladder, strict=True):
            lines = wrapped(line_of(text), LADDER_ROOM - 16)
            for index, line in enumerate(lines):
                y = scale.y(level) + 4.5 + (index - (len(lines) - 1) / 2) * 15
                drawn.text(axis.right + 16, y, line)
    if target is not None:
        y = scale.y(target)
        drawn.line([(axis.left, y), (axis.right, y)], theme.ink, 1.5, dash="dashed", name="target")
    if known:
        _line(drawn, chart, known, axis, scale, words)
    else:
        drawn.notice(
            (axis.left + axis.right) / 2, (top + bottom) / 2 + 4, words.gettext("Not measured yet")
        )
    if target is not None:
        _target(drawn, chart, target, axis, scale, words)
    return drawn


def _range(
    chart: GoalChart, known: Sequence[Measured], target: float | None
) -> tuple[float, float]:
    """Return the measure's own range; counts and amounts start at 0 and reach all that is shown."""
    values = [rating.value for rating in known if rating.value is not None]
    values += [value for value in (target, finite(chart.baseline)) if value is not None]
    low, high = {"gas": GAS_SCALE, "rating": RATING_SCALE, "symptom": RATING_SCALE}.get(
        chart.measure, (0.0, 0.0)
    )
    low, high = min([low, *values]), max([high, *values])
    return (low, high) if high > low else (low, low + 1)


def _line(
    sheet: Sheet,
    chart: GoalChart,
    known: Sequence[Measured],
    axis: DayAxis,
    scale: Scale,
    words: ChartWords,
) -> None:
    theme = sheet.theme
    places = [
        (axis.x(rating.day) if chart.holds(rating.day) else axis.left, scale.y(rating.value or 0))
        for rating in known
    ]
    measured = [
        place for rating, place in zip(known, places, strict=True) if chart.holds(rating.day)
    ]
    until = axis.x(max(min(chart.today, chart.last), known[-1].day, chart.first))
    path: list[Point] = [places[0]]
    for (_, before), (x, after) in itertools.pairwise(places):
        path += [(x, before), (x, after)]
    path.append((until, places[-1][1]))
    sheet.line(thinned(path, DENSE), theme.thread, 3.5, name="line")
    density = (axis.right - axis.left) / max(1, len(measured))
    if density >= 2:
        radius = min(5.5, max(1.5, density * 0.4))
        sheet.dots(measured, radius, theme.thread, theme.surface, 2.0, name="value")
    if len(path) < DENSE:
        sheet.keep_points(places, 6)
        sheet.keep_line(path)
    target = finite(chart.target)
    if target is not None:
        y = scale.y(target)
        sheet.keep((axis.left, y - 1, axis.right, y + 1))

    x, y = until, places[-1][1]
    anchor: Anchor = "right" if x - axis.left > 70 else "left"
    sheet.place(
        [
            (x, y + 22, anchor),
            (x, y - 11, anchor),
            (x + 10, y + 5, "left"),
            (x, y + 30, anchor),
            (x, y - 19, anchor),
        ],
        words.gettext("%(value)s now") % {"value": chart.written(known[-1].value or 0, words)},
        color=theme.thread_ink,
        size=TEXT_BIG,
        strong=True,
    )
    if len(known) > 1:
        x, y = places[0]
        sheet.place(
            [(x + 2, y + down, "left") for down in (-11, 20, -18, 27)],
            chart.written(known[0].value or 0, words),
            color=theme.ink,
            strong=True,
        )


def _target(
    sheet: Sheet,
    chart: GoalChart,
    target: float,
    axis: DayAxis,
    scale: Scale,
    words: ChartWords,
) -> None:
    y = scale.y(target)
    text = words.gettext("Target %(target)s") % {"target": chart.written(target, words)}
    room = axis.right - axis.left - 10
    sheet.place(
        [
            (axis.left, y - 8, "left"),
            (axis.right, y - 8, "right"),
            (axis.left, y + 17, "left"),
            (axis.right, y + 17, "right"),
            ((axis.left + axis.right) / 2, y - 8, "center"),
        ],
        shortened(text, room, strong=True),
        color=sheet.theme.ink,
        strong=True,
    )
