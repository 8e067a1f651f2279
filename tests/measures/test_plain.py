"""The fast measures against the plain ones, and what must hold whatever the supplies are."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.measures import plain
from tests.measures.asked import asked, number, written
from tests.measures.plain import Event

FIRST = date(2019, 10, 1)
NAMES = [f"CMA{n}" for n in range(1, 10)]
HISTORIES = 25
"""Patients in one example: a file of many costs as much as a file of one."""

DURATIONS = st.sampled_from([1, 7, 28, 30, 30, 45.5, 60, 90, 200, 900, 14.25, 125 / 3, 0.5])
EVENTS = st.builds(
    Event,
    day=st.one_of(
        st.integers(0, 60), st.integers(0, 800), st.sampled_from([0, 182, 365, 547, 730])
    ).map(lambda n: FIRST + timedelta(days=n)),
    duration=DURATIONS,
    dose=st.sampled_from([1.0, 1.0, 2.0, 0.5, 3.0]),
    medication=st.sampled_from("AAB"),
)
HISTORY = st.lists(EVENTS, min_size=1, max_size=9)
COHORT = st.lists(HISTORY, min_size=HISTORIES, max_size=HISTORIES)
WINDOWS = st.one_of(
    st.sampled_from(
        [
            ((0, 730, 182, 365), "days"),
            ((0, 730, 0, 730), "days"),
            ((90, 365, 30, 300), "days"),
            ((0, 104, 26, 52), "weeks"),
            ((0, 24, 6, 12), "months"),
            ((0, 2, 1, 1), "years"),
            ((400, 300, 100, 300), "days"),
        ]
    ),
    st.tuples(
        st.tuples(*(st.integers(a, b) for a, b in ((0, 100), (1, 700), (0, 100), (1, 500)))),
        st.just("days"),
    ),
)
FLAGS = st.tuples(st.booleans(), st.booleans())


def few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


def rows_of(cohort: list[list[Event]]) -> list[tuple[object, ...]]:
    """The rows of a file of supplies; patients are numbered so that text sorts as numbers do."""
    return [
        (f"p{place:03}", event.day, event.duration, event.dose, event.medication)
        for place, events in enumerate(cohort)
        for event in events
    ]


def window_options(numbers: tuple[int, int, int, int], unit: str) -> list[object]:
    names = ("follow-up-start", "follow-up-duration", "observation-start", "observation-duration")
    given: list[object] = ["--unit", unit]
    for name, value in zip(names, numbers, strict=True):
        given += [f"--{name}", value]
    return given


def carry_options(flags: tuple[bool, bool]) -> list[object]:
    names = ("--carry-only-for-same-medication", "--consider-dosage-change")
    return [name for name, given in zip(names, flags, strict=True) if given]


def close(have: float | None, want: float | None) -> bool:
    if have is None or want is None:
        return have is want
    return abs(have - want) <= 1e-9


def check_measures(
    folder: Path,
    cohort: list[list[Event]],
    windows: tuple[tuple[int, int, int, int], str],
    flags: tuple[bool, bool],
) -> None:
    numbers, unit = windows
    source = written(folder / "supplies.csv", rows_of(cohort))
    given = ["--measure", "all", *window_options(numbers, unit), *carry_options(flags)]
    rows = asked("cma", source, folder / "r.csv", *given)

    assert len(rows) == len(cohort)
    for row, events in zip(rows, cohort, strict=True):
        want = plain.measures(events, plain.limits(events, numbers, unit), *flags)
        for name in NAMES:
            assert close(number(row[name]), want[name]), (name, row, want, events)
        assert bool(row["reason"]) == (None in want.values())
        for name in NAMES[2:]:
            value = number(row[name])
            assert value is None or 0 <= value <= 1


@given(cohort=COHORT, windows=WINDOWS, flags=FLAGS)
@few(12)
def test_measures_are_those_of_the_plain_computation(
    tmp_path: Path,
    cohort: list[list[Event]],
    windows: tuple[tuple[int, int, int, int], str],
    flags: tuple[bool, bool],
):
    check_measures(tmp_path, cohort, windows, flags)


@pytest.mark.full
@given(cohort=COHORT, windows=WINDOWS, flags=FLAGS)
@few(400)
def test_measures_of_ten_thousand_histories_are_those_of_the_plain_computation(
    tmp_path: Path,
    cohort: list[list[Event]],
    windows: tuple[tuple[int, int, int, int], str],
    flags: tuple[bool, bool],
):
    check_measures(tmp_path, cohort, windows, flags)


@given(
    cohort=COHORT,
    permitted=st.sampled_from([0, 7, 30, 90, 100]),
    percent=st.booleans(),
    change=st.booleans(),
    flags=FLAGS,
    over=st.booleans(),
)
@few(12)
def test_episodes_are_those_of_the_plain_computation(
    tmp_path: Path,
    cohort: list[list[Event]],
    permitted: int,
    percent: bool,
    change: bool,
    flags: tuple[bool, bool],
    over: bool,
):
    source = written(tmp_path / "supplies.csv", rows_of(cohort))
    given = ["--max-gap", permitted, "--max-gap-unit", "percent" if percent else "days"]
    given += ["--medication-change-starts-episode"] if change else []
    given += [] if over else ["--no-carry-over"]
    rows = asked("episodes", source, tmp_path / "r.csv", *given, *carry_options(flags))

    for place, events in enumerate(cohort):
        windows = plain.limits(events, (0, 730, 0, 730), "days")
        want = plain.episodes(events, windows, permitted, percent, change, *flags, over)
        have = [row for row in rows if row["patient_id"] == f"p{place:03}"]
        assert [row["start"] for row in have] == [str(span.start) for span in want]
        assert [int(row["episode"]) for row in have] == list(range(1, len(want) + 1))
        for row, span in zip(have, want, strict=True):
            assert close(number(row["duration"]), span.duration), (row, span, events)
            assert int(row["gap_at_end"]) == int(span.gap_at_end + 1e-9)


def all_measures(folder: Path, rows: list[tuple[object, ...]]) -> dict[str, dict[str, str]]:
    source = written(folder / "supplies.csv", rows)
    windows = window_options((0, 730, 182, 365), "days")
    found = asked("cma", source, folder / "r.csv", "--measure", "all", *windows)
    return {row["patient_id"]: row for row in found}


@given(cohort=COHORT, days=st.integers(-20000, 20000))
@few(6)
def test_moving_all_dates_changes_nothing(tmp_path: Path, cohort: list[list[Event]], days: int):
    rows = rows_of(cohort)
    moved = [(p, day + timedelta(days=days), *rest) for p, day, *rest in rows]  # type: ignore[operator]  # a date

    before, after = all_measures(tmp_path, rows), all_measures(tmp_path, moved)
    for patient, row in before.items():
        assert row["reason"] == after[patient]["reason"]
        for name in NAMES:
            assert close(number(row[name]), number(after[patient][name]))


@given(cohort=COHORT, chance=st.randoms(use_true_random=False))
@few(6)
def test_the_order_of_patients_changes_nothing(tmp_path: Path, cohort: list[list[Event]], chance):
    by_patient = [rows_of([[]] * place + [events]) for place, events in enumerate(cohort)]
    usual = [row for rows in by_patient for row in rows]
    chance.shuffle(by_patient)

    shuffled = [row for rows in by_patient for row in rows]
    assert all_measures(tmp_path, shuffled) == all_measures(tmp_path, usual)


@given(cohort=COHORT)
@few(6)
def test_two_supplies_without_a_gap_count_as_the_one_they_were(
    tmp_path: Path, cohort: list[list[Event]]
):
    """CMA7 asks when there is supply, not in how many boxes it came."""
    whole = [[Event(e.day, 2 * round(e.duration + 1)) for e in events] for events in cohort]
    split = [
        [
            part
            for e in events
            for half in [e.duration / 2]
            for part in (Event(e.day, half), Event(e.day + timedelta(days=int(half)), half))
        ]
        for events in whole
    ]

    before, after = all_measures(tmp_path, rows_of(whole)), all_measures(tmp_path, rows_of(split))
    single = [f"p{place:03}" for place, events in enumerate(whole) if len(events) == 1]
    for patient in single:
        assert close(number(before[patient]["CMA7"]), number(after[patient]["CMA7"]))


@given(cohort=COHORT, more=st.sampled_from([0.5, 1, 30, 400]), place=st.integers(0, 8))
@few(6)
def test_a_longer_duration_never_lowers_cma7(
    tmp_path: Path, cohort: list[list[Event]], more: float, place: int
):
    longer = [
        [
            Event(e.day, e.duration + (more if n == place % len(events) else 0))
            for n, e in enumerate(events)
        ]
        for events in cohort
    ]

    before, after = all_measures(tmp_path, rows_of(cohort)), all_measures(tmp_path, rows_of(longer))
    for patient, row in before.items():
        was, now = number(row["CMA7"]), number(after[patient]["CMA7"])
        assert (was is None and now is None) or now >= was - 1e-9  # type: ignore[operator]  # both numbers


@pytest.mark.parametrize(
    ("start", "months", "reached"),
    [
        (date(2037, 8, 31), 6, date(2038, 3, 1)),
        (date(2020, 2, 29), 12, date(2021, 3, 1)),
        (date(2020, 1, 31), 1, date(2020, 3, 1)),
        (date(2020, 11, 30), 3, date(2021, 3, 1)),
        (date(2020, 12, 15), 1, date(2021, 1, 15)),
    ],
)
def test_a_day_that_does_not_exist_becomes_the_first_of_the_next_month(
    tmp_path: Path, start: date, months: int, reached: date
):
    assert plain.step(start, months, "months") == reached
    source = written(tmp_path / "s.csv", [("a", start, 30, 1, "A")])
    given = ["--unit", "months", "--follow-up-duration", months, "--per-supply", "into-window"]

    (row,) = asked("cma", source, tmp_path / "r.csv", *given)

    assert number(row["interval"]) == (reached - start).days
