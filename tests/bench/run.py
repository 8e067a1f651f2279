"""One sitting: servers started, workloads driven in turn, answers counted against plain SQL."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.bench import machine, references, workloads
from tests.bench.samples import Row, Subject, alternate
from tests.bench.servers import ROOT, Server
from tests.postgres import Cluster

SEED = 20260601


@dataclass(frozen=True, slots=True)
class Options:
    """How long and on how much."""

    workloads: tuple[str, ...]
    rounds: int
    seconds: float
    quick: bool
    smoke: bool
    only_references: bool
    postgres: bool
    server: str


class Bench:
    """Everything that runs during one sitting."""

    def __init__(self, folder: Path, stack: ExitStack, options: Options) -> None:
        self.folder = folder
        self.stack = stack
        self.options = options
        self.cluster = stack.enter_context(Cluster(durable=True)) if options.postgres else None
        url = self.new_database("minimal")
        self.minimal_url = url
        self.environment = {references.DATABASE: url}
        self.targets = {
            "echo": "tests.bench.references:echo",
            "minimal": "tests.bench.references:minimal",
        }
        subprocess.run(
            [sys.executable, "-m", "tests.bench.references"],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            check=True,
        )
        self.echo = self.serve("echo", "tests.bench.references:echo()")
        self.minimal = self.serve("minimal", "tests.bench.references:minimal()")
        self.seeds = itertools.count()
        self.streams: list[tuple[str, workloads.Stream]] = []

    def new_database(self, name: str) -> str:
        """The address of a new, empty database of the kind asked for."""
        if self.cluster is None:
            return f"sqlite:///{self.folder / name}.sqlite"
        engine = sa.create_engine(self.cluster.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
        engine.dispose()
        return self.cluster.url(name)

    def serve(self, name: str, target: str) -> Server:
        """A running server of ``target``."""
        log = self.folder / f"{name}.log"
        server = Server(name, target, log, self.environment, self.options.server)
        self.stack.callback(server.stop)
        server.wait("/health")
        return server

    def seed(self) -> int:
        """A seed for one stream, so that no two streams make the same ids."""
        return SEED + next(self.seeds)

    def database_cpu(self) -> Callable[[], float]:
        """CPU seconds of the database server so far; 0 where the database lives in the server."""
        cluster = self.cluster
        if cluster is None:
            return lambda: 0.0
        return lambda: machine.cpu_seconds(cluster.process.pid)

    def subject(self, name: str, server: Server, following: workloads.Stream) -> Subject:
        """A server under one stream of requests."""
        self.streams.append((name, following))
        return Subject(name, server, following, self.database_cpu())

    def turns(
        self, workload: str, data: str, subjects: list[Subject], connections: int
    ) -> list[Row]:
        """Rows of the subjects measured in turn, beside ``minimal`` where it is one of them."""
        return alternate(
            workload,
            data,
            subjects,
            connections=connections,
            rounds=self.options.rounds,
            seconds=self.options.seconds,
            yardstick="minimal",
        )

    def tables(self) -> Iterator[list[Row]]:
        """The rows of each workload as they come."""
        for workload in self.options.workloads:
            if rows := getattr(self, workload.lower(), list)():
                yield rows

    def w1(self) -> list[Row]:
        """Log one entry."""
        pens = workloads.reference_pens(SEED)
        rows = []
        for connections in (1, 4, 8):
            subjects = [
                self.subject(name, server, workloads.SingleEntries(pens, "/entries", self.seed()))
                for name, server in (("echo", self.echo), ("minimal", self.minimal))
            ]
            rows += self.turns("W1", "", subjects, connections)
        return rows

    def w2(self) -> list[Row]:
        """Send 50 entries at once; the yardstick's are all new, the product's repeat five."""
        pens = workloads.reference_pens(SEED)
        batches = workloads.Batches(pens, "/batch", self.seed(), repeated=0)
        return self.turns("W2", "", [self.subject("minimal", self.minimal, batches)], 2)

    def wrong(self) -> list[str]:
        """What does not add up between answers and rows."""
        engine = sa.create_engine(self.minimal_url)
        with engine.connect() as connection:
            stored = connection.execute(sa.text("SELECT count(*) FROM entry")).scalar_one()
        engine.dispose()
        expected = sum(stream.rows for name, stream in self.streams if name == "minimal")
        return [] if stored == expected else [f"minimal holds {stored} entries, not {expected}"]
