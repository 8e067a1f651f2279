"""The days as six states: a row per week from Monday, a cell per day."""

from collections.abc import Mapping, Sequence
from datetime import date

from adherence.charts.calendar import Calendar, CalendarFacts
from adherence.charts.drawing.canvas import Sheet
from adherence.charts.drawing.signs import CORNER, Point, rounded
from adherence.charts.parts import ONE_DAY, Day
from adherence.charts.style import WIDTHS, Theme, WidthName
from adherence.charts.words import ChartWords
from adherence.domain.entries import Status

ROW = 42.0
CELL = (36.0, 38.0)
RADIUS = 9.0
HEAD = 26.0
FIRST_CELL = 63.0
COLUMN = 40.0
SUMS = 66.0
"""Room right of a week on a wide sheet for how many of its days were done."""


def sheet(chart: Calendar, theme: Theme, words: ChartWords, width: WidthName) -> Sheet:
    """Draw the weeks one below the other; a wide sheet has two columns of them, read down first."""
    monday = chart.first - chart.first.weekday() * ONE_DAY
    weeks = (chart.last - monday).days // 7 + 1
    columns = 2 if width == "wide" and weeks > 1 else 1
    rows = -(-weeks // columns)
    drawn = Sheet(WIDTHS[width], HEAD + rows * ROW + 2, theme)
    cells: dict[Status | None, list[Point]] = {}
    days = chart.shown()
    marked, corrected = set(chart.corrected()), []
    for column in range(columns):
        left = column * (drawn.width + 40) / 2
        _head(drawn, left, words, sums=width == "wide")
        for row in range(min(rows, weeks - column * rows)):
            start = monday + 7 * (column * rows + row) * ONE_DAY
            y = HEAD + CELL[1] / 2 + row * ROW
            drawn.text(left, y + 4.5, words.day(max(start, chart.first)), room=FIRST_CELL - 2)
            week = {day: days[day] for day in _week(start) if day in days}
            for day, shown in week.items():
                cells.setdefault(shown.status, []).append(_place(left, day, y))
                if day in marked:
                    corrected.append(_place(left, day, y))
            if width == "wide":
                _sum(drawn, left, y, week, words)
            if start <= chart.today < start + 7 * ONE_DAY and chart.holds(chart.today):
                drawn.shapes(
                    rounded(CELL[0] + 1, CELL[1] + 1, RADIUS),
                    [_place(left, chart.today, y)],
                    edge=theme.ink,
                    width=2.5 + theme.edge - 1,
                    name="today",
                )
    for status in Status:
        drawn.cells(status, cells.get(status, []), CELL, RADIUS)
    drawn.lines(
        [((x - 4, y), (x + 4, y)) for x, y in cells.get(None, [])],
        theme.line_strong,
        2.0,
        name="nothing",
    )
    _corners(drawn, corrected)
    return drawn


def _corners(sheet: Sheet, places: Sequence[Point]) -> None:
    """Fold the corner of days that were put right; the gap round it shows on every ground."""
    sheet.shapes(
        CORNER,
        [(x + CELL[0] / 2 + 1, y - CELL[1] / 2 - 1) for x, y in places],
        fill=sheet.theme.ink,
        edge=sheet.theme.surface,
        width=2.0,
        name="put-right",
    )


def _week(monday: date) -> list[date]:
    return [monday + step * ONE_DAY for step in range(7)]


def _place(left: float, day: date, y: float) -> Point:
    return (left + FIRST_CELL + CELL[0] / 2 + day.weekday() * COLUMN, y)


def _head(sheet: Sheet, left: float, words: ChartWords, *, sums: bool) -> None:
    for index, name in enumerate(words.weekdays):
        x = left + FIRST_CELL + CELL[0] / 2 + index * COLUMN
        sheet.text(x, 16, name, anchor="center", room=COLUMN)
    if sums:
        x = left + FIRST_CELL + 7 * COLUMN + SUMS
        sheet.text(x, 16, words.status[Status.DONE], anchor="right", room=SUMS)


def _sum(sheet: Sheet, left: float, y: float, week: Mapping[date, Day], words: ChartWords) -> None:
    """Write how many of the week's days were done, with their whole; nothing where none counts."""
    counts = {status: sum(day.status is status for day in week.values()) for status in Status}
    facts = CalendarFacts(min(week, default=date.min), max(week, default=date.min), counts, 0)
    if facts.due:
        sheet.text(
            left + FIRST_CELL + 7 * COLUMN + SUMS,
            y + 4.5,
            words.gettext("%(done)s of %(due)s")
            % {"done": words.number(facts.confirmed), "due": words.number(facts.due)},
            anchor="right",
            color=sheet.theme.ink,
            strong=True,
            room=SUMS,
        )
