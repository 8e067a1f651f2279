"""Sync against a dict: batches doubled, reordered, cut and replayed; two phones; a revision."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adherence.domain.activities import Asked
from adherence.domain.entries import Amounts, Reason, Status
from adherence.domain.errors import Conflict
from adherence.domain.pauses import PauseKind
from adherence.services import audit, entries, pauses, plans, rebuild, settle
from adherence.services.entries import Result
from adherence.store.ids import new_id
from tests.wards import DAY, MONDAY, document, ward

STORED = {Result.CREATED, Result.CORRECTED}
#: What the model did, so that a run that hardly sends anything is noticed.
SENT: Counter[str] = Counter()


class Sync(RuleBasedStateMachine):
    """Two phones of one patient, a server, and a dict that says what must be there."""

    @initialize()
    def begin(self) -> None:
        self.ward = ward()
        self.now = MONDAY
        self.said: dict = {}
        self.expected: dict = {}
        self.corrected: set = set()
        self.cursor = 0
        self.pulled: list = []
        self.queue: list = []
        self.logged: list = []

    @rule(
        many=st.integers(1, 4),
        which=st.sampled_from(["exercise_id", "medicine_id", "weekly_id", "check_id", "nobody"]),
        back=st.integers(0, 5),
        hour=st.integers(0, 23),
        status=st.sampled_from([Status.DONE, Status.PARTLY, Status.SKIPPED, Status.MISSED]),
        named=st.booleans(),
        sets=st.sampled_from([None, 1, 2, 3]),
        online=st.sampled_from([True, True, True, False]),
    )
    def log_on_a_phone(self, many, which, back, hour, status, named, sets, online):
        """Sent at once, or kept while the phone is offline."""
        w = self.ward
        activity_id = uuid4() if which == "nobody" else getattr(w, which)
        at = self.now - back * DAY - timedelta(hours=hour)
        more = {"sets": sets, "reps": None if sets is None else 10}
        if status is Status.SKIPPED:
            more["reason"] = Reason.NO_TIME
        if which == "check_id":
            more |= {"symptom": "pain", "value": float(hour % 11)}
        if named:
            more |= {"day": at.date(), "slot": 0}
        for n in range(many):
            later = timedelta(minutes=17 * n)
            self.queue.append(document(activity_id, at + later, status=status, **more))
        if online:
            self._deliver(self.queue[-many:])

    @precondition(lambda self: self.logged)
    @rule(
        which=st.integers(0), withdrawn=st.booleans(), online=st.sampled_from([True, True, False])
    )
    def correct_on_a_phone(self, which, withdrawn, online):
        self.queue.append(
            {
                "client_id": new_id(),
                "corrects_id": self.logged[which % len(self.logged)],
                **({"withdrawn": True} if withdrawn else {"status": Status.PARTLY, "sets": 1}),
            }
        )
        if online:
            self._deliver(self.queue[-1:])

    @precondition(lambda self: self.queue)
    @rule(
        many=st.integers(1, 6),
        order=st.randoms(use_true_random=False),
        twice=st.booleans(),
        cut=st.booleans(),
    )
    def send(self, many, order, twice, cut):
        """A batch in any order, some items twice, perhaps the answer lost and all sent again."""
        order.shuffle(self.queue)
        sent, self.queue = self.queue[:many], self.queue[many:]
        sent += sent[:2] if twice else []
        order.shuffle(sent)
        self._deliver(sent, cut)

    def _deliver(self, sent, cut=False):
        receipts = self._send(sent)
        if cut:
            again = self._send(sent)
            for first, second in zip(receipts, again, strict=True):
                if first.result in STORED | {Result.IDENTICAL}:
                    assert second.result is Result.IDENTICAL
                    assert second.seq == first.seq
        self.logged += [one.client_id for one in receipts if one.result in STORED]
        SENT["batches"] += 1

    def _send(self, sent):
        w = self.ward
        receipts = entries.sync(w.patient, w.patient_id, sent, self.now)
        assert [receipt.client_id for receipt in receipts] == [one["client_id"] for one in sent]
        for said, receipt in zip(sent, receipts, strict=True):
            assert receipt.result is self._expect(said), (said, receipt)
            if receipt.result in STORED:
                self.expected[said["client_id"]] = receipt.seq
                self.said[said["client_id"]] = said
                if "corrects_id" in said:
                    self.corrected.add(said["corrects_id"])
        return receipts

    def _expect(self, said) -> Result:
        w = self.ward
        if said["client_id"] in self.expected:
            return Result.IDENTICAL
        if "corrects_id" in said:
            if said["corrects_id"] not in self.expected:
                return Result.UNKNOWN
            if said["corrects_id"] in self.corrected:
                return Result.CONFLICT
            return Result.CORRECTED
        mine = {w.exercise_id, w.medicine_id, w.weekly_id, w.check_id}
        return Result.CREATED if said["activity_id"] in mine else Result.UNKNOWN

    @precondition(lambda self: self.logged)
    @rule(which=st.integers(0))
    def say_something_else_under_a_known_id(self, which):
        w = self.ward
        old = self.logged[which % len(self.logged)]
        said = self.said[old] | {"note": f"other {uuid4()}"}
        answer = entries.log_entry(w.patient, w.patient_id, said, self.now)
        assert answer.result is Result.CONFLICT

    @rule(sets=st.integers(1, 4), which=st.sampled_from(["exercise_id", "weekly_id"]))
    def the_plan_is_revised(self, sets, which):
        w = self.ward
        activity_id = getattr(w, which)
        found = plans.activity(w.therapist, w.patient_id, activity_id, self.now).activity
        last = found.revisions[-1]
        try:
            plans.revise_activity(
                w.therapist,
                w.patient_id,
                activity_id,
                schedule=replace(last.schedule),
                asked=Asked(title=last.asked.title, amounts=Amounts(sets=sets, reps=10)),
                reason="as agreed",
                now=self.now,
            )
        except Conflict:
            assert last.effective_on >= self.now.date()

    @rule(days=st.integers(1, 3))
    def the_patient_is_ill(self, days):
        w = self.ward
        pauses.pause(
            w.patient,
            w.patient_id,
            kind=PauseKind.ILL,
            first_day=self.now.date(),
            until=self.now.date() + days * DAY,
            now=self.now,
        )

    @rule(days=st.integers(1, 4), settled=st.booleans())
    def days_pass(self, days, settled):
        self.now += days * DAY
        if settled:
            settle.settle(self.ward.patient_id, self.now)

    @rule(limit=st.integers(1, 20))
    def pull(self, limit):
        w = self.ward
        page = entries.pull(w.patient, w.patient_id, self.cursor, limit, self.now)
        assert page.more or page.after >= self.cursor
        self.pulled += [change.row.client_id for change in page.changes if change.kind == "entry"]
        self.cursor = page.after

    @invariant()
    def the_server_holds_what_was_acknowledged(self):
        if not hasattr(self, "ward"):
            return
        w = self.ward
        stored = entries.entries(w.patient, w.patient_id, None, 10_000, self.now).entries
        assert {row.client_id: row.seq for row in stored} == self.expected
        assert {row.client_id for row in stored if row.corrected_by} == self.corrected
        assert len(self.pulled) == len(set(self.pulled))

    def teardown(self):
        if not hasattr(self, "ward"):
            return
        w = self.ward
        more = True
        while more:
            page = entries.pull(w.patient, w.patient_id, self.cursor, 100, self.now)
            self.pulled += [one.row.client_id for one in page.changes if one.kind == "entry"]
            self.cursor, more = page.after, page.more
        assert sorted(self.pulled) == sorted(self.expected)
        assert rebuild.check(w.patient_id, self.now) == []
        assert audit.verify(w.clinic_id) == []


def run(examples: int, steps: int) -> None:
    SENT.clear()
    run_state_machine_as_test(
        Sync,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert SENT["batches"] > examples, "the phones hardly ever sent anything"


def test_sync_equals_a_dict(app):
    run(40, 30)


@pytest.mark.full
def test_sync_equals_a_dict_for_long(app):
    run(1500, 60)
