"""The demo clinic: a few months of plausible logging, simulated through the real use cases.

Nothing is inserted behind their backs: goals are agreed, plans revised and entries sent by the same
functions that pages and API call, at the times at which it would have happened. The same seed, day
and number of days give the same record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from adherence.domain.access import Actor, Role
from adherence.domain.activities import ActivityKind, Asked, Discipline
from adherence.domain.consent import Answer, Purpose
from adherence.domain.entries import Amounts, Reason, Status
from adherence.domain.goals import Measure
from adherence.domain.pauses import PauseKind
from adherence.domain.schedules import Schedule, ScheduleKind, ZonePolicy
from adherence.domain.windows import Window, WindowKind
from adherence.services import (
    accounts,
    care_teams,
    consent,
    entries,
    goals,
    patients,
    pauses,
    plans,
    review,
    settle,
)
from adherence.services.occurrences import occurrences

ZONE = "Europe/Berlin"
FEWEST_DAYS = 30
MOST_DAYS = 730
DAILY = frozenset(range(7))
WORKING_DAYS = frozenset(range(5))
#: Why simulated people leave out what.
REASONS = {
    ActivityKind.EXERCISE: (Reason.NO_TIME, Reason.HURT, Reason.NO_TIME, Reason.FELT_BETTER),
    ActivityKind.MEDICATION: (Reason.SIDE_EFFECT, Reason.RAN_OUT, Reason.FELT_BETTER),
    ActivityKind.CHECK_IN: (Reason.NO_TIME,),
    ActivityKind.TASK: (Reason.NO_TIME, Reason.FELT_BETTER),
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as: ``key`` is the same in every run."""

    key: str
    account_id: UUID
    role: Role
    name: str
    patient_id: UUID | None


@dataclass(slots=True)
class _Habits:
    """How one simulated patient behaves; shares are 0 to 1."""

    diligence: float
    partly: float = 0.1
    skips: float = 0.5
    late: float = 0.1


@dataclass(slots=True)
class _Life:
    """One simulated patient and what happens on which day."""

    actor: Actor
    patient_id: UUID
    habits: _Habits
    measures: dict[UUID, Callable[[float, Random], float]] = field(default_factory=dict)
    pains: dict[str, Callable[[float, Random], float]] = field(default_factory=dict)
    events: dict[int, list[Callable[[datetime], None]]] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)


class _Clinic:
    def __init__(self, seed: int, days: int, now: datetime) -> None:
        self.random = Random(seed)  # noqa: S311 - a simulation, nothing secret
        self.days = days
        self.now = now
        self.today = now.astimezone(ZoneInfo(ZONE)).date()
        self.first = self.today - timedelta(days=days)
        self.people: list[DemoPerson] = []
        self.lives: list[_Life] = []

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(ZONE)).astimezone(UTC)

    def client_id(self, at: datetime) -> UUID:
        """A UUIDv7 as a phone would have made it at that moment, from the seeded chance."""
        milliseconds = int(at.timestamp() * 1000)
        bits = self.random.getrandbits(74)
        return UUID(
            int=milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0x2 << 62 | bits % 2**62
        )


def simulate(seed: int, days: int, now: datetime) -> list[DemoPerson]:
    """Fill an empty database with a demo clinic whose record ends at ``now``; who is in it."""
    clinic = _Clinic(seed, max(FEWEST_DAYS, min(days, MOST_DAYS)), now)
    start = clinic.at(clinic.first, 9)
    clinic_id = patients.add_clinic(
        name="Praxis am Fluss", zone=ZONE, emergency_number="112", now=start
    )

    def person(key: str, role: Role, name: str, locale: str | None) -> Actor:
        account_id = accounts.create_account(clinic_id, role, name, locale, start)
        clinic.people.append(DemoPerson(key, account_id, role, name, None))
        return accounts.actor_of(account_id)

    therapist = person("therapist", Role.CLINICIAN, "Anna Berger", None)
    second = person("second-therapist", Role.CLINICIAN, "Imre Fehér", None)
    person("programme-manager", Role.PROGRAMME_MANAGER, "Clara Novak", None)
    person("admin", Role.ADMIN, "Paul Richter", None)

    def patient(
        key: str, name: str, born: int, locale: str | None, by: Actor, discipline: Discipline
    ) -> Actor:
        account_id = accounts.create_account(clinic_id, Role.PATIENT, name, locale, start)
        patient_id = patients.add_patient(
            by,
            name=name,
            zone=ZONE,
            birth_year=born,
            account_id=account_id,
            discipline=discipline,
            started_on=clinic.first,
            now=start,
        )
        clinic.people.append(DemoPerson(key, account_id, Role.PATIENT, name, patient_id))
        return accounts.actor_of(account_id)

    physio = Discipline.PHYSIOTHERAPY
    _ruth(clinic, therapist, patient("patient-knee", "Ruth Aldous", 1952, None, therapist, physio))
    _jonas(
        clinic, therapist, patient("patient-shoulder", "Jonas Weber", 1984, "de", therapist, physio)
    )
    _elena(
        clinic,
        second,
        patient("patient-medicine", "Елена Петрова", 1971, "ru", second, Discipline.MEDICATION),
    )
    _mehmet(
        clinic,
        therapist,
        second,
        patient("patient-two-plans", "Mehmet Kaya", 1960, None, therapist, physio),
    )
    _agree(clinic, start)
    _live(clinic)
    _answer_some(therapist, now)
    return clinic.people


#: Who agreed to what on their first day; Mehmet has not answered yet.
AGREED = {
    "patient-knee": (Purpose.CARE, Purpose.PROGRAMME, Purpose.EMAIL),
    "patient-shoulder": (Purpose.CARE, Purpose.PROGRAMME, Purpose.RESEARCH),
    "patient-medicine": (Purpose.CARE, Purpose.RESEARCH),
}


def _agree(clinic: _Clinic, at: datetime) -> None:
    """Those who agreed typed their name, in their own language."""
    for person in clinic.people:
        if person.patient_id is None:
            continue
        actor = accounts.actor_of(person.account_id)
        for purpose in AGREED.get(person.key, ()):
            version = consent.consent(actor, person.patient_id, purpose, at).text.version.number
            said = consent.Said(
                purpose, Answer.GIVEN, version, actor.locale or "en", signature=person.name
            )
            consent.decide(actor, person.patient_id, said, at, is_proved=True)


# --- the four lives ----------------------------------------------------------------------------


def _ruth(clinic: _Clinic, therapist: Actor, ruth: Actor) -> None:
    """Stairs after a new knee: ill for a week, a plan revised twice, a corrected entry."""
    start = clinic.at(clinic.first, 9, 30)
    patient_id = _own(ruth)
    plan = plans.open_plan(
        therapist,
        patient_id,
        discipline=Discipline.PHYSIOTHERAPY,
        title="After the new knee",
        now=start,
    )
    stairs = goals.set_goal(
        therapist,
        patient_id,
        goals.new_goal(
            words="I want to climb to my flat without stopping.",
            measure=Measure.COUNT,
            unit="steps",
            baseline=3,
            target=14,
            importance=3,
            difficulty=2,
            due_on=clinic.today + timedelta(days=42),
        ),
        start,
    )
    sleep = goals.set_goal(
        therapist,
        patient_id,
        goals.new_goal(
            words="Sleep through without the knee waking me.",
            measure=Measure.SYMPTOM,
            symptom="knee pain",
            baseline=6,
            target=2,
        ),
        start,
    )
    raises = _assign(
        therapist,
        patient_id,
        plan,
        ActivityKind.EXERCISE,
        _daily(clinic.first, time(9, 30)),
        Asked(
            title="Heel raises, holding the chair",
            instructions="Stand behind the chair. Rise on both heels slowly, lower slowly.",
            amounts=Amounts(sets=2, reps=10),
            pain_limit=6,
            minutes=4,
            exercise="heel-raise@1",
        ),
        [(stairs, "because you want to climb to your flat without stopping")],
        start,
    )
    steps = _assign(
        therapist,
        patient_id,
        plan,
        ActivityKind.EXERCISE,
        _on(clinic.first, WORKING_DAYS),
        Asked(
            title="Step-ups on the low step",
            instructions="Right foot up, left foot up, right foot down, left foot down.",
            amounts=Amounts(sets=2, reps=6),
            pain_limit=6,
            minutes=5,
        ),
        [(stairs, "because step 9 needs a stronger right leg")],
        start,
    )
    _assign(
        therapist,
        patient_id,
        plan,
        ActivityKind.EXERCISE,
        Schedule(kind=ScheduleKind.N_PER_WEEK, starts_on=clinic.first, per_week=3),
        Asked(
            title="Knee straightening, sitting",
            instructions="Straighten the knee, hold, lower.",
            amounts=Amounts(sets=1, reps=10, hold_seconds=5),
            minutes=4,
            exercise="knee-straighten-sitting@1/right",
        ),
        [
            (stairs, "because a straight knee carries you on the landing"),
            (sleep, "because a knee that moves by day is quieter at night"),
        ],
        start,
    )
    _assign(
        therapist,
        patient_id,
        plan,
        ActivityKind.CHECK_IN,
        _daily(clinic.first, time(8, 0)),
        Asked(title="How is your knee this morning?", symptom="knee pain", minutes=1),
        [(sleep, "because the mornings show how the night was")],
        start,
    )
    life = _Life(ruth, patient_id, _Habits(diligence=0.72, partly=0.12))
    life.measures[stairs] = lambda share, chance: float(round(3 + 7 * share + chance.random()))
    life.pains["knee pain"] = lambda share, chance: _level(6.2 - 3.6 * share, chance)
    third, half = clinic.days // 3, clinic.days // 2

    def revise(day: int, sets: int, reps: int, reason: str) -> None:
        life.events.setdefault(day, []).append(
            lambda now: _revise(therapist, patient_id, steps, now, sets, reps, reason)
        )

    revise(third, 2, 8, "six were easy by now")
    revise(half + 8, 2, 7, "a lower step after the cold")
    life.events.setdefault(half, []).append(
        lambda now: _pause(ruth, patient_id, PauseKind.ILL, now, 7, "a cold")
    )
    life.events.setdefault(clinic.days - 6, []).append(lambda now: _correct_last(life, raises, now))
    clinic.lives.append(life)


def _jonas(clinic: _Clinic, therapist: Actor, jonas: Actor) -> None:
    """A shoulder, rated by the patient's own activity and by a ladder."""
    start = clinic.at(clinic.first, 10)
    patient_id = _own(jonas)
    plan = plans.open_plan(
        therapist,
        patient_id,
        discipline=Discipline.PHYSIOTHERAPY,
        title="Schulter rechts",
        now=start,
    )
    shelf = goals.set_goal(
        therapist,
        patient_id,
        goals.new_goal(
            words="Die Tassen wieder ins oberste Regal stellen.",
            measure=Measure.RATING,
            baseline=3,
            target=8,
            importance=2,
            difficulty=2,
        ),
        start,
    )
    swim = goals.set_goal(
        therapist,
        patient_id,
        goals.new_goal(
            words="Wieder schwimmen gehen.",
            measure=Measure.GAS,
            baseline=-2,
            target=0,
            ladder=(
                "gar nicht im Wasser",
                "eine Bahn mit Pausen",
                "zehn Minuten am Stück",
                "zwanzig Minuten am Stück",
                "eine halbe Stunde Kraul",
            ),
            importance=3,
            difficulty=3,
        ),
        start,
    )
    _assign(
        therapist,
        patient_id,
        plan,
        ActivityKind.EXERCISE,
        _daily(clinic.first, time(18, 30)),
        Asked(
            title="Arm an der Wand hochwandern",
            instructions="Mit den Fingern die Wand hinauf, oben drei Atemzüge bleiben.",
            amounts=Amounts(sets=3, reps=8),
            pain_limit=7,
            minutes=5,
            exercise="wall-walk@1/right",
        ),
        [(shelf, "weil das oberste Regal über Schulterhöhe liegt")],
        start,
    )
    _assign(
        therapist,
        patient_id,
        plan,
        ActivityKind.EXERCISE,
        Schedule(
            kind=ScheduleKind.EVERY_N_DAYS, starts_on=clinic.first, every=2, times=(time(19, 0),)
        ),
        Asked(
            title="Band nach außen ziehen",
            instructions="Ellbogen am Körper, langsam nach außen, langsam zurück.",
            amounts=Amounts(sets=3, reps=12),
            minutes=6,
            exercise="band-outward-turn@1",
        ),
        [(swim, "weil jeder Schwimmzug die Schulter nach außen dreht")],
        start,
    )
    life = _Life(jonas, patient_id, _Habits(diligence=0.55, skips=0.35, late=0.25))
    life.measures[shelf] = lambda share, chance: float(
        max(0, min(10, round(3 + 4.5 * share + chance.uniform(-0.6, 0.6))))
    )
    life.measures[swim] = lambda share, chance: float(-2 if share < 0.3 else -1)
    clinic.lives.append(life)


def _elena(clinic: _Clinic, second: Actor, elena: Actor) -> None:
    """Tablets twice a day, one medicine as needed, one extra dose."""
    start = clinic.at(clinic.first, 11)
    patient_id = _own(elena)
    plan = plans.open_plan(
        second,
        patient_id,
        discipline=Discipline.MEDICATION,
        title="Профилактика мигрени",
        now=start,
    )
    fewer = goals.set_goal(
        second,
        patient_id,
        goals.new_goal(
            words="Спокойно работать, не думая о голове.",
            measure=Measure.SYMPTOM,
            symptom="headache",
            baseline=7,
            target=3,
        ),
        start,
    )
    tablets = _assign(
        second,
        patient_id,
        plan,
        ActivityKind.MEDICATION,
        Schedule(
            kind=ScheduleKind.WEEKDAYS,
            starts_on=clinic.first,
            weekdays=DAILY,
            times=(time(8, 0), time(20, 0)),
            window=Window(WindowKind.AROUND, timedelta(hours=1), timedelta(hours=2)),
            zone_policy=ZonePolicy.HOME,
            zone=ZONE,
        ),
        Asked(title="Пропранолол 40 мг", amounts=Amounts(quantity=1), unit="табл.", minutes=1),
        [(fewer, "потому что ровный приём держит голову спокойной")],
        start,
    )
    _assign(
        second,
        patient_id,
        plan,
        ActivityKind.MEDICATION,
        Schedule(kind=ScheduleKind.AS_NEEDED, starts_on=clinic.first, min_interval_hours=6),
        Asked(title="Ибупрофен 400 мг", amounts=Amounts(quantity=1), unit="табл."),
        [(fewer, "потому что сильный приступ лучше остановить сразу")],
        start,
    )
    _assign(
        second,
        patient_id,
        plan,
        ActivityKind.CHECK_IN,
        _daily(clinic.first, time(21, 0)),
        Asked(title="Как голова сегодня?", symptom="headache", minutes=1),
        [(fewer, "потому что по вечерам видно, помогает ли лечение")],
        start,
    )
    life = _Life(elena, patient_id, _Habits(diligence=0.88, partly=0.0, skips=0.3, late=0.05))
    life.pains["headache"] = lambda share, chance: _level(6.6 - 3.2 * share, chance)

    def extra(now: datetime) -> None:
        day = now.astimezone(ZoneInfo(ZONE)).date()
        for minute in (5, 40):
            at = clinic.at(day, 8, minute)
            entries.log_entry(
                elena,
                patient_id,
                {
                    "client_id": clinic.client_id(at),
                    "activity_id": tablets,
                    "day": day,
                    "slot": 0,
                    "status": Status.DONE,
                    "quantity": 1.0,
                    "performed_at": at,
                    "zone": ZONE,
                    "recorded_at": at,
                },
                now,
            )

    life.events.setdefault(clinic.days - 9, []).append(extra)
    clinic.lives.append(life)


def _mehmet(clinic: _Clinic, therapist: Actor, second: Actor, mehmet: Actor) -> None:
    """Two disciplines side by side: a back programme and a medicine, with a trip in between."""
    start = clinic.at(clinic.first, 12)
    patient_id = _own(mehmet)
    care_teams.add_to_care_team(
        therapist, patient_id, second.account_id, discipline=Discipline.MEDICATION, now=start
    )
    back = plans.open_plan(
        therapist,
        patient_id,
        discipline=Discipline.PHYSIOTHERAPY,
        title="A strong back",
        now=start,
    )
    pressure = plans.open_plan(
        second,
        patient_id,
        discipline=Discipline.MEDICATION,
        title="Blood pressure",
        now=start,
    )
    walk = goals.set_goal(
        therapist,
        patient_id,
        goals.new_goal(
            words="Walk to the mosque and back with my grandson.",
            measure=Measure.AMOUNT,
            unit="m",
            baseline=400,
            target=1800,
        ),
        start,
    )
    _assign(
        therapist,
        patient_id,
        back,
        ActivityKind.EXERCISE,
        _on(clinic.first, frozenset({0, 2, 4}), time(17, 0)),
        Asked(
            title="Bridge, lying on the back",
            instructions="Lift the hips until the body is straight, hold, lower.",
            amounts=Amounts(sets=2, reps=8, hold_seconds=4),
            pain_limit=6,
            minutes=5,
        ),
        [(walk, "because strong hips carry the back on a long walk")],
        start,
    )
    _assign(
        therapist,
        patient_id,
        back,
        ActivityKind.TASK,
        _on(clinic.first, frozenset({1, 3, 5})),
        Asked(title="Walk outside", amounts=Amounts(quantity=15), unit="min", minutes=15),
        [(walk, "because the way itself is the best training for it")],
        start,
    )
    _assign(
        second,
        patient_id,
        pressure,
        ActivityKind.MEDICATION,
        Schedule(
            kind=ScheduleKind.WEEKDAYS,
            starts_on=clinic.first,
            weekdays=DAILY,
            times=(time(7, 30),),
            window=Window(WindowKind.AROUND, timedelta(hours=2), timedelta(hours=4)),
        ),
        Asked(title="Ramipril 5 mg", amounts=Amounts(quantity=1), unit="tablet", minutes=1),
        [(walk, "because a calm heart makes long walks possible")],
        start,
    )
    life = _Life(mehmet, patient_id, _Habits(diligence=0.8, late=0.15))
    life.measures[walk] = lambda share, chance: float(
        round((400 + 1000 * share + chance.uniform(-60, 60)) / 50) * 50
    )
    life.events.setdefault(clinic.days * 3 // 5, []).append(
        lambda now: _pause(mehmet, patient_id, PauseKind.TRAVELLING, now, 4, None)
    )
    clinic.lives.append(life)


# --- what they do ------------------------------------------------------------------------------


def _own(actor: Actor) -> UUID:
    assert actor.patient_id is not None
    return actor.patient_id


def _daily(first: date, at: time) -> Schedule:
    return Schedule(kind=ScheduleKind.WEEKDAYS, starts_on=first, weekdays=DAILY, times=(at,))


def _on(first: date, weekdays: frozenset[int], *times: time) -> Schedule:
    return Schedule(kind=ScheduleKind.WEEKDAYS, starts_on=first, weekdays=weekdays, times=times)


def _assign(
    by: Actor,
    patient_id: UUID,
    plan_id: UUID,
    kind: ActivityKind,
    schedule: Schedule,
    asked: Asked,
    threads: list[tuple[UUID, str]],
    now: datetime,
) -> UUID:
    return plans.assign_activity(
        by,
        patient_id,
        plan_id=plan_id,
        kind=kind,
        schedule=schedule,
        asked=asked,
        goals=threads,
        now=now,
    )


def _revise(
    by: Actor,
    patient_id: UUID,
    activity_id: UUID,
    now: datetime,
    sets: int,
    reps: int,
    reason: str,
) -> None:
    found = plans.activity(by, patient_id, activity_id, now).activity
    last = found.revisions[-1]
    plans.revise_activity(
        by,
        patient_id,
        activity_id,
        schedule=last.schedule,
        asked=Asked(
            title=last.asked.title,
            instructions=last.asked.instructions,
            amounts=Amounts(sets=sets, reps=reps),
            pain_limit=last.asked.pain_limit,
            minutes=last.asked.minutes,
        ),
        reason=reason,
        now=now,
    )


def _pause(
    by: Actor, patient_id: UUID, kind: PauseKind, now: datetime, days: int, note: str | None
) -> None:
    day = now.astimezone(ZoneInfo(ZONE)).date()
    pauses.pause(
        by,
        patient_id,
        kind=kind,
        first_day=day,
        until=day + timedelta(days=days),
        note=note,
        now=now,
    )


def _correct_last(life: _Life, activity_id: UUID, now: datetime) -> None:
    """Yesterday's heel raises were one round, not two."""
    page = entries.entries(life.actor, life.patient_id, None, 60, now)
    for row in page.entries:
        if row.activity_id == activity_id and row.status is Status.DONE:
            entries.log_entry(
                life.actor,
                life.patient_id,
                {
                    "client_id": UUID(int=row.client_id.int ^ 1),
                    "corrects_id": row.client_id,
                    "status": Status.PARTLY,
                    "sets": 1,
                    "reps": 10,
                    "pain": row.pain,
                    "effort": row.effort,
                    "recorded_at": now,
                },
                now,
            )
            return


def _level(mean: float, chance: Random) -> float:
    return float(max(0, min(10, round(mean + chance.gauss(0, 1.0)))))


def _live(clinic: _Clinic) -> None:
    """Day by day: what happens, what is logged, and what midnight does."""
    for number in range(clinic.days + 1):
        day = clinic.first + timedelta(days=number)
        evening = min(clinic.at(day, 21, 45), clinic.now)
        for life in clinic.lives:
            for event in life.events.get(number, ()):
                event(min(clinic.at(day, 7, 0), clinic.now))
            _log_day(clinic, life, day, number, evening)
        for life in clinic.lives:
            if evening < clinic.now:
                settle.settle(life.patient_id, clinic.at(day + timedelta(days=1), 0, 10))


def _log_day(clinic: _Clinic, life: _Life, day: date, number: int, evening: datetime) -> None:
    """One patient's day: answers what is due, sometimes late, sometimes not at all."""
    chance, share = clinic.random, number / clinic.days
    found = occurrences(life.actor, life.patient_id, day, day + timedelta(days=1), evening)
    batch: list[dict[str, Any]] = []
    for outcome in found:
        if outcome.status is Status.EXCUSED or outcome.entry is not None:
            continue
        occurrence = outcome.occurrence
        at = occurrence.due_at or clinic.at(day, chance.randint(9, 19), chance.randint(0, 59))
        at += timedelta(minutes=max(-20, round(chance.gauss(12, 25))))
        if at > evening:
            continue
        entry = _answer(clinic, life, occurrence, at, share)
        if entry is not None:
            batch.append(entry)
    for symptom, level in life.pains.items():
        for entry in batch:
            if entry.get("symptom") == symptom and not entry["declined"]:
                entry["value"] = level(share, chance)
    if number % 7 == 3:
        for goal_id, measure in life.measures.items():
            at = clinic.at(day, 18, 10)
            if at <= evening:
                batch.append(
                    {
                        "client_id": clinic.client_id(at),
                        "goal_id": goal_id,
                        "value": measure(share, chance),
                        "performed_at": at,
                        "zone": ZONE,
                        "recorded_at": at,
                    }
                )
    if chance.random() < life.habits.late and day < clinic.today - timedelta(days=3):
        life.waiting.extend(batch)  # the phone is offline today
        return
    batch = life.waiting + batch
    life.waiting = []
    if batch:
        for begin in range(0, len(batch), entries.BATCH_LIMIT):
            entries.sync(
                life.actor, life.patient_id, batch[begin : begin + entries.BATCH_LIMIT], evening
            )


def _answer(
    clinic: _Clinic, life: _Life, occurrence: Any, at: datetime, share: float
) -> dict[str, Any] | None:
    chance, habits = clinic.random, life.habits
    activity = plans.activity(life.actor, life.patient_id, occurrence.activity_id, at)
    revision = activity.activity.revision_on(occurrence.day) or activity.activity.revisions[0]
    asked = revision.asked
    entry: dict[str, Any] = {
        "client_id": clinic.client_id(at),
        "activity_id": occurrence.activity_id,
        "day": occurrence.day,
        "slot": occurrence.slot,
        "performed_at": at,
        "zone": ZONE,
        "recorded_at": at,
    }
    luck = chance.random()
    if luck < habits.diligence:
        entry["status"] = Status.DONE
        entry.update(_amounts(asked.amounts, 1.0))
    elif luck < habits.diligence + habits.partly and asked.symptom is None:
        entry["status"] = Status.PARTLY
        entry.update(_amounts(asked.amounts, 0.5))
    elif chance.random() < habits.skips:
        entry["status"] = Status.SKIPPED
        entry["reason"] = chance.choice(REASONS[activity.activity.kind])
        return entry
    elif chance.random() < 0.2:
        entry["status"] = Status.MISSED
        return entry
    else:
        return None
    if activity.activity.kind is ActivityKind.EXERCISE:
        entry["pain"] = int(_level(3.5 - 2 * share, chance))
        entry["effort"] = int(_level(4.5, chance))
    if asked.symptom is not None:
        entry["symptom"] = asked.symptom
        entry["declined"] = chance.random() < 0.05
    return entry


def _amounts(asked: Amounts, share: float) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if asked.sets is not None:
        said["sets"] = max(1, int(asked.sets * share))
    if asked.reps is not None:
        said["reps"] = int(asked.reps if asked.sets and asked.sets > 1 else asked.reps * share)
    if asked.hold_seconds is not None:
        said["hold_seconds"] = int(asked.hold_seconds)
    if asked.quantity is not None:
        said["quantity"] = asked.quantity * share
    return said


def _answer_some(therapist: Actor, now: datetime) -> None:
    """Most notices were reviewed; the newest ones wait."""
    waiting = [notice for row in review.queue(therapist, now) for notice in row.notices]
    waiting.sort(key=lambda notice: (notice.day, notice.id), reverse=True)
    for index, notice in enumerate(waiting):
        if index < 4:
            continue
        if notice.kind.value == "milestone" and index % 2 == 0:
            review.reply(therapist, notice.id, "Well done. Keep it at this pace.", now)
        else:
            review.seen(therapist, notice.id, now)
