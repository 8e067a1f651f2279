"""A patient's record, opened for writing: the lock, the numbers, the audit lines, the outbox.

Everything that a use case changes about one patient goes through one ``Record`` in one transaction:
the row lock orders writers, ``number()`` hands out the places in the pull order, and ``close()``
writes the audit lines, the outbox lines and the used-up counters together with the change itself.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, Source
from adherence.domain.audit import GENESIS, Refusal, Result, linker
from adherence.domain.errors import NotFound, Restricted
from adherence.services.relations import check_entrance
from adherence.store import audit as audit_table
from adherence.store import clinics, outbox, patients
from adherence.store.db import Run
from adherence.store.ids import new_id


class Record:
    """One patient under lock, for one actor, at one moment."""

    __slots__ = (
        "_audit",
        "_head",
        "_lines",
        "_n",
        "_outbox",
        "_seq",
        "_settled_on",
        "actor",
        "clinic_id",
        "home_zone",
        "notices_changed",
        "now",
        "patient_id",
        "plan_version",
        "run",
        "settled_on",
        "started_on",
    )

    def __init__(
        self,
        run: Run,
        actor: Actor,
        patient_id: UUID,
        now: datetime,
        *,
        even_restricted: bool = False,
    ) -> None:
        """Lock the patient. A record that was locked away takes nothing but ``even_restricted``.

        Raises:
            NotFound: no such patient in the actor's clinic, or what let the actor in has ended.
            Restricted: the record was locked away.
        """
        row: Any = run.first(patients.lock_patient, patient_id=patient_id)
        if row is None or row.clinic_id != actor.clinic_id:
            raise NotFound
        if row.restricted_at is not None and not even_restricted:
            raise Restricted
        check_entrance(run, actor, patient_id)
        self.run = run
        self.actor = actor
        self.patient_id = patient_id
        self.now = now
        self.clinic_id: UUID = row.clinic_id
        self.home_zone: str = row.home_zone
        self.started_on: date = row.started_on
        self.plan_version: int = row.plan_version
        self.settled_on: date = row.settled_on
        self._settled_on = self.settled_on
        self._seq: int = row.seq
        self._n: int = row.audit_n
        self._head: bytes = row.audit_head or GENESIS
        #: Whether a notice was raised or reviewed, so that the caseload counts them again.
        self.notices_changed = False
        self._lines = _Lines(patient_id, actor, now)
        self._audit: list[dict[str, Any]] = []
        self._outbox: list[dict[str, Any]] = []

    @property
    def seq(self) -> int:
        """The last number handed out."""
        return self._seq

    @property
    def audit_end(self) -> tuple[int, bytes]:
        """The number and the hash of the newest line of the patient's chain."""
        return self._n, self._head

    def number(self) -> int:
        """The next number in the order in which devices pull."""
        self._seq += 1
        return self._seq

    def audit(self, action: str, object_id: UUID, digest: bytes | None = None) -> None:
        """Add a line to the patient's chain."""
        self._n += 1
        line = self._lines.after(self._head, self._n, action, object_id, digest)
        self._head = line["hash"]
        self._audit.append(line)

    def send(self, topic: str, subject_id: UUID, seq: int) -> None:
        """Add a line to the outbox."""
        self._outbox.append({"id": new_id(), "topic": topic, "subject_id": subject_id, "seq": seq})

    def plan_changed(self) -> None:
        """Make every process read the plan anew."""
        self.plan_version += 1

    def close(self) -> None:
        """Write what was gathered; the last thing before the commit."""
        run = self.run
        run.do_many(audit_table.add_audit, self._audit, **self._lines.same)
        run.do_many(
            outbox.add_outbox,
            self._outbox,
            clinic_id=self.clinic_id,
            patient_id=self.patient_id,
            created_at=self.now,
            due_at=self.now,
            tries=0,
        )
        run.put(
            patients.unlock_patient,
            patient_id=self.patient_id,
            new_seq=self._seq,
            new_plan_version=self.plan_version,
            new_audit_n=self._n,
            new_audit_head=None if self._head == GENESIS else self._head,
        )
        if self.settled_on != self._settled_on:
            run.put(
                patients.set_settled_on,
                patient_id=self.patient_id,
                new_settled_on=self.settled_on,
            )


def audit_clinic(
    run: Run,
    actor: Actor,
    action: str,
    object_id: UUID,
    now: datetime,
    refusal: Refusal | None = None,
) -> None:
    """Add a line to the clinic's own chain, for what belongs to no single patient.

    ``refusal`` says why it was not done; None when it was.
    """
    row: Any = run.first(clinics.lock_clinic, clinic_id=actor.clinic_id)
    if row is None:
        raise NotFound
    n = row.audit_n + 1
    head = row.audit_head or GENESIS
    lines = _Lines(actor.clinic_id, actor, now, refusal)
    line = lines.after(head, n, action, object_id)
    run.put(audit_table.add_audit, **lines.same, **line)
    run.put(clinics.set_clinic_head, clinic_id=actor.clinic_id, n=n, head=line["hash"])


class _Lines:
    """Lines that one actor adds to one chain at one moment; ``refusal`` where it was not done."""

    __slots__ = ("_link", "_result", "same")

    def __init__(
        self, chain_id: UUID, actor: Actor, at: datetime, refusal: Refusal | None = None
    ) -> None:
        entrance = actor.entrance
        relation = source = request_id = None
        if entrance is None:
            source = Source.SERVICE.value
        else:
            relation = entrance.relation.value
            source, request_id = entrance.source.value, entrance.request_id
        reason = None if refusal is None else refusal.value
        self._result = Result.OK.value if refusal is None else Result.REFUSED.value
        #: The columns that all of them have in common.
        self.same = {
            "chain_id": chain_id,
            "clinic_id": actor.clinic_id,
            "at": at,
            "actor_id": actor.account_id,
            "result": self._result,
            "relation": relation,
            "reason": reason,
            "source": source,
            "request_id": request_id,
        }
        circumstances = (relation, reason, source, request_id)
        self._link = linker(chain_id, actor.clinic_id, at, actor.account_id, circumstances)

    def after(
        self, before: bytes, n: int, action: str, object_id: UUID, digest: bytes | None = None
    ) -> dict[str, Any]:
        """What one line has of its own, after a line whose hash is ``before``."""
        return {
            "n": n,
            "action": action,
            "object_id": object_id,
            "digest": digest,
            "hash": self._link(before, n, action, object_id, self._result, digest),
        }
