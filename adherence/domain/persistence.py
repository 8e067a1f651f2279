"""Persistence: how long treatment lasts, and the share of people whose treatment still lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt

from adherence.domain.errors import InvalidInput

HOLIDAY_DAYS = 3
"""Days without any dose that make a drug holiday: customary, not verified; a parameter."""

NORMAL_95 = 1.959963984540054
"""The normal deviate of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Point:
    """The persistence curve from ``day`` on, until the next point.

    ``share`` of people whose treatment has not ended by ``day``; ``lower`` and ``upper`` bound it
    at 95 %; None where the interval has no value (nobody ended yet, or everybody has). Of those
    ``at_risk``, ``ended`` ended on that day and ``censored`` were last seen on it.
    """

    day: float
    at_risk: int
    ended: int
    share: float
    lower: float | None
    upper: float | None
    censored: int = 0

    @property
    def reason(self) -> str | None:
        """Why the interval has no value; None where it has one."""
        if self.lower is not None:
            return None
        return NOBODY_ENDED if self.share == 1 else EVERYBODY_ENDED


NOBODY_ENDED = "no interval: nobody's treatment had ended"
EVERYBODY_ENDED = "no interval: everybody's treatment had ended"


def persistence(spans: Iterable[tuple[float, bool]]) -> list[Point]:
    """Return the Kaplan-Meier curve of ``spans``: days of treatment, and whether it ended then.

    A span that did not end was still going on when it was last seen (censored). Where some end and
    others are censored on one day, the censored ones were still at risk. One point per day on which
    something happened, day 0 first. The interval is Greenwood's on the log-log scale. No spans give
    no points. Raises ``InvalidInput`` for a negative or missing number of days.

    Source: Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452; Kalbfleisch and Prentice,
    The Statistical Analysis of Failure Time Data, section 1.4 (interval).
    """
    spans = list(spans)
    if any(not days >= 0 for days, _ in spans):
        raise InvalidInput("spans", "negative")
    if not spans:
        return []
    ended = Counter(days for days, over in spans if over)
    left = Counter(days for days, _ in spans)
    at_risk, share, variance = len(spans), 1.0, 0.0
    points = [] if 0 in left else [Point(0, at_risk, 0, 1.0, None, None)]
    for day in sorted(left):
        ends = ended[day]
        share *= 1 - ends / at_risk
        if ends < at_risk:
            variance += ends / (at_risk * (at_risk - ends))
        lower, upper = _interval(share, variance)
        points.append(Point(day, at_risk, ends, share, lower, upper, left[day] - ends))
        at_risk -= left[day]
    return points


def _interval(share: float, variance: float) -> tuple[float | None, float | None]:
    if not 0 < share < 1:
        return None, None
    spread = NORMAL_95 * sqrt(variance) / log(share)
    bounds = share ** exp(-spread), share ** exp(spread)
    return min(bounds), max(bounds)


def at(points: Sequence[Point], day: float) -> Point | None:
    """Return the point that holds on ``day``; None if nobody was still observed then."""
    if not points or day > points[-1].day:
        return None
    return next((point for point in reversed(points) if point.day <= day), None)


def at_risk(points: Sequence[Point], day: float) -> int:
    """Return how many were still observed and on treatment just before ``day``."""
    following = next((point for point in points if point.day >= day), None)
    return 0 if following is None else following.at_risk


def median(points: Sequence[Point]) -> float | None:
    """Return the first day by which treatment ended for half; None if it has not for so many."""
    return next((point.day for point in points if point.share <= 0.5), None)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A run of days on which doses were due and none was taken: the first and the last day."""

    first: date
    last: date
    days: int


def drug_holidays(
    days: Iterable[tuple[date, int, int]], at_least: int = HOLIDAY_DAYS
) -> list[Holiday] | None:
    """Return the drug holidays in ``days``: day, doses due, doses taken; in order of the day.

    Only days with a dose due count; days without (pauses, days not monitored, nothing planned)
    neither break a run nor lengthen it. Doses nobody reported on are to be left out by the caller
    where "not reported" is not to read as "not taken". None when no dose was due.
    """
    run: list[date] = []
    found: list[Holiday] = []
    any_due = False
    for day, due, taken in sorted(days):
        if due <= 0:
            continue
        any_due = True
        if taken == 0:
            run.append(day)
            continue
        if len(run) >= at_least:
            found.append(Holiday(run[0], run[-1], len(run)))
        if run:
            run = []
    if len(run) >= at_least:
        found.append(Holiday(run[0], run[-1], len(run)))
    return found if any_due else None
