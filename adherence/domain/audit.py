"""The hash chain of the audit: each line vouches for itself and for every line before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

#: The account that stands for the service itself, and for who tried to sign in and is unknown.
SERVICE_ID = UUID(int=0)
#: What stands before the first line of a chain.
GENESIS = bytes(32)
#: Keeps the two forms of a line apart: the older one begins with a hash.
WITH_CIRCUMSTANCES = b"adherence audit line, form 2\0"


class Result(StrEnum):
    """What came of it."""

    OK = "ok"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why somebody was refused, as far as a machine can tell."""

    ROLE = "role"  # this role never may
    RELATION = "relation"  # this actor may not, with this patient; or there is no such patient
    STEP = "step"  # a factor has to be shown first
    FORM = "form"  # the form is not one of ours
    UNKNOWN = "unknown"  # something named is not there, or is somebody else's
    OFTEN = "often"  # it was tried too often
    FACTOR = "factor"  # the password, code, PIN or passkey was not the right one


class Kind(StrEnum):
    """What a line is about, for whoever looks through them."""

    READ = "read"
    CHANGE = "change"
    SIGN_IN = "sign_in"
    REFUSAL = "refusal"
    EMERGENCY = "emergency"


#: What looking is called: the last part of an action, or the whole of one.
READ_ENDING = ".read"
READS = frozenset({"patient.list", "sync.pull"})
#: The first parts of what belongs to getting in.
SIGN_INS = (
    "sign_in",
    "session",
    "device",
    "passkey",
    "totp",
    "recovery",
    "password",
    "email",
)
#: The relation of an emergency, and the first part of what begins and ends one.
EMERGENCY_RELATION = "emergency"
EMERGENCY = "emergency"
#: A page that was opened from which something can be changed, and was not.
FORM_READ = "form.read"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of a clinic are looked for: from one instant to another, half-open."""

    since: datetime
    until: datetime
    kind: Kind | None = None
    actor_id: UUID | None = None
    patient_ids: tuple[UUID, ...] | None = None
    #: The place of the last line seen: its instant, chain and number.
    after: tuple[datetime, UUID, int] | None = None


def kind_of(action: str, result: str, relation: str | None) -> Kind:
    """What a line is about; a refusal is one whatever was refused."""
    first = action.partition(".")[0]
    if result == Result.REFUSED:
        return Kind.REFUSAL
    if first == EMERGENCY or relation == EMERGENCY_RELATION:
        return Kind.EMERGENCY
    if first in SIGN_INS:
        return Kind.SIGN_IN
    return Kind.READ if is_read(action) else Kind.CHANGE


def is_read(action: str) -> bool:
    """Whether an action only looks."""
    return action.endswith(READ_ENDING) or action in READS


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
    circumstances: tuple[str | None, ...] = (),
) -> bytes:
    """The SHA-256 (32 bytes) of one line and of the hash ``before`` it.

    Every field has a fixed length or a terminator, so no two different lines read the same.
    ``circumstances`` are short words: as what, why, by which edge, in which request. Lines from
    before they were kept have none, and are hashed as they were then.
    """
    linked = linker(chain_id, clinic_id, at, actor_id, circumstances)
    return linked(before, n, action, object_id, result, digest)


#: (hash before, number, action, object, result, digest) -> hash.
Linker = Callable[[bytes, int, str, UUID, str, bytes | None], bytes]


def linker(
    chain_id: UUID,
    clinic_id: UUID,
    at: datetime,
    actor_id: UUID,
    circumstances: tuple[str | None, ...] = (),
) -> Linker:
    """``link`` for lines of one chain that one actor adds at one moment."""
    micros = (at - EPOCH) // MICROSECOND
    how = "".join([f"{each or ''}\0" for each in circumstances]).encode()
    begins = (WITH_CIRCUMSTANCES if circumstances else b"") + how
    chain = chain_id.bytes
    who = clinic_id.bytes + micros.to_bytes(8, "big", signed=True) + actor_id.bytes

    def linked(
        before: bytes, n: int, action: str, object_id: UUID, result: str, digest: bytes | None
    ) -> bytes:
        number, about = n.to_bytes(8, "big"), object_id.bytes
        ends = result.encode() + b"\0" + (digest or b"")
        said = b"".join((begins, before, chain, number, who, action.encode(), b"\0", about, ends))
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
