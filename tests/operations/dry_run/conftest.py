"""A target of a server of its own, of PostgreSQL 18 or 15, that has rows, a ledger and two migrations to come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server
from tests.commands import cli, migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.server.run_folder import RunFolder
    from tests.commands import Cli, Migrations

__all__ = ["cli", "migrations"]

_DEBIAN = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def own_server(request: pytest.FixtureRequest, run_folder: RunFolder) -> Iterator[Server]:
    """One that may be given roles."""
    chosen = getattr(request, "param", "embedded")
    if chosen == "embedded:15" and not _DEBIAN.exists():
        pytest.skip("no PostgreSQL 15 here")
    server = Server.start_own(run_folder, ServerOptions(server=chosen), Requirements())
    assert server is not None
    with server.connect_admin() as admin:
        admin.execute("create role deploy login; create role reader login; grant pg_read_all_data to reader")
    yield server
    server.stop()


class Grants:
    """The database ``grants``, which DATABASE_URL names."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.dsn = make_conninfo(server.dsn, dbname="grants")

    def dsn_of(self, user: str) -> str:
        return make_conninfo(self.dsn, user=user)

    def query(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(make_conninfo(self.dsn, **parameters), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def grants(
    own_server: Server, cli: Cli, migrations: Migrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Grants]:
    monkeypatch.chdir(tmp_path)
    with own_server.connect_admin() as admin:
        admin.execute("create database grants owner deploy")
    found = Grants(own_server)
    monkeypatch.setenv("DATABASE_URL", found.dsn_of("deploy"))
    migrations(m001_users="CREATE TABLE users (id int PRIMARY KEY, email text);\n--\nDROP TABLE users;")
    assert cli("run").code == 0
    found.query("insert into users select n, n::text from generate_series(1, 5000) n; analyze users")
    migrations(
        m002_email="ALTER TABLE users ALTER email SET NOT NULL;\nALTER TABLE users ADD CONSTRAINT e UNIQUE (email);",
        m003_index="CREATE INDEX CONCURRENTLY users_email ON users (email);",
    )
    yield found
    with own_server.connect_admin() as admin:
        admin.execute("drop database grants with (force)")


@pytest.fixture
def dump(grants: Grants) -> Callable[[], bytes]:
    """All that there is in the database, as pg_dump prints it."""
    from pytest_migrations.server import clients
    from pytest_migrations.server.programs import running

    def dump() -> bytes:
        with psycopg.connect(grants.dsn) as connection:
            client, login = clients.for_server(connection), clients.login_of(connection, {})
        with running(client, "pg_dump", login=login, stdout=-1) as process:
            assert process.stdout is not None
            text: bytes = process.stdout.read()
        return b"\n".join(line for line in text.splitlines() if not line.startswith((b"\\restrict", b"\\unrestrict")))

    return dump
