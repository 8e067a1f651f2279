"""Pauses and what they cover."""

from datetime import date
from uuid import UUID

import pytest

from adherence.domain.errors import InvalidInput
from adherence.domain.pauses import Pause, PauseKind, covers

FIRST, SECOND, THIRD = (date(2025, 6, day) for day in (1, 2, 3))
MINE, OTHER = UUID(int=1), UUID(int=2)


def test_a_pause_covers_its_first_day_and_not_its_end():
    pauses = [Pause(PauseKind.ILL, SECOND, THIRD)]

    assert [covers(pauses, MINE, day) is not None for day in (FIRST, SECOND, THIRD)] == [
        False,
        True,
        False,
    ]


def test_a_pause_without_end_goes_on():
    assert covers([Pause(PauseKind.STOP, FIRST)], MINE, date(2030, 1, 1)) is not None


def test_a_pause_of_one_activity_leaves_the_others():
    pauses = [Pause(PauseKind.REST, FIRST, activity_ids=frozenset({MINE}))]

    assert covers(pauses, MINE, FIRST) is pauses[0]
    assert covers(pauses, OTHER, FIRST) is None


def test_a_pause_ends_after_it_began():
    with pytest.raises(InvalidInput):
        Pause(PauseKind.ILL, FIRST, FIRST)
