"""``python -m tests.bench``: one table of CPU, throughput, latency and memory, W1 to W5.

Beside the product, in the same run and in turn with it, stand two references: ``echo``, a bare
Flask JSON echo, and ``minimal``, the insert anybody would write first, as durable as the product.
CPU is user + system milliseconds of the whole server tree, and of the database, per answer: the
stable figure. ``ratio`` is CPU beside ``minimal`` in the same rounds; ``foreign`` is cores kept
busy by others, ``stolen`` cores the host took: distrust a row where they are not near 0.
"""

import argparse
import platform
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench.footprint import footprints
from tests.bench.run import Bench, Options
from tests.bench.samples import table

WORKLOADS = ("W1", "W2", "W3", "W4", "W5")


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--workload", choices=WORKLOADS, action="append", help="repeatable")
    parser.add_argument("--quick", action="store_true", help="short runs on little data")
    parser.add_argument("--smoke", action="store_true", help="only see that everything runs")
    parser.add_argument("--rounds", type=int, help="runs of each subject, in turn")
    parser.add_argument("--seconds", type=float, help="length of one run")
    parser.add_argument("--references", action="store_true", help="only the two references")
    parser.add_argument(
        "--all-entries",
        action="store_true",
        help="entries beneath everybody in the large clinics of W5: 17 GB",
    )
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server of its own")
    parser.add_argument("--server", choices=("gunicorn", "waitress"), default="gunicorn")
    parser.add_argument("--folder", type=Path, help="where the databases lie, for space")
    return parser.parse_args()


def options(asked: argparse.Namespace) -> Options:
    """Rounds, seconds and sizes of what was asked for."""
    if asked.smoke:
        rounds, seconds = 1, 0.4
    elif asked.quick:
        rounds, seconds = 3, 2.0
    else:
        rounds, seconds = 5, 6.0
    return Options(
        workloads=tuple(asked.workload or WORKLOADS),
        rounds=asked.rounds or rounds,
        seconds=asked.seconds or seconds,
        quick=asked.quick or asked.smoke,
        smoke=asked.smoke,
        only_references=asked.references,
        all_entries=asked.all_entries,
        postgres=asked.postgres,
        server=asked.server,
    )


def main() -> int:
    """Run the workloads asked for, print the tables; 1 when an answer was wrong."""
    asked = arguments()
    # Servers are stopped on the way out, however the way out is taken.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    started = time.monotonic()
    wanted = options(asked)
    print(f"Python {platform.python_version()}, {platform.machine()}, {sys.executable}")
    print(f"{wanted.rounds} rounds of {wanted.seconds:g} s in turn; median (range)\n", flush=True)
    place = tempfile.TemporaryDirectory(prefix="adherence-bench-", dir=asked.folder)
    with place as name, ExitStack() as stack:
        bench = Bench(Path(name), stack, wanted)
        for rows in bench.tables():
            print(table(rows), end="\n\n", flush=True)
        print(footprints(bench.targets, bench.environment, 1 if wanted.smoke else 5))
        for reach in bench.reached:
            print(reach)
        wrong = bench.wrong()
    print(f"\n{time.monotonic() - started:.0f} s")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
