"""Milestones: awarded once, in the transaction that reaches them; withdrawn when it is undone.

Only the days around a change are looked at, so the cost of a logged entry does not grow with the
length of history. What looks lost there is looked up in the whole history before it is withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor
from adherence.domain.activities import Activity, due
from adherence.domain.errors import NotFound
from adherence.domain.goals import SYMPTOM_DAYS, GoalDay, GoalState, Measure, Rating
from adherence.domain.milestones import (
    BREAK_DAYS,
    SUSTAINED_LEVELS,
    GoalWeek,
    MilestoneKind,
    Reached,
    first_all_done,
    from_ratings,
    goal_weeks,
    is_kept,
    returns,
    sustained,
)
from adherence.domain.notices import NoticeKind
from adherence.domain.pauses import covers
from adherence.domain.schedules import monday_of
from adherence.services import notices
from adherence.services.care import AgreedGoal, Care, care_of
from adherence.services.day_sums import Gain
from adherence.services.record import Record
from adherence.store import day_sums as day_sum_table
from adherence.store import entries as entry_table
from adherence.store import milestones as table
from adherence.store import patients
from adherence.store.db import Run, read

ONE_DAY = timedelta(days=1)
WEEK = timedelta(days=7)
#: The longest run of weeks that earns a milestone.
LONGEST_RUN = max(SUSTAINED_LEVELS)
#: Days that hold such a run on either side of a change, unless long pauses lie in between.
RUN = (LONGEST_RUN + 2) * WEEK


def award(
    record: Record,
    care: Care,
    *,
    activity_ids: Collection[UUID],
    goal_ids: Collection[UUID],
    symptoms: Collection[str],
    first: date | None,
    until: date | None,
    rated_since: date | None = None,
    corrects: bool = False,
    gains: Mapping[UUID, Mapping[date, Gain]] | None = None,
) -> None:
    """Award what the change of the days [first, until) reached, and withdraw what it undid.

    ``activity_ids`` are the activities whose day sums changed; ``goal_ids`` and ``symptoms`` those
    with new reports, the earliest of them on ``rated_since``. ``corrects`` says that a report was
    corrected, so that what rested on the old one may fall. ``gains`` say by how much each day of
    an activity has more asked and done than before; weeks that were kept before and after need no
    second look then.
    """
    touched = _touched(care, activity_ids, goal_ids, symptoms)
    if not touched:
        return
    run = record.run
    stored: dict[UUID, dict[tuple[MilestoneKind, int], Any]] = {}
    for row in run.all(table.known_milestones, patient_id=record.patient_id):
        stored.setdefault(row.goal_id, {})[row.kind, row.level] = row
    for agreed in touched:
        standing = {
            Reached(row.kind, row.level, row.reached_on)
            for row in stored.get(agreed.id, {}).values()
            if row.retracted_at is None
        }
        rated = agreed.id in goal_ids or agreed.goal.symptom in symptoms
        hangs = [one.id for one in care.activities_of_goal(agreed.id)]
        moved = any(activity_id in activity_ids for activity_id in hangs)
        reached: set[Reached] = set()
        doubted: set[Reached] = set()
        if rated:
            if corrects or rated_since is None:
                reached |= from_ratings(
                    agreed.goal, ratings_of(run, care, agreed, date.min, date.max)
                )
                doubted |= {one for one in standing if one.kind in _FROM_RATINGS}
            else:
                around = ratings_of(
                    run, care, agreed, rated_since - 2 * SYMPTOM_DAYS * ONE_DAY, date.max
                )
                reached |= {
                    one for one in from_ratings(agreed.goal, around) if one.day >= rated_since
                }
        if moved and first is not None and until is not None:
            found, window = _around(record, care, agreed, first, until, standing, gains)
            reached |= found
            doubted |= {
                one
                for one in standing
                if one.kind not in _FROM_RATINGS and window[0] <= one.day < window[1]
            }
        have = {(one.kind, one.level) for one in standing}
        for one in sorted(reached):
            if (one.kind, one.level) not in have:
                _grant(record, agreed, one, stored.get(agreed.id, {}))
        lost = {(one.kind, one.level) for one in doubted} - {
            (one.kind, one.level) for one in reached
        }
        if lost:
            whole = {
                (one.kind, one.level)
                for one in from_scratch(run, care, agreed, record.settled_on, record.now)
            }
            for key in sorted(lost - whole):
                _withdraw(record, agreed, stored[agreed.id][key])


_FROM_RATINGS = frozenset(
    {MilestoneKind.LEVEL_REACHED, MilestoneKind.HALFWAY, MilestoneKind.TARGET_REACHED}
)


def _touched(
    care: Care,
    activity_ids: Collection[UUID],
    goal_ids: Collection[UUID],
    symptoms: Collection[str],
) -> list[AgreedGoal]:
    wanted = set(goal_ids)
    for activity_id in activity_ids:
        wanted.update(thread.goal_id for thread in care.threads.get(activity_id, ()))
    return [
        agreed
        for agreed in care.goals.values()
        if agreed.state is GoalState.ACTIVE
        and (agreed.id in wanted or (agreed.goal.symptom and agreed.goal.symptom in symptoms))
    ]


def _around(
    record: Record,
    care: Care,
    agreed: AgreedGoal,
    first: date,
    until: date,
    standing: set[Reached],
    gains: Mapping[UUID, Mapping[date, Gain]] | None,
) -> tuple[set[Reached], tuple[date, date]]:
    """What the goal's days around a change reach, and the days that were looked at."""
    run = record.run
    mine = {"patient_id": record.patient_id, "goal_id": agreed.id}
    before = run.value(day_sum_table.active_before, day=first, **mine)
    is_newest = until > care.today(record.now)
    after = (
        None if is_newest else run.value(day_sum_table.active_after, day=until - ONE_DAY, **mine)
    )
    start = first if before is None else min(first, before)
    end = until if after is None else max(until, after + ONE_DAY)
    is_closed = monday_of(first) + WEEK <= record.settled_on
    if not is_closed and _is_settled(standing, first, start, end):
        return set(), (first, end)
    from_day, to_day = start, end
    if is_closed:
        # A week that had closed may look different now: take those weeks whole.
        from_day = min(start, monday_of(first))
        to_day = max(end, monday_of(until - ONE_DAY) + WEEK)
    days = goal_days(run, care, agreed.id, from_day, to_day, record.settled_on, record.now)
    reached = set(returns(days))
    if not any(one.kind is MilestoneKind.FIRST_ALL_DONE for one in standing):
        all_done = first_all_done([day for day in days if first <= day.day < until])
        if all_done is not None:
            reached.add(all_done)
    else:
        reached |= {
            one
            for one in standing
            if one.kind is MilestoneKind.FIRST_ALL_DONE
            and first_all_done([day for day in days if day.day == one.day]) is not None
        }
    if is_closed:
        if gains is None or _turned(record, care, agreed, days, gains):
            reached |= set(
                _runs(record, care, agreed.id, first - RUN, min(until + RUN, record.settled_on))
            )
            end = max(end, min(until + RUN, record.settled_on))
        else:
            reached |= {one for one in standing if one.kind is MilestoneKind.SUSTAINED_WEEKS}
    return reached, (first, end)


def _is_settled(standing: Iterable[Reached], first: date, start: date, end: date) -> bool:
    """Whether no day of [start, end) can reach or lose anything, whatever was done on it.

    There is no room for a return there, and the first day on which all was done is known and lies
    elsewhere.
    """
    known = [one.day for one in standing if one.kind is MilestoneKind.FIRST_ALL_DONE]
    return (
        (end - ONE_DAY - start).days <= BREAK_DAYS
        and bool(known)
        and not any(first <= day < end for day in known)
    )


def _turned(
    record: Record,
    care: Care,
    agreed: AgreedGoal,
    days: Iterable[GoalDay],
    gains: Mapping[UUID, Mapping[date, Gain]],
) -> bool:
    """Whether a week that had closed was kept before the change and is not now, or the other way
    round; ``days`` hold those weeks whole, as they are now."""
    hangs = [activity.id for activity in care.activities_of_goal(agreed.id)]
    share = _share(care, hangs)
    now = {week.monday: week for week in goal_weeks(days, record.settled_on)}
    gained: dict[date, tuple[int, int]] = {}
    for activity_id in hangs:
        for day, (asked, done) in gains.get(activity_id, {}).items():
            so_far = gained.get(monday_of(day), (0, 0))
            gained[monday_of(day)] = so_far[0] + asked, so_far[1] + done
    for monday, (asked, done) in gained.items():
        if monday + WEEK > record.settled_on:
            continue
        week = now.get(monday) or GoalWeek(monday, 0, 0, True)
        before = is_kept(week.asked - asked, week.done - done, share)
        if is_kept(week.asked, week.done, share) != before:
            return True
    return False


def _runs(record: Record, care: Care, goal_id: UUID, first: date, until: date) -> list[Reached]:
    """Runs of kept weeks on the days of [first, until), counted from before them where need be."""
    # Whole weeks, and only settled ones.
    first, until = monday_of(first), min(until, monday_of(record.settled_on))
    days = goal_days(record.run, care, goal_id, first, until, record.settled_on, record.now)
    hangs = [activity.id for activity in care.activities_of_goal(goal_id)]
    found = goal_weeks(days, record.settled_on)
    begun = min((care.activities[one].revisions[0].effective_on for one in hangs), default=first)
    if monday_of(begun) < first and sum(1 for week in found if week.asked) < LONGEST_RUN + 1:
        # Long pauses: the run may have begun before these days.
        return _runs(record, care, goal_id, begun, until)
    return sustained(found, _share(care, hangs))


def award_sustained(record: Record, care: Care) -> None:
    """Award runs of weeks that closed since the patient was last settled."""
    stored: dict[UUID, dict[tuple[MilestoneKind, int], Any]] = {}
    for row in record.run.all(table.known_milestones, patient_id=record.patient_id):
        stored.setdefault(row.goal_id, {})[row.kind, row.level] = row
    for agreed in care.goals.values():
        if agreed.state is not GoalState.ACTIVE:
            continue
        mine = stored.get(agreed.id, {})
        until = record.settled_on
        for one in sorted(_runs(record, care, agreed.id, until - RUN, until)):
            row = mine.get((one.kind, one.level))
            if row is None or row.retracted_at is not None:
                _grant(record, agreed, one, mine)


def from_scratch(
    run: Run, care: Care, agreed: AgreedGoal, settled_on: date, now: datetime
) -> set[Reached]:
    """Everything the goal's whole history reaches, by the same rules."""
    hangs = [one.id for one in care.activities_of_goal(agreed.id)]
    days = goal_days(run, care, agreed.id, date.min, date.max, settled_on, now)
    reached = set(from_ratings(agreed.goal, ratings_of(run, care, agreed, date.min, date.max)))
    reached |= set(returns(days))
    all_done = first_all_done(days)
    if all_done is not None:
        reached.add(all_done)
    reached |= set(sustained(goal_weeks(days, settled_on), _share(care, hangs)))
    return reached


def _share(care: Care, hangs: Iterable[UUID]) -> float:
    """The weekly share that counts as sustained: the strictest of the plans involved."""
    return max(
        (care.plans[care.activities[one].plan_id].sustained_share for one in hangs), default=1.0
    )


def goal_days(
    run: Run, care: Care, goal_id: UUID, first: date, until: date, settled_on: date, now: datetime
) -> list[GoalDay]:
    """What was asked and done for a goal on each day of [first, until) that has anything."""
    patient_id = care.patient_id
    sums = {
        row.day: list(row[1:])
        for row in run.all(
            day_sum_table.goal_days,
            patient_id=patient_id,
            goal_id=goal_id,
            first=first,
            until=until,
        )
    }
    day = max(settled_on, first)
    last = min(until, care.today(now) + ONE_DAY)
    if day < last:
        # Of the days that are not settled, only what was touched has rows.
        seen = {
            (row.day, row.activity_id)
            for row in run.all(
                day_sum_table.goal_rows,
                patient_id=patient_id,
                goal_id=goal_id,
                first=day,
                until=last,
            )
        }
        hangs = care.activities_of_goal(goal_id)
        while day < last:
            for activity in hangs:
                if (day, activity.id) not in seen:
                    _add_unanswered(care, activity, day, sums)
            day += ONE_DAY
    return [
        GoalDay(
            day=day,
            asked=asked,
            done=done,
            partly=partly,
            excused=excused,
            active=bool(done or partly or extra),
            settled=day < settled_on,
        )
        for day, (asked, done, partly, excused, extra) in sorted(sums.items())
    ]


def _add_unanswered(care: Care, activity: Activity, day: date, sums: dict[date, list[int]]) -> None:
    revision = activity.revision_on(day)
    if revision is None or revision.asked.optional:
        return
    for one in due(activity, care.zones, day, day + ONE_DAY):
        if one.lapsed or one.span:
            continue
        total = sums.setdefault(day, [0, 0, 0, 0, 0])
        total[0 if covers(care.pauses, activity.id, day) is None else 3] += 1


def ratings_of(run: Run, care: Care, agreed: AgreedGoal, first: date, until: date) -> list[Rating]:
    """Values that measure a goal on the days of [first, until), in order of time."""
    if agreed.goal.measure is Measure.SYMPTOM:
        rows = run.all(
            entry_table.symptom_entries,
            patient_id=care.patient_id,
            symptom=agreed.goal.symptom,
            first=max(first, agreed.agreed_on),
            until=until,
        )
    else:
        rows = run.all(
            entry_table.goal_entries,
            patient_id=care.patient_id,
            goal_id=agreed.id,
            first=first,
            until=until,
        )
    return _as_ratings(rows)


def _as_ratings(rows: Iterable[Any]) -> list[Rating]:
    return [
        Rating(at=row.performed_at, day=row.local_day, value=row.value)
        for row in rows
        if row.value is not None
    ]


def newest_ratings(run: Run, care: Care, agreed: AgreedGoal) -> list[Rating]:
    """The newest values that measure a goal, in order of time: enough to say where it stands.

    A symptom goal is the mean of its newest week; forty reports cover that at five a day.
    """
    if agreed.goal.measure is Measure.SYMPTOM:
        rows = run.all(
            entry_table.newest_symptom_entries,
            patient_id=care.patient_id,
            symptom=agreed.goal.symptom,
            many=40,
        )
        rows = [row for row in rows if row.local_day >= agreed.agreed_on]
    else:
        rows = run.all(
            entry_table.newest_goal_entries,
            patient_id=care.patient_id,
            goal_id=agreed.id,
            many=8,
        )
    return _as_ratings(reversed(rows))


def _grant(
    record: Record,
    agreed: AgreedGoal,
    one: Reached,
    stored: dict[tuple[MilestoneKind, int], Any],
) -> None:
    seq = record.number()
    if (one.kind, one.level) in stored:
        record.run.put(
            table.set_milestone,
            patient_id=record.patient_id,
            in_goal=agreed.id,
            of_kind=one.kind,
            at_level=one.level,
            at=None,
            day=one.day,
            number=seq,
        )
    else:
        record.run.put(
            table.add_milestone,
            patient_id=record.patient_id,
            goal_id=agreed.id,
            kind=one.kind,
            level=one.level,
            clinic_id=record.clinic_id,
            reached_on=one.day,
            awarded_at=record.now,
            seq=seq,
        )
    record.audit("milestone.award", agreed.id)
    notices.raise_notice(
        record,
        NoticeKind.MILESTONE,
        one.kind.value,
        one.day,
        goal_id=agreed.id,
        level=one.level,
    )


def _withdraw(record: Record, agreed: AgreedGoal, row: Any) -> None:
    record.run.put(
        table.set_milestone,
        patient_id=record.patient_id,
        in_goal=agreed.id,
        of_kind=row.kind,
        at_level=row.level,
        at=record.now,
        day=row.reached_on,
        number=record.number(),
    )
    record.audit("milestone.withdraw", agreed.id)
    notices.raise_notice(
        record,
        NoticeKind.MILESTONE_WITHDRAWN,
        row.kind.value,
        row.reached_on,
        goal_id=agreed.id,
        level=row.level,
    )


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EarnedMilestone:
    """A milestone as its patient sees it, with the clinician's word about it when there is one."""

    goal_id: UUID
    goal_words: str
    unit: str | None
    kind: MilestoneKind
    level: int
    reached_on: date
    awarded_at: datetime
    retracted_at: datetime | None
    reply: str | None
    replied_by: UUID | None
    seq: int


def milestones(actor: Actor, patient_id: UUID, now: datetime) -> Sequence[EarnedMilestone]:
    """The patient's milestones, newest first; withdrawn ones say since when."""
    with read() as run:
        patient: Any = run.first(patients.patient_by_id, patient_id=patient_id)
        if patient is None or patient.clinic_id != actor.clinic_id:
            raise NotFound
        return earned(run, care_of(run, patient_id, patient.plan_version))


def earned(run: Run, care: Care) -> list[EarnedMilestone]:
    """The milestones of one patient, newest first."""
    replies: dict[tuple[UUID | None, str, int | None], Any] = {}
    for row in run.all(table.notices_of_patient, patient_id=care.patient_id, many=500):
        if row.kind is NoticeKind.MILESTONE and row.reply:
            replies.setdefault((row.goal_id, row.subject, row.level), row)
    found = []
    for row in run.all(table.milestones, patient_id=care.patient_id):
        goal = care.goals[row.goal_id].goal
        notice = replies.get((row.goal_id, row.kind.value, row.level))
        found.append(
            EarnedMilestone(
                goal_id=row.goal_id,
                goal_words=goal.words,
                unit=goal.unit,
                kind=row.kind,
                level=row.level,
                reached_on=row.reached_on,
                awarded_at=row.awarded_at,
                retracted_at=row.retracted_at,
                reply=None if notice is None else notice.reply,
                replied_by=None if notice is None else notice.reviewed_by,
                seq=row.seq,
            )
        )
    return found
