"""Today: the cards of a patient's day, in order of time, and what hangs on the goal on top."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.activities import Activity, ActivityKind, Asked
from adherence.domain.entries import Entry, Status
from adherence.domain.goals import progress
from adherence.domain.matching import Extra, Outcome
from adherence.domain.schedules import ScheduleKind
from adherence.services.care import Care, Thread
from adherence.services.day_sums import ONE_DAY, outcomes_between
from adherence.services.goals import GoalView
from adherence.services.milestones import newest_ratings
from adherence.services.plans import opened
from adherence.store import clinics
from adherence.store.db import Run, read

#: Stands in for a time where there is none, after every time there is.
LAST = datetime.max.replace(tzinfo=UTC)


class CardState(StrEnum):
    """Where a card stands on the thread of the day."""

    ANSWERED = "answered"
    EXCUSED = "excused"
    NOW = "now"
    OPEN = "open"
    LATER = "later"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Card:
    """One thing asked today; ``slot`` is None for a medicine taken as needed.

    ``next_possible_at`` is when the minimum interval of an as-needed item ends: shown, not
    enforced.
    """

    activity_id: UUID
    kind: ActivityKind
    asked: Asked
    threads: tuple[Thread, ...]
    day: date
    slot: int | None
    due_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    span: bool
    state: CardState
    status: Status
    entry: Entry | None
    next_possible_at: datetime | None = None

    @property
    def because(self) -> str:
        return self.threads[0].because if self.threads else ""


@dataclass(frozen=True, slots=True)
class Today:
    """A patient's local day: the goal on top, the cards, and how far the day is."""

    patient_id: UUID
    day: date
    zone: str
    goal: GoalView | None
    cards: tuple[Card, ...]
    extras: tuple[Extra, ...]
    answered: int
    total: int
    minutes_left: int
    emergency_number: str
    seq: int

    def card(self, activity_id: UUID, day: date, slot: int | None) -> Card | None:
        """The card of one occurrence, None when it is not on this page."""
        for card in self.cards:
            if (card.activity_id, card.day, card.slot) == (activity_id, day, slot):
                return card
        return None


def today(actor: Actor, patient_id: UUID, now: datetime) -> Today:
    """The patient's day as it stands at ``now``.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        patient, care = opened(run, actor, patient_id)
        clinic: Any = run.first(clinics.clinic_by_id, clinic_id=patient.clinic_id)
        return day_view(run, patient, care, clinic.emergency_number, now)


def day_view(run: Run, patient: Any, care: Care, emergency_number: str, now: datetime) -> Today:
    """The patient's day, from an open snapshot."""
    day = care.today(now)
    cards: list[Card] = []
    extras: list[Extra] = []
    # Yesterday's late windows may still be open.
    for activity_id, (judged, more) in outcomes_between(
        run, care, day - ONE_DAY, day + ONE_DAY, now
    ).items():
        activity = care.activities[activity_id]
        extras.extend(extra for extra in more if extra.on == day)
        shown = [outcome for outcome in judged if _belongs(outcome, day, now)]
        cards.extend(_card(care, activity, outcome, now) for outcome in _one_a_day(shown, day))
        revision = activity.revision_on(day)
        if (
            revision is not None
            and revision.schedule.kind is ScheduleKind.AS_NEEDED
            and (activity.ended_on is None or day < activity.ended_on)
        ):
            cards.append(_as_needed(care, activity, more, day))
    cards.sort(key=_in_order)
    cards = _with_now(cards)
    counted = [card for card in cards if card.slot is not None and card.state != CardState.EXCUSED]
    return Today(
        patient_id=care.patient_id,
        day=day,
        zone=care.zones.on(day),
        goal=_top_goal(run, care),
        cards=tuple(cards),
        extras=tuple(extras),
        answered=sum(card.state is CardState.ANSWERED for card in counted),
        total=len(counted),
        minutes_left=sum(
            card.asked.minutes or 0
            for card in counted
            if card.state in (CardState.NOW, CardState.OPEN, CardState.LATER)
        ),
        emergency_number=emergency_number,
        seq=patient.seq,
    )


def _belongs(outcome: Outcome, day: date, now: datetime) -> bool:
    occurrence = outcome.occurrence
    if occurrence.lapsed and outcome.entry is None:
        return False
    if outcome.entry is not None:
        return outcome.on == day or outcome.entry.local_day == day
    if outcome.status is Status.UPCOMING:
        return occurrence.opens_at <= now or (occurrence.day == day and not occurrence.span)
    return occurrence.day == day and not occurrence.span


def _one_a_day(outcomes: list[Outcome], day: date) -> list[Outcome]:
    """Of the open sessions of a week only the next one stands on the day's thread."""
    kept: list[Outcome] = []
    seen_open_span = any(
        outcome.occurrence.span and outcome.entry is not None and outcome.on == day
        for outcome in outcomes
    )
    for outcome in outcomes:
        if outcome.occurrence.span and outcome.entry is None:
            if seen_open_span:
                continue
            seen_open_span = True
        kept.append(outcome)
    return kept


def _card(care: Care, activity: Activity, outcome: Outcome, now: datetime) -> Card:
    occurrence = outcome.occurrence
    revision = activity.revision_on(outcome.on) or activity.revisions[0]
    if outcome.status is Status.EXCUSED:
        state = CardState.EXCUSED
    elif outcome.entry is not None:
        state = CardState.ANSWERED
    elif outcome.status is Status.UPCOMING:
        state = CardState.OPEN if occurrence.opens_at <= now else CardState.LATER
    else:
        state = CardState.CLOSED
    return Card(
        activity_id=activity.id,
        kind=activity.kind,
        asked=revision.asked,
        threads=care.threads.get(activity.id, ()),
        day=occurrence.day,
        slot=occurrence.slot,
        due_at=occurrence.due_at,
        opens_at=occurrence.opens_at,
        closes_at=occurrence.closes_at,
        span=occurrence.span,
        state=state,
        status=outcome.status,
        entry=outcome.entry,
    )


def _as_needed(care: Care, activity: Activity, extras: list[Extra], day: date) -> Card:
    revision = activity.revision_on(day)
    assert revision is not None
    taken = [extra.entry for extra in extras if extra.entry.is_doing]
    last = max(taken, key=lambda entry: entry.performed_at, default=None)
    hours = revision.schedule.min_interval_hours
    return Card(
        activity_id=activity.id,
        kind=activity.kind,
        asked=revision.asked,
        threads=care.threads.get(activity.id, ()),
        day=day,
        slot=None,
        due_at=None,
        opens_at=None,
        closes_at=None,
        span=False,
        state=CardState.OPEN,
        status=Status.UPCOMING,
        entry=last if last is not None and last.local_day == day else None,
        next_possible_at=(
            last.performed_at + timedelta(hours=hours) if last is not None and hours else None
        ),
    )


def _in_order(card: Card) -> tuple[bool, bool, datetime, str, int]:
    """Timed things by time, then untimed ones, then what is taken as needed."""
    return (
        card.slot is None,
        card.due_at is None,
        card.due_at or LAST,
        str(card.activity_id),
        card.slot or 0,
    )


def _with_now(cards: list[Card]) -> list[Card]:
    """The first open card is the next thing."""
    for index, card in enumerate(cards):
        if card.state is CardState.OPEN and card.slot is not None:
            return [*cards[:index], replace(card, state=CardState.NOW), *cards[index + 1 :]]
    return cards


def _top_goal(run: Run, care: Care) -> GoalView | None:
    agreed = care.first_goal
    if agreed is None:
        return None
    return GoalView(agreed, progress(agreed.goal, newest_ratings(run, care, agreed)), ())
