"""Care notes: written and read by the care team; the patient sees that there are some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adherence.domain.access import Actor, readable
from adherence.domain.care_notes import note_text
from adherence.domain.errors import Conflict
from adherence.services.plans import opened
from adherence.services.record import Record
from adherence.services.relations import relation_in
from adherence.store import care_notes as table
from adherence.store.db import Run, read, write

OBJECT = "care_note"
#: Notes shown at once.
MANY = 200


@dataclass(frozen=True, slots=True)
class CareNote:
    """One note; ``text`` is None for who may know of it and not read it."""

    client_id: UUID
    author_name: str
    written_at: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class Notes:
    """A patient's notes, the newest first; days are those of ``zone``."""

    notes: list[CareNote]
    zone: str


def notes(actor: Actor, patient_id: UUID, now: datetime) -> Notes:
    """The patient's notes, with their text for those alone whom the policy table names.

    Raises:
        NotFound: no such patient in the actor's clinic.
    """
    with read() as run:
        _, care = opened(run, actor, patient_id)
        relation = relation_in(run, actor, patient_id, now)
        reads = "text" in readable(OBJECT, actor.role, relation)
        rows = run.all(table.notes_of, patient_id=patient_id, many=MANY)
    return Notes(
        [
            CareNote(row.client_id, row.author_name, row.written_at, row.text if reads else None)
            for row in rows
        ],
        care.zones.current(),
    )


def write_note(actor: Actor, patient_id: UUID, client_id: UUID, typed: str, now: datetime) -> bool:
    """Keep a note; whether it is new. The same note sent again changes nothing.

    Raises:
        NotFound: no such patient in the actor's clinic.
        InvalidInput: nothing is left of what was typed, or it is too long.
        Conflict: another note is kept under this id.
    """
    text = note_text(typed)

    def work(run: Run) -> bool:
        record = Record(run, actor, patient_id, now)
        known: Any = run.first(table.note_by_id, patient_id=patient_id, client_id=client_id)
        if known is not None:
            if (known.author_id, known.text) != (actor.account_id, text):
                raise Conflict
            return False
        run.do(
            table.add_note,
            patient_id=patient_id,
            client_id=client_id,
            clinic_id=record.clinic_id,
            author_id=actor.account_id,
            text=text,
            written_at=now,
            seq=record.number(),
        )
        record.audit("care_note.write", client_id)
        record.close()
        return True

    return write(work)
