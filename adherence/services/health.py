"""Health: what is wrong with the service, and since when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from adherence.services import audit, mails, outbox, programmes
from adherence.store import caseload, clinics, jobs, versions
from adherence.store.db import Run, read, write

#: A job that has not run for this long is not running.
SILENT = timedelta(minutes=10)
#: Lines of the outbox, and midnights, may wait this long.
LATE = timedelta(minutes=15)
JOBS = ("settle", "seal", "outbox", "mail", "sessions", "exports", "tombstones")
#: What is done once a night: in these hours of the oldest clinic's zone, or once a day is over.
NIGHTLY = (audit.VERIFY, programmes.COUNT)
NIGHT = range(2, 5)
LONGEST_DAY = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong; ``since`` is None when it never worked."""

    what: str
    since: datetime | None


def troubles(now: datetime) -> list[Trouble]:
    """Everything that is wrong at ``now``; empty when all is well. Holds no health data."""
    try:
        with read() as run:
            old = versions.lacks(run.value(versions.version) or "")
            states = {row.job: row for row in run.all(jobs.job_states)}
            rolled = run.value(caseload.oldest_roll)
        waiting, since = outbox.waiting()
        unsent, unsent_since = mails.waiting()
    except Exception:
        return [Trouble("database", now)]
    found = [] if old is None else [Trouble(old, None)]
    for job in JOBS:
        row = states.get(job)
        if row is None:
            found.append(Trouble(f"job {job} has never run", None))
        elif row.failing_since is not None:
            found.append(Trouble(f"job {job} fails", row.failing_since))
        elif now - row.ran_at > SILENT:
            found.append(Trouble(f"job {job} does not run", row.ran_at))
    for job in NIGHTLY:
        row = states.get(job)
        if row is not None and row.failing_since is not None:
            found.append(Trouble(f"job {job} finds faults", row.failing_since))
        elif row is not None and now - row.ran_at > 2 * LONGEST_DAY:
            found.append(Trouble(f"job {job} does not run", row.ran_at))
    if waiting and since is not None and now - since > LATE:
        found.append(Trouble(f"outbox waits ({waiting})", since))
    if unsent and unsent_since is not None and now - unsent_since > LATE:
        found.append(Trouble(f"mail waits ({unsent})", unsent_since))
    if rolled is not None and now - rolled > LATE:
        found.append(Trouble("days are not settled", rolled))
    return found


def is_due_tonight(job: str, now: datetime) -> bool:
    """Whether a nightly job has not run this night yet: at once where it never ran."""
    with read() as run:
        row = next((one for one in run.all(jobs.job_states) if one.job == job), None)
        zone = run.value(clinics.oldest_zone)
    if row is None or now - row.ran_at > LONGEST_DAY:
        return True
    here = ZoneInfo(zone or "UTC")
    is_new_day = row.ran_at.astimezone(here).date() < now.astimezone(here).date()
    return is_new_day and now.astimezone(here).hour in NIGHT


def run_job(job: str, work: Callable[[], tuple[int, int]], now: datetime) -> tuple[int, int]:
    """Run one job and keep how it went: (done, failed). A job that breaks counts as failed."""
    try:
        done, failed = work()
    except Exception:
        done, failed = 0, 1
        _keep(job, now, done, failed)
        raise
    _keep(job, now, done, failed)
    return done, failed


def _keep(job: str, now: datetime, done: int, failed: int) -> None:
    def work(run: Run) -> None:
        row = next((one for one in run.all(jobs.job_states) if one.job == job), None)
        since = None if not failed else (row.failing_since if row else None) or now
        if row is None:
            run.do(
                jobs.add_job_state,
                job=job,
                ran_at=now,
                failing_since=since,
                done=done,
                failed=failed,
            )
        else:
            run.do(jobs.set_job_state, name=job, at=now, since=since, well=done, badly=failed)

    write(work)
