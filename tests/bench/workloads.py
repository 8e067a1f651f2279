"""What is asked of the servers: documents, batches and pages, as endless streams of requests."""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.bench import references
from tests.bench.load import Request, request

BATCH = 50
NOTE = "a little stiff at first"
REPEATED = 5
"""Of a batch of 50, this many were sent before (10 %)."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Who writes: a patient's address and token, and what may be logged."""

    patient_id: str
    token: str
    activity_ids: Sequence[str]


def document(chance: random.Random, activity_id: str, within: timedelta) -> dict[str, object]:
    """One entry as a phone sends it: six answered fields and a note of 23 characters.

    It was done at a random moment of the last ``within``.
    """
    at = datetime.now(UTC) - timedelta(seconds=chance.randrange(int(within.total_seconds())))
    return {
        "client_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "activity_id": activity_id,
        "status": "done",
        "performed_at": at.isoformat(timespec="seconds"),
        "sets": 3,
        "reps": 10,
        "pain": chance.randrange(11),
        "effort": 4,
        "note": NOTE,
    }


def reference_pens(seed: int, numbers: Iterable[int]) -> list[Pen]:
    """Patients of the minimal application, by their numbers."""
    chance = random.Random(seed)
    activity = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    return [Pen("", references.bearer(number), [activity]) for number in numbers]


def bearer(pen: Pen) -> list[tuple[str, str]]:
    """The header that says who writes."""
    return [("Authorization", f"Bearer {pen.token}")]


class Stream:
    """Requests without end. ``rows`` counts the new entries they carried so far."""

    rows = 0

    def __call__(self, connection: int) -> Request:
        raise NotImplementedError


class SingleEntries(Stream):
    """Single new entries, each by the next pen; ``path`` may name ``{patient}``."""

    def __init__(
        self, pens: Sequence[Pen], path: str, seed: int, within: timedelta = timedelta(hours=6)
    ) -> None:
        self.chance = random.Random(seed)
        self.turn = itertools.cycle(pens)
        self.path = path
        self.within = within

    def __call__(self, connection: int) -> Request:
        pen = next(self.turn)
        one = document(self.chance, self.chance.choice(pen.activity_ids), self.within)
        self.rows += 1
        where = self.path.format(patient=pen.patient_id)
        body = json.dumps(one).encode()
        return request("POST", where, body=body, headers=bearer(pen), expected=[201])


class Batches(Stream):
    """Batches of 50 entries as a phone sends them after days offline, each by the next pen.

    ``repeated`` of them were in the batch before of the same pen, as after an answer that got lost.
    """

    def __init__(self, pens: Sequence[Pen], path: str, seed: int, repeated: int) -> None:
        self.chance = random.Random(seed)
        self.turn = itertools.cycle(pens)
        self.path = path
        self.repeated = repeated
        self.before: dict[str, list[dict[str, object]]] = {}

    def __call__(self, connection: int) -> Request:
        pen = next(self.turn)
        again = self.before.get(pen.token, [])[BATCH - self.repeated :]
        fresh = three_days(self.chance, pen, BATCH - len(again))
        self.before[pen.token] = again + fresh
        self.rows += len(fresh)
        body = json.dumps({"entries": again + fresh}).encode()
        where = self.path.format(patient=pen.patient_id)
        return request("POST", where, body=body, headers=bearer(pen), expected=[200, 201])


def three_days(chance: random.Random, pen: Pen, many: int) -> list[dict[str, object]]:
    """New entries of one pen over three days somewhere in the last month."""
    back = timedelta(days=chance.randrange(27))
    documents = []
    for _ in range(many):
        one = document(chance, chance.choice(pen.activity_ids), timedelta(days=3))
        at = datetime.fromisoformat(str(one["performed_at"])) - back
        documents.append({**one, "performed_at": at.isoformat()})
    return documents


Address = tuple[str, Sequence[tuple[str, str]]]
"""A path and the headers to ask for it with."""


def get(path: str, headers: Sequence[tuple[str, str]], expected: Sequence[int] = (200,)) -> Request:
    """A GET request."""
    return request("GET", path, headers=headers, expected=expected)


class Pages(Stream):
    """GET requests for addresses in turn, again and again."""

    def __init__(self, addresses: Sequence[Address], expected: Sequence[int] = (200,)) -> None:
        made = [get(path, headers, expected) for path, headers in addresses]
        self.turn = itertools.cycle(made)

    def __call__(self, connection: int) -> Request:
        return next(self.turn)
