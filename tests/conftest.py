"""A real server for the tests, and migrations written in place."""

from __future__ import annotations

import os
import re
import signal
import sys
from itertools import groupby
from typing import TYPE_CHECKING
from zlib import crc32

import psycopg  # before pytester, which would load it anew for each run, beside the C half that cannot be
import pytest

import pytest_migrations.joining
import pytest_migrations.stepper  # noqa: F401 (both for the same reason: a tenth of most runs is to load them)
from pytest_migrations.migration import History, Migration, Script
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell makes what it starts in the background deaf to Ctrl-C, and so would be what the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Else each of the many runs within these tests would compile the plugin anew, which takes longer than most of them.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test that is there for each version of PostgreSQL, keep that of one: half of them on each of two.

    With PYTEST_MIGRATIONS_TEST_BINS, which names the versions, all are kept.
    """
    if "PYTEST_MIGRATIONS_TEST_BINS" in os.environ:
        return
    left_out: list[pytest.Item] = []
    for _, same in groupby(sorted(items, key=_without_version), key=_without_version):
        versions = sorted(same, key=lambda item: item.nodeid)
        chosen = crc32(_without_version(versions[0]).encode()) % len(versions)
        left_out += versions[:chosen] + versions[chosen + 1 :]
    away = {item.nodeid for item in left_out}
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item.nodeid not in away]


def _without_version(item: pytest.Item) -> str:
    """The id of a test without the version of PostgreSQL that it is for, if it is for one."""
    parameters = getattr(item, "callspec", None)
    version = parameters.params.get("server") if parameters else None
    return item.nodeid if not isinstance(version, str) else re.sub(rf"\b{version}\b-?", "", item.nodeid, count=1)


@pytest.fixture(autouse=True)
def on_nobodys_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run in CI, the runs in them are none of its business, and print as they do elsewhere.

    With ``CI`` or ``BUILD_NUMBER`` pytest does not cut lines.
    """
    for name in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def few_plugins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs within the tests go without what takes half of their time; overridden where it is wanted.

    That is plugins that take long to load, and the check on tables with rows, which has tests of its own.
    """
    if "pytester" in request.fixturenames:
        request.getfixturevalue("pytester")  # which forgets the options of the run that it is in
        unused = ("benchmark", "django", "hypothesispytest", "pytest_cov")
        monkeypatch.setenv(
            "PYTEST_ADDOPTS", " ".join([*(f"-p no:{name}" for name in unused), "--assert=plain", "--migrations-rows=0"])
        )


@pytest.fixture(scope="session")
def run_folder() -> Iterator[RunFolder]:
    run = RunFolder.reserve()
    yield run
    run.close()


@pytest.fixture(scope="session")
def server(run_folder: RunFolder) -> Server:
    """An embedded server, shared by the tests of one process."""
    return Server.start_or_join(run_folder, ServerOptions(server="embedded"), Requirements())


@pytest.fixture
def connection(server: Server) -> Iterator[psycopg.Connection]:
    """A connection to a database of the test's own."""
    database = server.create_database()
    with server.connect(database) as connection:
        yield connection
    server.drop(database)


@pytest.fixture
def make_migration(tmp_path: Path) -> Callable[..., Migration]:
    """Write a migration: its up script, its down script or None, and how they are run."""

    def make(up: str, down: str | None = None, *, name: str = "001_test.sql", transactional: bool = True) -> Migration:
        path = tmp_path / name
        path.write_bytes(up.encode())
        down_path = path.with_suffix(".down.sql")
        return Migration(
            version=name.split("_", maxsplit=1)[0],
            name=name,
            up=Script(path, up, up, transactional=transactional),
            down=None if down is None else Script(down_path, down, down, transactional=transactional),
        )

    return make


@pytest.fixture
def make_history(tmp_path: Path, make_migration: Callable[..., Migration]) -> Callable[..., History]:
    """Make a history of (up, down) pairs of scripts."""

    def make(*scripts: tuple[str, str | None]) -> History:
        migrations = [make_migration(*pair, name=f"{number:03}_m.sql") for number, pair in enumerate(scripts, 1)]
        return History(tmp_path, "test", tuple(migrations))

    return make


@pytest.fixture(scope="session")
def server_dsn(server: Server) -> str:
    return server.create_database().dsn


@pytest.fixture
def given_server(server_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest runs in a test borrow the tests' server: quicker than one each."""
    monkeypatch.setenv("PYTEST_MIGRATIONS_SERVER", server_dsn)


@pytest.fixture
def project(pytester: pytest.Pytester, given_server: None) -> Callable[..., Path]:
    """Write migrations into a folder of the test's own project."""

    def write(files: dict[str, str], folder: str = "migrations") -> Path:
        target = pytester.path / folder
        target.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (target / name).write_text(text)
        return target

    return write
