"""``adherence cma``: what it writes, and what it refuses and how."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from adherence.__main__ import over_files
from tests.measures.asked import COLUMNS, asked, number, written

GOOD = [("a", "2020-01-01", "30", "1", "A"), ("a", "2020-02-10", "30", "1", "A")]


def refused(
    capsys: pytest.CaptureFixture[str], source: Path, *options: str, command: str = "cma"
) -> list[str]:
    """The lines of a refusal. Nothing is written, not even in part, and an old result stays."""
    target = source.parent / "result.csv"
    target.write_text("of yesterday\n")
    before = sorted(path.name for path in source.parent.iterdir())

    status = over_files([command, "--input", str(source), "--output", str(target), *options])

    assert status == 2
    assert target.read_text() == "of yesterday\n"
    assert sorted(path.name for path in source.parent.iterdir()) == before
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err.splitlines()


def test_one_row_per_patient_and_one_column_per_measure(tmp_path: Path):
    source = written(tmp_path / "events.csv", [*GOOD, ("b", "2020-03-01", 10, 1, "A")])

    options = ["--measure", "CMA7", "--measure", "cma1", "--follow-up-duration", 100]
    rows = asked("cma", source, tmp_path / "r.csv", *options)

    assert [list(row) for row in rows] == [["patient_id", "CMA7", "CMA1", "reason"]] * 2
    assert [row["patient_id"] for row in rows] == ["a", "b"]
    assert number(rows[0]["CMA7"]) == pytest.approx(0.6)
    assert number(rows[0]["CMA1"]) == pytest.approx(0.75)
    assert rows[0]["reason"] == ""
    assert rows[1]["CMA1"] == ""
    assert rows[1]["reason"] == (
        "CMA1: fewer than two supplies on different days in the observation window"
    )


def test_a_file_of_one_row_has_an_answer(tmp_path: Path):
    (row,) = asked("cma", written(tmp_path / "e.csv", GOOD[:1]), tmp_path / "r.csv")

    assert number(row["CMA7"]) == pytest.approx(30 / 730)


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path):
    header = ("note", "duration", "date", "patient_id")
    source = written(tmp_path / "e.csv", [('x, "y"', 30, "2020-01-01", "ä 1")], header)

    (row,) = asked("cma", source, tmp_path / "r.csv")

    assert row["patient_id"] == "ä 1"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path):
    source = tmp_path / "e.csv"
    source.write_text("patient_id,date,duration\na,2020-01-01,30\n", encoding="utf-8-sig")

    assert len(asked("cma", source, tmp_path / "r.csv")) == 1


def test_windows_may_begin_on_a_date(tmp_path: Path):
    source = written(tmp_path / "e.csv", GOOD)

    options = ["--follow-up-start", "2020-01-31", "--follow-up-duration", 20]
    (row,) = asked("cma", source, tmp_path / "r.csv", *options)

    assert number(row["CMA7"]) == pytest.approx(0.5)


def test_a_window_outside_follow_up_is_not_computable_and_says_so(tmp_path: Path):
    source = written(tmp_path / "e.csv", GOOD)
    options = ["--follow-up-duration", 100, "--observation-start", 50, "--measure", "all"]

    (row,) = asked("cma", source, tmp_path / "r.csv", *options)

    assert row["reason"] == "the observation window is not inside the follow-up window"
    assert {row[f"CMA{n}"] for n in range(1, 10)} == {""}


def test_results_are_written_as_parquet_by_the_suffix(tmp_path: Path):
    import duckdb

    source = written(tmp_path / "e.csv", GOOD)
    target = tmp_path / "r.parquet"

    assert over_files(["cma", "--input", str(source), "--output", str(target), "--quiet"]) == 0
    assert duckdb.sql(f"SELECT patient_id FROM '{target}'").fetchall() == [("a",)]


def test_a_folder_of_parquet_is_read_whole(tmp_path: Path):
    import duckdb

    for year, day in ((2020, "2020-01-01"), (2021, "2021-01-01")):
        (tmp_path / "in" / f"year={year}").mkdir(parents=True)
        duckdb.sql(
            f"SELECT 'a' AS patient_id, DATE '{day}' AS date, 365 AS duration"
        ).write_parquet(str(tmp_path / "in" / f"year={year}" / "part.parquet"))

    (row,) = asked("cma", tmp_path / "in", tmp_path / "r.csv")

    assert number(row["CMA7"]) == pytest.approx(729 / 730)


def test_supplies_of_the_services_database_are_read(tmp_path: Path):
    import sqlite3

    path = tmp_path / "service.sqlite"
    with sqlite3.connect(path) as run:
        run.execute("CREATE TABLE supply (patient_id TEXT, date TEXT, duration REAL)")
        run.executemany("INSERT INTO supply VALUES (?, ?, ?)", [row[:3] for row in GOOD])
    run.close()

    (row,) = asked("cma", f"sqlite:///{path}", tmp_path / "r.csv", "--follow-up-duration", 100)

    assert number(row["CMA7"]) == pytest.approx(0.6)


# ---- Refusals ------------------------------------------------------------------------------------


def test_every_bad_row_is_named_with_its_line_and_its_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = [
        *GOOD,
        ("", "2020-01-01", "30", "1", "A"),
        ("b", "01/02/2020", "30", "1", "A"),
        ("b", "2020-02-30", "0", "1", "A"),
        ("b", "2020-1-5", "-3", "1", "A"),
        ("b", "2020/01/05", "nan", "1", "A"),
        ("b", "2020-01-05", "inf", "1", "A"),
        ("b", "infinity", "many", "0", "A"),
        ("b", "", "", "-1", "A"),
        ("b", "2020-01-05"),
        ("b", "2020-01-05", "1", "", ""),
    ]
    lines = refused(capsys, written(tmp_path / "events.csv", rows))

    said = [line.split("events.csv:")[1] for line in lines[:-1]]
    not_date = "date is not a date of the form YYYY-MM-DD"
    assert said == [
        "4: patient_id is missing",
        f"5: {not_date}",
        f"6: {not_date}; duration is not above 0",
        f"7: {not_date}; duration is not above 0",
        f"8: {not_date}; duration is not a number",
        "9: duration is not above 0",
        f"10: {not_date}; duration is not a number; daily_dose is not above 0",
        "11: date is missing; duration is missing; daily_dose is not above 0",
        "12: 2 values where the header names 5",
    ]
    assert lines[-1] == "adherence: 9 rows cannot be used. Nothing was written."


@pytest.mark.parametrize(
    "bad",
    [
        ("b", "2020/01/05", "30"),
        ("b", "2020-1-05", "30"),
        ("b", "20200105", "30"),
        ("b", "2020-01-05T00:00", "30"),
        ("b", "2020-01-05", "nan"),
        ("b", "2020-01-05", "1e999"),
        ("b", "2020-01-05", "0x10"),
        ("b", "2020-01-05", "0"),
        ("b", "epoch", "30"),
        ("b", "0000-01-05", "30"),
        ("b", "2020-01-05", "30", "4"),
        ("", "2020-01-05", "30"),
    ],
    ids=str,
)
def test_a_bad_row_by_itself_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: tuple[str, ...]
):
    """The engine that reads fast and the check that names lines agree on what is bad."""
    rows = [("a", "2020-01-01", "30"), bad, ("c", "2020-01-01", "30")]

    lines = refused(capsys, written(tmp_path / "e.csv", rows, COLUMNS[:3]))

    assert len(lines) == 2
    assert "e.csv:3: " in lines[0]


def test_line_numbers_count_lines_inside_quotes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = tmp_path / "e.csv"
    source.write_text('patient_id,date,duration\n"a\nb",2020-01-01,30\nc,2020-01-01,0\n')

    assert "e.csv:4: duration is not above 0" in refused(capsys, source)[0]


def test_a_dose_is_needed_only_where_it_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = written(tmp_path / "e.csv", [("a", "2020-01-01", "30", "", "")])
    assert len(asked("cma", source, tmp_path / "r.csv")) == 1

    flags = ["--consider-dosage-change", "--carry-only-for-same-medication"]
    lines = refused(capsys, source, *flags)

    assert "daily_dose is missing; medication is missing" in lines[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"patient_id,date,duration\n", "the file holds no supplies"),
        (b"patient_id,date\na,2020-01-01\n", "columns are missing: duration"),
        (b"patient_id,date,duration,date\na,2020-01-01,3,2020-01-01\n", "a column twice: date"),
        (b"\x7fELF\x02\x01\x01\0\0\0patient_id,date,duration\n", "a binary file"),
        (b"\xff\xfe\xfd,\xfc\n1,2\n", "not a CSV file in UTF-8"),
        (b"PAR1\0\0\0\0", "a binary file"),
    ],
    ids=["empty", "blank", "header only", "missing", "twice", "binary", "not UTF-8", "parquet"],
)
def test_a_file_that_is_no_file_of_supplies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
):
    source = tmp_path / "e.csv"
    source.write_bytes(content)

    lines = refused(capsys, source)

    assert len(lines) == 1
    assert said in lines[0]


def test_a_missing_file_and_a_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert "No such file" in refused(capsys, tmp_path / "none.csv")[0]

    target = tmp_path / "no" / "r.csv"
    source = written(tmp_path / "e.csv", GOOD)
    assert over_files(["cma", "--input", str(source), "--output", str(target)]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_a_parquet_file_is_checked_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    import duckdb

    source = tmp_path / "e.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES ('a', DATE '2020-01-01', 30), ('b', NULL, 30),"
        " ('c', DATE '2020-01-01', -1)) AS t (patient_id, date, duration)"
    ).write_parquet(str(source))

    lines = refused(capsys, source)

    assert lines[0].endswith("e.parquet:2: date is missing")
    assert lines[1].endswith("e.parquet:3: duration is not above 0")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing else")
    assert len(refused(capsys, tmp_path / "broken.parquet")) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--follow-up-duration", "0"],
        ["--observation-start", "-1"],
        ["--unit", "months", "--follow-up-duration", "1.5"],
        ["--sliding-step", "30"],
        ["--sliding-duration", "30"],
        ["--sliding-duration", "30", "--sliding-step", "30", "--per-episode"],
        ["--per-episode", "--max-gap", "-1"],
        ["--per-supply", "into-window", "--measure", "CMA7"],
        ["--group", "A"],
        ["--group", "A=medication = 1"],
    ],
    ids=str,
)
def test_an_option_that_cannot_be_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
):
    lines = refused(capsys, written(tmp_path / "e.csv", GOOD), *options)

    assert lines[0].startswith("adherence: This option cannot be used: ")


@pytest.mark.full
def test_a_million_bad_rows_are_all_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = tmp_path / "e.csv"
    source.write_text("patient_id,date,duration\n" + "a,2020-01-01,0\n" * 1_000_000)

    lines = refused(capsys, source)

    assert len(lines) == 1_000_001
    assert lines[-2].endswith("e.csv:1000001: duration is not above 0")
    assert "1,000,000 rows" in lines[-1]


def test_help_prints_each_definition_and_its_source(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        over_files(["cma", "--help"])

    said = capsys.readouterr().out
    for measure in range(1, 10):
        assert f"CMA{measure}: " in said
    assert "doi:10.1186/1472-6963-12-155" in said


def test_without_the_library_the_command_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "duckdb", None)

    lines = refused(capsys, written(tmp_path / "e.csv", GOOD))

    assert "pip install 'adherence[measures]'" in lines[0]


def test_a_kept_text_needs_no_ibis_and_the_command_no_flask(tmp_path: Path):
    source = written(tmp_path / "e.csv", GOOD)
    words = ["cma", "--input", str(source), "--output", str(tmp_path / "r.csv"), "--quiet"]
    program = (
        "import sys\nfrom adherence.__main__ import over_files\n"
        f"assert over_files({words!r}) == 0\n"
        "print(sorted({'ibis', 'flask', 'sqlalchemy', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    def modules() -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        ).stdout.strip()

    assert "ibis" in modules()
    assert modules() == "[]"


def test_working_memory_may_be_bounded(tmp_path: Path):
    rows = [(f"p{n % 5000}", f"20{n % 20 + 10}-01-01", 30, 1, "A") for n in range(60_000)]
    source = written(tmp_path / "e.csv", rows)

    bounded = asked("cma", source, tmp_path / "r.csv", "--memory", "60MB")

    assert bounded == asked("cma", source, tmp_path / "s.csv")
    with (tmp_path / "r.csv").open(newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == 5001
