"""One patient's supplies over time: what was supplied, carried over and missing, and the episodes.

Colour never stands alone: supply is solid, carry-over hatched, a gap an open box with dashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from adherence.charts.style import THEMES, Theme, ThemeName
from adherence.domain.entries import Status
from adherence.domain.supplies import EpisodeRule

AXIS: Any = dates
"""Matplotlib's dates, of which it gives no types."""

WORDS: Mapping[str, str] = {
    "title": "Supplies",
    "supply": "supply",
    "carry": "carried over",
    "gap": "gap",
    "episode": "episode",
    "window": "observation window",
    "none": "No supplies",
}
"""What the picture says, in English; a caller may give the same keys in another language."""

ROW = 0.62
"""Height of a bar, in rows."""


@dataclass(frozen=True, slots=True)
class SupplyBar:
    """One supply: its day, days it lasts, days carried into it, days of gap after it."""

    day: date
    duration: float
    carry_over: float = 0.0
    gap: float = 0.0
    medication: str = ""


@dataclass(frozen=True, slots=True)
class EpisodeBar:
    """One treatment episode: its first day and its length in days."""

    start: date
    duration: float


@dataclass(frozen=True, slots=True)
class SupplyHistory:
    """What the picture shows of one patient. ``observation`` has both its ends inside."""

    supplies: tuple[SupplyBar, ...]
    episodes: tuple[EpisodeBar, ...] = ()
    observation: tuple[date, date] | None = None
    rule: EpisodeRule | None = None

    def table(self) -> list[tuple[date, float, float, float, str]]:
        """Return the same numbers as rows: day, duration, carried over, gap, medication."""
        return [(s.day, s.duration, s.carry_over, s.gap, s.medication) for s in self.supplies]


def supply_history(
    history: SupplyHistory, theme: ThemeName = "light", words: Mapping[str, str] = WORDS
) -> Figure:
    """Draw ``history`` on a true time axis: one row per supply, the first on top.

    From the day of each supply: first what is left of the earlier ones, hatched, then its own days,
    solid, then the gap, dashed. Episodes lie in a row of their own beneath; the observation window
    is a band behind everything.
    """
    look = THEMES[theme]
    rows = len(history.supplies) + bool(history.episodes)
    figure = Figure(figsize=(9.0, 1.4 + 0.26 * max(rows, 3)), layout="constrained")
    figure.set_facecolor(look.surface)
    axes = figure.subplots()
    plain(axes, look, words["title"])
    if not history.supplies:
        axes.set_axis_off()
        axes.text(0.5, 0.5, words["none"], transform=axes.transAxes, ha="center", color=look.ink)
        return figure
    for row, supply in enumerate(history.supplies):
        _bar(axes, row, supply, look, words)
    axes.set_yticks(range(len(history.supplies)), [s.medication for s in history.supplies])
    if history.episodes:
        _episodes(axes, len(history.supplies), history.episodes, look, words)
    if history.observation is not None:
        first, last = (float(AXIS.date2num(day)) for day in history.observation)
        axes.axvspan(first, last, color=look.brand_tint, zorder=0, label=words["window"])
        for edge in (first, last):
            axes.axvline(edge, color=look.ink_soft, linewidth=0.8, zorder=1)
    axes.invert_yaxis()
    locator = AXIS.AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(AXIS.ConciseDateFormatter(locator))
    legend(axes, look)
    return figure


def _bar(axes: Axes, row: int, supply: SupplyBar, look: Theme, words: Mapping[str, str]) -> None:
    start = float(AXIS.date2num(supply.day))
    parts = (
        ("carry", supply.carry_over, look.brand_tint, "////", "-"),
        ("supply", supply.duration, look.state[Status.DONE], "", "-"),
        ("gap", supply.gap, look.surface, "", "--"),
    )
    for key, days, colour, hatch, line in parts:
        if days <= 0:
            continue
        edge = look.state[Status.MISSED] if key == "gap" else look.ink_soft
        axes.barh(
            row,
            days,
            left=start,
            height=ROW,
            color=colour,
            hatch=hatch,
            edgecolor=edge,
            linestyle=line,
            linewidth=0.8,
            zorder=2,
            label=words[key],
        )
        start += days


def _episodes(
    axes: Axes,
    row: int,
    episodes: Sequence[EpisodeBar],
    look: Theme,
    words: Mapping[str, str],
) -> None:
    for number, episode in enumerate(episodes, 1):
        start = float(AXIS.date2num(episode.start))
        axes.barh(
            row,
            episode.duration,
            left=start,
            height=ROW,
            color=look.thread_tint,
            edgecolor=look.thread_ink,
            zorder=2,
            label=words["episode"],
        )
        axes.text(start, row, f" {number}", va="center", color=look.thread_ink, zorder=3)


def plain(axes: Axes, look: Theme, title: str) -> None:
    """Give ``axes`` the colours of ``look`` and only the lines a reader needs."""
    axes.set_facecolor(look.surface)
    axes.set_title(title, loc="left", color=look.ink)
    axes.tick_params(colors=look.ink_soft)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(look.line_strong)
    axes.grid(axis="x", color=look.line_strong, linewidth=0.5, linestyle=(0, (1, 4)), zorder=0)
    axes.set_axisbelow(True)


def legend(axes: Axes, look: Theme) -> None:
    """Name each kind of mark once, beneath the picture."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if once:
        axes.legend(
            once.values(),
            once.keys(),
            loc="upper center",
            bbox_to_anchor=(0.5, -0.12),
            ncols=min(5, len(once)),
            frameon=False,
            labelcolor=look.ink,
        )
