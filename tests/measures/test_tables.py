"""The library's entry: a table in, a table of the same kind out, with the command's numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb")

from adherence.domain.supplies import (
    Carry,
    CmaQuestion,
    EpisodeQuestion,
    Measure,
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
