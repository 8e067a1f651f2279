"""The fast measures against the plain ones, and what must hold whatever the supplies are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.measures import plain
from tests.measures.asked import asked, number, written
from tests.measures.plain import Event, Limits, Rule

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
Draw = Callable[[Any], Any]


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


def window_options(numbers: Sequence[object], unit: str) -> list[object]:
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


def same_measures(
    row: dict[str, str], want: dict[str, float | None], about: Sequence[object]
) -> None:
    """Fail unless the row has these measures, all in their range, and a reason for each absence."""
    for name in NAMES:
        assert close(number(row[name]), want[name]), (name, row, want, about)
    assert bool(row["reason"]) == (None in want.values())
    for name in NAMES[2:]:
        value = number(row[name])
        assert value is None or 0 <= value <= 1


# ---- Each shape of an answer ---------------------------------------------------------------------


def check_measures(folder: Path, draw: Draw) -> None:
    cohort, (numbers, unit), flags = draw(COHORT), draw(WINDOWS), draw(FLAGS)
    source = written(folder / "supplies.csv", rows_of(cohort))
    given = ["--measure", "all", *window_options(numbers, unit), *carry_options(flags)]

    rows = asked("cma", source, folder / "r.csv", *given)

    assert len(rows) == len(cohort)
    for row, events in zip(rows, cohort, strict=True):
        windows = plain.limits(events, numbers, unit)
        same_measures(row, plain.measures(events, windows, *flags), events)


OWN_WINDOWS = st.tuples(
    st.sampled_from(["days", "weeks", "months", "years"]), st.booleans(), st.booleans()
)


def check_windows_in_columns(folder: Path, draw: Draw) -> None:
    """Each patient has windows of their own; starts are numbers or dates."""
    cohort, flags, (unit, dated, watch_dated) = draw(COHORT), draw(FLAGS), draw(OWN_WINDOWS)
    most = {"days": 500, "weeks": 70, "months": 18, "years": 2}[unit]
    lengths = st.integers(1, most)
    if unit == "weeks":
        lengths = st.one_of(lengths, st.sampled_from([1.5, 2.5, 10.25]))  # type: ignore[assignment]  # mixed
    days = st.integers(0, 400).map(lambda n: FIRST + timedelta(days=n))
    own = [
        (
            draw(days if dated else st.integers(0, most // 3)),
            draw(lengths),
            draw(days if watch_dated else st.integers(0, most // 3)),
            draw(lengths),
        )
        for _ in cohort
    ]
    rows = [(*row, *own[int(str(row[0])[1:])]) for row in rows_of(cohort)]
    header = ("patient_id", "date", "duration", "daily_dose", "medication", *"wxyz")
    source = written(folder / "supplies.csv", rows, header)
    kinds = ["dates" if dated else "units", "units", "dates" if watch_dated else "units", "units"]
    named = [f"{kind}:{name}" for kind, name in zip(kinds, "wxyz", strict=True)]
    given = ["--measure", "all", *window_options(named, unit), *carry_options(flags)]

    found = asked("cma", source, folder / "r.csv", *given)

    for row, events, numbers in zip(found, cohort, own, strict=True):
        windows = plain.limits(events, numbers, unit)
        same_measures(row, plain.measures(events, windows, *flags), [numbers, *events])


GAPS = st.sampled_from([(0, "days"), (7, "days"), (30, "days"), (90, "days"), (100, "days")])
GAPS |= st.sampled_from([(4, "weeks"), (1.5, "weeks"), (1, "months"), (1, "years")])
GAPS |= st.sampled_from([(0, "percent"), (50, "percent"), (100, "percent"), (250, "percent")])
IN_DAYS = {"days": 1, "weeks": 7, "months": 30, "years": 365, "percent": 1}
RULES = st.builds(
    lambda gap, medication, dose, append, over: (gap, medication, dose, append, over),
    GAPS,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def rule_of(drawn: Any, *, over: bool = True) -> tuple[Rule, list[object]]:
    """The plain rule and the options that say the same."""
    (permitted, unit), medication, dose, append, carries = drawn
    rule = Rule(
        permitted * IN_DAYS[unit], unit == "percent", medication, dose, append, carries or not over
    )
    options: list[object] = ["--max-gap", permitted, "--max-gap-unit", unit]
    options += ["--medication-change-starts-episode"] if medication else []
    options += ["--dosage-change-starts-episode"] if dose else []
    options += ["--append-gap"] if append else []
    return rule, options + ([] if rule.over else ["--no-carry-over"])


def check_episodes(folder: Path, draw: Draw) -> None:
    cohort, flags, (numbers, unit) = draw(COHORT), draw(FLAGS), draw(WINDOWS)
    rule, options = rule_of(draw(RULES))
    source = written(folder / "supplies.csv", rows_of(cohort))
    follow_up = window_options(numbers, unit)[:6]

    rows = asked("episodes", source, folder / "r.csv", *options, *follow_up, *carry_options(flags))

    for place, events in enumerate(cohort):
        want = plain.episodes(events, plain.limits(events, numbers, unit), rule, *flags)
        have = [row for row in rows if row["patient_id"] == f"p{place:03}"]
        assert [row["start"] for row in have] == [str(span.start) for span in want]
        assert [int(row["episode"]) for row in have] == list(range(1, len(want) + 1))
        for row, span in zip(have, want, strict=True):
            assert close(number(row["duration"]), span.duration), (row, span, events)
            assert int(row["gap_at_end"]) == int(span.gap_at_end + 1e-9)


def check_per_episode(folder: Path, draw: Draw) -> None:
    cohort, flags, (numbers, unit) = draw(COHORT), draw(FLAGS), draw(WINDOWS)
    rule, options = rule_of(draw(RULES), over=False)
    source = written(folder / "supplies.csv", rows_of(cohort))
    given = ["--measure", "all", "--per-episode", *options]
    given += [*window_options(numbers, unit), *carry_options(flags)]

    rows = asked("cma", source, folder / "r.csv", *given)

    for place, events in enumerate(cohort):
        windows = plain.limits(events, numbers, unit)
        want = plain.per_episode(events, windows, rule, *flags)
        have = [row for row in rows if row["patient_id"] == f"p{place:03}"]
        assert [(int(row["episode"]), row["start"], row["end"]) for row in have] == [
            (part.number, str(part.start), str(part.end)) for part in want
        ]
        for row, part in zip(have, want, strict=True):
            assert close(number(row["duration"]), part.span.duration)
            assert int(row["gap_at_end"]) == int(part.span.gap_at_end + 1e-9)
            same_measures(row, part.measures, [part, *events])


SLIDING = st.tuples(
    st.integers(0, 60),
    st.integers(1, 200),
    st.one_of(st.tuples(st.integers(20, 90), st.none()), st.tuples(st.none(), st.integers(1, 9))),
)


def check_sliding_windows(folder: Path, draw: Draw) -> None:
    cohort, flags, (numbers, unit) = draw(COHORT), draw(FLAGS), draw(WINDOWS)
    start, length, (step, count) = draw(SLIDING)
    source = written(folder / "supplies.csv", rows_of(cohort))
    given = ["--measure", "all", *window_options(numbers, unit), *carry_options(flags)]
    given += ["--sliding-start", start, "--sliding-duration", length]
    given += ["--sliding-step", step] if step else ["--sliding-count", count]

    rows = asked("cma", source, folder / "r.csv", *given)

    for place, events in enumerate(cohort):
        windows = plain.limits(events, numbers, unit)
        want = (
            plain.sliding(windows, start, length, step, count) if followed(events, windows) else []
        )
        have = [row for row in rows if row["patient_id"] == f"p{place:03}"]
        assert [(row["start"], row["end"]) for row in have] == [
            tuple(map(str, one.observation)) for one in want
        ]
        assert [int(row["window"]) for row in have] == list(range(1, len(want) + 1))
        for row, one in zip(have, want, strict=True):
            same_measures(row, plain.measures(events, one, *flags), [one, *events])


def followed(events: list[Event], windows: Limits) -> bool:
    """Whether there is a supply in the follow-up window."""
    first, last = windows.follow_up
    return any(first <= event.day <= last for event in events)


GROUPS: dict[str, tuple[str, Callable[[Event], bool]]] = {
    "Long": ("duration > 28", lambda event: event.duration > 28),
    "A": ("medication == 'A'", lambda event: event.medication == "A"),
    "LongA": ("{A} & {Long}", lambda event: event.medication == "A" and event.duration > 28),
    "Weak": ("!({A} | daily_dose >= 2)", lambda e: not (e.medication == "A" or e.dose >= 2)),
}
NAMED = st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, unique=True)


def check_groups(folder: Path, draw: Draw) -> None:
    cohort, flags, (numbers, unit) = draw(COHORT), draw(FLAGS), draw(WINDOWS)
    named, alone, shape = draw(NAMED), draw(st.booleans()), draw(st.integers(0, 2))
    if "LongA" in named:
        named = sorted({*named, "A", "Long"})
    elif "Weak" in named:
        named = sorted({*named, "A"})
    source = written(folder / "supplies.csv", rows_of(cohort))
    given: list[object] = ["--measure", "all", *window_options(numbers, unit)]
    given += [*carry_options(flags), *(["--follow-up-per-group"] if alone else [])]
    for name in named:
        given += ["--group", f"{name}={GROUPS[name][0]}"]
    given += [[], ["--per-episode", "--max-gap", 30], ["--sliding-duration", 60]][shape]
    given += ["--sliding-count", 4] if shape == 2 else []

    rows = asked("cma", source, folder / "r.csv", *given)

    for place, events in enumerate(cohort):
        of_all = plain.limits(events, numbers, unit)
        have = [row for row in rows if row["patient_id"] == f"p{place:03}"]
        want: list[tuple[str, dict[str, float | None]]] = []
        held = plain.by_group(events, {name: GROUPS[name][1] for name in named})
        for name in sorted(held):
            windows = plain.limits(held[name], numbers, unit) if alone else of_all
            if shape == 0:
                found = [plain.measures(held[name], windows, *flags)]
            elif shape == 1:
                parts = plain.per_episode(held[name], windows, Rule(30), *flags)
                found = [part.measures for part in parts]
            else:
                slid = (
                    plain.sliding(windows, 0, 60, None, 4) if followed(held[name], windows) else []
                )
                found = [plain.measures(held[name], one, *flags) for one in slid]
            want += [(name, one) for one in found]
        assert [row["group"] for row in have] == [name for name, _ in want]
        for row, (_, one) in zip(have, want, strict=True):
            same_measures(row, one, events)


def check_gaps(folder: Path, draw: Draw) -> None:
    """Intervals, gaps and carry-over of each supply up to the end of observation."""
    cohort, flags, (numbers, unit) = draw(COHORT), draw(FLAGS), draw(WINDOWS)
    into = draw(st.booleans())
    source = written(folder / "supplies.csv", rows_of(cohort))
    given = ["--per-supply", "into-window" if into else "within-window"]
    given += [*window_options(numbers, unit), *carry_options(flags)]

    rows = asked("cma", source, folder / "r.csv", *given)

    for place, events in enumerate(cohort):
        (fs, fe), (os, oe) = (lambda one: (one.follow_up, one.observation))(
            plain.limits(events, numbers, unit)
        )
        have = [row for row in rows if row["patient_id"] == f"p{place:03}"]
        ordered = plain.in_order(events)
        assert [row["date"] for row in have] == [str(event.day) for event in ordered]
        valid = fs <= os and oe <= fe
        first = fs if into else max(fs, os)
        shown = [n for n, e in enumerate(ordered) if valid and first <= e.day <= min(fe, oe)]
        found = plain.gaps([ordered[n] for n in shown], oe.toordinal(), *flags)
        known = dict(zip(shown, found, strict=True))
        for n, row in enumerate(have):
            gap, carried = known.get(n, (None, None))
            assert close(number(row["gap"]), gap), (row, events)
            assert close(number(row["carry_over"]), carried), (row, events)
            later = ordered[n + 1].day if n + 1 < len(ordered) else oe
            interval = (min(later, oe) - ordered[n].day).days if n in known else None
            if n in known and ordered[n].day < os:
                interval = None
            assert close(number(row["interval"]), interval), (row, events)
            assert bool(row["reason"]) == (gap is None)


CHECKS = {
    "measures": check_measures,
    "windows in columns": check_windows_in_columns,
    "episodes": check_episodes,
    "per episode": check_per_episode,
    "sliding windows": check_sliding_windows,
    "groups": check_groups,
    "gaps": check_gaps,
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@given(data=st.data())
@few(8)
def test_answers_are_those_of_the_plain_computation(check, tmp_path: Path, data: st.DataObject):
    check(tmp_path, data.draw)


@pytest.mark.full
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@given(data=st.data())
@few(400)
def test_answers_about_ten_thousand_histories_are_those_of_the_plain_computation(
    check, tmp_path: Path, data: st.DataObject
):
    check(tmp_path, data.draw)


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
