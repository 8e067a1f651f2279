"""Medication groups: expressions, and results per group equal to those of the group by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from adherence.domain.errors import InvalidInput
from adherence.domain.groups import Both, Comparison, Either, Not, groups
from tests.measures.asked import asked, written

HEADER = ("patient_id", "date", "duration", "daily_dose", "medication", "level", "weight")
ROWS = [
    ("a", "2020-01-01", 30, 1, "A", "x", 10),
    ("a", "2020-02-01", 10, 2, "A", "x", 20),
    ("a", "2020-03-01", 60, 1, "B", "", 30),
    ("b", "2020-01-05", 30, 1, "B", "y", 5),
]


def test_an_expression_binds_not_before_and_before_or():
    a, b, c = (Comparison(name, "==", 1.0) for name in "abc")

    assert groups({"g": "a == 1 | b == 1 & !c == 1"})["g"] == Either(a, Both(b, Not(c)))
    assert groups({"g": "(a == 1 | b == 1) & c==1"})["g"] == Both(Either(a, b), c)


def test_a_group_may_stand_in_another():
    found = groups({"Both of": "{One} & b >= 2.5", "One": 'a != "x y"'})

    assert found["Both of"] == Both(Comparison("a", "!=", "x y"), Comparison("b", ">=", 2.5))


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a",
        "a ==",
        "a = 1",
        "(a == 1",
        "a == 1)",
        "a == 1 b == 2",
        "{None}",
        "{g}",
        "a == b",
        "1 == a",
        "a == 'x",
        "& a == 1",
        "a == 1; drop table x",
    ],
)
def test_an_expression_that_cannot_be_read_is_refused(expression: str):
    with pytest.raises(InvalidInput) as refused:
        groups({"g": expression})
    assert refused.value.field == "g"


def test_each_group_has_the_result_of_its_supplies_alone(tmp_path: Path):
    source = written(tmp_path / "e.csv", ROWS, HEADER)
    window = ["--follow-up-duration", 100, "--measure", "CMA7", "--measure", "CMA9"]
    named = {"X": "level == 'x'", "Heavy": "weight >= 20 & !{X}", "Short": "duration < 20"}
    (tmp_path / "g.json").write_text(json.dumps(named))

    rows = asked("cma", source, tmp_path / "r.csv", *window, "--groups", tmp_path / "g.json")

    assert [(row["patient_id"], row["group"]) for row in rows] == [
        ("a", "Heavy"),
        ("a", "Short"),
        ("a", "X"),
        ("b", "__ALL_OTHERS__"),
    ]
    alone = {
        "Heavy": [ROWS[2]],
        "Short": [ROWS[1]],
        "X": ROWS[:2],
    }
    for row in rows[:3]:
        only = written(tmp_path / "only.csv", alone[row["group"]], HEADER)
        start = ["--follow-up-start", "2020-01-01"]
        (want,) = asked("cma", only, tmp_path / "o.csv", *window, *start)
        assert {name: row[name] for name in want} == want


def test_follow_up_may_start_with_the_group(tmp_path: Path):
    source = written(tmp_path / "e.csv", ROWS, HEADER)
    group = ["--follow-up-duration", 60, "--group", "B=medication == 'B'"]

    of_all = asked("cma", source, tmp_path / "r.csv", *group)
    of_group = asked("cma", source, tmp_path / "s.csv", *group, "--follow-up-per-group")

    assert [row["CMA7"] for row in of_all if row["group"] == "B"] == ["0.0", "0.5"]
    assert [row["CMA7"] for row in of_group if row["group"] == "B"] == ["1.0", "0.5"]


def test_groups_join_with_episodes_and_windows(tmp_path: Path):
    source = written(tmp_path / "e.csv", ROWS, HEADER)
    group = ["--group", "X=level == 'x'", "--follow-up-duration", 90]

    episodes = asked("cma", source, tmp_path / "r.csv", *group, "--per-episode")
    sliding = ["--sliding-duration", 30, "--sliding-step", 30]
    windows = asked("cma", source, tmp_path / "s.csv", *group, *sliding)

    assert list(episodes[0])[:3] == ["patient_id", "group", "episode"]
    assert [row["window"] for row in windows if row["group"] == "X"] == ["1", "2", "3"]
