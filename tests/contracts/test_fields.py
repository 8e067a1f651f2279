"""The policy table knows every field: each column is shown or kept, and none is set by chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from marshmallow import EXCLUDE, RAISE, Schema, fields

from adherence.api import openapi
from adherence.domain.access import OBJECTS, POLICY, Relation, Role, document, readable, settable
from adherence.store.columns import Base

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "adherence" / "domain" / "POLICY.md"
TABLES = {
    "member": "care_relation",
    "access": "audit",
    "decision": "consent_decision",
    "me": "account",
}
#: What is shown under another name, or joined from elsewhere, and so is no column of the table.
NOT_COLUMNS = {
    "me": {"account_id", "patient_id"},
    "patient": {"zone", "day", "team"},
    "member": {"name", "lead"},
    "goal": {"current", "share", "activity_ids"},
    "activity": {"discipline", "goals", "revisions"},
    "pause": {"until"},
    "entry": {"corrected_by"},
    "supply": {"corrected_by"},
    "milestone": {"goal_words", "reply"},
    "notice": {"patient_id", "patient_name", "goal_words", "activity_title"},
    "access": {"actor_name", "kind"},
    "decision": {"author_name"},
    "care_note": {"author_name"},
}
#: What the server alone knows, whoever asks.
SERVER_ONLY = [
    "id",
    "clinic_id",
    "patient_id",
    "author_id",
    "actor_id",
    "seq",
    "received_at",
    "created_at",
    "reviewed_by",
    "reviewed_at",
    "recorded_at_server",
    "role",
    "tenant_id",
    "hash",
    "payload_hash",
    "audit_n",
    "audit_head",
    "local_day",
    "awarded_at",
    "plan_version",
    "settled_on",
    "started_at",
    "state",
]


@pytest.mark.parametrize("name", sorted(set(OBJECTS) - {"me"}))
def test_every_column_is_shown_or_kept_and_nothing_else_is_named(name: str):
    columns = {column.name for column in Base.metadata.tables[TABLES.get(name, name)].c}
    found = OBJECTS[name]
    named = found.shown | found.kept | set(found.only)

    assert columns - named == set()
    assert named - columns - NOT_COLUMNS.get(name, set()) == set()
    assert not found.shown & found.kept
    assert not found.shown & set(found.only)


def test_nobody_sets_what_the_server_alone_knows():
    # A goal is closed by saying what became of it: that is the one state a person sets.
    for name, found in OBJECTS.items():
        for action, names in found.sets.items():
            assert action in POLICY
            wrong = names & set(SERVER_ONLY) - ({"state"} if action == "goal.close" else set())
            assert not wrong, f"{action} sets {wrong} of {name}"


class NewGoalSchema(Schema):
    class Meta:
        unknown = RAISE

    words = fields.String()
    clinic_id = fields.UUID()


class OpenGoalSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    words = fields.String()


class GoalSchema(Schema):
    words = fields.String()
    author_id = fields.UUID()


class GoalsSchema(Schema):
    goals = fields.List(fields.Nested(GoalSchema))


class SecretSchema(Schema):
    words = fields.String()


@pytest.mark.parametrize(
    ("asks", "answer", "sentence"),
    [
        (NewGoalSchema, None, "may not set clinic_id"),
        (OpenGoalSchema, None, "lets unknown fields pass"),
        (None, GoalSchema, "goal may not show author_id"),
        (None, GoalsSchema, "goal may not show author_id"),
        (None, SecretSchema, "secret may not show words"),
    ],
)
def test_a_view_with_a_field_that_is_not_named_does_not_start(
    asks: Any, answer: Any, sentence: str
):
    with pytest.raises(openapi.UnlistedField, match=sentence):
        openapi.says(openapi.Blueprint("b", __name__), "goal.set", answer, asks=asks)


def test_a_field_for_few_is_read_by_them_alone():
    for name, found in OBJECTS.items():
        for field, pairs in found.only.items():
            for role in Role:
                for relation in Relation:
                    assert (field in readable(name, role, relation)) == ((role, relation) in pairs)


def test_an_action_that_sets_nothing_may_set_nothing():
    assert settable("patient.read") == frozenset()
    assert "clinic_id" not in settable("patient.add")


def test_the_document_is_the_one_that_the_code_makes():
    """Run ``adherence policy > adherence/domain/POLICY.md`` after a change of the table."""
    assert DOCUMENT.read_text("utf-8") == document()
    assert all(f"`{action}`" in document() for action in POLICY)
