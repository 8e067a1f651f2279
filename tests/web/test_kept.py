"""What a process keeps of a person leaves it, too, when another process forgets the person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from adherence.services import erasures
from adherence.services.erasures import Outcome
from adherence.settings import EXTENSION
from adherence.store.db import EXTENSION as STORE
from adherence.web.kept import EXTENSION as KEPT
from adherence.web.kept import PATIENCE, Kept
from tests.builders import application, closed
from tests.pages.browsers import SITE, Browser
from tests.web.town import DAY, MONDAY, Town, founded

SECOND = timedelta(seconds=1)
BOTH = pytest.mark.postgres


@pytest.fixture
def town(store_url: str) -> Iterator[Town]:
    """One process."""
    with founded(store_url) as made:
        object.__setattr__(made.app.extensions[EXTENSION], "retention_years", 0)
        yield made


@pytest.fixture
def other(town: Town, store_url: str) -> Iterator[Flask]:
    """Another on the same database."""
    made = application(store_url)
    yield made
    closed(made)


def browser(town: Town, app: Flask, who: str) -> Browser:
    actor = town.people[who].actor
    assert actor is not None
    with town.inside():
        return Browser(app, actor, MONDAY)


def remembered(app: Flask, mark: str) -> bool:
    """Whether anything that a process keeps says a mark, as text or within a picture."""
    kept: list[Any] = list(app.extensions[KEPT]._values.items())
    kept += app.extensions[STORE].kept._values.items()
    return mark in repr(kept)


def seen(app: Flask, town: Town) -> list[tuple[str, str]]:
    """(who, address) of pages and pictures of a record, each opened once in a process."""
    own, therapist = browser(town, app, "own"), browser(town, app, "therapist")
    patient_id = town.records["own"].patient_id
    found = []
    for who, one, pages in (
        ("own", own, ("/today", "/progress", "/goals")),
        ("therapist", therapist, (f"/patients/{patient_id}", "/review", "/patients")),
    ):
        for path in pages:
            html = one.open(path)
            pictures = re.findall(r'(?:src|srcset)="(/[^" ]*\.svg[^" ]*)', html)
            for address in {one.replace("&amp;", "&") for one in pictures if "/charts/" in one}:
                found.append((who, address))
                assert one.client.get(address, base_url=SITE).status_code == 200
            found.append((who, path))
    return found


def decide(town: Town, outcome: Outcome) -> None:
    """Let the first process erase the record or lock it away."""
    record = town.records["own"]
    with town.inside():
        people = [town.people[name].actor for name in ("admin", "second")]
        for one in people:
            assert one is not None
            erasures.decide(one, record.erasure_id, outcome, "You asked for it.", MONDAY)


@pytest.fixture(autouse=True)
def second(town: Town) -> None:
    """A second administrator of the clinic."""
    from adherence.domain.access import Role

    admin = town.people["admin"].actor
    assert admin is not None
    with town.inside():
        town._settle_in("second", admin.clinic_id, Role.ADMIN, MONDAY - 2 * DAY)


@BOTH
@pytest.mark.parametrize("outcome", [Outcome.ERASE, Outcome.RESTRICT])
def test_G3_what_one_process_forgets_no_other_remembers(town: Town, other: Flask, outcome: Outcome):
    record = town.records["own"]
    mark = record.mark
    opened = seen(other, town)
    assert any("/charts/" in address for _who, address in opened)
    assert remembered(other, mark), "nothing was kept, so nothing is shown"
    therapist = browser(town, other, "therapist")

    decide(town, outcome)

    for who, address in opened:
        if who == "therapist":
            answer = therapist.client.get(address, base_url=SITE)
            assert mark not in answer.text, address
            assert answer.status_code in (200, 404), address
    nobody = other.test_client()
    therapist.at(MONDAY + PATIENCE)
    assert nobody.get("/sign-in", base_url=SITE).status_code == 200
    assert not remembered(other, mark)


def test_what_was_being_read_meanwhile_is_forgotten_a_minute_later(town: Town, other: Flask):
    mark = town.records["own"].mark
    seen(other, town)
    decide(town, Outcome.ERASE)
    nobody = other.test_client()
    late = browser(town, other, "therapist")
    late.at(MONDAY + PATIENCE)
    nobody.get("/sign-in", base_url=SITE)
    other.extensions[KEPT].put(("late",), MONDAY + DAY, mark)
    late.at(MONDAY + 2 * PATIENCE - SECOND)
    nobody.get("/sign-in", base_url=SITE)
    assert remembered(other, mark)
    late.at(MONDAY + 2 * PATIENCE)
    nobody.get("/sign-in", base_url=SITE)

    assert not remembered(other, mark)


def test_others_are_not_forgotten_while_nobody_goes(town: Town, other: Flask):
    nobody = other.test_client()
    one = browser(town, other, "own")
    for minute in range(3):
        one.at(MONDAY + minute * PATIENCE)
        nobody.get("/sign-in", base_url=SITE)
    one.open("/goals")
    assert remembered(other, town.records["own"].mark)
    one.at(MONDAY + 3 * PATIENCE)
    nobody.get("/sign-in", base_url=SITE)

    assert remembered(other, town.records["own"].mark)


def test_looks_are_a_minute_apart_and_a_clock_set_back_puts_none_off():
    kept = Kept(3)

    assert kept.is_due(MONDAY)
    assert not kept.is_due(MONDAY + PATIENCE - SECOND)
    assert kept.is_due(MONDAY + PATIENCE)
    assert kept.is_due(MONDAY)


def test_the_first_look_the_change_and_the_look_after_it_forget():
    kept = Kept(3)
    said = [kept.is_outdated(gone) for gone in [(0, 0), (0, 0), (0, 0), (1, 0), (1, 0), (1, 0)]]

    assert said == [True, True, False, True, True, False]
    assert [kept.is_outdated(gone) for gone in [(1, 1), (1, 1), (1, 1)]] == [True, True, False]


def test_a_store_that_is_away_keeps_no_page_from_being_sent(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    def away() -> tuple[int, int]:
        raise OSError("no store")

    monkeypatch.setattr(erasures, "gone", away)

    assert town.browser().get("/sign-in").status_code == 200
