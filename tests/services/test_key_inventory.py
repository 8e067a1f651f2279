"""K3: a change of secrets with everything in use: the old works, the new is under the new key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from adherence.domain.entries import Status
from adherence.domain.pauses import PauseKind
from adherence.services import (
    accounts,
    entries,
    exports,
    invites,
    key_inventory,
    pauses,
    review,
    sign_in,
)
from adherence.services.sessions import Browser
from adherence.settings import EXTENSION
from adherence.store.columns import db
from adherence.store.data_keys import DATA_KEY, Unreadable, keyring
from adherence.store.entries import ENTRY
from adherence.store.ids import new_id
from adherence.web.exports import page
from tests.practice import MONDAY, Staff, entered, found, patient, rows, staff
from tests.services.test_sign_in import second_step
from tests.wards import Ward, ward

if TYPE_CHECKING:
    from flask import Flask

FRESH = "another-key-of-tests-0123456789-abcdef"
SAID = "It hurts behind the knee, ~1~ and Übung 5 was too much"


@pytest.fixture
def ruth(app: Flask) -> Ward:
    return ward(MONDAY)


def change(app: Flask, *secrets: str) -> None:
    """Begin anew under these secrets, as a restarted process would."""
    old = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(
        old, secret_key=secrets[0], secret_key_fallbacks=tuple(secrets[1:])
    )
    keyring().forget()


def secret(app: Flask) -> str:
    kept: str = app.extensions[EXTENSION].secret_key
    return kept


def log(one: Ward, note: str = SAID) -> Any:
    client_id = new_id()
    entries.log_entry(
        one.patient,
        one.patient_id,
        {
            "client_id": client_id,
            "activity_id": one.exercise_id,
            "status": Status.DONE,
            "note": note,
            "performed_at": MONDAY,
        },
        MONDAY,
    )
    return client_id


def note_of(client_id: Any) -> str:
    return next(row.note for row in rows(ENTRY) if row.client_id == client_id)


def raw(table: str, column: str) -> list[str]:
    """What the database itself holds."""
    found = db.session.execute(
        sa.text(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
    ).all()
    db.session.rollback()
    return [row[0] for row in found]


def test_K2_what_people_write_lies_encrypted_and_reads_plainly(ruth: Ward):
    client_id = log(ruth)
    pauses.pause(
        ruth.patient,
        ruth.patient_id,
        kind=PauseKind.ILL,
        first_day=MONDAY.date(),
        note=SAID,
        now=MONDAY,
    )
    notice = next(one for one in review.notices(ruth.therapist, ruth.patient_id, MONDAY))
    review.reply(ruth.therapist, notice.id, SAID, MONDAY)

    assert note_of(client_id) == SAID
    assert review.notice(ruth.patient, notice.id, MONDAY).reply == SAID
    for table, column in (("entry", "note"), ("pause", "note"), ("notice", "reply")):
        held = raw(table, column)
        assert held, table
        assert all(text.startswith("~1~") and "knee" not in text for text in held), table
    assert len(set(raw("entry", "note"))) == len(raw("entry", "note"))
    assert key_inventory.plain_texts() == 0


def test_K2_the_longest_note_there_may_be_is_kept(ruth: Ward):
    from adherence.domain.entries import NOTE_LIMIT

    longest = "Ж" * NOTE_LIMIT
    assert note_of(log(ruth, longest)) == longest


def test_what_was_written_before_there_were_keys_is_still_read(ruth: Ward):
    pauses.pause(
        ruth.patient, ruth.patient_id, kind=PauseKind.ILL, first_day=MONDAY.date(), now=MONDAY
    )
    db.session.execute(sa.text("UPDATE pause SET note = 'from before'"))
    db.session.commit()

    assert pauses.pauses(ruth.patient, ruth.patient_id, MONDAY)[0].note == "from before"
    assert key_inventory.plain_texts() == 1


def test_K2_a_changed_note_is_noticed(ruth: Ward):
    pauses.pause(
        ruth.patient,
        ruth.patient_id,
        kind=PauseKind.ILL,
        first_day=MONDAY.date(),
        note=SAID,
        now=MONDAY,
    )
    held = raw("pause", "note")[0]
    for place in (3, 30, 60, len(held) - 3):
        other = "A" if held[place] != "A" else "B"
        spoilt = held[:place] + other + held[place + 1 :]
        db.session.execute(sa.text("UPDATE pause SET note = :note"), {"note": spoilt})
        db.session.commit()
        with pytest.raises(Unreadable):
            pauses.pauses(ruth.patient, ruth.patient_id, MONDAY)


def test_K3_everything_outlives_a_change_of_secrets(app: Flask, tmp_path: Path):
    ada: Staff = staff(found())
    old = secret(app)
    before = patient(ada.actor)
    assert before.patient_id is not None
    one = ward(MONDAY, ada.actor)
    note = log(one)
    code = invites.invite_on_paper(ada.actor, before.patient_id, "en", MONDAY).code
    link = accounts.make_link(one.patient.account_id, MONDAY)
    held = exports.ask(one.patient, one.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)

    change(app, FRESH, old)
    assert note_of(note) == SAID
    assert {each.what: (each.current, each.earlier) for each in key_inventory.inventory()} == {
        "data keys, and under them notes, answers and addresses": (0, 1),
        "keys of look-ups by address": (0, 1),
        "secrets of authenticator apps": (0, 1),
        "mails that wait": (0, 2),
        "e-mail addresses": (0, 1),
    }
    done, unreadable = key_inventory.rotate(MONDAY)
    assert (done, unreadable) == (6, 0)
    assert all(each.earlier == 0 == each.unreadable for each in key_inventory.inventory())
    assert len(rows(DATA_KEY)) == 2, "nothing new is written under a fresh key"
    newer = log(one, "after the change")
    # What was open under the old secret works as long as it is listed.
    assert entered(sign_in.by_code(code, "", Browser(), MONDAY))
    assert sign_in.by_code(link, "", Browser(), MONDAY)
    assert second_step(ada, ada.codes[0])
    assert b"".join(exports.fetch(one.patient, one.patient_id, held, MONDAY))

    change(app, FRESH)
    assert (note_of(note), note_of(newer)) == (SAID, "after the change")
    assert second_step(ada, ada.code(MONDAY))
    assert second_step(ada, ada.codes[1]) is None, "a code made under the old secret"

    change(app, old)
    with pytest.raises(Unreadable):
        note_of(note)
    assert any(each.unreadable for each in key_inventory.inventory())


def test_K3_a_note_written_after_the_change_is_under_another_data_key(app: Flask, ruth: Ward):
    log(ruth)
    change(app, FRESH, secret(app))
    key_inventory.rotate(MONDAY)
    log(ruth)

    first, second = (text[3 : 3 + 20] for text in raw("entry", "note"))
    assert first != second


def test_a_server_with_a_lost_secret_goes_on_writing(app: Flask, ruth: Ward):
    log(ruth)
    change(app, FRESH)
    from adherence.store import data_keys

    data_keys.init_app(app)  # a restarted process
    assert note_of_newest(log(ruth, "after the loss")) == "after the loss"


def note_of_newest(client_id: Any) -> str:
    table = ENTRY
    found: str = db.session.execute(
        sa.select(table.c.note).where(table.c.client_id == client_id)
    ).scalar_one()
    db.session.rollback()
    return found


def test_the_inventory_shows_no_key(app: Flask):
    kept = app.extensions[EXTENSION]
    text = repr(list(key_inventory.fingerprints())) + repr(key_inventory.inventory())

    assert kept.secret_key not in text
