"""A town for tests of the edges: two clinics, people of every role and relation, marked texts.

Requests go through HTTP on the whole application, each in a context of its own; the clock is the
town's. Every text of a patient's record carries that patient's mark, so whoever reads it is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from werkzeug.exceptions import HTTPException

from adherence.domain.access import Actor, Relation, Role
from adherence.domain.activities import ActivityKind, Asked, Discipline
from adherence.domain.consent import Answer, Purpose
from adherence.domain.entries import Amounts, Reason, Status
from adherence.domain.goals import Measure
from adherence.domain.pauses import PauseKind
from adherence.domain.schedules import Schedule, ScheduleKind
from adherence.services import (
    accounts,
    break_glass,
    care_teams,
    consent,
    entries,
    erasures,
    exports,
    goals,
    patients,
    pauses,
    plans,
    proxies,
    relations,
    review,
    sessions,
)
from adherence.services.consent import Said
from adherence.services.erasures import ErasureState
from adherence.services.keys import new_token
from adherence.services.sessions import digest_of
from adherence.store.db import write
from adherence.store.devices import add_device
from adherence.store.factors import add_passkey
from adherence.store.ids import new_id
from adherence.store.patients import set_person
from adherence.web.clock import EXTENSION as CLOCK
from adherence.web.exports import page
from adherence.web.policy import doors
from tests.builders import ZONE, application, closed, session_of
from tests.wards import DAY, MONDAY

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

#: Plans began this long before.
BEFORE = 10 * DAY
_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')


@dataclass(slots=True)
class Person:
    """Somebody who asks: a browser and a phone of one account; nobody has neither."""

    name: str
    actor: Actor | None
    bearer: str = ""
    secret: str = ""
    form_token: str = ""


@dataclass(slots=True)
class Record:
    """One patient and one of everything that an address can name; ``mark`` is in every text."""

    mark: str
    patient_id: UUID
    actor: Actor
    lead: Actor
    goal_id: UUID
    plan_id: UUID
    activity_id: UUID
    medicine_id: UUID
    needed_id: UUID
    check_id: UUID
    client_id: UUID
    pause_id: UUID
    notice_id: UUID
    account_id: UUID
    device_id: UUID
    passkey_id: UUID
    session_id: UUID
    proxy_id: UUID
    export_id: UUID
    erasure_id: UUID
    emergency_id: UUID
    decision_id: UUID
    symptom: str
    spent: set[str] = field(default_factory=set)


def mark_of(name: str) -> str:
    """What stands in every text of a patient's record and nowhere else."""
    return f"Qx{name.title()}zq"


class Town:
    """The application, its clock, its people and the records that addresses can name."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.at = MONDAY
        app.extensions[CLOCK] = lambda: self.at
        self.people: dict[str, Person] = {}
        self.records: dict[str, Record] = {}
        with app.app_context():
            self._found()

    # --- asking --------------------------------------------------------------------------------

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The application's context, for calls of services; never around a request."""
        with self.app.app_context():
            yield

    def browser(self) -> FlaskClient:
        """A client that keeps no cookies: what it sends is what the test says."""
        return self.app.test_client(use_cookies=False)

    def ask(
        self,
        who: str | Person,
        path: str,
        method: str = "GET",
        *,
        json: Any = None,
        form: Any = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        """The answer to ``who``: with the bearer on API addresses, with the cookie on pages.

        An unsafe page request carries the person's form token; ``token`` puts another in its place.
        """
        person = self.people[who] if isinstance(who, str) else who
        if method == "POST" and self._is_open(path):
            cookie = person.secret and f"__Host-session={person.secret}"
            return self.post_open(path, form or {}, cookie, token, **(headers or {}))
        sent = dict(headers or {})
        if path.startswith("/api/"):
            if person.bearer:
                sent.setdefault("Authorization", f"Bearer {person.bearer}")
        elif person.secret:
            sent.setdefault("Cookie", f"__Host-session={person.secret}")
        if json is not None:
            more["json"] = json
        elif form is not None or (method != "GET" and not path.startswith("/api/")):
            given = self.form_token(person) if token is None else token
            more["data"] = {**(form or {}), "csrf_token": given}
        return self.browser().open(path, method=method, headers=sent, buffered=True, **more)

    def form_token(self, person: Person) -> str:
        """The token of the person's forms, read from a page; x for who cannot see that page."""
        if not person.secret:
            return "x"
        if not person.form_token:
            answer = self.ask(person, "/account")
            found = _TOKEN.search(answer.get_data(as_text=True))
            assert found or answer.status_code == 303, "no form token on the account page"
            person.form_token = found[1] if found else "x"
        return person.form_token

    def enter(self, code: str, cookies: str = "", **headers: str) -> TestResponse:
        """The answer to a code posted on the page for codes by a browser that was shown the page.

        ``cookies`` are those that the browser held before.
        """
        return self.post_open("/code", {"token": code}, cookies, **headers)

    def post_open(
        self,
        path: str,
        form: dict[str, str],
        cookies: str = "",
        token: str | None = None,
        **headers: str,
    ) -> TestResponse:
        """The answer to a form that is open to all, from a browser that was shown a page."""
        page = self.browser().get("/code")
        found = _TOKEN.search(page.get_data(as_text=True))
        assert found, "no form token on the page for codes"
        before = page.headers["Set-Cookie"].partition(";")[0]
        sent = {"Cookie": "; ".join(one for one in (before, cookies) if one), **headers}
        data = {**form, "csrf_token": found[1] if token is None else token}
        return self.browser().post(path, headers=sent, data=data)

    def _is_open(self, path: str) -> bool:
        """Whether a path is one that anybody may post to."""
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(path, method="POST")
        except HTTPException:
            return False
        return doors(self.app)[endpoint].action is None

    def sign_in(self, name: str) -> Person:
        """A fresh session of a person, who keeps it."""
        person = self.people[name]
        assert person.actor is not None
        with self.inside():
            person.secret = session_of(person.actor.account_id, self.at)
        person.form_token = ""
        return person

    def restore(self, spends: Iterable[str], who: str, of: str) -> None:
        """Put new things in place of those that a request of ``who`` about ``of`` used up."""
        used = set(spends)
        if "session" in used and self.people[who].actor and who != "disabled":
            self.sign_in(who)
        if "owner" in used:
            self.sign_in(of)
        self.records[of].spent |= used - {"session", "owner"}
        with self.inside():
            self.renew(of)

    # --- relations -----------------------------------------------------------------------------

    def relation(self, who: str, of: str) -> Relation:
        """How a person stands to a patient: known here, not asked of the application."""
        person = self.people[who]
        record = self.records.get(of)
        if record is None or person.actor is None:
            return Relation.NONE
        if person.actor.role is Role.PATIENT:
            return Relation.SELF if who == of else Relation.NONE
        if person.actor.clinic_id != record.actor.clinic_id:
            return Relation.NONE
        if who in TEAMS[of]:
            return Relation.CARE_TEAM
        if (who, of) == ("rescuer", "own"):
            return Relation.EMERGENCY
        return Relation.CLINIC

    def readable(self, who: str) -> set[str]:
        """Whose marks a person may read."""
        return {
            of
            for of in self.records
            if self.relation(who, of) in (Relation.SELF, Relation.CARE_TEAM, Relation.EMERGENCY)
        }

    def foreign_marks(self, who: str, text: str) -> set[str]:
        """Marks in a text that this person may not read."""
        readable = self.readable(who)
        lower = text.lower()
        return {
            one.mark
            for of, one in self.records.items()
            if of not in readable and one.mark.lower() in lower
        }

    def clinic_marks(self, who: str, role: Role) -> set[str]:
        """The marks of the patients of a person's clinic, for somebody of this role."""
        actor = self.people[who].actor
        if actor is None or actor.role is not role:
            return set()
        return {one.mark for one in self.records.values() if one.actor.clinic_id == actor.clinic_id}

    # --- founding ------------------------------------------------------------------------------

    def _found(self) -> None:
        began = MONDAY - BEFORE
        for clinic, staff in STAFF.items():
            clinic_id = patients.add_clinic(
                name=f"Clinic {clinic}", zone=ZONE, emergency_number="112", now=began
            )
            for name, role in staff.items():
                self._settle_in(name, clinic_id, role, began)
        for of, team in TEAMS.items():
            lead = self.people[team[0]].actor
            assert lead is not None
            self.records[of] = self._record(of, lead, began)
            for other in team[1:]:
                joined = self.people[other].actor
                assert joined is not None
                care_teams.add_to_care_team(
                    lead,
                    self.records[of].patient_id,
                    joined.account_id,
                    discipline=Discipline.NURSING,
                    now=began,
                )
        former = self.people["former"].actor
        own = self.records["own"]
        assert former is not None
        care_teams.add_to_care_team(
            own.lead,
            own.patient_id,
            former.account_id,
            discipline=Discipline.PSYCHOLOGY,
            now=began,
        )
        care_teams.end_care_relation(own.lead, own.patient_id, former.account_id, began + DAY)
        gone = self.people["disabled"].actor
        assert gone is not None
        accounts.disable_account(gone.account_id, MONDAY)
        self.people["nobody"] = Person("nobody", None)

    def _settle_in(self, name: str, clinic_id: UUID, role: Role, at: datetime) -> Actor:
        account_id = accounts.create_account(clinic_id, role, f"Staff {name}", "en", at)
        return self._person(name, account_id)

    def _person(self, name: str, account_id: UUID) -> Actor:
        actor = accounts.actor_of(account_id)
        person = self.people[name] = Person(name, actor)
        person.bearer = accounts.make_token(account_id, "phone", MONDAY)
        person.secret = session_of(account_id, MONDAY)
        return actor

    def _record(self, of: str, lead: Actor, began: datetime) -> Record:
        mark = mark_of(of)
        account_id = accounts.create_account(lead.clinic_id, Role.PATIENT, f"{mark} P", "en", began)
        patient_id = patients.add_patient(
            lead, name=f"{mark} P", zone=ZONE, birth_year=1950, account_id=account_id, now=began
        )
        actor = self._person(of, account_id)
        goal_id = goals.set_goal(lead, patient_id, self.goal(mark), began)
        plan_id = plans.open_plan(
            lead,
            patient_id,
            discipline=Discipline.PHYSIOTHERAPY,
            title=f"{mark} plan",
            now=began,
        )

        def ask(kind: ActivityKind, schedule: Schedule, asked: Asked) -> UUID:
            return plans.assign_activity(
                lead,
                patient_id,
                plan_id=plan_id,
                kind=kind,
                schedule=schedule,
                asked=asked,
                goals=[(goal_id, f"{mark} because")],
                reason=f"{mark} reason",
                now=began,
            )

        first = began.date()
        daily = Schedule(ScheduleKind.EVERY_N_DAYS, first, every=1)
        needed = Schedule(ScheduleKind.AS_NEEDED, first, min_interval_hours=4)
        symptom = f"{mark.lower()} ache"
        activity_id = ask(
            ActivityKind.EXERCISE,
            daily,
            Asked(f"{mark} raises", f"{mark} how", Amounts(sets=2, reps=10), pain_limit=7),
        )
        medicine_id = ask(
            ActivityKind.MEDICATION, daily, Asked(f"{mark} tablet", amounts=Amounts(quantity=1))
        )
        needed_id = ask(ActivityKind.MEDICATION, needed, Asked(f"{mark} drops"))
        check_id = ask(ActivityKind.CHECK_IN, daily, Asked(f"{mark}?", symptom=symptom))
        patient = Record(
            mark,
            patient_id,
            actor,
            lead,
            goal_id,
            plan_id,
            activity_id,
            medicine_id,
            needed_id,
            check_id,
            new_id(),
            *([new_id()] * 11),
            symptom,
        )
        self.records[of] = patient
        entries.sync(
            actor,
            patient_id,
            [
                {
                    "client_id": new_id(),
                    "activity_id": activity_id,
                    "status": Status.SKIPPED,
                    "reason": Reason.HURT,
                    "pain": 8,
                    "note": f"{mark} note",
                    "performed_at": MONDAY - DAY,
                },
                {
                    "client_id": new_id(),
                    "symptom": symptom,
                    "value": 4.0,
                    "performed_at": MONDAY - DAY,
                },
                {
                    "client_id": new_id(),
                    "goal_id": goal_id,
                    "value": 9.0,
                    "performed_at": MONDAY - DAY,
                },
            ],
            MONDAY,
        )
        patient.spent |= {"client_id", "pause_id", "notice_id", "account_id"}
        patient.spent |= {"export_id", "erasure_id"}
        patient.spent |= {
            "device_id",
            "passkey_id",
            "session_id",
            "proxy_id",
            "emergency_id",
            "decision_id",
        }
        self.renew(of)
        return patient

    def goal(self, mark: str) -> Any:
        """A counted goal whose words carry a mark."""
        return goals.new_goal(
            words=f"{mark} goal", measure=Measure.COUNT, unit="steps", baseline=4, target=14
        )

    def renew(self, of: str) -> Record:
        """The record with new things in place of those that a request has used up."""
        one = self.records[of]
        at = MONDAY
        for name in sorted(one.spent, reverse=True):
            made = self._fresh(one, of, at)[name]()
            if name != "lead":
                setattr(one, name, made)
        one.spent.clear()
        return one

    def _fresh(self, one: Record, of: str, at: datetime) -> dict[str, Callable[[], UUID]]:
        def activity_id() -> UUID:
            return plans.assign_activity(
                one.lead,
                one.patient_id,
                plan_id=one.plan_id,
                kind=ActivityKind.EXERCISE,
                schedule=Schedule(ScheduleKind.EVERY_N_DAYS, at.date() - DAY, every=1),
                asked=Asked(f"{one.mark} again"),
                goals=[(one.goal_id, f"{one.mark} because")],
                now=at - DAY,
            )

        def client_id() -> UUID:
            made = new_id()
            said = {
                "client_id": made,
                "activity_id": one.medicine_id,
                "status": Status.DONE,
                "note": f"{one.mark} note",
                "performed_at": at,
            }
            entries.log_entry(one.actor, one.patient_id, said, at)
            return made

        def pause_id() -> UUID:
            return pauses.pause(
                one.actor,
                one.patient_id,
                kind=PauseKind.REST,
                first_day=at.date() + 30 * DAY,
                note=f"{one.mark} pause",
                now=at,
            )

        def notice_id() -> UUID:
            pause_id()
            found = review.notices(one.actor, one.patient_id, at)
            return next(each.id for each in found if each.state == "open" and each.kind == "pause")

        def account_id() -> UUID:
            made = accounts.create_account(
                one.lead.clinic_id, Role.CLINICIAN, "A spare colleague", "en", at
            )
            care_teams.add_to_care_team(
                one.lead, one.patient_id, made, discipline=Discipline.OTHER, now=at
            )
            return made

        def device_id() -> UUID:
            row = {
                "id": new_id(),
                "digest": digest_of(new_token()),
                "account_id": one.actor.account_id,
                "pin": "no hash",
                "tries": 0,
                "label": "Firefox, Android",
                "created_at": at,
                "seen_at": at,
            }
            write(lambda run: run.do(add_device, **row))
            return row["id"]

        def passkey_id() -> UUID:
            row = {
                "id": new_id(),
                "account_id": one.actor.account_id,
                "credential": new_id().bytes,
                "public_key": b"none",
                "count": 0,
                "backed_up": False,
                "label": "Ring",
                "created_at": at,
            }
            write(lambda run: run.do(add_passkey, **row))
            return row["id"]

        def session_id() -> UUID:
            opened = sessions.open_session(session_of(one.actor.account_id, at), at)
            assert opened is not None
            return opened.id

        def proxy_id() -> UUID:
            proxies.add_proxy(
                one.lead,
                one.patient_id,
                name="Somebody else",
                email="",
                until_at=None,
                until_grown=False,
                locale="en",
                now=at,
            )
            return max(each.id for each in proxies.proxies_of(one.lead, one.patient_id, at))

        def export_id() -> UUID:
            made = exports.ask(one.actor, one.patient_id, "en", at)
            exports.build_waiting(page, at)
            return made

        def erasure_id() -> UUID:
            for wish in erasures.erasures_of(one.patient_id):
                if wish.state in ErasureState.open_ones():
                    erasures.withdraw(one.actor, one.patient_id, wish.id, at)
            return erasures.ask(one.actor, one.patient_id, f"{one.mark} wish", at)

        def emergency_id() -> UUID:
            """A record opened in an emergency: the own patient's is open, the others' is over."""
            rescuer = self.people[RESCUERS[of]].actor
            assert rescuer is not None
            since = at if of == "own" else at - DAY
            if relations.relation_to_patient(rescuer, one.patient_id, since) is Relation.EMERGENCY:
                break_glass.end(rescuer, one.patient_id, since)
            # Whatever a form has made of the person meanwhile: by these they are found.
            person = {"new_name": f"{one.mark} P", "new_birth_year": 1950}
            write(lambda run: run.do(set_person, patient_id=one.patient_id, **person))
            break_glass.begin(
                rescuer,
                name=f"{one.mark} P",
                birth_year=1950,
                reason=f"{one.mark} lies unconscious",
                now=since,
            )
            return max(each.id for each in break_glass.of_patient(one.lead, one.patient_id))

        def lead() -> UUID:
            """The lead back with whom it was, after somebody was given it."""
            care_teams.hand_over(
                self.people["far_admin" if of == "far" else "admin"].actor,  # type: ignore[arg-type]
                one.patient_id,
                one.lead.account_id,
                at,
            )
            return one.lead.account_id

        def decision_id() -> UUID:
            said = Said(Purpose.PUSH, Answer.WITHDRAWN, 1, "en")
            found = consent.decide(one.actor, one.patient_id, said, at)
            assert found.counts is not None
            return found.counts.id

        return {
            "export_id": export_id,
            "erasure_id": erasure_id,
            "decision_id": decision_id,
            "device_id": device_id,
            "passkey_id": passkey_id,
            "session_id": session_id,
            "proxy_id": proxy_id,
            "emergency_id": emergency_id,
            "lead": lead,
            "activity_id": activity_id,
            "client_id": client_id,
            "pause_id": pause_id,
            "notice_id": notice_id,
            "account_id": account_id,
            "goal_id": lambda: goals.set_goal(one.lead, one.patient_id, self.goal(one.mark), at),
        }


#: Who works where, besides the patients.
STAFF = {
    "north": {
        "therapist": Role.CLINICIAN,
        "colleague": Role.CLINICIAN,
        "former": Role.CLINICIAN,
        "disabled": Role.CLINICIAN,
        "rescuer": Role.CLINICIAN,
        "manager": Role.PROGRAMME_MANAGER,
        "admin": Role.ADMIN,
    },
    "south": {
        "stranger": Role.CLINICIAN,
        "far_rescuer": Role.CLINICIAN,
        "far_manager": Role.PROGRAMME_MANAGER,
        "far_admin": Role.ADMIN,
    },
}
#: Patient -> who opened the record in an emergency: it is open still, or was a day before.
RESCUERS = {"own": "rescuer", "near": "former", "far": "far_rescuer"}
#: Patient -> care team now, the lead first. ``disabled`` is in a team and may do nothing.
TEAMS = {
    "own": ("therapist", "disabled"),
    "near": ("colleague",),
    "far": ("stranger",),
}


@contextmanager
def founded(url: str, kind: type[Town] = Town) -> Iterator[Town]:
    """A town on the migrated database at ``url``, torn down afterwards."""
    app = application(url)
    app.testing = False
    try:
        yield kind(app)
    finally:
        closed(app)
