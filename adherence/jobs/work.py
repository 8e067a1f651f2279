"""Work: everything that time alone changes, once or again and again. Safe to run twice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import Flask

from adherence.jobs import exports, mail
from adherence.services import accounts, audit, erasures, outbox, programmes, settle
from adherence.services.health import is_due_tonight, run_job
from adherence.web import clock, kept

log = logging.getLogger("adherence.jobs")

#: Patients settled in one run of the job; the next run goes on.
PATIENTS = 500
#: Seconds between two rounds.
PAUSE = 20.0


@dataclass(frozen=True, slots=True)
class Report:
    """How one job went."""

    job: str
    done: int
    failed: int


def settle_patients(now: datetime) -> tuple[int, int]:
    """Bring every patient whose midnight has passed to today."""
    done = failed = 0
    for patient_id in settle.patients_to_settle(now, PATIENTS):
        try:
            settle.settle(patient_id, now)
            done += 1
        except Exception:
            log.exception("settling failed", extra={"patient_id": str(patient_id)})
            failed += 1
    return done, failed


def seal_chains(now: datetime) -> tuple[int, int]:
    """Seal the audit chains of every clinic."""
    return sum(audit.seal_clinic(clinic_id, now) for clinic_id in audit.clinic_ids()), 0


def hand_over(now: datetime) -> tuple[int, int]:
    """Hand over what waits in the outbox until nothing is left."""
    done = failed = 0
    while True:
        handed, put_back = outbox.hand_over(SUBSCRIBERS, now)
        done, failed = done + handed, failed + put_back
        if handed + put_back < outbox.LINES:
            return done, failed


def drop_sessions(now: datetime) -> tuple[int, int]:
    """Remove sessions, codes and counters whose time is over."""
    return accounts.drop_expired(now), 0


def list_tombstones(now: datetime) -> tuple[int, int]:
    """Write down outside the database who was erased, where that was cut short."""
    return erasures.list_tombstones(), 0


def verify_chains(now: datetime) -> tuple[int, int]:
    """Walk through every chain and seal of every clinic: (clinics, faults)."""
    clinics, faults = audit.clinic_ids(), 0
    for clinic_id in clinics:
        for fault in audit.verify(clinic_id):
            log.error("audit chain %s does not hold at line %s", fault.chain_id, fault.n)
            faults += 1
    return len(clinics), faults


def count_programmes(now: datetime) -> tuple[int, int]:
    """Count what programmes are shown, in every clinic: (clinics, 0)."""
    clinics = audit.clinic_ids()
    for clinic_id in clinics:
        programmes.count(clinic_id, now)
    return len(clinics), 0


def tell(line: outbox.Line) -> None:
    """The first subscriber is the log: ids and topics, for whoever ships it to another system."""
    log.info(
        "outbox %s",
        line.topic,
        extra={"outbox_id": str(line.id), "subject_id": str(line.subject_id)},
    )


SUBSCRIBERS: dict[str, Callable[[outbox.Line], None]] = {"entry": tell, "notice": tell}

JOBS: dict[str, Callable[[datetime], tuple[int, int]]] = {
    "settle": settle_patients,
    "seal": seal_chains,
    "outbox": hand_over,
    "mail": mail.send_waiting,
    "sessions": drop_sessions,
    "exports": exports.build_waiting,
    "tombstones": list_tombstones,
}
#: What is done once a night.
NIGHTLY: dict[str, Callable[[datetime], tuple[int, int]]] = {
    audit.VERIFY: verify_chains,
    programmes.COUNT: count_programmes,
}


def run_once(now: datetime) -> list[Report]:
    """Run every job that is due once; one that breaks does not keep the others from running.

    Afterwards this process, too, keeps nothing of anybody who is gone.
    """
    reports = []
    due = {job: work for job, work in NIGHTLY.items() if is_due_tonight(job, now)}
    for job, work in (JOBS | due).items():
        try:
            done, failed = run_job(job, partial(work, now), now)
        except Exception:
            log.exception("job failed", extra={"job": job})
            done, failed = 0, 1
        reports.append(Report(job, done, failed))
    kept.sweep(now)
    return reports


def run_forever(app: Flask, stop: threading.Event, pause: float = PAUSE) -> None:
    """Run every job, wait, and again, until ``stop`` is set."""
    while not stop.is_set():
        with app.app_context():
            run_once(clock.of(app))
        stop.wait(pause)


def start_inside(app: Flask) -> threading.Event:
    """Run the jobs in a thread of this server (the demo, a small site); set the event to stop."""
    stop = threading.Event()
    threading.Thread(
        target=run_forever, args=(app, stop), name="adherence-work", daemon=True
    ).start()
    return stop
