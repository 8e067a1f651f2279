"""What all pictures of a page show is the same as asking for each alone, and costs as little."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from adherence.domain.entries import Amounts, Reason, Status
from adherence.domain.errors import NotFound
from adherence.domain.goals import GoalState
from adherence.services import entries, goals, pauses, progress, settle
from adherence.services.progress import Lengths, Pictured
from adherence.store.db import EXTENSION
from tests.wards import DAY, MONDAY, Ward, clinic, document, ward

LENGTHS = Lengths(all=90, days=42, symptoms=28, goals=90)


def lived(days: int, settled: bool) -> tuple[Ward, datetime]:
    """A ward whose patient reported most of some days, and the morning after them."""
    w = ward(MONDAY - days * DAY)
    for n in range(days):
        at = MONDAY - (days - n) * DAY
        said: list[dict[str, Any]] = [
            document(w.medicine_id, at - timedelta(hours=2), quantity=1 if n % 5 else 0.5),
            document(w.check_id, at, symptom="pain", value=float(n % 11)),
            document(w.weekly_id, at),
        ]
        if n % 3:
            said.append(document(w.exercise_id, at, sets=2, reps=10))
        if n % 7 == 0:
            said.append(document(None, at, goal_id=w.goal_id, value=float(4 + n % 6)))
            said.append(document(w.medicine_id, at + timedelta(hours=9), quantity=1))
        if n % 9 == 0:
            said.append(document(None, at, symptom="stiff knee", declined=True))
        if n == 2:
            said.append(document(None, at, symptom="cough", value=3.0))
        for one in said:
            entries.log_entry(w.patient, w.patient_id, one, at)
        if settled and n % 7 == 0:
            settle.settle(w.patient_id, at)
    return w, MONDAY + timedelta(hours=3)


def asked(app: Any, work: Any) -> int:
    """How many statements a piece of work sends."""
    seen: list[str] = []
    connection: Any = app.extensions[EXTENSION].connection().connection.dbapi_connection
    connection.set_trace_callback(seen.append)
    try:
        work()
    finally:
        connection.set_trace_callback(None)
    return len([one for one in seen if one.lstrip().startswith(("SELECT", "WITH"))])


def same_one_by_one(w: Ward, found: Pictured, now: datetime) -> None:
    until = found.today + DAY

    def since(days: int) -> date:
        return until - days * DAY

    args = w.patient, w.patient_id
    assert found.days == progress.day_states(*args, since(42), until, now)[0]
    assert found.symptoms == tuple(
        progress.symptom_series(*args, one.symptom, since(28), until, now) for one in found.symptoms
    )
    assert found.goals == tuple(
        progress.goal_series(*args, one.agreed.id, since(90), until, now) for one in found.goals
    )
    assert found.doses == tuple(
        progress.dose_series(*args, one.activity.id, since(28), until, now) for one in found.doses
    )
    whole = progress.progress(*args, 90, now)
    assert [one.symptom for one in found.symptoms] == list(whole.symptoms)
    assert found.put_right == whole.put_right
    assert found.changes_at == whole.changes_at


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("days", [3, 35, 100])
def test_everything_at_once_is_the_same_as_each_alone(app, days: int, settled: bool):
    w, now = lived(days, settled)
    pauses.pause(
        w.patient,
        w.patient_id,
        kind=pauses.PauseKind.REST,
        first_day=MONDAY.date(),
        now=MONDAY,
    )

    found = progress.pictured(w.patient, w.patient_id, LENGTHS, now)

    same_one_by_one(w, found, now)
    assert {one.symptom for one in found.symptoms} == {"pain", "stiff knee"} | (
        {"cough"} if days < 90 else set()
    )
    assert [one.agreed.id for one in found.goals] == [w.goal_id]
    assert [one.activity.id for one in found.doses] == [w.medicine_id]
    assert found.doses[0].outcomes
    assert found.doses[0].extras


def test_a_closed_goal_and_one_never_measured_have_no_picture(app):
    w, now = lived(20, settled=True)
    unmeasured = goals.new_goal(words="Sing", measure=goals.Measure.RATING, target=8)
    goals.set_goal(w.therapist, w.patient_id, unmeasured, now)
    assert len(progress.pictured(w.patient, w.patient_id, LENGTHS, now).goals) == 1

    goals.close_goal(
        w.therapist, w.patient_id, w.goal_id, state=GoalState.ACHIEVED, reason="there", now=now
    )

    assert progress.pictured(w.patient, w.patient_id, LENGTHS, now).goals == ()


def test_a_medicine_is_shown_while_any_dose_was_due_in_the_longest_of_the_periods(app):
    w, now = lived(20, settled=True)
    settle.settle(w.patient_id, now)
    later = now + 40 * DAY
    pauses.pause(
        w.patient,
        w.patient_id,
        kind=pauses.PauseKind.REST,
        first_day=now.date(),
        now=now,
    )

    short = Lengths(all=28, days=28, symptoms=28, goals=90)

    assert progress.pictured(w.patient, w.patient_id, LENGTHS, later).doses
    assert not progress.pictured(w.patient, w.patient_id, short, later).doses


def test_the_length_of_the_history_costs_no_statement(app):
    counts = []
    for days in (10, 100):
        w, now = lived(days, settled=True)
        settle.settle(w.patient_id, now)
        progress.pictured(w.patient, w.patient_id, LENGTHS, now)
        if app.extensions[EXTENSION].sqlite:
            counts.append(
                asked(app, lambda: progress.pictured(w.patient, w.patient_id, LENGTHS, now))  # noqa: B023 - at once
            )

    assert all(count <= 12 for count in counts), counts


def test_another_clinic_sees_nothing(app):
    w, now = lived(2, settled=False)
    _, stranger = clinic(name="Elsewhere")

    with pytest.raises(NotFound):
        progress.pictured(stranger, w.patient_id, LENGTHS, now)


def test_reports_that_differ_in_anything_are_told_apart(app):
    """Doses that say the same are judged once; these differ in status, reason or amount alone."""
    w = ward(MONDAY - 6 * DAY)
    said = [
        {"status": Status.DONE, "quantity": 1},
        {"status": Status.PARTLY, "quantity": 0.5},
        {"status": Status.SKIPPED, "reason": Reason.NO_TIME},
        {"status": Status.MISSED},
        {"status": Status.DONE},
        {"status": Status.DONE, "quantity": 0.5},
    ]
    for n, one in enumerate(said):
        at = MONDAY - (6 - n) * DAY - timedelta(hours=2)
        entries.log_entry(w.patient, w.patient_id, document(w.medicine_id, at, **one), at)

    found = progress.pictured(w.patient, w.patient_id, LENGTHS, MONDAY).doses[0]

    assert [(one.status, one.entry.amounts) for one in found.outcomes if one.entry is not None] == [
        (Status.DONE, Amounts(quantity=1)),
        (Status.PARTLY, Amounts(quantity=0.5)),
        (Status.SKIPPED, Amounts()),
        (Status.MISSED, Amounts()),
        (Status.DONE, Amounts()),
        (Status.PARTLY, Amounts(quantity=0.5)),
    ]
