"""A small process that outlives pytest and ends what the run has started, however pytest died.

It waits for the run's ``owner.lock``, which the kernel gives back when the owner dies, ``kill -9`` included. Before
that it ends what dead runs have left behind, in the background of this one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pytest_migrations.server import ending, locks

_PROGRAM = """\
import json, sys
sys.path.append(sys.argv[2])
from pytest_migrations.server.watchdog import watch
sys.path += json.loads(sys.argv[3])
watch(sys.argv[1])
"""


def spawn(folder: Path) -> subprocess.Popen[bytes]:
    """Start the watchdog of the run in ``folder``: in a session of its own, so that Ctrl-C does not reach it."""
    package_parent = str(Path(__file__).resolve().parents[2])
    # Isolated and without site it starts in 15 ms; what it may need at the end it finds on our path.
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, str(folder), package_parent, json.dumps(sys.path)]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(folder.anchor),
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def watch(folder: str) -> None:
    """End what dead runs left, wait for the owner of ``folder`` to die, end its run."""
    ending.sweep()
    try:
        owner = locks.take(Path(folder, ending.OWNER_LOCK), create=False)
    except FileNotFoundError:
        return  # the owner has ended everything itself
    ending.end_run(Path(folder), owner, owner_lives=False)
