"""Outbox: lines handed to whoever wants to know, at least once, by a lease that a dead worker
loses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from adherence.store import outbox as table
from adherence.store.db import Run, read, write

#: How long a worker may take over the lines it claimed.
LEASE = timedelta(seconds=60)
LINES = 100
#: The wait after the first failure; it doubles up to the longest.
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to hand over: ids only."""

    id: UUID
    clinic_id: UUID
    patient_id: UUID
    topic: str
    subject_id: UUID
    tries: int


def hand_over(subscribers: Mapping[str, Callable[[Line], None]], now: datetime) -> tuple[int, int]:
    """Hand over what waits, each line once or more; (lines handed over, lines put back).

    A line of a topic nobody subscribes to is handed over to nobody, and done.
    """
    rows = write(
        lambda run: run.all(table.lease_outbox, at=now, many=LINES, lease_until=now + LEASE)
    )
    done: list[UUID] = []
    failed: list[tuple[UUID, datetime]] = []
    for row in rows:
        line = Line(row.id, row.clinic_id, row.patient_id, row.topic, row.subject_id, row.tries)
        subscriber = subscribers.get(line.topic)
        try:
            if subscriber is not None:
                subscriber(line)
        except Exception:
            wait = min(FIRST_WAIT * 2 ** min(line.tries, 12), LONGEST_WAIT)
            failed.append((line.id, now + wait))
        else:
            done.append(line.id)
    if rows:

        def settle(run: Run) -> None:
            run.do_many(table.hand_over, [{"outbox_id": one, "at": now} for one in done])
            run.do_many(
                table.put_back, [{"outbox_id": one, "again_at": again} for one, again in failed]
            )

        write(settle)
    return len(done), len(failed)


def waiting() -> tuple[int, datetime | None]:
    """How many lines wait, and since when the oldest does."""
    with read() as run:
        row = run.first(table.oldest_waiting)
    assert row is not None
    return row.waiting, row.since
