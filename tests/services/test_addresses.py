"""E-mail addresses: nowhere in the clear, and found all the same after every change of keys."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from adherence.domain.access import Actor, Role
from adherence.domain.errors import InvalidInput
from adherence.domain.sign_in import Purpose
from adherence.services import (
    accounts,
    devices,
    exports,
    invites,
    key_inventory,
    proxies,
    sign_in,
)
from adherence.services.sessions import Browser
from adherence.settings import EXTENSION
from adherence.store import addresses, look_ups
from adherence.store.accounts import ACCOUNT
from adherence.store.backups import columns_of, copy_out, tables_in_order
from adherence.store.columns import db
from adherence.store.data_keys import Unreadable, keyring
from adherence.store.db import EXTENSION as STORE
from adherence.store.db import Run, read, write
from adherence.store.look_ups import LOOK_UP_KEY
from adherence.web.exports import page
from tests.builders import SECRET
from tests.practice import (
    HOUR,
    MINUTE,
    MONDAY,
    PASSWORD,
    PIN,
    Staff,
    application,
    at_once,
    entered,
    found,
    invited,
    is_in,
    mails,
    patient,
    rows,
    staff,
)
from tests.services.test_sign_in import second_step

FRESH = "another-key-of-tests-0123456789-abcdef"
KARL = "karl-47@example.org"


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with another(store_url) as made:
        yield made


@contextmanager
def another(url: str) -> Iterator[Flask]:
    """Another process on the same database."""
    with application(url, smtp_host="localhost", mail_from="a@example.org") as made:
        yield made


def begin_anew(app: Flask, *secrets: str) -> None:
    """What a restarted process knows: the settings, and nothing else."""
    if secrets:
        old = app.extensions[EXTENSION]
        app.extensions[EXTENSION] = replace(
            old, secret_key=secrets[0], secret_key_fallbacks=tuple(secrets[1:])
        )
    keyring().forget()
    look_ups.look_ups().forget()
    app.extensions[STORE].begin_anew()


def secret(app: Flask) -> str:
    kept: str = app.extensions[EXTENSION].secret_key
    return kept


def whose(clinic_id: UUID, address: str) -> UUID | None:
    """Whose an address is."""
    with read() as run:
        row: Any = addresses.account_with(run, clinic_id, address)
    return None if row is None else row.account_id


def as_stored(column: str = "email") -> dict[UUID, Any]:
    """What the table itself holds of every account."""
    kind = sa.LargeBinary if column == "email_digest" else sa.String
    asked = sa.select(ACCOUNT.c.id, sa.type_coerce(ACCOUNT.c[column], kind))
    held = {row[0]: row[1] for row in db.session.execute(asked)}
    db.session.rollback()
    return held


def make_plain(account_id: UUID, address: str | None, new: str | None = None) -> None:
    """A row as versions wrote it that encrypted no address."""
    with db.engine.begin() as connection:
        connection.execute(
            sa.update(ACCOUNT)
            .where(ACCOUNT.c.id == account_id)
            .values(
                email=sa.type_coerce(sa.literal(address, sa.String), sa.String),
                email_new=sa.type_coerce(sa.literal(new, sa.String), sa.String),
                email_digest=None,
            )
        )


def all_bytes(url: str) -> bytes:
    """Everything that the database holds, as somebody has it who took the disk or a dump."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = Path(str(parsed.database))
        return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    with read() as run:
        return b"".join(
            piece
            for name in tables_in_order(run)
            for piece in copy_out(run, name, columns_of(run, name))
        )


def found_in(held: bytes, words: list[str]) -> list[str]:
    """Which words lie there, as they are or in the hexadecimal of a dump."""
    return [word for word in words if word.encode() in held or word.encode().hex().encode() in held]


# --- nowhere in the clear ----------------------------------------------------------------------


def test_K2_no_address_lies_in_the_database_after_a_day_of_use(
    app: Flask, store_url: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    ada = staff(found(), email="ada-47@example.org")
    ruth = patient(ada.actor, email="ruth-47@example.org")
    assert ruth.patient_id is not None
    invites.invite_by_mail(ada.actor, ruth.patient_id, "ruth-48@example.org", "en", MONDAY)
    code = mails()[-1]["code"]
    assert entered(sign_in.by_code(code, "", Browser(), MONDAY))
    sign_in.ask_new_email(ruth, "ruth-49@example.org", "en", MONDAY)
    assert sign_in.confirm_email(ruth, mails()[-1]["code"], MONDAY)
    sign_in.ask_new_email(ruth, "ruth-50@example.org", "en", MONDAY)
    proxies.add_proxy(
        ada.actor,
        ruth.patient_id,
        name="Karl Aldous",
        email=KARL,
        until_at=None,
        until_grown=False,
        locale="en",
        now=MONDAY,
    )
    sign_in.ask_mail(Purpose.MAIL, "", "nobody-47@example.org", "browser", "en", MONDAY)
    sign_in.ask_mail(Purpose.MAIL, "", "ruth-49@example.org", "browser", "en", MONDAY)
    assert sign_in.by_password("", "ada-47@example.org", "wrong", Browser(), MONDAY) is None
    held = exports.ask(ruth, ruth.patient_id, "en", MONDAY)
    exports.build_waiting(page, MONDAY)
    copy = b"".join(exports.fetch(ruth, ruth.patient_id, held, MONDAY))
    with pytest.raises(InvalidInput):
        accounts.create_account(
            ruth.clinic_id, Role.PATIENT, "Twin", "en", MONDAY, email="ruth-49@example.org"
        )

    words = [*(f"ruth-{n}" for n in range(47, 51)), "ada-47", "karl-47", "nobody-47"]
    whole = all_bytes(store_url)
    assert found_in(whole, words) == []
    assert found_in(caplog.text.encode(), words) == []
    assert b"Karl Aldous" in whole, "this is not the database"
    mine = next(row for row in rows(ACCOUNT) if row.id == ruth.account_id)
    assert (mine.email, mine.email_new) == ("ruth-49@example.org", "ruth-50@example.org")
    assert copy.startswith(b"PK")


def test_D1_the_copy_of_a_person_shows_the_address_and_not_its_digest(app: Flask, tmp_path: Path):
    ruth = patient(staff(found()).actor, email="ruth@example.org")
    assert ruth.patient_id is not None
    path = tmp_path / "copy.zip"
    with path.open("wb") as file:
        exports.write_archive(ruth.patient_id, "en", file, page, MONDAY)
    with zipfile.ZipFile(path) as archive:
        said = json.loads(archive.read("data.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist())

    assert "ruth@example.org" in json.dumps(said)
    digest = bytes(as_stored("email_digest")[ruth.account_id])
    shown = (digest, digest.hex().encode(), base64.b64encode(digest), repr(digest).encode())
    assert not [one for one in shown if one in everything]


def test_K2_who_has_the_tables_alone_cannot_try_out_an_address(app: Flask, store_url: str):
    """No hash that a stranger can make of an address, the clinic and the tables is the digest."""
    ada = staff(found())
    digest = bytes(as_stored("email_digest")[ada.actor.account_id])
    address, clinic = ada.email.encode(), ada.actor.clinic_id.bytes
    said = [
        before + text
        for before in (b"", b"address", b"address\0", b"address\0" + clinic, clinic)
        for text in (address, clinic + address, address + clinic)
    ]
    seen = [bytes(row.sealed) for row in rows(LOOK_UP_KEY)]
    keys = [b"", b"\0" * 32, clinic, address, *seen, b"adherence", b"address"]
    guesses = {sha256(one).digest() for one in said}
    guesses |= {hmac.digest(key, one, "sha256") for key in keys for one in said if key}

    assert digest not in guesses
    with read() as run:
        (_, key), *_ = look_ups.look_ups().keys(run).opened
    assert digest in {hmac.digest(key, one, "sha256") for one in said}, "the guesses miss the form"
    whole = all_bytes(store_url)
    assert key not in whole and key.hex().encode() not in whole
    assert key.hex() not in repr(look_ups.Keys(b"", ((1, key),)))


def test_K2_one_address_in_two_clinics_is_not_told_to_be_one(app: Flask):
    one, two = found("North", "north"), found("South", "south")
    north, south = staff(one, email=KARL), staff(two, email=KARL, name="Bea Roth")

    assert len({bytes(each) for each in as_stored("email_digest").values()}) == 2
    assert len(set(as_stored().values())) == 2
    assert whose(one, KARL) == north.actor.account_id
    assert whose(two, KARL) == south.actor.account_id
    lone = found("West", "west")
    assert whose(lone, KARL) is None, "the look-up does not ask in which clinic"


def test_of_two_who_take_an_address_at_once_one_gets_it(app: Flask):
    clinic_id = found()

    def take(number: int) -> bool:
        try:
            accounts.create_account(clinic_id, Role.PATIENT, f"N{number}", "en", MONDAY, email=KARL)
        except (InvalidInput, sa.exc.IntegrityError, db.engine.dialect.dbapi.IntegrityError):
            return False
        return True

    assert sum(at_once(app, take, 8)) == 1
    assert sum(each is not None for each in as_stored("email_digest").values()) == 1


def test_the_table_itself_refuses_an_address_twice(app: Flask):
    clinic_id = found()
    one = staff(clinic_id)
    two = patient(one.actor)
    digest = as_stored("email_digest")[one.actor.account_id]
    mine = sa.update(ACCOUNT).where(ACCOUNT.c.id == two.account_id)
    with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        connection.execute(mine.values(email_digest=digest))


def test_a_letter_typed_in_two_ways_is_one_address(app: Flask):
    composed = unicodedata.normalize("NFC", "jürgen@example.org")
    apart = unicodedata.normalize("NFD", " JÜRGEN@example.org ")
    assert apart.strip().lower() != composed
    ada = staff(found(), email=apart)

    assert whose(ada.actor.clinic_id, composed) == ada.actor.account_id
    assert sign_in.by_password("", composed, PASSWORD, Browser(), MONDAY)
    assert sign_in.by_password("", apart, PASSWORD, Browser(), MONDAY)
    with pytest.raises(InvalidInput):
        accounts.create_account(
            ada.actor.clinic_id, Role.PATIENT, "Twin", "en", MONDAY, email=composed
        )


# --- what lay there before ---------------------------------------------------------------------


def old_practice() -> tuple[Staff, Actor, Actor]:
    """A practice whose rows were written before addresses were encrypted."""
    ada = staff(found())
    ruth, karl = patient(ada.actor), patient(ada.actor, "Karl Aldous")
    make_plain(ada.actor.account_id, ada.email)
    make_plain(ruth.account_id, "ruth@example.org", "ruth-2@example.org")
    make_plain(karl.account_id, None, KARL)
    return ada, ruth, karl


def test_addresses_from_before_are_found_as_they_are(app: Flask):
    ada, ruth, _ = old_practice()

    assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id
    assert whose(ada.actor.clinic_id, "ruth@example.org") == ruth.account_id
    assert whose(found("North", "north"), ada.email) is None
    assert key_inventory.plain_texts() == 4
    with db.engine.begin() as connection:
        connection.execute(sa.delete(LOOK_UP_KEY))
    look_ups.look_ups().forget()
    assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id, "nothing wrote yet"


def test_the_first_write_encrypts_what_lies_there(app: Flask, store_url: str):
    ada, ruth, karl = old_practice()
    assert "ruth-2@example.org" in as_stored("email_new")[ruth.account_id]
    begin_anew(app)
    write(lambda run: None)

    words = ["ada@", "ruth@", "ruth-2@", "karl-47@"]
    assert found_in(all_bytes(store_url), words) == []
    assert key_inventory.plain_texts() == 0
    assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id
    assert whose(ada.actor.clinic_id, "ruth@example.org") == ruth.account_id
    held = {row.id: row for row in rows(ACCOUNT)}
    assert held[ruth.account_id].email_new == "ruth-2@example.org"
    assert (held[karl.account_id].email, held[karl.account_id].email_new) == (None, KARL)
    before = as_stored()
    begin_anew(app)
    write(lambda run: None)
    assert as_stored() == before, "done twice"


def test_two_processes_that_begin_at_once_encrypt_each_address_once(
    app: Flask, store_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(addresses.seal_plain, "__defaults__", (3,))
    clinic_id = found()
    people = {
        accounts.create_account(clinic_id, Role.PATIENT, f"N{n}", "en", MONDAY): f"n{n}@example.org"
        for n in range(20)
    }
    for account_id, address in people.items():
        make_plain(account_id, address)
    with another(store_url) as other:
        both = [app, other]

        def begin(number: int) -> None:
            with both[number % 2].app_context():
                begin_anew(both[number % 2])
                write(lambda run: None)

        at_once(app, begin, 4)

    assert {whose(clinic_id, address): address for address in people.values()} == people
    assert key_inventory.plain_texts() == 0
    assert len(rows(LOOK_UP_KEY)) == 1


def test_two_old_spellings_of_one_address_leave_it_with_one_of_them(app: Flask):
    ada = staff(found())
    ruth, karl = patient(ada.actor), patient(ada.actor, "Karl Aldous")
    make_plain(ruth.account_id, unicodedata.normalize("NFC", "jürgen@example.org"))
    make_plain(karl.account_id, unicodedata.normalize("NFD", "jürgen@example.org"))
    begin_anew(app)
    write(lambda run: None)

    held = {row.id: row for row in rows(ACCOUNT)}
    both = {(held[one.account_id].email, held[one.account_id].email_new) for one in (ruth, karl)}
    assert both == {("jürgen@example.org", None), (None, "jürgen@example.org")}
    assert key_inventory.plain_texts() == 0


# --- changes of keys ---------------------------------------------------------------------------


def test_K3_a_change_of_secrets_in_two_steps_while_everything_is_in_use(app: Flask):
    ada = staff(found(), at=MONDAY - MINUTE)
    ruth = patient(ada.actor, email="ruth@example.org")
    assert ruth.patient_id is not None
    session, device = invited(ada.actor, ruth)
    code = invites.invite_on_paper(ada.actor, ruth.patient_id, "en", MONDAY).code
    sign_in.ask_mail(Purpose.MAIL, "", "ruth@example.org", "browser", "en", MONDAY)
    sign_in.ask_new_email(ruth, "ruth-2@example.org", "en", MONDAY)
    waiting = [mail for mail in mails() if mail["to"].startswith("ruth")]
    before = as_stored("email_digest")
    old = secret(app)

    begin_anew(app, FRESH, old)
    # Until everything is encrypted anew, and after it: both secrets are listed.
    for turn in range(2):
        assert is_in(session, MONDAY) and is_in(ada.cookie, MONDAY)
        assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id
        assert sign_in.by_password("", "ruth@example.org", "x", Browser(), MONDAY) is None
        assert [mail for mail in mails() if mail["to"].startswith("ruth")] == waiting
        if turn == 0:
            assert as_stored("email_digest") == before, "a secret changes no digest by itself"
            assert key_inventory.rotate(MONDAY) == (2 + 1 + len(mails()) + 3, 0)
    assert sign_in.confirm_email(ruth, waiting[-1]["code"], MONDAY)
    assert entered(sign_in.by_mail_code(waiting[0]["code"], "browser", Browser(), MONDAY))
    assert entered(sign_in.by_code(code, "", Browser(), MONDAY))

    begin_anew(app, FRESH)
    assert all(one.earlier == one.unreadable == 0 for one in key_inventory.inventory())
    assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id
    assert whose(ada.actor.clinic_id, "ruth-2@example.org") == ruth.account_id
    assert whose(ada.actor.clinic_id, "ruth@example.org") is None
    assert is_in(session, MONDAY)
    assert entered(devices.by_pin(device, PIN, Browser(), MONDAY))
    assert second_step(ada, ada.code(MONDAY + HOUR), MONDAY + HOUR)
    assert mails()[-1]["to"]


def test_K3_rotation_leaves_no_digest_and_no_address_under_an_earlier_key(app: Flask):
    ada = staff(found())
    digests, texts = as_stored("email_digest"), as_stored()
    key_inventory.rotate(MONDAY)

    assert [row.n for row in rows(LOOK_UP_KEY)] == [2]
    assert as_stored("email_digest")[ada.actor.account_id] != digests[ada.actor.account_id]
    assert texts[ada.actor.account_id][3:20] != as_stored()[ada.actor.account_id][3:20]
    assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id


def test_K3_a_rotation_that_stopped_halfway_loses_nobody(app: Flask):
    clinic_id = found()
    people = {
        accounts.create_account(
            clinic_id, Role.PATIENT, f"N{n}", "en", MONDAY, email=f"n{n}@example.org"
        ): f"n{n}@example.org"
        for n in range(9)
    }
    secrets = (secret(app),)
    write(lambda run: look_ups.add_key(run, MONDAY, secrets))
    piece = write(lambda run: addresses.seal_anew(run, addresses.FIRST, 4))

    assert (piece.done, piece.unreadable) == (4, 0)
    assert {whose(clinic_id, address): address for address in people.values()} == people
    for address in (people[min(people)], people[max(people)]):
        with pytest.raises(InvalidInput):
            accounts.create_account(clinic_id, Role.PATIENT, "Twin", "en", MONDAY, email=address)
    assert key_inventory.rotate(MONDAY) == (9, 0)
    assert [row.n for row in rows(LOOK_UP_KEY)] == [3]
    assert {whose(clinic_id, address): address for address in people.values()} == people


def test_K3_everybody_is_found_at_every_moment_of_a_rotation(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    ada = staff(found())
    clinic_id = ada.actor.clinic_id
    people = {patient(ada.actor, f"N{n}", f"n{n}@example.org").account_id for n in range(3)}
    monkeypatch.setattr(addresses.seal_anew, "__defaults__", (1,))
    real, seen = key_inventory.write, []

    def write_and_look(work: Any) -> Any:
        answer = real(work)
        look_ups.look_ups().forget()  # as a process that begins just now
        seen.append({whose(clinic_id, f"n{n}@example.org") for n in range(3)} == people)
        return answer

    monkeypatch.setattr(key_inventory, "write", write_and_look)
    key_inventory.rotate(MONDAY)

    assert len(seen) > 4
    assert all(seen)


def test_K3_another_process_sees_fresh_keys_at_its_next_question(app: Flask, store_url: str):
    ada = staff(found())
    with another(store_url) as other:
        assert whose(ada.actor.clinic_id, ada.email), "it keeps the keys from here on"
        with app.app_context():
            key_inventory.rotate(MONDAY)
        with other.app_context():
            assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id
            karl = patient(ada.actor, "Karl Aldous", KARL)
            assert whose(ada.actor.clinic_id, KARL) == karl.account_id
        with app.app_context():
            key_inventory.rotate(MONDAY)
            assert whose(ada.actor.clinic_id, KARL) == karl.account_id
        with other.app_context():
            # What it writes now goes under the newest key, though it knew an earlier one.
            clinic_id = ada.actor.clinic_id
            bea = accounts.create_account(
                clinic_id, Role.PATIENT, "Bea", "en", MONDAY, email="bea@example.org"
            )
    assert whose(ada.actor.clinic_id, "bea@example.org") == bea


def test_K3_keys_are_renewed_only_after_whoever_gives_an_address_is_done(app: Flask):
    clinic_id = found()
    account_id = accounts.create_account(clinic_id, Role.PATIENT, "Karl", "en", MONDAY)
    given = threading.Event()

    def slow(run: Run) -> None:
        addresses.give(run, account_id, clinic_id, KARL)
        given.set()
        time.sleep(0.5)

    def work(number: int) -> None:
        if number == 0:
            write(slow)
        else:
            given.wait(10)
            key_inventory.rotate(MONDAY)

    at_once(app, work, 2)

    assert whose(clinic_id, KARL) == account_id
    assert [row.n for row in rows(LOOK_UP_KEY)] == [2]


def test_K3_addresses_given_while_keys_are_renewed_are_all_found(app: Flask):
    clinic_id = found()
    made: dict[UUID, str] = {}

    def work(number: int) -> None:
        if number == 0:
            for _ in range(3):
                key_inventory.rotate(MONDAY)
            return
        for turn in range(6):
            address = f"n{number}-{turn}@example.org"
            made[
                accounts.create_account(clinic_id, Role.PATIENT, "N", "en", MONDAY, email=address)
            ] = address
            assert whose(clinic_id, address) is not None, address

    at_once(app, work, 5)

    assert len(made) == 24
    assert {whose(clinic_id, address): address for address in made.values()} == made
    assert len(rows(LOOK_UP_KEY)) == 1


def test_a_server_that_lost_its_secret_still_lets_people_in_by_what_needs_no_address(app: Flask):
    ada = staff(found())
    ruth = patient(ada.actor, email="ruth@example.org")
    _, device = invited(ada.actor, ruth)
    begin_anew(app, FRESH)

    assert entered(devices.by_pin(device, PIN, Browser(), MONDAY))
    assert whose(ada.actor.clinic_id, "ruth@example.org") is None
    held = {row.id: row for row in rows(ACCOUNT)}
    assert held[ruth.account_id].email is None
    counts = {one.what: one for one in key_inventory.inventory()}
    assert counts["e-mail addresses"].unreadable == 2
    assert counts["keys of look-ups by address"].unreadable == 1
    assert key_inventory.rotate(MONDAY)[1] >= 2
    assert write(lambda run: addresses.give(run, ruth.account_id, ruth.clinic_id, KARL))
    assert whose(ruth.clinic_id, KARL) == ruth.account_id

    begin_anew(app, secret(app), SECRET)
    assert whose(ada.actor.clinic_id, ada.email) == ada.actor.account_id, "it was found again"
    assert whose(ruth.clinic_id, KARL) == ruth.account_id


def test_K2_an_address_that_was_changed_in_the_table_reaches_nobody(app: Flask):
    ada = staff(found())
    stored = as_stored()[ada.actor.account_id]
    spoilt = stored[:60] + ("A" if stored[60] != "A" else "B") + stored[61:]
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE account SET email = :spoilt"), {"spoilt": spoilt})

    assert sign_in.factors_of(ada.actor.account_id).email is None
    with pytest.raises(Unreadable):
        keyring().open(spoilt)
    assert (
        next(one.unreadable for one in key_inventory.inventory() if one.what == "e-mail addresses")
        == 1
    )


def test_a_key_of_look_ups_in_the_place_of_a_data_key_opens_nothing(app: Flask):
    from adherence.store.data_keys import place_of

    found()
    sealed = bytes(rows(LOOK_UP_KEY)[0].sealed)

    assert place_of(sealed, look_ups.USE) == 0
    assert place_of(sealed) is None
