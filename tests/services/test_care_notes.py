"""Care notes: kept once, read by the team, known to the patient and not read."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from adherence.domain.care_notes import TEXT_LIMIT
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.services import audit, care_notes
from adherence.store.care_notes import CARE_NOTE
from adherence.store.columns import db
from tests.wards import DAY, MONDAY, clinic, patient_of, ward

pytestmark = pytest.mark.usefixtures("app")


def test_a_note_sent_twice_is_kept_once_and_other_words_are_refused():
    w, client_id = ward(), uuid4()

    def write(text: str) -> bool:
        return care_notes.write_note(w.therapist, w.patient_id, client_id, text, MONDAY)

    assert write("anxious about stairs")
    assert not write("anxious about stairs")
    with pytest.raises(Conflict):
        write("not anxious")
    found = care_notes.notes(w.therapist, w.patient_id, MONDAY).notes
    assert [one.text for one in found] == ["anxious about stairs"]
    assert audit.verify(w.clinic_id) == []


def test_the_patient_knows_of_a_note_and_does_not_read_it():
    w = ward()
    care_notes.write_note(w.therapist, w.patient_id, uuid4(), "anxious about stairs", MONDAY)

    found = care_notes.notes(w.patient, w.patient_id, MONDAY).notes

    assert [(one.author_name, one.written_at, one.text) for one in found] == [
        (w.therapist.name, MONDAY, None)
    ]


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u200b", "\n\n"])
def test_an_empty_note_is_no_note(typed: str):
    w = ward()

    with pytest.raises(InvalidInput):
        care_notes.write_note(w.therapist, w.patient_id, uuid4(), typed, MONDAY)


def test_a_note_has_an_end():
    w = ward()
    care_notes.write_note(w.therapist, w.patient_id, uuid4(), "x" * TEXT_LIMIT, MONDAY)

    with pytest.raises(InvalidInput):
        care_notes.write_note(w.therapist, w.patient_id, uuid4(), "x" * (TEXT_LIMIT + 1), MONDAY)


def test_notes_are_the_newest_first_and_of_one_patient_alone():
    _, lead = clinic()
    one, two = patient_of(lead, name="One"), patient_of(lead, name="Two")
    assert one.patient_id is not None
    assert two.patient_id is not None
    for day, text in enumerate(("first", "second")):
        care_notes.write_note(lead, one.patient_id, uuid4(), text, MONDAY + day * DAY)

    assert [x.text for x in care_notes.notes(lead, one.patient_id, MONDAY).notes] == [
        "second",
        "first",
    ]
    assert care_notes.notes(lead, two.patient_id, MONDAY).notes == []
    with pytest.raises(NotFound):
        care_notes.notes(lead, uuid4(), MONDAY)


@pytest.mark.parametrize("statement", [sa.update(CARE_NOTE).values(text="x"), sa.delete(CARE_NOTE)])
def test_nobody_changes_a_note(statement: sa.Executable):
    w = ward()
    care_notes.write_note(w.therapist, w.patient_id, uuid4(), "stays", MONDAY)

    with pytest.raises(sa.exc.DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(statement)
