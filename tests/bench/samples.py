"""One measured run and a table of many: alternating subjects, medians and ranges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench import machine
from tests.bench.load import Drive, Request, drive
from tests.bench.servers import Server

WARM_UP = 0.3
"""Warm-up as a share of a run's seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run. CPU is milliseconds of server and database per answer; ``foreign`` is cores."""

    cpu_ms: float
    database_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float
    foreign: float
    stolen: float
    answers: int

    @property
    def all_cpu_ms(self) -> float:
        """Server and database together."""
        return self.cpu_ms + self.database_ms


@dataclass(slots=True)
class Subject:
    """Something to put load on: a server, what to ask it, and how much its database worked."""

    name: str
    server: Server
    following: Callable[[int], Request]
    database_cpu: Callable[[], float] = lambda: 0.0
    samples: list[Sample] = field(default_factory=list)

    def measure(self, connections: int, seconds: float) -> Sample:
        """One run after its warm-up.

        Raises:
            AssertionError: an answer had a status that the workload does not expect.
        """
        self.right(
            drive(
                self.server.port, self.following, connections=connections, seconds=seconds * WARM_UP
            )
        )
        busy, stolen = machine.busy_seconds()
        server, database = self.server.cpu_seconds(), self.database_cpu()
        seen = self.right(
            drive(self.server.port, self.following, connections=connections, seconds=seconds)
        )
        server, database = self.server.cpu_seconds() - server, self.database_cpu() - database
        busy_after, stolen_after = machine.busy_seconds()
        answers = len(seen.latencies)
        sample = Sample(
            cpu_ms=1000 * server / answers,
            database_ms=1000 * database / answers,
            per_second=seen.per_second,
            p50_ms=seen.quantile(0.50),
            p99_ms=seen.quantile(0.99),
            foreign=max(0.0, busy_after - busy - server - database - seen.client_cpu)
            / seen.seconds,
            stolen=(stolen_after - stolen) / seen.seconds,
            answers=answers,
        )
        self.samples.append(sample)
        return sample

    def right(self, seen: Drive) -> Drive:
        """``seen`` itself, when every answer had a status the workload expects."""
        if seen.wrong:
            said = self.server.log.read_text()[-2000:]
            raise AssertionError(f"{self.name}: {seen.statuses}, {seen.wrong[0]}\n{said}")
        return seen


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a workload on one subject, all its runs."""

    workload: str
    data: str
    subject: str
    connections: int
    samples: Sequence[Sample]
    pss_mib: float
    yardstick: "Row | None" = None

    @property
    def cpu_ms(self) -> float:
        """Median CPU per answer, server and database together."""
        return median(one.all_cpu_ms for one in self.samples)

    @property
    def ratio(self) -> float | None:
        """CPU beside the yardstick of the same rounds; None without one.

        The median over rounds, because two runs that follow each other saw the same noise.
        """
        return None if self.yardstick is None else beside(self, self.yardstick)


def beside(one: Row, other: Row) -> float:
    """How much dearer one row is than another of the same rounds, as ``Row.ratio`` says it."""
    pairs = zip(one.samples, other.samples, strict=True)
    return median(mine.all_cpu_ms / theirs.all_cpu_ms for mine, theirs in pairs)


def alternate(
    workload: str,
    data: str,
    subjects: Sequence[Subject],
    *,
    connections: int,
    rounds: int,
    seconds: float,
    yardstick: str | None = None,
) -> list[Row]:
    """Measure the subjects in turn, A B A B, and return a row for each."""
    for subject in subjects:
        subject.samples = []
    for _ in range(rounds):
        for subject in subjects:
            subject.measure(connections, seconds)
    rows: dict[str, Row] = {}
    ordered = sorted(subjects, key=lambda subject: subject.name != yardstick)
    for subject in ordered:
        rows[subject.name] = Row(
            workload,
            data,
            subject.name,
            connections,
            subject.samples,
            subject.server.pss_mib(),
            rows.get(yardstick) if yardstick and subject.name != yardstick else None,
        )
    return [rows[subject.name] for subject in subjects]


def spread(values: Sequence[float], digits: int) -> str:
    """Median and range of ``values``."""
    low, high = min(values), max(values)
    return f"{median(values):.{digits}f} ({low:.{digits}f}..{high:.{digits}f})"


def table(rows: Sequence[Row]) -> str:
    """The rows as text with columns in line."""
    head = ["workload", "data", "subject", "conns", "CPU ms", "of which db", "ratio"]
    head += ["req/s", "p50 ms", "p99 ms", "PSS MiB", "foreign", "stolen"]
    lines = [head]
    for row in rows:
        of = row.samples
        lines.append(
            [
                row.workload,
                row.data,
                row.subject,
                str(row.connections),
                spread([one.all_cpu_ms for one in of], 2),
                f"{median(one.database_ms for one in of):.2f}",
                "" if row.ratio is None else f"{row.ratio:.2f}",
                spread([one.per_second for one in of], 0),
                spread([one.p50_ms for one in of], 1),
                spread([one.p99_ms for one in of], 1),
                f"{row.pss_mib:.0f}",
                f"{median(one.foreign for one in of):.2f}",
                f"{median(one.stolen for one in of):.2f}",
            ]
        )
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells with each column as wide as its widest cell."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
