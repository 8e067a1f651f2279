"""The definitions and parameters of the measures: complete, and refusing what cannot be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adherence.domain.errors import InvalidInput
from adherence.domain.groups import groups
from adherence.domain.supplies import (
    DEFINITIONS,
    Carry,
    CmaQuestion,
    Column,
    EpisodeQuestion,
    EpisodeRule,
    GapUnit,
    Measure,
    PdcQuestion,
    Reason,
    SlidingWindows,
    Unit,
    Windows,
    columns_needed,
    numbers_compared,
)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_measure_has_words_a_formula_a_limit_and_a_source(name: str):
    one = DEFINITIONS[name]

    assert all((one.words, one.formula, one.not_computable, one.source))
    assert one.sentence().startswith(f"{name}: ")
    assert "  " not in one.sentence()


def test_every_reason_is_a_sentence_of_its_own():
    assert len({reason.value for reason in Reason}) == len(Reason)


@pytest.mark.parametrize(
    ("number", "unit", "steps"),
    [
        (365, Unit.DAYS, 365),
        (0.5, Unit.WEEKS, 4),
        (1.5, Unit.WEEKS, 10),
        (2.5, Unit.DAYS, 2),
        (3.5, Unit.DAYS, 4),
        (6, Unit.MONTHS, 6),
        (2, Unit.YEARS, 24),
    ],
)
def test_days_and_weeks_become_whole_days_half_to_even_and_years_months(
    number: float, unit: Unit, steps: int
):
    assert Windows(0, 100, 0, 100, Unit.DAYS).steps(0) == 0
    assert Windows(0, 24, 0, 24, unit).steps(number) == steps


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"follow_up_start": -1}, "follow_up_start"),
        ({"observation_start": float("nan")}, "observation_start"),
        ({"follow_up_duration": 0}, "follow_up_duration"),
        ({"observation_duration": 0.4}, "observation_duration"),
        ({"observation_duration": float("inf")}, "observation_duration"),
        ({"follow_up_duration": 1.5, "unit": Unit.MONTHS}, "unit"),
    ],
)
def test_windows_that_cannot_be_are_refused_by_name(changes: dict[str, object], field: str):
    usual: dict[str, object] = {"follow_up_duration": 100, "observation_duration": 100}

    with pytest.raises(InvalidInput) as refused:
        Windows(**{**usual, **changes})  # type: ignore[arg-type]  # the names are the fields
    assert refused.value.field == field


def test_other_parameters_that_cannot_be_are_refused():
    for wrong in (
        lambda: EpisodeRule(-1),
        lambda: EpisodeRule(float("inf")),
        lambda: SlidingWindows(30),
        lambda: SlidingWindows(30, 30, 3),
        lambda: SlidingWindows(0, 30),
        lambda: SlidingWindows(30, 0.2),
        lambda: SlidingWindows(30, count=0),
        lambda: CmaQuestion(()),
        lambda: CmaQuestion((Measure.CMA1, Measure.CMA1)),
        lambda: CmaQuestion(per_episode=EpisodeRule(), sliding=SlidingWindows(30, 30)),
        lambda: PdcQuestion(date(2024, 1, 2), date(2024, 1, 1)),
        lambda: PdcQuestion(date(2024, 1, 1), date(2024, 1, 2), least_days=0),
    ):
        with pytest.raises(InvalidInput):
            wrong()


def test_a_permissible_gap_has_fixed_months_and_years():
    assert EpisodeRule(2, GapUnit.MONTHS).max_gap_days == 60
    assert EpisodeRule(1, GapUnit.YEARS).max_gap_days == 365
    assert EpisodeRule(50, GapUnit.PERCENT).max_gap_days is None
    assert SlidingWindows(1, 1, unit=Unit.MONTHS).days(1) == 30


def test_a_question_reads_only_the_columns_it_needs():
    base = ("patient_id", "date", "duration")

    assert columns_needed(CmaQuestion()) == base
    assert columns_needed(CmaQuestion(carry=Carry(by_dose=True))) == (*base, "daily_dose")
    change = EpisodeRule(medication_change=True)
    assert columns_needed(EpisodeQuestion(change)) == (*base, "medication")
    assert columns_needed(CmaQuestion(per_episode=change)) == (*base, "medication")
    named = groups({"g": "level == 'x' & weight > 3 & duration < 9"})
    asked = CmaQuestion(groups=tuple(named.items()))
    assert columns_needed(asked) == (*base, "level", "weight")
    assert numbers_compared(asked) == {"weight"}


def test_the_readme_prints_every_definition():
    """One place says what a measure is; ``Definition.row()`` makes the lines of the table."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").splitlines()

    assert [one.name for one in DEFINITIONS.values() if one.row() not in readme] == []


def test_windows_may_be_columns_and_say_which():
    windows = Windows(Column("index", dated=True), Column("days"), 0, Column("days"))

    assert windows.columns() == (Column("index", dated=True), Column("days"))
    assert columns_needed(CmaQuestion(windows=windows))[3:] == ("days", "index")
    with pytest.raises(InvalidInput, match="follow_up_duration"):
        Windows(follow_up_duration=Column("index", dated=True))
