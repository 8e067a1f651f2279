"""``python -m tests.bench.measures``: what the measures cost, file to file, interpreter included.

The reference's example (100 patients, 1,080 supplies) is repeated under new ids. Each case is one
process of the command; its CPU seconds and peak memory come from the system, the best of
``--repeat`` runs counts.
A first run, beside them, makes the text of its question where none was kept.
``--million`` adds a million patients.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

SUPPLIES = Path(__file__).parents[3] / "shared" / "truth" / "supplies" / "data_med_events.csv"
WINDOWS = ["--follow-up-duration", "730", "--observation-start", "182"]
WINDOWS += ["--observation-duration", "365"]
CASES: dict[str, list[str]] = {
    "CMA7": ["cma", "--measure", "CMA7", *WINDOWS],
    "CMA9": ["cma", "--measure", "CMA9", *WINDOWS],
    "all nine": ["cma", "--measure", "all", *WINDOWS],
    "CMA7, medication and dose": [
        *("cma", "--measure", "CMA7", *WINDOWS),
        *("--carry-only-for-same-medication", "--consider-dosage-change"),
    ],
    "CMA7 per episode": ["cma", "--measure", "CMA7", *WINDOWS, "--per-episode"],
    "CMA7, 10 sliding windows": [
        *("cma", "--measure", "CMA7", *WINDOWS),
        *("--sliding-duration", "90", "--sliding-step", "30"),
    ],
    "episodes": ["episodes"],
    "persistence": ["persistence"],
}
LIMITS = {
    ("CMA7", 100_000, "csv"): 2.0,
    ("CMA9", 100_000, "csv"): 2.5,
    ("all nine", 100_000, "csv"): 4.0,
    ("CMA7", 1_000_000, "csv"): 15.0,
    ("CMA7", 1_000_000, "parquet"): 12.0,
}
"""CPU seconds that are promised; memory under 500 MB for 100,000 patients."""


@dataclass(frozen=True)
class Cost:
    """One run: CPU seconds of the process, seconds on the clock, peak memory in MB."""

    cpu: float
    wall: float
    megabytes: float


def supplies(folder: Path, patients: int) -> None:
    """Write ``{patients}.csv`` and ``{patients}.parquet``."""
    import duckdb

    run = duckdb.connect()
    query = (
        "SELECT printf('p%07d', n * 100 + PATIENT_ID) AS patient_id, DATE_ISO::DATE AS date,"
        " DURATION AS duration, PERDAY AS daily_dose, CATEGORY AS medication"
        f" FROM read_csv('{SUPPLIES}'), range({patients // 100}) AS t (n) ORDER BY n"
    )
    run.execute(f"COPY ({query}) TO '{folder / str(patients)}.csv' (HEADER)")
    run.execute(f"COPY ({query}) TO '{folder / str(patients)}.parquet' (FORMAT parquet)")


def cost(words: list[str], source: Path) -> Cost:
    """Run the command once and ask the system what it took."""
    target = source.with_name("result.csv")
    command = [sys.executable, "-m", "adherence", *words, "--quiet"]
    command += ["--input", str(source), "--output", str(target)]
    began = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, dict(os.environ))
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def report(source: Path, patients: int, name: str, words: list[str], repeat: int) -> None:
    """Print the line of one case."""
    runs = [cost(words, source) for _ in range(repeat + 1)]
    first, best = runs[0], min(runs[1:], key=lambda one: one.cpu)
    limit = LIMITS.get((name, patients, source.suffix[1:]))
    promised = (
        ""
        if limit is None
        else f"  promised {limit:g}: {'held' if best.cpu <= limit else 'MISSED'}"
    )
    print(
        f"{patients:>9,} {source.suffix[1:]:8} {name:26} CPU {best.cpu:6.2f} s"
        f"  wall {best.wall:6.2f} s  {best.megabytes:5.0f} MB"
        f"  (first run {first.cpu:.2f} s){promised}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--million", action="store_true")
    given = parser.parse_args()
    if not SUPPLIES.is_file():
        raise SystemExit(f"needs {SUPPLIES}")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, DuckDB {version('duckdb')}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        for patients in (10_000, 100_000, *((1_000_000,) if given.million else ())):
            # In a process of its own: what this one once used would count as its children's peak.
            making = get_context("spawn").Process(target=supplies, args=(folder, patients))
            making.start()
            making.join()
            for suffix in ("csv", "parquet"):
                source = folder / f"{patients}.{suffix}"
                for case, words in CASES.items():
                    if suffix == "csv" or case == "CMA7":
                        report(source, patients, case, words, given.repeat)
            for suffix in ("csv", "parquet"):
                (folder / f"{patients}.{suffix}").unlink()


if __name__ == "__main__":
    main()
