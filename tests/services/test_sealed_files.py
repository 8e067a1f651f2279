"""K2: a sealed file gives back what was written, or says that it was changed."""

from __future__ import annotations

import io
import random
import secrets

import pytest

from adherence.services.sealed_files import (
    CHECK,
    MARK,
    PIECE,
    SALT,
    TAG,
    Damaged,
    SealedReader,
    SealedWriter,
    WrongKey,
)

KEY = bytes(range(32))
HEAD = len(MARK) + SALT + CHECK


def sealed(content: bytes, key: bytes = KEY, step: int = 70_001) -> bytes:
    into = io.BytesIO()
    writer = SealedWriter(into, key)
    for at in range(0, len(content), step):
        writer.write(content[at : at + step])
    writer.finish()
    return into.getvalue()


def opened(file: bytes, *keys: bytes) -> bytes:
    reader = SealedReader(io.BytesIO(file), keys or [KEY])
    found = bytearray()
    while some := reader.read(50_000):
        found += some
    return bytes(found)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 17])
def test_what_was_written_comes_back(size: int):
    content = secrets.token_bytes(size)
    file = sealed(content)

    assert opened(file) == content
    assert content[:64] not in file or size < 64
    assert sealed(content) != file, "two files of the same content look the same"


@pytest.fixture(scope="module")
def file() -> bytes:
    return sealed(secrets.token_bytes(3 * PIECE + 17))


def pieces(file: bytes) -> list[bytes]:
    body = file[HEAD:]
    return [body[at : at + PIECE + TAG] for at in range(0, len(body), PIECE + TAG)]


def test_a_changed_byte_is_found_wherever_it_is(file: bytes):
    places = [*range(HEAD + 20), *random.Random(7).sample(range(len(file)), 100), len(file) - 1]
    for place in places:
        changed = bytearray(file)
        changed[place] ^= 1
        with pytest.raises((Damaged, WrongKey)):
            opened(bytes(changed))


@pytest.mark.parametrize(
    "damage",
    [
        lambda file, parts: file[:-1],
        lambda file, parts: file[: HEAD + PIECE + TAG],
        lambda file, parts: file[:HEAD],
        lambda file, parts: file[: HEAD - 1],
        lambda file, parts: b"",
        lambda file, parts: file + b"\0",
        lambda file, parts: file + parts[-1],
        lambda file, parts: file[:HEAD] + parts[1] + parts[0] + b"".join(parts[2:]),
        lambda file, parts: file[:HEAD] + b"".join([parts[0], *parts]),
        lambda file, parts: file[:HEAD] + b"".join(parts[1:]),
        lambda file, parts: file[:HEAD] + b"".join(parts[:-1]),
    ],
    ids=[
        *("a byte cut off", "cut between pieces", "nothing but the head", "half a head", "empty"),
        *("a byte added", "the end twice", "two pieces swapped", "a piece twice"),
        *("the first piece gone", "the last piece gone"),
    ],
)
def test_what_is_missing_added_or_elsewhere_is_found(file: bytes, damage):
    with pytest.raises(Damaged):
        opened(damage(file, pieces(file)))


def test_a_piece_of_another_file_under_the_same_key_is_found(file: bytes):
    other = sealed(secrets.token_bytes(3 * PIECE + 17))
    mixed = file[:HEAD] + b"".join([pieces(file)[0], pieces(other)[1], *pieces(file)[2:]])
    with pytest.raises(Damaged):
        opened(mixed)


def test_a_file_that_nobody_finished_has_no_end():
    into = io.BytesIO()
    writer = SealedWriter(into, KEY)
    writer.write(b"x" * (2 * PIECE))
    with pytest.raises(Damaged):
        opened(into.getvalue())


def test_another_key_is_told_from_damage(file: bytes):
    with pytest.raises(WrongKey):
        opened(file, bytes(32))
    assert opened(file, bytes(32), KEY), "a key among several was not found"
