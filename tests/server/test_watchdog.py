from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.server import watchdog
from pytest_migrations.server.run_folder import RunFolder
from tests.waiting import until

from .conftest import Owners, processes_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

if TYPE_CHECKING:
    from typing import IO


def line(stream: IO[str] | None) -> str:
    assert stream
    return stream.readline().strip()


def watchdog_of(folder: Path) -> int:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder).encode() in arguments and b"-I" in arguments:
            return int(entry.parent.name)
    raise AssertionError("no watchdog")


def test_killed_at_any_moment_nothing_is_left(owners: Owners) -> None:
    chance = random.Random()
    seed = chance.randrange(1 << 30)
    chance.seed(seed)
    for _ in range(8):
        owner = owners.start()
        folder = Path(line(owner.stdout))
        delay = chance.uniform(0, 0.4)
        time.sleep(delay)
        owner.kill()
        owner.wait()
        left = f"seed {seed}, after {delay:.3f} s: "
        assert until(lambda folder=folder: not folder.exists()), left + str(list(folder.rglob("*"))[:5])  # type: ignore[misc]
        assert until(lambda folder=folder: not processes_of(folder)), left + str(processes_of(folder))  # type: ignore[misc]


def test_killed_when_all_is_there_nothing_is_left(owners: Owners) -> None:
    owner = owners.start()
    folder = Path(line(owner.stdout))
    while line(owner.stdout) != "cloned":
        pass
    assert len(processes_of(folder)) > 3
    owner.kill()
    assert until(lambda: not folder.exists() and not processes_of(folder), 5)


def test_ctrl_c_reaches_neither_server_nor_watchdog(owners: Owners) -> None:
    owner = owners.start(start_new_session=True)
    folder = Path(line(owner.stdout))
    while line(owner.stdout) != "cloned":
        pass
    os.killpg(owner.pid, signal.SIGSTOP)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        pid = int(process.parent.name)
        try:
            same = os.getpgid(pid) == owner.pid and pid != owner.pid
        except ProcessLookupError:
            continue
        assert not same, process.read_bytes()
    os.killpg(owner.pid, signal.SIGCONT)
    os.killpg(owner.pid, signal.SIGINT)
    assert until(lambda: not folder.exists() and not processes_of(folder), 5)


def test_the_next_run_sweeps_what_a_killed_watchdog_left_and_nothing_else(owners: Owners) -> None:
    living, dead = owners.start(), owners.start()
    living_folder, dead_folder = Path(line(living.stdout)), Path(line(dead.stdout))
    for owner in (living, dead):
        while line(owner.stdout) != "cloned":
            pass
    os.kill(watchdog_of(dead_folder), signal.SIGKILL)
    dead.kill()
    dead.wait()
    RunFolder.reserve().close()  # or another test's run, which may have come first
    assert until(lambda: not dead_folder.exists(), 5)
    assert until(lambda: not processes_of(dead_folder), 2)
    assert living_folder.exists()
    assert len(processes_of(living_folder)) > 3
    assert living.communicate("")[0].splitlines()[-1] == "closed"
    assert not living_folder.exists()


def test_output_of_pytest_can_end_before_the_watchdog_does(owners: Owners) -> None:
    """A shell that waits for the end of our output (pytest | tee) must not wait for the watchdog or the server."""
    owner = owners.start()
    folder = Path(line(owner.stdout))
    while line(owner.stdout) != "cloned":
        pass
    watchdog = watchdog_of(folder)
    os.kill(watchdog, signal.SIGSTOP)
    owner.kill()
    assert owner.communicate(timeout=5)[0] == ""
    os.kill(watchdog, signal.SIGCONT)
    assert until(lambda: not folder.exists(), 5)


def test_a_stubborn_server_is_killed(owners: Owners) -> None:
    owner = owners.start()
    folder = Path(line(owner.stdout))
    while line(owner.stdout) != "cloned":
        pass
    (pid_file,) = folder.glob("pg*/data/postmaster.pid")
    postmaster = int(pid_file.read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)
    owner.kill()
    assert until(lambda: not folder.exists() and not processes_of(folder), 12)


def test_the_watchdog_brings_nothing_that_it_may_not_need() -> None:
    program = "import sys; sys.path.append(sys.argv[1]); import pytest_migrations.server.watchdog; print(*sys.modules)"
    sources = Path(watchdog.__file__).parents[2]
    command = [sys.executable, "-I", "-S", "-c", program, str(sources)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"psycopg", "docker", "testcontainers", "pytest"} & set(loaded)
