"""VALUES IN, Figure OUT (matplotlib object API, never pyplot).

Here belongs the drawing of frozen values, with the sentence and the table that say the same. Never
a row, a request or a translation catalogue: words come in. May import `domain`. matplotlib is
imported in `drawing` alone, and only when a chart is drawn. Read `parts.py` first.
"""

from importlib import import_module
from typing import Literal, cast

from adherence.charts.style import ThemeName, WidthName
from adherence.charts.values import CHARTS, Chart
from adherence.charts.words import ChartWords

__all__ = ["CHARTS", "Chart", "ChartWords", "Format", "ThemeName", "WidthName", "draw"]

Format = Literal["svg", "png"]


def draw(
    chart: Chart,
    theme: ThemeName,
    words: ChartWords,
    format: Format = "svg",
    width: WidthName = "wide",
) -> bytes:
    """Return `chart` as an SVG or PNG file; the same arguments give the same bytes.

    The file is made for one reader (theme, language, width). The first call in a process imports
    matplotlib, which takes about a second; a page that draws nothing never pays for it.
    """
    drawing = import_module("adherence.charts.drawing")
    return cast(bytes, drawing.drawn(chart, theme, words, format, width))
