"""kill -9 of the whole server while eight phones write: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.bench.servers import Server
from tests.builders import Ward, checks, environment, ward
from tests.faults.fleet import Journal, Sender
from tests.faults.oracle import findings, recomputed

PHONES = 8
SEED = int(os.environ.get("ADHERENCE_TEST_SEED", "20260601"))

pytestmark = pytest.mark.xdist_group("processes")


def kill_during_writes(
    of: Ward, url: str, folder: Path, kills: int, writes: int, seed: int = SEED
) -> Journal:
    """The journal of phones that wrote while the server was killed ``kills`` times.

    Each kill falls after a random number of acknowledged entries, ``writes`` on average. Half of
    what got no answer is sent again after the restart.
    """
    journal = Journal(seed)
    chance = random.Random(seed)
    for number in range(kills + 1):
        log = folder / "server.log"
        # Every other time the processes part after the import, as with gunicorn --preload.
        preload = number % 2 == 0
        server = Server("server", "wsgi:app", log, environment(url), preload=preload)
        try:
            server.wait("/sign-in")
            enough = journal.acknowledged + chance.randrange(writes // 2, writes * 3 // 2)
            senders = [
                Sender(server.port, of.phones[n % len(of.phones)], journal, seed + 100 * number + n)
                for n in range(PHONES)
            ]
            for sender in senders:
                sender.start()
            until = time.monotonic() + 60
            while journal.acknowledged < enough and any(one.is_alive() for one in senders):
                assert time.monotonic() < until, "the server takes no writes"
                time.sleep(0.002)
            if number == kills:
                # The last round ends in order, so that the rest is answered.
                for sender in senders:
                    sender.ended.set()
            else:
                server.kill()
            for sender in senders:
                sender.join(30)
                assert not sender.refused, sender.refused[0]
        finally:
            server.stop()
    return journal


def judge(url: str, journal: Journal) -> list[object]:
    """Everything that is wrong with the database at ``url``, seen from the journal."""
    engine = sa.create_engine(url)
    try:
        return [*findings(engine, journal.lines), *recomputed(checks(url))]
    finally:
        engine.dispose()


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(store_url: str, tmp_path: Path):
    of = ward(store_url, patients=3)

    journal = kill_during_writes(of, store_url, tmp_path, kills=25, writes=60)

    assert judge(store_url, journal) == []
    assert journal.acknowledged >= 25 * 30
    assert len(journal.lines) > journal.acknowledged, "no kill fell into a write"


@pytest.mark.full
@pytest.mark.postgres
def test_five_hundred_kills_lose_nothing(store_url: str, tmp_path: Path):
    of = ward(store_url, patients=8)

    journal = kill_during_writes(of, store_url, tmp_path, kills=500, writes=400)

    assert judge(store_url, journal) == []
    assert journal.acknowledged >= 500 * 200
