"""``adherence doses``: its rows and its options."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.measures.asked import asked, written

LOG = ("patient_id", "taken_at", "status")
DUE = ("patient_id", "first_day", "doses_per_day", "last_day", "every_days")


def doses(
    folder: Path, log: list[tuple[object, ...]], due: list[tuple[object, ...]], *options: object
) -> list[dict[str, str]]:
    regimens = written(folder / "regimens.csv", due, DUE)
    source = written(folder / "doses.csv", log, LOG)
    return asked("doses", source, folder / "r.csv", "--regimens", regimens, *options)


def test_one_row_per_patient_with_its_counts(tmp_path: Path):
    log = [
        ("a", "2024-01-01T08:00", ""),
        ("a", "2024-01-01T20:00:00+02:00", "taken"),
        ("a", "2024-01-02 08:30", ""),
        ("a", "2024-02-02 08:30", ""),
        ("x", "2024-01-01T08:00", ""),
    ]
    due = [("a", "2024-01-01", 2, "", ""), ("b", "2024-01-01", 1, "2024-01-31", 7)]

    a, b, x = doses(tmp_path, log, due, "--last", "2024-01-10")

    assert a == {
        "patient_id": "a",
        "days": "10",
        "doses_due": "20",
        "doses_taken": "3",
        "doses_missed": "17",
        "doses_unreported": "0",
        "taking": "0.15",
        "taking_at_most": "0.15",
        "correct_days": "1",
        "correct_dosing": "0.1",
        "intervals": "2",
        "timely_intervals": "2",
        "timing": "1.0",
        "holidays": "1",
        "holiday_days": "8",
        "reason": "",
    }
    assert (b["doses_due"], b["taking"], b["timing"]) == ("2", "0.0", "")
    assert b["reason"] == "timing: no interval between two doses"
    assert (x["taking"], x["holidays"], x["reason"]) == ("", "", "no dose was due")


def test_what_people_did_not_report_widens_the_band(tmp_path: Path):
    log = [("a", "2024-01-01T08:00", "taken"), ("a", "2024-01-02T08:00", "missed")]
    due = [("a", "2024-01-01", 1, "2024-01-04", "")]

    (device,) = doses(tmp_path, log, due)
    (people,) = doses(tmp_path, log, due, "--recorder", "people")

    assert (device["taking"], device["taking_at_most"]) == ("0.25", "0.25")
    assert (people["taking"], people["taking_at_most"]) == ("0.25", "0.75")
    assert (people["doses_missed"], people["doses_unreported"]) == ("1", "2")


def test_days_away_and_other_rules_are_options(tmp_path: Path):
    log = [("a", f"2024-01-0{n}T01:00", "") for n in range(2, 6)]
    due = [("a", "2024-01-01", 1, "2024-01-09", "")]
    away = written(
        tmp_path / "away.csv",
        [("a", "2024-01-08", "2024-01-09")],
        ("patient_id", "first_day", "last_day"),
    )

    (usual,) = doses(tmp_path, log, due)
    (other,) = doses(tmp_path, log, due, "--day-begins", "03:00", "--away", away)
    (short,) = doses(tmp_path, log, due, "--holiday-days", 4, "--first", "2024-01-02")

    assert (usual["days"], usual["correct_days"], usual["holidays"]) == ("9", "4", "1")
    assert (other["days"], other["correct_days"], other["holidays"]) == ("7", "4", "1")
    assert (short["days"], short["holidays"]) == ("8", "1")
    assert (usual["holiday_days"], other["holiday_days"]) == ("4", "3")
    (once,) = doses(tmp_path, log * 2, due, "--once-within", 1, "--tolerance", 0)
    assert (once["doses_taken"], once["timing"]) == ("4", "1.0")


def test_each_medication_has_its_own_row(tmp_path: Path):
    log = [("a", "2024-01-01T08:00", "X"), ("a", "2024-01-01T08:00", "Y")]
    source = written(tmp_path / "d.csv", log, ("patient_id", "taken_at", "medication"))
    due = [("a", "2024-01-01", 1, "2024-01-01", "Y"), ("a", "2024-01-01", 2, "2024-01-01", "X")]
    regimens = written(tmp_path / "g.csv", due, (*DUE[:4], "medication"))

    rows = asked("doses", source, tmp_path / "r.csv", "--regimens", regimens)

    assert [(row["medication"], row["taking"]) for row in rows] == [("X", "0.5"), ("Y", "1.0")]
