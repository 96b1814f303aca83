"""One postmaster in its home folder: starting it, knowing whether it lives, ending it.

The home holds ``data``, ``log``, the socket, and ``alive.lock``. The postmaster and all its children inherit the
lock's descriptor, so the lock is free if and only if all of them are dead: no guessing by process ids.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_migrations.server import locks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_migrations.server.accounts import Account

#: Homes are the entries of a run's folder with this prefix.
HOME_PREFIX = "pg"
DATA = "data"
LOG = "log"
_ALIVE_LOCK = "alive.lock"
#: Seconds after which a postmaster that was asked to end is killed.
_PATIENCE = 3.0
#: An immediate shutdown, and none at all; by name, since Windows has neither.
_NOW = getattr(signal, "SIGQUIT", signal.SIGTERM)
_GO_ON = getattr(signal, "SIGCONT", signal.SIGTERM)
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def run(
    command: Sequence[str], home: Path, account: Account, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a program of PostgreSQL whose life shows in the home's lock; its output is appended to the home's log."""
    with locks.take(home / _ALIVE_LOCK) as alive, (home / LOG).open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home,
            env=dict(environment),
            pass_fds=(alive.descriptor,),
            start_new_session=True,  # Ctrl-C is for pytest
            **account.popen_arguments(),
        )


def is_ready(home: Path) -> bool:
    """Whether the postmaster says that it accepts connections (the last line of its postmaster.pid)."""
    with suppress(OSError):
        lines = (home / DATA / "postmaster.pid").read_text().split("\n")
        return len(lines) > 7 and lines[7].strip() == "ready"
    return False


def last_lines(home: Path, count: int = 10) -> str:
    """The end of the server's log."""
    with suppress(OSError):
        return "\n".join((home / LOG).read_text(errors="replace").splitlines()[-count:])
    return ""


def end(home: Path) -> None:
    """End the programs that run in the home, at once: nothing of their data will be used again."""
    started = time.monotonic()
    sent: int | None = None
    while _alive(home):
        waited = time.monotonic() - started
        if waited > 3 * _PATIENCE:
            return  # something holds on to the lock that is no longer a postmaster's child
        wanted = _NOW if waited < _PATIENCE else _KILL
        if sent != wanted and (pid := _pid(home)) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, wanted)
                os.kill(pid, _GO_ON)  # one that somebody has stopped
            sent = wanted
        time.sleep(0.002)


def _alive(home: Path) -> bool:
    try:
        lock = locks.try_take(home / _ALIVE_LOCK, create=False)
    except FileNotFoundError:
        return False
    if lock is None:
        return True
    lock.release()
    return False


def _pid(home: Path) -> int | None:
    """The postmaster's process id, once it has written it; None if that process is not ours any more."""
    data = home / DATA
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n")[0])
        # A postmaster's working directory is its data directory; only Linux lets us look.
        if sys.platform == "linux" and not data.samefile(f"/proc/{pid}/cwd"):
            return None
    except (OSError, ValueError):
        return None
    return pid
