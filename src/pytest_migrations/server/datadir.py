"""A fresh data directory in 40 ms: initialised once per installation, kept in the user's cache, copied from there."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.server import cache, postmaster
from pytest_migrations.server.findings import Finding, Unusable
from pytest_migrations.server.folders import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.accounts import Account
    from pytest_migrations.server.installations import Installation

#: The bootstrap superuser of servers that we start.
SUPERUSER = "pytest_migrations"
#: Databases get their own encoding and locale when they are created; no sync, since a lost cache is made anew.
_INITDB = ("--encoding=UTF8", "--locale=C", "--auth=trust", f"--username={SUPERUSER}", "--no-sync", "--no-instructions")


def make(home: Path, installation: Installation, account: Account, environment: dict[str, str]) -> None:
    """Put a data directory into the server's ``home``.

    Raises Unusable with what initdb said, and UserError where there is no room for it.
    """
    data = home / postmaster.DATA
    cached = cache.entry(cache_folder() / "data", installation.identity, account.uid, *_INITDB)
    if cached.exists():
        _copy(cached, data)
        with suppress(OSError):
            cache.used(cached)
        return
    command = [str(installation.bin / "initdb"), "-D", str(data), *_INITDB]
    if postmaster.run(command, home, account, environment).wait():
        _raise_if_full(home, postmaster.last_lines(home))
        raise Unusable(Finding(str(installation), f"initdb failed: {postmaster.last_lines(home, 1)}"))
    with suppress(OSError, UserError):  # a cache that cannot be written costs time, not the run
        cache.publish(cached, lambda unfinished: _copy(data, unfinished))


def _copy(source: Path, target: Path) -> None:
    # The program is faster than shutil, clones where the file system can, and as root keeps the owner.
    copied = subprocess.run(["cp", "-a", source, target], capture_output=True, text=True, check=False)  # noqa: S607
    if copied.returncode:
        _raise_if_full(target.parent, copied.stderr)
        raise UserError(f"the data directory of the server could not be copied: {copied.stderr.strip()}")


def _raise_if_full(folder: Path, output: str) -> None:
    free = shutil.disk_usage(folder).free // 1_000_000
    if "No space left on device" in output or free < 1:
        raise UserError(
            f"no room for the server of the migration tests: {free} MB are free in {folder}, and it needs 50. "
            "Make room there, or set TMPDIR to a folder that has it."
        )
