"""Ids: UUIDv7, in the order in which they were made."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import RFC_4122

import pytest

from adherence.store import ids


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The nanoseconds that the machine's clock shows."""
    shown = [0]
    monkeypatch.setattr(ids.time, "time_ns", lambda: shown[0])
    yield shown


def test_ids_say_what_they_are():
    made = ids.new_id()
    assert (made.version, made.variant) == (7, RFC_4122)


def test_ids_of_one_process_sort_as_they_were_made():
    made = [ids.new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("shown", [0, 999_999, 1_000_000, 1_764_000_000_123_456_789])
def test_a_quarter_of_a_microsecond_decides(clock: list[int], shown: int):
    clock[0] = shown
    first = ids.new_id()
    clock[0] = shown + 250
    assert first < ids.new_id()
    assert first.int >> 80 == shown // 1_000_000, "milliseconds stay where RFC 9562 has them"


def test_ids_of_one_moment_differ(clock: list[int]):
    assert len({ids.new_id() for _ in range(1_000)}) == 1_000
