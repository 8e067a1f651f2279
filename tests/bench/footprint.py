"""What a web process costs before its first request: time to import, memory, heavy libraries."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from tests.bench.samples import aligned, spread
from tests.bench.servers import ROOT

HEAVY = ("matplotlib", "numpy", "pandas", "polars", "alembic", "PIL")

PROGRAM = """
import sys, time
started = time.process_time(), time.perf_counter()
from {module} import {factory}
app = {factory}()
spent = time.process_time() - started[0], time.perf_counter() - started[1]
pss = sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line[:4] == "Pss:")
loaded = [name for name in {heavy} if name in sys.modules]
print(*spent, pss / 1024, ",".join(loaded) or "-")
"""


@dataclass(frozen=True, slots=True)
class Footprint:
    """One fresh process until its application stands, and which heavy libraries it loaded."""

    cpu_ms: float
    wall_ms: float
    pss_mib: float
    heavy: str


def footprint(target: str, environment: Mapping[str, str]) -> Footprint:
    """The cost of ``module:factory`` in a process of its own."""
    module, _, factory = target.partition(":")
    program = PROGRAM.format(module=module, factory=factory, heavy=HEAVY)
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    cpu, wall, pss = (float(value) for value in printed[:3])
    return Footprint(1000 * cpu, 1000 * wall, pss, printed[3])


def footprints(targets: Mapping[str, str], environment: Mapping[str, str], times: int) -> str:
    """A table of the targets, each started ``times`` times in turn."""
    seen: dict[str, list[Footprint]] = {name: [] for name in targets}
    for _ in range(times):
        for name, target in targets.items():
            seen[name].append(footprint(target, environment))
    lines = [["process", "import CPU ms", "wall ms", "PSS MiB", "heavy libraries loaded"]]
    for name, found in seen.items():
        lines.append(
            [
                name,
                spread([one.cpu_ms for one in found], 0),
                spread([one.wall_ms for one in found], 0),
                f"{median(one.pss_mib for one in found):.0f}",
                found[0].heavy,
            ]
        )
    return aligned(lines)
