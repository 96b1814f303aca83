"""A server of each version that is installed here, and pg_dump, the oracle, beside it."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.server import installations
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Database
from pytest_migrations.server.server import Server as RunServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from pytest_migrations.server.run_folder import RunFolder

_ROLES = ("app", "reader", "other")


def _bins() -> dict[str, Path]:
    """Major version -> bin directory: what PYTEST_MIGRATIONS_TEST_BINS (a path list) names, or what is found."""
    named = os.environ.get("PYTEST_MIGRATIONS_TEST_BINS")
    found = [Path(part) for part in named.split(os.pathsep)] if named else [i.bin for i in installations.installed()]
    complete = [folder for folder in found if (folder / "pg_dump").exists()]
    return {_major(folder): folder for folder in complete}


def _major(folder: Path) -> str:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split(") ")[1].split(".")[0]


@dataclass(frozen=True)
class Server:
    bin: Path
    server: RunServer

    def connect(self, database: str, user: str) -> psycopg.Connection[Any]:
        return self.server.connect(Database(database, ""), user=user)

    @contextmanager
    def fresh(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection to a new database, on a server that has the roles app, reader and other."""
        database = self.server.create_database()
        try:
            with self.server.connect(database) as connection:
                yield connection
        finally:
            self.server.drop(database)

    def dump(self, connection: psycopg.Connection[Any]) -> str:
        info = connection.info
        place = ["-h", info.host, "-p", str(info.port), "-U", info.user, info.dbname]
        command = [str(self.bin / "pg_dump"), "--schema-only", *place]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="session", params=sorted(_bins()))
def server(request: pytest.FixtureRequest, run_folder: RunFolder) -> Iterator[Server]:
    folder = _bins()[request.param]
    started = RunServer.start_own(run_folder, ServerOptions(server=f"embedded:{folder}", roles=_ROLES), Requirements())
    assert started is not None
    with started.connect_admin() as admin:
        for role in _ROLES:
            admin.execute(f"alter role {role} login".encode())
    yield Server(folder, started)
    started.stop()


@pytest.fixture
def connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with server.fresh() as connection:
        yield connection
