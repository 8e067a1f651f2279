"""A cohort's measures: how they are distributed, and how long treatment lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from adherence.charts.style import THEMES, ThemeName
from adherence.charts.supplies import plain
from adherence.domain.persistence import Point, at_risk
from adherence.domain.supplies import DEFINITIONS

BINS = 20
"""Bars from 0 to 1."""
OVER = 2.0
"""What is above this is in one bar."""
MOST = int(OVER * BINS)
WORDS: Mapping[str, str] = {
    "patients": "patients",
    "median": "median {share}",
    "over": "above 200%",
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
        """Return the bars of the picture: from, to, patients.

        Bars are 5 % wide and end with the largest value, at 100 % or above. A value on an edge
        belongs to the bar above it, but 1 to the bar below, so that exactly full is not "over".
        What is above 200 % is in one last bar.
        """
        counts = [0] * (MOST + 1)
        for value in self.known:
            place = min(MOST, int(value * BINS + 1e-9))
            counts[place - 1 if abs(value - 1) < 1e-12 else place] += 1
        used = max(n for n, count in enumerate(counts) if count) + 1 if self.known else 0
        bars = [(n / BINS, (n + 1) / BINS, counts[n]) for n in range(max(BINS, used))]
        if used > MOST:
            bars[-1] = (OVER, max(self.known), counts[-1])
        return bars


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
        width=1 / BINS,
        align="edge",
        color=look.brand,
        edgecolor=look.surface,
        zorder=2,
    )
    if known:
        middle = len(known) // 2
        median = known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
        # Light beneath, dashes above: to be seen on a bar as well as beside it.
        axes.axvline(median, color=look.surface, linewidth=4, zorder=3)
        axes.axvline(median, color=look.ink, linestyle="--", zorder=4)
        right = median <= bars[-1][0] / 2
        axes.annotate(
            words["median"].format(share=f"{median:.0%}"),
            (median, 1),
            xycoords=("data", "axes fraction"),
            xytext=(5 if right else -5, -10),
            textcoords="offset points",
            ha="left" if right else "right",
            color=look.ink,
            bbox={"facecolor": look.surface, "edgecolor": "none", "pad": 1.5},
            zorder=5,
        )
    end = bars[-1][0] + 1 / BINS
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.14 * max(1, *(patients for _, _, patients in bars)))
    if bars[-1][0] == OVER:
        axes.annotate(
            words["over"],
            (end, bars[-1][2]),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            color=look.ink_soft,
        )
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set_ylabel(words["patients"], color=look.ink_soft)
    if shown.measure in DEFINITIONS:
        axes.set_xlabel(DEFINITIONS[shown.measure].formula, color=look.ink_soft, wrap=True)
    return figure


def persistence_curve(
    points: Sequence[Point], theme: ThemeName = "light", words: Mapping[str, str] = WORDS
) -> Figure:
    """Draw the share still on treatment by day, as steps, with its interval of 95 %.

    The number still at risk stands beneath the first day, the middle and the last.
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
    for bound in ("lower", "upper"):
        axes.step(
            days,
            [getattr(point, bound) for point in points],
            where="post",
            color=look.ink_soft,
            linewidth=0.6,
            linestyle=":",
            zorder=2,
        )
    last = days[-1]
    axes.set_xlim(0, last or 1)
    for day, side in ((0.0, "left"), (last / 2, "center"), (last, "right")):
        if day or side == "left":
            axes.annotate(
                words["at_risk"].format(n=at_risk(points, day)),
                (day, 0.02),
                xytext=({"left": 3, "right": -3}.get(side, 0), 0),
                textcoords="offset points",
                color=look.ink_soft,
                ha=side,
                bbox={"facecolor": look.surface, "edgecolor": "none", "pad": 1.0},
            )
    return figure
