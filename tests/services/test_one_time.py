"""One-time codes: one winner, one purpose, one browser; keys that change while codes are open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from adherence.domain.sign_in import ALPHABET, Purpose, read_code, spell
from adherence.services import one_time
from adherence.settings import EXTENSION
from adherence.store.db import write
from adherence.store.one_time import ONE_TIME
from tests.practice import MINUTE, MONDAY, SECOND, application, at_once, found, patient, rows, staff

LASTS = 10 * MINUTE
LONG = [Purpose.LINK, Purpose.INVITE, Purpose.SETUP, Purpose.MAIL, Purpose.PASSKEY_IN]


@pytest.fixture
def app(store_url: str) -> Iterator[Flask]:
    with application(store_url) as made:
        yield made


def made(purpose: Purpose, bound: str | None = None, account_id: Any = None) -> str:
    code = one_time.make(purpose, account_id, MONDAY, LASTS, bound)
    write(lambda run: one_time.add(run, code))
    return code.code


def redeemed(
    typed: str, *purposes: Purpose, bound: str | None = None, at: Any = MONDAY
) -> one_time.Used | None:
    shown = one_time.shown(typed, purposes, bound)
    return write(lambda run: one_time.redeem(run, shown, at))


@pytest.mark.parametrize("purpose", LONG)
def test_A11_of_twenty_that_redeem_a_code_together_one_wins(app: Flask, purpose: Purpose):
    code = made(purpose)

    found = at_once(app, lambda number: redeemed(code, purpose))

    assert sum(one is not None for one in found) == 1


@pytest.mark.parametrize("purpose", LONG)
def test_P5_a_code_is_good_for_its_purpose_alone(app: Flask, purpose: Purpose):
    code = made(purpose)
    others = [one for one in Purpose if one is not purpose]

    assert redeemed(code, *others) is None
    assert redeemed(code, purpose) is not None


def test_A11_a_code_works_until_its_last_moment_and_not_at_it(app: Flask):
    code = made(Purpose.INVITE)

    for late in (LASTS, LASTS + SECOND, 1000 * LASTS):
        assert redeemed(code, Purpose.INVITE, at=MONDAY + late) is None
    assert redeemed(code, Purpose.INVITE, at=MONDAY + LASTS - SECOND) is not None
    assert redeemed(code, Purpose.INVITE) is None


def test_A14_a_code_of_one_browser_is_worth_nothing_in_another(app: Flask):
    code = made(Purpose.MAIL, "one browser")

    assert redeemed(code, Purpose.MAIL, bound="another") is None
    assert redeemed(code, Purpose.MAIL) is None
    assert one_time.looked_up(one_time.shown(code, {Purpose.MAIL}), MONDAY) is not None
    assert redeemed(code, Purpose.MAIL, bound="one browser") is not None


@pytest.mark.parametrize(
    "typed",
    ["{0}", "{0} ", " {0}", "{1}", "{2}", "{3}"],
    ids=["as made", "space after", "space before", "dashes", "lower case", "read aloud"],
)
def test_a_code_on_paper_may_be_typed_as_people_type(app: Flask, typed: str):
    code = made(Purpose.INVITE)
    spoken = code.replace("0", "O").replace("1", "l")

    assert redeemed(typed.format(code, spell(code), code.lower(), spoken.lower()), Purpose.INVITE)


def test_K1_a_code_on_paper_has_sixty_bits_and_no_letter_that_is_misread(app: Flask):
    codes = {made(Purpose.INVITE) for _ in range(200)}

    assert len(codes) == 200
    assert all(len(code) == 12 and set(code) <= set(ALPHABET) for code in codes)
    assert not {"I", "L", "O", "U"} & set(ALPHABET)
    assert read_code("oO-iI lL") == "001111"


def guessed(bound: str, typed: str) -> bool | None:
    """Whether a guess was right; None when there was nothing left to guess at."""
    bounds = one_time.bounds(bound)
    row = write(lambda run: one_time.guess(run, Purpose.MAIL_CODE, bounds, MONDAY))
    if row is None or not one_time.fits(row, Purpose.MAIL_CODE, typed, bound):
        return None if row is None else False
    return write(lambda run: one_time.redeem_guess(run, row, Purpose.MAIL_CODE, MONDAY))


def test_A14_after_five_wrong_digits_the_right_ones_no_longer_help(app: Flask):
    code = made(Purpose.MAIL_CODE, "a browser")

    assert [guessed("a browser", "00000000") for _ in range(5)] == [False] * 5
    assert guessed("a browser", code) is None


def test_A14_of_thirty_guesses_at_once_five_are_looked_at(app: Flask):
    made(Purpose.MAIL_CODE, "a browser")

    found = at_once(app, lambda number: guessed("a browser", f"{number:08d}"), threads=30)

    assert sum(one is not None for one in found) == 5


def test_A14_the_digits_are_worth_nothing_without_the_browser(app: Flask):
    code = made(Purpose.MAIL_CODE, "a browser")

    assert guessed("another", code) is None
    assert guessed("a browser", f"{code[:4]} {code[4:]}") is True
    assert guessed("a browser", code) is None


def test_A14_asking_again_ends_the_code_before(app: Flask):
    first = made(Purpose.MAIL_CODE, "a browser")
    bounds = one_time.bounds("a browser")
    write(lambda run: one_time.end_before(run, Purpose.MAIL_CODE, bounds, MONDAY))
    second = made(Purpose.MAIL_CODE, "a browser")

    assert guessed("a browser", first) in (False, None)
    assert guessed("a browser", second) is True


def test_tables_hold_no_code_and_no_hash_that_could_be_made_without_the_key(app: Flask):
    import hashlib

    codes = [made(purpose, "b") for purpose in Purpose]
    kept = rows(ONE_TIME)
    said = repr(kept)

    for code in codes:
        assert code not in said
        plain = {
            hashlib.new(kind, code.encode()).digest()[:32] for kind in ("sha256", "blake2b", "md5")
        }
        assert not plain & {bytes(row.digest) for row in kept}


def test_K3_codes_made_under_an_earlier_key_work_while_it_is_listed(app: Flask):
    old = app.extensions[EXTENSION]
    codes = {purpose: made(purpose, "b") for purpose in LONG}
    spare = {purpose: made(purpose, "b") for purpose in LONG}
    digits = made(Purpose.MAIL_CODE, "b")
    fresh = "another-key-of-tests-0123456789-abcdef"
    app.extensions[EXTENSION] = replace(
        old, secret_key=fresh, secret_key_fallbacks=(old.secret_key,)
    )
    before = {bytes(row.digest) for row in rows(ONE_TIME)}

    for purpose, code in codes.items():
        assert redeemed(code, purpose, bound="b"), purpose
    assert guessed("b", digits) is True
    newer = made(Purpose.INVITE)
    app.extensions[EXTENSION] = replace(old, secret_key=fresh)
    assert redeemed(newer, Purpose.INVITE), "new codes were made under the old key"
    assert not any(redeemed(code, purpose, bound="b") for purpose, code in spare.items())
    assert len({bytes(row.digest) for row in rows(ONE_TIME)} - before) == 1


def test_codes_of_an_account_end_together(app: Flask):
    from adherence.store import one_time as table

    clinic = found()
    by = staff(clinic).actor
    mine = patient(by)
    codes = {
        purpose: made(purpose, account_id=mine.account_id)
        for purpose in (Purpose.LINK, Purpose.INVITE)
    }
    write(lambda run: run.do(table.end_all_of_account, account_id=mine.account_id, now=MONDAY))

    assert not any(redeemed(code, purpose) for purpose, code in codes.items())
