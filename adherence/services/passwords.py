"""Passwords and PINs: hashed with argon2id, a few at a time, whether or not anybody has them.

An unknown account costs the same as a known one: a stand-in hash of the same parameters is checked
in its place. After a change of the parameters an account differs in time until its next sign-in,
which stores a hash under the new ones.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from adherence import settings
from adherence.domain.access import Role
from adherence.domain.errors import TooMany
from adherence.domain.passwords import normalised, refusal, words_of
from adherence.domain.sign_in import PASSWORD_LONGEST, PASSWORD_SHORTEST

#: Parameters as in OWASP's password storage cheat sheet: 46 MiB, one pass, one lane.
HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1, type=Type.ID)
#: A PIN's hash also needs the secret in the device's cookie, so less is enough: 19 MiB, two passes.
PIN_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
#: How long a sign-in waits for its turn, in seconds, before it is asked to come again.
PATIENCE = 8.0
COMMON = Path(__file__).parent / "common_passwords.txt"


def hashed(password: str) -> str:
    """The hash to store, with its parameters and salt."""
    with _turn():
        return HASHER.hash(_bytes(password))


def fits(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one; False, after the same work, where none is stored."""
    return _fits(HASHER, stored, _bytes(password[: PASSWORD_LONGEST + 1]))


def is_outdated(stored: str) -> bool:
    """Whether a hash was made under other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def hashed_pin(secret: str, pin: str) -> str:
    """The hash of a PIN that only the device with ``secret`` in its cookie can check."""
    with _turn():
        return PIN_HASHER.hash(_tied(secret, pin))


def pin_fits(stored: str | None, secret: str, pin: str) -> bool:
    """Whether a PIN is the stored one of this device; the same work where none is stored."""
    return _fits(PIN_HASHER, stored, _tied(secret, pin))


def why_not(password: str, role: Role, *names: str | None) -> str | None:
    """Why nobody of this role and these names should take a password; None where it is fine."""
    return refusal(password, PASSWORD_SHORTEST[role], common(), words_of(*names))


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """The passwords that are tried first, in lower case; the file names their source."""
    lines = COMMON.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _bytes(password: str) -> bytes:
    """What is hashed; of what is no text at all, a stand-in."""
    return normalised(password).encode("utf-8", "replace")


def _fits(hasher: PasswordHasher, stored: str | None, given: bytes) -> bool:
    try:
        with _turn():
            hasher.verify(_stand_in(hasher) if stored is None else stored, given)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _tied(secret: str, pin: str) -> bytes:
    return hmac.digest(secret.encode("utf-8", "replace"), pin.encode("utf-8", "replace"), "sha256")


@lru_cache(maxsize=4)
def _stand_in(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_bytes(32))


@contextmanager
def _turn() -> Iterator[None]:
    """Each hash takes 46 MiB, so only so many are made at once; the others wait.

    Raises:
        TooMany: its turn did not come in time.
    """
    gate = _gate(settings.current().hashes_at_once)
    if not gate.acquire(timeout=PATIENCE):
        raise TooMany(int(PATIENCE))
    try:
        yield
    finally:
        gate.release()


@lru_cache(maxsize=8)
def _gate(at_once: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(at_once)
