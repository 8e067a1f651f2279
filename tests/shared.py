"""What the many applications of a test run share: each test has one of its own, made from scratch.

The code of templates is the same every time and most of what it takes. It is kept for the process;
nothing else is, and nothing of the product knows of it.
"""

from __future__ import annotations

from collections.abc import Hashable
from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class Compiled(BytecodeCache):
    """The code of templates, by their text and by how it was read."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code of this very text, if it was compiled before."""
        bucket.code = self._kept.get(self._key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code."""
        assert bucket.code is not None
        self._kept[self._key(bucket)] = bucket.code

    @staticmethod
    def _key(bucket: Bucket) -> Hashable:
        read = bucket.environment
        extensions = tuple(sorted(read.extensions))
        return bucket.key, bucket.checksum, read.trim_blocks, read.lstrip_blocks, extensions


def share() -> None:
    """Share it from here on."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
