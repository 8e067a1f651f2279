"""The list of patients: the same order and the same people, whichever way it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from adherence.domain.access import Role
from adherence.domain.activities import Discipline
from adherence.services import accounts, care_teams, entries, patients
from adherence.services.patients import PatientsPage
from adherence.store.db import EXTENSION
from tests.wards import MONDAY, clinic, document, patient_of, ward

LATER = MONDAY + timedelta(hours=5)


def pages(who: Any, many: int, at: Any = LATER) -> list[PatientsPage]:
    """The list, page after page."""
    found = [patients.patients(who, None, many, at)]
    while found[-1].after is not None:
        found.append(patients.patients(who, found[-1].after, many, at))
        assert found[-1].after != found[-2].after
    return found


def ids(found: list[PatientsPage]) -> list[UUID]:
    return [one.patient_id for page in found for one in page.patients]


@pytest.fixture
def ada(app):
    """A therapist of patients in need and of others in none, and one she has left to a colleague
    who has patients of his own."""
    clinic_id, ada = clinic()
    colleague = accounts.create_account(clinic_id, Role.CLINICIAN, "Ben Wirth", "en", MONDAY)
    ben = accounts.actor_of(colleague)
    patient_of(ben, name="Of Ben alone")
    left, *_ = [patient_of(ada, name=f"Patient {n}").patient_id for n in range(7)]
    care_teams.add_to_care_team(
        ada, left, colleague, discipline=Discipline.NURSING, lead=True, now=MONDAY
    )
    care_teams.end_care_relation(ben, left, ada.account_id, MONDAY + timedelta(minutes=1))
    for n in range(3):
        w = ward(MONDAY, ada)
        for hours in range(n):
            at = MONDAY + timedelta(hours=hours)
            said = document(w.exercise_id, at, sets=2, reps=10, pain=9)
            entries.log_entry(w.patient, w.patient_id, said, at)
    return ada, left


def test_walking_the_clinic_lists_the_same_as_sorting_all_of_ones_own(ada, monkeypatch):
    who, left = ada
    sorted_all = pages(who, 100)
    monkeypatch.setattr(patients, "MANY", 1)

    assert pages(who, 100) == sorted_all
    for many in (1, 2, 3, 4):
        walked = pages(who, many)
        assert ids(walked) == ids(sorted_all)
        assert all(len(page.patients) <= many for page in walked)
    assert left not in ids(sorted_all)
    assert len(ids(sorted_all)) == 9
    needs = [one.need for page in sorted_all for one in page.patients]
    assert needs == sorted(needs, reverse=True)
    assert len(set(needs)) > 1


def test_the_first_page_of_somebody_with_many_sorts_nothing(ada, app, monkeypatch):
    store = app.extensions[EXTENSION]
    if not store.sqlite:
        pytest.skip("PostgreSQL chooses by its own figures")
    who, _ = ada
    monkeypatch.setattr(patients, "MANY", 1)
    seen: list[str] = []
    connection: Any = store.connection().connection.dbapi_connection
    connection.set_trace_callback(seen.append)
    patients.patients(who, None, 2, LATER)
    connection.set_trace_callback(None)

    listing = next(one for one in seen if "caseload" in one and "ORDER BY" in one)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {listing}")]

    assert any("ix_caseload_need" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan
