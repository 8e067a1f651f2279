"""What a process keeps of finished work on a record, until the record or the clock changes it.

Keys name the record's counters and the local day, so nothing kept outlives a change; an answer that
time alone changes (a window closes, midnight) is good until then. Every application has its own.

Whoever is erased or locked away leaves every process: each looks at the end of a request, at most
once a minute, whether that happened to anybody, and then keeps nothing of anybody.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from flask import Flask, Response, current_app, request

from adherence.services import erasures
from adherence.web import clock

log = logging.getLogger(__name__)

EXTENSION = "adherence.kept"
#: Drawn charts are a few tens of kilobytes each.
MOST = 1024
#: For how long nobody looks again whether somebody was erased or locked away.
PATIENCE = timedelta(minutes=1)
#: What is kept until something else than time pushes it out.
FOR_GOOD = datetime.max.replace(tzinfo=UTC)


class Kept:
    """Values by key, each with the instant from which it is worth nothing; oldest out first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[tuple[object, ...], tuple[datetime, Any]] = OrderedDict()
        self._lock = Lock()
        self._looked_at: datetime | None = None
        self._gone: tuple[int, int] | None = None
        self._is_settled = False

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

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to look who is gone; whoever asks first is the one who looks.

        A clock that was set back does not put it off.
        """
        with self._lock:
            last = self._looked_at
            if last is not None and last <= now < last + PATIENCE:
                return False
            self._looked_at = now
            return True

    def is_outdated(self, gone: tuple[int, int]) -> bool:
        """Whether what is kept may be of somebody who is gone.

        It is so at the look after the change, too: what was being read meanwhile is kept later.
        """
        is_new, self._gone = gone != self._gone, gone
        was_settled, self._is_settled = self._is_settled, not is_new
        return is_new or not was_settled


def kept() -> Kept:
    """What the current application keeps."""
    found: Kept = current_app.extensions[EXTENSION]
    return found


def sweep(now: datetime) -> None:
    """Keep nothing of anybody where somebody was erased or locked away since the last look."""
    mine = kept()
    if mine.is_due(now) and mine.is_outdated(erasures.gone()):
        mine.forget()
        erasures.forget_parsed()


def init_app(app: Flask) -> None:
    """Give ``app`` a place to keep things."""
    app.extensions[EXTENSION] = Kept(MOST)
    app.after_request(_sweep)


def _sweep(response: Response) -> Response:
    if request.endpoint != "static":
        try:
            sweep(clock.now())
        except Exception as error:  # a store that is away now is asked again in a minute
            log.warning("nobody could be asked who is gone: %s", type(error).__name__)
    return response
