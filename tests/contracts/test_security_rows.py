"""Every row of the security checklist names the tests that keep it, or says why it has none yet.

The rows are those of ASVS 5.0.0 at level 2, with some of level 3, as behaviours: A how people sign
in, S sessions, Z who may what, V input, O output and browsers, K keys, L logs and audit, D data,
P programming interface, files and settings. Tests are named after their row, or listed here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
_TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
LENGTHS = {"A": 16, "S": 10, "Z": 14, "V": 9, "O": 11, "K": 5, "L": 8, "D": 6, "P": 11}
ROWS = [
    f"{letter}{number}" for letter, length in LENGTHS.items() for number in range(1, length + 1)
]

#: Rows whose tests have other names.
LISTED: dict[str, tuple[str, ...]] = {
    "V3": (
        "faults/test_kill.py::test_nothing_acknowledged_is_lost_when_the_server_is_killed",
        "faults/test_oracle.py::test_an_unaudited_entry_is_found",
        "store/test_db.py::test_an_error_takes_everything_of_its_own_job_back",
    ),
    "L5": (
        "services/test_audit.py::test_every_tampering_is_found_and_located",
        "services/test_audit.py::test_two_swapped_lines_are_found",
        "services/test_audit.py::test_a_removed_chain_is_found",
        "store/test_db.py::test_what_may_only_be_added_cannot_be_changed_or_removed",
    ),
    "D6": (
        "services/test_media.py::test_nothing_but_the_pixels_of_a_picture_is_left",
        "services/test_media.py::test_a_film_is_kept_without_what_it_tells",
        "services/test_media.py::test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded",
    ),
    "P6": (
        "services/test_media.py::test_what_is_neither_picture_nor_film_is_refused",
        "services/test_media.py::test_files_that_are_too_large_are_refused_by_their_kind",
        "services/test_media.py::test_a_clinic_has_room_for_its_share_and_not_more",
        "security/test_vulnerabilities.py::test_vulnerability_11_what_is_no_picture_is_not_kept",
    ),
    "P7": (
        "services/test_media.py::test_bytes_lie_under_a_name_of_chance_that_only_we_may_read",
        "pages/test_own_exercises.py::test_they_are_sent_as_what_they_are_and_do_nothing_by_themselves",
    ),
    "P9": (
        "store/test_grants.py::test_L5_the_serving_role_does_a_days_work_and_changes_no_line",
        "store/test_grants.py::test_a_role_that_nothing_holds_back_is_refused",
    ),
    "P10": (
        "contracts/test_repository.py::test_the_lock_pins_every_requirement_with_hashes_and_no_address",
    ),
}

#: Rows without a test, and why. A reason goes when the thing is there.
NONE_YET = {
    "L7": "the outbox hands lines to the log; there is no other sink",
    "D4": "nothing is stored offline in a browser",
    "P4": "the server calls no address that anybody can set; vulnerability 12 keeps it so",
}


@lru_cache
def known() -> dict[str, frozenset[str]]:
    """The names of all tests, by file below ``tests``."""
    return {
        path.relative_to(TESTS).as_posix(): frozenset(_TEST.findall(path.read_text()))
        for path in TESTS.rglob("test_*.py")
    }


def named_after(row: str) -> list[str]:
    """Tests whose names begin with a row's; a name may begin with several rows."""
    wanted = re.compile(rf"test_(?:[A-Z]\d+_)*{row}_")
    return [
        f"{path}::{name}" for path, names in known().items() for name in names if wanted.match(name)
    ]


def exists(test: str) -> bool:
    """Whether there is a test of this path and name."""
    path, _, name = test.partition("::")
    return name in known().get(path, ())


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_tests_or_a_reason(row: str):
    has = named_after(row) or LISTED.get(row, ())
    assert [one for one in has if not exists(one)] == []
    assert bool(has) != (row in NONE_YET), f"{row}: {'also has a reason' if has else 'has nothing'}"


def test_the_table_names_no_row_that_is_not_there():
    assert len(ROWS) == 90
    assert set(LISTED) | set(NONE_YET) <= set(ROWS)


def test_a_test_that_is_gone_is_found():
    assert exists(LISTED["V3"][0])
    assert not exists("store/test_db.py::test_that_never_was")
    assert not exists("store/test_none.py::test_that_never_was")
    assert named_after("A1")
    assert named_after("A99") == []


def test_no_test_is_named_after_a_row_that_is_not_there():
    rows = {
        row
        for names in known().values()
        for name in names
        for row in re.findall(r"(?:^test_|_)([ASZVOKLDP]\d+)(?=_)", name)
        if name.startswith(f"test_{row}") or re.match(r"test_(?:[A-Z]\d+_)+", name)
    }

    assert rows - set(ROWS) == set()
