"""A fresh data directory in 40 ms: initialised once per installation, kept in the user's cache, copied from there."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.server import locks, postmaster
from pytest_migrations.server.folders import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.accounts import Account
    from pytest_migrations.server.installations import Installation

#: The bootstrap superuser of servers that we start.
SUPERUSER = "postgres"
#: Databases get their own encoding and locale when they are created; no sync, since a lost cache is made anew.
_INITDB = ("--encoding=UTF8", "--locale=C", "--auth=trust", f"--username={SUPERUSER}", "--no-sync", "--no-instructions")
_KEPT_SECONDS = 30 * 24 * 3600


def make(home: Path, installation: Installation, account: Account, environment: dict[str, str]) -> None:
    """Put a data directory into the server's ``home``. Raises UserError with what initdb or cp had to say."""
    data = home / postmaster.DATA
    cached = _entry(installation, account)
    if not cached.exists():
        _initialise(home, installation, account, environment)
        with suppress(OSError):  # a cache that cannot be written costs time, not the run
            _publish(data, cached)
        return
    with suppress(OSError):
        os.utime(cached)
    # The program is faster than shutil, clones where the file system can, and as root keeps the owner.
    copied = subprocess.run(["cp", "-a", cached, data], capture_output=True, text=True, check=False)  # noqa: S607
    if copied.returncode:
        raise UserError(f"no room for the server of the migration tests: {copied.stderr.strip().splitlines()[-1]}")


def _entry(installation: Installation, account: Account) -> Path:
    key = "\n".join((installation.identity, str(account.uid), *_INITDB))
    return cache_folder() / "data" / hashlib.sha256(key.encode()).hexdigest()[:20]


def _initialise(home: Path, installation: Installation, account: Account, environment: dict[str, str]) -> None:
    command = [str(installation.bin / "initdb"), "-D", str(home / postmaster.DATA), *_INITDB]
    if postmaster.run(command, home, account, environment).wait():
        raise UserError(f"initdb of {installation} failed:\n{postmaster.last_lines(home)}")


def _publish(data: Path, entry: Path) -> None:
    """Copy the data directory into the cache: complete or not at all, whoever else does the same."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    with locks.take(entry.parent / "lock"):
        unfinished = entry.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
        if not entry.exists():
            if subprocess.run(["cp", "-a", data, unfinished], check=False, capture_output=True).returncode == 0:  # noqa: S607
                unfinished.rename(entry)
        for other in entry.parent.iterdir():
            if other.is_dir() and other.stat().st_mtime < time.time() - _KEPT_SECONDS:
                shutil.rmtree(other, ignore_errors=True)
