"""Entries, their amounts and corrections."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from adherence.domain.entries import LOGGABLE, Amounts, Reason, Status, current
from tests.domain.examples import entry

NOON = datetime(2025, 6, 1, 12)  # noqa: DTZ001 (a wall-clock time in Berlin)


@pytest.mark.parametrize(
    ("amounts", "volume"),
    [
        (Amounts(), None),
        (Amounts(sets=3, reps=10), 30),
        (Amounts(sets=3, reps=10, hold_seconds=5), 150),
        (Amounts(hold_seconds=30), 30),
        (Amounts(quantity=2), 2),
        (Amounts(sets=3, reps=0), 0),
        (Amounts(sets=3, reps=10, quantity=5), 30),
    ],
)
def test_volume_is_the_product_of_what_is_given(amounts, volume):
    assert amounts.volume() == volume


@pytest.mark.parametrize(
    ("done", "asked", "share"),
    [
        (Amounts(3, 10), Amounts(3, 10), 1.0),
        (Amounts(2, 15), Amounts(3, 10), 1.0),
        (Amounts(sets=2), Amounts(3, 10), 2 / 3),
        (Amounts(4, 10), Amounts(3, 10), 4 / 3),
        (Amounts(quantity=1), Amounts(quantity=2), 0.5),
        (Amounts(quantity=1), Amounts(3, 10), None),
        (Amounts(3, 10), Amounts(), None),
        (Amounts(), Amounts(3, 10), None),
    ],
)
def test_the_share_of_what_was_asked(done, asked, share):
    assert done.share_of(asked) == (share if share is None else pytest.approx(share))


def test_a_correction_stands_for_what_it_corrects():
    first = entry(NOON)
    second = replace(
        first, client_id=UUID(int=2), status=Status.SKIPPED, corrects_id=first.client_id
    )
    third = replace(second, client_id=UUID(int=3), corrects_id=second.client_id)

    assert current([first, second]) == [second]
    assert current([first, second, third]) == [third]


def test_two_corrections_of_one_entry_leave_the_one_recorded_last():
    first = entry(NOON)
    here = replace(first, client_id=UUID(int=2), corrects_id=first.client_id)
    there = replace(first, client_id=UUID(int=3), corrects_id=first.client_id)

    assert current([first, here, there]) == [there]


def test_a_withdrawn_entry_is_gone_with_all_it_corrected():
    first = entry(NOON)
    gone = replace(first, client_id=UUID(int=2), corrects_id=first.client_id, withdrawn=True)

    assert current([first, gone]) == []


def test_a_correction_of_something_unknown_stands_for_itself():
    lone = entry(NOON, corrects_id=UUID(int=9))

    assert current([lone]) == [lone]


def test_there_are_four_things_to_say_and_seven_reasons():
    assert len(LOGGABLE) == 4
    assert len(Reason) == 7
