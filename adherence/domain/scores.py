"""Scores over several goals: goal attainment scaling (GAS)."""

from collections.abc import Sequence
from math import sqrt

from adherence.domain.errors import InvalidInput

GAS_LEVELS = (-2, 2)
# The expected correlation between goals, by convention (Kiresuk & Sherman 1968).
GAS_CORRELATION = 0.3


def gas_t(
    levels: Sequence[float | None],
    weights: Sequence[float] | None = None,
    r: float = GAS_CORRELATION,
) -> float | None:
    """The GAS T-score of attained levels: 50 when every goal was attained as expected.

    T = 50 + 10 sum(w x) / sqrt((1 - r) sum(w^2) + r (sum w)^2), with x from -2 to +2. A level that
    is None was not rated: the goal is left out with its weight; None when no goal was rated.
    Without weights, or with all of them zero, each goal weighs 1. Raises ``InvalidInput`` for
    levels outside the scale, negative weights or another number of them than of levels.

    Source: the corrected formula of Turner-Stokes 2009, doi:10.1177/0269215508101742 (the article's
    first print had it wrong; see its erratum).

    >>> gas_t([0, 0, 0])
    50.0
    """
    if weights is None:
        weights = [1.0] * len(levels)
    if len(weights) != len(levels) or any(weight < 0 for weight in weights):
        raise InvalidInput("weights")
    if not 0 <= r <= 1:
        raise InvalidInput("r", "out_of_range")
    rated = [(x, w) for x, w in zip(levels, weights, strict=True) if x is not None]
    if not all(GAS_LEVELS[0] <= level <= GAS_LEVELS[1] for level, _ in rated):
        raise InvalidInput("levels", "out_of_range")
    if not rated:
        return None
    if not any(weight for _, weight in rated):
        rated = [(level, 1.0) for level, _ in rated]
    attained = sum(weight * level for level, weight in rated)
    squares, total = sum(weight**2 for _, weight in rated), sum(weight for _, weight in rated)
    return 50 + 10 * attained / sqrt((1 - r) * squares + r * total**2)
