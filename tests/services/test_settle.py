"""What time alone changes: idempotent, safe to run twice, and never needed for the truth."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from adherence.jobs import work
from adherence.services import entries, health, patients, progress, rebuild, settle
from adherence.store.columns import db
from adherence.store.db import store
from tests.wards import DAY, MONDAY, document, ward

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("app")


def figures(w, now):
    return repr(progress.progress(w.patient, w.patient_id, 30, now))


def test_pages_say_the_same_whether_the_worker_ran_or_not():
    w = ward()
    for n in (0, 2, 5):
        entries.log_entry(
            w.patient, w.patient_id, document(w.exercise_id, MONDAY + n * DAY), MONDAY + n * DAY
        )
    now = MONDAY + 12 * DAY
    before = figures(w, now)
    listed = patients.patients(w.therapist, None, 10, now)

    settle.settle(w.patient_id, now)

    after = figures(w, now)
    assert after.replace(f"seq={_seq(w)}", "") == before.replace(f"seq={_seq(w)}", "")
    assert patients.patients(w.therapist, None, 10, now).patients[0].as_of == now.date()
    assert listed.patients[0].as_of == now.date()


def _seq(w):
    return progress.version(w.patient, w.patient_id, MONDAY)[0]


@pytest.mark.parametrize("hours", [-2, 0, 1, 3, 8, 12, 14, 30])
@pytest.mark.parametrize("settled", [True, False])
def test_a_picture_is_kept_until_the_next_window_closes(hours, settled):
    w = ward()
    now = MONDAY + 5 * DAY + hours * HOUR
    if settled:
        settle.settle(w.patient_id, now)
    closing = [now.replace(hour=hour) + n * DAY for hour in (9, 13, 23) for n in (0, 1)]

    found = progress.progress(w.patient, w.patient_id, 90, now)

    # In Berlin the doses' windows close at 10:00 and 14:00; midnight is at 23:00 UTC.
    assert found.changes_at == min(at for at in closing if at > now)
    assert progress.next_change(w.patient, w.patient_id, now) == found.changes_at


def test_settling_twice_or_at_once_changes_nothing(app):
    w = ward()
    now = MONDAY + 9 * DAY
    settle.settle(w.patient_id, now)
    before = figures(w, now)

    def again():
        with app.app_context():
            work.run_once(now)
            store().drop_connection()

    threads = [threading.Thread(target=again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert figures(w, now) == before
    assert rebuild.check(w.patient_id, now) == []


def test_only_patients_whose_midnight_has_passed_are_taken_up():
    berlin = ward()
    tokyo = ward(therapist=berlin.therapist, zone="Asia/Tokyo")
    night = MONDAY.replace(hour=16)  # 17:00 in Berlin, 01:00 of Tuesday in Tokyo

    assert settle.patients_to_settle(night, 10) == [tokyo.patient_id]
    settle.settle(tokyo.patient_id, night)
    assert settle.patients_to_settle(night, 10) == []


def test_health_says_what_is_wrong_and_since_when():
    w = ward()
    assert {one.what for one in health.troubles(MONDAY)} >= {"job settle has never run"}

    work.run_once(MONDAY)
    assert health.troubles(MONDAY) == []

    later = MONDAY + 2 * DAY
    wrong = {one.what: one.since for one in health.troubles(later)}
    assert wrong["job settle does not run"] == MONDAY
    assert "days are not settled" in wrong

    work.run_once(later)
    assert health.troubles(later) == []
    assert w.patient_id


def test_health_says_when_the_tables_are_older_than_the_code():
    ward()
    work.run_once(MONDAY)
    at = sa.table("alembic_version", sa.column("version_num"))

    def stands_at(version: str) -> list[str]:
        with db.engine.begin() as connection:
            connection.execute(sa.update(at).values(version_num=version))
        return [one.what for one in health.troubles(MONDAY)]

    (said,) = stands_at("0013")
    assert "0013" in said
    assert "adherence db upgrade" in said
    assert stands_at("9999") == []


@pytest.mark.parametrize("job", work.JOBS)
def test_a_job_that_breaks_is_named_until_it_works_again(monkeypatch, job):
    ward()

    def broken(now):
        raise RuntimeError("no")

    monkeypatch.setitem(work.JOBS, job, broken)
    work.run_once(MONDAY)
    work.run_once(MONDAY + DAY)
    wrong = {one.what: one.since for one in health.troubles(MONDAY + DAY)}
    assert wrong[f"job {job} fails"] == MONDAY

    monkeypatch.undo()
    work.run_once(MONDAY + DAY)
    assert health.troubles(MONDAY + DAY) == []


def test_the_outbox_hands_every_line_over_once_and_puts_back_what_failed():
    from adherence.services import outbox

    w = ward()
    entries.sync(w.patient, w.patient_id, [document(w.exercise_id) for _ in range(5)], MONDAY)
    seen: list = []

    def choosy(line):
        if len(seen) < 2 and line.tries == 1:
            seen.append(None)
            raise ConnectionError
        seen.append(line.id)

    subscribers = {"entry": choosy, "notice": lambda line: None}
    done, failed = outbox.hand_over(subscribers, MONDAY)
    assert failed == 2
    assert outbox.hand_over(subscribers, MONDAY) == (0, 0)
    assert outbox.hand_over(subscribers, MONDAY + DAY) == (2, 0)
    assert outbox.waiting() == (0, None)
    handed = [one for one in seen if one is not None]
    assert len(handed) == len(set(handed)) == 5
    assert done >= 3
