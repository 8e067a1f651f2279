"""Pictures of one patient's supplies and of a cohort: they show the numbers they were given."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from adherence.charts.cohorts import Distribution, distribution, persistence_curve
from adherence.charts.style import THEMES
from adherence.charts.supplies import EpisodeBar, SupplyBar, SupplyHistory, supply_history
from adherence.domain.persistence import persistence

FIRST = date(2024, 1, 1)
HISTORY = SupplyHistory(
    supplies=(
        SupplyBar(FIRST, 30, gap=0, medication="A"),
        SupplyBar(FIRST + timedelta(20), 30, carry_over=10, gap=40, medication="A"),
        SupplyBar(FIRST + timedelta(100), 14.25, medication="B"),
    ),
    episodes=(EpisodeBar(FIRST, 60), EpisodeBar(FIRST + timedelta(100), 14.25)),
    observation=(FIRST + timedelta(10), FIRST + timedelta(110)),
)


def drawn(figure: Figure) -> bytes:
    """The picture as PNG: drawing it is what may fail."""
    into = BytesIO()
    figure.savefig(into, format="png", dpi=60)
    return into.getvalue()


def widths(figure: Figure) -> list[float]:
    return [round(bar.get_width(), 9) for bar in figure.axes[0].containers for bar in bar]


@pytest.mark.parametrize("theme", THEMES)
def test_every_day_of_supply_carry_over_gap_and_episode_is_drawn(theme):
    figure = supply_history(HISTORY, theme)

    assert widths(figure) == [30, 10, 30, 40, 14.25, 60, 14.25]
    labels = {text.get_text() for text in figure.axes[0].get_legend().get_texts()}
    assert labels == {"supply", "carried over", "gap", "episode", "observation window"}
    assert drawn(figure).startswith(b"\x89PNG")
    assert [row[1:4] for row in HISTORY.table()] == [(30, 0, 0), (30, 10, 40), (14.25, 0, 0)]


def test_no_supplies_are_said_in_words():
    figure = supply_history(SupplyHistory(()))

    assert [text.get_text() for text in figure.axes[0].texts] == ["No supplies"]
    assert drawn(figure)


def test_a_distribution_counts_what_is_not_computable_in_words_and_not_as_zero():
    shown = Distribution("CMA7", (0.0, 0.5, 1.0, None, None))
    figure = distribution(shown)

    assert figure.axes[0].get_title(loc="left") == "CMA7: 3 patients; not computable for 2"
    counts = [bar.get_height() for bar in figure.axes[0].containers[0]]
    assert sum(counts) == 3
    assert (counts[0], counts[10], counts[19]) == (1, 1, 1)
    assert drawn(figure)
    assert drawn(distribution(Distribution("CMA7", (None,))))


def test_values_above_one_have_bars_of_the_same_width_and_one_is_not_above():
    bars = Distribution("CMA1", (0.2, 1.0, 1.4)).table()

    assert bars[-1] == (1.4, 1.45, 1)
    assert bars[19] == (0.95, 1.0, 1)
    assert len(Distribution("CMA1", (0.2,)).table()) == 20
    assert sum(count for _, _, count in bars) == 3


def test_what_is_far_above_shares_one_bar_that_says_so():
    shown = Distribution("CMA1", (0.2, 2.0, 7.5))
    figure = distribution(shown)

    assert shown.table()[-1] == (2.0, 7.5, 2)
    assert [bar.get_width() for bar in figure.axes[0].containers[0]] == [pytest.approx(0.05)] * 41
    assert "above 200%" in [text.get_text() for text in figure.axes[0].texts]
    assert drawn(figure)


@pytest.mark.parametrize("theme", THEMES)
def test_cohorts_are_drawn_in_every_theme_with_words_beside_the_lines(theme):
    bars = distribution(Distribution("CMA7", (0.0, 0.7, 1.0)), theme)
    curve = persistence_curve(persistence([(10, True), (20, False), (40, True)]), theme)

    assert [text.get_text() for text in bars.axes[0].texts] == ["median 70%"]
    assert [text.get_text() for text in curve.axes[0].texts] == [
        "3 at risk",
        "2 at risk",
        "1 at risk",
    ]
    for figure in (bars, curve):
        assert figure.get_facecolor()[:3] == pytest.approx(to_rgb(THEMES[theme].surface))
        assert drawn(figure)


def test_the_persistence_curve_has_a_step_where_treatment_ended():
    points = persistence([(10, True), (20, False), (30, True), (40, False)])
    figure = persistence_curve(points)

    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == [0, 10, 20, 30, 40]
    assert list(line.get_ydata()) == pytest.approx([1, 0.75, 0.75, 0.375, 0.375])
    assert drawn(figure)
    assert drawn(persistence_curve([]))
