"""The demo clinic: a few months of plausible logging, simulated through the real use cases.

Nothing is inserted behind their backs: goals are agreed, plans revised and entries sent by the same
functions that pages and API call, at the times at which it would have happened. The same seed, day
and number of days give the same record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class _Habits:
    """How one simulated patient behaves; shares are 0 to 1."""

    diligence: float
    partly: float = 0.1
    skips: float = 0.5
    late: float = 0.1


@dataclass(frozen=True, slots=True)
class _Plan:
    """One plan of a simulated patient: what its clinician agrees and asks on the first day."""

    by: Actor
    patient_id: UUID
    id: UUID
    at: datetime

    def goal(self, words: str, measure: Measure, **scale: Any) -> UUID:
        """Agree on a goal; its id."""
        said = goals.new_goal(words=words, measure=measure, **scale)
        return goals.set_goal(self.by, self.patient_id, said, self.at)

    def ask(
        self, kind: ActivityKind, schedule: Schedule, asked: Asked, *because: tuple[UUID, str]
    ) -> UUID:
        """Ask for something because of goals; its id."""
        return plans.assign_activity(
            self.by,
            self.patient_id,
            plan_id=self.id,
            kind=kind,
            schedule=schedule,
            asked=asked,
            goals=because,
            now=self.at,
        )


_Course = Callable[[float, Random], float]
"""A value as it moves with the share of the days that is over."""
_Event = Callable[[datetime], None]


@dataclass(slots=True)
class _Life:
    """One simulated patient and what happens on which day."""

    actor: Actor
    patient_id: UUID
    began_at: datetime
    habits: _Habits
    measures: dict[UUID, _Course] = field(default_factory=dict)
    pains: dict[str, _Course] = field(default_factory=dict)
    events: defaultdict[int, list[_Event]] = field(default_factory=lambda: defaultdict(list))
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def plan(self, by: Actor, discipline: Discipline, title: str) -> _Plan:
        """Open a plan on the first day."""
        plan_id = plans.open_plan(
            by, self.patient_id, discipline=discipline, title=title, now=self.began_at
        )
        return _Plan(by, self.patient_id, plan_id, self.began_at)

    def pause(self, day: int, kind: PauseKind, days: int, note: str | None = None) -> None:
        """Let the patient rest from the nth day on."""

        def begin(now: datetime) -> None:
            first = _day_of(now)
            pauses.pause(
                self.actor,
                self.patient_id,
                kind=kind,
                first_day=first,
                until=first + timedelta(days=days),
                note=note,
                now=now,
            )

        self.events[day].append(begin)


class _Clinic:
    def __init__(self, seed: int, days: int, now: datetime) -> None:
        self.random = Random(seed)  # noqa: S311 - a simulation, nothing secret
        self.days = days
        self.now = now
        self.today = _day_of(now)
        self.first = self.today - timedelta(days=days)
        self.start = self.at(self.first, 9)
        self.id = patients.add_clinic(
            name="Praxis am Fluss", zone=ZONE, emergency_number="112", now=self.start
        )
        self.people: list[DemoPerson] = []
        self.lives: list[_Life] = []

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(ZONE)).astimezone(UTC)

    def stamp(self, at: datetime) -> dict[str, Any]:
        """What every entry of that moment says: an id as a phone would have made it, and when."""
        milliseconds = int(at.timestamp() * 1000)
        bits = self.random.getrandbits(74)  # the id is a UUIDv7 from the seeded chance
        client_id = UUID(
            int=milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0x2 << 62 | bits % 2**62
        )
        return {"client_id": client_id, "performed_at": at, "zone": ZONE, "recorded_at": at}

    def person(self, key: str, role: Role, name: str) -> Actor:
        """Add one of the staff."""
        account_id = accounts.create_account(self.id, role, name, None, self.start)
        self.people.append(DemoPerson(key, account_id, role, name, None))
        return accounts.actor_of(account_id)

    def patient(
        self,
        by: Actor,
        key: str,
        name: str,
        born: int,
        discipline: Discipline,
        *,
        begins: time,
        habits: _Habits,
        locale: str | None = None,
    ) -> _Life:
        """Add a patient, whose plans begin on the first day."""
        account_id = accounts.create_account(self.id, Role.PATIENT, name, locale, self.start)
        patient_id = patients.add_patient(
            by,
            name=name,
            zone=ZONE,
            birth_year=born,
            account_id=account_id,
            discipline=discipline,
            started_on=self.first,
            now=self.start,
        )
        self.people.append(DemoPerson(key, account_id, Role.PATIENT, name, patient_id))
        began_at = self.at(self.first, begins.hour, begins.minute)
        life = _Life(accounts.actor_of(account_id), patient_id, began_at, habits)
        self.lives.append(life)
        return life

    def days_of(self, *times: time, on: frozenset[int] = DAILY, **more: Any) -> Schedule:
        """Every day, or on these weekdays; without a time it may be done at any."""
        return self.schedule(ScheduleKind.WEEKDAYS, weekdays=on, times=times, **more)

    def schedule(self, kind: ScheduleKind, **more: Any) -> Schedule:
        """A schedule from the first day on."""
        return Schedule(kind=kind, starts_on=self.first, **more)


def simulate(seed: int, days: int, now: datetime) -> list[DemoPerson]:
    """Fill an empty database with a demo clinic whose record ends at ``now``; who is in it."""
    clinic = _Clinic(seed, max(FEWEST_DAYS, min(days, MOST_DAYS)), now)
    therapist = clinic.person("therapist", Role.CLINICIAN, "Anna Berger")
    second = clinic.person("second-therapist", Role.CLINICIAN, "Imre Fehér")
    clinic.person("programme-manager", Role.PROGRAMME_MANAGER, "Clara Novak")
    clinic.person("admin", Role.ADMIN, "Paul Richter")
    _ruth(clinic, therapist)
    _jonas(clinic, therapist)
    _elena(clinic, second)
    _mehmet(clinic, therapist, second)
    _agree(clinic, clinic.start)
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


def _ruth(clinic: _Clinic, therapist: Actor) -> None:
    """Stairs after a new knee: ill for a week, a plan revised twice, a corrected entry."""
    life = clinic.patient(
        therapist,
        "patient-knee",
        "Ruth Aldous",
        1952,
        Discipline.PHYSIOTHERAPY,
        begins=time(9, 30),
        habits=_Habits(diligence=0.72, partly=0.12),
    )
    plan = life.plan(therapist, Discipline.PHYSIOTHERAPY, "After the new knee")
    stairs = plan.goal(
        "I want to climb to my flat without stopping.",
        Measure.COUNT,
        unit="steps",
        baseline=3,
        target=14,
        importance=3,
        difficulty=2,
        due_on=clinic.today + timedelta(days=42),
    )
    sleep = plan.goal(
        "Sleep through without the knee waking me.",
        Measure.SYMPTOM,
        symptom="knee pain",
        baseline=6,
        target=2,
    )
    raises = plan.ask(
        ActivityKind.EXERCISE,
        clinic.days_of(time(9, 30)),
        Asked(
            title="Heel raises, holding the chair",
            instructions="Stand behind the chair. Rise on both heels slowly, lower slowly.",
            amounts=Amounts(sets=2, reps=10),
            pain_limit=6,
            minutes=4,
            exercise="heel-raise@1",
        ),
        (stairs, "because you want to climb to your flat without stopping"),
    )
    steps = plan.ask(
        ActivityKind.EXERCISE,
        clinic.days_of(on=WORKING_DAYS),
        Asked(
            title="Step-ups on the low step",
            instructions="Right foot up, left foot up, right foot down, left foot down.",
            amounts=Amounts(sets=2, reps=6),
            pain_limit=6,
            minutes=5,
        ),
        (stairs, "because step 9 needs a stronger right leg"),
    )
    plan.ask(
        ActivityKind.EXERCISE,
        clinic.schedule(ScheduleKind.N_PER_WEEK, per_week=3),
        Asked(
            title="Knee straightening, sitting",
            instructions="Straighten the knee, hold, lower.",
            amounts=Amounts(sets=1, reps=10, hold_seconds=5),
            minutes=4,
            exercise="knee-straighten-sitting@1/right",
        ),
        (stairs, "because a straight knee carries you on the landing"),
        (sleep, "because a knee that moves by day is quieter at night"),
    )
    plan.ask(
        ActivityKind.CHECK_IN,
        clinic.days_of(time(8, 0)),
        Asked(title="How is your knee this morning?", symptom="knee pain", minutes=1),
        (sleep, "because the mornings show how the night was"),
    )
    life.measures[stairs] = lambda share, chance: float(round(3 + 7 * share + chance.random()))
    life.pains["knee pain"] = lambda share, chance: _level(6.2 - 3.6 * share, chance)
    third, half = clinic.days // 3, clinic.days // 2
    life.events[third].append(
        lambda now: _revise(plan, steps, now, Amounts(sets=2, reps=8), "six were easy by now")
    )
    life.events[half + 8].append(
        lambda now: _revise(
            plan, steps, now, Amounts(sets=2, reps=7), "a lower step after the cold"
        )
    )
    life.pause(half, PauseKind.ILL, 7, "a cold")
    life.events[clinic.days - 6].append(lambda now: _correct_last(life, raises, now))


def _jonas(clinic: _Clinic, therapist: Actor) -> None:
    """A shoulder, rated by the patient's own activity and by a ladder."""
    life = clinic.patient(
        therapist,
        "patient-shoulder",
        "Jonas Weber",
        1984,
        Discipline.PHYSIOTHERAPY,
        begins=time(10),
        habits=_Habits(diligence=0.55, skips=0.35, late=0.25),
        locale="de",
    )
    plan = life.plan(therapist, Discipline.PHYSIOTHERAPY, "Schulter rechts")
    shelf = plan.goal(
        "Die Tassen wieder ins oberste Regal stellen.",
        Measure.RATING,
        baseline=3,
        target=8,
        importance=2,
        difficulty=2,
    )
    swim = plan.goal(
        "Wieder schwimmen gehen.",
        Measure.GAS,
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
    )
    plan.ask(
        ActivityKind.EXERCISE,
        clinic.days_of(time(18, 30)),
        Asked(
            title="Arm an der Wand hochwandern",
            instructions="Mit den Fingern die Wand hinauf, oben drei Atemzüge bleiben.",
            amounts=Amounts(sets=3, reps=8),
            pain_limit=7,
            minutes=5,
            exercise="wall-walk@1/right",
        ),
        (shelf, "weil das oberste Regal über Schulterhöhe liegt"),
    )
    plan.ask(
        ActivityKind.EXERCISE,
        clinic.schedule(ScheduleKind.EVERY_N_DAYS, every=2, times=(time(19, 0),)),
        Asked(
            title="Band nach außen ziehen",
            instructions="Ellbogen am Körper, langsam nach außen, langsam zurück.",
            amounts=Amounts(sets=3, reps=12),
            minutes=6,
            exercise="band-outward-turn@1",
        ),
        (swim, "weil jeder Schwimmzug die Schulter nach außen dreht"),
    )
    life.measures[shelf] = lambda share, chance: float(
        max(0, min(10, round(3 + 4.5 * share + chance.uniform(-0.6, 0.6))))
    )
    life.measures[swim] = lambda share, chance: float(-2 if share < 0.3 else -1)


def _elena(clinic: _Clinic, second: Actor) -> None:
    """Tablets twice a day, one medicine as needed, one extra dose."""
    life = clinic.patient(
        second,
        "patient-medicine",
        "Елена Петрова",
        1971,
        Discipline.MEDICATION,
        begins=time(11),
        habits=_Habits(diligence=0.88, partly=0.0, skips=0.3, late=0.05),
        locale="ru",
    )
    plan = life.plan(second, Discipline.MEDICATION, "Профилактика мигрени")
    fewer = plan.goal(
        "Спокойно работать, не думая о голове.",
        Measure.SYMPTOM,
        symptom="headache",
        baseline=7,
        target=3,
    )
    tablets = plan.ask(
        ActivityKind.MEDICATION,
        clinic.days_of(
            time(8, 0),
            time(20, 0),
            window=_around(1, 2),
            zone_policy=ZonePolicy.HOME,
            zone=ZONE,
        ),
        Asked(title="Пропранолол 40 мг", amounts=Amounts(quantity=1), unit="табл.", minutes=1),
        (fewer, "потому что ровный приём держит голову спокойной"),
    )
    plan.ask(
        ActivityKind.MEDICATION,
        clinic.schedule(ScheduleKind.AS_NEEDED, min_interval_hours=6),
        Asked(title="Ибупрофен 400 мг", amounts=Amounts(quantity=1), unit="табл."),
        (fewer, "потому что сильный приступ лучше остановить сразу"),
    )
    plan.ask(
        ActivityKind.CHECK_IN,
        clinic.days_of(time(21, 0)),
        Asked(title="Как голова сегодня?", symptom="headache", minutes=1),
        (fewer, "потому что по вечерам видно, помогает ли лечение"),
    )
    life.pains["headache"] = lambda share, chance: _level(6.6 - 3.2 * share, chance)

    def take_twice(now: datetime) -> None:
        day = _day_of(now)
        for minute in (5, 40):
            dose = {
                **clinic.stamp(clinic.at(day, 8, minute)),
                "activity_id": tablets,
                "day": day,
                "slot": 0,
                "status": Status.DONE,
                "quantity": 1.0,
            }
            entries.log_entry(life.actor, life.patient_id, dose, now)

    life.events[clinic.days - 9].append(take_twice)


def _mehmet(clinic: _Clinic, therapist: Actor, second: Actor) -> None:
    """Two disciplines side by side: a back programme and a medicine, with a trip in between."""
    life = clinic.patient(
        therapist,
        "patient-two-plans",
        "Mehmet Kaya",
        1960,
        Discipline.PHYSIOTHERAPY,
        begins=time(12),
        habits=_Habits(diligence=0.8, late=0.15),
    )
    care_teams.add_to_care_team(
        therapist,
        life.patient_id,
        second.account_id,
        discipline=Discipline.MEDICATION,
        now=life.began_at,
    )
    back = life.plan(therapist, Discipline.PHYSIOTHERAPY, "A strong back")
    pressure = life.plan(second, Discipline.MEDICATION, "Blood pressure")
    walk = back.goal(
        "Walk to the mosque and back with my grandson.",
        Measure.AMOUNT,
        unit="m",
        baseline=400,
        target=1800,
    )
    back.ask(
        ActivityKind.EXERCISE,
        clinic.days_of(time(17, 0), on=frozenset({0, 2, 4})),
        Asked(
            title="Bridge, lying on the back",
            instructions="Lift the hips until the body is straight, hold, lower.",
            amounts=Amounts(sets=2, reps=8, hold_seconds=4),
            pain_limit=6,
            minutes=5,
        ),
        (walk, "because strong hips carry the back on a long walk"),
    )
    back.ask(
        ActivityKind.TASK,
        clinic.days_of(on=frozenset({1, 3, 5})),
        Asked(title="Walk outside", amounts=Amounts(quantity=15), unit="min", minutes=15),
        (walk, "because the way itself is the best training for it"),
    )
    pressure.ask(
        ActivityKind.MEDICATION,
        clinic.days_of(time(7, 30), window=_around(2, 4)),
        Asked(title="Ramipril 5 mg", amounts=Amounts(quantity=1), unit="tablet", minutes=1),
        (walk, "because a calm heart makes long walks possible"),
    )
    life.measures[walk] = lambda share, chance: float(
        round((400 + 1000 * share + chance.uniform(-60, 60)) / 50) * 50
    )
    life.pause(clinic.days * 3 // 5, PauseKind.TRAVELLING, 4)


# --- what they do ------------------------------------------------------------------------------


def _day_of(now: datetime) -> date:
    return now.astimezone(ZoneInfo(ZONE)).date()


def _around(before: int, after: int) -> Window:
    """From some hours before a time until some hours after it."""
    return Window(WindowKind.AROUND, timedelta(hours=before), timedelta(hours=after))


def _revise(plan: _Plan, activity_id: UUID, now: datetime, amounts: Amounts, reason: str) -> None:
    found = plans.activity(plan.by, plan.patient_id, activity_id, now).activity
    last = found.revisions[-1]
    plans.revise_activity(
        plan.by,
        plan.patient_id,
        activity_id,
        schedule=last.schedule,
        asked=replace(last.asked, amounts=amounts),
        reason=reason,
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
            for event in life.events[number]:
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
                stamp = clinic.stamp(at)
                batch.append({**stamp, "goal_id": goal_id, "value": measure(share, chance)})
    if chance.random() < life.habits.late and day < clinic.today - timedelta(days=3):
        life.waiting.extend(batch)  # the phone is offline today
        return
    batch = life.waiting + batch
    life.waiting = []
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
        **clinic.stamp(at),
        "activity_id": occurrence.activity_id,
        "day": occurrence.day,
        "slot": occurrence.slot,
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
    for index, notice in enumerate(waiting[4:], 4):
        if notice.kind.value == "milestone" and index % 2 == 0:
            review.reply(therapist, notice.id, "Well done. Keep it at this pace.", now)
        else:
            review.seen(therapist, notice.id, now)
