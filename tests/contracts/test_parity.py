"""Wire and table tell the same story: no field that is lost on the way, no column nobody fills."""

from functools import partial
from uuid import UUID

import pytest

from adherence.domain.activities import Asked
from adherence.domain.entries import EFFORT_SCALE, PAIN_SCALE, SYMPTOM_LIMIT
from adherence.domain.errors import InvalidInput
from adherence.domain.goals import Goal, Measure
from adherence.schemas.entries import EntrySchema, EntryShownSchema
from adherence.schemas.plans import AskedSchema, NewGoalSchema
from adherence.services.entries import FIELDS, payload_hash
from adherence.store.entries import ENTRY
from adherence.store.goals import GOAL

#: Columns that no document carries, because the server knows them better.
FILLED_BY_THE_SERVER = {
    "patient_id": "from the address",
    "clinic_id": "from the patient",
    "seq": "handed out under the patient's lock",
    "local_day": "from the instant and the zone",
    "received_at": "the server's clock",
    "author_id": "who is signed in",
    "payload_hash": "from the document",
}
#: Shown and not stored: who corrected an entry is the other entry's to say.
JOINED = {"corrected_by"}


def test_every_field_of_an_entry_has_a_column_and_every_column_a_source():
    columns = {column.name for column in ENTRY.c}
    fields = set(EntrySchema().load_fields)

    assert fields <= columns
    assert columns - fields == set(FILLED_BY_THE_SERVER)


def test_the_service_knows_every_field_of_an_entry():
    assert set(FIELDS) | {"client_id"} == set(EntrySchema().load_fields)


def test_a_shown_entry_comes_from_columns_and_joins():
    shown = set(EntryShownSchema().dump_fields)

    assert shown - {column.name for column in ENTRY.c} == JOINED


def test_what_may_be_absent_on_the_wire_may_be_null_or_has_a_usual_value():
    for name, field in EntrySchema().load_fields.items():
        if not field.required:
            assert name in FIELDS, name


def test_two_documents_that_differ_in_any_field_have_different_hashes():
    silent = payload_hash({})
    said = {"pain": 0, "declined": True, "note": "x", "sets": 1, "effort": 0, "symptom": "pain"}

    assert len({silent, *(payload_hash({name: value}) for name, value in said.items())}) == 7


def test_the_table_reads_its_bounds_from_the_rules():
    checks = {
        str(check.name): str(check.sqltext)
        for check in ENTRY.constraints
        if hasattr(check, "sqltext")
    }

    for name, (low, high) in {"pain": PAIN_SCALE, "effort": EFFORT_SCALE}.items():
        assert any(
            f"BETWEEN {low} AND {high}" in text for key, text in checks.items() if name in key
        )


def test_the_name_of_a_symptom_has_one_bound_wherever_it_stands():
    fits, too_long = "x" * SYMPTOM_LIMIT, "x" * (SYMPTOM_LIMIT + 1)
    assert ENTRY.c.symptom.type.length == GOAL.c.symptom.type.length == SYMPTOM_LIMIT
    for schema in (EntrySchema(), NewGoalSchema(), AskedSchema()):
        assert schema.fields["symptom"].limit == SYMPTOM_LIMIT

    goal = partial(Goal, UUID(int=1), "Sleep", Measure.SYMPTOM, 2, symptom=fits)
    assert (goal().symptom, Asked("Ask", symptom=fits).symptom) == (fits, fits)
    for refused in (partial(goal, symptom=too_long), partial(Asked, "Ask", symptom=too_long)):
        with pytest.raises(InvalidInput) as error:
            refused()
        assert (error.value.field, error.value.message_key) == ("symptom", "too_long")
    stored = {**Asked("Ask", symptom=fits).to_json(), "symptom": too_long}
    assert Asked.from_json(stored).symptom == fits
