"""Signing in, with a clinic's settings: passwords, the second step, mailed links, changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import argon2
import pyotp
import pytest
from flask import Flask

from adherence.domain.access import Role, Stage
from adherence.domain.errors import InvalidInput, NotFound, TooMany
from adherence.domain.sign_in import Purpose, Via
from adherence.services import (
    accounts,
    audit,
    devices,
    factors,
    invites,
    key_inventory,
    passwords,
    sessions,
    sign_in,
)
from adherence.services.factors import new_totp
from adherence.services.sessions import Browser, Entered
from adherence.services.sign_in import Elsewhere
from adherence.settings import EXTENSION
from adherence.store.accounts import ACCOUNT
from adherence.store.audit import AUDIT
from adherence.store.buckets import BUCKET
from adherence.store.clinics import CLINIC
from adherence.store.db import Store
from adherence.store.devices import DEVICE
from adherence.store.factors import RECOVERY
from adherence.store.mails import MAIL
from adherence.store.sessions import SESSION
from tests.practice import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    PASSWORD,
    PIN,
    SECOND,
    STEP,
    Staff,
    application,
    at_once,
    entered,
    found,
    invited,
    is_in,
    mails,
    opened,
    patient,
    rows,
    staff,
    token_of,
)

OTHER = "violet anchor thimble"


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url, smtp_host="localhost", mail_from="a@example.org") as made:
        yield made


@pytest.fixture
def ada(app: Flask) -> Staff:
    return staff(found())


def first_step(who: Staff, password: str = PASSWORD, at: Any = MONDAY, slug: str = "") -> Any:
    return sign_in.by_password(slug, who.email, password, Browser(), at)


def second_step(who: Staff, typed: str, at: Any = MONDAY) -> Entered | None:
    began = entered(first_step(who, at=at))
    return sign_in.finish(opened(began.secret, at), typed, Browser(began.secret), at)


# --- passwords ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.PROGRAMME_MANAGER, Role.ADMIN])
def test_A9_a_password_alone_opens_nothing_but_the_second_step(app: Flask, role: Role):
    who = staff(found(), role)

    began = entered(first_step(who))

    assert began.stage is Stage.PENDING
    assert not is_in(began.secret, MONDAY)
    done = second_step(who, who.code(MONDAY))
    assert done is not None
    assert is_in(done.secret, MONDAY)


def test_A9_the_first_step_ends_after_ten_minutes(ada: Staff):
    began = entered(first_step(ada))

    assert sessions.open_session(began.secret, MONDAY + 10 * MINUTE - SECOND)
    assert sessions.open_session(began.secret, MONDAY + 10 * MINUTE) is None


def test_S2_every_step_has_a_new_id_and_the_one_before_is_dead(ada: Staff):
    began = entered(first_step(ada))
    done = sign_in.finish(
        opened(began.secret, MONDAY), ada.code(MONDAY), Browser(began.secret), MONDAY
    )
    assert done is not None
    proved = sign_in.prove_by_password(
        opened(done.secret, MONDAY), PASSWORD, Browser(done.secret), MONDAY
    )
    assert proved is not None

    secrets = [began.secret, done.secret, proved.secret]
    assert len(set(secrets)) == 3
    assert [is_in(secret, MONDAY) for secret in secrets] == [False, False, True]
    assert sessions.open_session(began.secret, MONDAY) is None


@pytest.mark.parametrize(
    "typed",
    ["", "wrong", PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD * 40, "\0", "\ud800"],
)
def test_A2_a_password_is_taken_as_it_is(ada: Staff, typed: str):
    assert first_step(ada, typed) is None


def test_A2_what_comes_after_72_bytes_counts(app: Flask):
    long = "lantern wombat quarry " * 4
    assert len(long.encode()) > 72
    stored = passwords.hashed(long + "a")

    assert passwords.fits(stored, long + "a")
    assert not passwords.fits(stored, long + "b")
    assert passwords.fits(passwords.hashed("e\u0301" * 8), "\u00e9" * 8), "one normal form"


@pytest.mark.parametrize(
    ("password", "role", "why"),
    [
        ("seven77", Role.PATIENT, "too_short"),
        ("eight888x", Role.PATIENT, None),
        ("elevenchars", Role.CLINICIAN, "too_short"),
        ("".join(f"{n}thimble" for n in range(16))[:128], Role.CLINICIAN, None),
        ("".join(f"{n}thimble" for n in range(40))[:256], Role.CLINICIAN, None),
        ("".join(f"{n}thimble" for n in range(40))[:257], Role.CLINICIAN, "too_long"),
        ("password1234", Role.CLINICIAN, "common"),
        ("Passw0rd", Role.PATIENT, "common"),
        ("123456789012", Role.CLINICIAN, "common"),
        ("qwertzuiopasdf", Role.CLINICIAN, "common"),
        ("kaffeekaffee", Role.CLINICIAN, "common"),
        ("annaberger2026", Role.CLINICIAN, "own_words"),
        ("Praxis-am-Fluss!", Role.CLINICIAN, "own_words"),
        ("adherence-2026", Role.CLINICIAN, "own_words"),
        ("berger mag lampions", Role.CLINICIAN, None),
        ("пароль-из-слов-разных", Role.CLINICIAN, None),
    ],
)
def test_A1_A3_which_passwords_nobody_should_take(
    app: Flask, password: str, role: Role, why: str | None
):
    names = ("Anna Berger", "anna.berger@example.org", "Praxis am Fluss")

    assert passwords.why_not(password, role, *names) == why


@pytest.mark.parametrize("role", [Role.PATIENT, Role.CLINICIAN])
def test_A3_every_common_password_that_is_long_enough_is_refused(app: Flask, role: Role):
    known = passwords.common()
    least = 8 if role is Role.PATIENT else 12
    long_enough = [one for one in known if len(one) >= least]

    assert len(long_enough) > (10_000 if role is Role.PATIENT else 200)
    assert [one for one in long_enough if passwords.why_not(one, role) is None] == []
    assert [one for one in long_enough if passwords.why_not(one.title(), role) is None] == []


@pytest.mark.hashes
def test_A16_a_stored_password_is_argon2id_and_says_its_parameters(ada: Staff):
    stored = next(row.password for row in rows(ACCOUNT))

    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")


@pytest.mark.hashes
def test_A16_a_stored_pin_is_argon2id_and_says_its_parameters(ada: Staff):
    invited(ada.actor, patient(ada.actor))

    assert next(row.pin for row in rows(DEVICE)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.hashes
def test_A16_signing_in_stores_a_hash_under_newer_parameters(
    ada: Staff, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        passwords, "HASHER", argon2.PasswordHasher(time_cost=2, memory_cost=1024, parallelism=1)
    )
    assert first_step(ada, "wrong wrong wrong") is None
    assert next(row.password for row in rows(ACCOUNT)).startswith("$argon2id$v=19$m=47104,")

    assert first_step(ada)

    assert next(row.password for row in rows(ACCOUNT)).startswith("$argon2id$v=19$m=1024,t=2,")
    assert first_step(ada), "the new hash does not open the account"


class Counted(argon2.PasswordHasher):
    """A hasher that counts what it is asked."""

    def __init__(self, **more: Any) -> None:
        super().__init__(memory_cost=1024, time_cost=1, parallelism=1, **more)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.verified += 1
        return super().verify(hash, password)


def test_A7_known_and_unknown_accounts_cost_the_same_work(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    """Hashes, statements and lines of audit are counted; how long they take is for the bench."""
    clinic = found()
    ada = staff(clinic)
    gone = staff(clinic, email="gone@example.org", name="Gone Away")
    accounts.disable_account(gone.actor.account_id, MONDAY)
    patient(ada.actor, "No Password", "bare@example.org")
    hasher = Counted()
    monkeypatch.setattr(passwords, "HASHER", hasher)
    passwords.fits(None, "the stand-in is made once")
    work = {}
    for email in (
        ada.email,
        gone.email,
        "bare@example.org",
        "nobody@example.org",
        "no address",
        "",
    ):
        hasher.verified, before = 0, len(rows(AUDIT))
        seen = statements(
            app, lambda email=email: sign_in.by_password("", email, "wrong", Browser(), MONDAY)
        )
        work[email] = (hasher.verified, len(rows(AUDIT)) - before, seen)

    assert len(set(work.values())) == 1, work
    assert next(iter(work.values()))[:2] == (1, 1)


def statements(app: Flask, work: Any) -> tuple[str, ...]:
    """What the database is asked in the course of ``work``: verbs and tables, in order."""
    from adherence.store.db import EXTENSION as STORE
    from adherence.store.db import Run

    asked: list[str] = []
    usual = Run.first, Run.do, Run.do_many, Run.all

    def spied(name: str, real: Any) -> Any:
        def call(self: Run, statement: Any, *args: Any, **given: Any) -> Any:
            asked.append(f"{name} {str(statement.core)[:60]}")
            return real(self, statement, *args, **given)

        return call

    assert app.extensions[STORE]
    for name, real in zip(("first", "do", "do_many", "all"), usual, strict=True):
        setattr(Run, name, spied(name, real))
    try:
        work()
    finally:
        Run.first, Run.do, Run.do_many, Run.all = usual  # type: ignore[method-assign]
    return tuple(asked)


def test_A7_asking_for_a_mail_costs_the_same_work(app: Flask):
    ada = staff(found())
    before = len(mails())
    work = {
        email: statements(
            app,
            lambda email=email: sign_in.ask_mail(Purpose.MAIL, "", email, "browser", "en", MONDAY),
        )
        for email in (ada.email, "nobody@example.org")
    }

    assert len(set(work.values())) == 1
    assert [mail["to"] for mail in mails()[before:]] == [ada.email], "a mail goes to nobody"
    assert len([row for row in rows(MAIL) if row.account_id is None]) == 1


def test_A7_an_unknown_clinic_is_answered_like_an_unknown_account(app: Flask):
    one, two = found("North", "north"), found("South", "south")
    north, south = staff(one), staff(two, name="Bea Roth")

    assert first_step(north, slug="north")
    assert first_step(south, slug="south")
    for slug in ("", "west", "NORTH ", "north"):
        assert first_step(north, "wrong", slug=slug) is None
    assert first_step(north, slug="") is None, "with two clinics one has to say which"
    assert entered(first_step(north, slug=" North ")).actor.clinic_id == one


def test_the_same_address_and_password_in_two_clinics_are_two_accounts(app: Flask):
    one, two = found("North", "north"), found("South", "south")
    staff(one), staff(two)

    first = entered(sign_in.by_password("north", "ADA@example.org ", PASSWORD, Browser(), MONDAY))
    second = entered(sign_in.by_password("south", "ada@example.org", PASSWORD, Browser(), MONDAY))

    assert (first.actor.clinic_id, second.actor.clinic_id) == (one, two)
    with pytest.raises(InvalidInput, match="taken"):
        accounts.create_account(one, Role.ADMIN, "Else", "en", MONDAY, email="Ada@Example.org")


def test_only_so_many_passwords_are_checked_at_once_and_the_rest_wait(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    from threading import Lock

    lock, running, most = Lock(), [0], [0]

    class Watched(argon2.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            try:
                return super().verify(hash, password)
            finally:
                with lock:
                    running[0] -= 1

    monkeypatch.setattr(passwords, "HASHER", Watched(memory_cost=8192, time_cost=1, parallelism=1))

    assert at_once(app, lambda number: passwords.fits(None, "x"), 16) == [False] * 16
    assert most[0] <= 2


def test_whoever_waits_too_long_for_a_turn_is_asked_to_come_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(passwords, "PATIENCE", 0.0)
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], hashes_at_once=1)
    with passwords._turn(), pytest.raises(TooMany):
        passwords.fits(None, "x")


# --- the second step ---------------------------------------------------------------------------


def test_A13_a_code_of_the_app_works_once(ada: Staff):
    code = ada.code(MONDAY)

    assert second_step(ada, code)
    assert second_step(ada, code) is None
    assert second_step(ada, code, MONDAY + STEP) is None


def test_A13_an_earlier_code_is_dead_once_a_later_one_was_used(ada: Staff):
    assert second_step(ada, ada.code(MONDAY))
    assert second_step(ada, ada.code(MONDAY - STEP)) is None
    assert second_step(ada, ada.code(MONDAY + STEP)), "a clock that is a step ahead"


@pytest.mark.parametrize("steps", [-3, -2, 2, 3, 40])
def test_A13_a_code_more_than_a_step_off_is_refused(ada: Staff, steps: int):
    assert second_step(ada, ada.code(MONDAY + steps * STEP)) is None


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_A13_a_code_a_step_off_is_taken(ada: Staff, steps: int):
    assert second_step(ada, ada.code(MONDAY + steps * STEP))


def test_A13_of_twenty_with_one_code_one_gets_in(app: Flask, ada: Staff):
    began = [entered(first_step(ada)) for _ in range(20)]
    code = ada.code(MONDAY)

    done = at_once(
        app,
        lambda number: sign_in.finish(
            opened(began[number].secret, MONDAY), code, Browser(began[number].secret), MONDAY
        ),
    )

    assert sum(one is not None for one in done) == 1


def test_A13_of_twenty_that_finish_one_first_step_one_gets_in(app: Flask, ada: Staff):
    """Ten recovery codes are good, the first step is one: nobody turns it into two sessions."""
    began = entered(first_step(ada))
    session = opened(began.secret, MONDAY)

    def work(number: int) -> Entered | None:
        try:
            return sign_in.finish(session, ada.codes[number % 10], Browser(began.secret), MONDAY)
        except NotFound:
            return None

    done = at_once(app, work)

    assert sum(one is not None for one in done) == 1
    assert len([row for row in rows(SESSION) if row.stage == Stage.FULL]) == 2  # one from before


@pytest.mark.parametrize("typed", ["", "000000", "abcdef", "१२३४५६", "\ud800", "1" * 5000])
def test_a_wrong_second_step_is_refused_and_written_down(ada: Staff, typed: str):
    before = len([row for row in rows(AUDIT) if row.action == "sign_in"])

    assert second_step(ada, typed) is None
    refused = [row for row in rows(AUDIT) if row.action == "sign_in"]
    assert len(refused) == before + 1
    assert audit.verify(ada.actor.clinic_id) == []


def test_A14_a_recovery_code_works_once_and_however_it_is_typed(ada: Staff):
    assert len(set(ada.codes)) == 10
    assert second_step(ada, ada.codes[0].lower().replace("", " "))
    assert second_step(ada, ada.codes[0]) is None
    assert second_step(ada, ada.codes[1])
    assert factors.recovery_left(ada.actor.account_id) == 8


def test_A14_of_twenty_with_one_recovery_code_one_gets_in(app: Flask, ada: Staff):
    began = [entered(first_step(ada)) for _ in range(20)]

    done = at_once(
        app,
        lambda number: sign_in.finish(
            opened(began[number].secret, MONDAY),
            ada.codes[3],
            Browser(began[number].secret),
            MONDAY,
        ),
    )

    assert sum(one is not None for one in done) == 1


def test_A14_recovery_codes_are_kept_as_keyed_hashes_and_belong_to_one_account(app: Flask):
    clinic = found()
    ada, bea = staff(clinic), staff(clinic, email="bea@example.org", name="Bea Lind")
    said = repr(rows(RECOVERY))

    assert not any(code in said or code.encode().hex() in said for code in ada.codes)
    assert second_step(bea, ada.codes[0]) is None


def test_A14_new_recovery_codes_end_the_old_ones(ada: Staff):
    fresh = factors.renew_recovery(ada.actor, MONDAY)

    assert second_step(ada, ada.codes[0]) is None
    assert second_step(ada, fresh[0])


def test_K2_the_apps_secret_is_encrypted_and_a_changed_byte_closes_it(ada: Staff, app: Flask):
    from adherence.store.accounts import set_totp
    from adherence.store.db import write

    row = next(row for row in rows(ACCOUNT) if row.totp is not None)
    assert ada.secret.encode() not in bytes(row.totp)
    broken = bytearray(row.totp)
    broken[40] ^= 1
    write(lambda run: run.do(set_totp, account_id=row.id, sealed=bytes(broken), step=None))

    assert second_step(ada, ada.code(MONDAY)) is None
    assert second_step(ada, ada.codes[0]), "a recovery code still opens it"


def test_K3_the_apps_secret_and_recovery_codes_outlive_a_change_of_keys(app: Flask, ada: Staff):
    old = app.extensions[EXTENSION]
    fresh = "another-key-of-tests-0123456789-abcdef"
    app.extensions[EXTENSION] = replace(
        old, secret_key=fresh, secret_key_fallbacks=(old.secret_key,)
    )
    assert second_step(ada, ada.code(MONDAY))
    assert second_step(ada, ada.codes[0])
    assert key_inventory.rotate(MONDAY)[1] == 0
    app.extensions[EXTENSION] = replace(old, secret_key=fresh)

    later = MONDAY + HOUR
    assert second_step(ada, ada.code(later), later), "the secret was not encrypted anew"
    assert second_step(ada, ada.codes[1]) is None
    app.extensions[EXTENSION] = old
    assert second_step(ada, ada.code(later + HOUR), later + HOUR) is None


def test_an_app_is_kept_only_once_its_code_was_typed(app: Flask):
    ada = staff(found())
    session = opened(ada.cookie, MONDAY - HOUR)
    offered = new_totp(ada.cookie, "Ada Roth", "Praxis")

    assert offered == new_totp(ada.cookie, "Ada Roth", "Praxis")
    assert offered.secret != ada.secret
    at = MONDAY - HOUR
    assert sign_in.enrol(session, offered, "000000", Browser(ada.cookie), at) is None
    assert second_step(ada, ada.code(MONDAY)), "the app before was forgotten too early"
    code = pyotp.TOTP(offered.secret).at(int(at.timestamp()))
    assert sign_in.enrol(session, offered, code, Browser(ada.cookie), at)
    assert second_step(ada, ada.code(MONDAY + STEP)) is None, "the app before still works"


def test_A12_staff_cannot_be_left_without_a_second_step(ada: Staff):
    with pytest.raises(InvalidInput, match="last_factor"):
        sign_in.drop_totp(ada.actor, MONDAY)


# --- mailed links ------------------------------------------------------------------------------


def asked(email: str, purpose: Purpose = Purpose.MAIL, bound: str = "mine", at: Any = MONDAY):
    sign_in.ask_mail(purpose, "", email, bound, "en", at)
    return mails()[-1]


def test_a_patients_mailed_link_signs_in_once_where_it_was_asked_for(app: Flask):
    ruth = patient(staff(found()).actor, email="ruth@example.org")
    link = token_of(asked("ruth@example.org")["link"])

    assert isinstance(sign_in.by_code(link, "elsewhere", Browser(), MONDAY), Elsewhere)
    done = entered(sign_in.by_code(link, "mine", Browser(), MONDAY))
    assert (done.actor, done.stage, done.via) == (ruth, Stage.FULL, Via.MAIL)
    assert sign_in.by_code(link, "mine", Browser(), MONDAY) is None


def test_A13_a_mailed_link_is_dead_after_ten_minutes(app: Flask):
    patient(staff(found()).actor, email="ruth@example.org")
    mail = asked("ruth@example.org")
    late = MONDAY + 10 * MINUTE

    assert sign_in.by_code(token_of(mail["link"]), "mine", Browser(), late) is None
    assert sign_in.by_mail_code(mail["code"], "mine", Browser(), late) is None


def test_the_digits_of_a_mail_sign_in_and_end_its_link(app: Flask):
    patient(staff(found()).actor, email="ruth@example.org")
    mail = asked("ruth@example.org")

    assert sign_in.by_mail_code("00000000", "mine", Browser(), MONDAY) is None
    assert sign_in.by_mail_code(mail["code"], "elsewhere", Browser(), MONDAY) is None
    assert sign_in.by_mail_code(mail["code"], "mine", Browser(), MONDAY)
    assert sign_in.by_code(token_of(mail["link"]), "mine", Browser(), MONDAY) is None


def test_asking_again_ends_the_mail_before(app: Flask):
    patient(staff(found()).actor, email="ruth@example.org")
    first, second = asked("ruth@example.org"), asked("ruth@example.org")

    assert sign_in.by_code(token_of(first["link"]), "mine", Browser(), MONDAY) is None
    assert sign_in.by_code(token_of(second["link"]), "mine", Browser(), MONDAY)


def test_A12_a_mailed_link_leads_staff_to_the_second_step_and_no_further(ada: Staff):
    for purpose in (Purpose.MAIL, Purpose.RESET):
        mail = asked(ada.email, purpose)
        done = entered(sign_in.by_code(token_of(mail["link"]), "mine", Browser(), MONDAY))
        assert done.stage is Stage.PENDING
        assert not is_in(done.secret, MONDAY)


def test_A12_a_forgotten_password_is_replaced_and_the_second_step_stays(ada: Staff):
    mail = asked(ada.email, Purpose.RESET)
    began = entered(sign_in.by_code(token_of(mail["link"]), "mine", Browser(), MONDAY))
    done = sign_in.finish(
        opened(began.secret, MONDAY), ada.code(MONDAY), Browser(began.secret), MONDAY
    )
    assert done is not None

    changed = sign_in.change_password(
        opened(done.secret, MONDAY), "", OTHER, Browser(done.secret), MONDAY
    )

    assert first_step(ada) is None
    assert entered(first_step(ada, OTHER)).stage is Stage.PENDING
    with pytest.raises(InvalidInput, match="wrong_password"):
        sign_in.change_password(
            opened(changed.secret, MONDAY), "", PASSWORD, Browser(changed.secret), MONDAY
        )


def test_no_mail_carries_a_name_or_a_code_in_the_clear_in_the_table(app: Flask):
    patient(staff(found()).actor, "Ruth Aldous", email="ruth@example.org")
    mail = asked("ruth@example.org")
    said = repr(rows(MAIL))

    assert "ruth" not in said.lower()
    assert mail["code"] not in said
    assert token_of(mail["link"]) not in said


# --- changes -----------------------------------------------------------------------------------


def fresh(who: Staff) -> str:
    done = second_step(who, who.code(MONDAY))
    assert done is not None
    return done.secret


def test_A5_a_new_password_needs_the_old_one_and_ends_all_other_sessions(ada: Staff):
    mine = fresh(ada)
    for wrong in ("", "wrong", PASSWORD + " "):
        with pytest.raises(InvalidInput, match="wrong_password"):
            sign_in.change_password(opened(mine, MONDAY), wrong, OTHER, Browser(mine), MONDAY)
    at = MONDAY + STEP
    began = entered(first_step(ada, at=at))
    other = sign_in.finish(opened(began.secret, at), ada.code(at), Browser(began.secret), at)
    assert other is not None

    changed = sign_in.change_password(opened(mine, at), PASSWORD, OTHER, Browser(mine), at)

    assert is_in(changed.secret, at)
    assert not is_in(mine, at)
    assert not is_in(other.secret, at)
    assert first_step(ada) is None
    assert first_step(ada, OTHER)


def test_A15_the_address_in_force_is_told_of_every_change(ada: Staff):
    mine = fresh(ada)
    before = len(mails())
    changed = sign_in.change_password(opened(mine, MONDAY), PASSWORD, OTHER, Browser(mine), MONDAY)
    factors.renew_recovery(ada.actor, MONDAY)
    sign_in.ask_new_email(ada.actor, "new@example.org", "en", MONDAY)
    code = mails()[-1]["code"]
    assert is_in(changed.secret, MONDAY)

    assert not sign_in.confirm_email(ada.actor, "00000000", MONDAY)
    assert sign_in.confirm_email(ada.actor, code, MONDAY)

    told = mails()[before:]
    assert [(mail["kind"], mail["to"]) for mail in told] == [
        ("changed", "ada@example.org"),
        ("new-address", "new@example.org"),
        ("changed", "ada@example.org"),
    ]
    assert sign_in.by_password("", "new@example.org", OTHER, Browser(), MONDAY)
    assert sign_in.by_password("", "ada@example.org", OTHER, Browser(), MONDAY) is None


def test_A14_a_new_address_is_guessed_at_five_times(ada: Staff):
    sign_in.ask_new_email(ada.actor, "new@example.org", "en", MONDAY)
    code = mails()[-1]["code"]
    for _ in range(5):
        assert not sign_in.confirm_email(ada.actor, "00000000", MONDAY)

    assert not sign_in.confirm_email(ada.actor, code, MONDAY)


def test_an_address_that_somebody_took_meanwhile_is_not_taken_twice(app: Flask):
    clinic = found()
    ada = staff(clinic)
    sign_in.ask_new_email(ada.actor, "shared@example.org", "en", MONDAY)
    code = mails()[-1]["code"]
    staff(clinic, email="shared@example.org", name="Bea Lind")

    assert not sign_in.confirm_email(ada.actor, code, MONDAY)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "a@b",
        "a@@b.org",
        "a@b.org\nBcc: c@d.org",
        "a b@c.org",
        "a@b.org,c@d.org",
        "<a@b.org>",
    ],
)
def test_O6_an_address_that_could_carry_another_is_none(app: Flask, typed: str):
    with pytest.raises(InvalidInput, match="no_address"):
        accounts.read_address(typed)


# --- a factor again ----------------------------------------------------------------------------


def test_S9_a_factor_shown_again_makes_the_session_fresh_and_no_longer(ada: Staff):
    mine = fresh(ada)
    at = MONDAY + 5 * MINUTE
    assert opened(mine, at).is_fresh(at)
    at += SECOND
    session = opened(mine, at)
    assert not session.is_fresh(at)

    assert sign_in.prove_by_password(session, "wrong", Browser(mine), at) is None
    assert sign_in.prove_by_code(session, ada.code(MONDAY), Browser(mine), at) is None
    assert sessions.open_session(mine, at), "a wrong factor ended the session"
    proved = sign_in.prove_by_code(session, ada.code(at), Browser(mine), at)

    assert proved is not None
    after = opened(proved.secret, at)
    assert after.is_fresh(at)
    assert (after.ends_at, after.started_at) == (session.ends_at, session.started_at)
    assert sessions.open_session(mine, at) is None


def test_S9_of_twenty_that_prove_with_one_session_one_goes_on(app: Flask, ada: Staff):
    mine = fresh(ada)
    session = opened(mine, MONDAY)

    def work(number: int) -> Entered | None:
        try:
            return sign_in.prove_by_password(session, PASSWORD, Browser(mine), MONDAY)
        except NotFound:
            return None

    done = at_once(app, work, 6)

    assert sum(one is not None for one in done) == 1


def test_S9_saying_so_is_enough_in_a_demo_only(ada: Staff):
    mine = fresh(ada)

    with pytest.raises(NotFound):
        sign_in.prove_in_demo(opened(mine, MONDAY), Browser(mine), MONDAY)


# --- known devices -----------------------------------------------------------------------------


def test_a_patient_comes_by_paper_and_then_by_pin(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    first, cookie = invited(ada, ruth)

    assert is_in(first, MONDAY)
    assert devices.is_known(cookie)
    done = entered(devices.by_pin(cookie, PIN, Browser(), MONDAY + DAY))
    assert (done.actor, done.stage) == (ruth, Stage.FULL)
    assert is_in(done.secret, MONDAY + DAY)


def test_A14_five_wrong_pins_shut_the_device(app: Flask):
    ada = staff(found()).actor
    _, cookie = invited(ada, patient(ada))

    left = [devices.by_pin(cookie, "135791", Browser(), MONDAY) for _ in range(5)]

    assert left == [4, 3, 2, 1, 0]
    assert devices.by_pin(cookie, PIN, Browser(), MONDAY) == 0
    assert not devices.is_known(cookie)


def test_A14_a_right_pin_gives_the_five_tries_back(app: Flask):
    ada = staff(found()).actor
    _, cookie = invited(ada, patient(ada))
    for _ in range(3):
        for _ in range(4):
            devices.by_pin(cookie, "135791", Browser(), MONDAY)
        assert isinstance(devices.by_pin(cookie, PIN, Browser(), MONDAY), Entered)


def test_A14_strangers_who_try_pins_at_once_wait_for_each_other(app: Flask):
    """They share counters; whoever met the second one first would wait for ever."""
    found()

    done = at_once(app, lambda n: devices.by_pin("no device", f"{n:06d}", Browser(), MONDAY), 60)

    assert done == [0] * 60


def test_A14_of_fifty_wrong_pins_at_once_five_are_checked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
):
    ada = staff(found()).actor
    _, cookie = invited(ada, patient(ada))
    known, real = [], passwords.pin_fits

    def spied(stored: str | None, secret: str, pin: str) -> bool:
        known.append(stored is not None)
        return real(stored, secret, pin)

    monkeypatch.setattr(
        passwords, "PIN_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    )
    monkeypatch.setattr(passwords, "pin_fits", spied)

    done = at_once(app, lambda n: devices.by_pin(cookie, f"{100000 + n}", Browser(), MONDAY), 50)

    assert not any(isinstance(one, Entered) for one in done)
    assert sum(known) == 5
    assert len(known) == 50, "an unknown device costs the same hash"


def changes(work: Any) -> list[set[str]]:
    """Which tables each transaction changed in the course of ``work``."""
    watched = {"device": DEVICE, "bucket": BUCKET, "audit": AUDIT, "clinic": CLINIC}
    usual, seen = Store.write, []

    def held() -> dict[str, Any]:
        return {name: sorted(map(repr, rows(table))) for name, table in watched.items()}

    def spied(self: Store, job: Any) -> Any:
        before = held()
        answer = usual(self, job)
        after = held()
        seen.append({name for name in watched if before[name] != after[name]})
        return answer

    Store.write = spied  # type: ignore[method-assign]  # watched
    try:
        work()
    finally:
        Store.write = usual  # type: ignore[method-assign]  # as it was
    return seen


def test_A7_a_wrong_pin_writes_as_often_on_a_device_that_nobody_knows(app: Flask):
    ada = staff(found()).actor
    _, cookie = invited(ada, patient(ada))

    def tried(device: str) -> list[set[str]]:
        return changes(lambda: devices.by_pin(device, "135791", Browser(), MONDAY))

    assert tried(cookie) == [{"device"}, {"audit", "clinic"}]
    for _ in range(2):
        assert tried("x" * 43) == [{"bucket"}, {"bucket"}]
    for _ in range(4):
        devices.by_pin(cookie, "135791", Browser(), MONDAY)
    assert tried(cookie) == [{"bucket"}, {"bucket"}], "a device that is shut"


def test_A7_strangers_fill_no_table(app: Flask):
    found()
    drawn = [sha256(str(n).encode()).digest() for n in range(5000)]
    counters = {
        (one.key, one.slot)
        for digest in drawn
        for one in devices._counters_of_strangers(digest, MONDAY)
    }
    assert len(counters) == 512
    before = len(rows(AUDIT))
    for n in range(3):
        devices.by_pin("x" * 43, f"13579{n}", Browser(), MONDAY)
    assert len(rows(BUCKET)) == 2
    assert len(rows(AUDIT)) == before
    accounts.drop_expired(MONDAY + HOUR)
    assert rows(BUCKET) == []


def test_a_pin_is_worth_nothing_without_the_devices_own_cookie(app: Flask):
    ada = staff(found()).actor
    _, one = invited(ada, patient(ada))
    _, two = invited(ada, patient(ada, "Jonas Weber"), pin="975310864")

    for cookie in ("", "x", one[:-1], one.swapcase()):
        assert devices.by_pin(cookie, PIN, Browser(), MONDAY) == 0
    assert devices.by_pin(two, PIN, Browser(), MONDAY) == 4


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("12345", "no_pin"),
        ("1234567890123", "no_pin"),
        ("12345a", "no_pin"),
        ("１２３４５７", "no_pin"),
        ("", "no_pin"),
        ("111111", "weak_pin"),
        ("123456", "weak_pin"),
        ("987654321", "weak_pin"),
        ("121212", "weak_pin"),
        ("123123", "weak_pin"),
    ],
)
def test_which_pins_are_refused(app: Flask, pin: str, why: str):
    with pytest.raises(InvalidInput, match=why):
        devices.check_pin(pin)


def test_a_lost_phone_is_shut_out_with_what_is_open_on_it(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    first, cookie = invited(ada, ruth)
    second, kept = invited(ada, ruth)
    lost = next(one for one in devices.devices_of(ruth.account_id) if is_older(one, ruth))

    devices.revoke(ruth, ruth.account_id, lost.id, MONDAY)

    assert not is_in(first, MONDAY)
    assert devices.by_pin(cookie, PIN, Browser(), MONDAY) == 0
    assert is_in(second, MONDAY)
    assert isinstance(devices.by_pin(kept, PIN, Browser(), MONDAY), Entered)
    with pytest.raises(NotFound):
        devices.revoke(ada, ada.account_id, lost.id, MONDAY)


def is_older(one: devices.Device, of: Any) -> bool:
    return one.id == min(each.id for each in devices.devices_of(of.account_id))


def test_the_clinic_shuts_everything_out_at_once(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    first, cookie = invited(ada, ruth)
    waiting = invites.invite_on_paper(ada, ruth.patient_id, "en", MONDAY)

    invites.shut_out(ada, ruth.patient_id, MONDAY)

    assert not is_in(first, MONDAY)
    assert devices.by_pin(cookie, PIN, Browser(), MONDAY) == 0
    assert sign_in.by_code(waiting.code, "", Browser(), MONDAY) is None
    assert audit.verify(ada.clinic_id) == []


def test_a_pin_chosen_later_takes_the_place_of_the_one_before(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    first, cookie = invited(ada, ruth)

    at = MONDAY + 4 * MINUTE
    before = opened(first, at)
    done, fresh = devices.add_device(before, "864209753", Browser(first), at)

    after = opened(done.secret, at)
    assert (after.started_at, after.ends_at) == (before.started_at, before.ends_at)
    assert after.proved_at == before.proved_at, "a PIN that was chosen proves nothing"
    assert is_in(done.secret, MONDAY)
    assert not is_in(first, MONDAY)
    assert devices.by_pin(cookie, PIN, Browser(), MONDAY) == 0
    assert isinstance(devices.by_pin(fresh, "864209753", Browser(), MONDAY), Entered)


def test_S9_a_patient_shows_the_pin_again_and_only_on_that_device(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    first, cookie = invited(ada, ruth)
    _, other = invited(ada, patient(ada, "Jonas Weber"))
    session = opened(first, MONDAY)

    assert sign_in.prove_by_pin(session, cookie, "135791", Browser(first), MONDAY) is None
    assert sign_in.prove_by_pin(session, other, PIN, Browser(first), MONDAY) is None
    assert sign_in.prove_by_pin(session, cookie, PIN, Browser(first), MONDAY)


# --- inviting ----------------------------------------------------------------------------------


def test_A11_a_new_invitation_ends_the_one_before_and_lasts_fourteen_days(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    old = invites.invite_on_paper(ada, ruth.patient_id, "en", MONDAY)
    new = invites.invite_on_paper(ada, ruth.patient_id, "en", MONDAY)

    assert sign_in.by_code(old.code, "", Browser(), MONDAY) is None
    assert sign_in.by_code(new.code, "", Browser(), MONDAY + 14 * DAY) is None
    assert sign_in.by_code(new.code, "", Browser(), MONDAY + 14 * DAY - SECOND)


def test_an_invitation_opens_nothing_before_a_pin_is_chosen(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    made = invites.invite_on_paper(ada, ruth.patient_id, "en", MONDAY)
    began = entered(sign_in.by_code(made.code, "", Browser(), MONDAY))

    assert not is_in(began.secret, MONDAY)
    session = opened(began.secret, MONDAY)
    for pin in ("1", "123456"):
        with pytest.raises(InvalidInput):
            devices.welcome(session, pin, "en", Browser(began.secret), MONDAY)
    done, _ = devices.welcome(session, PIN, "de", Browser(began.secret), MONDAY)
    assert opened(done.secret, MONDAY).actor.locale == "de"
    with pytest.raises(NotFound):
        devices.welcome(session, PIN, "de", Browser(began.secret), MONDAY)


def test_a_patient_without_an_account_gets_one_with_the_invitation(app: Flask):
    from adherence.services import patients

    ada = staff(found()).actor
    patient_id = patients.add_patient(ada, name="Nora Niemand", zone="Europe/Berlin", now=MONDAY)

    made = invites.invite_on_paper(ada, patient_id, "en", MONDAY)
    again = invites.invite_on_paper(ada, patient_id, "en", MONDAY)

    assert sign_in.by_code(made.code, "", Browser(), MONDAY) is None
    done = entered(sign_in.by_code(again.code, "", Browser(), MONDAY))
    assert done.actor.patient_id == patient_id


def test_a_mailed_invitation_confirms_the_address_by_arriving(app: Flask):
    ada = staff(found()).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None
    invites.invite_by_mail(ada, ruth.patient_id, "Ruth@Example.org", "en", MONDAY)
    mail = mails()[-1]

    assert mail["to"] == "ruth@example.org"
    assert invites.access(ada, ruth.patient_id, MONDAY).email is None
    assert sign_in.by_code(token_of(mail["link"]), "", Browser(), MONDAY)
    assert invites.access(ada, ruth.patient_id, MONDAY).email == "ruth@example.org"
    other = patient(ada, "Jonas Weber")
    assert other.patient_id is not None
    with pytest.raises(InvalidInput, match="taken"):
        invites.invite_by_mail(ada, other.patient_id, "ruth@example.org", "en", MONDAY)


def test_another_clinic_invites_none_of_ours(app: Flask):
    ada = staff(found("North", "north")).actor
    far = staff(found("South", "south")).actor
    ruth = patient(ada)
    assert ruth.patient_id is not None

    for work in (
        lambda: invites.invite_on_paper(far, ruth.patient_id, "en", MONDAY),
        lambda: invites.invite_by_mail(far, ruth.patient_id, "x@example.org", "en", MONDAY),
        lambda: invites.shut_out(far, ruth.patient_id, MONDAY),
        lambda: invites.access(far, ruth.patient_id, MONDAY),
        lambda: invites.begin_anew(far, ada.account_id, MONDAY),
    ):
        with pytest.raises(NotFound):
            work()


def test_A12_who_lost_everything_begins_anew_with_nothing_of_it_left(ada: Staff):
    admin = staff(ada.actor.clinic_id, Role.ADMIN, "boss@example.org", "Bea Boss").actor
    mine = fresh(ada)

    link = invites.begin_anew(admin, ada.actor.account_id, MONDAY)

    assert not is_in(mine, MONDAY)
    assert first_step(ada) is None
    began = entered(sign_in.by_code(token_of(link), "", Browser(), MONDAY))
    assert (began.stage, began.via) == (Stage.PENDING, Via.SETUP)
    assert (
        sign_in.finish(opened(began.secret, MONDAY), ada.codes[0], Browser(began.secret), MONDAY)
        is None
    )
    assert sign_in.by_code(token_of(link), "", Browser(), MONDAY) is None


def test_A8_the_first_start_needs_its_link_and_happens_once(app: Flask):
    from adherence.services.sign_in import FirstStart

    def found_with(code: str, **changes: str) -> Entered | None:
        given = {
            "clinic": "Praxis am Fluss",
            "zone": "Europe/Berlin",
            "name": "Bea Boss",
            "email": "boss@example.org",
            "password": OTHER,
        }
        return invites.found_clinic(
            code,
            **{**given, **changes},
            locale="en",
            emergency_number="112",
            browser=Browser(),
            now=MONDAY,
        )

    assert accounts.is_empty()
    code = token_of(invites.first_start(MONDAY))
    assert isinstance(sign_in.by_code(code, "", Browser(), MONDAY), FirstStart)
    assert found_with("wrong") is None
    for field, value in (
        ("zone", "Nowhere/None"),
        ("email", "none"),
        ("password", "short"),
        ("password", "praxis am fluss"),
        ("clinic", " "),
        ("name", ""),
    ):
        with pytest.raises(InvalidInput):
            found_with(code, **{field: value})
    done = found_with(code)
    assert done is not None
    assert (done.stage, done.actor.role) == (Stage.PENDING, Role.ADMIN)
    assert found_with(code) is None
    with pytest.raises(NotFound):
        invites.first_start(MONDAY)
    assert audit.verify(done.actor.clinic_id) == []


def test_A8_of_twenty_that_found_the_first_clinic_one_does(app: Flask):
    earlier, code = (token_of(invites.first_start(MONDAY)) for _ in range(2))
    assert sign_in.by_code(earlier, "", Browser(), MONDAY) is None

    def work(number: int) -> Entered | None:
        return invites.found_clinic(
            code,
            clinic=f"Praxis {number}",
            zone="Europe/Berlin",
            name="Bea Boss",
            email="boss@example.org",
            password=OTHER,
            locale="en",
            emergency_number="112",
            browser=Browser(),
            now=MONDAY,
        )

    assert sum(one is not None for one in at_once(app, work, 6)) == 1
