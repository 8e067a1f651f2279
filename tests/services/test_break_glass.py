"""Break-glass: one record, read by a clinician outside its team, with a reason, not unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from adherence.domain.access import EMERGENCY_MAY, POLICY, Actor, Relation, Role
from adherence.domain.break_glass import folded, minutes_left
from adherence.domain.errors import InvalidInput, NotFound, NotPermitted
from adherence.services import accounts, audit, break_glass, care_teams, mails, relations
from adherence.services.break_glass import SeveralOfThisName
from adherence.store.audit import AUDIT
from adherence.store.break_glass import GLASS
from adherence.store.columns import db
from adherence.store.ids import new_id
from adherence.store.mails import MAIL
from adherence.store.outbox import OUTBOX
from adherence.store.patients import PATIENT
from tests.practice import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    SECOND,
    application,
    at_once,
    found,
    patient,
    rows,
)
from tests.practice import mails as sent

REASON = "Lies unconscious at the front desk"


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(
        store_url, smtp_host="mail.example.org", mail_from="clinic@example.org"
    ) as made:
        yield made


class Ward:
    """A clinic with a lead, a clinician outside the team, an administrator, and another clinic."""

    def __init__(self) -> None:
        self.clinic_id = found("North", "north")
        self.ada, self.bo = self.person("Ada"), self.person("Bo")
        self.admin = self.person("Ines", Role.ADMIN, "ines@example.org")
        self.manager = self.person("Max", Role.PROGRAMME_MANAGER)
        self.ruth = patient(self.ada)
        self.jonas = patient(self.ada, "Jonas Weber", born=1960)
        assert self.ruth.patient_id is not None
        self.pid = self.ruth.patient_id

    def person(
        self, name: str, role: Role = Role.CLINICIAN, email: str | None = None, clinic: Any = None
    ) -> Actor:
        account_id = accounts.create_account(
            clinic or self.clinic_id, role, name, "en", MONDAY - DAY, email=email
        )
        return accounts.actor_of(account_id)

    def open(self, who: Actor | None = None, at: datetime = MONDAY, **changes: Any) -> Any:
        given = {"name": "Ruth Aldous", "birth_year": 1950, "reason": REASON, **changes}
        return break_glass.begin(who or self.bo, now=at, **given)

    def relation(self, who: Actor | None = None, at: datetime = MONDAY) -> Relation:
        return relations.relation_to_patient(who or self.bo, self.pid, at)


@pytest.fixture
def ward(app: Flask) -> Ward:
    return Ward()


def nothing_is_left(ward: Ward) -> bool:
    """Whether no trace of an opening is in any table."""
    lines = [row for row in rows(AUDIT) if row.action == "emergency.begin"]
    return rows(GLASS) == [] and lines == [] and rows(MAIL) == [] and emergencies_out() == []


def emergencies_out() -> list[Any]:
    return [row for row in rows(OUTBOX) if row.topic == break_glass.TOPIC]


def test_Z11_one_record_is_read_for_an_hour_and_not_a_moment_longer(ward: Ward):
    assert ward.relation() is Relation.CLINIC
    assert ward.open() == ward.pid

    assert ward.relation() is Relation.EMERGENCY
    assert ward.relation(at=MONDAY + HOUR - SECOND) is Relation.EMERGENCY
    assert ward.relation(at=MONDAY + HOUR) is Relation.CLINIC
    assert ward.relation(at=MONDAY - SECOND) is Relation.CLINIC
    assert ward.jonas.patient_id is not None
    other = relations.relation_to_patient(ward.bo, ward.jonas.patient_id, MONDAY)
    assert other is Relation.CLINIC, "one patient, not two"


def test_Z11_it_reads_and_never_writes():
    may = {
        action
        for action, rule in POLICY.items()
        if Relation.EMERGENCY in {relation for _, relation in rule.may}
    }

    assert may == {*EMERGENCY_MAY, "emergency.end"}
    assert all(action.endswith(".read") for action in EMERGENCY_MAY)
    assert POLICY["emergency.begin"].is_fresh, "a factor is asked for again"
    assert {
        role for action in may for role, rel in POLICY[action].may if rel is Relation.EMERGENCY
    } == {Role.CLINICIAN}


def test_Z11_everybody_who_must_know_is_told_in_the_same_transaction(ward: Ward):
    ward.open()
    [glass] = rows(GLASS)

    assert (glass.patient_id, glass.account_id, glass.reason) == (
        ward.pid,
        ward.bo.account_id,
        REASON,
    )
    lines = [row for row in rows(AUDIT) if row.action == "emergency.begin"]
    assert [(row.chain_id, row.actor_id, row.object_id) for row in lines] == [
        (ward.pid, ward.bo.account_id, glass.id)
    ]
    assert [(row.patient_id, row.subject_id) for row in emergencies_out()] == [(ward.pid, glass.id)]
    assert break_glass.unseen(ward.admin) == 1
    assert break_glass.untold(ward.pid) == 1
    [mail] = sent()
    assert mail["to"] == "ines@example.org"
    assert mail["kind"] == "emergency"
    assert not {"Ruth", "Aldous", "Bo", REASON, str(ward.pid), str(glass.id)} & set(
        " ".join(mail.values()).split()
    )
    assert mail["link"] == "https://localhost/emergencies"
    assert audit.verify(ward.clinic_id) == []


@pytest.mark.parametrize("where", ["mail", "outbox", "audit"])
def test_Z11_what_cannot_be_told_is_not_opened(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, where: str
):
    from adherence.services.record import Record

    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError("planted")

    target = {"mail": (mails, "add"), "outbox": (Record, "send"), "audit": (Record, "audit")}
    monkeypatch.setattr(*target[where], broken)
    with pytest.raises(OSError, match="planted"):
        ward.open()
    monkeypatch.undo()

    assert nothing_is_left(ward)
    assert ward.relation() is Relation.CLINIC


@pytest.mark.parametrize(
    "reason", ["", "   ", "too short", "\u202e\u202e\u202e\u202e  a  \n\n\n\n\n\n"]
)
def test_Z11_without_a_reason_nothing_opens(ward: Ward, reason: str):
    with pytest.raises(InvalidInput, match="reason_too_short"):
        ward.open(reason=reason)
    assert nothing_is_left(ward)


def test_Z11_nobody_but_a_clinician_of_the_clinic_opens_it(ward: Ward):
    far = ward.person("Far", clinic=found("South", "south"))
    for who in (ward.admin, ward.manager, ward.ruth, ward.jonas):
        with pytest.raises(NotPermitted):
            ward.open(who)
    with pytest.raises(InvalidInput, match="nobody_found"):
        ward.open(far)
    with pytest.raises(InvalidInput, match="cared_for"):
        ward.open(ward.ada)
    assert nothing_is_left(ward)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Ruth Aldou"},
        {"name": "Ruth"},
        {"name": ""},
        {"name": "%"},
        {"birth_year": 1951},
        {"name": "Jonas Weber"},
        {"chosen": new_id()},
    ],
)
def test_Z11_only_the_full_name_and_the_year_find_somebody(ward: Ward, changes: dict[str, Any]):
    with pytest.raises(InvalidInput, match="nobody_found"):
        ward.open(**changes)
    assert nothing_is_left(ward)


def test_a_record_that_is_locked_away_reads_like_none(ward: Ward):
    with db.engine.begin() as connection:
        this = PATIENT.c.id == ward.pid
        connection.execute(sa.update(PATIENT).where(this).values(restricted_at=MONDAY))
    with pytest.raises(InvalidInput, match="nobody_found"):
        ward.open()
    assert nothing_is_left(ward)


def test_a_search_that_finds_nobody_is_a_line_of_audit(ward: Ward):
    with pytest.raises(InvalidInput):
        ward.open(name="Somebody Else")

    lines = [row for row in rows(AUDIT) if row.action == "emergency.search"]
    assert [(row.chain_id, row.actor_id) for row in lines] == [(ward.clinic_id, ward.bo.account_id)]


def test_case_and_spaces_of_a_name_make_no_difference(ward: Ward):
    assert folded("  RUTH   Aldous ") == folded("Ruth Aldous")
    assert ward.open(name=" ruth  ALDOUS ") == ward.pid


def test_Z12_of_two_of_one_name_one_is_chosen_and_only_that_one_opens(ward: Ward):
    twin = patient(ward.ada)
    with pytest.raises(SeveralOfThisName) as asked:
        ward.open()
    assert {one.patient_id for one in asked.value.candidates} == {ward.pid, twin.patient_id}
    assert nothing_is_left(ward)

    assert ward.open(chosen=twin.patient_id) == twin.patient_id
    assert ward.relation() is Relation.CLINIC
    # They tell nothing of each other either.
    assert twin.patient_id is not None
    assert relations.relation_to_patient(ward.ruth, twin.patient_id, MONDAY) is Relation.NONE
    assert break_glass.untold(ward.pid) == 0
    assert break_glass.of_patient(ward.ruth, ward.pid) == []


def test_Z11_a_second_patient_is_refused_while_one_is_open(ward: Ward):
    ward.open()
    with pytest.raises(InvalidInput, match="another_open"):
        ward.open(name="Jonas Weber", birth_year=1960)
    assert ward.open(at=MONDAY + MINUTE) == ward.pid, "the same one is open already"
    assert len(rows(GLASS)) == 1

    ward.open(name="Jonas Weber", birth_year=1960, at=MONDAY + HOUR)
    assert ward.relation(at=MONDAY + HOUR) is Relation.CLINIC
    assert sorted(row.ended_at is None for row in rows(GLASS)) == [False, True]


def test_Z11_of_twenty_who_press_at_once_one_record_opens(app: Flask, ward: Ward):
    everybody = [patient(ward.ada, f"Patient {number}", born=1970) for number in range(20)]

    def press(number: int) -> bool:
        try:
            ward.open(name=everybody[number].name, birth_year=1970)
        except InvalidInput:
            return False
        return True

    assert sum(at_once(app, press)) == 1
    assert len(rows(GLASS)) == len(emergencies_out()) == 1


def test_Z11_ending_early_holds_from_the_next_request(ward: Ward):
    ward.open()
    break_glass.end(ward.bo, ward.pid, MONDAY + MINUTE)

    assert ward.relation(at=MONDAY + MINUTE) is Relation.CLINIC
    assert break_glass.open_now(ward.bo, MONDAY + MINUTE) is None
    for who, at in ((ward.bo, MONDAY + MINUTE), (ward.ada, MONDAY)):
        with pytest.raises(NotFound):
            break_glass.end(who, ward.pid, at)
    [glass] = rows(GLASS)
    assert glass.ended_at == MONDAY + MINUTE


def test_whoever_joins_the_team_meanwhile_is_a_member(ward: Ward):
    from adherence.domain.activities import Discipline

    ward.open()
    care_teams.add_to_care_team(
        ward.ada, ward.pid, ward.bo.account_id, discipline=Discipline.NURSING, now=MONDAY
    )

    assert ward.relation() is Relation.CARE_TEAM
    assert ward.relation(at=MONDAY + DAY) is Relation.CARE_TEAM


def test_an_administrator_looks_into_it_once_with_a_sentence(ward: Ward):
    ward.open()
    [one] = break_glass.of_clinic(ward.admin, MONDAY)
    far = ward.person("Far", Role.ADMIN, clinic=found("South", "south"))
    assert break_glass.of_clinic(far, MONDAY) == []
    assert break_glass.unseen(far) == 0

    with pytest.raises(InvalidInput, match="empty"):
        break_glass.see(ward.admin, one.id, "  ", MONDAY)
    with pytest.raises(NotFound):
        break_glass.see(far, one.id, "It was one.", MONDAY)
    break_glass.see(ward.admin, one.id, "It was one.", MONDAY + DAY)
    with pytest.raises(NotFound):
        break_glass.see(ward.admin, one.id, "Again.", MONDAY + DAY)

    [seen] = break_glass.of_clinic(ward.admin, MONDAY + DAY)
    assert (seen.seen_by_name, seen.seen_words, seen.seen_at) == (
        "Ines",
        "It was one.",
        MONDAY + DAY,
    )
    assert break_glass.unseen(ward.admin) == 0
    assert break_glass.untold(ward.pid) == 1, "the patient has not read it"


def test_the_patient_reads_who_when_and_why_and_says_so(ward: Ward):
    ward.open()
    [one] = break_glass.of_patient(ward.ruth, ward.pid)
    assert (one.clinician_name, one.reason, one.begun_at) == ("Bo", REASON, MONDAY)
    assert one.until_at == MONDAY + HOUR
    assert ward.jonas.patient_id is not None
    with pytest.raises(NotFound):
        break_glass.told(ward.jonas, ward.jonas.patient_id, one.id, MONDAY)

    break_glass.told(ward.ruth, ward.pid, one.id, MONDAY)
    assert break_glass.untold(ward.pid) == 0
    assert len(break_glass.of_patient(ward.ruth, ward.pid)) == 1, "it stays to be read"
    assert break_glass.unseen(ward.admin) == 1


def test_minutes_left_count_the_begun_one():
    assert minutes_left(MONDAY + HOUR, MONDAY) == 60
    assert minutes_left(MONDAY + HOUR, MONDAY + SECOND) == 60
    assert minutes_left(MONDAY + HOUR, MONDAY + HOUR - SECOND) == 1
    assert minutes_left(MONDAY, MONDAY) == minutes_left(MONDAY, MONDAY + DAY) == 0


def test_without_a_mail_server_no_mail_waits(store_url: str, app: Flask):
    with application(store_url):
        Ward().open()

        assert rows(MAIL) == []
        assert len(rows(GLASS)) == 1


def test_a_reason_too_short_does_not_even_fit_the_table(ward: Ward):
    ward.open()
    with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        connection.execute(sa.update(GLASS).values(reason="too short"))
    assert rows(PATIENT)
