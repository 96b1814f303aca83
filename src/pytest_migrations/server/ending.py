"""Ends a run: its servers, containers, databases and folder, as recorded in the folder.

Whoever calls ``end_run`` holds the run's ``owner.lock``: its owner, its watchdog, or the watchdog of a later run.
Imports nothing that a run of another kind would not need: the watchdog of an embedded server stays small.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from pytest_migrations.server import locks, postmaster
from pytest_migrations.server.folders import existing_runs_folders

if TYPE_CHECKING:
    from pathlib import Path

OWNER_LOCK = "owner.lock"


def sweep() -> None:
    """End what dead runs of this user have left; a run whose owner or watchdog lives is not touched."""
    for folder in (run for runs in existing_runs_folders() for run in runs.iterdir() if run.is_dir()):
        try:
            lock = locks.try_take(folder / OWNER_LOCK)
        except OSError:
            continue
        if lock is not None:
            with lock:
                end_run(folder)


def end_run(folder: Path) -> None:
    """End all that the run in ``folder`` has started, then delete the folder."""
    for home in folder.glob(postmaster.HOME_PREFIX + "*"):
        postmaster.end(home)
    _delete(folder)


def _delete(folder: Path) -> None:
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():  # an initdb or postgres that was just starting writes on until it notices
            time.sleep(0.01)


def end_server(home: Path) -> None:
    """End one embedded server and delete its folder."""
    postmaster.end(home)
    _delete(home)
