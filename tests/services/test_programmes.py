"""What a programme is shown, asked by somebody who subtracts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from adherence.domain.access import Actor, Role
from adherence.jobs import work
from adherence.services import erasures, programmes
from adherence.services.erasures import ErasureState, Outcome
from adherence.services.programmes import Overview
from adherence.settings import EXTENSION
from adherence.store.caseload import CASELOAD
from adherence.store.db import write
from adherence.store.programmes import GROUP, PERSON
from adherence.store.statements import Statement
from tests.builders import agrees, takes_back
from tests.practice import DAY, HOUR, MINUTE, MONDAY, application, found, patient, rows, staff

NOTHING = Overview(None, None, None, None)


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url) as made:
        yield made


@pytest.fixture
def ada(app: Flask) -> Actor:
    return staff(found()).actor


@pytest.fixture
def clara(ada: Actor) -> Actor:
    return staff(ada.clinic_id, Role.PROGRAMME_MANAGER, email="c@example.org", name="Clara").actor


def join(ada: Actor, many: int, first: int = 0, **sums: int) -> list[Actor]:
    """Patients who agree to be counted, each with something due."""
    made = [patient(ada, f"P {first + n}") for n in range(many)]
    for one in made:
        agrees(one, "programme", at=MONDAY)
        come_to(one, **sums)
    return made


def come_to(one: Actor, due30: int = 10, done30: int = 6, unreported30: int = 1) -> None:
    said: Any = (
        sa.update(CASELOAD)
        .where(CASELOAD.c.patient_id == one.patient_id)
        .values(due30=due30, done30=done30, unreported30=unreported30)
    )
    write(lambda run: run.do(Statement(said)))


def seen(clara: Actor, at: Any = MONDAY) -> tuple[int | None, int | None, int | None]:
    one = programmes.overview(clara, at)
    return one.patients, one.due, one.done


def test_C2_sums_of_eleven_and_then_of_twelve_cannot_be_subtracted(ada: Actor, clara: Actor):
    join(ada, 11)
    programmes.count(ada.clinic_id, MONDAY)
    before = seen(clara)
    join(ada, 1, first=11, due30=77, done30=13)
    programmes.count(ada.clinic_id, MONDAY + DAY)
    after = seen(clara, MONDAY + DAY)
    programmes.count(ada.clinic_id, MONDAY + 7 * DAY)

    assert before == after == seen(clara, MONDAY + 7 * DAY) == (11, 110, 66)


def test_C2_one_who_leaves_takes_the_group_along_at_the_next_request(ada: Actor, clara: Actor):
    people = join(ada, 12)
    programmes.count(ada.clinic_id, MONDAY)
    assert seen(clara) == (12, 120, 72)
    takes_back(people[0], "programme", at=MONDAY + MINUTE)

    assert programmes.overview(clara, MONDAY + MINUTE) == NOTHING
    programmes.count(ada.clinic_id, MONDAY + HOUR)
    assert programmes.overview(clara, MONDAY + HOUR) == NOTHING
    join(ada, 11, first=12)
    programmes.count(ada.clinic_id, MONDAY + DAY)
    assert seen(clara, MONDAY + DAY) == (22, 220, 132)


@pytest.mark.parametrize("outcome", [Outcome.ERASE, Outcome.RESTRICT])
def test_G3_whoever_is_erased_or_locked_away_takes_the_group_along(
    app: Flask, ada: Actor, clara: Actor, outcome: Outcome
):
    object.__setattr__(app.extensions[EXTENSION], "retention_years", 0)
    people = join(ada, 40)
    programmes.count(ada.clinic_id, MONDAY)
    assert seen(clara) == (40, 400, 240)
    gone = people[7]
    wish = erasures.ask(gone, gone.patient_id, "", MONDAY)  # type: ignore[arg-type]  # it is a patient
    for name in ("Vera", "Otto"):
        admin = staff(ada.clinic_id, Role.ADMIN, email=f"{name}@example.org", name=name).actor
        if any(one.state in ErasureState.open_ones() for one in erasures.wishes(admin, MONDAY)):
            erasures.decide(admin, wish, outcome, "As you wished.", MONDAY)

    assert programmes.overview(clara, MONDAY) == NOTHING
    programmes.count(ada.clinic_id, MONDAY + DAY)
    assert programmes.overview(clara, MONDAY + DAY) == NOTHING
    assert {row.group_id for row in rows(PERSON)} == {None}
    assert rows(GROUP) == []


def test_figures_are_frozen_until_the_next_week(ada: Actor, clara: Actor):
    people = join(ada, 11)
    programmes.count(ada.clinic_id, MONDAY)
    come_to(people[0], due30=10, done30=10, unreported30=0)
    for days in range(7):
        programmes.count(ada.clinic_id, MONDAY + days * DAY)
        assert seen(clara, MONDAY + days * DAY) == (11, 110, 66), days
    programmes.count(ada.clinic_id, MONDAY + 7 * DAY)

    assert seen(clara, MONDAY + 7 * DAY) == (11, 110, 70)
    assert programmes.overview(clara, MONDAY + 7 * DAY).counted_at == MONDAY + 7 * DAY


def test_nobody_who_did_not_agree_and_nobody_of_another_clinic_is_counted(ada: Actor, clara: Actor):
    join(ada, 11)
    for n in range(3):
        come_to(patient(ada, f"silent {n}"), due30=1000)
    other = staff(found("Other", "other"), email="x@example.org").actor
    join(other, 11, due30=500)
    for clinic_id in (ada.clinic_id, other.clinic_id):
        programmes.count(clinic_id, MONDAY)

    assert seen(clara) == (11, 110, 66)


def test_counting_twice_is_counting_once(ada: Actor, clara: Actor):
    join(ada, 40)
    for _time in range(3):
        programmes.count(ada.clinic_id, MONDAY)

    assert seen(clara) == (40, 400, 240)
    assert len(rows(PERSON)) == 40


def test_the_nights_work_counts(ada: Actor, clara: Actor):
    join(ada, 11)
    assert programmes.overview(clara, MONDAY) == NOTHING
    reports = {one.job: one for one in work.run_once(MONDAY)}

    assert (reports["programmes"].done, reports["programmes"].failed) == (1, 0)
    assert seen(clara) == (11, 110, 66)
