"""The golden staircase: from where a goal began to where it leads, one stitch per step."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, TOP, FOOT, RISE = 306.0, 16.0, 100.0, 72.0
"""The drawing's own units: a box of 320 by 100, the last step ends at a door."""

MOST_STEPS = 20
"""Beyond this many single steps a staircase is drawn with ``COARSE`` equal ones."""
COARSE = 10


@dataclass(frozen=True, slots=True)
class Stairs:
    """The four paths of one staircase, ready for an SVG of 320 by 100 units."""

    done: str
    left: str
    end: str
    bead: str


def step_counts(baseline: float, target: float, current: float | None) -> tuple[int, int]:
    """Return (steps in all, steps behind the person).

    A measure that counts up in whole numbers has its own steps; every other way, also one that
    leads down, has as many steps as whole units between start and target, or ten equal ones.
    Falling below the start leaves no step; passing the target leaves all of them.
    """
    upward = target > baseline >= 0
    length = target if upward else abs(target - baseline)
    whole = float(length).is_integer() and float(baseline).is_integer()
    steps = int(length) if whole and 2 <= length <= MOST_STEPS else COARSE
    if current is None:
        return steps, 0
    way = current / target if upward else (current - baseline) / (target - baseline)
    return steps, max(0, min(steps, int(way * steps + 1e-9)))


def stairs(steps: int, done: int) -> Stairs:
    """Return the staircase of ``steps`` with the first ``done`` of them climbed (0 to steps)."""
    wide, high = WIDTH / steps, RISE / steps
    first = FOOT - 12
    stitch = f"v-{high:.2f}h{wide:.2f}"
    x, y = done * wide, first - done * high
    return Stairs(
        done=f"M0 {FOOT:g}v-12" + stitch * done,
        left=f"M{x:.2f} {y:.2f}" + stitch * (steps - done) + "h14",
        end=f"M{WIDTH + 1:g} {TOP:g}v-13h13v13",
        bead=f"M{x:.2f} {y:.2f}h0",
    )
