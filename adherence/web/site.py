"""The Flask application, without what no room here uses on the way of every request."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from flask import Flask


class Site(Flask):
    """A Flask whose views and hooks are plain functions, none of them ``async``."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` itself: Flask would look nine times a request whether it is a coroutine."""
        return func


#: How many objects may be made and not yet given up before Python looks for rings among them. A
#: batch of entries makes a few thousand, all of which go with it.
YOUNG = 10_000


def freeze() -> None:
    """Say that what this process holds now stays for good: it is served from now on.

    Python looks through all it holds for rings of objects from time to time, which takes a tenth of
    a second for what was imported alone; and through the young ones several times in a batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
