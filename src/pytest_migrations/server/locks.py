"""Locks that the kernel gives back however their holder dies."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

if sys.platform == "win32":
    import msvcrt

    _POLL_SECONDS = 0.05

    def _lock(descriptor: int, *, wait: bool) -> bool:
        while not _lock_now(descriptor):
            if not wait:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _lock_now(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


class Lock:
    """An exclusive lock on a file, held until ``release``, the end of a ``with`` block, or the process's death."""

    def __init__(self, descriptor: int) -> None:
        #: A program that is started with this descriptor holds the lock too, for as long as it lives.
        self.descriptor = descriptor
        self._pid = os.getpid()
        if hasattr(os, "register_at_fork"):
            # A forked child shares the lock; one that outlives pytest (multiprocessing) must not keep it.
            os.register_at_fork(after_in_child=self._close)

    def release(self) -> None:
        if os.getpid() == self._pid:
            self._close()

    def _close(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def take(path: Path, *, create: bool = True) -> Lock:
    """Lock the file at ``path``, waiting for whoever holds it.

    Raises FileNotFoundError if the file is missing and not to be created, or was deleted while we waited.
    """
    while True:
        if (lock := _take(path, wait=True, create=create)) is not None:
            return lock


def try_take(path: Path, *, create: bool = True) -> Lock | None:
    """Lock the file at ``path``; None if it is held. Raises FileNotFoundError as ``take`` does."""
    return _take(path, wait=False, create=create)


def _take(path: Path, *, wait: bool, create: bool) -> Lock | None:
    descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    try:
        # A file that was deleted and made anew while we waited is another lock.
        if _lock(descriptor, wait=wait) and os.path.samestat(os.fstat(descriptor), path.stat()):
            return Lock(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
