"""Signing in: the ways in, the steps between them and the first page, codes and PINs.

Every way in is a member of ``Via``; there is no other. A code that lets somebody in is good for one
``Purpose`` only.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from adherence.domain.access import STAFF, Role, Stage

#: Crockford's base 32: no I, L, O or U, so that a code survives being read aloud or from paper.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011", " -\u2010\u2011\u2012\u2013\u2014\u00a0\t\n\r")
INVITE_LENGTH = 12
RECOVERY_LENGTH = 13
RECOVERY_CODES = 10
MAIL_CODE_LENGTH = 8
#: Wrong codes or PINs after which the right one no longer helps.
TRIES = 5

PIN_SHORTEST = 6
PIN_LONGEST = 12
PASSWORD_SHORTEST = {role: 12 if role in STAFF else 8 for role in Role}
PASSWORD_LONGEST = 256

#: A time step of RFC 6238, in seconds, and how many of them a clock may be off.
TOTP_STEP = 30
TOTP_DRIFT = 1


class Via(StrEnum):
    """What somebody showed first."""

    PASSWORD = "password"  # noqa: S105 - the name of a way in
    PASSKEY = "passkey"
    PIN = "pin"
    MAIL = "mail"
    RESET = "reset"
    INVITE = "invite"
    SETUP = "setup"
    LINK = "link"
    OIDC = "oidc"


class Purpose(StrEnum):
    """What a one-time code is good for."""

    LINK = "link"  # made by whoever runs the server
    INVITE = "invite"  # on paper
    INVITE_MAIL = "invite-mail"  # the same, and its arrival confirms the address
    SETUP = "setup"  # a member of staff begins, or begins anew
    FIRST_START = "first-start"  # nobody is there yet
    MAIL = "mail"
    RESET = "reset"
    MAIL_CODE = "mail-code"
    RESET_CODE = "reset-code"
    NEW_ADDRESS = "new-address"
    PASSKEY_NEW = "passkey-new"
    PASSKEY_IN = "passkey-in"
    PASSKEY_PROVE = "passkey-prove"
    OIDC = "oidc"
    OIDC_LINK = "oidc-link"


class Step(StrEnum):
    """What a pending sign-in still needs."""

    PASSWORD = "password"  # noqa: S105 - the name of a step
    WELCOME = "welcome"
    ENROL = "enrol"
    PROVE = "prove"


def stage_after(
    role: Role, via: Via, has_factor: bool, is_demo: bool, is_two: bool = False
) -> Stage:
    """How far the first step leads.

    A passkey with user verification and a PIN on a known device are two factors each. Staff show a
    second one after anything else; a patient does who has set one up. ``is_two`` says that a
    provider saw two factors. Only a demo's links let everybody in at once.
    """
    if via is Via.OIDC and is_two:
        return Stage.FULL
    if via in (Via.PASSKEY, Via.PIN) or (via is Via.LINK and is_demo):
        return Stage.FULL
    if via in (Via.INVITE, Via.SETUP) or role in STAFF or has_factor:
        return Stage.PENDING
    return Stage.FULL


def next_step(via: Via, has_factor: bool) -> Step:
    """What a pending sign-in that began by ``via`` needs next."""
    if via is Via.SETUP:
        return Step.PASSWORD
    if via is Via.INVITE:
        return Step.WELCOME
    return Step.PROVE if has_factor else Step.ENROL


def plain_address(typed: str) -> str:
    """An e-mail address in the one spelling in which it is stored, found and counted.

    Composed, because two keyboards may send the same letter in two ways.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", typed).strip().lower())


def read_code(typed: str) -> str:
    """A code as it was made, from how somebody typed it: case, spaces and dashes do not count.

    O reads 0, I and L read 1. Characters that no code has stay, so that such a code fits nothing.
    """
    return typed.upper().translate(_MISREAD)


def spell(code: str, group: int = 4) -> str:
    """A code in groups, for paper and screens."""
    return "-".join(code[at : at + group] for at in range(0, len(code), group))


def crockford(number: int, length: int) -> str:
    """The lowest ``5 * length`` bits of a number as a code."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def is_weak_pin(pin: str) -> bool:
    """Whether a PIN is among the first that anybody would try.

    One to three digits over and over, or digits at even distances: 123456, 654321, 246802.
    """
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(steps) == 1 or any(
        len({pin[at : at + size] for at in range(0, len(pin), size)}) == 1
        for size in (1, 2, 3)
        if len(pin) % size == 0
    )


def is_pin(pin: str) -> bool:
    """Whether a text is a PIN at all: 6 to 12 ASCII digits."""
    return pin.isascii() and pin.isdigit() and PIN_SHORTEST <= len(pin) <= PIN_LONGEST


def totp_steps(now: datetime) -> range:
    """The time steps whose code is right at ``now``, a clock that is a step off included."""
    step = int(now.timestamp()) // TOTP_STEP
    return range(step - TOTP_DRIFT, step + TOTP_DRIFT + 1)
