"""What every command about files accepts as a file, and how each refuses what is none."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

import duckdb

from adherence.__main__ import OVER_FILES, over_files
from adherence.measures import duck
from tests.cli.test_cma import GOOD, refused
from tests.measures.asked import asked, written

SUPPLIES = "patient_id,date,duration\na,2020-01-01,30\n"
DISPENSED = "patient_id,date,quantity\na,2020-01-01,30\n"
PRESCRIBED = "patient_id,date,daily_dose\na,2020-01-01,1\n"
DOSES = "patient_id,taken_at\na,2020-01-01T08:00\n"
STAYS = "patient_id,first_day,last_day\n"
REGIMENS = "patient_id,first_day,doses_per_day,last_day\na,2020-01-01,1,2020-01-31\n"
YEAR = ["--first", "2020-01-01", "--last", "2020-12-31"]
COMMANDS: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "cma": (SUPPLIES, {}, []),
    "episodes": (SUPPLIES, {}, []),
    "persistence": (SUPPLIES, {}, []),
    "pdc": (SUPPLIES.replace("duration", "duration,medication").replace("30", "30,X"), {}, YEAR),
    "durations": (DISPENSED, {"prescriptions": PRESCRIBED}, []),
    "initiation": (PRESCRIBED, {"dispensings": DISPENSED}, []),
    "doses": (DOSES, {"regimens": REGIMENS}, []),
}


def beside(command: str, folder: Path, **instead: str) -> list[str]:
    """The options of a command that asks, with its further files; some of them other than usual."""
    _, others, options = COMMANDS[command]
    given = list(options)
    for name, content in {**others, **instead}.items():
        (folder / f"{name}.csv").write_text(content)
        given += [f"--{name}", str(folder / f"{name}.csv")]
    return given


def test_every_command_over_files_is_tried_here():
    assert set(COMMANDS) == set(OVER_FILES)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_answers_a_file_of_one_row(command: str, tmp_path: Path):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])

    assert asked(command, source, tmp_path / "r.csv", *beside(command, tmp_path))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"patient_id\na\n", "columns are missing"),
        (b"patient_id,date,date\na,2020-01-01,2020-01-01\n", "a column twice: date"),
        (b"\x7fELF\x02\x01\x01\0\0\0patient_id,date\n", "a binary file"),
        (b"\xff\xfe\xfd,\xfc\n1,2\n", "not a CSV file in UTF-8"),
    ],
    ids=["empty", "blank", "missing", "twice", "binary", "not UTF-8"],
)
def test_each_command_refuses_what_is_no_file_of_its_own(
    command: str,
    content: bytes,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    source = tmp_path / "e.csv"
    source.write_bytes(content)

    lines = refused(capsys, source, *beside(command, tmp_path), command=command)

    assert len(lines) == 1
    assert said in lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_names_every_bad_row_of_its_file(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    header, row = COMMANDS[command][0].splitlines()
    source = tmp_path / "e.csv"
    bad = [row.replace("2020", "20_20"), row.replace("a,", ",")]
    source.write_text("\n".join([header, row, *bad]) + "\n")

    lines = refused(capsys, source, *beside(command, tmp_path), command=command)

    assert [line.split("e.csv:")[1].split(":")[0] for line in lines[:-1]] == ["3", "4"]
    assert "patient_id is missing" in lines[1]
    assert lines[-1] == "adherence: 2 rows cannot be used. Nothing was written."


def test_bad_rows_of_all_files_are_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = tmp_path / "e.csv"
    source.write_text(DISPENSED + "b,2020-01-01,0\n")
    stays = "patient_id,first_day,last_day\na,2020-02-30,2020-02-01\n"
    bad = beside("durations", tmp_path, prescriptions=PRESCRIBED + "b,x,-1\n", stays=stays)

    lines = refused(capsys, source, *bad, command="durations")

    assert [line.rsplit("/", 1)[-1] for line in lines[:-1]] == [
        "e.csv:3: quantity is not above 0",
        "prescriptions.csv:3: date is not a date of the form YYYY-MM-DD; daily_dose is not above 0",
        "stays.csv:2: first_day is not a date of the form YYYY-MM-DD",
    ]


@pytest.mark.parametrize(
    ("command", "name", "rows", "said"),
    [
        ("durations", "stays", f"{STAYS}a,2020-02-02,2020-02-01\n", "2: last_day is before"),
        ("durations", "prescriptions", f"{PRESCRIBED}b\n", "3: 1 values where the header names 3"),
        (
            "durations",
            "prescriptions",
            "patient_id,date,daily_dose,duration\na,2020-01-01,1,1.5\n",
            "2: duration is not whole",
        ),
        (
            "doses",
            "regimens",
            f"{REGIMENS}a,2020-01-31,1,\n",
            "3: last_day is missing; it overlaps an earlier regimen of the patient",
        ),
        ("doses", "regimens", f"{REGIMENS}b,2020-01-31,1.5,\n", "3: doses_per_day is not a whole"),
        ("doses", "regimens", f"{REGIMENS}b,2020-01-31,-1,\n", "3: doses_per_day is below 0"),
        (
            "doses",
            "regimens",
            f"{REGIMENS}b,2020-01-31,1,2190-01-01\n",
            "3: last_day is more than a century after first_day",
        ),
        (
            "durations",
            "prescriptions",
            "patient_id,date,daily_dose,medication\na,2020-01-01,1,X\n",
            "columns are missing: medication",
        ),
        ("durations", "prescriptions", "patient_id,date\na,2020-01-01\n", "missing: daily_dose"),
    ],
    ids=lambda value: value[:30].split("\n")[0],
)
def test_what_contradicts_itself_is_refused(
    command: str,
    name: str,
    rows: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])
    options = beside(command, tmp_path, **{name: rows})

    lines = refused(capsys, source, *options, command=command)

    assert any(said in line for line in lines), lines


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,2020-01-01,", "taken_at is not a time of the form YYYY-MM-DDTHH:MM"),
        ("a,2020-01-01T25:00,", "taken_at is not a time"),
        ("a,2020-02-30T08:00,", "taken_at is not a time"),
        ("a,08:00,", "taken_at is not a time"),
        ("a,2020-01-01T08:00,maybe", "status is neither taken nor missed"),
    ],
)
def test_a_dose_needs_a_time_on_the_clock(
    row: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = tmp_path / "e.csv"
    source.write_text(f"patient_id,taken_at,status\na,2020-01-01T08:00,taken\n{row}\n")

    lines = refused(capsys, source, *beside("doses", tmp_path), command="doses")

    assert f"e.csv:3: {said}" in lines[0]


@pytest.mark.parametrize(
    "options",
    [["--tolerance", "-1"], ["--holiday-days", "0"], ["--once-within", "-1"]],
    ids=str,
)
def test_an_option_of_the_dose_log_that_cannot_be_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
):
    source = tmp_path / "e.csv"
    source.write_text(DOSES)

    lines = refused(capsys, source, *beside("doses", tmp_path), *options, command="doses")

    assert lines[0].startswith("adherence: This option cannot be used: ")


# ---- What a good file may look like --------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "written_as",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: "".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in text.splitlines()
        ).encode(),
        lambda text: text.rstrip("\n").encode(),
    ],
    ids=["byte order mark", "CRLF", "all quoted", "no last line end"],
)
def test_the_same_file_in_another_hand_has_the_same_answer(command, written_as, tmp_path: Path):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])
    options = beside(command, tmp_path)
    usual = asked(command, source, tmp_path / "r.csv", *options)

    for path in tmp_path.glob("*s.csv"):
        path.write_bytes(written_as(path.read_text()))
    source.write_bytes(written_as(COMMANDS[command][0]))

    assert asked(command, source, tmp_path / "s.csv", *options) == usual


IDS = [
    "007",
    "7",
    "1e3",
    " x ",
    "ä",
    "a,b",
    'say "so"',
    "line\nbreak",
    "名前",
    "x" * 100_000,
    "NULL",
]


@pytest.mark.parametrize("command", ["cma", "durations"])
def test_an_id_keeps_its_text_whatever_it_is(command: str, tmp_path: Path):
    rows = [(one, "2020-01-01", 30) for one in IDS]
    header = COMMANDS[command][0].splitlines()[0].split(",")
    source = written(tmp_path / "e.csv", rows, header)

    found = asked(command, source, tmp_path / "r.csv", *beside(command, tmp_path))

    assert [row["patient_id"] for row in found if row["patient_id"] != "a"] == sorted(IDS)


def test_a_value_that_is_quoted_and_empty_is_no_value(tmp_path: Path):
    source = tmp_path / "e.csv"
    source.write_text('patient_id,date,duration,daily_dose\n"a","2020-01-01","30",""\n')

    assert len(asked("cma", source, tmp_path / "r.csv")) == 1


def test_rows_come_out_in_order_of_the_id_as_text(tmp_path: Path):
    rows = [(one, "2020-01-01", 30) for one in ("b", "10", "B", "9", "ä", "a")]
    source = written(tmp_path / "e.csv", rows, ("patient_id", "date", "duration"))

    found = asked("cma", source, tmp_path / "r.csv")

    assert [row["patient_id"] for row in found] == ["10", "9", "B", "a", "b", "ä"]


def test_supplies_of_one_day_keep_the_order_of_the_file(tmp_path: Path):
    """What is left over of A is lost at B: with A last, its own days follow B's."""
    first, last = ("2020-01-01", 40, 1, "A"), ("2020-01-01", 20, 1, "B")
    rows = [("ab", *first), ("ba", *last), ("ab", *last), ("ba", *first)]
    given = ["--carry-only-for-same-medication", "--follow-up-duration", 100]

    ab, ba = asked("cma", written(tmp_path / "e.csv", rows), tmp_path / "r.csv", *given)

    assert (ab["CMA7"], ba["CMA7"]) == ("0.19999999999999996", "0.4")


def test_the_parts_of_a_folder_may_say_the_patient_in_their_names(tmp_path: Path):
    for one in ("007", "7"):
        (tmp_path / "in" / f"patient_id={one}").mkdir(parents=True)
        duckdb.sql("SELECT DATE '2020-01-01' AS date, 30 AS duration").write_parquet(
            str(tmp_path / "in" / f"patient_id={one}" / "part.parquet")
        )

    found = asked("cma", tmp_path / "in", tmp_path / "r.csv")

    assert [row["patient_id"] for row in found] == ["007", "7"]


def test_a_folder_of_parquet_is_walked_as_well(tmp_path: Path):
    (tmp_path / "in").mkdir()
    for n, day in enumerate(("2020-01-01", "2020-03-01")):
        duckdb.sql(f"SELECT 7 AS patient_id, DATE '{day}' AS date, 30 AS quantity").write_parquet(
            str(tmp_path / "in" / f"{n}.parquet")
        )
    prescribed = PRESCRIBED.replace("a,", "7,")
    options = beside("durations", tmp_path, prescriptions=prescribed)

    target = tmp_path / "r.parquet"
    words = ["durations", "--input", str(tmp_path / "in"), "--output", str(target), *options]
    assert over_files([*words, "--quiet"]) == 0

    found = duckdb.sql(f"SELECT patient_id, date, duration FROM '{target}'").fetchall()
    assert [(one, str(day), days) for one, day, days in found] == [
        ("7", "2020-01-01", 30.0),
        ("7", "2020-03-01", 30.0),
    ]


def test_bad_rows_of_parquet_are_named_for_a_walk_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = tmp_path / "e.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES ('a', '2020-01-01 08:00'), ('b', '2020-01-01'), (NULL, 'x'))"
        " AS t (patient_id, taken_at)"
    ).write_parquet(str(source))

    lines = refused(capsys, source, *beside("doses", tmp_path), command="doses")

    why = "taken_at is not a time of the form YYYY-MM-DDTHH:MM"
    assert [line.split("e.parquet:")[1] for line in lines[:-1]] == [
        f"2: {why}",
        f"3: patient_id is missing; {why}",
    ]


# ---- How a command runs --------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_over_files_loads_the_application(command: str, tmp_path: Path):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])
    words = [command, "--input", str(source), "--output", str(tmp_path / "r.csv")]
    words += [*beside(command, tmp_path), "--quiet"]
    program = (
        "import sys\nfrom adherence.__main__ import over_files\n"
        f"assert over_files({words!r}) == 0\n"
        "print(sorted({'flask', 'sqlalchemy', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_whole_command_says_what_it_wrote_and_ends_well(command: str, tmp_path: Path):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])
    words = [command, "--input", str(source), "--output", str(tmp_path / "r.csv")]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "adherence", *words, *beside(command, tmp_path), *more],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
            check=False,
        )

    done = run()
    assert (done.returncode, done.stdout) == (0, "")
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = sum(1 for _ in csv.reader(file)) - 1
    assert done.stderr.splitlines()[-1] == f"{rows} rows written to {tmp_path / 'r.csv'}"
    source.write_text("x\n")
    assert run().returncode == 2
    assert run("--no-such-option").returncode == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_long_work_says_how_far_it_is(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """With the wait between two reports taken away, even short work reports."""
    monkeypatch.setattr(duck, "SECONDS_BETWEEN_REPORTS", 0.0)
    header, row = COMMANDS[command][0].splitlines()
    source = tmp_path / "e.csv"
    rows = [row.replace("a,", f"p{n},") for n in range(20_000)]
    source.write_text("\n".join([header, *rows]) + "\n")
    words = [command, "--input", str(source), "--output", str(tmp_path / "r.csv")]

    assert over_files([*words, *beside(command, tmp_path)]) == 0

    said = capsys.readouterr().err.splitlines()
    shares = [int(line.split("%")[0]) for line in said if line.endswith("% done")]
    assert shares
    assert shares == sorted(shares)
    assert shares[-1] <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_how_numbers_were_made_can_be_written_beside_them(command: str, tmp_path: Path):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])
    options = beside(command, tmp_path)

    def method() -> str:
        rows = asked(command, source, tmp_path / "r.csv", *options, "--method", tmp_path / "m.json")
        said = (tmp_path / "m.json").read_text()
        assert json.loads(said)["rows"] == len(rows)
        return said

    first = method()
    made = json.loads(first)
    assert made["command"] == command
    assert all("Source: " in one for one in made["definitions"])
    assert {one["file"] for one in made["inputs"].values()} == {
        "e.csv",
        *(f"{name}.csv" for name in COMMANDS[command][1]),
    }
    assert method() == first
    source.write_text(COMMANDS[command][0].replace("a,", "b,"))
    assert method() != first


def test_a_method_never_tells_an_address(tmp_path: Path):
    import sqlite3

    path = tmp_path / "secret.sqlite"
    with sqlite3.connect(path) as run:
        run.execute("CREATE TABLE supply (patient_id TEXT, date TEXT, duration REAL)")
        run.execute("INSERT INTO supply VALUES ('a', '2020-01-01', 30)")
    run.close()

    asked("cma", f"sqlite:///{path}", tmp_path / "r.csv", "--method", tmp_path / "m.json")

    assert "secret" not in (tmp_path / "m.json").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_prints_the_definition_its_formula_and_its_source(
    command: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        over_files([command, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    for word in ("Formula: ", "Not computable: ", "Source: ", "Example:"):
        assert word in " ".join(said.split()) + " "
    assert max(map(len, said.splitlines())) <= 110


@pytest.mark.parametrize("command", COMMANDS)
def test_memory_that_is_no_size_is_refused(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])

    options = [*beside(command, tmp_path), "--memory", "much"]
    assert "--memory: " in refused(capsys, source, *options, command=command)[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_result_never_takes_the_place_of_an_input(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = tmp_path / "e.csv"
    source.write_text(COMMANDS[command][0])
    words = [command, "--input", str(source), *beside(command, tmp_path)]

    assert over_files([*words, "--output", str(source)]) == 2
    assert over_files([*words, "--output", str(tmp_path / "r.csv"), "--method", str(source)]) == 2

    assert "this is an input" in capsys.readouterr().err
    assert source.read_text() == COMMANDS[command][0]
    assert not (tmp_path / "r.csv").exists()


def test_walks_keep_to_their_memory(tmp_path: Path):
    log = tmp_path / "e.csv"
    days = [f"2020-{m:02}-{d:02}T08:00" for m in range(1, 13) for d in range(1, 29)]
    with log.open("w") as file:
        file.write("patient_id,taken_at\n")
        file.writelines(f"{'p' * 60}{n},{day}\n" for day in days for n in range(600))
    due = "patient_id,first_day,doses_per_day,last_day\n"
    due += "".join(f"{'p' * 60}{n},2020-01-01,1,2020-01-02\n" for n in range(600))
    options = beside("doses", tmp_path, regimens=due)

    bounded = asked("doses", log, tmp_path / "r.csv", *options, "--memory", "40MB")

    assert len(bounded) == 600
    assert {row["doses_taken"] for row in bounded} == {"2"}


def test_a_kept_answer_is_replaced_whole(tmp_path: Path):
    source = written(tmp_path / "e.csv", GOOD)
    (tmp_path / "r.csv").write_text("of yesterday\n" * 1000)

    assert len(asked("cma", source, tmp_path / "r.csv")) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.csv", "r.csv"]
