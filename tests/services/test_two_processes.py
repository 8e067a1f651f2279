"""What one process ends, another knows at its next question; and nobody waits for a writer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from adherence.domain.access import Relation
from adherence.domain.activities import Discipline
from adherence.services import accounts, care_teams, devices, proxies, sessions
from adherence.services.sessions import Browser, beginning
from adherence.store.db import write
from tests.practice import (
    DAY,
    MINUTE,
    MONDAY,
    PIN,
    application,
    at_once,
    entered,
    found,
    invited,
    is_in,
    opened,
    patient,
    rows,
    staff,
)

ROOT = Path(__file__).parents[2]
#: Answers questions, a line each: is this cookie a session, how does this account stand to whom.
CHILD = """
import json, sys
from datetime import datetime
from uuid import UUID
from tests.practice import application
from adherence.services import accounts, relations, sessions
with application(sys.argv[1]):
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        at = datetime.fromisoformat(asked["at"])
        if "secret" in asked:
            found = sessions.open_session(asked["secret"], at)
            said = found is not None and str(found.actor.acts_for)
        else:
            actor = accounts.actor_of(UUID(asked["account"]))
            said = relations.relation_to_patient(actor, UUID(asked["patient"]), at).value
        print(json.dumps(said), flush=True)
"""
Ask = Callable[..., Any]


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url) as made:
        yield made


@contextmanager
def another(url: str) -> Iterator[Ask]:
    """A question to another process on the same database, and its answer."""
    command = [sys.executable, "-c", CHILD, url]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline().strip() == "ready"

        def ask(at: datetime = MONDAY, **asked: Any) -> Any:
            child.stdin.write(json.dumps({**asked, "at": at.isoformat()}, default=str) + "\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        try:
            yield ask
        finally:
            child.stdin.close()
            child.wait(20)


def test_S5_what_ends_here_is_over_there_at_the_next_question(app: Flask, store_url: str):
    ada = staff(found(), at=MONDAY - MINUTE)
    ruth = patient(ada.actor)
    first, cookie = invited(ada.actor, ruth)
    with another(store_url) as ask:
        assert ask(secret=first) is not False
        device = devices.devices_of(ruth.account_id)[0]
        devices.revoke(ruth, ruth.account_id, device.id, MONDAY)
        assert ask(secret=first) is False

        second, _ = invited(ada.actor, ruth)
        assert ask(secret=second) is not False
        sessions.end_all(ruth, MONDAY)
        assert ask(secret=second) is False

        assert ask(secret=ada.cookie) is not False
        accounts.disable_account(ada.actor.account_id, MONDAY)
        assert ask(secret=ada.cookie) is False
    assert cookie


def test_Z8_who_leaves_a_team_or_stops_acting_is_out_there_too(app: Flask, store_url: str):
    from adherence.services import sign_in

    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    invite = proxies.add_proxy(
        ada,
        ruth.patient_id,
        name="Maria Aldous",
        email="",
        until_at=None,
        until_grown=False,
        locale="en",
        now=MONDAY,
    )
    assert invite is not None
    began = entered(sign_in.by_code(invite.code, "", Browser(), MONDAY))
    done, _ = devices.welcome(
        opened(began.secret, MONDAY), PIN, "en", Browser(began.secret), MONDAY
    )
    secret = proxies.act(
        beginning(Browser(done.secret), MONDAY),
        opened(done.secret, MONDAY),
        ruth.patient_id,
        MONDAY,
    )
    maria = done.actor.account_id
    with another(store_url) as ask:
        assert ask(secret=secret) == str(ruth.patient_id)
        assert ask(account=maria, patient=ruth.patient_id) == Relation.PROXY
        one = proxies.proxies_of(ruth, ruth.patient_id, MONDAY)[0]
        proxies.end_proxy(ruth, ruth.patient_id, one.id, MONDAY)
        assert ask(secret=secret) == "None"
        assert ask(account=maria, patient=ruth.patient_id) == Relation.NONE

        assert ask(account=ada.account_id, patient=ruth.patient_id) == Relation.CARE_TEAM
        bo = staff(ada.clinic_id, email="bo@example.org", name="Bo Lind").actor
        care_teams.add_to_care_team(
            ada, ruth.patient_id, bo.account_id, discipline=Discipline.NURSING, now=MONDAY
        )
        care_teams.end_care_relation(
            ada, ruth.patient_id, ada.account_id, MONDAY, successor_id=bo.account_id
        )
        assert ask(account=ada.account_id, patient=ruth.patient_id, at=MONDAY) == Relation.CLINIC


def test_a_session_is_looked_up_while_somebody_writes(app: Flask):
    """Trap 3: a look-up that waited for any writer would wait here for ever."""
    ada = staff(found(), at=MONDAY - MINUTE)
    inside, go_on = threading.Event(), threading.Event()

    def slow(run: Any) -> None:
        from adherence.store.sessions import touch_session

        run.do(touch_session, digest=b"\0" * 32, now=MONDAY)
        inside.set()
        assert go_on.wait(30)

    def writer() -> None:
        with app.app_context():
            write(slow)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        assert inside.wait(30)
        assert all(at_once(app, lambda number: is_in(ada.cookie, MONDAY), 20))
    finally:
        go_on.set()
        thread.join(30)


def test_an_act_is_really_stored(app: Flask):
    from adherence.store.sessions import SESSION

    ada = staff(found(), at=MONDAY - MINUTE)
    at = MONDAY + 5 * MINUTE

    sessions.see_session(ada.cookie, at)

    assert [row.seen_at for row in rows(SESSION) if row.account_id == ada.actor.account_id] == [at]


def test_what_is_over_is_cleared_away_and_nothing_else(app: Flask):
    from adherence.services import sign_in
    from adherence.store.one_time import ONE_TIME
    from adherence.store.sessions import SESSION

    ada = staff(found(), at=MONDAY - MINUTE)
    for number in range(5):
        assert sign_in.by_password("", ada.email, "wrong", Browser(), MONDAY) is None
        accounts.make_link(ada.actor.account_id, MONDAY + number * MINUTE)
    accounts.drop_expired(MONDAY + 12 * MINUTE)
    left = [row.ends_at for row in rows(ONE_TIME)]

    assert all(ends > MONDAY + 12 * MINUTE for ends in left)
    assert len(rows(SESSION)) == 1
    accounts.drop_expired(MONDAY + DAY)
    assert rows(SESSION) == []
