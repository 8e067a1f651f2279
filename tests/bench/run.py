"""One sitting: servers started, workloads driven in turn, answers counted against plain SQL."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from adherence.store.data_keys import Keyring
from tests.bench import machine, references, workloads
from tests.bench.load import Answer, drive
from tests.bench.samples import Row, Sample, Subject, alternate, beside
from tests.bench.servers import ROOT, Server
from tests.bench.workloads import Address, Pen
from tests.builders import SECRET, SYMPTOMS
from tests.postgres import Cluster

if TYPE_CHECKING:
    from tests.bench.world import Group, Person, Population

SEED = 20260601
MINIMAL = "minimal"
UNITS = "unit of work"
OURS = "adherence"
DEPTHS = {"90 days": 90, "2 years": 730, "5 years": 1826}
WRITERS = 300
"""Patients who write by turns, so that a process has met each of them."""
SHOWN = 10
"""How many people of a clinic look at pages; they log nothing, so that theirs stay as they were."""
FLAT = 1.10
"""Cost at five years beside the cost at 90 days that still counts as flat."""
CHARTS = ("adherence", "symptom", "goal", "doses")
CHECKED = 3
"""People of each clinic whose figures are compared with a computation from scratch."""
WHOLE = 20
"""Patients of a large clinic who have entries beneath their day sums; W5 reads none."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long and on how much."""

    workloads: tuple[str, ...]
    rounds: int
    seconds: float
    quick: bool
    smoke: bool
    only_references: bool
    all_entries: bool
    postgres: bool
    server: str


@dataclass(frozen=True, slots=True)
class Reach:
    """A figure to reach, and what was measured."""

    what: str
    measured: float
    at_most: float

    def __str__(self) -> str:
        verdict = "reached" if self.measured <= self.at_most else "MISSED"
        return f"{verdict:8} {self.what}: {self.measured:.2f}, at most {self.at_most:g}"


class Bench:
    """Everything that runs during one sitting."""

    def __init__(self, folder: Path, stack: ExitStack, options: Options) -> None:
        self.folder = folder
        self.stack = stack
        self.options = options
        self.seeds = itertools.count()
        self.streams: list[tuple[str, workloads.Stream]] = []
        self.reached: list[Reach] = []
        self.faults: list[str] = []
        self.cluster = stack.enter_context(Cluster(durable=True)) if options.postgres else None
        self.minimal_url = self.new_database("minimal")
        self.environment = {references.DATABASE: self.minimal_url}
        self.targets = {
            "echo": "tests.bench.references:echo",
            MINIMAL: "tests.bench.references:minimal",
        }
        self.run_module("tests.bench.references")
        self.minimal_people = self.minimal_behind = 0
        self.twins: dict[UUID, Pen] = {}
        self.echo = self.serve("echo", "tests.bench.references:echo()")
        self.minimal = self.serve(MINIMAL, "tests.bench.references:minimal()")
        if not options.only_references:
            self.prepare_ours()

    # --- databases and servers -----------------------------------------------------------------

    def new_database(self, name: str) -> str:
        """The address of a new, empty database of the kind asked for."""
        if self.cluster is None:
            return f"sqlite:///{self.folder / name}.sqlite"
        engine = sa.create_engine(self.cluster.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
        engine.dispose()
        return self.cluster.url(name)

    def run_module(self, module: str) -> None:
        """Run a module of ours to its end."""
        command = [sys.executable, "-m", module]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **self.environment}, check=True)

    def serve(self, name: str, target: str) -> Server:
        """A running server of ``target``."""
        log = self.folder / f"{name}.log"
        server = Server(name, target, log, self.environment, self.options.server)
        self.stack.callback(server.stop)
        server.wait("/sign-in")
        return server

    def database_cpu(self) -> Callable[[], float]:
        """CPU seconds of the database server so far; 0 where the database lives in the server."""
        cluster = self.cluster
        if cluster is None:
            return lambda: 0.0
        return lambda: machine.cpu_seconds(cluster.process.pid)

    def prepare_ours(self) -> None:
        """The product's database, filled, and its server."""
        from tests import builders

        self.url = self.new_database("adherence_bench")
        builders.migrated(self.url)
        self.environment |= builders.environment(self.url)
        self.targets[OURS] = "adherence.app:create_app"
        self.app = self.stack.enter_context(builders.opened(self.url))
        self.engine = sa.create_engine(self.url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", careless)
        self.stack.callback(self.engine.dispose)
        self.populations: dict[str, Population] = {}
        self.taken: dict[str, int] = {}
        self.ours = self.serve(OURS, "wsgi:app")

    # --- people --------------------------------------------------------------------------------

    def people(self, group: Group) -> Population:
        """The group's clinic, filled when it is first asked for."""
        from tests.bench import world

        if group.name not in self.populations:
            started = time.monotonic()
            found = world.populate(self.engine, group, self.seed())
            wrong = world.differences(found, CHECKED, SEED)
            self.faults += [f"{group.name}: {line}" for line in wrong]
            spent = time.monotonic() - started
            print(
                f"{group.patients} patients, {group.name}: {spent:.0f} s,"
                f" {CHECKED} compared with a rebuild, {len(wrong)} differences",
                flush=True,
            )
            self.populations[group.name] = found
        return self.populations[group.name]

    def depths(self) -> dict[str, Population]:
        """Clinics of patients with eight items a day, by the length of their history."""
        from tests.bench.world import Group

        most = {"90 days": 2000, "2 years": 300, "5 years": 150}
        shown = {"90 days": 90, "1 year": 365} if self.options.quick else DEPTHS
        return {
            name: self.people(Group(name, 12 if self.options.quick else most[name], days))
            for name, days in shown.items()
        }

    def pens_of(self, people: Sequence[Person]) -> list[Pen]:
        """The people as writers."""
        return [
            Pen(str(one.patient_id), one.token, [str(each) for each in one.of.activity_ids])
            for one in people
        ]

    def signed_in(self, account_id: object) -> list[tuple[str, str]]:
        """The header of a browser in which the account has just signed in."""
        from adherence.web.sessions import COOKIE
        from tests.builders import session_of

        secret = session_of(account_id, datetime.now(UTC))  # type: ignore[arg-type]
        return [("Cookie", f"{COOKIE}={secret}")]

    def patient_pages(self, population: Population, *paths: str) -> workloads.Pages:
        """Pages as the first of the people see them, each signed in."""
        addresses: list[Address] = []
        for one in population.people[:SHOWN]:
            headers = self.signed_in(one.account_id)
            addresses += [(path, headers) for path in paths]
        return workloads.Pages(addresses)

    # --- measuring -----------------------------------------------------------------------------

    def seed(self) -> int:
        """A seed for one stream, so that no two streams make the same ids."""
        return SEED + 1000 * next(self.seeds)

    def subject(self, name: str, server: Server, following: workloads.Stream) -> Subject:
        """A server under one stream of requests."""
        self.streams.append((server.name, following))
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
            yardstick=MINIMAL,
        )

    def reach(self, what: str, measured: float | None, at_most: float) -> None:
        """Note how a figure to reach came out."""
        if measured is not None:
            self.reached.append(Reach(what, measured, at_most))

    def flat(self, workload: str, rows: Sequence[Row]) -> None:
        """Note whether the cost is the same on the shortest and on the longest history."""
        if not self.options.quick:
            first, last = rows[0], rows[-1]
            self.reach(
                f"{workload} {last.subject} beside {first.subject}", beside(last, first), FLAT
            )

    def tables(self) -> Iterator[list[Row]]:
        """The rows of each workload as they come."""
        for workload in self.options.workloads:
            if rows := getattr(self, workload.lower())():
                yield rows

    def w1(self) -> list[Row]:
        """Log one entry: by a few who do little else, and so that each answers something."""
        if self.options.only_references:
            pens = self.nobodys(31, 90)
            return [
                row
                for connections in (1, 4, 8)
                for row in self.turns("W1", "", self.references_of(pens), connections)
            ]
        few = self.thirty_and_one()
        self.add_twins(few)
        first = next(iter(self.depths().values()))
        self.add_twins(first.people)
        rows = self.beside_minimal("30 of 90 entries, 1 of 10,000", lambda: few)
        # Few people's days are soon answered, as those of the thirty are.
        whose = "90 days" if self.options.quick else "90 days, all answer"
        rows += self.beside_minimal(whose, lambda: self.untouched(first, WRITERS))
        stream = self.singles(self.untouched(first, len(first.people)), warm=False)
        subject = self.subject("first touch", self.ours, stream)
        rows.append(self.turns("W1", "90 days", [subject], 4)[0])
        subjects = [
            self.subject(name, self.ours, self.singles(population.people[-100:]))
            for name, population in self.depths().items()
        ]
        measured = self.turns("W1", "", subjects, 4)
        self.flat("W1", measured)
        return rows + measured

    def thirty_and_one(self) -> list[Person]:
        """Thirty people with some ninety entries behind them, and one with ten thousand.

        There are so few of them that what they are asked is soon answered: what else they log is
        one more than was asked.
        """
        from tests.bench.world import Group

        thirty = self.people(Group("14 days", 30, 14))
        *_, longest = self.depths().values()
        return [*thirty.people, longest.people[SHOWN]]

    def references_of(self, pens: Sequence[Pen]) -> list[Subject]:
        """Both references under single entries."""
        return [
            self.subject(name, server, workloads.SingleEntries(pens, "/entries", self.seed()))
            for name, server in (("echo", self.echo), (MINIMAL, self.minimal))
        ]

    def beside_minimal(self, data: str, writers: Callable[[], Sequence[Person]]) -> list[Row]:
        """Single entries by each number of connections, beside the references'."""
        rows = []
        for connections in (1, 4, 8):
            people = writers()
            subjects = self.references_of(self.twins_of(people))
            subjects.append(self.subject(OURS, self.ours, self.singles(people)))
            measured = self.turns("W1", data, subjects, connections)
            what = f"W1 CPU beside minimal, {data}, {connections} connections"
            self.reach(what, measured[-1].ratio, 0.8)
            rows += measured
        p99 = median(one.p99_ms for one in rows[-1].samples)
        self.reach(f"W1 p99 ms, {data}, 8 connections", p99, 60)
        return rows

    def nobodys(self, many: int, behind: int) -> list[Pen]:
        """New patients of the minimal application, each with entries behind."""
        first = self.minimal_people
        self.minimal_people += many
        engine = sa.create_engine(self.minimal_url)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", careless)
        references.add_people(engine, first, many, behind)
        self.minimal_behind += many * behind
        engine.dispose()
        return workloads.reference_pens(SEED, range(first, first + many))

    def add_twins(self, people: Sequence[Person]) -> None:
        """For each of the people a patient of the minimal application with as long a record."""
        for behind in {one.entries for one in people}:
            alike = [one for one in people if one.entries == behind]
            pens = self.nobodys(len(alike), behind)
            self.twins |= {one.patient_id: pen for one, pen in zip(alike, pens, strict=True)}

    def twins_of(self, people: Sequence[Person]) -> list[Pen]:
        """The people's like in the minimal application."""
        return [self.twins[one.patient_id] for one in people]

    def untouched(self, population: Population, most: int) -> list[Person]:
        """The next people who wrote nothing yet, so that nobody's day grows beyond belief.

        The last hundred stay out of it.
        """
        name = population.group.name
        start = self.taken.get(name, 0)
        found = list(
            population.people[start : start + most][: len(population.people) - 100 - start]
        )
        self.taken[name] = start + len(found)
        return found or list(population.people[:most])

    def singles(self, people: Sequence[Person], warm: bool = True) -> workloads.SingleEntries:
        """Single entries by the people; ``warm`` lets every process meet each of them before."""
        path = "/api/v1/patients/{patient}/entries"
        pens = self.pens_of(people)
        if warm:
            pages = workloads.Pages(
                [
                    (f"/api/v1/patients/{pen.patient_id}/today", workloads.bearer(pen))
                    for pen in pens
                ]
            )
            seen = drive(self.ours.port, pages, connections=8, answers=4 * len(pens))
            assert not seen.wrong, seen.wrong[0]
        return workloads.SingleEntries(pens, path, self.seed())

    def w2(self) -> list[Row]:
        """Send 50 entries at once; the yardstick's are all new, the product's repeat five."""
        if self.options.only_references:
            pens = self.nobodys(100, 90)
        else:
            first = next(iter(self.depths().values()))
            if first.people[0].patient_id not in self.twins:
                self.add_twins(first.people)
            pens = self.twins_of(first.people[-100:])
        subjects = [
            self.subject(name, self.minimal, workloads.Batches(pens, path, self.seed(), repeated=0))
            for name, path in ((MINIMAL, "/batch"), (UNITS, "/units"))
        ]
        if not self.options.only_references:
            for name, population in self.depths().items():
                people = population.people[-100:]
                self.singles(people)
                pens = self.pens_of(people)
                path = "/api/v1/patients/{patient}/sync"
                stream = workloads.Batches(pens, path, self.seed(), workloads.REPEATED)
                subjects.append(self.subject(name, self.ours, stream))
        rows = self.turns("W2", "50 entries", subjects, 2)
        if not self.options.only_references:
            _, units, *ours = rows
            self.reach("W2 CPU beside minimal's bulk insert", ours[0].ratio, 0.8)
            self.reach("W2 CPU beside an ORM unit of work", beside(ours[0], units), 0.8)
            self.flat("W2", ours)
        return rows

    def w3(self) -> list[Row]:
        """The patient's Today, the complete page."""
        if self.options.only_references:
            return []
        subjects = [
            self.subject(name, self.ours, self.patient_pages(population, "/today"))
            for name, population in self.depths().items()
        ]
        rows = self.turns("W3", "page", subjects, 4)
        self.reach("W3 CPU ms", rows[0].cpu_ms, 6)
        self.flat("W3", rows)
        return rows

    def w4(self) -> list[Row]:
        """My progress over 90 days; its charts are requests of their own."""
        if self.options.only_references:
            return []
        subjects = [
            self.subject(name, self.ours, self.patient_pages(population, "/progress"))
            for name, population in self.depths().items()
        ]
        cold, after = [], []
        for name, population in self.depths().items():
            people = population.people[-(10 if self.options.quick else 100) :]
            paths = [("/progress", self.signed_in(one.account_id)) for one in people]
            cold.append(replace(self.once("page, first time", paths), data=name))
            writes = self.singles(people)
            self.streams.append((self.ours.name, writes))
            row = self.once("page, after an entry", paths * 4, writes)
            after.append(replace(row, data=name))
        rows = self.turns("W4", "page again", subjects, 4)
        self.reach("W4 page CPU ms, first time", cold[0].cpu_ms, 6)
        self.reach("W4 page CPU ms, again", rows[0].cpu_ms, 6)
        self.reach("W4 page CPU ms, after an entry", after[0].cpu_ms, 6)
        self.flat("W4 page, first time", cold)
        self.flat("W4 page, after an entry", after)
        rows += [*cold, *after]
        for name, population in self.depths().items():
            rows += self.charts(name, population)
        return rows

    def charts(self, name: str, population: Population) -> list[Row]:
        """Charts of one clinic: cold (never drawn before), warm (kept), and asked for by tag."""
        rows = []
        for chart in CHARTS:
            people = population.people[: 10 if self.options.quick else 120]
            paths = [
                (chart_path(chart, one), workloads.bearer(pen))
                for one, pen in zip(people, self.pens_of(people), strict=True)
            ]
            cold = self.once(f"{chart} cold", paths)
            first = self.ours.ask(workloads.get(*paths[0]))
            tag = etag(first)
            subjects = [self.subject(f"{chart} warm", self.ours, workloads.Pages(paths[:10]))]
            if tag:
                headers = [*paths[0][1], ("If-None-Match", tag)]
                again = workloads.Pages([(paths[0][0], headers)], expected=[304])
                subjects.append(self.subject(f"{chart} by tag", self.ours, again))
            warm = self.turns("W4", name, subjects, 2)
            self.reach(f"W4 {chart} cold CPU ms, {name}", cold.cpu_ms, 50)
            self.reach(f"W4 {chart} warm CPU ms, {name}", warm[0].cpu_ms, 2)
            rows += [Row("W4", name, cold.subject, 1, cold.samples, cold.pss_mib), *warm]
        return rows

    def once(
        self, name: str, paths: Sequence[Address], writes: workloads.Stream | None = None
    ) -> Row:
        """Each address asked for once, so that no kept answer helps.

        The first two warm both processes up. Where there are ``writes``, one goes before each
        address and only the address is measured.
        """
        server = self.ours
        for path in (*paths[:2],) * 4:
            server.ask(workloads.get(*path))
        cpu, spent = 0.0, []
        for place, path in enumerate(paths):
            if writes is not None:
                assert server.ask(writes(0)).status == 201
            before, begun = machine.exact_cpu_seconds(server.process.pid), time.perf_counter()
            answer = server.ask(workloads.get(*path))
            seconds = time.perf_counter() - begun
            assert answer.status == 200, (path[0], answer)
            if place >= 2:
                cpu += machine.exact_cpu_seconds(server.process.pid) - before
                spent.append(1000 * seconds)
        ordered = sorted(spent)
        sample = Sample(
            cpu_ms=1000 * cpu / len(spent),
            database_ms=0,
            per_second=1000 * len(spent) / sum(spent),
            p50_ms=median(spent),
            p99_ms=ordered[int(0.99 * (len(ordered) - 1))],
            foreign=0,
            stolen=0,
            answers=len(spent),
        )
        return Row("W4", "", name, 1, [sample], server.pss_mib())

    def w5(self) -> list[Row]:
        """The clinician's list of patients."""
        if self.options.only_references:
            return []
        from tests.bench.world import Group
        from tests.builders import Plans

        four = Plans(exercises=1, doses=2, questions=1)
        if self.options.quick:
            groups = [Group("12 x 20 days", 12, 20, four), Group("50 x 20 days", 50, 20, four)]
        else:
            whole = None if self.options.all_entries else WHOLE
            groups = [
                Group("50 x 2 years", 50, 730, four),
                Group("500 x 2 years", 500, 730, four, whole),
                Group("5000 x 2 years", 5000, 730, four, whole),
                Group("500 x 90 days", 500, 90, four, whole),
                Group("500 x 5 years", 500, 1826, four, whole),
            ]
        subjects = []
        for group in groups:
            therapist = self.people(group).clinic.therapist
            page = workloads.Pages([("/patients", self.signed_in(therapist.account_id))])
            subjects.append(self.subject(group.name, self.ours, page))
        rows = self.turns("W5", "first page", subjects, 4)
        for row in rows:
            self.reach(f"W5 first page CPU ms, {row.subject}", row.cpu_ms, 10)
        if not self.options.quick:
            self.flat("W5", rows[-2:])
        return rows

    # --- after it ------------------------------------------------------------------------------

    def wrong(self) -> list[str]:
        """What does not add up between answers and rows."""
        wrong = list(self.faults)
        engine = sa.create_engine(self.minimal_url)
        with engine.connect() as connection:
            stored = connection.execute(sa.text("SELECT count(*) FROM entry")).scalar_one()
        engine.dispose()
        wrong += self.counted(MINIMAL, stored - self.minimal_behind)
        if not self.options.only_references:
            keyring = Keyring(self.engine, lambda: (SECRET,))
            with self.engine.connect() as connection:
                sealed = connection.execute(
                    sa.text("SELECT note FROM entry WHERE note IS NOT NULL")
                ).scalars()
                stored = sum(keyring.open(note) == workloads.NOTE for note in sealed)
            wrong += self.counted(OURS, stored)
        return wrong

    def counted(self, name: str, stored: int) -> list[str]:
        """Whether a server holds as many entries as it acknowledged."""
        sent = sum(stream.rows for server, stream in self.streams if server == name)
        return [] if stored == sent else [f"{name} holds {stored} entries, acknowledged {sent}"]


def chart_path(chart: str, one: Person) -> str:
    """The address of one of a person's charts."""
    from adherence.web.pictures import key_of

    of = {
        "symptom": key_of(one.patient_id, SYMPTOMS[0]),
        "goal": one.of.goal_ids[0],
        "doses": one.of.dose_id,
    }
    query = f"?of={of[chart]}" if chart in of else ""
    return f"/api/v1/patients/{one.patient_id}/charts/{chart}.svg{query}"


def etag(answer: Answer) -> str | None:
    """The tag an answer carries, None where it has none."""
    for line in answer.head.split(b"\r\n"):
        if line[:5].lower() == b"etag:":
            return line[5:].strip().decode()
    return None


def careless(connection: object, _record: object) -> None:
    """Fill without waiting for the disk; what is measured opens connections of its own."""
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]
    connection.execute("PRAGMA cache_size=-200000")  # type: ignore[attr-defined]
