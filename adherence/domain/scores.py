"""Scores over several goals: goal attainment scaling (GAS)."""

from collections.abc import Sequence
from math import sqrt

from adherence.domain.errors import InvalidInput

GAS_LEVELS = (-2, 2)
# The expected correlation between goals, by convention (Kiresuk & Sherman 1968).
GAS_CORRELATION = 0.3


def gas_t(
    levels: Sequence[float],
    weights: Sequence[float] | None = None,
    r: float = GAS_CORRELATION,
) -> float:
    """The GAS T-score of attained levels: 50 when every goal was attained as expected.

    T = 50 + 10 sum(w x) / sqrt((1 - r) sum(w^2) + r (sum w)^2), with x from -2 to +2. Without
    weights, or with all of them zero, each goal weighs 1. Raises ``InvalidInput`` for no levels,
    levels outside the scale, negative weights or another number of them than of levels.

    Source: the corrected formula of Turner-Stokes 2009, doi:10.1177/0269215508101742 (the article's
    first print had it wrong; see its erratum).

    >>> gas_t([0, 0, 0])
    50.0
    """
    if not levels:
        raise InvalidInput("levels", "required")
    if not all(GAS_LEVELS[0] <= level <= GAS_LEVELS[1] for level in levels):
        raise InvalidInput("levels", "out_of_range")
    if not 0 <= r <= 1:
        raise InvalidInput("r", "out_of_range")
    if weights is None or not any(weights):
        weights = [1.0] * len(levels)
    if len(weights) != len(levels) or any(weight < 0 for weight in weights):
        raise InvalidInput("weights")
    attained = sum(weight * level for weight, level in zip(weights, levels, strict=True))
    squares, total = sum(weight**2 for weight in weights), sum(weights)
    return 50 + 10 * attained / sqrt((1 - r) * squares + r * total**2)
