"""``adherence pdc``: PQA's published claims, and what they do not show, by hand and plainly."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from adherence.__main__ import over_files
from tests.measures.asked import asked, number, written
from tests.measures.test_plain import few

EXAMPLES = (
    Path(__file__).parents[3] / "shared" / "truth" / "supplies" / "pqa_pdc_carry_over_examples.csv"
)
HEADER = ("patient_id", "date", "duration", "medication")
YEAR = ("--first", "2018-01-01", "--last", "2018-12-31")


def pdc(folder: Path, rows: list[tuple[object, ...]], *options: object) -> list[dict[str, str]]:
    source = written(folder / "fills.csv", rows, HEADER)
    return asked("pdc", source, folder / "r.csv", *YEAR, *options)


@pytest.mark.skipif(not EXAMPLES.is_file(), reason=f"no published claims in {EXAMPLES.parent}")
def test_every_published_claim_has_its_first_and_last_dose(tmp_path: Path):
    with EXAMPLES.open(newline="") as file:
        claims = list(csv.DictReader(file))
    rows = [(c["scenario"], c["date_of_fill"], c["days_supply"], c["drug"]) for c in claims]

    found = pdc(tmp_path, rows, "--per-fill")

    assert len(claims) == 13
    claims.sort(key=lambda claim: (claim["scenario"], claim["date_of_fill"]))
    assert [(row["filled_on"], row["first_dose"], row["last_dose"]) for row in found] == [
        (c["date_of_fill"], c["date_of_first_dose"], c["date_of_last_dose"]) for c in claims
    ]


def test_days_of_two_ingredients_count_once_and_one_ingredient_queues(tmp_path: Path):
    fills = [("2018-10-03", 45), ("2018-10-18", 45)]  # 90 days to the end of the year
    rows = [("two", day, days, f"m{n}") for n, (day, days) in enumerate(fills)]
    rows += [("one", day, days, "m") for day, days in fills]

    one, two = pdc(tmp_path, rows, "--least-days", 90)

    assert (number(one["days_covered"]), number(one["days"])) == (90, 90)
    assert (number(two["days_covered"]), number(two["days"])) == (60, 90)
    assert number(two["PDC"]) == pytest.approx(60 / 90)


def test_inpatient_days_leave_both_counts_and_the_supply_they_held_moves_behind_them(
    tmp_path: Path,
):
    """30 days from 1 March, inside from the 11th to the 20th; the next fill is 10 days early now.

    Supply of 1 March lasts to 9 April, that of 31 March moves to 10 April and lasts to 9 May.
    """
    rows = [("a", "2018-03-01", 30, "m"), ("a", "2018-03-31", 30, "m")]
    stays = written(
        tmp_path / "stays.csv",
        [("a", "2018-03-11", "2018-03-15"), ("a", "2018-03-14", "2018-03-20")],
        ("patient_id", "first_day", "last_day"),
    )

    (without,) = pdc(tmp_path, rows)
    (row,) = pdc(tmp_path, rows, "--stays", stays)

    assert (number(without["days_covered"]), number(without["days"])) == (60, 306)
    assert (number(row["days_covered"]), number(row["days"])) == (60, 296)


def test_supply_that_ended_before_the_stay_moves_nowhere(tmp_path: Path):
    rows = [("a", "2018-03-01", 30, "m"), ("a", "2018-06-01", 30, "m")]
    stay = [("a", "2018-05-02", "2018-05-11")]
    stays = written(tmp_path / "s.csv", stay, ("patient_id", "first_day", "last_day"))

    (row,) = pdc(tmp_path, rows, "--stays", stays)

    assert (number(row["days_covered"]), number(row["days"])) == (60, 296)


def test_what_is_not_computable_says_why(tmp_path: Path):
    rows = [
        *[("once", "2018-01-01", 30, m) for m in "ab"],
        *[("late", day, 30, "a") for day in ("2018-10-03", "2018-11-03")],
        *[("out", day, 30, "a") for day in ("2018-01-01", "2018-02-01")],
        *[("died", day, 30, "a") for day in ("2018-01-01", "2018-02-01")],
        *[("inside", day, 30, "a") for day in ("2018-01-01", "2018-02-01")],
        ("other year", "2017-01-01", 30, "a"),
    ]
    people = written(
        tmp_path / "people.csv",
        [("out", "hospice", ""), ("died", "", "2018-04-01")],
        ("patient_id", "excluded", "covered_until"),
    )
    stay = [("inside", "2017-12-01", "2019-01-01")]
    stays = written(tmp_path / "s.csv", stay, ("patient_id", "first_day", "last_day"))

    found = pdc(tmp_path, rows, "--people", people, "--stays", stays)

    reasons = {row["patient_id"]: row["reason"] for row in found}
    assert reasons == {
        "once": "fewer than two fills on different days",
        "late": "the treatment period is too short",
        "out": "the patient is excluded: hospice",
        "died": "",
        "inside": "the whole treatment period is an inpatient stay",
    }
    died = next(row for row in found if row["patient_id"] == "died")
    assert (number(died["days_covered"]), number(died["days"])) == (60, 91)
    assert {row["PDC"] for row in found if row["reason"]} == {""}


def test_bad_rows_of_the_other_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = written(tmp_path / "fills.csv", [("a", "2018-01-01", 30, "m")], HEADER)
    rows = [("a", "2018-05-02", "2018-05-01"), ("", "x", ""), ("a", "2018-05-02", "2018-05-02")]
    stays = written(tmp_path / "stays.csv", rows, ("patient_id", "first_day", "last_day"))
    words = ["pdc", "--input", source, "--output", tmp_path / "r.csv", "--stays", stays, *YEAR]

    assert over_files([str(word) for word in words]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith("stays.csv:2: last_day is before first_day")
    assert "stays.csv:3: patient_id is missing; first_day is not a date" in lines[1]
    assert len(lines) == 3
    assert not (tmp_path / "r.csv").exists()


FILLS = st.lists(
    st.tuples(st.integers(0, 364), st.sampled_from([1, 7, 30, 90]), st.sampled_from("ab")),
    min_size=2,
    max_size=8,
)
STAYS = st.lists(st.tuples(st.integers(0, 364), st.integers(0, 40)), max_size=4)


def plain_pdc(fills: list[tuple[int, int, str]], stays: list[tuple[int, int]]) -> tuple[int, int]:
    """Days covered and days, one day after the other, with a stock per ingredient."""
    inside = {day for first, length in stays for day in range(first, first + length + 1)}
    start = min(day for day, _, _ in fills)
    stock = {"a": 0, "b": 0}
    covered = days = 0
    for day in range(start, 365):
        for filled, supply, ingredient in fills:
            if filled == day:
                stock[ingredient] += supply
        if day in inside:
            continue
        days += 1
        covered += any(stock.values())
        stock = {ingredient: max(0, left - 1) for ingredient, left in stock.items()}
    return covered, days


@given(cohort=st.lists(st.tuples(FILLS, STAYS), min_size=15, max_size=15))
@few(12)
def test_days_covered_are_those_of_a_walk_through_the_year(
    tmp_path: Path, cohort: list[tuple[list[tuple[int, int, str]], list[tuple[int, int]]]]
):
    first = date(2018, 1, 1)

    def day(number_of: int) -> date:
        return first + timedelta(days=number_of)

    rows = [
        (f"p{n:02}", day(filled), supply, ingredient)
        for n, (fills, _) in enumerate(cohort)
        for filled, supply, ingredient in fills
    ]
    away = [
        (f"p{n:02}", day(came), day(came + length))
        for n, (_, stays) in enumerate(cohort)
        for came, length in stays
    ]
    stays = written(tmp_path / "s.csv", away, ("patient_id", "first_day", "last_day"))
    least = ["--least-days", 1, "--least-fills", 1]

    found = pdc(tmp_path, rows, *least, "--stays", stays)

    for row, (fills, inside) in zip(found, cohort, strict=True):
        covered, days = plain_pdc(fills, inside)
        if days == 0:
            assert row["PDC"] == ""
            continue
        assert (number(row["days_covered"]), number(row["days"])) == (covered, days)
