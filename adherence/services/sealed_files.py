"""Sealed files: encrypted in pieces, so that no size is too large and no change goes unnoticed.

A file begins with a mark, a salt and a check of the key. Then come pieces of equal length, each
encrypted and authenticated by AES-256-GCM under a key of this file alone; a piece's nonce is its
number and whether it is the last. So a flipped bit, a piece that is missing, repeated or in another
place, a cut end and an added one are all found, at the latest when the end is read.
"""

from __future__ import annotations

import hmac
import io
import secrets
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adherence.domain.errors import AdherenceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MARK = b"ADHERENCE-SEALED-1\n"
KEY = 32
SALT = 16
CHECK = 16
TAG = 16
#: Bytes of each piece but the last, before it is encrypted.
PIECE = 256 * 1024


class Damaged(AdherenceError):
    """The file is no sealed one, or was changed, cut or mixed up since it was written."""


class WrongKey(AdherenceError):
    """This key does not open the file: it was written under another, or its head is damaged."""


class SealedWriter(io.RawIOBase):
    """Writes a sealed file. What is not closed in good order has no valid end."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        salt = secrets.token_bytes(SALT)
        file.write(MARK + salt + _check(key, salt))
        self._file = file
        self._cipher = _cipher(key, salt)
        self._held = bytearray()
        self._number = 0

    def writable(self) -> bool:
        return True

    def write(self, given: object, /) -> int:
        added = memoryview(given)  # type: ignore[arg-type]  # whatever a file may be given
        self._held += added
        while len(self._held) > PIECE:  # the last piece is never empty unless all is
            self._put(bytes(self._held[:PIECE]), is_last=False)
            del self._held[:PIECE]
        return added.nbytes

    def finish(self) -> None:
        """Write the last piece; from here on the file has an end."""
        self._put(bytes(self._held), is_last=True)
        self._held.clear()
        self._file.flush()

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last), piece, None))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file; what it gives out was authenticated before.

    Raises:
        WrongKey: none of the keys is the file's.
        Damaged: it is no sealed file; reading raises it too, where the damage is.
    """

    def __init__(self, file: IO[bytes], keys: Sequence[bytes]) -> None:
        head = file.read(len(MARK) + SALT + CHECK)
        if not head.startswith(MARK) or len(head) < len(MARK) + SALT + CHECK:
            raise Damaged("the file does not begin as a sealed one does")
        salt, check = head[len(MARK) : len(MARK) + SALT], head[len(MARK) + SALT :]
        key = next((one for one in keys if hmac.compare_digest(_check(one, salt), check)), None)
        if key is None:
            raise WrongKey(str(WrongKey.__doc__))
        self._file = file
        self._cipher = _cipher(key, salt)
        self._number = 0
        self._next = file.read(PIECE + TAG)
        self._open = b""
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        view = memoryview(into).cast("B")
        if not self._open and not self._is_over:
            self._read_piece()
        some = self._open[: len(view)]
        view[: len(some)] = some
        self._open = self._open[len(some) :]
        return len(some)

    def _read_piece(self) -> None:
        sealed, self._next = self._next, self._file.read(PIECE + TAG)
        is_last = not self._next
        try:
            self._open = self._cipher.decrypt(_nonce(self._number, is_last), sealed, None)
        except InvalidTag as error:
            raise Damaged(f"the file is damaged or cut off in piece {self._number + 1}") from error
        except ValueError as error:
            raise Damaged("the file is cut off") from error
        self._number += 1
        self._is_over = is_last


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _check(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, b"check\0" + salt, "sha256")[:CHECK]


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    if len(key) != KEY:
        raise ValueError("a key has 32 bytes")
    return AESGCM(HKDF(SHA256(), KEY, salt, MARK).derive(key))
