"""What the many applications of a test run share: each test has one of its own, made from scratch.

Two pieces of work give the same result every time and are most of what it takes: the code that
builds the addresses of routes, and the code of templates. They are kept for the process; nothing
else is, and nothing of the product knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


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


def builders(make: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """``make``, asked once for all rules that read the same; what it makes is bound to no rule."""
    kept: dict[Hashable, Any] = {}

    def made(self: Rule, append_unknown: bool = True) -> Any:
        defaults = sorted((self.defaults or {}).items(), key=str)
        key = (self.rule, *self._trace, *map(repr, defaults), append_unknown)
        if key not in kept:
            kept[key] = make(self, append_unknown)
        return kept[key]

    return made


def share() -> None:
    """Share them from here on."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
    Rule._compile_builder = builders(Rule._compile_builder)  # type: ignore[method-assign]  # shared
