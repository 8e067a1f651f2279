"""The hash chain of the audit: each line vouches for itself and for every line before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

#: What stands before the first line of a chain.
GENESIS = bytes(32)


def link(
    before: bytes,
    chain_id: UUID,
    n: int,
    clinic_id: UUID,
    at: datetime,
    actor_id: UUID,
    action: str,
    object_id: UUID,
    result: str,
    digest: bytes | None,
) -> bytes:
    """The SHA-256 (32 bytes) of one line and of the hash ``before`` it.

    Every field has a fixed length or a terminator, so no two different lines read the same.
    """
    return linker(chain_id, clinic_id, at, actor_id)(before, n, action, object_id, result, digest)


#: (hash before, number, action, object, result, digest) -> hash.
Linker = Callable[[bytes, int, str, UUID, str, bytes | None], bytes]


def linker(chain_id: UUID, clinic_id: UUID, at: datetime, actor_id: UUID) -> Linker:
    """``link`` for lines of one chain that one actor adds at one moment."""
    micros = (at - EPOCH) // MICROSECOND
    chain = chain_id.bytes
    who = clinic_id.bytes + micros.to_bytes(8, "big", signed=True) + actor_id.bytes

    def linked(
        before: bytes, n: int, action: str, object_id: UUID, result: str, digest: bytes | None
    ) -> bytes:
        number, about = n.to_bytes(8, "big"), object_id.bytes
        ends = result.encode() + b"\0" + (digest or b"")
        said = b"".join((before, chain, number, who, action.encode(), b"\0", about, ends))
        return hashlib.sha256(said).digest()

    return linked


def seal(
    before: bytes, clinic_id: UUID, n: int, at: datetime, heads: Sequence[tuple[str, int, str]]
) -> bytes:
    """The SHA-256 (32 bytes) of a seal: the (chain, number, head) of each chain that grew."""
    micros = (at - EPOCH) // MICROSECOND
    digest = hashlib.sha256(before + clinic_id.bytes + n.to_bytes(8, "big"))
    digest.update(micros.to_bytes(8, "big", signed=True))
    for chain_id, number, head in heads:
        digest.update(f"{chain_id}|{number}|{head}\n".encode())
    return digest.digest()
