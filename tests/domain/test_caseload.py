"""Who comes first in the review queue."""

from datetime import date

import pytest

from adherence.domain.caseload import Need, is_silent, need

TODAY = date(2025, 6, 10)


@pytest.mark.parametrize(
    ("open_things", "expected"),
    [
        ({"critical": 1, "waiting": 3}, Need.CRITICAL),
        ({"waiting": 1, "proposals": 1}, Need.WAITING),
        ({"proposals": 1, "milestones": 2}, Need.PROPOSAL),
        ({"milestones": 1, "is_silent": True}, Need.MILESTONE),
        ({"is_silent": True}, Need.SILENT),
        ({}, Need.NOTHING),
    ],
)
def test_the_most_urgent_thing_decides(open_things, expected):
    assert need(**open_things) is expected


@pytest.mark.parametrize(
    ("last_entry_on", "expected_since", "silent"),
    [
        (date(2025, 6, 3), date(2025, 5, 1), True),
        (date(2025, 6, 4), date(2025, 5, 1), False),
        (None, date(2025, 6, 3), True),
        (date(2025, 5, 1), date(2025, 6, 9), False),
        (None, None, False),
    ],
    ids=["a week", "six days", "never heard", "just back from a pause", "nothing expected"],
)
def test_silence_counts_only_while_something_is_expected(last_entry_on, expected_since, silent):
    assert is_silent(last_entry_on, expected_since, TODAY) is silent
