"""Calls a function again and again once the time of something is up, until that has ended."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A cancel that arrives between two statements is lost.
_AGAIN_SECONDS = 0.2
_NEVER = float("inf")


class _Watcher:
    """One thread for all, since to start one for each script takes longer than most scripts do."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends: dict[Callable[[], object], float] = {}
        self._wakes = _NEVER
        self._thread: threading.Thread | None = None

    def add(self, expire: Callable[[], object], seconds: float) -> None:
        with self._changed:
            self._ends[expire] = time.monotonic() + seconds
            if self._thread is None or not self._thread.is_alive():  # a forked child has no threads
                self._thread = threading.Thread(target=self._watch, name="pytest-migrations deadline", daemon=True)
                self._thread.start()
            elif self._ends[expire] < self._wakes:  # else it wakes early enough
                self._changed.notify()

    def postpone(self, expire: Callable[[], object]) -> float | None:
        """Stop the clock of one that is watched; the seconds that it had left."""
        with self._changed:
            return None if expire not in self._ends else self._ends.pop(expire) - time.monotonic()

    def remove(self, expire: Callable[[], object]) -> None:
        with self._changed:
            self._ends.pop(expire, None)

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for expire in [expire for expire, ends in self._ends.items() if ends <= now]:
                    self._ends[expire] = now + _AGAIN_SECONDS
                    expire()
                self._wakes = min(self._ends.values(), default=_NEVER)
                self._changed.wait(None if self._wakes == _NEVER else max(self._wakes - time.monotonic(), 0))


_watcher = _Watcher()


@contextmanager
def deadline(seconds: float | None, expire: Callable[[], object]) -> Iterator[None]:
    """Run the block; once ``seconds`` are over, call ``expire`` in another thread, again and again until its end."""
    if seconds is None:
        yield
        return
    _watcher.add(expire, seconds)
    try:
        yield
    finally:
        _watcher.remove(expire)


@contextmanager
def paused(expire: Callable[[], object]) -> Iterator[None]:
    """Run the block at nobody's expense; the time that ``deadline`` has left goes on behind it."""
    left = _watcher.postpone(expire)
    yield
    if left is not None:
        _watcher.add(expire, left)
