"""The caseload row, kept in the transaction that changes it: it says what the record says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adherence.services import caseload, entries
from adherence.services.care import care_of
from adherence.store import caseload as table
from adherence.store import patients
from adherence.store.db import Run, read
from tests.wards import DAY, MONDAY, Ward, document, ward

pytestmark = pytest.mark.usefixtures("app")

NOW = MONDAY + 2 * DAY
HOUR = timedelta(hours=1)


def row(w: Ward) -> dict[str, Any]:
    """The stored row; it has to be what the record says at the moment of writing."""
    with read() as run:
        stored: Any = run.first(table.caseload_of, patient_id=w.patient_id)
        patient: Any = run.first(patients.patient_by_id, patient_id=w.patient_id)
        fresh = caseload.computed(
            run,
            care_of(run, w.patient_id, patient.plan_version),
            w.clinic_id,
            NOW,
            stored.open_notices,
            stored.urgency,
            stored.last_entry_at,
        )
    found: dict[str, Any] = stored._asdict()
    assert found == {name: fresh[name] for name in found}
    return found


def log(w: Ward, document: dict[str, Any]) -> dict[str, Any]:
    entries.log_entry(w.patient, w.patient_id, document, NOW)
    return row(w)


def test_every_kind_of_entry_leaves_the_row_as_the_record_says():
    w = ward()
    first = document(w.exercise_id, at=NOW - HOUR, pain=4)
    assert log(w, first)["pain7"] == 4
    done = row(w)["done30"]

    dull = document(w.exercise_id, at=NOW, pain=2)
    assert (log(w, dull)["done30"], row(w)["pain7"]) == (done, 4), "an extra, and a milder one"
    sharp = document(w.exercise_id, at=NOW, pain=9)
    assert (log(w, sharp)["done30"], row(w)["pain7"]) == (done, 9), "an extra, and a worse one"
    milder = document(at=NOW, status=None, corrects_id=sharp["client_id"], pain=3)
    assert log(w, milder)["pain7"] == 4, "put right, the worse pain is gone"
    milder = document(at=NOW, status=None, corrects_id=first["client_id"], pain=1)
    assert log(w, milder)["pain7"] == 3, "put right, what was answered is answered as before"
    gone = document(at=NOW, status=None, corrects_id=dull["client_id"], withdrawn=True)
    assert log(w, gone)["done30"] == done

    assert log(w, document(w.medicine_id, at=NOW - DAY - HOUR))["done30"] == done + 1
    assert log(w, document(symptom="stiffness", value=6, status=None, at=NOW))["done30"] == done + 1
    rating = document(goal_id=w.goal_id, value=9, status=None, at=NOW)
    assert log(w, rating)["last_entry_at"] == NOW


def test_what_moves_no_figure_adds_none_up(monkeypatch: pytest.MonkeyPatch):
    w = ward()
    log(w, document(w.exercise_id, at=NOW - HOUR, pain=4))
    asked = []
    first = Run.first

    def heard(run: Run, statement: Any, **given: Any) -> Any:
        asked.append(statement)
        return first(run, statement, **given)

    monkeypatch.setattr(Run, "first", heard)

    def counts(said: dict[str, Any]) -> bool:
        asked.clear()
        entries.log_entry(w.patient, w.patient_id, said, NOW)
        return caseload.day_sums.period_counts in asked

    assert not counts(document(symptom="stiffness", value=6, status=None, at=NOW))
    assert not counts(document(w.exercise_id, at=NOW, pain=2)), "a milder extra"
    assert counts(document(w.exercise_id, at=NOW, pain=5)), "a worse one"
    assert counts(document(w.medicine_id, at=NOW - HOUR)), "a dose that was due"
