"""A cohort's measures: how they are distributed, and how long treatment lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from adherence.charts.style import THEMES, ThemeName
from adherence.charts.supplies import plain
from adherence.domain.persistence import Point
from adherence.domain.supplies import DEFINITIONS

BINS = 20
WORDS: Mapping[str, str] = {
    "patients": "patients",
    "computable": "{n} patients; not computable for {missing}",
    "persistence": "Share still on treatment",
    "days": "days since the first supply",
    "at_risk": "{n} at risk",
    "none": "Nothing to show",
}
"""What the pictures say, in English; a caller may give the same keys in another language."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One measure over a cohort: a value per patient, None where it is not computable."""

    measure: str
    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        """The values there are, smallest first."""
        return sorted(value for value in self.values if value is not None)

    def table(self) -> list[tuple[float, float, int]]:
        """Return the bars of the picture: from, to, patients. What is above 1 is in a last bar.

        A value on an edge belongs to the bar above it, and 1 to the bar below 1.
        """
        counts = [0] * (BINS + 1)
        for value in self.known:
            counts[BINS if value > 1 else min(BINS - 1, int(value * BINS + 1e-9))] += 1
        top = max([1.0, *self.known])
        edges = [n / BINS for n in range(BINS + 1)] + [top]
        bars = list(zip(edges[:-1], edges[1:], counts, strict=True))
        return bars if counts[BINS] else bars[:-1]


def distribution(
    shown: Distribution, theme: ThemeName = "light", words: Mapping[str, str] = WORDS
) -> Figure:
    """Draw how many patients have which value of one measure, with its definition beneath.

    Patients for whom it is not computable are counted in words, never drawn as zero. The median is
    a dashed line.
    """
    look = THEMES[theme]
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    figure.set_facecolor(look.surface)
    axes = figure.subplots()
    known = shown.known
    count = words["computable"].format(n=len(known), missing=len(shown.values) - len(known))
    plain(axes, look, f"{shown.measure}: {count}")
    bars = shown.table()
    axes.bar(
        [low for low, _, _ in bars],
        [patients for _, _, patients in bars],
        width=[high - low for low, high, _ in bars],
        align="edge",
        color=look.brand,
        edgecolor=look.surface,
        zorder=2,
    )
    if known:
        middle = len(known) // 2
        median = known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
        axes.axvline(median, color=look.ink, linestyle="--", zorder=3)
        axes.annotate(
            f"{median:.0%}",
            (median, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -10),
            textcoords="offset points",
            color=look.ink,
        )
    axes.set_xlim(0, bars[-1][1])
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set_ylabel(words["patients"], color=look.ink_soft)
    if shown.measure in DEFINITIONS:
        axes.set_xlabel(DEFINITIONS[shown.measure].formula, color=look.ink_soft, wrap=True)
    return figure


def persistence_curve(
    points: Sequence[Point], theme: ThemeName = "light", words: Mapping[str, str] = WORDS
) -> Figure:
    """Draw the share still on treatment by day, as steps, with its interval of 95 %.

    The number still at risk stands beneath the first, the middle and the last point.
    """
    look = THEMES[theme]
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    figure.set_facecolor(look.surface)
    axes = figure.subplots()
    plain(axes, look, words["persistence"])
    axes.set(ylim=(0, 1.02), xlabel=words["days"])
    axes.xaxis.label.set_color(look.ink_soft)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    if not points:
        axes.text(0.5, 0.5, words["none"], transform=axes.transAxes, ha="center", color=look.ink)
        return figure
    days = [point.day for point in points]
    axes.step(days, [point.share for point in points], where="post", color=look.brand, zorder=3)
    axes.fill_between(
        days,
        [point.share if point.lower is None else point.lower for point in points],
        [point.share if point.upper is None else point.upper for point in points],
        step="post",
        color=look.brand_tint,
        zorder=1,
    )
    for point in dict.fromkeys((points[0], points[len(points) // 2], points[-1])):
        axes.annotate(
            words["at_risk"].format(n=point.at_risk),
            (point.day, 0.02),
            color=look.ink_soft,
            ha="left" if point is points[0] else "right" if point is points[-1] else "center",
        )
    return figure
