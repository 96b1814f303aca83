"""Where the files of runs and the cache lie on this machine."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from pytest_migrations.errors import UserError

#: sun_path of a Unix socket address: 108 bytes on Linux, 104 on macOS, both with a closing zero.
_SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
#: What stands behind a run's parent folder in the path of a socket: run, server, PostgreSQL's own name.
_SOCKET_BELOW = "/0123456789/pgabcdefgh/.s.PGSQL.5432"
#: Below this a tmpfs is kept for others: a container's /dev/shm has 64 MB.
_ROOM_BYTES = 1_000_000_000
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own in it, checked below)


def runs_folder() -> Path:
    """The folder in which a new run makes its own: in memory where there is room, else in the temp directory.

    Raises UserError where no folder is writable, safe from other users and short enough for a socket's path.
    """
    looked_at = []
    for candidate in _candidates():
        reason = _unfit(candidate)
        if reason is None:
            return candidate
        looked_at.append(f"  {candidate}  {reason}")
    raise UserError(
        "no folder for the server of the migration tests. Looked at:\n"
        + "\n".join(looked_at)
        + "\nSet TMPDIR to a folder that you can write to."
    )


def existing_runs_folders() -> list[Path]:
    """Every folder in which runs of this user may have left something."""
    return [folder for folder in _candidates() if folder.is_dir() and _owned_by_us(folder)]


def cache_folder() -> Path:
    """The user's cache; it need not exist."""
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named) / "pytest-migrations"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/pytest-migrations"
    return Path.home() / ".cache/pytest-migrations"


def _candidates() -> list[Path]:
    if sys.platform == "win32":
        return [Path(tempfile.gettempdir()) / "pytest-migrations"]
    name = f"pytest-migrations-{os.getuid()}"
    parents = [_SHARED_MEMORY] if _SHARED_MEMORY.is_dir() else []
    parents.append(Path(tempfile.gettempdir()))
    parents.append(Path("/tmp"))  # noqa: S108 (for a TMPDIR too long for a socket)
    return list(dict.fromkeys(parent / name for parent in parents))


def _unfit(folder: Path) -> str | None:
    """Why the folder cannot be used, or None; makes it where it is missing."""
    if len(os.fsencode(folder)) + len(_SOCKET_BELOW) > _SOCKET_PATH_BYTES and os.name == "posix":
        return f"too long for the path of a socket ({_SOCKET_PATH_BYTES} bytes)"
    if "," in str(folder):
        return "has a comma, at which clients would split the server's address"
    try:
        if folder.parent == _SHARED_MEMORY and shutil.disk_usage(folder.parent).free < _ROOM_BYTES:
            return "less than 1 GB free"
        folder.mkdir(exist_ok=True)
        if not _owned_by_us(folder):
            return "belongs to another user"
        # The server of a root user runs as another one, who must get through to its own folder.
        folder.chmod(0o711 if _is_root() else 0o700)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _owned_by_us(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0
