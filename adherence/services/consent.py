"""Consent: what a patient agreed to, in which words, and what holds at the next request.

Nothing about it is kept between requests: whoever counts, exports or writes to patients asks here
when it does so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from adherence import settings
from adherence.domain import consent as rule
from adherence.domain.access import Actor, Role
from adherence.domain.consent import (
    CHANNELS,
    LANGUAGES,
    SIGNED,
    Answer,
    Decision,
    Purpose,
    Source,
    State,
)
from adherence.domain.errors import Conflict, InvalidInput, NotFound
from adherence.domain.schedules import EARLIEST
from adherence.domain.zones import zone_info
from adherence.library import consent as library
from adherence.library.consent import Text, Words
from adherence.services.record import Record
from adherence.store import consent as table
from adherence.store import patients as patient_table
from adherence.store.db import Run, read, write
from adherence.store.ids import new_id


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision, and who typed it in. ``day`` is the local day from which it counts."""

    id: UUID
    purpose: Purpose
    answer: Answer
    version: int
    locale: str
    signature: str
    source: Source
    author_name: str
    day: date
    decided_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentView:
    """Where one purpose stands. ``counts`` is the decision that decides it, None before any."""

    purpose: Purpose
    state: State
    counts: DecisionView | None
    text: Text
    history: tuple[DecisionView, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What one decision was about, to the letter."""

    decision: DecisionView
    words: Words


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as somebody states it. ``source`` and ``decided_on`` are a clinician's to say."""

    purpose: Purpose
    answer: Answer
    version: int
    locale: str
    signature: str = ""
    source: Source | None = None
    decided_on: date | None = None


def check_texts(folder: str) -> None:
    """Read all words to agree to, a clinic's own included, before anybody is asked.

    Raises:
        MalformedText: a file is not as it must be.
    """
    library.texts(folder)


def consents(actor: Actor, patient_id: UUID, now: datetime) -> list[ConsentView]:
    """Every purpose, and where it stands for a patient.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        zone = _zone(run, actor, patient_id)
        rows = run.all(table.decisions_of, patient_id=patient_id)
    return _views(rows, zone, now)


def consent(actor: Actor, patient_id: UUID, purpose: Purpose, now: datetime) -> ConsentView:
    """Where one purpose stands for a patient.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    found = consents(actor, patient_id, now)
    return next(one for one in found if one.purpose is purpose)


def agreed(actor: Actor, patient_id: UUID, decision_id: UUID) -> Agreed:
    """The words that a decision was about, as they were then.

    Raises:
        NotFound: no such decision of this patient, or none in the actor's clinic.
    """
    with read() as run:
        zone = _zone(run, actor, patient_id)
        row: Any = run.first(table.decision_by_id, patient_id=patient_id, decision_id=decision_id)
    if row is None:
        raise NotFound
    words = {**row.words, "paragraphs": tuple(row.words["paragraphs"])}
    return Agreed(_view(row, zone), Words(**words))


def decide(
    actor: Actor, patient_id: UUID, said: Said, now: datetime, *, is_proved: bool = False
) -> ConsentView:
    """Store a decision; it counts from the next request on. Saying the same twice is one decision.

    ``is_proved`` says that a factor was shown just now, which a yes in earnest needs; a no never
    needs more than a yes does.

    Raises:
        InvalidInput: no name that can be read, words that are no longer those in force, a day that
            has not come, a yes that was only spoken, or one in earnest without a factor.
        Conflict: the words of this version were changed after somebody agreed to them.
        NotFound: no such patient in the actor's clinic.
    """
    source = _source(actor, patient_id, said)
    is_own = source in (Source.SELF, Source.PROXY)
    if said.locale not in LANGUAGES:
        raise InvalidInput("locale", "unknown_language")
    if said.decided_on is not None and said.decided_on < EARLIEST:
        raise InvalidInput("decided_on", "out_of_range")
    signature = ""
    if said.answer is Answer.GIVEN:
        if is_own and said.purpose in SIGNED and not is_proved:
            raise InvalidInput("purpose", "not_proved")
        signature = rule.signature(said.signature)
    text = _text(said, now, must_be_newest=is_own and said.answer is Answer.GIVEN)
    row: dict[str, Any] = {
        "patient_id": patient_id,
        "id": new_id(),
        "purpose": said.purpose,
        "answer": said.answer,
        "version": text.version.number,
        "locale": said.locale,
        "digest": text.digest(said.locale),
        "signature": signature,
        "source": source,
        "author_id": actor.account_id,
        "recorded_at": now,
    }

    def work(run: Run) -> tuple[list[Any], str]:
        record = Record(run, actor, patient_id, now)
        before: Any = next(
            (
                one
                for one in run.all(table.decisions_of, patient_id=patient_id)
                if one.purpose is said.purpose
            ),
            None,
        )
        if before is not None and is_own and _says_nothing_new(before, row):
            return run.all(table.decisions_of, patient_id=patient_id), record.home_zone
        _keep_words(run, text, said.locale)
        decided_at = _decided_at(said, record.home_zone, now, before, is_own)
        seq = record.number()
        run.do(
            table.add_decision,
            **row,
            clinic_id=record.clinic_id,
            seq=seq,
            decided_at=decided_at,
        )
        action = "consent.give" if said.answer is Answer.GIVEN else "consent.withdraw"
        record.audit(action, row["id"], _digest(row, decided_at))
        record.close()
        return run.all(table.decisions_of, patient_id=patient_id), record.home_zone

    rows, zone = write(work)
    found = _views(rows, zone, now)
    return next(one for one in found if one.purpose is said.purpose)


def least(purpose: Purpose, now: datetime) -> int:
    """The oldest version of a purpose to which a yes still holds on this server."""
    return library.least(purpose, now, settings.current().consent_folder)


def may_contact(patient_id: UUID, channel: Purpose, now: datetime) -> bool:
    """Whether a patient may be written to this way at this moment. Ask when sending, not before."""
    if channel not in CHANNELS:
        raise ValueError(f"{channel} is no way to reach anybody")
    with read() as run:
        rows = run.all(table.decisions_of, patient_id=patient_id)
    decisions, at = _decisions(rows), _at(rows, now)
    return rule.holds(channel, decisions, at, least(channel, at)) and not rule.is_objected(
        Purpose.CARE, decisions, at
    )


def _zone(run: Run, actor: Actor, patient_id: UUID) -> str:
    """The clock by which a patient's days are told.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    patient: Any = run.first(patient_table.patient_by_id, patient_id=patient_id)
    if patient is None or patient.clinic_id != actor.clinic_id:
        raise NotFound
    zone: str = patient.home_zone
    return zone


def _source(actor: Actor, patient_id: UUID, said: Said) -> Source:
    """How the decision reached us, from who states it.

    Raises:
        InvalidInput: a patient speaks of paper, or somebody's yes was only spoken.
    """
    if actor.role is Role.PATIENT:
        if said.source is not None:
            raise InvalidInput("source", "not_yours")
        if said.decided_on is not None:
            raise InvalidInput("decided_on", "not_yours")
        return Source.SELF if actor.patient_id == patient_id else Source.PROXY
    source = said.source or Source.PAPER
    if source not in (Source.PAPER, Source.SPOKEN):
        raise InvalidInput("source", "not_yours")
    if source is Source.SPOKEN and said.answer is Answer.GIVEN:
        raise InvalidInput("source", "only_spoken")
    return source


def _text(said: Said, now: datetime, *, must_be_newest: bool) -> Text:
    folder = settings.current().consent_folder
    newest = library.in_force(said.purpose, now, folder)
    if must_be_newest and said.version != newest.version.number:
        raise InvalidInput("version", "new_words")
    found = library.text_of(said.purpose, said.version, folder)
    if found is None or not found.version.is_in_force(now):
        raise InvalidInput("version", "unknown_version")
    return found


def _says_nothing_new(before: Any, row: dict[str, Any]) -> bool:
    """Whether a decision repeats the one that counts: a button pressed twice."""
    same = ("answer", "version", "author_id", "source")
    return all(getattr(before, name) == row[name] for name in same)


def _keep_words(run: Run, text: Text, locale: str) -> None:
    number, digest = text.version.number, text.digest(locale)
    run.do(
        table.add_text[run.dialect.name],
        digest=digest,
        purpose=text.purpose,
        version=number,
        locale=locale,
        words=asdict(text.words[locale]),
    )
    kept = run.value(table.text_by_version, purpose=text.purpose, version=number, locale=locale)
    if kept is None or bytes(kept) != digest:
        raise Conflict("the words of a version were changed; give them a new number")


def _decided_at(said: Said, zone: str, now: datetime, before: Any, is_own: bool) -> datetime:
    if said.decided_on is not None:
        return rule.moment_of(said.decided_on, said.answer, zone, now)
    if is_own and before is not None:
        # Two servers' clocks may differ: what is said later counts later.
        last: datetime = before.decided_at
        return max(now, last)
    return now


def _digest(row: dict[str, Any], decided_at: datetime) -> bytes:
    """What vouches for a decision in the audit chain."""
    written = json.dumps(
        {
            **{name: str(row[name]) for name in sorted(row) if name != "digest"},
            "digest": row["digest"].hex(),
            "decided_at": str(decided_at),
        },
        sort_keys=True,
    )
    return hashlib.sha256(written.encode()).digest()[:16]


def _views(rows: Iterable[Any], zone: str, now: datetime) -> list[ConsentView]:
    folder = settings.current().consent_folder
    rows = list(rows)
    decisions, at = _decisions(rows), _at(rows, now)
    history = [_view(row, zone) for row in rows]
    return [
        ConsentView(
            purpose=purpose,
            state=rule.state(purpose, decisions, at, library.least(purpose, at, folder)),
            counts=next((one for one in history if one.purpose is purpose), None),
            text=library.in_force(purpose, at, folder),
            history=tuple(one for one in history if one.purpose is purpose),
        )
        for purpose in Purpose
    ]


def _decisions(rows: Iterable[Any]) -> list[Decision]:
    return [Decision(row.purpose, row.version, row.answer, row.decided_at, row.seq) for row in rows]


def _at(rows: Iterable[Any], now: datetime) -> datetime:
    """Now, or the last decision's moment where another server's clock is ahead of this one's."""
    moments: list[datetime] = [row.decided_at for row in rows]
    return max([now, *moments])


def _view(row: Any, zone: str) -> DecisionView:
    return DecisionView(
        row.id,
        row.purpose,
        row.answer,
        row.version,
        row.locale,
        row.signature,
        row.source,
        row.author_name,
        row.decided_at.astimezone(zone_info(zone)).date(),
        row.decided_at,
        row.recorded_at,
    )
