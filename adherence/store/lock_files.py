"""One process at a time: a lock that lies in a file and is gone with whoever held it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


class LockFile:
    """An exclusive lock between processes, woken by the kernel; nothing where there is no path.

    The file is made where it is missing, and opened when the lock is first taken: a descriptor
    that a fork hands on would let both processes hold the lock. Windows has no flock; there one
    process serves (waitress).
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor: int | None = None
        try:
            import fcntl  # noqa: PLC0415 - does not exist on Windows
        except ImportError:  # pragma: no cover - Windows
            self._flock: Callable[[int, int], None] | None = None
        else:
            self._flock = fcntl.flock
            self._exclusive, self._free = fcntl.LOCK_EX, fcntl.LOCK_UN

    def __enter__(self) -> None:
        if self._path is None or self._flock is None:
            return
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._flock(self._descriptor, self._exclusive)

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None and self._flock is not None:
            self._flock(self._descriptor, self._free)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
