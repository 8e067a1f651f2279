"""What every column is: an identifier, of health, operational or a secret; and whose every row is.

The export of a person, the erasure of one and the tests all read this one table. A table or column
that is missing here fails a test, so nobody adds one without saying what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adherence.store.columns import Base


class Class(StrEnum):
    """What a column holds."""

    #: Says who somebody is, or names a row: names, addresses, years of birth, ids.
    IDENTIFIER = "identifier"
    #: Says something of somebody's health, plan or daily life.
    HEALTH = "health"
    #: Keeps the service running: times, counters, states, versions.
    OPERATIONAL = "operational"
    #: Lets somebody in, or could: hashes, sealed values. Leaves the database in no export.
    SECRET = "secret"  # noqa: S105 - a word, not a secret


class Whose(StrEnum):
    """To whom the rows of a table belong."""

    PATIENT = "patient"  # the patient that the key column names
    ACCOUNT = "account"  # the account that the key column names
    CLINIC = "clinic"  # the clinic as such; people occur as authors only
    NOBODY = "nobody"  # the service itself


@dataclass(frozen=True, slots=True)
class Kind:
    """One table: whose its rows are, by which column, and the class of each column.

    ``outlives`` marks what stays when the person is erased, because it holds ids and no content.
    ``withheld`` names columns that an export leaves out although they are no secrets; it says so.
    """

    whose: Whose
    key: str
    columns: Mapping[str, Class]
    outlives: bool = False
    withheld: frozenset[str] = frozenset()

    def shown(self) -> list[str]:
        """The columns that an export shows, in their order."""
        return [name for name in self.columns if name not in self.hidden()]

    def hidden(self) -> list[str]:
        """The columns that an export leaves out."""
        secrets = {name for name, one in self.columns.items() if one is Class.SECRET}
        return [name for name in self.columns if name in secrets | self.withheld]


# The checker takes a column list called ``secret`` for a password; it holds names.
def _kind(  # nosec B107
    whose: Whose,
    key: str = "",
    identifier: str = "",
    health: str = "",
    operational: str = "",
    secret: str = "",
    *,
    outlives: bool = False,
    withheld: str = "",
) -> Kind:
    said = {
        Class.IDENTIFIER: identifier,
        Class.HEALTH: health,
        Class.OPERATIONAL: operational,
        Class.SECRET: secret,
    }
    columns = {name: one for one, names in said.items() for name in names.split()}
    return Kind(whose, key, columns, outlives, frozenset(withheld.split()))


_OF_PATIENT = (Whose.PATIENT, "patient_id")
_OF_ACCOUNT = (Whose.ACCOUNT, "account_id")
_CLINIC = (Whose.CLINIC, "clinic_id")

KINDS: dict[str, Kind] = {
    # The person
    "patient": _kind(
        Whose.PATIENT,
        "id",
        "id clinic_id account_id name birth_year",
        "home_zone started_on restricted_at",
        "created_at seq plan_version settled_on audit_n audit_head sealed_n",
    ),
    "account": _kind(
        Whose.ACCOUNT,
        "id",
        "id clinic_id name email email_new",
        "",
        "role locale active created_at totp_step",
        "password totp handle email_digest",
    ),
    "zone_change": _kind(
        *_OF_PATIENT, "patient_id clinic_id", "effective_on zone", "recorded_at seq"
    ),
    "care_relation": _kind(
        *_OF_PATIENT,
        "patient_id account_id clinic_id stands_for_id",
        "discipline kind",
        "from_at until_at looked_at",
    ),
    "proxy": _kind(
        *_OF_PATIENT,
        "id clinic_id patient_id account_id author_id",
        "",
        "until_grown from_at until_at",
    ),
    # The record
    "goal": _kind(
        *_OF_PATIENT,
        "patient_id id clinic_id author_id",
        "words measure unit symptom baseline target ladder importance difficulty agreed_on due_on"
        " state closed_on closed_reason",
        "created_at seq",
    ),
    "plan": _kind(
        *_OF_PATIENT,
        "patient_id id clinic_id author_id",
        "discipline title started_on ended_on sustained_share",
        "created_at seq",
    ),
    "activity": _kind(
        *_OF_PATIENT,
        "patient_id id clinic_id plan_id",
        "kind ended_on ended_reason",
        "created_at seq",
    ),
    "activity_goal": _kind(
        *_OF_PATIENT, "patient_id activity_id goal_id clinic_id", "because", "created_at"
    ),
    "revision": _kind(
        *_OF_PATIENT,
        "patient_id activity_id clinic_id author_id",
        "number effective_on schedule asked reason",
        "created_at seq",
    ),
    "entry": _kind(
        *_OF_PATIENT,
        "patient_id client_id clinic_id activity_id goal_id author_id corrects_id",
        "symptom day slot status sets reps hold_seconds quantity value declined reason pain"
        " pain_declined effort note because withdrawn performed_at zone local_day source",
        "seq recorded_at received_at payload_hash",
    ),
    "supply": _kind(
        *_OF_PATIENT,
        "patient_id client_id clinic_id corrects_id author_id",
        "date duration daily_dose medication source withdrawn",
        "seq received_at payload_hash",
    ),
    "pause": _kind(
        *_OF_PATIENT,
        "patient_id id clinic_id activity_id author_id",
        "kind first_day until_day note",
        "created_at cancelled_at seq",
    ),
    "milestone": _kind(
        *_OF_PATIENT,
        "patient_id goal_id clinic_id",
        "kind level reached_on",
        "awarded_at retracted_at seq",
    ),
    "notice": _kind(
        *_OF_PATIENT,
        "patient_id id clinic_id goal_id activity_id reviewed_by",
        "kind state subject level day reply",
        "created_at reviewed_at seq",
    ),
    "day_sum": _kind(
        *_OF_PATIENT,
        "patient_id activity_id",
        "day asked done partly skipped missed excused extra share unmeasured pain_n pain_sum"
        " pain_max effort_n effort_sum volume doses",
        "open_until answered_until",
    ),
    "caseload": _kind(
        *_OF_PATIENT,
        "patient_id clinic_id",
        "need urgency due30 done30 unreported30 pain7 strip open_notices goal_words",
        "last_entry_at as_of roll_at",
    ),
    "outbox": _kind(
        *_OF_PATIENT,
        "id clinic_id patient_id subject_id",
        "",
        "topic seq created_at due_at tries handed_at",
    ),
    # Who looked and wrote
    "audit": _kind(
        Whose.PATIENT,
        "chain_id",
        "chain_id clinic_id actor_id object_id",
        "action",
        "n at result digest hash reason relation source request_id",
        outlives=True,
    ),
    # Ways in
    "session": _kind(
        *_OF_ACCOUNT,
        "id account_id device_id for_patient_id",
        "",
        "stage via started_at seen_at ends_at proved_at label",
        "digest",
    ),
    "device": _kind(
        *_OF_ACCOUNT,
        "id account_id",
        "",
        "tries label created_at seen_at revoked_at",
        "digest pin",
    ),
    "passkey": _kind(
        *_OF_ACCOUNT,
        "id account_id",
        "",
        "count backed_up label created_at used_at",
        "credential public_key",
    ),
    "recovery": _kind(*_OF_ACCOUNT, "account_id", "", "created_at used_at", "digest"),
    "one_time": _kind(
        *_OF_ACCOUNT, "account_id", "", "purpose tries created_at ends_at used_at", "digest bound"
    ),
    "api_token": _kind(*_OF_ACCOUNT, "account_id", "", "label created_at ends_at", "digest"),
    "mail": _kind(
        *_OF_ACCOUNT,
        "id account_id patient_id",
        "",
        "kind locale created_at due_at ends_at tries done_at",
        "sealed",
    ),
    "oidc_link": _kind(*_OF_ACCOUNT, "account_id clinic_id issuer subject", "", "linked_at"),
    # What was agreed to, opened in an emergency, noted by the team
    "consent_decision": _kind(
        *_OF_PATIENT,
        "patient_id id clinic_id author_id signature",
        "purpose answer",
        "seq version locale digest source decided_at recorded_at",
    ),
    "break_glass": _kind(
        *_OF_PATIENT,
        "id clinic_id patient_id account_id seen_by",
        "reason seen_words",
        "begun_at ends_at ended_at seen_at told_at",
    ),
    # The team's own notes: the patient knows of them, and the team alone reads them.
    "care_note": _kind(
        *_OF_PATIENT,
        "patient_id client_id clinic_id author_id",
        "text",
        "written_at seq",
        withheld="text",
    ),
    # Rights
    "export_request": _kind(
        *_OF_PATIENT,
        "id clinic_id patient_id account_id",
        "",
        "locale state created_at built_at ends_at size downloads",
        "digest",
    ),
    "erasure": _kind(
        *_OF_PATIENT,
        "id clinic_id patient_id asked_by proposed_by decided_by",
        "words reason",
        "state outcome needs_two asked_at proposed_at decided_at",
    ),
    "tombstone": _kind(*_CLINIC, "chain_id clinic_id", "", "digest erased_at audit_n audit_head"),
    # Sums of a programme
    "counted_person": _kind(*_OF_PATIENT, "patient_id clinic_id group_id"),
    "counted_group": _kind(
        *_CLINIC, "id clinic_id", "", "size counted_at patients due done unreported"
    ),
    # The clinic
    "clinic": _kind(
        Whose.CLINIC,
        "id",
        "id name slug",
        "",
        "zone emergency_number created_at audit_n audit_head sealed_n grown_age",
    ),
    "audit_seal": _kind(*_CLINIC, "clinic_id", "", "n at heads hash"),
    "clinic_exercise": _kind(
        *_CLINIC, "clinic_id id author_id", "", "slug version made_from created_at retired_at"
    ),
    "clinic_exercise_version": _kind(
        *_CLINIC, "clinic_id exercise_id author_id", "", "version content created_at"
    ),
    "clinic_medium": _kind(
        *_CLINIC,
        "clinic_id id author_id",
        "",
        "kind mimetype file size digest width height created_at",
    ),
    "prescribed_exercise": _kind(*_CLINIC, "clinic_id", "", "slug version content kept_at"),
    "consent_text": _kind(Whose.NOBODY, "", "", "", "digest purpose version locale words"),
    # The service
    "bucket": _kind(Whose.NOBODY, "", "", "", "slot n", "key"),
    "look_up_key": _kind(Whose.NOBODY, "", "", "", "n created_at", "sealed"),
    "data_key": _kind(Whose.NOBODY, "", "", "", "id created_at", "sealed"),
    "job_state": _kind(Whose.NOBODY, "", "", "", "job ran_at failing_since done failed"),
}


def table(name: str) -> Any:
    """The table of that name."""
    return Base.metadata.tables[name]


def tables_of_person() -> Iterator[tuple[str, Kind]]:
    """The tables that hold rows of a person, each after those that it refers to."""
    for found in Base.metadata.sorted_tables:
        kind = KINDS[found.name]
        if kind.whose in (Whose.PATIENT, Whose.ACCOUNT):
            yield found.name, kind
