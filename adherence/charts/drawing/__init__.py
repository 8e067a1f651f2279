"""From a chart's values to a file: the module that `charts.draw` loads when it is first called."""

from adherence.charts.drawing import calendar, doses, goal, symptom
from adherence.charts.drawing.canvas import DRAWING, Sheet
from adherence.charts.style import THEMES, ThemeName, WidthName
from adherence.charts.values import Calendar, Chart, DoseChart, GoalChart, SymptomChart
from adherence.charts.words import ChartWords


def sheet(chart: Chart, theme: ThemeName, words: ChartWords, width: WidthName) -> Sheet:
    """Return the drawn sheet; its `figure` is the matplotlib Figure."""
    ground = THEMES[theme]
    match chart:
        case Calendar():
            return calendar.sheet(chart, ground, words, width)
        case SymptomChart():
            return symptom.sheet(chart, ground, words, width)
        case GoalChart():
            return goal.sheet(chart, ground, words, width)
        case DoseChart():
            return doses.sheet(chart, ground, words, width)


def drawn(
    chart: Chart, theme: ThemeName, words: ChartWords, format: str, width: WidthName
) -> bytes:
    """Return the file; one chart at a time is drawn in a process."""
    with DRAWING:
        made = sheet(chart, theme, words, width)
        if format == "png":
            return made.png()
        return made.svg(chart.title(words), chart.sentence(words), words.locale)
