"""``adherence persistence``: the curve, days of it, and patient by patient."""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.measures import plain
from tests.measures.asked import asked, number, written
from tests.measures.plain import Rule
from tests.measures.test_plain import COHORT, few, rows_of

FIRST = date(2020, 1, 1)
ROWS = [
    ("a", FIRST, 30, 1, "A"),
    ("a", FIRST + timedelta(100), 30, 1, "A"),
    ("b", FIRST, 60, 1, "A"),
    ("c", FIRST, 730, 1, "A"),
    ("d", FIRST, 30, 1, "A"),
]


def test_the_curve_has_a_row_per_day_on_which_something_happened(tmp_path: Path):
    rows = asked("persistence", written(tmp_path / "e.csv", ROWS), tmp_path / "r.csv")

    assert [tuple(row.values())[:5] for row in rows] == [
        ("0", "4", "0", "0", "1.0"),
        ("30", "4", "1", "0", "0.75"),
        ("60", "3", "1", "0", "0.5"),
        ("130", "2", "1", "0", "0.25"),
        ("730", "1", "0", "1", "0.25"),
    ]
    assert rows[0]["reason"] == "no interval: nobody's treatment had ended"
    assert (rows[0]["lower"], rows[0]["upper"]) == ("", "")
    assert (rows[1]["reason"], rows[-1]["reason"]) == ("", "")


def test_patient_by_patient_with_a_reason_where_there_is_nothing(tmp_path: Path):
    source = written(tmp_path / "e.csv", [*ROWS, ("z", FIRST, 30, 1, "A")])
    given = ["--per-patient", "--follow-up-start", 50, "--follow-up-duration", 100]

    rows = asked("persistence", source, tmp_path / "r.csv", *given)

    assert [tuple(row.values()) for row in rows] == [
        ("a", "2020-04-10", "50.0", "0", "20", ""),
        *((name, "", "", "", "", "no supply in the follow-up window") for name in "bcdz"),
    ]


def test_days_asked_about_are_answered_as_far_as_anybody_was_observed(tmp_path: Path):
    source = written(tmp_path / "e.csv", ROWS)

    rows = asked("persistence", source, tmp_path / "r.csv", "--at", 45, "--at", 800)

    assert (rows[0]["day"], rows[0]["share"]) == ("45", "0.75")
    assert (rows[1]["day"], rows[1]["share"]) == ("800", "")
    assert rows[1]["reason"] == "nobody was observed for so long"


@given(cohort=COHORT, permitted=st.sampled_from([0, 30, 90]), over=st.booleans())
@few(6)
def test_the_curve_is_that_of_lifelines_over_the_plain_episodes(
    tmp_path: Path, cohort: list[list[plain.Event]], permitted: int, over: bool
):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lifelines = pytest.importorskip("lifelines")
    source = written(tmp_path / "e.csv", rows_of(cohort))
    given = ["--max-gap", permitted, *([] if over else ["--no-carry-over"])]

    rows = asked("persistence", source, tmp_path / "r.csv", *given)

    lasted, ended = [], []
    for events in cohort:
        windows = plain.limits(events, (0, 730, 0, 730), "days")
        first = plain.episodes(events, windows, Rule(permitted, over=over))[0]
        lasted.append(first.duration)
        ended.append((windows.follow_up[1] - first.start).days - first.duration > 1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = lifelines.KaplanMeierFitter().fit(lasted, ended)
    curve, bounds = fitted.survival_function_.iloc[:, 0], fitted.confidence_interval_
    assert sum(int(row["ended"]) for row in rows) == sum(ended)
    assert sum(int(row["censored"]) for row in rows) == len(ended) - sum(ended)
    for row in rows:
        day = curve.index[abs(curve.index - float(row["day"])).argmin()]
        assert abs(day - float(row["day"])) < 1e-6
        assert number(row["share"]) == pytest.approx(curve.loc[day], abs=1e-9)
        if row["lower"]:
            found = (number(row["lower"]), number(row["upper"]))
            assert found == pytest.approx(tuple(bounds.loc[day]), abs=1e-9)
