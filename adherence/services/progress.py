"""Progress: adherence with denominator and band, goals, symptoms, and plan changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.activities import Activity, ActivityKind, Asked
from adherence.domain.adherence import (
    Adherence,
    NothingDue,
    why_nothing_due,
)
from adherence.domain.days import day_status
from adherence.domain.entries import Entry, Status
from adherence.domain.errors import InvalidInput, NotFound
from adherence.domain.goals import GoalDay, GoalState, Rating
from adherence.domain.matching import Outcome
from adherence.domain.streaks import Streak, state, streak
from adherence.domain.zones import day_start
from adherence.services.care import AgreedGoal, Care, Plan
from adherence.services.day_sums import (
    ONE_DAY,
    Found,
    days_between,
    live_outcomes,
    next_close,
    outcomes_between,
    outcomes_of,
    totals_between,
    within,
)
from adherence.services.goals import GasScore, GoalView, gas_score, views
from adherence.services.milestones import newest_ratings, ratings_of
from adherence.services.plans import opened
from adherence.store import day_sums as day_sum_table
from adherence.store import entries as entry_table
from adherence.store.db import Run, read

DEFAULT_DAYS = 90
LONGEST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class ActivityProgress:
    """Adherence to one activity over the period."""

    activity: Activity
    asked: Asked
    counts: Adherence
    nothing_due: NothingDue | None


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """Adherence to one discipline's plan over the period."""

    plan: Plan
    counts: Adherence
    activities: tuple[ActivityProgress, ...]


@dataclass(frozen=True, slots=True)
class PlanChange:
    """From which day something else was asked, and why."""

    day: date
    activity_id: UUID
    title: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class PutRight:
    """A report that a clinician put right: what it is about, the days it changed, who and why."""

    days: tuple[date, ...]
    activity_id: UUID | None
    goal_id: UUID | None
    symptom: str | None
    author: str
    because: str
    withdrawn: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class SymptomReport:
    """One report of a symptom; ``value`` None with ``declined`` is "prefer not to say"."""

    day: date
    at: datetime
    value: float | None
    declined: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How it went on the days of [first, until), ``until`` being tomorrow.

    ``counts`` covers everything that is not optional; ``nothing_due`` says why there is no figure.
    ``changes_at`` is when the clock alone changes it next.
    """

    patient_id: UUID
    first: date
    until: date
    counts: Adherence
    nothing_due: NothingDue | None
    plans: tuple[PlanProgress, ...]
    days: tuple[tuple[date, Adherence], ...]
    streak: Streak
    goals: tuple[GoalView, ...]
    gas: GasScore | None
    symptoms: tuple[str, ...]
    changes: tuple[PlanChange, ...]
    put_right: tuple[PutRight, ...]
    seq: int
    version: int
    changes_at: datetime


def progress(actor: Actor, patient_id: UUID, days: int, now: datetime) -> Progress:
    """Adherence, goals and symptoms of the last ``days`` local days, today included.

    Raises:
        InvalidInput: fewer than 1 or more than ``LONGEST_DAYS`` days.
        NotFound: no such patient in the actor's clinic.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput("days", "out_of_range")
    with read() as run:
        patient, care = opened(run, actor, patient_id)
        return progress_of(run, patient, care, days, now)


def progress_of(run: Run, patient: Any, care: Care, days: int, now: datetime) -> Progress:
    """The same from an open snapshot."""
    until = care.today(now) + ONE_DAY
    first = until - timedelta(days=days)
    totals = totals_between(run, care, patient.settled_on, first, until, now)
    by_plan: dict[UUID, list[ActivityProgress]] = {}
    for activity in _running(care, first, until):
        counts = totals.by_activity.get(activity.id, Adherence())
        by_plan.setdefault(activity.plan_id, []).append(
            ActivityProgress(
                activity,
                _asked(activity, until),
                counts,
                None if counts.due else why_nothing_due([activity], care.pauses, first, until),
            )
        )
    counts = totals.all
    found_goals = views(run, care)
    return Progress(
        patient_id=care.patient_id,
        first=first,
        until=until,
        counts=counts,
        nothing_due=(
            None
            if counts.due
            else why_nothing_due(list(care.activities.values()), care.pauses, first, until)
        ),
        plans=tuple(
            PlanProgress(
                care.plans[plan_id],
                sum((each.counts for each in found), Adherence()),
                tuple(found),
            )
            for plan_id, found in by_plan.items()
        ),
        days=tuple(totals.by_day.items()),
        streak=streak((day, state(_as_goal_day(day, one))) for day, one in totals.by_day.items()),
        goals=tuple(found_goals),
        gas=gas_score(found_goals),
        symptoms=tuple(
            row.symptom
            for row in run.all(
                entry_table.symptoms_known, patient_id=care.patient_id, first=first, until=until
            )
        ),
        changes=tuple(plan_changes(care, first, until)),
        put_right=tuple(_put_right(run, care, first, until)),
        seq=patient.seq,
        version=patient.plan_version,
        changes_at=_changes_at(care, totals.closes_at, now),
    )


def _running(care: Care, first: date, until: date) -> list[Activity]:
    """The activities that were asked on any of the days of [first, until)."""
    return [
        activity
        for activity in care.activities.values()
        if activity.revisions[0].effective_on < until
        and (activity.ended_on is None or activity.ended_on > first)
    ]


def _asked(activity: Activity, until: date) -> Asked:
    """What an activity asks on the last day before ``until``."""
    return (activity.revision_on(until - ONE_DAY) or activity.revisions[-1]).asked


def _changes_at(care: Care, closes_at: datetime | None, now: datetime) -> datetime:
    """The next window's close, or the end of the local day if that comes first."""
    tomorrow = care.today(now) + ONE_DAY
    midnight = day_start(tomorrow, care.zones.on(tomorrow))
    return midnight if closes_at is None else min(closes_at, midnight)


def _put_right(run: Run, care: Care, first: date, until: date) -> Iterator[PutRight]:
    rows = run.all(entry_table.put_right, patient_id=care.patient_id, first=first, until=until)
    for row in rows:
        days = sorted({row.old_day, row.local_day})
        yield PutRight(
            tuple(day for day in days if first <= day < until),
            row.activity_id,
            row.goal_id,
            row.symptom,
            row.author,
            row.because,
            row.withdrawn,
            row.received_at,
        )


def _as_goal_day(day: date, counts: Adherence) -> GoalDay:
    """A day of everything asked, as the rule of streaks looks at it."""
    return GoalDay(
        day=day,
        asked=counts.due + counts.upcoming,
        done=counts.done,
        partly=counts.partly,
        excused=counts.excused,
        active=bool(counts.done or counts.partly or counts.extra),
        settled=not counts.upcoming,
    )


def plan_changes(
    care: Care, first: date, until: date, activity_ids: Iterable[UUID] | None = None
) -> list[PlanChange]:
    """Revisions after the first that took effect on the days of [first, until), by day."""
    wanted = set(care.activities) if activity_ids is None else set(activity_ids)
    changes = [
        PlanChange(
            note.effective_on,
            activity.id,
            revision.asked.title,
            note.number,
            note.reason,
        )
        for activity in care.activities.values()
        if activity.id in wanted
        for revision, note in zip(activity.revisions, care.notes[activity.id], strict=True)
        if revision is not activity.revisions[0] and first <= note.effective_on < until
    ]
    return sorted(changes, key=lambda one: (one.day, str(one.activity_id), one.number))


# --- series, for charts --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SymptomSeries:
    """A symptom's reports and the days beside them."""

    symptom: str
    first: date
    until: date
    reports: tuple[SymptomReport, ...]
    days: tuple[tuple[date, Status], ...]
    changes: tuple[PlanChange, ...]
    limit: int | None

    @property
    def answered(self) -> int:
        """How many reports have a value; 0 is one."""
        return sum(one.value is not None for one in self.reports)

    @property
    def declined(self) -> int:
        """How many say "prefer not to say"."""
        return sum(one.declined for one in self.reports)

    @property
    def mean(self) -> float | None:
        """The mean of the values, zeros among them; None when there is none."""
        values = [one.value for one in self.reports if one.value is not None]
        return sum(values) / len(values) if values else None


@dataclass(frozen=True, slots=True)
class GoalSeries:
    """A goal's values over a period, with the last one before it when there is one."""

    agreed: AgreedGoal
    first: date
    until: date
    ratings: tuple[Rating, ...]
    changes: tuple[PlanChange, ...]


@dataclass(frozen=True, slots=True)
class DoseSeries:
    """One medicine's occurrences and extra doses over a period."""

    activity: Activity
    first: date
    until: date
    outcomes: tuple[Outcome, ...]
    extras: tuple[Entry, ...]
    zones: tuple[tuple[date, str], ...]

    @property
    def title(self) -> str:
        """What the medicine is called on the last day."""
        return _asked(self.activity, self.until).title


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many days up to today the pictures show; ``all`` is the longest and says of what."""

    all: int
    days: int
    symptoms: int
    goals: int


@dataclass(frozen=True, slots=True)
class Pictured:
    """What the pictures of a patient's last days show.

    ``goals`` are the active ones that were ever measured, but for those that ``symptoms`` show;
    ``symptoms`` are all that were reported, ``doses`` the medicines of which any was due. Each has
    its own length. ``changes_at`` is when the clock alone changes any of it.
    """

    patient_id: UUID
    today: date
    goals: tuple[GoalSeries, ...]
    days: tuple[tuple[date, Adherence], ...]
    symptoms: tuple[SymptomSeries, ...]
    doses: tuple[DoseSeries, ...]
    put_right: tuple[PutRight, ...]
    changes_at: datetime


def pictured(actor: Actor, patient_id: UUID, lengths: Lengths, now: datetime) -> Pictured:
    """What all pictures of a page show, from one snapshot.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient, care = opened(run, actor, patient_id)
        today = care.today(now)
        until = today + ONE_DAY
        first, first_day, first_report, first_goal = (
            until - timedelta(days=length)
            for length in (lengths.all, lengths.days, lengths.symptoms, lengths.goals)
        )
        known = [
            row.symptom
            for row in run.all(
                entry_table.symptoms_known, patient_id=patient_id, first=first, until=until
            )
        ]
        # Doses of many days are looked up whole, with those that are not settled among them.
        live_from = max(first, patient.settled_on)
        dosed = min(first_report, live_from)
        medicines = {
            one.id: outcomes_of(run, care, one, dosed, until, now)
            for one in _medicines(care, first, until)
        }
        of_medicines = {
            activity_id: within(found, live_from, until) for activity_id, found in medicines.items()
        }
        live = live_outcomes(run, care, live_from, until, now, of_medicines)
        due = _due(run, care, medicines, first, dosed, now)
        days = tuple(
            days_between(run, care, patient.settled_on, first_day, until, now, live).items()
        )
        return Pictured(
            patient_id=patient_id,
            today=today,
            goals=tuple(
                _goal_series(run, care, agreed, first_goal, until)
                for agreed in sorted(care.goals.values(), key=lambda one: (one.created_at, one.id))
                if agreed.state is GoalState.ACTIVE
                and agreed.goal.symptom not in known
                and any(one.value is not None for one in newest_ratings(run, care, agreed))
            ),
            days=days,
            symptoms=tuple(
                _symptom_series(run, care, symptom, first_report, until, days)
                for symptom in sorted(known)
            ),
            doses=tuple(
                _dose_series(care, care.activities[activity_id], found, first_report, until)
                for activity_id, found in medicines.items()
                if activity_id in due
            ),
            put_right=tuple(_put_right(run, care, first, until)),
            changes_at=_changes_at(care, next_close(live, now), now),
        )


def _medicines(care: Care, first: date, until: date) -> list[Activity]:
    """Medicines that were asked on any of the days of [first, until), those of a plan together."""
    by_plan: dict[UUID, list[Activity]] = {}
    for activity in _running(care, first, until):
        by_plan.setdefault(activity.plan_id, []).append(activity)
    return [
        activity
        for mine in by_plan.values()
        for activity in mine
        if activity.kind is ActivityKind.MEDICATION
    ]


def _due(
    run: Run,
    care: Care,
    medicines: Mapping[UUID, Found],
    first: date,
    dosed: date,
    now: datetime,
) -> set[UUID]:
    """The medicines of which any dose was due from ``first`` on; ``medicines`` holds what became of
    theirs from ``dosed`` on, and the days before are asked for at most once."""
    due = {
        activity_id
        for activity_id, (judged, _) in medicines.items()
        if any(
            not outcome.optional and outcome.status not in (Status.EXCUSED, Status.UPCOMING)
            for outcome in judged
        )
    }
    if len(due) == len(medicines):
        return due
    rows = run.all(
        day_sum_table.counts_by_activity,
        patient_id=care.patient_id,
        first=first,
        until=dosed,
        at=now,
    )
    return due | {row.activity_id for row in rows if Adherence(*row[1:]).due}


def day_states(
    actor: Actor, patient_id: UUID, first: date, until: date, now: datetime
) -> tuple[tuple[tuple[date, Adherence], ...], Care, tuple[PutRight, ...]]:
    """Each day's counts on [first, until) that has anything, the plan they rest on, and what
    clinicians put right on these days."""
    with read() as run:
        patient, care = opened(run, actor, patient_id)
        days = days_between(run, care, patient.settled_on, first, until, now)
        put_right = tuple(_put_right(run, care, first, until))
    return tuple(days.items()), care, put_right


def symptoms(actor: Actor, patient_id: UUID, days: int, now: datetime) -> list[str]:
    """The symptoms a plan names or that were reported in the last ``days`` days."""
    with read() as run:
        _, care = opened(run, actor, patient_id)
        until = care.today(now) + ONE_DAY
        reported = run.all(
            entry_table.symptoms_known,
            patient_id=patient_id,
            first=until - timedelta(days=days),
            until=until,
        )
    named = [agreed.goal.symptom for agreed in care.goals.values()]
    named += [each.revisions[-1].asked.symptom for each in care.activities.values()]
    named += [row.symptom for row in reported]
    return sorted({symptom for symptom in named if symptom})


def version(actor: Actor, patient_id: UUID, now: datetime) -> tuple[int, int, date]:
    """What a picture of the patient rests on besides the clock: two counters and the local day.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient, care = opened(run, actor, patient_id)
    return patient.seq, patient.plan_version, care.today(now)


def next_change(actor: Actor, patient_id: UUID, now: datetime) -> datetime:
    """When the clock alone changes a picture next: a window closes, or the local day ends."""
    with read() as run:
        _, care = opened(run, actor, patient_id)
        today = care.today(now)
        live = outcomes_between(run, care, today - ONE_DAY, today + ONE_DAY, now)
        return _changes_at(care, next_close(live.values(), now), now)


def symptom_series(
    actor: Actor, patient_id: UUID, symptom: str, first: date, until: date, now: datetime
) -> SymptomSeries:
    """One symptom's reports on [first, until), with the adherence of the same days."""
    with read() as run:
        patient, care = opened(run, actor, patient_id)
        days = days_between(run, care, patient.settled_on, first, until, now)
        return _symptom_series(run, care, symptom, first, until, days.items())


def _symptom_series(
    run: Run,
    care: Care,
    symptom: str,
    first: date,
    until: date,
    days: Iterable[tuple[date, Adherence]],
) -> SymptomSeries:
    """The same from an open snapshot; ``days`` may be longer."""
    rows = run.all(
        entry_table.symptom_entries,
        patient_id=care.patient_id,
        symptom=symptom,
        first=first,
        until=until,
    )
    limits = [
        activity.revisions[-1].asked.pain_limit
        for activity in care.activities.values()
        if activity.revisions[-1].asked.symptom == symptom
        and activity.revisions[-1].asked.pain_limit is not None
    ]
    return SymptomSeries(
        symptom=symptom,
        first=first,
        until=until,
        reports=tuple(
            SymptomReport(row.local_day, row.performed_at, row.value, row.declined)
            for row in rows
            if row.value is not None or row.declined
        ),
        days=tuple(
            (day, status)
            for day, counts in days
            if first <= day < until and (status := day_status(counts)) is not None
        ),
        changes=tuple(plan_changes(care, first, until)),
        limit=min((limit for limit in limits if limit is not None), default=None),
    )


def goal_series(
    actor: Actor, patient_id: UUID, goal_id: UUID, first: date, until: date, now: datetime
) -> GoalSeries:
    """One goal's values on [first, until).

    Raises:
        NotFound: the patient has no such goal.
    """
    with read() as run:
        _, care = opened(run, actor, patient_id)
        agreed = care.goals.get(goal_id)
        if agreed is None:
            raise NotFound
        return _goal_series(run, care, agreed, first, until)


def _goal_series(run: Run, care: Care, agreed: AgreedGoal, first: date, until: date) -> GoalSeries:
    """The same from an open snapshot."""
    ratings = ratings_of(run, care, agreed, first, until)
    hangs = [activity.id for activity in care.activities_of_goal(agreed.id)]
    return GoalSeries(
        agreed, first, until, tuple(ratings), tuple(plan_changes(care, first, until, hangs))
    )


def dose_series(
    actor: Actor, patient_id: UUID, activity_id: UUID, first: date, until: date, now: datetime
) -> DoseSeries:
    """One medicine's doses on [first, until), answered or not, and the extra ones.

    Raises:
        NotFound: the patient has no such activity.
    """
    with read() as run:
        _, care = opened(run, actor, patient_id)
        activity = care.activities.get(activity_id)
        if activity is None:
            raise NotFound
        found = outcomes_of(run, care, activity, first, until, now)
    return _dose_series(care, activity, found, first, until)


def _dose_series(
    care: Care, activity: Activity, found: Found, first: date, until: date
) -> DoseSeries:
    """The doses of [first, until) among those that were ``found``, maybe on more days."""
    judged, extras = within(found, first, until)
    return DoseSeries(
        activity,
        first,
        until,
        tuple(judged),
        tuple(extra.entry for extra in extras),
        tuple((day, care.zones.on(day)) for day in _days(first, until)),
    )


def _days(first: date, until: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((until - first).days)]
