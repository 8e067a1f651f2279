"""``adherence episodes``: its rows and its options."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.measures.asked import asked, number, written

HEADER = ["patient_id", "episode", "start", "end", "duration", "gap_at_end"]


def spans(folder: Path, rows: list[tuple[object, ...]], *options: object) -> list[dict[str, str]]:
    return asked("episodes", written(folder / "e.csv", rows), folder / "r.csv", *options)


def test_a_gap_of_exactly_the_limit_does_not_split_and_one_day_more_does(tmp_path: Path):
    rows = [
        ("exact", "2020-01-01", 30, 1, "A"),
        ("exact", "2020-03-01", 30, 1, "A"),
        ("more", "2020-01-01", 30, 1, "A"),
        ("more", "2020-03-02", 30, 1, "A"),
    ]
    found = spans(tmp_path, rows, "--max-gap", 30)

    assert list(found[0]) == HEADER
    assert [(row["patient_id"], row["episode"]) for row in found] == [
        ("exact", "1"),
        ("more", "1"),
        ("more", "2"),
    ]
    assert (found[1]["end"], found[1]["gap_at_end"]) == ("2020-01-31", "31")


def test_the_last_episode_lasts_to_the_end_of_follow_up_only_if_its_gap_is_shorter(tmp_path: Path):
    rows = [("a", "2020-01-01", 70, 1, "A"), ("b", "2020-01-01", 71, 1, "A")]

    first, second = spans(tmp_path, rows, "--max-gap", 30, "--follow-up-duration", 100)

    assert number(first["duration"]) == 70
    assert number(second["duration"]) == 100


@pytest.mark.parametrize(
    ("number_of", "unit", "splits"),
    [
        (4, "weeks", True),
        (5, "weeks", False),
        (1, "months", True),
        (1, "years", False),
        (100, "percent", True),
        (110, "percent", False),
    ],
)
def test_the_permissible_gap_has_units(tmp_path: Path, number_of: int, unit: str, splits: bool):
    """The gap is 32 days after a supply of 30."""
    rows = [("a", "2020-01-01", 30, 1, "A"), ("a", "2020-03-03", 30, 1, "A")]

    found = spans(tmp_path, rows, "--max-gap", number_of, "--max-gap-unit", unit)

    assert len(found) == 1 + splits


def test_another_medication_starts_an_episode_when_asked(tmp_path: Path):
    rows = [("a", "2020-01-01", 30, 1, "A"), ("a", "2020-01-21", 30, 1, "B")]

    assert len(spans(tmp_path, rows)) == 1
    first, second = spans(tmp_path, rows, "--medication-change-starts-episode")
    assert (first["end"], first["gap_at_end"]) == ("2020-01-21", "0")
    assert second["start"] == "2020-01-21"
    assert number(second["duration"]) == 40
    options = ["--medication-change-starts-episode", "--carry-only-for-same-medication"]
    assert number(spans(tmp_path, rows, *options)[1]["duration"]) == 30


def test_a_permissible_gap_may_be_appended(tmp_path: Path):
    """The reference takes it off instead where there is one episode only: 0 and not 60 days."""
    rows = [("a", "2020-01-01", 30, 1, "A")]

    (row,) = spans(tmp_path, rows, "--max-gap", 30, "--append-gap")

    assert number(row["duration"]) == 60
    assert row["end"] == "2020-03-01"


def test_supply_left_over_may_be_left_out(tmp_path: Path):
    rows = [("a", "2020-01-01", 90, 1, "A"), ("a", "2020-01-31", 30, 1, "A")]

    (row,) = spans(tmp_path, rows)
    assert number(row["duration"]) == 120
    (row,) = spans(tmp_path, rows, "--no-carry-over")
    assert number(row["duration"]) == 60


def test_a_dose_twice_as_high_halves_what_is_left_over(tmp_path: Path):
    rows = [("a", "2020-01-01", 60, 1, "A"), ("a", "2020-01-31", 30, 2, "A")]

    (row,) = spans(tmp_path, rows, "--consider-dosage-change")

    assert number(row["duration"]) == 30 + 30 + 15


def test_a_patient_without_supply_in_follow_up_has_no_episode(tmp_path: Path):
    rows = [
        ("a", "2020-01-01", 30, 1, "A"),
        ("b", "2020-01-01", 30, 1, "A"),
        ("b", "2020-07-01", 30, 1, "A"),
    ]

    found = spans(tmp_path, rows, "--follow-up-start", 100, "--follow-up-duration", 200)

    assert [row["patient_id"] for row in found] == ["b"]
