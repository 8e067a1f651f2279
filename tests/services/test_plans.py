"""Goals, plans and revisions: what is refused, and that the past stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from adherence.domain.activities import ActivityKind, Asked, Discipline
from adherence.domain.entries import Amounts
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.goals import GoalState
from adherence.domain.pauses import PauseKind
from adherence.services import (
    entries,
    goals,
    occurrences,
    patients,
    pauses,
    plans,
    progress,
    rebuild,
    review,
    settle,
)
from tests.wards import DAY, MONDAY, clinic, daily, document, ward

pytestmark = pytest.mark.usefixtures("app")


def ask(w, **changes):
    usual = {
        "plan_id": w.plan_id,
        "kind": ActivityKind.EXERCISE,
        "schedule": daily(MONDAY.date()),
        "asked": Asked(title="Bridge"),
        "goals": [(w.goal_id, "because of the stairs")],
        "now": MONDAY,
    }
    return plans.assign_activity(w.therapist, w.patient_id, **usual | changes)


def revise(w, activity_id, now=MONDAY, **changes):
    last = plans.activity(w.therapist, w.patient_id, activity_id, now).activity.revisions[-1]
    usual = {
        "schedule": last.schedule,
        "asked": replace(last.asked, amounts=Amounts(sets=1, reps=10)),
        "reason": "halved",
        "now": now,
    }
    return plans.revise_activity(w.therapist, w.patient_id, activity_id, **usual | changes)


def past(w, until, now):
    """Everything a past day is shown with, as text."""
    found = occurrences.occurrences(w.therapist, w.patient_id, until - 20 * DAY, until, now)
    shown = progress.day_states(w.therapist, w.patient_id, until - 20 * DAY, until, now)[0]
    # Whether a revision took an answered session back is bookkeeping, not what the day shows.
    found = [replace(one, occurrence=replace(one.occurrence, lapsed=False)) for one in found]
    return repr(found), repr(shown)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"goals": []}, "goals"),
        ({"effective_on": (MONDAY - DAY).date()}, "effective_on"),
    ],
)
def test_an_activity_without_a_goal_or_in_the_past_is_refused(changes, field):
    w = ward()

    with pytest.raises(InvalidInput) as refused:
        ask(w, **changes)

    assert refused.value.field == field


def test_an_empty_because_is_refused():
    w = ward()

    with pytest.raises(InvalidInput) as refused:
        ask(w, goals=[(w.goal_id, "  ")])

    assert refused.value.field == "because"


def test_anothers_goal_or_plan_is_not_found():
    w, other = ward(), None
    other = ward(therapist=w.therapist)

    for changes in ({"goals": [(other.goal_id, "x")]}, {"plan_id": other.plan_id}):
        with pytest.raises(NotFound):
            ask(w, **changes)


def test_halving_the_plan_leaves_every_past_day_to_the_byte():
    w = ward()
    now = MONDAY + 9 * DAY
    for n in range(9):
        entries.sync(
            w.patient,
            w.patient_id,
            [
                document(w.exercise_id, MONDAY + n * DAY, sets=2 - n % 2, reps=10),
                document(w.weekly_id, MONDAY + n * DAY),
            ],
            MONDAY + n * DAY,
        )
    before = past(w, now.date(), now)

    for activity_id in (w.exercise_id, w.weekly_id, w.medicine_id):
        revise(w, activity_id, now)

    assert past(w, now.date(), now) == before
    settle.settle(w.patient_id, now + 3 * DAY)
    assert past(w, now.date(), now) == before
    assert rebuild.check(w.patient_id, now + 3 * DAY) == []


def test_no_revision_begins_before_another():
    w = ward()
    revise(w, w.exercise_id, effective_on=(MONDAY + 5 * DAY).date())

    with pytest.raises(Conflict):
        revise(w, w.exercise_id, effective_on=(MONDAY + 3 * DAY).date())
    assert revise(w, w.exercise_id, effective_on=(MONDAY + 6 * DAY).date()) == 3


def test_of_two_revisions_of_one_day_the_newer_governs_it_and_both_are_pulled():
    w = ward()
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id, sets=1, reps=10), MONDAY)

    assert revise(w, w.exercise_id, asked=Asked(title="Rise", amounts=Amounts(sets=4))) == 2
    assert revise(w, w.exercise_id, asked=Asked(title="Rise", amounts=Amounts(sets=1))) == 3

    shown = plans.activity(w.therapist, w.patient_id, w.exercise_id, MONDAY)
    assert [one.number for one in shown.activity.revisions] == [3]
    assert [note.number for note in shown.notes] == [3]
    today = occurrences.occurrences(
        w.patient, w.patient_id, MONDAY.date(), MONDAY.date() + DAY, MONDAY
    )
    done = [one for one in today if one.occurrence.activity_id == w.exercise_id]
    assert [one.status.value for one in done] == ["done"]
    pulled = entries.pull(w.patient, w.patient_id, 0, 500, MONDAY).changes
    numbers = [
        one.row.number
        for one in pulled
        if one.kind == "revision" and one.row.activity_id == w.exercise_id
    ]
    assert numbers == [1, 2, 3]
    assert rebuild.check(w.patient_id, MONDAY) == []


def test_a_revision_in_the_past_is_refused():
    w = ward()

    with pytest.raises(InvalidInput) as refused:
        revise(w, w.exercise_id, MONDAY + 2 * DAY, effective_on=(MONDAY + DAY).date())

    assert refused.value.field == "effective_on"


def test_an_ended_activity_asks_no_more_and_keeps_its_past():
    w = ward()
    now = MONDAY + 4 * DAY
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)
    before = past(w, now.date(), now)

    plans.end_activity(w.therapist, w.patient_id, w.exercise_id, reason="reached", now=now)

    assert past(w, now.date(), now) == before
    later = occurrences.occurrences(
        w.patient, w.patient_id, now.date(), now.date() + 5 * DAY, now + 6 * DAY
    )
    assert w.exercise_id not in {one.occurrence.activity_id for one in later}


def test_closing_a_goal_names_what_loses_its_reason():
    w = ward()
    second = goals.set_goal(
        w.therapist,
        w.patient_id,
        goals.new_goal(words="Sleep", measure=goals.Measure.RATING, baseline=2, target=8),
        MONDAY,
    )
    kept = ask(w, goals=[(w.goal_id, "one"), (second, "two")])

    losing = goals.close_goal(
        w.therapist,
        w.patient_id,
        w.goal_id,
        state=GoalState.ACHIEVED,
        reason="all steps",
        now=MONDAY,
    )

    assert {one.id for one in losing} == {w.exercise_id, w.medicine_id, w.weekly_id, w.check_id}
    assert kept not in {one.id for one in losing}
    with pytest.raises(Conflict):
        goals.close_goal(
            w.therapist, w.patient_id, w.goal_id, state=GoalState.CLOSED, reason="x", now=MONDAY
        )


def test_two_disciplines_run_side_by_side():
    w = ward()
    other = plans.open_plan(
        w.therapist, w.patient_id, discipline=Discipline.NURSING, title="Wound", now=MONDAY
    )
    ask(w, plan_id=other)

    found = progress.progress(w.patient, w.patient_id, 7, MONDAY + 2 * DAY)

    assert {one.plan.discipline for one in found.plans} == {
        Discipline.PHYSIOTHERAPY,
        Discipline.NURSING,
    }
    assert sum((one.counts.due for one in found.plans), 0) == found.counts.due


def test_a_week_of_illness_is_excused_and_the_therapist_is_told():
    w = ward()
    ill = MONDAY + 2 * DAY
    pauses.pause(
        w.patient,
        w.patient_id,
        kind=PauseKind.ILL,
        first_day=ill.date(),
        until=ill.date() + 7 * DAY,
        now=ill,
    )
    now = ill + 6 * DAY

    found = occurrences.occurrences(w.patient, w.patient_id, ill.date(), ill.date() + 6 * DAY, now)

    daily_ones = [one for one in found if not one.occurrence.span]
    assert {one.status.value for one in daily_ones} == {"excused"}
    told = [notice for row in review.queue(w.therapist, now) for notice in row.notices]
    assert [(one.kind.value, one.subject) for one in told] == [("pause", "ill")]


def test_a_cancelled_pause_excuses_nothing():
    w = ward()
    pause_id = pauses.pause(
        w.patient, w.patient_id, kind=PauseKind.REST, first_day=MONDAY.date(), now=MONDAY
    )

    pauses.cancel_pause(w.patient, w.patient_id, pause_id, MONDAY)

    found = progress.progress(w.patient, w.patient_id, 3, MONDAY + 2 * DAY)
    assert found.counts.excused == 0
    assert rebuild.check(w.patient_id, MONDAY + 2 * DAY) == []
    with pytest.raises(Conflict):
        pauses.cancel_pause(w.patient, w.patient_id, pause_id, MONDAY)


def test_only_a_clinician_says_stop():
    w = ward()

    with pytest.raises(InvalidInput):
        pauses.pause(
            w.patient, w.patient_id, kind=PauseKind.STOP, first_day=MONDAY.date(), now=MONDAY
        )


def test_nothing_due_has_a_reason_and_no_figure():
    _, therapist = clinic()
    account = ward(therapist=therapist)
    from tests.wards import patient_of

    empty = patient_of(therapist, name="New")
    assert empty.patient_id is not None

    found = progress.progress(empty, empty.patient_id, 30, MONDAY)

    assert found.counts.band is None
    assert found.nothing_due == "no_plan"
    assert account.patient_id != empty.patient_id


def test_a_traveller_keeps_the_days_that_have_begun():
    w = ward()
    evening = MONDAY + timedelta(hours=10)  # 20:00 in Berlin, 04:00 of Tuesday in Tokyo
    entries.log_entry(w.patient, w.patient_id, document(w.medicine_id, MONDAY), MONDAY)
    before = past(w, MONDAY.date() + DAY, evening)

    day = patients.change_zone(w.patient, w.patient_id, "Asia/Tokyo", evening)

    assert day == MONDAY.date() + DAY
    assert past(w, MONDAY.date() + DAY, evening) == before
    tuesday = occurrences.occurrences(w.patient, w.patient_id, day, day + DAY, evening)
    due = [one.occurrence.due_at for one in tuesday if one.occurrence.activity_id == w.medicine_id]
    assert [at.hour for at in due] == [23, 3]  # 08:00 and 12:00 in Tokyo


def test_another_clinics_therapist_finds_nobody():
    w = ward()
    _, stranger = clinic(name="Elsewhere")

    for call in (
        lambda: plans.activities(stranger, w.patient_id, MONDAY),
        lambda: goals.goals(stranger, w.patient_id, MONDAY),
        lambda: progress.progress(stranger, w.patient_id, 7, MONDAY),
        lambda: patients.sheet(stranger, w.patient_id, MONDAY),
        lambda: plans.activity(stranger, uuid4(), w.exercise_id, MONDAY),
    ):
        with pytest.raises(NotFound):
            call()
