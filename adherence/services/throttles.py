"""Throttles: how often something was tried, counted for all processes in the database.

Whom a counter is about is hashed, so the table names nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adherence.services.keys import keyed
from adherence.store import buckets as table
from adherence.store.db import Run, write


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter: at most ``most`` until the second ``slot``."""

    key: bytes
    slot: int
    most: int


def counter(name: str, who: str, most: int, seconds: int, now: datetime) -> Counter:
    """The counter of one limit for one address, account or session, in the window of ``now``."""
    second = int(now.timestamp())
    return Counter(keyed("bucket", name, who)[0], second - second % seconds + seconds, most)


def count(counters: Sequence[Counter], now: datetime) -> int | None:
    """Count one more try in each; None while all allow it, else the seconds to wait.

    A try that one counter refuses is not counted by those after it, so that whoever is stopped at
    an address uses nothing up of the account's own allowance.
    """

    def work(run: Run) -> int | None:
        statement = table.count[run.dialect.name]
        for one in counters:
            if run.value(statement, key=one.key, slot=one.slot) > one.most:
                return one.slot
        return None

    slot = write(work)
    return None if slot is None else max(1, slot - int(now.timestamp()))


def forgive(counters: Sequence[Counter]) -> None:
    """Take back what was counted: it was the right person after all."""

    def work(run: Run) -> None:
        for one in counters:
            run.do(table.forgive, key=one.key, slot=one.slot)

    write(work)
