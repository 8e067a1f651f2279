"""``python -m tests.bench``: one table of CPU, throughput, latency and memory, W1 to W5."""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from tests.bench import references
from tests.bench.load import Request, request
from tests.bench.samples import Row, Subject, alternate, table
from tests.bench.servers import ROOT, Server

WORKLOADS = ("W1", "W2", "W3", "W4", "W5")
SEED = 20260601
BATCH = 50


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--workload", choices=WORKLOADS, action="append", help="one of them; repeatable"
    )
    parser.add_argument("--quick", action="store_true", help="short runs on little data")
    parser.add_argument("--rounds", type=int, help="alternating runs of each subject")
    parser.add_argument("--seconds", type=float, help="length of one run")
    parser.add_argument("--references", action="store_true", help="only the two references")
    parser.add_argument("--server", choices=("gunicorn", "waitress"), default="gunicorn")
    return parser.parse_args()


def document(number: int, activity_id: UUID, at: datetime) -> dict[str, object]:
    """One entry as a phone sends it: six answered fields and a note of 22 characters."""
    return {
        "client_id": str(uuid4()),
        "activity_id": str(activity_id),
        "status": "done",
        "performed_at": at.isoformat(),
        "amounts": {"sets": 3, "reps": 10},
        "pain": number % 11,
        "effort": 4,
        "note": "a little stiff at first",
    }


def reference_entries(seed: int) -> Callable[[int], Request]:
    """Single inserts, each by the next patient of the reference."""
    numbers = itertools.count()
    activity_id = UUID(int=random.Random(seed).getrandbits(128))

    def following(_connection: int) -> Request:
        number = next(numbers)
        body = json.dumps(document(number, activity_id, datetime.now(UTC))).encode()
        token = references.bearer(number % references.TOKENS)
        headers = [("Authorization", f"Bearer {token}")]
        return request("POST", "/entries", body=body, headers=headers, expected=[201])

    return following


def reference_batches(seed: int) -> Callable[[int], Request]:
    """Batches of 50 new entries, each by the next patient of the reference."""
    numbers = itertools.count()
    activity_id = UUID(int=random.Random(seed).getrandbits(128))

    def following(_connection: int) -> Request:
        number = next(numbers)
        now = datetime.now(UTC)
        documents = [document(index, activity_id, now) for index in range(BATCH)]
        token = references.bearer(number % references.TOKENS)
        headers = [("Authorization", f"Bearer {token}")]
        body = json.dumps({"entries": documents}).encode()
        return request("POST", "/batch", body=body, headers=headers, expected=[201])

    return following


def reference_servers(folder: Path, stack: ExitStack, kind: str) -> tuple[Server, Server]:
    """The echo and the minimal application, running."""
    environment = {references.DATABASE: f"sqlite:///{folder / 'minimal.sqlite'}"}
    subprocess.run(
        [sys.executable, "-m", "tests.bench.references"],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
    )
    started = []
    for name in ("echo", "minimal"):
        target = f"tests.bench.references:{name}()"
        server = Server(name, target, folder / f"{name}.log", environment, kind)
        stack.callback(server.stop)
        server.wait("/health")
        started.append(server)
    return started[0], started[1]


def main() -> None:
    """Run the workloads asked for and print the table."""
    asked = arguments()
    rounds = asked.rounds or (2 if asked.quick else 5)
    seconds = asked.seconds or (2.0 if asked.quick else 10.0)
    workloads = asked.workload or WORKLOADS
    rows: list[Row] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="adherence-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        echo, minimal = reference_servers(folder, stack, asked.server)
        if "W1" in workloads:
            for connections in (1, 4, 8):
                subjects = [
                    Subject("echo", echo, reference_entries(SEED)),
                    Subject("minimal", minimal, reference_entries(SEED)),
                ]
                rows += alternate(
                    "W1",
                    "-",
                    subjects,
                    connections=connections,
                    rounds=rounds,
                    seconds=seconds,
                    yardstick="minimal",
                )
        if "W2" in workloads:
            rows += alternate(
                "W2",
                "-",
                [Subject("minimal", minimal, reference_batches(SEED))],
                connections=2,
                rounds=rounds,
                seconds=seconds,
            )
        print(table(rows))
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
