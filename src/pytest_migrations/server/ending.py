"""Ends a run: its servers, containers, databases and folder, as recorded in the folder.

Whoever calls ``end_run`` holds the run's ``owner.lock``: its owner, its watchdog, or the watchdog of a later run.
Imports nothing that a run of another kind would not need: the watchdog of an embedded server stays small.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.server import locks, postmaster
from pytest_migrations.server.folders import existing_runs_folders

if TYPE_CHECKING:
    from pathlib import Path

OWNER_LOCK = "owner.lock"
#: What ``external`` names its records; not imported, since it brings the driver.
_EXTERNAL_RECORDS = "external-*"
_CONTAINERS = "containers"
_KEPT = "kept"
_KEPT_SECONDS = 7 * 24 * 3600
#: A borrowed server or an engine that does not answer is asked again by later runs, for this long.
_RETRY_SECONDS = 24 * 3600


def sweep() -> None:
    """End what dead runs of this user have left; a run whose owner or watchdog lives is not touched."""
    for folder in (run for runs in existing_runs_folders() for run in _entries(runs) if run.is_dir()):
        try:
            lock = locks.try_take(folder / OWNER_LOCK)
        except OSError:
            continue
        if lock is not None:
            end_run(folder, lock, owner_lives=False)


def keep(folder: Path) -> None:
    """Let what the run in ``folder`` has started outlive it, for a week."""
    (folder / _KEPT).touch()


def is_kept(folder: Path) -> bool:
    kept = folder / _KEPT
    return kept.exists() and kept.stat().st_mtime > time.time() - _KEPT_SECONDS


def end_kept(run_id: str) -> bool:
    """End a run that was kept; False where there is none of that id.

    Raises UserError where a borrowed server or a container engine did not do its part. The run is kept then as before.
    """
    for folder in (run for runs in existing_runs_folders() for run in _entries(runs) if run.name == run_id):
        if is_kept(folder) and (owner := locks.try_take(folder / OWNER_LOCK)):
            if left := _end_started(folder, owner_lives=False):
                owner.release()
                raise UserError("\n".join(left))
            _forget(folder, owner)
            return True
    return False


def end_run(folder: Path, owner: locks.Lock, *, owner_lives: bool) -> None:
    """End all that the run in ``folder`` has started, then delete the folder and release its lock, ``owner``.

    The folder stays where a borrowed server or a container engine did not answer, so that a later run tries again.
    Of a run that is kept nothing is ended.
    """
    if not is_kept(folder):
        left = _end_started(folder, owner_lives=owner_lives)
        if not left or folder.stat().st_mtime < time.time() - _RETRY_SECONDS:
            _forget(folder, owner)
    owner.release()


def _end_started(folder: Path, *, owner_lives: bool) -> list[str]:
    """What could not be ended, and why."""
    for home in folder.glob(postmaster.HOME_PREFIX + "*"):
        end_embedded(home)
    return _end_containers(folder, owner_lives=owner_lives) + _end_external(folder)


def _forget(folder: Path, owner: locks.Lock) -> None:
    for entry in [entry for entry in _entries(folder) if entry.name != OWNER_LOCK]:
        _delete(entry)
    owner.release()  # Windows deletes no file that is open
    _delete(folder)
    with suppress(OSError):  # other runs are in it
        folder.parent.rmdir()


def end_embedded(home: Path) -> None:
    """End one embedded server and delete its folder."""
    postmaster.end(home)
    _delete(home)


def _end_containers(folder: Path, *, owner_lives: bool) -> list[str]:
    if not (folder / _CONTAINERS).exists():
        return []
    from pytest_migrations.server import containers  # noqa: PLC0415 (brings testcontainers)

    ended = containers.end(folder, owner_lives=owner_lives)
    return [] if ended else [f"no container engine answers at {containers.engine_address()}"]


def _end_external(folder: Path) -> list[str]:
    records = list(folder.glob(_EXTERNAL_RECORDS))
    if not records:
        return []
    from pytest_migrations.server import external  # noqa: PLC0415 (brings the driver)

    return [reason for record in records if (reason := external.end(record, folder.name))]


def _entries(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):  # its owner has just deleted it
        return list(folder.iterdir())
    return []


def _delete(path: Path) -> None:
    deadline = time.monotonic() + 5
    while path.exists() and time.monotonic() < deadline:
        with suppress(OSError):
            path.unlink() if path.is_file() else shutil.rmtree(path)
        if path.exists():  # an initdb or postgres that was just starting writes on until it notices
            time.sleep(0.01)
