"""Logging, batches, corrections: receipts, and what is stored because of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from adherence.domain.activities import Asked
from adherence.domain.entries import Amounts, Reason, Status
from adherence.domain.errors import NotFound
from adherence.domain.pauses import PauseKind
from adherence.services import entries, occurrences, pauses, plans, rebuild
from adherence.services.entries import Result
from adherence.store.ids import new_id
from tests.wards import DAY, MONDAY, Ward, clinic, document, ward

pytestmark = pytest.mark.usefixtures("app")


def outcome(w: Ward, activity_id, day, slot=0, now=MONDAY + 8 * DAY):
    """What became of one occurrence."""
    found = occurrences.occurrences(w.patient, w.patient_id, day, day + DAY, now)
    return next(
        one
        for one in found
        if one.occurrence.activity_id == activity_id and one.occurrence.slot == slot
    )


def test_an_entry_is_created_once_and_identical_afterwards():
    w = ward()
    said = document(w.exercise_id, sets=2, reps=10)

    first = entries.log_entry(w.patient, w.patient_id, said, MONDAY)
    again = entries.log_entry(w.patient, w.patient_id, dict(said), MONDAY + DAY)

    assert (first.result, first.status, first.extra) == (Result.CREATED, Status.DONE, False)
    assert first.answers == (MONDAY.date(), 0)
    assert (again.result, again.seq) == (Result.IDENTICAL, first.seq)
    assert len(entries.entries(w.patient, w.patient_id, None, 10, MONDAY).entries) == 1


def test_another_content_under_a_known_id_is_a_conflict_and_changes_nothing():
    w = ward()
    said = document(w.exercise_id, pain=3)
    entries.log_entry(w.patient, w.patient_id, said, MONDAY)

    answer = entries.log_entry(w.patient, w.patient_id, said | {"pain": 4}, MONDAY)

    assert answer.result is Result.CONFLICT
    stored = entries.entry(w.patient, w.patient_id, said["client_id"])
    assert stored.pain == 3


def test_anothers_activity_reads_like_a_random_one():
    w = ward()
    other = ward(therapist=w.therapist)

    for activity_id in (other.exercise_id, uuid4()):
        answer = entries.log_entry(w.patient, w.patient_id, document(activity_id), MONDAY)
        assert (answer.result, answer.seq, dict(answer.errors)) == (Result.UNKNOWN, None, {})
    assert entries.entries(other.patient, other.patient_id, None, 10, MONDAY).entries == []


def test_anothers_entry_cannot_be_corrected_nor_told_from_a_random_one():
    w = ward()
    other = ward(therapist=w.therapist)
    theirs = document(other.exercise_id)
    entries.log_entry(other.patient, other.patient_id, theirs, MONDAY)

    for corrected in (theirs["client_id"], new_id()):
        answer = entries.log_entry(
            w.patient, w.patient_id, document(corrects_id=corrected, withdrawn=True), MONDAY
        )
        assert answer.result is Result.UNKNOWN


def test_the_same_client_id_of_two_patients_is_two_entries():
    w = ward()
    other = ward(therapist=w.therapist)
    client_id = new_id()

    one = entries.log_entry(
        w.patient, w.patient_id, document(w.exercise_id, client_id=client_id), MONDAY
    )
    two = entries.log_entry(
        other.patient, other.patient_id, document(other.exercise_id, client_id=client_id), MONDAY
    )

    assert (one.result, two.result) == (Result.CREATED, Result.CREATED)


def test_a_patient_of_another_clinic_is_not_found():
    w = ward()
    _, stranger = clinic(name="Elsewhere")

    with pytest.raises(NotFound):
        entries.log_entry(stranger, w.patient_id, document(w.exercise_id), MONDAY)


def test_one_bad_item_never_holds_up_the_others():
    w = ward()
    good, late = document(w.exercise_id), document(w.check_id, symptom="pain", value=0.0)
    batch = [
        good,
        document(uuid4()),
        document(w.exercise_id, at=MONDAY + 3 * DAY),
        late,
        dict(good),
    ]

    receipts = entries.sync(w.patient, w.patient_id, batch, MONDAY)

    assert [receipt.result for receipt in receipts] == [
        Result.CREATED,
        Result.UNKNOWN,
        Result.INVALID,
        Result.CREATED,
        Result.IDENTICAL,
    ]
    assert receipts[2].errors == {"performed_at": ["in_the_future"]}


def test_a_third_dose_on_a_day_of_two_is_an_extra():
    w = ward()
    at = MONDAY.replace(hour=7)
    receipts = entries.sync(
        w.patient,
        w.patient_id,
        [
            document(w.medicine_id, at, day=at.date(), slot=0),
            document(w.medicine_id, at + timedelta(hours=4), day=at.date(), slot=1),
            document(w.medicine_id, at + timedelta(hours=1), day=at.date(), slot=0),
        ],
        MONDAY + timedelta(hours=6),
    )

    assert [receipt.extra for receipt in receipts] == [False, False, True]
    assert all(receipt.result is Result.CREATED for receipt in receipts)


def test_a_correction_leaves_the_old_version_readable_and_counts_instead():
    w = ward()
    said = document(w.exercise_id, sets=2, reps=10, pain=5)
    entries.log_entry(w.patient, w.patient_id, said, MONDAY)

    answer = entries.log_entry(
        w.patient,
        w.patient_id,
        {
            "client_id": new_id(),
            "corrects_id": said["client_id"],
            "status": Status.SKIPPED,
            "reason": Reason.HURT,
        },
        MONDAY + DAY,
    )

    assert answer.result is Result.CORRECTED
    page = entries.entries(w.patient, w.patient_id, None, 10, MONDAY).entries
    assert [(row.status, row.corrected_by) for row in page] == [
        (Status.SKIPPED, None),
        (Status.DONE, page[0].client_id),
    ]
    assert outcome(w, w.exercise_id, MONDAY.date()).status is Status.SKIPPED


def test_only_the_newest_version_can_be_corrected():
    w = ward()
    said = document(w.exercise_id)
    entries.log_entry(w.patient, w.patient_id, said, MONDAY)
    change = {"corrects_id": said["client_id"], "status": Status.PARTLY}
    entries.log_entry(w.patient, w.patient_id, {"client_id": new_id()} | change, MONDAY)

    again = entries.log_entry(w.patient, w.patient_id, {"client_id": new_id()} | change, MONDAY)

    assert again.result is Result.CONFLICT
    assert again.errors == {"corrects_id": ["already_corrected"]}


def test_a_withdrawn_entry_leaves_its_occurrence_open_again():
    w = ward()
    said = document(w.exercise_id)
    entries.log_entry(w.patient, w.patient_id, said, MONDAY)

    entries.log_entry(
        w.patient,
        w.patient_id,
        {"client_id": new_id(), "corrects_id": said["client_id"], "withdrawn": True},
        MONDAY,
    )

    assert outcome(w, w.exercise_id, MONDAY.date()).status is Status.UNREPORTED
    assert outcome(w, w.exercise_id, MONDAY.date(), now=MONDAY).status is Status.UPCOMING


def log(w: Ward, **said):
    """An entry about the exercise, done at an hour of Monday; and its receipt."""
    at = MONDAY.replace(hour=said.pop("hour"))
    one = document(w.exercise_id, at, **said)
    return one, entries.log_entry(w.patient, w.patient_id, one, MONDAY + timedelta(hours=8))


@pytest.mark.parametrize("hour", [5, 6, 7])
def test_one_more_entry_of_an_answered_day_counts_as_from_scratch(hour):
    """Done before the one that answers, at the same moment, or after it."""
    w = ward()
    log(w, hour=6, sets=1, reps=10, pain=2)

    _, receipt = log(w, hour=hour, sets=2, reps=10, pain=6, effort=3)

    if hour != 6:  # at the same moment the ids decide
        assert receipt.extra is (hour > 6)
    assert rebuild.check(w.patient_id, MONDAY + timedelta(hours=8)) == []


@pytest.mark.parametrize("change", [{"withdrawn": True}, {"status": Status.PARTLY, "sets": 1}])
def test_correcting_an_extra_takes_it_out_of_its_day_again(change):
    w = ward()
    log(w, hour=5, sets=2, reps=10)
    extra, receipt = log(w, hour=7, sets=2, reps=10, pain=9)
    assert receipt.extra

    entries.log_entry(
        w.patient,
        w.patient_id,
        {"client_id": new_id(), "corrects_id": extra["client_id"], **change},
        MONDAY + timedelta(hours=9),
    )

    assert rebuild.check(w.patient_id, MONDAY + timedelta(hours=9)) == []


def test_an_extra_on_a_day_of_rest_counts_as_from_scratch():
    w = ward()
    log(w, hour=5, sets=2, reps=10)
    pauses.pause(
        w.patient,
        w.patient_id,
        kind=PauseKind.ILL,
        first_day=MONDAY.date(),
        until=MONDAY.date() + DAY,
        now=MONDAY,
    )

    log(w, hour=7, sets=2, reps=10)

    assert rebuild.check(w.patient_id, MONDAY + timedelta(hours=8)) == []


def test_a_plan_that_begins_anew_does_not_change_what_was_done_before_it():
    """Before the first revision nothing was asked, whatever the first revision comes to ask."""
    w = ward()
    entries.log_entry(
        w.patient, w.patient_id, document(w.exercise_id, MONDAY - DAY, sets=2, reps=10), MONDAY
    )
    found = plans.activity(w.therapist, w.patient_id, w.exercise_id, MONDAY).activity

    plans.revise_activity(
        w.therapist,
        w.patient_id,
        w.exercise_id,
        schedule=found.revisions[-1].schedule,
        asked=Asked(title="Heel raises", amounts=Amounts(sets=1, reps=10)),
        reason="as agreed",
        now=MONDAY,
    )

    assert rebuild.check(w.patient_id, MONDAY) == []


def test_what_comes_back_in_a_pull_is_in_the_order_it_was_stored():
    w = ward()
    start = entries.pull(w.patient, w.patient_id, 0, 500, MONDAY).after
    late = document(w.exercise_id, MONDAY - timedelta(hours=3))
    entries.log_entry(w.patient, w.patient_id, document(w.exercise_id), MONDAY)
    entries.log_entry(w.patient, w.patient_id, late, MONDAY)

    seen = []
    cursor, more = start, True
    while more:
        page = entries.pull(w.patient, w.patient_id, cursor, 1, MONDAY)
        seen += [change for change in page.changes if change.kind == "entry"]
        cursor, more = page.after, page.more

    assert [change.seq for change in seen] == sorted(change.seq for change in seen)
    assert seen[-1].row.client_id == late["client_id"]
    assert entries.pull(w.patient, w.patient_id, cursor, 10, MONDAY).changes == ()


def test_projections_equal_a_computation_from_scratch_after_all_of_it():
    w = ward()
    entries.sync(
        w.patient,
        w.patient_id,
        [
            document(activity_id, MONDAY + n * DAY - timedelta(hours=n % 5))
            for n in range(-3, 1)
            for activity_id in (w.exercise_id, w.weekly_id, w.medicine_id)
        ],
        MONDAY,
    )

    assert rebuild.check(w.patient_id, MONDAY + DAY) == []
