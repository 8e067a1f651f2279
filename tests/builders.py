"""Whole stories through the services: an application, a ward of patients, weeks of logging."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from adherence.settings import Mode, Settings, variable

if TYPE_CHECKING:
    from flask import Flask

    from adherence.domain.access import Actor

#: For processes that a test starts; invented, and long enough for a clinic's settings.
SECRET = "0123456789abcdef-of-tests-only-0123456789"
ZONE = "Europe/Berlin"
TITLES = ("Heel raises", "Step-ups", "Straight leg raises")
DOSES = (time(8), time(13), time(20))
SYMPTOMS = ("pain", "stiffness")


# --- an application ----------------------------------------------------------------------------


def settings(url: str) -> Settings:
    """Settings of an application on the database at ``url``, without jobs of its own."""
    return Settings(
        database_url=url,
        secret_key=SECRET,
        work_inside=False,
        requests_per_minute=10**9,
        media_folder=_media_folder(),
        export_folder=f"{_media_folder()}/exports",
        tombstone_file=str(tombstones()),
    )


@cache
def _media_folder() -> str:
    """A folder for this process's pictures and films, gone when the process is."""
    folder = tempfile.mkdtemp(prefix="adherence-media-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def tombstones() -> Path:
    """The list of who is gone, outside the database."""
    return Path(_media_folder()) / "tombstones.txt"


def clinic_settings(url: str, **changes: Any) -> Settings:
    """Settings of a real clinic, in which nobody comes in by a link alone."""
    given: dict[str, Any] = {
        "mode": Mode.CLINIC,
        "database_url": url,
        "secret_key": SECRET,
        "base_url": "https://localhost",
        "work_inside": False,
        "requests_per_minute": 10**9,
        "media_folder": _media_folder(),
        "export_folder": f"{_media_folder()}/exports",
        "tombstone_file": str(tombstones()),
    }
    return Settings(**{**given, **changes})


def environment(url: str) -> dict[str, str]:
    """The same settings for a server process."""
    given = {
        "database_url": url,
        "secret_key": SECRET,
        "work_inside": "false",
        "requests_per_minute": "1000000000",
    }
    return {variable(name): value for name, value in given.items()}


def application(url: str) -> Flask:
    """The whole application on the database at ``url``."""
    from adherence.app import create_app

    app = create_app(settings(url))
    app.testing = True
    return app


def closed(app: Flask) -> None:
    """Let go of every connection and file that ``app`` holds."""
    from adherence.store.db import EXTENSION

    app.extensions[EXTENSION].close()


@contextmanager
def opened(url: str) -> Iterator[Flask]:
    """An application on the database at ``url`` with its context pushed, closed afterwards."""
    app = application(url)
    try:
        with app.app_context():
            yield app
    finally:
        closed(app)


def migrated(url: str) -> None:
    """Bring the database at ``url`` to the newest revision."""
    from adherence.migrations import upgrade

    with opened(url):
        upgrade()


def session_of(account_id: UUID, now: datetime) -> str:
    """The cookie of a browser in which an account has just signed in, by a demo's link."""
    from adherence.services import accounts, sign_in
    from adherence.services.sessions import Browser, Entered

    link = accounts.make_link(account_id, now)
    entered = sign_in.by_code(link, "", Browser(), now)
    assert isinstance(entered, Entered)
    return entered.secret


def agrees(who: Actor, *purposes: str, at: datetime, patient_id: UUID | None = None) -> None:
    """Let somebody agree to purposes by typing a name, on the newest words."""
    from adherence.domain.consent import Answer, Purpose
    from adherence.services import consent

    _answers(who, [Purpose(one) for one in purposes], Answer.GIVEN, at, patient_id, consent)


def takes_back(who: Actor, *purposes: str, at: datetime, patient_id: UUID | None = None) -> None:
    """Let somebody take back what they agreed to."""
    from adherence.domain.consent import Answer, Purpose
    from adherence.services import consent

    _answers(who, [Purpose(one) for one in purposes], Answer.WITHDRAWN, at, patient_id, consent)


def _answers(
    who: Actor, purposes: Any, answer: Any, at: datetime, patient_id: UUID | None, service: Any
) -> None:
    of = patient_id or who.patient_id
    assert of is not None
    for purpose in purposes:
        number = service.consent(who, of, purpose, at).text.version.number
        said = service.Said(purpose, answer, number, "en", "Ruth Aldous")
        service.decide(who, of, said, at, is_proved=True)


# --- people ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phone:
    """Whose phone it is, how it signs in, and what may be logged on it."""

    patient_id: UUID
    token: str
    activity_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Plans:
    """How many items of each kind are asked for each day; eight in all where nothing is said."""

    exercises: int = 3
    doses: int = 3
    questions: int = 2


EIGHT_A_DAY = Plans()


@dataclass(frozen=True, slots=True)
class Admitted:
    """A patient with three goals, an activity per exercise and question, and one per medicine."""

    actor: Actor
    patient_id: UUID
    plans: Plans
    goal_ids: tuple[UUID, ...]
    exercise_ids: tuple[UUID, ...]
    dose_id: UUID
    check_in_ids: tuple[UUID, ...]

    @property
    def activity_ids(self) -> tuple[UUID, ...]:
        """Everything asked."""
        return (*self.exercise_ids, self.dose_id, *self.check_in_ids)


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic and its one therapist."""

    id: UUID
    therapist: Actor


def found_clinic(now: datetime) -> Clinic:
    """A clinic with a therapist, founded at ``now``."""
    from tests import wards

    return Clinic(*wards.clinic(now))


def admit(clinic: Clinic, number: int, now: datetime, asked: Plans = EIGHT_A_DAY) -> Admitted:
    """Patient ``number`` of the clinic, with an account, three goals and two plans."""
    from adherence.domain.activities import ActivityKind, Asked, Discipline
    from adherence.domain.entries import Amounts
    from adherence.domain.goals import Measure
    from adherence.domain.schedules import Schedule, ScheduleKind
    from adherence.services import goals, plans
    from tests import wards

    therapist = clinic.therapist
    actor = wards.patient_of(therapist, now, f"Patient {number}")
    patient_id = actor.patient_id
    assert patient_id is not None
    wishes = (
        ("Climb to my flat without stopping", Measure.RATING, 2, 8, None),
        ("Sleep through the night", Measure.SYMPTOM, 7, 3, SYMPTOMS[0]),
        ("Walk to the market", Measure.COUNT, 500, 3000, None),
    )
    stairs, sleep, market = (
        goals.set_goal(
            therapist,
            patient_id,
            goals.new_goal(
                words=words,
                measure=measure,
                baseline=baseline,
                target=target,
                symptom=symptom,
                unit="steps" if measure is Measure.COUNT else None,
            ),
            now,
        )
        for words, measure, baseline, target, symptom in wishes
    )
    today = now.date() - timedelta(days=1)
    moving, dosing = (
        plans.open_plan(therapist, patient_id, discipline=one, title=title, now=now)
        for one, title in (
            (Discipline.PHYSIOTHERAPY, "Knee"),
            (Discipline.MEDICATION, "Medication"),
        )
    )

    def ask(plan_id: UUID, kind: ActivityKind, what: Asked, goal_id: UUID, *times: time) -> UUID:
        return plans.assign_activity(
            therapist,
            patient_id,
            plan_id=plan_id,
            kind=kind,
            schedule=Schedule(
                ScheduleKind.WEEKDAYS, today, times=times, weekdays=frozenset(range(7))
            ),
            asked=what,
            goals=[(goal_id, "because you want to")],
            now=now,
        )

    return Admitted(
        actor=actor,
        patient_id=patient_id,
        plans=asked,
        goal_ids=(stairs, sleep, market),
        exercise_ids=tuple(
            ask(
                moving,
                ActivityKind.EXERCISE,
                Asked(title, amounts=Amounts(sets=3, reps=10), minutes=4),
                stairs,
            )
            for title in TITLES[: asked.exercises]
        ),
        dose_id=ask(
            dosing,
            ActivityKind.MEDICATION,
            Asked("Tablet", amounts=Amounts(quantity=1), unit="tablet"),
            sleep,
            *DOSES[: asked.doses],
        ),
        check_in_ids=tuple(
            ask(moving, ActivityKind.CHECK_IN, Asked(f"How is the {one}?", symptom=one), sleep)
            for one in SYMPTOMS[: asked.questions]
        ),
    )


# --- a lived history ---------------------------------------------------------------------------


def one_day(of: Admitted, day: date, chance: random.Random, keen: float) -> list[dict[str, Any]]:
    """What the patient reports of one day: each of the eight items with probability ``keen``."""

    def said(activity_id: UUID, at: time, **more: Any) -> dict[str, Any]:
        moment = datetime.combine(day, at, tzinfo=UTC) + timedelta(minutes=chance.randrange(40))
        client_id = UUID(int=chance.getrandbits(128), version=4)
        usual = {"client_id": client_id, "activity_id": activity_id, "performed_at": moment}
        return {**usual, "status": "done", **more}

    reported = []
    for activity_id in of.exercise_ids:
        pain = chance.choice([None, 0, 2, 3, 5, 7])
        reported.append(said(activity_id, time(9), sets=3, reps=10, pain=pain, effort=4))
    for slot, at in enumerate(DOSES[: of.plans.doses]):
        # The wall clock in Berlin is one or two hours ahead of UTC.
        moment = time(at.hour - 2, 50)
        reported.append(said(of.dose_id, moment, quantity=1, day=day, slot=slot))
    for activity_id, symptom in zip(of.check_in_ids, SYMPTOMS, strict=False):
        value = chance.randrange(11)
        reported.append(said(activity_id, time(17), symptom=symptom, value=value))
    kept = []
    for one in reported:
        if chance.random() > keen:
            if chance.random() < 0.5:
                continue
            one |= {"status": "skipped", "reason": "no_time", "sets": None, "reps": None}
            one |= {"quantity": None, "value": None, "declined": "symptom" in one}
        kept.append(one)
    return kept


def live(of: Admitted, first: date, until: date, seed: int, keen: float = 0.85) -> int:
    """Report every day of [first, until) on its own evening; how many entries that were.

    The jobs run each Monday and at the end.
    """
    from adherence.schemas.entries import check_entry
    from adherence.services import entries, settle

    chance = random.Random(seed)
    total = 0
    for number in range((until - first).days):
        day = first + timedelta(days=number)
        documents = [
            check_entry(wire(one))
            for one in sorted(one_day(of, day, chance, keen), key=lambda one: one["performed_at"])
        ]
        evening = datetime.combine(day, time(20), tzinfo=UTC)
        receipts = entries.sync(of.actor, of.patient_id, documents, evening)
        assert {receipt.result.value for receipt in receipts} <= {"created"}, receipts
        total += len(documents)
        if day.weekday() == 0:
            settle.settle(of.patient_id, evening)
    settle.settle(of.patient_id, datetime.now(UTC))
    return total


def wire(document: dict[str, Any]) -> dict[str, Any]:
    """A document as a phone would send it: text, numbers and nothing else."""
    return {
        name: value.isoformat()
        if isinstance(value, date | datetime)
        else str(value)
        if isinstance(value, UUID)
        else value
        for name, value in document.items()
        if value is not None
    }


# --- a ward for faults -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ward:
    """Patients with a phone each, on one database."""

    url: str
    clinic: Clinic
    patients: tuple[Admitted, ...]
    phones: tuple[Phone, ...]

    def rating(self, number: int, value: float) -> dict[str, Any]:
        """A new rating of patient ``number``'s first goal, as a phone sends it."""
        return {
            "client_id": str(uuid.uuid4()),
            "goal_id": str(self.patients[number].goal_ids[0]),
            "value": value,
            "performed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def ward(url: str, patients: int, days: int = 14) -> Ward:
    """``patients`` patients whose plans began ``days`` days ago and who logged nothing yet."""
    from adherence.services import accounts

    began = datetime.now(UTC) - timedelta(days=days)
    with opened(url):
        clinic = found_clinic(began)
        admitted = tuple(admit(clinic, number, began) for number in range(patients))
        phones = tuple(
            Phone(
                one.patient_id,
                accounts.make_token(one.actor.account_id, "phone", began),
                one.exercise_ids,
            )
            for one in admitted
        )
    return Ward(url, clinic, admitted, phones)


def log(of: Ward, patient_id: UUID, document: dict[str, Any]) -> str:
    """What became of one document that ``patient_id`` logs now, through the service."""
    from adherence.schemas.entries import check_entry
    from adherence.services import entries

    actor = next(one.actor for one in of.patients if one.patient_id == patient_id)
    with opened(of.url):
        receipt = entries.log_entry(actor, patient_id, check_entry(document), datetime.now(UTC))
    return receipt.result.value


def checks(url: str) -> dict[str, Callable[[], Sequence[str]]]:
    """The product's own checks of the database at ``url``; each names the faults it finds."""

    def projections() -> list[str]:
        from adherence.services import rebuild

        now = datetime.now(UTC)
        with opened(url):
            return [str(one) for each in rebuild.patient_ids() for one in rebuild.check(each, now)]

    def chains() -> list[str]:
        from adherence.services import audit

        with opened(url):
            return [str(one) for each in audit.clinic_ids() for one in audit.verify(each)]

    return {"projections": projections, "audit": chains}
