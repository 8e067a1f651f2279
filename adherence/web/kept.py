"""What a process keeps of finished work on a record, until the record or the clock changes it.

Keys name the record's counters and the local day, so nothing kept outlives a change; an answer that
time alone changes (a window closes, midnight) is good until then. Every application has its own.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import Any

from flask import Flask, current_app

EXTENSION = "adherence.kept"
MOST = 512


class Kept:
    """Values by key, each with the instant from which it is worth nothing; oldest out first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[tuple[object, ...], tuple[datetime, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[object, ...], now: datetime) -> Any | None:
        """What was kept under ``key``, None if nothing was or its time is over."""
        found = self._values.get(key)
        return None if found is None or found[0] <= now else found[1]

    def put(self, key: tuple[object, ...], until: datetime, value: Any) -> None:
        """Keep ``value`` until an instant."""
        with self._lock:
            self._values[key] = (until, value)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def forget(self) -> None:
        """Keep nothing of what was finished so far."""
        with self._lock:
            self._values.clear()


def kept() -> Kept:
    """What the current application keeps."""
    found: Kept = current_app.extensions[EXTENSION]
    return found


def init_app(app: Flask) -> None:
    """Give ``app`` a place to keep things."""
    app.extensions[EXTENSION] = Kept(MOST)
