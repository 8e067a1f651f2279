"""Milestones: awarded once, whoever writes; withdrawn politely; reviewed by a person."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from adherence.domain.activities import ActivityKind, Asked
from adherence.domain.entries import Reason, Status
from adherence.domain.errors import Conflict, InvalidInput
from adherence.domain.milestones import MilestoneKind
from adherence.domain.schedules import Schedule, ScheduleKind
from adherence.services import entries, milestones, patients, plans, rebuild, review, settle
from adherence.store.db import store
from adherence.store.ids import new_id
from tests.wards import DAY, MONDAY, document, ward

pytestmark = pytest.mark.usefixtures("app")


def standing(w, now=MONDAY + 60 * DAY):
    return {
        (one.kind, one.level)
        for one in milestones.milestones(w.patient, w.patient_id, now)
        if one.retracted_at is None
    }


def rate(w, value, at=MONDAY):
    said = document(goal_id=w.goal_id, value=float(value), at=at)
    entries.log_entry(w.patient, w.patient_id, said, at)
    return said["client_id"]


def test_halfway_and_target_are_reached_by_function():
    w = ward()

    rate(w, 8)
    assert standing(w) == set()
    rate(w, 9, MONDAY + DAY)
    assert standing(w) == {(MilestoneKind.HALFWAY, 50)}
    rate(w, 14, MONDAY + 2 * DAY)

    assert standing(w) == {(MilestoneKind.HALFWAY, 50), (MilestoneKind.TARGET_REACHED, 100)}


def test_falling_back_takes_nothing_away_and_reaching_again_adds_nothing():
    w = ward()
    for n, value in enumerate((14, 5, 14)):
        rate(w, value, MONDAY + n * DAY)

    queue = review.queue(w.therapist, MONDAY + 3 * DAY)

    assert len([one for row in queue for one in row.notices]) == 2


def test_correcting_the_entry_beneath_withdraws_the_milestone_and_says_so():
    w = ward()
    rated = rate(w, 14)
    assert len(standing(w)) == 2

    entries.log_entry(
        w.patient,
        w.patient_id,
        {"client_id": new_id(), "corrects_id": rated, "value": 10.0},
        MONDAY + DAY,
    )

    assert standing(w) == {(MilestoneKind.HALFWAY, 50)}
    told = [one for row in review.queue(w.therapist, MONDAY + DAY) for one in row.notices]
    assert {(one.kind.value, one.subject) for one in told} == {
        ("milestone", "halfway"),
        ("milestone", "target_reached"),
        ("milestone_withdrawn", "target_reached"),
    }
    assert rebuild.check(w.patient_id, MONDAY + DAY) == []

    rate(w, 14, MONDAY + 2 * DAY)
    assert (MilestoneKind.TARGET_REACHED, 100) in standing(w)


def do_all(w, day):
    entries.sync(
        w.patient,
        w.patient_id,
        [
            document(w.exercise_id, day, sets=2, reps=10),
            document(w.medicine_id, day - timedelta(hours=2)),
            document(w.medicine_id, day + timedelta(hours=2)),
            document(w.check_id, day + timedelta(hours=4), symptom="pain", value=2.0),
        ],
        day + timedelta(hours=12),
    )


def test_the_first_day_with_all_done_counts_once():
    w = ward()
    do_all(w, MONDAY)
    assert (MilestoneKind.FIRST_ALL_DONE, 1) in standing(w)

    do_all(w, MONDAY + DAY)

    assert [kind for kind, _ in standing(w)].count(MilestoneKind.FIRST_ALL_DONE) == 1
    assert rebuild.check(w.patient_id, MONDAY + DAY) == []


def test_a_day_with_something_open_is_not_all_done():
    w = ward()

    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)

    assert standing(w) == set()


def test_coming_back_after_a_break_is_a_milestone_and_a_late_entry_may_undo_it():
    w = ward()
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)
    back = MONDAY + 12 * DAY
    settle.settle(w.patient_id, back)
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id, back), back)
    assert (MilestoneKind.RETURN_AFTER_BREAK, back.date().toordinal()) in standing(w)

    between = MONDAY + 6 * DAY
    entries.log_entry(
        w.patient, w.patient_id, document(w.exercise_id, between), back + timedelta(hours=1)
    )

    assert (MilestoneKind.RETURN_AFTER_BREAK, back.date().toordinal()) not in standing(w)
    assert rebuild.check(w.patient_id, back + DAY) == []


def test_a_return_is_seen_though_the_first_complete_day_is_known():
    w = ward()
    do_all(w, MONDAY)
    back = MONDAY + 12 * DAY
    settle.settle(w.patient_id, back)
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id, back), back)

    assert {kind for kind, _ in standing(w)} == {
        MilestoneKind.FIRST_ALL_DONE,
        MilestoneKind.RETURN_AFTER_BREAK,
    }
    assert rebuild.check(w.patient_id, back) == []


@pytest.mark.parametrize("again", [False, True])
def test_the_first_complete_day_is_lost_with_an_entry_of_its_own_week(again):
    w = ward()
    do_all(w, MONDAY)
    if again:
        do_all(w, MONDAY + DAY)
    (done, *_) = (
        one
        for one in entries.entries(w.patient, w.patient_id, None, 100, MONDAY + DAY).entries
        if one.local_day == MONDAY.date() and one.activity_id == w.exercise_id
    )
    later = MONDAY + 2 * DAY
    entries.log_entry(
        w.patient,
        w.patient_id,
        {"client_id": new_id(), "corrects_id": done.client_id, "withdrawn": True},
        later,
    )

    told = [one.subject for row in review.queue(w.therapist, later) for one in row.notices]
    assert rebuild.check(w.patient_id, later) == []
    assert ((MilestoneKind.FIRST_ALL_DONE, 1) in standing(w)) is again
    assert "first_all_done" in told


def test_weeks_in_a_row_are_awarded_when_they_close():
    w = ward()
    for n in range(14):
        day = MONDAY + n * DAY
        do_all(w, day)
        if n % 7 in (1, 3, 5):
            entries.log_entry(w.patient, w.patient_id, document(w.weekly_id, day), day)
        settle.settle(w.patient_id, day + DAY)
    assert (MilestoneKind.SUSTAINED_WEEKS, 2) not in standing(w)

    settle.settle(w.patient_id, MONDAY + 15 * DAY)

    assert (MilestoneKind.SUSTAINED_WEEKS, 2) in standing(w)
    settle.settle(w.patient_id, MONDAY + 15 * DAY)
    assert rebuild.check(w.patient_id, MONDAY + 15 * DAY) == []


def kept_two_weeks(w, without):
    """Two whole weeks, but for some days of the second; settled in the third."""
    for n in range(14):
        day = MONDAY + n * DAY
        if n not in without:
            do_all(w, day)
        if n % 7 in (1, 3, 5):
            entries.log_entry(w.patient, w.patient_id, document(w.weekly_id, day), day)
    settle.settle(w.patient_id, MONDAY + 15 * DAY)


def test_a_late_batch_that_completes_a_closed_week_earns_the_run():
    w = ward()
    kept_two_weeks(w, without=(7, 8, 9))
    assert (MilestoneKind.SUSTAINED_WEEKS, 2) not in standing(w)

    do_all(w, MONDAY + 7 * DAY)
    assert (MilestoneKind.SUSTAINED_WEEKS, 2) not in standing(w)
    do_all(w, MONDAY + 8 * DAY)

    assert (MilestoneKind.SUSTAINED_WEEKS, 2) in standing(w)
    assert rebuild.check(w.patient_id, MONDAY + 15 * DAY) == []


def test_an_entry_put_right_in_a_closed_week_takes_the_run_back():
    w = ward()
    kept_two_weeks(w, without=(7,))
    assert (MilestoneKind.SUSTAINED_WEEKS, 2) in standing(w)

    page = entries.entries(w.patient, w.patient_id, None, 100, MONDAY + 15 * DAY).entries
    second = [one for one in page if one.local_day > (MONDAY + 7 * DAY).date()]
    for one in second[:6]:
        entries.log_entry(
            w.patient,
            w.patient_id,
            {"client_id": new_id(), "corrects_id": one.client_id, "withdrawn": True},
            MONDAY + 15 * DAY,
        )

    assert (MilestoneKind.SUSTAINED_WEEKS, 2) not in standing(w)
    assert rebuild.check(w.patient_id, MONDAY + 15 * DAY) == []


def test_a_worker_that_slept_leaves_no_difference_only_a_run_to_come():
    w = ward()
    plans.end_activity(w.therapist, w.patient_id, w.weekly_id, reason="not now", now=MONDAY)
    walking = Schedule(ScheduleKind.WEEKDAYS, MONDAY.date(), weekdays=frozenset({0, 2, 4}))
    for activity_id in (w.exercise_id, w.medicine_id, w.check_id):
        plans.end_activity(w.therapist, w.patient_id, activity_id, reason="not now", now=MONDAY)
    walk = plans.assign_activity(
        w.therapist,
        w.patient_id,
        plan_id=w.plan_id,
        kind=ActivityKind.EXERCISE,
        schedule=walking,
        asked=Asked(title="Walk to the park"),
        goals=[(w.goal_id, "because the stairs need it")],
        now=MONDAY,
    )
    for n in (0, 2, 4, 7, 9, 11):
        day = MONDAY + n * DAY
        entries.log_entry(w.patient, w.patient_id, document(walk, day), day)
    settle.settle(w.patient_id, MONDAY + 13 * DAY)

    for slept in (14, 15, 16, 20, 23):
        now = MONDAY + slept * DAY
        assert rebuild.check(w.patient_id, now) == [], slept
    assert (MilestoneKind.SUSTAINED_WEEKS, 2) not in standing(w)

    settle.settle(w.patient_id, MONDAY + 23 * DAY)

    assert (MilestoneKind.SUSTAINED_WEEKS, 2) in standing(w)
    assert rebuild.check(w.patient_id, MONDAY + 23 * DAY) == []


def test_fifty_writers_award_one_milestone(app):
    """The lock and the key decide, not a look before the leap."""
    w = ward()
    barrier = threading.Barrier(50)
    failed = []

    def one(number: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                rate(w, 14, MONDAY + timedelta(minutes=number))
            except Exception as error:
                failed.append(error)
            store().drop_connection()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    told = [one for row in review.queue(w.therapist, MONDAY + DAY) for one in row.notices]
    assert sorted(one.subject for one in told) == ["halfway", "target_reached"]
    assert rebuild.check(w.patient_id, MONDAY + DAY) == []


def test_a_reply_reaches_the_patient_and_closes_the_notice():
    w = ward()
    rate(w, 14)
    queue = review.queue(w.therapist, MONDAY)
    notice = next(one for one in queue[0].notices if one.subject == "target_reached")

    review.reply(w.therapist, notice.id, "  Well done. ", MONDAY)

    mine = milestones.milestones(w.patient, w.patient_id, MONDAY)
    assert [one.reply for one in mine if one.kind is MilestoneKind.TARGET_REACHED] == ["Well done."]
    with pytest.raises(Conflict):
        review.seen(w.therapist, notice.id, MONDAY)
    assert notice.id not in {
        one.id for row in review.queue(w.therapist, MONDAY) for one in row.notices
    }


def test_an_empty_reply_is_refused():
    w = ward()
    rate(w, 14)
    notice = review.queue(w.therapist, MONDAY)[0].notices[0]

    with pytest.raises(InvalidInput):
        review.reply(w.therapist, notice.id, " \n ", MONDAY)


def test_it_hurts_is_told_once_until_somebody_answers():
    w = ward()
    for n in range(3):
        said = document(w.exercise_id, MONDAY + n * DAY, status=Status.SKIPPED, reason=Reason.HURT)
        entries.log_entry(w.patient, w.patient_id, said, MONDAY + n * DAY)

    queue = review.queue(w.therapist, MONDAY + 3 * DAY)

    assert [(one.kind.value, one.subject) for one in queue[0].notices] == [("concern", "hurt")]
    review.seen(w.therapist, queue[0].notices[0].id, MONDAY + 3 * DAY)
    assert review.queue(w.therapist, MONDAY + 3 * DAY) == []


def test_pain_at_the_limit_comes_before_everything_else():
    w = ward()
    other = ward(therapist=w.therapist)
    rate(other, 14)
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id, pain=7), MONDAY)

    queue = review.queue(w.therapist, MONDAY)

    assert [row.patient.patient_id for row in queue] == [w.patient_id, other.patient_id]
    listed = patients.patients(w.therapist, None, 10, MONDAY).patients
    assert [one.patient_id for one in listed] == [w.patient_id, other.patient_id]
    assert listed[0].pain7 == 7


def test_the_list_is_paged_without_gaps_or_repeats():
    w = ward()
    wards = [w] + [ward(therapist=w.therapist) for _ in range(6)]

    seen, after = [], None
    while True:
        page = patients.patients(w.therapist, after, 3, MONDAY + 2 * DAY)
        seen += [one.patient_id for one in page.patients]
        if page.after is None:
            break
        after = page.after

    assert sorted(seen) == sorted(one.patient_id for one in wards)
    assert len(seen) == 7
