"""``adherence durations`` and ``initiation``: by hand, and as AdhereR's manual shows them."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.measures.asked import asked, number, written

TRUTH = Path(__file__).parents[3] / "shared" / "truth" / "supplies"
DISPENSED = ("patient_id", "date", "quantity", "medication")
PRESCRIBED = ("patient_id", "date", "daily_dose", "medication", "duration")
COLUMNS = [
    *("patient_id", "medication", "date", "duration", "daily_dose", "dispensed_on", "quantity"),
    *("prescribed_from", "prescribed_until", "days_continued", "days_waited", "reason"),
]


def files(folder: Path) -> tuple[Path, Path, Path]:
    dispensings = [
        ("a", "2024-01-01", 30, "X"),
        ("b", "2024-01-01", 30, "Y"),
        ("b", "2024-01-01", 8, "X"),
    ]
    prescriptions = [
        ("a", "2024-01-01", 1, "X", ""),
        ("a", "2024-01-15", 2, "X", 30),
        ("b", "2024-01-05", 1, "Y", ""),
        ("c", "2024-01-05", 1, "Y", ""),
    ]
    stays = [("a", "2024-01-10", "2024-01-12"), ("z", "2024-01-10", "2024-01-12")]
    return (
        written(folder / "d.csv", dispensings, DISPENSED),
        written(folder / "p.csv", prescriptions, PRESCRIBED),
        written(folder / "s.csv", stays, ("patient_id", "first_day", "last_day")),
    )


def test_one_row_per_supply_and_a_reason_where_there_is_none(tmp_path: Path):
    dispensings, prescriptions, stays = files(tmp_path)
    given = ["--prescriptions", prescriptions, "--stays", stays, "--stay", "carryover"]

    rows = asked("durations", dispensings, tmp_path / "r.csv", *given)

    assert list(rows[0]) == COLUMNS
    assert [tuple(row.values()) for row in rows] == [
        *(
            ("a", "X", start, days, dose, "2024-01-01", "30.0", *course, "0.0", waited, "")
            for start, days, dose, waited, *course in (
                ("2024-01-01", "9.0", "1.0", "3", "2024-01-01", "2024-01-15"),
                ("2024-01-13", "2.0", "1.0", "0", "2024-01-01", "2024-01-15"),
                ("2024-01-15", "9.5", "2.0", "0", "2024-01-15", "2024-02-14"),
            )
        ),
        ("b", "X", *[""] * 3, "2024-01-01", "8.0", *[""] * 4, "nothing was prescribed"),
        (
            *("b", "Y", "", "", "", "2024-01-01", "30.0", "", "", "", ""),
            "dispensed before the first prescription",
        ),
    ]


def test_what_is_computable_is_an_input_of_the_measures(tmp_path: Path):
    dispensings, prescriptions, _ = files(tmp_path)
    given = ["--prescriptions", prescriptions, "--first-from-dispensing", "--computable-only"]

    rows = asked("durations", dispensings, tmp_path / "supplies.csv", *given)
    measured = asked("cma", tmp_path / "supplies.csv", tmp_path / "r.csv")

    assert [row["patient_id"] for row in rows] == ["a", "a", "b"]
    assert [row["patient_id"] for row in measured] == ["a", "b"]
    assert number(measured[1]["CMA7"]) == pytest.approx(30 / 730)


def test_options_reach_the_rule(tmp_path: Path):
    dispensings, prescriptions, stays = files(tmp_path)

    def durations(*options: object) -> list[str]:
        given = ["--prescriptions", prescriptions, *options, "--computable-only"]
        found = asked("durations", dispensings, tmp_path / "r.csv", *given)
        return [row["duration"] for row in found if row["patient_id"] == "a"]

    assert durations() == ["14.0", "8.0"]
    assert durations("--keep-first-dose") == ["30.0"]
    assert durations("--stays", stays) == ["14.0", "8.0"]
    assert durations("--stays", stays, "--interruption", "discard") == ["9.0"]
    assert durations("--stays", stays, "--stay", "discard") == ["9.0"]


def test_the_time_to_the_first_dispensing_with_who_still_waits(tmp_path: Path):
    dispensings, prescriptions, _ = files(tmp_path)
    given = ["--dispensings", dispensings, "--until", "2024-06-30"]

    rows = asked("initiation", prescriptions, tmp_path / "r.csv", *given)

    open_still = ("0", "177", "not dispensed by the end of the data")
    assert [tuple(row.values()) for row in rows] == [
        ("a", "X", "2024-01-01", "2024-01-01", "0", "1", "0", ""),
        ("b", "Y", "2024-01-05", "", "", *open_still),
        ("c", "Y", "2024-01-05", "", "", *open_still),
    ]


def test_without_medications_all_are_one(tmp_path: Path):
    dispensed = written(tmp_path / "d.csv", [("a", "2024-02-01", 7)], DISPENSED[:3])
    prescribed = written(tmp_path / "p.csv", [("a", "2024-01-31", 2)], PRESCRIBED[:3])

    rows = asked("durations", dispensed, tmp_path / "r.csv", "--prescriptions", prescribed)
    times = asked("initiation", prescribed, tmp_path / "i.csv", "--dispensings", dispensed)

    assert [(row["date"], row["duration"]) for row in rows] == [("2024-02-01", "3.5")]
    assert [row["days"] for row in times] == ["1"]
    assert "medication" not in rows[0]


# ---- Published examples --------------------------------------------------------------------------

CLASS = ("ATC.CODE", "FORM", "UNIT")
needs_truth = pytest.mark.skipif(
    not (TRUTH / "data_durcomp_dispensing.csv").is_file(), reason=f"no example data in {TRUTH}"
)


def example(folder: Path, name: str, columns: dict[str, str]) -> Path:
    """An example table with one medication, in the columns of our command."""
    with (TRUTH / f"data_durcomp_{name}.csv").open(newline="") as file:
        rows = [
            ["" if row[one] == "NA" else row[one] for one in columns.values()]
            for row in csv.DictReader(file)
            if row.get("ATC.CODE", "J01EE01") == "J01EE01"
        ]
    return written(folder / f"{name}.csv", rows, tuple(columns))


def examples(folder: Path) -> tuple[Path, Path]:
    match = dict(zip(("medication", "form", "unit"), CLASS, strict=True))
    dispensed = {"patient_id": "ID", "date": "DATE.DISP", "quantity": "TOTAL.DOSE", **match}
    prescribed = {"patient_id": "ID", "date": "DATE.PRESC", "daily_dose": "DAILY.DOSE", **match}
    prescribed["duration"] = "PRESC.DURATION"
    return example(folder, "dispensing", dispensed), example(folder, "prescribing", prescribed)


MATCH = ("--match", "medication", "--match", "form", "--match", "unit")


@needs_truth
def test_durations_around_hospital_stays_are_those_the_manual_prints(tmp_path: Path):
    """AdhereR's "Data preparation" vignette: durations and carried days of its third patient.

    It prints them after ``prune_event_durations``, so every printed row has to be among ours.
    """
    dispensed, prescribed = examples(tmp_path)
    stays = example(
        tmp_path,
        "hospitalisation",
        {"patient_id": "ID", "first_day": "DATE.IN", "out": "DATE.OUT"},
    )
    with stays.open(newline="") as file:
        inside = [
            (patient, first, date.fromisoformat(out) - timedelta(days=1))
            for patient, first, out in list(csv.reader(file))[1:]
        ]
    stays = written(tmp_path / "stays.csv", inside, ("patient_id", "first_day", "last_day"))
    given = ["--prescriptions", prescribed, "--stays", stays, *MATCH, "--first-from-dispensing"]
    given += ["--renew-at-visits", "--interruption", "carryover"]

    rows = asked("durations", dispensed, tmp_path / "r.csv", *given)

    found = [
        (round(float(row["duration"]), 9), int(row["days_waited"]))
        for row in rows
        if row["patient_id"] == "3"
    ]
    printed = [(30, 0), (30, 0), (30, 0), (35, 13), (8, 36), (30, 0), (20, 0), (7, 8), (7, 7)]
    printed += [(30, 0), (16, 52)]
    left = iter(found)
    assert all(one in left for one in printed), found
    assert len(found) == 16


@needs_truth
def test_times_to_initiation_are_those_the_manual_prints(tmp_path: Path):
    """The same vignette's table, by patient and course.

    It gave the function what could be used of the dispensings: the second course of patient 14 had
    none, where ours finds one 166 days later. Patient 16's numbered visits leave one out, which
    cuts one course into two there and not here.
    """
    dispensed, prescribed = examples(tmp_path)

    given = ["--dispensings", dispensed, "--each-course", "--match", "medication"]
    rows = asked("initiation", prescribed, tmp_path / "r.csv", *given)

    found: dict[int, list[float | None]] = {}
    for row in rows:
        found.setdefault(int(row["patient_id"]), []).append(number(row["days"]))
    assert found == {
        3: [25, 16],
        5: [7],
        6: [1, 1],
        7: [4],
        9: [71, None],
        10: [43, 3, 1, 25],
        11: [None],
        12: [15, None],
        13: [12, 2],
        14: [14, 166],
        16: [0],
    }
