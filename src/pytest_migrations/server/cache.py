"""Folders that are costly to make, kept in a cache: there complete or not at all, whoever else makes the same."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from typing import TYPE_CHECKING

from pytest_migrations.server import locks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_KEPT_SECONDS = 30 * 24 * 3600


def entry(shelf: Path, *key: object) -> Path:
    """Where in the folder ``shelf`` the entry of this key lies, if it is there."""
    return shelf / hashlib.sha256("\n".join(map(str, key)).encode()).hexdigest()[:20]


def publish(entry: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` make the entry, unless it is there; what nobody has used for a month goes.

    Raises OSError where the cache cannot be written, and whatever ``fill`` raises.
    """
    entry.parent.mkdir(parents=True, exist_ok=True)
    with locks.take(entry.parent / "lock"):
        if not entry.exists():
            unfinished = entry.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
            fill(unfinished)
            unfinished.rename(entry)
        for other in entry.parent.iterdir():
            if other.is_dir() and other.stat().st_mtime < time.time() - _KEPT_SECONDS:
                shutil.rmtree(other, ignore_errors=True)


def used(entry: Path) -> None:
    """Note that the entry was used just now. Raises OSError where the cache cannot be written."""
    os.utime(entry)
