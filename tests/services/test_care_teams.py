"""Care teams: one lead, members from an instant on, substitutes between two, and who may say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from adherence.domain.access import Actor, Relation, Role
from adherence.domain.activities import Discipline
from adherence.domain.care_teams import CareKind
from adherence.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from adherence.services import accounts, audit, care_teams, patients, relations, review
from adherence.store.audit import AUDIT
from adherence.store.columns import db
from adherence.store.ids import new_id
from adherence.store.patients import CARE
from tests.builders import ZONE
from tests.practice import DAY, MONDAY, SECOND, application, found, patient, rows

#: One tick of the clock in which instants are kept.
TICK = timedelta(microseconds=1)


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url) as made:
        yield made


def clinician(clinic_id: UUID, name: str, role: Role = Role.CLINICIAN) -> Actor:
    """Somebody who works in a clinic."""
    return accounts.actor_of(accounts.create_account(clinic_id, role, name, "en", MONDAY - DAY))


class Ward:
    """A clinic with a lead, a second member, two who are in no team, an administrator."""

    def __init__(self) -> None:
        self.clinic_id = found()
        self.ada, self.bo, self.cem, self.dora = (
            clinician(self.clinic_id, name) for name in ("Ada", "Bo", "Cem", "Dora")
        )
        self.admin = clinician(self.clinic_id, "Ines", Role.ADMIN)
        self.ruth = patient(self.ada)
        assert self.ruth.patient_id is not None
        self.pid = self.ruth.patient_id

    def add(self, who: Actor, by: Actor | None = None, at: datetime = MONDAY, **more: Any) -> None:
        care_teams.add_to_care_team(
            by or self.ada, self.pid, who.account_id, discipline=Discipline.NURSING, now=at, **more
        )

    def leave(
        self, who: Actor, by: Actor | None = None, at: datetime = MONDAY, to: Actor | None = None
    ) -> None:
        successor = None if to is None else to.account_id
        care_teams.end_care_relation(by or who, self.pid, who.account_id, at, successor)

    def stand_in(
        self,
        who: Actor,
        first: int,
        last: int,
        by: Actor | None = None,
        at: datetime = MONDAY,
        **more: Any,
    ) -> None:
        care_teams.name_substitute(
            by or self.ada,
            self.pid,
            who.account_id,
            first_day=date(2026, 3, first),
            last_day=date(2026, 3, last),
            now=at,
            **more,
        )

    def relation(self, who: Actor, at: datetime = MONDAY) -> Relation:
        return relations.relation_to_patient(who, self.pid, at)

    def kinds(self, at: datetime = MONDAY) -> dict[str, CareKind]:
        team = care_teams.team(self.ada, self.pid, at)
        return {one.name: one.kind for one in team.members}

    def listed(self, who: Actor, at: datetime) -> bool:
        page = patients.patients(who, None, 50, at)
        return self.pid in {one.patient_id for one in page.patients}

    def queued(self, who: Actor, at: datetime) -> bool:
        return self.pid in {row.patient.patient_id for row in review.queue(who, at)}


@pytest.fixture
def ward(app: Flask) -> Ward:
    return Ward()


def midnight(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=ZoneInfo(ZONE))


def test_whoever_adds_a_patient_leads_and_others_come_beside(ward: Ward):
    ward.add(ward.bo)

    assert ward.kinds() == {"Ada": CareKind.LEAD, "Bo": CareKind.SUPPLEMENTARY}


def test_the_first_of_a_team_leads_it_whoever_made_the_patient(ward: Ward):
    made = patients.add_patient(ward.admin, name="Jonas Weber", zone=ZONE, now=MONDAY)
    for who in (ward.bo, ward.cem):
        care_teams.add_to_care_team(
            ward.admin, made, who.account_id, discipline=Discipline.OTHER, now=MONDAY
        )

    team = care_teams.team(ward.admin, made, MONDAY)
    assert [(one.name, one.lead) for one in team.members] == [("Bo", True), ("Cem", False)]


def test_the_lead_is_handed_over_and_what_was_before_stays_to_be_read(ward: Ward):
    ward.add(ward.bo)
    care_teams.hand_over(ward.ada, ward.pid, ward.bo.account_id, MONDAY + DAY)

    assert ward.kinds(MONDAY + DAY) == {"Bo": CareKind.LEAD, "Ada": CareKind.SUPPLEMENTARY}
    assert ward.kinds(MONDAY + DAY - TICK) == {"Ada": CareKind.LEAD, "Bo": CareKind.SUPPLEMENTARY}
    assert ward.relation(ward.ada, MONDAY + DAY) is Relation.CARE_TEAM
    care_teams.add_to_care_team(
        ward.bo,
        ward.pid,
        ward.cem.account_id,
        discipline=Discipline.OTHER,
        lead=True,
        now=MONDAY + 2 * DAY,
    )
    assert ward.kinds(MONDAY + 2 * DAY) == {
        "Cem": CareKind.LEAD,
        "Ada": CareKind.SUPPLEMENTARY,
        "Bo": CareKind.SUPPLEMENTARY,
    }
    assert audit.verify(ward.clinic_id) == []


def test_no_team_has_two_leads_whatever_writes_them(ward: Ward):
    second = {
        "patient_id": ward.pid,
        "account_id": ward.bo.account_id,
        "from_at": MONDAY,
        "clinic_id": ward.clinic_id,
        "discipline": Discipline.NURSING,
        "kind": CareKind.LEAD,
    }
    with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        connection.execute(sa.insert(CARE), second)


def test_only_who_leads_says_who_leads(ward: Ward):
    ward.add(ward.bo)
    ward.add(ward.cem)
    with pytest.raises(NotPermitted):
        care_teams.hand_over(ward.bo, ward.pid, ward.cem.account_id, MONDAY)
    with pytest.raises(NotPermitted):
        ward.add(ward.dora, by=ward.bo, lead=True)
    with pytest.raises(NotPermitted):
        ward.leave(ward.cem, by=ward.bo)
    with pytest.raises(NotFound):
        care_teams.hand_over(ward.ada, ward.pid, ward.dora.account_id, MONDAY)

    care_teams.hand_over(ward.admin, ward.pid, ward.cem.account_id, MONDAY)
    ward.add(ward.dora, by=ward.bo)
    assert ward.kinds()["Cem"] is CareKind.LEAD


def test_Z8_the_last_leaves_only_by_handing_over_or_by_the_clinic(ward: Ward):
    with pytest.raises(InvalidInput, match="last_of_team"):
        ward.leave(ward.ada)
    ward.add(ward.bo)
    for by in (ward.ada, ward.admin):
        with pytest.raises(InvalidInput, match="lead_leaves"):
            ward.leave(ward.ada, by=by)
    with pytest.raises(InvalidInput, match="not_in_team"):
        ward.leave(ward.ada, to=ward.dora)
    assert ward.kinds() == {"Ada": CareKind.LEAD, "Bo": CareKind.SUPPLEMENTARY}

    ward.leave(ward.ada, to=ward.bo)
    assert ward.kinds() == {"Bo": CareKind.LEAD}
    ward.leave(ward.bo, by=ward.admin, at=MONDAY + DAY)
    assert ward.kinds(MONDAY + DAY) == {}
    assert ward.relation(ward.bo, MONDAY + DAY) is Relation.CLINIC


def test_whoever_is_shut_out_takes_nothing_over(ward: Ward):
    ward.add(ward.bo)
    accounts.disable_account(ward.bo.account_id, MONDAY)
    with pytest.raises(InvalidInput, match="not_in_team"):
        ward.leave(ward.ada, to=ward.bo)
    with pytest.raises(NotFound):
        ward.add(clinician(ward.clinic_id, "Manager", Role.PROGRAMME_MANAGER))


def test_a_substitute_is_a_member_between_two_midnights_of_the_clinic(ward: Ward):
    ward.stand_in(ward.cem, 5, 8)

    for at, expected in (
        (MONDAY, Relation.CLINIC),
        (midnight(5) - TICK, Relation.CLINIC),
        (midnight(5), Relation.CARE_TEAM),
        (midnight(9) - TICK, Relation.CARE_TEAM),
        (midnight(9), Relation.CLINIC),
    ):
        assert ward.relation(ward.cem, at) is expected, at
        assert ward.listed(ward.cem, at) is (expected is Relation.CARE_TEAM), at
        assert ("Cem" in ward.kinds(at)) is (expected is Relation.CARE_TEAM), at


def test_the_queue_shows_a_patient_to_a_substitute_only_in_their_days(ward: Ward):
    from adherence.domain.pauses import PauseKind
    from adherence.services import pauses

    pauses.pause(ward.ruth, ward.pid, kind=PauseKind.REST, first_day=date(2026, 3, 4), now=MONDAY)
    ward.stand_in(ward.cem, 5, 8)

    assert [ward.queued(ward.cem, midnight(day)) for day in (4, 5, 8, 9)] == [
        False,
        True,
        True,
        False,
    ]
    assert ward.queued(ward.ada, MONDAY)


def test_one_that_begins_today_begins_at_once(ward: Ward):
    ward.stand_in(ward.cem, 2, 2)

    assert ward.relation(ward.cem, MONDAY) is Relation.CARE_TEAM
    assert ward.relation(ward.cem, midnight(3)) is Relation.CLINIC


@pytest.mark.parametrize(
    ("first", "last", "refused"),
    [(1, 5, "in_the_past"), (6, 5, "before_start"), (5, 400, "too_far_ahead")],
)
def test_days_that_cannot_be_are_refused(ward: Ward, first: int, last: int, refused: str):
    with pytest.raises(InvalidInput, match=refused):
        care_teams.name_substitute(
            ward.ada,
            ward.pid,
            ward.cem.account_id,
            first_day=date(2026, 3, first),
            last_day=date(2026, 3, 1) + (last - 1) * DAY,
            now=MONDAY,
        )


def test_a_substitute_leaves_the_team_as_it_is_and_may_leave(ward: Ward):
    ward.stand_in(ward.cem, 2, 8)
    for change in (
        lambda: ward.add(ward.dora, by=ward.cem),
        lambda: care_teams.hand_over(ward.cem, ward.pid, ward.cem.account_id, MONDAY),
        lambda: ward.leave(ward.ada, by=ward.cem),
        lambda: ward.stand_in(ward.dora, 5, 6, by=ward.cem),
    ):
        with pytest.raises((NotPermitted, NotFound)):
            change()

    ward.leave(ward.cem, at=MONDAY + SECOND)
    assert ward.relation(ward.cem, MONDAY + SECOND) is Relation.CLINIC


def test_what_was_planned_is_taken_back_and_planned_again(ward: Ward):
    ward.stand_in(ward.cem, 5, 8)
    with pytest.raises(InvalidInput, match="in_team"):
        ward.stand_in(ward.cem, 8, 10)
    ward.leave(ward.cem, by=ward.ada)
    assert ward.relation(ward.cem, midnight(6)) is Relation.CLINIC
    with pytest.raises(NotFound):
        ward.leave(ward.cem, by=ward.ada)

    ward.stand_in(ward.cem, 5, 6)
    assert ward.relation(ward.cem, midnight(6)) is Relation.CARE_TEAM
    assert ward.relation(ward.cem, midnight(7)) is Relation.CLINIC


def test_a_substitute_goes_with_whom_they_stand_in_for_unless_they_take_over(ward: Ward):
    ward.add(ward.bo)
    ward.stand_in(ward.cem, 2, 8)
    ward.stand_in(ward.dora, 5, 8, by=ward.bo)
    ward.leave(ward.ada, to=ward.cem, at=MONDAY + DAY)

    assert ward.kinds(MONDAY + DAY) == {"Cem": CareKind.LEAD, "Bo": CareKind.SUPPLEMENTARY}
    assert ward.relation(ward.cem, midnight(20)) is Relation.CARE_TEAM
    ward.leave(ward.bo, at=MONDAY + DAY)
    assert ward.relation(ward.dora, midnight(6)) is Relation.CLINIC


def test_who_joins_for_good_stays_when_the_days_are_over(ward: Ward):
    ward.stand_in(ward.cem, 2, 3)
    ward.stand_in(ward.cem, 10, 11)
    ward.add(ward.cem, at=MONDAY + SECOND)

    assert ward.relation(ward.cem, midnight(20)) is Relation.CARE_TEAM
    with pytest.raises(Conflict):
        ward.add(ward.cem, at=MONDAY + DAY)
    with pytest.raises(InvalidInput, match="in_team"):
        ward.stand_in(ward.cem, 5, 6, at=MONDAY + DAY)


def test_the_lead_or_the_clinic_names_who_stands_in_for_somebody_who_is_ill(ward: Ward):
    ward.add(ward.bo)
    with pytest.raises(NotPermitted):
        ward.stand_in(ward.cem, 2, 8, by=ward.bo, stands_for_id=ward.ada.account_id)
    with pytest.raises(NotFound):
        ward.stand_in(ward.cem, 2, 8, by=ward.admin, stands_for_id=ward.dora.account_id)
    ward.stand_in(ward.cem, 2, 8, by=ward.admin, stands_for_id=ward.bo.account_id)

    cem = care_teams.team(ward.ada, ward.pid, MONDAY).members[-1]
    assert (cem.name, cem.stands_for_name, cem.discipline) == ("Cem", "Bo", Discipline.NURSING)


def test_somebody_stands_in_for_all_of_ones_patients_at_once(ward: Ward):
    others = [patient(ward.ada, f"Patient {number}").patient_id for number in range(3)]
    elses = patient(ward.bo, "Another's").patient_id
    care_teams.add_to_care_team(
        ward.ada,
        others[0],
        ward.cem.account_id,
        discipline=Discipline.OTHER,
        now=MONDAY,  # type: ignore[arg-type]
    )
    done = care_teams.name_substitute_everywhere(
        ward.ada,
        ward.cem.account_id,
        first_day=date(2026, 3, 5),
        last_day=date(2026, 3, 8),
        now=MONDAY,
    )

    assert (done.named, done.left_out) == (3, 1)
    at = midnight(6)
    seen = {one.patient_id for one in patients.patients(ward.cem, None, 50, at).patients}
    assert seen == {ward.pid, *others}
    assert elses not in seen
    later = patients.patients(ward.cem, None, 50, midnight(9)).patients
    assert [one.patient_id for one in later] == [others[0]]
    with pytest.raises(InvalidInput, match="no_patients"):
        care_teams.name_substitute_everywhere(
            ward.dora,
            ward.cem.account_id,
            first_day=date(2026, 3, 5),
            last_day=date(2026, 3, 8),
            now=MONDAY,
        )


def test_Z10_an_ended_relation_wins_over_an_older_one_that_was_left_open(ward: Ward):
    ward.add(ward.bo)
    with db.engine.begin() as connection:
        connection.execute(
            sa.insert(CARE),
            {
                "patient_id": ward.pid,
                "account_id": ward.bo.account_id,
                "from_at": MONDAY + DAY,
                "until_at": MONDAY + 2 * DAY,
                "clinic_id": ward.clinic_id,
                "discipline": Discipline.NURSING,
                "kind": CareKind.SUPPLEMENTARY,
            },
        )
    left_open = [row.account_id for row in rows(CARE) if row.until_at is None]

    assert ward.bo.account_id in left_open, "the older relation is open in the table"
    for at, is_in in ((MONDAY + 2 * DAY - TICK, True), (MONDAY + 2 * DAY, False)):
        assert (ward.relation(ward.bo, at) is Relation.CARE_TEAM) is is_in
        assert ward.listed(ward.bo, at) is is_in
        assert ("Bo" in ward.kinds(at)) is is_in


def test_Z7_nobody_of_another_clinic_joins_stands_in_or_changes_a_team(ward: Ward):
    far_clinic = found("South", "south")
    far, far_admin = clinician(far_clinic, "Far"), clinician(far_clinic, "Fara", Role.ADMIN)
    for change in (
        lambda: ward.add(far),
        lambda: ward.stand_in(far, 5, 6),
        lambda: ward.add(ward.bo, by=far_admin),
        lambda: ward.leave(ward.ada, by=far_admin),
        lambda: care_teams.hand_over(far_admin, ward.pid, ward.ada.account_id, MONDAY),
        lambda: care_teams.team(far, ward.pid, MONDAY),
        lambda: care_teams.hand_over(ward.ada, new_id(), ward.ada.account_id, MONDAY),
    ):
        with pytest.raises(NotFound):
            change()
    assert care_teams.memberships(far_admin, ward.ada.account_id, MONDAY) == []
    assert {one.name for one in care_teams.colleagues(ward.ada)} == {"Ada", "Bo", "Cem", "Dora"}


def test_every_change_of_a_team_is_a_line_of_audit(ward: Ward):
    ward.add(ward.bo)
    care_teams.hand_over(ward.ada, ward.pid, ward.bo.account_id, MONDAY + DAY)
    ward.stand_in(ward.cem, 5, 6, at=MONDAY + DAY)
    ward.leave(ward.ada, at=MONDAY + DAY)

    lines = [
        (row.action, row.object_id)
        for row in sorted(rows(AUDIT), key=lambda row: row.n)
        if row.chain_id == ward.pid and row.action.startswith("team.")
    ]
    assert lines == [
        ("team.lead", ward.ada.account_id),
        ("team.join", ward.bo.account_id),
        ("team.lead", ward.bo.account_id),
        ("team.substitute", ward.cem.account_id),
        ("team.leave", ward.ada.account_id),
    ]
    assert audit.verify(ward.clinic_id) == []
