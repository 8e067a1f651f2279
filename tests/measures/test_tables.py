"""The library's entry: a table in, a table of the same kind out, with the command's numbers."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb")

from adherence.domain.dispensings import DurationQuestion, InitiationQuestion
from adherence.domain.doses import DoseQuestion
from adherence.domain.supplies import (
    Carry,
    CmaQuestion,
    EpisodeQuestion,
    Measure,
    PersistenceQuestion,
    SlidingWindows,
    Windows,
)
from adherence.measures.supply_files import BadSupplies, UnusableFile
from adherence.measures.tables import compute
from tests.measures.asked import asked, number, written

ROWS = [
    ("a", date(2020, 1, 1), 30.0, 1.0, "A"),
    ("a", date(2020, 2, 10), 30.0, 2.0, "A"),
    ("a", date(2020, 2, 20), 30.0, 1.0, "B"),
    ("b", date(2020, 5, 5), 14.25, 1.0, "A"),
]
NAMES = ("patient_id", "date", "duration", "daily_dose", "medication")
QUESTION = CmaQuestion(tuple(Measure), Windows(0, 200, 20, 100), Carry(True, True))


def columns(rows: list[tuple[Any, ...]] = ROWS) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(NAMES)}


def of_command(folder: Path) -> list[dict[str, str]]:
    source = written(folder / "e.csv", ROWS)
    options = ["--follow-up-duration", 200, "--observation-start", 20]
    options += ["--observation-duration", 100, "--measure", "all"]
    options += ["--carry-only-for-same-medication", "--consider-dosage-change"]
    return asked("cma", source, folder / "r.csv", *options)


def same(found: list[dict[str, Any]], command: list[dict[str, str]]) -> bool:
    """Whether rows of values are the rows of the command's file."""
    for have, want in zip(found, command, strict=True):
        for measure in Measure:
            value = None if have[measure] != have[measure] else have[measure]
            expected = number(want[measure])
            if value != expected and abs(value - expected) > 1e-12:  # type: ignore[operator]  # both numbers
                return False
    return True


def test_pandas(tmp_path: Path):
    pandas = pytest.importorskip("pandas")

    found = compute(pandas.DataFrame(columns()), QUESTION)

    assert isinstance(found, pandas.DataFrame)
    assert same(found.to_dict("records"), of_command(tmp_path))


def test_polars(tmp_path: Path):
    polars = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")

    found = compute(polars.DataFrame(columns()), QUESTION)
    lazy = compute(polars.LazyFrame(columns()), QUESTION)

    assert isinstance(found, polars.DataFrame)
    assert isinstance(lazy, polars.LazyFrame)
    assert lazy.collect().equals(found)
    assert same(found.to_dicts(), of_command(tmp_path))


def test_arrow(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")

    found = compute(pyarrow.table(columns()), QUESTION)

    assert isinstance(found, pyarrow.Table)
    assert same(found.to_pylist(), of_command(tmp_path))


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis calls it
def test_an_ibis_table_gives_an_expression_on_its_own_engine(tmp_path: Path):
    ibis = pytest.importorskip("ibis")
    pyarrow = pytest.importorskip("pyarrow")
    engine = ibis.duckdb.connect()
    table = engine.create_table("given", pyarrow.table(columns()))

    found = compute(table, QUESTION)

    assert isinstance(found, ibis.Table)
    assert same(found.to_pyarrow().to_pylist(), of_command(tmp_path))


def test_what_is_not_computable_is_missing_with_its_reason():
    pyarrow = pytest.importorskip("pyarrow")

    found = compute(pyarrow.table(columns(ROWS[3:])), CmaQuestion((Measure.CMA1, Measure.CMA7)))

    assert found.column("CMA1").to_pylist() == [None]
    assert found.column("reason").to_pylist() == [
        "CMA1: fewer than two supplies on different days in the observation window"
    ]


def test_bad_rows_are_all_named_and_missing_columns_too():
    pyarrow = pytest.importorskip("pyarrow")
    rows = [*ROWS, ("c", None, 3.0, 1.0, "A"), ("c", date(2020, 1, 1), -3.0, 1.0, "A")]

    with pytest.raises(BadSupplies) as refused:
        compute(pyarrow.table(columns(rows)), QUESTION)
    assert [(row.line, row.reason) for row in refused.value.rows] == [
        (5, "date is missing"),
        (6, "duration is not above 0"),
    ]
    with pytest.raises(UnusableFile, match="duration"):
        compute(pyarrow.table({"patient_id": ["a"], "date": [date(2020, 1, 1)]}), QUESTION)


def test_sliding_windows_may_be_counted_and_episodes_have_their_columns():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(columns())
    sliding = SlidingWindows(duration=30, count=3)

    windows = compute(table, CmaQuestion((Measure.CMA6,), Windows(0, 120, 0, 120), sliding=sliding))
    episodes = compute(table, EpisodeQuestion())

    starts = [day for day in windows.column("start").to_pylist() if day.month < 5]
    assert starts == [date(2020, 1, 1), date(2020, 2, 15), date(2020, 3, 31)]
    assert episodes.column_names == [
        *("patient_id", "episode", "start", "end", "duration", "gap_at_end")
    ]


# ---- Walks ---------------------------------------------------------------------------------------

DISPENSED = {"patient_id": ["a", "b"], "date": [date(2024, 1, 1)] * 2, "quantity": [30.0, 8.0]}
PRESCRIBED = {"patient_id": ["a"], "date": [date(2024, 1, 1)], "daily_dose": [2.0]}


@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "arrow", "ibis"])
@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis calls it
def test_durations_have_the_kind_of_their_table(kind: str):
    tables, make = frames(kind)

    found = compute(
        make(DISPENSED), DurationQuestion(computable_only=True), prescriptions=make(PRESCRIBED)
    )

    assert isinstance(found, tables)
    (row,) = records(found)
    assert (row["patient_id"], row["duration"], row["daily_dose"]) == ("a", 15.0, 2.0)


def frames(kind: str) -> tuple[Any, Any]:
    """The type of a kind of table, and what makes one of columns."""
    if kind == "ibis":
        ibis, pyarrow = pytest.importorskip("ibis"), pytest.importorskip("pyarrow")
        return ibis.Table, lambda data: ibis.memtable(pyarrow.table(data))
    if kind == "lazy":
        polars = pytest.importorskip("polars")
        return polars.LazyFrame, polars.LazyFrame
    library = pytest.importorskip({"arrow": "pyarrow"}.get(kind, kind))
    if kind == "arrow":
        return library.Table, library.table
    return library.DataFrame, library.DataFrame


def records(found: Any) -> list[dict[str, Any]]:
    """The rows of any kind of table."""
    for name in ("collect", "to_pyarrow"):
        if hasattr(found, name):
            found = getattr(found, name)()
    if hasattr(found, "to_pylist"):
        return list(found.to_pylist())
    return list(found.to_dicts() if hasattr(found, "to_dicts") else found.to_dict("records"))


def test_dose_logs_and_initiation_are_asked_the_same_way():
    pyarrow = pytest.importorskip("pyarrow")
    doses = pyarrow.table({"patient_id": ["a"], "taken_at": [datetime(2024, 1, 1, 8)]})  # noqa: DTZ001 - wall time
    regimens = pyarrow.table(
        {"patient_id": ["a"], "first_day": [date(2024, 1, 1)], "doses_per_day": [2]}
    )

    found = compute(doses, DoseQuestion(last=date(2024, 1, 2)), regimens=regimens).to_pylist()
    times = compute(
        pyarrow.table(PRESCRIBED), InitiationQuestion(), dispensings=pyarrow.table(DISPENSED)
    ).to_pylist()

    assert (found[0]["doses_due"], found[0]["taking"]) == (4, 0.25)
    assert [(row["patient_id"], row["days"]) for row in times] == [("a", 0)]


def test_bad_rows_of_all_tables_are_named_and_unknown_tables_refused():
    pyarrow = pytest.importorskip("pyarrow")
    bad = pyarrow.table(PRESCRIBED | {"daily_dose": [0.0]})
    worse = pyarrow.table(DISPENSED | {"quantity": [1.0, None]})

    with pytest.raises(BadSupplies) as refused:
        compute(worse, DurationQuestion(), prescriptions=bad)
    assert [str(row) for row in refused.value.rows] == [
        "row 2: dispensings: quantity is missing",
        "row 1: prescriptions: daily_dose is not above 0",
    ]
    with pytest.raises(UnusableFile, match="reads no table prescriptions"):
        compute(pyarrow.table(columns()), QUESTION, prescriptions=bad)
    with pytest.raises(UnusableFile, match="prescriptions"):
        compute(pyarrow.table(DISPENSED), DurationQuestion())


def test_persistence_is_asked_like_any_question_about_supplies():
    pyarrow = pytest.importorskip("pyarrow")

    found = compute(pyarrow.table(columns()), PersistenceQuestion()).to_pylist()

    assert [(row["patient_id"], row["days"], row["ended"]) for row in found] == [
        ("a", 100.0, 1),
        ("b", 14.25, 1),
    ]
