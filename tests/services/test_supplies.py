"""Supplies: recorded once, corrected by a new row, and read as a cohort by the measures."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adherence.__main__ import over_files
from adherence.domain.access import Actor
from adherence.domain.errors import NotFound
from adherence.domain.supplies import SupplySource
from adherence.library import consent as library
from adherence.services import supplies
from adherence.services.audit import verify
from adherence.services.entries import Result
from adherence.store.ids import new_id
from tests.builders import agrees, takes_back
from tests.wards import DAY, MONDAY, clinic, patient_of

pytestmark = pytest.mark.usefixtures("app")
FIRST = date(2025, 3, 1)


def document(day: date = FIRST, **said: Any) -> dict[str, Any]:
    usual = {"date": day, "duration": 30.0, "source": SupplySource.DISPENSED}
    return {"client_id": new_id(), **usual, **said}


def stored(who: Actor, patient: Actor) -> list[Any]:
    assert patient.patient_id is not None
    return supplies.supplies(who, patient.patient_id, None, 50, MONDAY).supplies


def test_a_supply_is_stored_once_and_identical_afterwards():
    _, therapist = clinic()
    patient = patient_of(therapist)
    said = document(daily_dose=2.0, medication="A02BC05")

    first = supplies.record_supply(therapist, patient.patient_id, said, MONDAY)
    again = supplies.record_supply(therapist, patient.patient_id, dict(said), MONDAY + DAY)
    other = supplies.record_supply(therapist, patient.patient_id, said | {"duration": 31.0}, MONDAY)

    assert first.result is Result.CREATED
    assert (again.result, again.seq) == (Result.IDENTICAL, first.seq)
    assert (other.result, other.seq) == (Result.CONFLICT, first.seq)
    (row,) = stored(therapist, patient)
    assert (row.date, row.duration, row.daily_dose) == (FIRST, 30.0, 2.0)
    assert (row.medication, row.source) == ("A02BC05", SupplySource.DISPENSED)
    assert (row.author_id, row.withdrawn, row.corrected_by) == (therapist.account_id, False, None)


def test_a_correction_is_a_new_row_and_happens_once():
    _, therapist = clinic()
    patient = patient_of(therapist)
    said = document(daily_dose=2.0)
    supplies.record_supply(therapist, patient.patient_id, said, MONDAY)
    better = {"client_id": new_id(), "corrects_id": said["client_id"], "duration": 60.0}

    assert supplies.record_supply(therapist, patient.patient_id, better, MONDAY).result is (
        Result.CORRECTED
    )
    twice = better | {"client_id": new_id()}
    refused = supplies.record_supply(therapist, patient.patient_id, twice, MONDAY)
    unknown = better | {"client_id": new_id(), "corrects_id": new_id()}

    assert (refused.result, refused.errors) == (
        Result.CONFLICT,
        {"corrects_id": ["already_corrected"]},
    )
    assert supplies.record_supply(therapist, patient.patient_id, unknown, MONDAY).result is (
        Result.UNKNOWN
    )
    new, old = stored(therapist, patient)
    assert (new.duration, new.daily_dose, new.date) == (60.0, 2.0, FIRST)
    assert (old.duration, old.corrected_by) == (30.0, new.client_id)


def test_a_supply_of_the_day_after_tomorrow_is_a_mistake():
    _, therapist = clinic()
    patient = patient_of(therapist)
    today = MONDAY.date()

    def result(day: date) -> Result:
        said = document(day)
        return supplies.record_supply(therapist, patient.patient_id, said, MONDAY).result

    assert result(today + DAY) is Result.CREATED
    assert result(today + 2 * DAY) is Result.INVALID


def test_another_clinic_finds_nobody_and_writes_nothing():
    _, therapist = clinic()
    _, stranger = clinic(name="Elsewhere")
    patient = patient_of(therapist)

    with pytest.raises(NotFound):
        supplies.record_supply(stranger, patient.patient_id, document(), MONDAY)
    with pytest.raises(NotFound):
        stored(stranger, patient)
    assert stored(therapist, patient) == []


def test_pages_go_back_to_the_first_and_every_row_is_audited():
    _, therapist = clinic()
    patient = patient_of(therapist)
    for n in range(5):
        said = document(FIRST + timedelta(days=n))
        supplies.record_supply(therapist, patient.patient_id, said, MONDAY)

    seen, before = [], None
    while True:
        page = supplies.supplies(therapist, patient.patient_id, before, 2, MONDAY)
        seen += [row.date for row in page.supplies]
        if (before := page.before) is None:
            break

    assert seen == [FIRST + timedelta(days=n) for n in range(4, -1, -1)]
    assert verify(therapist.clinic_id) == []


def test_the_table_only_grows(store_url: str):
    _, therapist = clinic()
    patient = patient_of(therapist)
    supplies.record_supply(therapist, patient.patient_id, document(), MONDAY)

    engine = sa.create_engine(store_url, poolclass=sa.NullPool)
    for statement in ("UPDATE supply SET duration = 1", "DELETE FROM supply"):
        with (
            engine.connect() as run,
            pytest.raises(sa.exc.DBAPIError, match="append-only"),
        ):
            run.exec_driver_sql(statement)
    engine.dispose()


# ---- As a cohort ---------------------------------------------------------------------------------


def cohort() -> tuple[Actor, list[Actor]]:
    """Two patients with supplies that stand, one whose only supply was taken back."""
    _, therapist = clinic(name="North")
    patients = [patient_of(therapist, name=f"P {n}") for n in range(3)]
    for patient, days in zip(patients, ((0, 40), (0,), (0,)), strict=True):
        for day in days:
            said = document(FIRST + timedelta(days=day), daily_dose=1.0, medication="A")
            supplies.record_supply(therapist, patient.patient_id, said, MONDAY)
    back = {"client_id": new_id(), "corrects_id": said["client_id"], "withdrawn": True}
    supplies.record_supply(therapist, patients[2].patient_id, back, MONDAY)
    wrong = stored(therapist, patients[1])[0]
    better = {"client_id": new_id(), "corrects_id": wrong.client_id, "duration": 45.0}
    supplies.record_supply(therapist, patients[1].patient_id, better, MONDAY)
    for patient in patients:
        agrees(patient, "research", at=MONDAY)
    return therapist, patients


def measured(folder: Path, *words: object) -> dict[str, float]:
    """CMA7 over 100 days, by patient, as the command writes it."""
    target = folder / "r.csv"
    given = ["cma", "--output", target, "--quiet", "--follow-up-duration", 100, *words]
    given += ["--consider-dosage-change"]
    assert over_files([str(one) for one in given]) == 0
    rows = [line.split(",") for line in target.read_text().splitlines()[1:]]
    return {row[0]: float(row[1]) for row in rows}


def test_the_measures_read_what_stands(store_url: str, tmp_path: Path):
    pytest.importorskip("duckdb")
    _, patients = cohort()

    found = measured(tmp_path, "--input", store_url)

    assert found == {
        str(patients[0].patient_id): pytest.approx(0.6),
        str(patients[1].patient_id): pytest.approx(0.45),
    }
    assert [path.name for path in tmp_path.glob(".adherence*")] == []


def test_the_service_is_found_by_its_settings(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("duckdb")
    cohort()
    monkeypatch.setenv("ADHERENCE_DATABASE_URL", store_url)

    assert len(measured(tmp_path, "--input", "service")) == 2


def test_clinics_are_never_mixed(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("duckdb")
    cohort()
    _, therapist = clinic(name="South")
    south = patient_of(therapist)
    supplies.record_supply(therapist, south.patient_id, document(daily_dose=1.0), MONDAY)
    agrees(south, "research", at=MONDAY)

    words = ["cma", "--input", store_url, "--output", str(tmp_path / "r.csv")]
    assert over_files(words) == 2
    said = capsys.readouterr().err
    assert "--clinic has to name one of those with supplies: North (" in said
    assert not (tmp_path / "r.csv").exists()

    assert list(measured(tmp_path, "--input", store_url, "--clinic", "South")) == [
        str(south.patient_id)
    ]
    by_id = measured(tmp_path, "--input", store_url, "--clinic", therapist.clinic_id)
    assert list(by_id) == [str(south.patient_id)]
    assert len(measured(tmp_path, "--input", store_url, "--clinic", "North")) == 2


def test_what_the_record_does_not_know_is_refused_by_row(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("duckdb")
    _, therapist = clinic()
    patient = patient_of(therapist)
    supplies.record_supply(therapist, patient.patient_id, document(), MONDAY)
    agrees(patient, "research", at=MONDAY)

    words = ["cma", "--input", store_url, "--output", str(tmp_path / "r.csv")]
    assert over_files([*words, "--consider-dosage-change"]) == 2

    assert capsys.readouterr().err.splitlines() == [
        "row 1: daily_dose is missing",
        "adherence: 1 row cannot be used. Nothing was written.",
    ]
    assert over_files([*words, "--follow-up-start", "dates:index"]) == 2
    assert "table supply: columns are missing: index" in capsys.readouterr().err
    assert over_files([*words, "--table", "nowhere"]) == 2
    assert "columns are missing" in capsys.readouterr().err


def test_G5_only_who_agrees_to_research_leaves_the_clinic(store_url: str, tmp_path: Path):
    pytest.importorskip("duckdb")
    _, patients = cohort()
    first, second = str(patients[0].patient_id), str(patients[1].patient_id)

    takes_back(patients[0], "research", at=MONDAY + timedelta(hours=1))
    agrees(patients[0], "programme", "care", "email", at=MONDAY + timedelta(hours=2))
    assert list(measured(tmp_path, "--input", store_url)) == [second]

    agrees(patients[0], "research", at=MONDAY + timedelta(hours=3))
    assert set(measured(tmp_path, "--input", store_url)) == {first, second}


def test_G6_words_that_need_a_yes_of_their_own_leave_the_earlier_yes_out(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("duckdb")
    cohort()
    ours = Path(library.FOLDER / "research.toml").read_text().replace("number = 1", "number = 100")
    (tmp_path / "research.toml").write_text(ours)
    monkeypatch.setenv("ADHERENCE_CONSENT_FOLDER", str(tmp_path))
    library.texts.cache_clear()
    assert len(measured(tmp_path, "--input", store_url)) == 2

    (tmp_path / "research.toml").write_text(
        ours.replace("number = 100", "number = 100\nneeds_renewal = true")
    )
    library.texts.cache_clear()
    words = ["cma", "--input", store_url, "--output", str(tmp_path / "r.csv"), "--quiet"]
    assert over_files(words) == 2
    library.texts.cache_clear()


def test_a_database_of_before_consent_is_refused(tmp_path: Path, capsys: Any):
    pytest.importorskip("duckdb")
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as run:
        run.execute(
            "CREATE TABLE supply (patient_id, client_id, clinic_id, corrects_id, withdrawn, date,"
            " duration)"
        )
    run.close()

    words = ["cma", "--input", f"sqlite:///{path}", "--output", str(tmp_path / "r.csv")]
    assert over_files(words) == 2
    assert "db upgrade" in capsys.readouterr().err


def test_a_service_without_supplies_says_so(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("duckdb")
    words = ["cma", "--input", store_url, "--output", str(tmp_path / "r.csv")]

    assert over_files(words) == 2
    assert "table supply: the file holds no supplies." in capsys.readouterr().err
