"""Every stored result of AdhereR comes out of the command, to nine digits.

The files are not part of this repository: they stand beside it, and where they do not, this skips.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb")

from tests.measures import plain
from tests.measures.asked import asked, number, written
from tests.measures.plain import Event, Limits, Rule

TRUTH = Path(__file__).parents[3] / "shared" / "truth" / "supplies"
FILES = (
    json.loads((TRUTH / "manifest.json").read_text())["files"]
    if (TRUTH / "manifest.json").is_file()
    else []
)
pytestmark = pytest.mark.skipif(not FILES, reason=f"no reference results in {TRUTH}")

# Where we differ on purpose, by file and patient: what the reference says, what we say, and why.
DIFFERENCES: dict[tuple[str, str, str], str] = {
    (
        "cma_edge_cases_w02_fuw730_ow182_365_cFF.csv",
        "e26_long_single_dose_2y",
        "CMA8",
    ): "the reference says 0: the supply covers all of the window, so the lagged window is empty",
}


def supplies(dataset: str, folder: Path) -> Path:
    """The reference's input in the columns of our command."""
    with (TRUTH / f"data_{dataset}.csv").open(newline="") as file:
        rows = [
            (
                row["PATIENT_ID"],
                row.get("DATE_ISO") or row["DATE"],
                row["DURATION"],
                row["PERDAY"],
                row["CATEGORY"],
            )
            for row in csv.DictReader(file)
        ]
    return written(folder / "supplies.csv", rows)


def windows(params: dict[str, Any], *, observation: bool) -> list[object]:
    """The window options; the reference names a unit for each number, zero has none."""
    unit = params["followup.window.duration.unit"]
    given: list[object] = ["--unit", unit]
    for ours, theirs in (("follow-up", "followup"), ("observation", "observation")):
        if ours == "observation" and not observation:
            continue
        for end in ("start", "duration"):
            value = params[f"{theirs}.window.{end}"]
            assert value == 0 or params[f"{theirs}.window.{end}.unit"] == unit
            given += [f"--{ours}-{end}", value]
    return given


def options(params: dict[str, Any], *, observation: bool = True) -> list[object]:
    """The options that mean what the reference was told."""
    given = windows(params, observation=observation)
    flags = {
        "carry.only.for.same.medication": "--carry-only-for-same-medication",
        "consider.dosage.change": "--consider-dosage-change",
        "medication.change.means.new.treatment.episode": "--medication-change-starts-episode",
        "maximum.permissible.gap.append.to.episode": "--append-gap",
    }
    given += [option for name, option in flags.items() if params.get(name)]
    if "maximum.permissible.gap" in params:
        given += ["--max-gap", params["maximum.permissible.gap"]]
        given += ["--max-gap-unit", params["maximum.permissible.gap.unit"]]
    return given


def of(section: str) -> list[Any]:
    return [pytest.param(one, id=one["file"]) for one in FILES if one["section"] == section]


def expected(one: dict[str, Any]) -> list[dict[str, str]]:
    with (TRUTH / one["file"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == one["rows"]
    return rows


def differing(
    file: str,
    rows: dict[Any, dict[str, str]],
    theirs: dict[Any, dict[str, str]],
    pairs: dict[str, str],
) -> list[tuple[Any, str, float | None, float | None]]:
    """Values that are not equal to nine digits, but for the documented differences."""
    assert sorted(rows) == sorted(theirs)
    found = []
    for key, row in theirs.items():
        patient = key if isinstance(key, str) else key[0]
        for name, ours in pairs.items():
            want, have = number(row[name]), number(rows[key][ours])
            if (file, patient, ours) in DIFFERENCES:
                assert have is None
                continue
            same = have == want if None in (have, want) else abs(have - want) <= 1e-9  # type: ignore[operator]  # both are numbers here
            if not same:
                found.append((key, ours, want, have))
    return found


@pytest.mark.parametrize("one", of("cma"))
def test_measures_equal_the_reference(one: dict[str, Any], tmp_path: Path):
    source = supplies(one["dataset"], tmp_path)
    rows = asked("cma", source, tmp_path / "r.csv", "--measure", "all", *options(one["params"]))

    theirs = {row["PATIENT_ID"]: row for row in expected(one)}
    ours = {row["patient_id"]: row for row in rows}
    measures = {f"CMA{n}": f"CMA{n}" for n in range(1, 10)}
    assert differing(one["file"], ours, theirs, measures) == []
    assert [
        row for row in rows if "" in [row[name] for name in measures] and not row["reason"]
    ] == []


def by_span(row: dict[str, str], names: tuple[str, ...]) -> tuple[str, int, str, str]:
    patient, numbered, start, end = (row[name] for name in names)
    return patient, int(numbered), start, end


THEIRS = ("PATIENT_ID", "episode.ID", "episode.start", "episode.end")
OURS = ("patient_id", "episode", "start", "end")


@pytest.mark.parametrize("one", of("episodes"))
def test_episodes_equal_the_reference(one: dict[str, Any], tmp_path: Path):
    given = options(one["params"], observation=False)
    if not one["params"]["carryover.within.obs.window"]:
        given.append("--no-carry-over")
    rows = asked("episodes", supplies(one["dataset"], tmp_path), tmp_path / "r.csv", *given)

    theirs = {by_span(row, THEIRS): row for row in expected(one)}
    ours = {by_span(row, OURS): row for row in rows}
    pairs = {"episode.duration": "duration", "end.episode.gap.days": "gap_at_end"}
    assert differing(one["file"], ours, theirs, pairs) == []


@pytest.mark.parametrize("one", of("perepisode"))
def test_measures_per_episode_equal_the_reference(one: dict[str, Any], tmp_path: Path):
    measure = one["params"]["CMA.to.apply"]
    given = ["--per-episode", "--measure", measure, *options(one["params"])]
    rows = asked("cma", supplies(one["dataset"], tmp_path), tmp_path / "r.csv", *given)

    theirs = {by_span(row, THEIRS): row for row in expected(one)}
    ours = {by_span(row, OURS): row for row in rows}
    pairs = {
        "episode.duration": "duration",
        "end.episode.gap.days": "gap_at_end",
        "CMA": measure,
    }
    assert differing(one["file"], ours, theirs, pairs) == []


@pytest.mark.parametrize("one", of("sliding"))
def test_sliding_windows_equal_the_reference(one: dict[str, Any], tmp_path: Path):
    params = one["params"]
    given: list[object] = ["--measure", params["CMA.to.apply"], *options(params)]
    given += ["--sliding-start", params["sliding.window.start"]]
    given += ["--sliding-duration", params["sliding.window.duration"]]
    given += ["--sliding-step", params["sliding.window.step.duration"]]
    given += ["--sliding-unit", params["sliding.unit"]]
    rows = asked("cma", supplies(one["dataset"], tmp_path), tmp_path / "r.csv", *given)

    names = ("PATIENT_ID", "window.ID", "window.start", "window.end")
    theirs = {by_span(row, names): row for row in expected(one)}
    ours = {by_span(row, ("patient_id", "window", "start", "end")): row for row in rows}
    assert differing(one["file"], ours, theirs, {"CMA": params["CMA.to.apply"]}) == []


@pytest.mark.parametrize("one", of("gaps"))
def test_intervals_gaps_and_carry_over_equal_the_reference(one: dict[str, Any], tmp_path: Path):
    into = one["params"]["carryover.into.obs.window"]
    given = ["--per-supply", "into-window" if into else "within-window", *options(one["params"])]
    rows = asked("cma", supplies(one["dataset"], tmp_path), tmp_path / "r.csv", *given)

    def counted(rows: list[dict[str, str]], patient: str, day: str) -> dict[Any, dict[str, str]]:
        seen: dict[tuple[str, str], int] = {}
        found = {}
        for row in rows:
            key = (row[patient], row[day])
            seen[key] = seen.get(key, 0) + 1
            found[(*key, seen[key])] = row
        return found

    theirs = counted(expected(one), "PATIENT_ID", ".DATE.as.Date")
    pairs = {
        "event.interval": "interval",
        "gap.days": "gap",
        ".CARRY.OVER.FROM.BEFORE": "carry_over",
    }
    assert differing(one["file"], counted(rows, "patient_id", "date"), theirs, pairs) == []


# ---- The plain reference -------------------------------------------------------------------------


def histories(dataset: str, folder: Path) -> dict[str, list[Event]]:
    """The reference's input as the plain reference reads it."""
    found: dict[str, list[Event]] = {}
    with supplies(dataset, folder).open(newline="") as file:
        for row in csv.DictReader(file):
            event = Event(
                date.fromisoformat(row["date"]),
                float(row["duration"]),
                float(row["daily_dose"]),
                row["medication"],
            )
            found.setdefault(row["patient_id"], []).append(event)
    return found


def plain_windows(events: list[Event], params: dict[str, Any]) -> Limits:
    numbers = [
        params.get(f"{name}.window.{end}", params[f"followup.window.{end}"])
        for name in ("followup", "observation")
        for end in ("start", "duration")
    ]
    first, length, watch, watched = numbers
    unit = params["followup.window.duration.unit"]
    return plain.limits(events, (first, length, watch, watched), unit)


def flags(params: dict[str, Any]) -> tuple[bool, bool]:
    return params["carry.only.for.same.medication"], params["consider.dosage.change"]


def plain_rule(params: dict[str, Any]) -> Rule:
    days = {"days": 1, "weeks": 7, "months": 30, "years": 365, "percent": 1}
    unit = params["maximum.permissible.gap.unit"]
    return Rule(
        params["maximum.permissible.gap"] * days[unit],
        unit == "percent",
        params["medication.change.means.new.treatment.episode"],
        append=params.get("maximum.permissible.gap.append.to.episode", False),
        over=params.get("carryover.within.obs.window", True),
    )


@pytest.mark.parametrize("one", [*of("cma"), *of("episodes"), *of("perepisode"), *of("sliding")])
def test_the_plain_reference_equals_the_reference(one: dict[str, Any], tmp_path: Path):
    """What the fast measures are compared with on thousands of histories is itself right here."""
    params, section = one["params"], one["section"]
    ours: dict[Any, dict[str, str]] = {}
    for patient, events in histories(one["dataset"], tmp_path).items():
        windows, both = plain_windows(events, params), flags(params)
        if section == "cma":
            ours[patient] = texts_of(plain.measures(events, windows, *both))
        elif section == "episodes":
            spans = plain.episodes(events, windows, plain_rule(params), *both)
            for n, span in enumerate(spans, 1):
                end = date.fromordinal(span.start.toordinal() + int(span.duration))
                values = {"duration": span.duration, "gap_at_end": int(span.gap_at_end + 1e-9)}
                ours[(patient, n, str(span.start), str(end))] = texts_of(values)
        elif section == "perepisode":
            for part in plain.per_episode(events, windows, plain_rule(params), *both):
                key = (patient, part.number, str(part.start), str(part.end))
                ours[key] = texts_of({"CMA": part.measures[params["CMA.to.apply"]]})
        else:
            length, step = params["sliding.window.duration"], params["sliding.window.step.duration"]
            slid = plain.sliding(windows, params["sliding.window.start"], length, step, None)
            for n, window in enumerate(slid, 1):
                found = plain.measures(events, window, *both)[params["CMA.to.apply"]]
                first, last = map(str, window.observation)
                ours[(patient, n, first, last)] = texts_of({"CMA": found})
    if section == "cma":
        theirs: dict[Any, dict[str, str]] = {row["PATIENT_ID"]: row for row in expected(one)}
        pairs = {f"CMA{n}": f"CMA{n}" for n in range(1, 10)}
    elif section == "sliding":
        names = ("PATIENT_ID", "window.ID", "window.start", "window.end")
        theirs, pairs = {by_span(row, names): row for row in expected(one)}, {"CMA": "CMA"}
    else:
        theirs, pairs = {by_span(row, THEIRS): row for row in expected(one)}, {"CMA": "CMA"}
        if section == "episodes":
            pairs = {"episode.duration": "duration", "end.episode.gap.days": "gap_at_end"}
    assert differing(one["file"], ours, theirs, pairs) == []


def texts_of(values: dict[str, float | None]) -> dict[str, str]:
    return {name: "" if value is None else repr(value) for name, value in values.items()}
