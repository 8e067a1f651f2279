"""Too much at once: strangers who knock for ever, writers beside readers, many who sign in."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from adherence.services import accounts, passwords, sessions, sign_in
from adherence.services.sessions import Browser
from adherence.store.buckets import BUCKET
from adherence.store.columns import db
from adherence.store.one_time import ONE_TIME
from adherence.store.sessions import SESSION
from tests.practice import (
    DAY,
    MINUTE,
    application,
    at_once,
    entered,
    invited,
    is_in,
    rows,
    staff,
)
from tests.web.test_sign_in import House

ROOT = Path(__file__).parents[2]
WRITERS, LOOKS = 50, 200


@pytest.mark.parametrize(
    "path", ["/patients", "/api/v1/me", "/nowhere", "/api/nowhere", "/sign-in", "/patients/x/y"]
)
def test_V5_a_stranger_asks_so_often_a_minute_and_others_are_served(store_url: str, path: str):
    """With a cookie or a token of chance too: each costs a look into the tables."""
    with application(store_url, requests_per_minute=20) as app:
        house = House(app)
        app.testing = False
        stranger, other = house.window("203.0.113.9"), house.window("198.51.100.7")
        forged = {"Authorization": "Bearer " + "x" * 43, "Cookie": "__Host-session=" + "x" * 43}

        answers = [stranger.get(path, **forged) for _ in range(22)]

        assert 429 not in {answer.status_code for answer in answers[:20]}
        assert [answer.status_code for answer in answers[20:]] == [429] * 2
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
        assert other.get(path).status_code != 429
        house.at += MINUTE
        assert stranger.get(path).status_code != 429


def counts() -> dict[str, int]:
    """How many rows each table has."""
    found = {
        name: db.session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for name, table in db.metadata.tables.items()
    }
    db.session.rollback()
    return found


@pytest.mark.parametrize(
    "hits", [300, pytest.param(10_000, marks=pytest.mark.full)], ids=["quick", "full"]
)
def test_S8_whoever_never_signs_in_leaves_no_row(house: House, hits: int):
    paths = ("/sign-in", "/code", "/today", "/sign-in/mail", "/api/v1/me", "/nowhere", "/")
    before = counts()
    for number in range(hits):
        house.at += MINUTE / 60
        window = house.window(f"203.0.{number // 250 % 250}.{number % 250}")
        assert window.get(paths[number % len(paths)]).status_code < 500

    assert counts() == before


@pytest.mark.postgres
def test_S5_nobody_waits_for_fifty_writers_to_be_recognised(
    house: House, capsys: pytest.CaptureFixture[str]
):
    """Each of 50 threads writes for as long as somebody else is looked up 200 times."""
    done = threading.Event()
    ada, at = house.ada, house.at

    def write_on(number: int) -> int:
        written = 0
        while not done.is_set():
            sign_in.by_mail_code("00000000", f"browser {number}", Browser(), at)
            written += 1
        return written

    def look(number: int) -> list[float]:
        took = []
        for _ in range(LOOKS):
            begun = time.perf_counter()
            assert sessions.open_session(ada.cookie, at - 59 * MINUTE) is not None
            took.append(time.perf_counter() - begun)
        done.set()
        return took

    found = at_once(house.app, lambda n: look(n) if n == 0 else write_on(n), threads=WRITERS + 1)

    took = sorted(found[0])
    median, worst = statistics.median(took), took[-1]
    with capsys.disabled():
        print(f"\n{LOOKS} looks beside {sum(found[1:])} writes of {WRITERS} threads: ", end="")
        print(f"median {median * 1000:.1f} ms, worst {worst * 1000:.1f} ms ", end="")
    # Fifty threads share the interpreter, so a look waits its turn; it waits for no lock.
    assert sum(found[1:]) > WRITERS / 2
    assert median < 1
    assert worst < 8


#: Signs in 32 at once with the real parameters; prints how much the process grew, in MiB.
CHILD = """
import json, resource, sys
from tests.practice import MONDAY, Browser, application, at_once, found, staff
from adherence.services import passwords, sign_in
with application(sys.argv[1]) as app:
    staff(found())
    passwords.fits(None, "the stand-in is made, and the libraries are there")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    passwords.PATIENCE = 300.0
    def one(number):
        return sign_in.by_password("", f"p{number}@example.org", "wrong", Browser(), MONDAY)
    assert at_once(app, one, 32) == [None] * 32
    print(json.dumps((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))
"""


def test_A16_thirty_two_sign_ins_at_once_take_the_memory_of_two(store_url: str):
    answer = subprocess.run(
        [sys.executable, "-c", CHILD, store_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert answer.returncode == 0, answer.stderr[-2000:]
    grown = json.loads(answer.stdout)
    # Two hashes of 46 MiB, of which one was there before, and what 32 threads need themselves.
    assert grown < 46 + 46 + 40, f"{grown:.0f} MiB"


@pytest.mark.postgres
def test_what_is_over_goes_at_night_and_what_is_not_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    """Through the job that the clock starts: sessions, codes and counters of yesterday."""
    import argon2

    from adherence.jobs import work

    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", cheap)
    house.window().password(house.ada.email, "wrong")
    house.window().send("/sign-in/mail", "/sign-in/mail", email="ruth@example.org")
    invited(house.ada.actor, house.ruth, house.at)
    accounts.make_link(house.ada.actor.account_id, house.at)
    assert rows(SESSION)
    assert rows(ONE_TIME)
    assert rows(BUCKET)
    later = house.at + DAY + 15 * DAY
    kept = accounts.make_link(house.ada.actor.account_id, later)
    live = staff(house.clinic_id, email="late@example.org", name="Bea Lind", at=later)

    report = next(one for one in work.run_once(later) if one.job == "sessions")

    assert (report.done > 5, report.failed) == (True, 0)
    assert [row.ends_at > later for row in rows(SESSION)] == [True]
    assert is_in(live.cookie, later)
    assert {row.ends_at > later for row in rows(ONE_TIME)} == {True}
    assert entered(sign_in.by_code(kept, "", Browser(), later))
    assert rows(BUCKET) == []
