"""Fifty writers reach one milestone at once: it is awarded once, whoever was first."""

from __future__ import annotations

import json
import multiprocessing
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.bench.load import ask, request
from tests.bench.servers import Server
from tests.builders import environment, ward
from tests.faults.oracle import rows

PROCESSES = 5
THREADS = 10

pytestmark = pytest.mark.xdist_group("processes")


def writer(port: int, requests: list[dict[str, Any]], answers: Any) -> None:
    """Send each request from a thread of its own, all at the same moment."""
    gate = threading.Barrier(len(requests))

    def send(one: dict[str, Any]) -> None:
        asked = request(
            "POST", one["path"], body=json.dumps(one["document"]).encode(), headers=one["headers"]
        )
        gate.wait()
        answers.put(ask(port, asked).status)

    threads = [threading.Thread(target=send, args=(one,)) for one in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def race(of: Any, url: str, folder: Path) -> list[int]:
    """The statuses of fifty ratings of one goal, each above its next level, sent at once."""
    phone = of.phones[0]
    path = f"/api/v1/patients/{phone.patient_id}/entries"
    headers = [("Authorization", f"Bearer {phone.token}")]
    requests = [
        {"path": path, "headers": headers, "document": of.rating(0, value=9)}
        for _ in range(PROCESSES * THREADS)
    ]
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    with Server("server", "wsgi:app", folder / "server.log", environment(url)) as server:
        server.wait("/sign-in")
        processes = [
            context.Process(
                target=writer,
                args=(server.port, requests[n * THREADS : (n + 1) * THREADS], answers),
            )
            for n in range(PROCESSES)
        ]
        for process in processes:
            process.start()
        said = [answers.get(timeout=60) for _ in requests]
        for process in processes:
            process.join(30)
    return said


@pytest.mark.postgres
def test_a_milestone_is_awarded_once_however_many_write_at_once(store_url: str, tmp_path: Path):
    of = ward(store_url, patients=1)

    said = race(of, store_url, tmp_path)

    engine = sa.create_engine(store_url)
    awarded = rows(engine, "SELECT kind, level, count(*) AS n FROM milestone GROUP BY kind, level")
    notices = rows(
        engine,
        "SELECT subject, level, count(*) AS n FROM notice WHERE kind = 'milestone'"
        " GROUP BY subject, level",
    )
    entries = rows(engine, "SELECT count(*) AS n FROM entry")[0].n
    engine.dispose()
    assert said == [201] * (PROCESSES * THREADS)
    assert entries == PROCESSES * THREADS
    assert awarded, "the rating reached no milestone"
    assert {row.n for row in awarded} == {1}
    assert {row.n for row in notices} == {1}
