"""Erasures: a patient's wish to be forgotten, what was decided, and doing it.

What staff wrote into a record is theirs to answer for, so it goes only when two different people
say so; and as long as the law wants it kept it is locked away instead. Either way the patient reads
why. A list of tombstones lies outside the database as well: a backup that is older than an erasure
does not bring anybody back.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain.access import Actor, Relation, Role, may
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.texts import clean
from adherence.services import audit, exports, relations
from adherence.services.record import Record, audit_clinic
from adherence.services.settle import service_actor
from adherence.store import clinics
from adherence.store import erasures as table
from adherence.store import exports as export_table
from adherence.store import patients as patient_table
from adherence.store import proxies as proxy_table
from adherence.store.db import Run, forget, read, write
from adherence.store.erasures import ErasureState as ErasureState
from adherence.store.erasures import Outcome as Outcome
from adherence.store.ids import new_id
from adherence.store.lock_files import LockFile

log = logging.getLogger(__name__)

ASK = "erasure.ask"
WORDS_LIMIT = 500
#: What can be decided; what was locked away may still be erased once nothing wants it kept.
DECIDABLE = (ErasureState.ASKED, ErasureState.PROPOSED, ErasureState.RESTRICTED)


class Fate(StrEnum):
    """What a line of the list of tombstones says of somebody."""

    ERASED = "erased"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One wish, as the patient sees it."""

    id: UUID
    state: ErasureState
    outcome: Outcome | None
    asked_at: datetime
    words: str
    reason: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish, as those who decide see it.

    ``needs_two`` says that staff wrote into the record; ``kept_until`` how long it must be kept.
    ``is_mine`` says that the reader proposed the outcome and somebody else has to agree.
    """

    id: UUID
    state: ErasureState
    outcome: Outcome | None
    patient_name: str
    asked_at: datetime
    words: str
    reason: str
    needs_two: bool
    kept_until: datetime | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One line of the list: the SHA-256 of a patient's id, what became of them, and when."""

    digest: bytes
    fate: Fate
    at: datetime

    def line(self) -> bytes:
        """How it stands in the list."""
        at = self.at.astimezone(UTC).isoformat()
        return f"{self.digest.hex()} {self.fate.value} {at}\n".encode("ascii")


# --- asking ------------------------------------------------------------------------------------


def erasures_of(patient_id: UUID) -> list[Erasure]:
    """A patient's wishes, the newest first; the guard has asked whose they are."""
    with read() as run:
        rows = run.all(table.erasures_of_patient, patient_id=patient_id)
    return [_erasure(row) for row in rows]


def ask(actor: Actor, patient_id: UUID, words: str, now: datetime) -> UUID:
    """Ask that a record be erased; the id of the wish.

    Raises:
        Conflict: such a wish waits already.
        InvalidInput: the words are too long.
        NotFound: the actor may not.
    """
    said = clean(words, WORDS_LIMIT, field="words", lines=10)
    erasure_id = new_id()

    def work(run: Run) -> None:
        _permit(run, actor, patient_id, now)
        record = Record(run, actor, patient_id, now, even_restricted=True)
        rows = run.all(table.erasures_of_patient, patient_id=patient_id)
        if any(row.state in table.OPEN for row in rows):
            raise Conflict
        run.do(
            table.add_erasure,
            id=erasure_id,
            clinic_id=record.clinic_id,
            patient_id=patient_id,
            asked_by=actor.account_id,
            asked_at=now,
            words=said or None,
            state=ErasureState.ASKED,
            needs_two=True,
        )
        record.audit("erasure.ask", erasure_id)
        record.close()

    write(work)
    return erasure_id


def withdraw(actor: Actor, patient_id: UUID, erasure_id: UUID, now: datetime) -> None:
    """Take a wish back that nobody has carried out.

    Raises:
        Conflict: it is decided already.
        NotFound: there is no such wish of this patient, or the actor may not.
    """

    def work(run: Run) -> None:
        _permit(run, actor, patient_id, now)
        record = Record(run, actor, patient_id, now, even_restricted=True)
        row: Any = run.first(table.erasure_by_id, erasure_id=erasure_id, clinic_id=record.clinic_id)
        if row is None or row.patient_id != patient_id:
            raise NotFound
        if row.state not in table.OPEN:
            raise Conflict
        _set(run, row, new_state=ErasureState.WITHDRAWN)
        record.audit("erasure.withdraw", erasure_id)
        record.close()

    write(work)


def _permit(run: Run, actor: Actor, patient_id: UUID, now: datetime) -> None:
    relation: Relation = relations.relation_in(run, actor, patient_id, now)
    if not may(actor, ASK, relation):
        raise NotFound


# --- deciding ----------------------------------------------------------------------------------


def wishes(actor: Actor, now: datetime) -> list[Wish]:
    """What waits for a decision in the actor's clinic, and what was locked away; the oldest first.

    One line in the clinic's audit.
    """
    with read() as run:
        rows = run.all(table.erasures_of_clinic, clinic_id=actor.clinic_id)
        found = [_wish(run, actor, row, now) for row in rows]
    write(lambda run: audit_clinic(run, actor, "erasure.list", actor.clinic_id, now))
    return found


def decide(
    actor: Actor, erasure_id: UUID, outcome: Outcome, reason: str, now: datetime
) -> ErasureState | None:
    """Decide a wish, or agree to what a colleague proposed; its state, None once all is erased.

    Where two are needed, the first one proposes and a second one who chooses the same outcome
    carries it out. Refusing needs nobody else.

    Raises:
        Conflict: it was decided or withdrawn meanwhile.
        InvalidInput: no reason; the record must still be kept; the same person cannot be both.
        NotFound: there is no such wish in the actor's clinic.
    """
    said = clean(reason, WORDS_LIMIT, field="reason", lines=10)
    if not said:
        raise InvalidInput("reason", "empty")
    if actor.role is not Role.ADMIN:
        raise NotFound
    gone: list[UUID] = []

    def work(run: Run) -> ErasureState | None:
        gone.clear()
        row: Any = run.first(table.erasure_by_id, erasure_id=erasure_id, clinic_id=actor.clinic_id)
        if row is None:
            raise NotFound
        # The patient's lock comes first, and the wish is read again under it.
        record = Record(run, actor, row.patient_id, now, even_restricted=True)
        row = run.first(table.erasure_by_id, erasure_id=erasure_id, clinic_id=actor.clinic_id)
        if row.state not in DECIDABLE:
            raise Conflict
        patient: Any = run.first(patient_table.patient_by_id, patient_id=row.patient_id)
        is_locked = patient.restricted_at is not None
        if is_locked and outcome is Outcome.RESTRICT:
            raise InvalidInput("outcome", "locked_already")
        needs_two, until = _held(run, row.patient_id, now)
        if outcome is Outcome.ERASE and until is not None:
            raise InvalidInput("outcome", "must_be_kept")
        decided = {
            "new_outcome": outcome,
            "new_reason": said,
            "new_needs_two": needs_two,
        }
        if outcome is Outcome.REFUSE:
            state = ErasureState.RESTRICTED if is_locked else ErasureState.REFUSED
            _set(run, row, new_state=state, **decided, **_by(actor, now))
            record.audit("erasure.refuse", erasure_id)
            record.close()
            return state
        agreed = row.state is ErasureState.PROPOSED and row.outcome is outcome
        if needs_two and agreed and row.proposed_by == actor.account_id:
            raise InvalidInput("outcome", "same_person")
        if needs_two and not agreed:
            state = ErasureState.PROPOSED
            proposal = {"new_proposed_by": actor.account_id, "new_proposed_at": now}
            _set(run, row, new_state=state, **decided, **proposal)
            record.audit("erasure.propose", erasure_id)
            record.close()
            return state
        first = (
            {"new_proposed_by": row.proposed_by, "new_proposed_at": row.proposed_at}
            if agreed
            else {"new_proposed_by": actor.account_id, "new_proposed_at": now}
        )
        decided |= {**_by(actor, now), **first}
        if outcome is Outcome.RESTRICT:
            _set(run, row, new_state=ErasureState.RESTRICTED, **decided)
            _restrict(run, record, now)
            record.audit("erasure.restrict", erasure_id)
            record.close()
            return ErasureState.RESTRICTED
        _set(run, row, new_state=ErasureState.RUNNING, **decided)
        record.audit("erasure.erase", erasure_id)
        gone.extend(_erase(run, record, now))
        return None

    state = write(work)
    if state in (None, ErasureState.RESTRICTED):
        exports.drop_files(gone)
        forget()
        try:
            list_tombstones()
        except (OSError, InvalidInput):
            # It is done and committed; the jobs try again, and are unwell, until the list says so.
            log.exception("the list of tombstones could not be written")
    return state


def kept_until(last: datetime | None) -> datetime | None:
    """Until when a record must be kept after staff last wrote into it; None without such a duty."""
    years = settings.current().retention_years
    if last is None or years == 0:
        return None
    try:
        return last.replace(year=last.year + years)
    except ValueError:  # 29 February
        return last.replace(year=last.year + years, month=3, day=1)


def _held(run: Run, patient_id: UUID, now: datetime) -> tuple[bool, datetime | None]:
    """Whether staff wrote into the record, and until when it must be kept from now on."""
    last = table.last_clinical_act(run, patient_id)
    until = kept_until(last)
    return last is not None, until if until is not None and until > now else None


def _by(actor: Actor, now: datetime) -> dict[str, Any]:
    return {"new_decided_by": actor.account_id, "new_decided_at": now}


def _set(run: Run, row: Any, **changes: Any) -> None:
    names = (
        *("state", "outcome", "reason", "needs_two"),
        *("proposed_by", "proposed_at", "decided_by", "decided_at"),
    )
    as_is = {f"new_{name}": getattr(row, name) for name in names}
    run.do(table.set_erasure, erasure_id=row.id, **{**as_is, **changes})


def gone() -> tuple[int, int]:
    """How many were erased so far, and how many are locked away; other processes watch this."""
    with read() as run:
        row: Any = run.first(table.gone, state=ErasureState.RESTRICTED)
    return row.erased, row.locked


def forget_parsed() -> None:
    """Let this process keep nothing of what it parsed of records."""
    forget()


# --- carrying out ------------------------------------------------------------------------------


def _restrict(run: Run, record: Record, now: datetime) -> None:
    """Lock a record away: no list, sum or reminder knows it, and no staff stand to its patient."""
    run.do(table.restrict_patient, patient_id=record.patient_id, at=now)
    table.delete_from(run, "caseload", record.patient_id)
    table.delete_from(run, "outbox", record.patient_id)


def _erase(run: Run, record: Record, now: datetime) -> list[UUID]:
    """Delete all that is a patient's but the audit, in the caller's transaction.

    The caller has set the erasure running, which the triggers ask for. The files of copies come
    back, to be removed after the commit.
    """
    patient_id, clinic_id = record.patient_id, record.clinic_id
    patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
    files = [row.id for row in run.all(export_table.export_ids_of_patient, patient_id=patient_id)]
    record.close()
    n, head = record.audit_end
    account_id = patient.account_id
    if account_id is not None and _acts_for_others(run, account_id, now):
        account_id = None  # the account stays: it is somebody else's helper's now
    table.stop_acting_for(run, patient_id)
    table.forget_mails(run, patient_id)
    table.delete_rows(run, patient_id, account_id)
    run.do(
        table.add_tombstone,
        digest=digest_of(patient_id),
        chain_id=patient_id,
        clinic_id=clinic_id,
        erased_at=now,
        audit_n=n,
        audit_head=head,
    )
    run.first(clinics.lock_clinic, clinic_id=clinic_id)
    audit.add_seal(run, clinic_id, [[str(patient_id), n, head.hex()]], now)
    return files


def _acts_for_others(run: Run, account_id: UUID, now: datetime) -> bool:
    return bool(
        run.all(proxy_table.patients_of_proxy, account_id=account_id, now=now, year=now.year)
    )


# --- tombstones --------------------------------------------------------------------------------


def digest_of(patient_id: UUID) -> bytes:
    """By what the list knows a patient: an id has 74 random bits, so nobody guesses it back."""
    return sha256(b"adherence\0tombstone\0" + patient_id.bytes).digest()


def list_tombstones() -> int:
    """Add to the list outside the database what it lacks; how many lines.

    Done right after an erasure, and again by the jobs in case that was cut short.
    """
    with read() as run:
        found = [
            Tombstone(bytes(row.digest), Fate.ERASED, row.erased_at)
            for row in run.all(table.tombstones)
        ] + [
            Tombstone(digest_of(row.id), Fate.RESTRICTED, row.restricted_at)
            for row in run.all(table.restricted_patients)
        ]
    return add_tombstones(Path(settings.current().tombstone_file), found)


def add_tombstones(path: Path, found: Iterable[Tombstone]) -> int:
    """Write at the end of a list, down to the disk, what it lacks; how many lines.

    An unreadable last line without its end is what a full disk or a lost current leaves. It is cut
    off first: it named nobody, and whoever it was about is among ``found``.

    Raises:
        InvalidInput: a whole line cannot be read, so nobody can say who is missing.
    """
    found = list(found)
    if not found and not path.exists():
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    with closing(LockFile(path)) as lock, lock, path.open("r+b") as file:
        written = file.read()
        whole = _without_torn_line(written)
        known = {(one.digest, one.fate) for one in _tombstones_in(whole)}
        missing = [one for one in found if (one.digest, one.fate) not in known]
        if missing or whole != written:
            stays = min(len(whole), len(written))
            file.seek(stays)
            file.write(whole[stays:] + b"".join(one.line() for one in missing))
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
    return len(missing)


def _without_torn_line(written: bytes) -> bytes:
    """A list whose last line has its end, or is gone where it cannot be read."""
    end = written.rfind(b"\n") + 1
    if end == len(written):
        return written
    try:
        _tombstones_in(written[end:])
    except InvalidInput:
        return written[:end]
    return written + b"\n"


def read_tombstones(path: Path) -> list[Tombstone]:
    """The lines of a list; none where there is no such file.

    Raises:
        InvalidInput: a line cannot be read, so nobody can say who is missing.
    """
    return _tombstones_in(path.read_bytes()) if path.exists() else []


def _tombstones_in(text: bytes) -> list[Tombstone]:
    """The tombstones that the bytes of a list name."""
    found = []
    for line in text.splitlines():
        try:
            digest, fate, at = line.decode("ascii").split(" ")
            one = Tombstone(bytes.fromhex(digest), Fate(fate), datetime.fromisoformat(at))
        except ValueError as error:
            raise InvalidInput("tombstones", "unreadable") from error
        found.append(one)
    return found


def bury_again(listed: Iterable[Tombstone], now: datetime) -> tuple[int, int]:
    """Erase or lock away once more whom a restored database brought back; (erased, locked).

    The wish was decided when the list was written; the database of the backup does not know it, so
    the service writes it down in its own name.
    """
    fates: dict[bytes, Fate] = {}
    for one in listed:
        if fates.get(one.digest) is not Fate.ERASED:
            fates[one.digest] = one.fate
    with read() as run:
        patients = run.all(patient_table.every_patient)
    erased = locked = 0
    for row in patients:
        fate = fates.get(digest_of(row.id))
        if fate is Fate.ERASED:
            _bury(row.id, row.clinic_id, now)
            erased += 1
        elif fate is Fate.RESTRICTED and row.restricted_at is None:
            _lock(row.id, row.clinic_id, now)
            locked += 1
    return erased, locked


def _bury(patient_id: UUID, clinic_id: UUID, now: datetime) -> None:
    actor = service_actor(clinic_id)
    erasure_id = new_id()

    def work(run: Run) -> list[UUID]:
        record = Record(run, actor, patient_id, now, even_restricted=True)
        for one in run.all(table.erasures_of_patient, patient_id=patient_id):
            if one.state in table.OPEN:
                _set(run, one, new_state=ErasureState.WITHDRAWN)
        run.do(
            table.add_erasure,
            id=erasure_id,
            clinic_id=clinic_id,
            patient_id=patient_id,
            asked_by=actor.account_id,
            asked_at=now,
            words=None,
            state=ErasureState.ASKED,
            needs_two=False,
        )
        row: Any = run.first(table.erasure_by_id, erasure_id=erasure_id, clinic_id=clinic_id)
        by = {"new_proposed_by": actor.account_id, "new_proposed_at": now, **_by(actor, now)}
        _set(run, row, new_state=ErasureState.RUNNING, new_outcome=Outcome.ERASE, **by)
        record.audit("erasure.again", erasure_id)
        return _erase(run, record, now)

    exports.drop_files(write(work))
    forget()


def _lock(patient_id: UUID, clinic_id: UUID, now: datetime) -> None:
    def work(run: Run) -> None:
        record = Record(run, service_actor(clinic_id), patient_id, now)
        _restrict(run, record, now)
        record.audit("erasure.again", patient_id)
        record.close()

    write(work)
    forget()


def _erasure(row: Any) -> Erasure:
    return Erasure(
        row.id,
        row.state,
        row.outcome,
        row.asked_at,
        row.words or "",
        row.reason or "",
        row.decided_at,
    )


def _wish(run: Run, actor: Actor, row: Any, now: datetime) -> Wish:
    needs_two, until = _held(run, row.patient_id, now)
    return Wish(
        row.id,
        row.state,
        row.outcome,
        row.patient_name,
        row.asked_at,
        row.words or "",
        row.reason or "",
        needs_two,
        until,
        row.proposed_by == actor.account_id,
    )
