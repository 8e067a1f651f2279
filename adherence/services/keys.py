"""Keys: hashes that only this server can make, and what is encrypted because it is read again.

Everything hangs on the secret of the settings. Earlier secrets that are still listed go on opening
what was made under them; whatever is new is made under the one in use.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from adherence import settings


class Unreadable(Exception):
    """It was encrypted under a secret that is no longer listed, or was changed since."""


def new_token() -> str:
    """A fresh secret of 256 bits."""
    return secrets.token_urlsafe(32)


def keyed(purpose: str, *parts: str) -> tuple[bytes, ...]:
    """The hash of ``parts`` for one purpose under each listed secret, the one in use first.

    What is hashed for one purpose fits no other.
    """
    message = "\0".join((purpose, *parts)).encode("utf-8", "replace")
    return tuple(
        hmac.digest(_derived(secret, b"hash"), message, "sha256")
        for secret in settings.current().secret_keys
    )


def seal(text: str) -> bytes:
    """``text`` encrypted under the secret in use; a changed byte is noticed when it is read."""
    return _box().encrypt(text.encode())


def unseal(sealed: bytes) -> str:
    """What was sealed.

    Raises:
        Unreadable: no listed secret opens it.
    """
    try:
        return _box().decrypt(sealed).decode()
    except InvalidToken as error:
        raise Unreadable from error


def resealed(sealed: bytes) -> bytes:
    """The same under the secret in use.

    Raises:
        Unreadable: no listed secret opens it.
    """
    try:
        return _box().rotate(sealed)
    except InvalidToken as error:
        raise Unreadable from error


def place_of(sealed: bytes) -> int | None:
    """Which listed secret opens it, 0 for the one in use; None where none does."""
    for place, secret in enumerate(settings.current().secret_keys):
        try:
            Fernet(base64.urlsafe_b64encode(_derived(secret, b"seal"))).decrypt(sealed)
        except InvalidToken:
            continue
        return place
    return None


def _box() -> MultiFernet:
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(_derived(secret, b"seal")))
            for secret in settings.current().secret_keys
        ]
    )


@lru_cache(maxsize=32)
def _derived(secret: str, use: bytes) -> bytes:
    """A key of 256 bits for one use; the secret itself is used for nothing twice."""
    return hmac.digest(secret.encode(), b"adherence\0sign-in\0" + use, "sha256")


def file_keys() -> tuple[bytes, ...]:
    """The keys of files that this server wrote for itself, the one in use first."""
    return tuple(_derived(secret, b"file") for secret in settings.current().secret_keys)
