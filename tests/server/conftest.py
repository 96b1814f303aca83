from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import Place
from pytest_migrations.server import containers
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = Path(__file__).with_name("owner.py")


@pytest.fixture
def run() -> Iterator[RunFolder]:
    folder = RunFolder.reserve()
    yield folder
    folder.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = RunFolder.reserve()
    yield Server.start_or_join(folder, ServerOptions(server="embedded"), Requirements())
    folder.close()


@pytest.fixture(scope="session")
def image() -> str:
    """The image to test with; where no engine answers the tests are skipped, unless the environment forbids it."""
    if not containers.engine_answers():
        reason = f"no container engine answers at {containers.engine_address()}"
        if os.environ.get("PYTEST_MIGRATIONS_REQUIRE_DOCKER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return os.environ.get("PYTEST_MIGRATIONS_TEST_IMAGE", "postgres:15")


class Owners:
    """Starts processes that own a run, as pytest would, and knows what is left of them."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, server: str = "embedded", **popen: object) -> subprocess.Popen[str]:
        process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            [sys.executable, OWNER, server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **popen
        )
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


@pytest.fixture
def owners() -> Iterator[Owners]:
    started = Owners()
    yield started
    started.close()


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that name the run's folder, their children included."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            beneath = str(entry.with_name("cwd").readlink())
        except OSError:
            continue
        if str(folder) in command or beneath.startswith(str(folder)):
            found.append(command)
    return found


def requiring(*extensions: str) -> Requirements:
    place = Place(Path("migrations/003_ids.sql"), 2, 1, '\nCREATE EXTENSION "x";')
    return Requirements({("extension", name): place for name in extensions})
