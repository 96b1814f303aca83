"""Behind PgBouncer: one that lends a session for a transaction only cannot hold the lock of a run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pytest_migrations.operations.lock import RunLock
from pytest_migrations.server.accounts import server_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations


pytestmark = pytest.mark.skipif(
    shutil.which("pgbouncer") is None and "PYTEST_MIGRATIONS_REQUIRE_DOCKER" not in os.environ,
    reason="pgbouncer is not installed",
)


@pytest.fixture
def pooler(database: Database) -> Iterator[Callable[..., str]]:
    """Start PgBouncer in front of the database; its DSN."""
    started: list[subprocess.Popen[bytes]] = []
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # where the account that it runs as may look
    folder.chmod(0o755)

    def start(mode: str, *more: str) -> str:
        given = conninfo_to_dict(database.dsn)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        account = server_account()
        file = folder / "pgbouncer.ini"
        lines = [
            "[databases]",
            f"* = host={given['host']} port={given['port']} user={given['user']}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {port}",
            "auth_type = any",
            "unix_socket_dir =",
            f"pool_mode = {mode}",
            *more,
        ]
        file.write_text("\n".join(lines))
        file.chmod(0o644)
        started.append(
            subprocess.Popen(["pgbouncer", "-q", str(file)], stderr=subprocess.DEVNULL, **account.popen_arguments())
        )
        dsn = f"host=127.0.0.1 port={port} user={given['user']} dbname={given['dbname']}"
        for _ in range(50):
            with suppress(psycopg.OperationalError):
                psycopg.connect(dsn).close()
                return dsn
            time.sleep(0.1)
        raise AssertionError("PgBouncer did not start")

    yield start
    for process in started:
        process.terminate()
        process.wait()
    shutil.rmtree(folder)


IGNORE = "ignore_startup_parameters = options"


@pytest.mark.parametrize("more", [[], [IGNORE]])
def test_a_transaction_is_not_enough(
    more: list[str], pooler: Callable[..., str], database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_users="CREATE TABLE users (id int);")
    dsn = pooler("transaction", *more)
    ran = cli("run", "--dsn", dsn)
    assert ran.code == 2
    assert "is a pooler" in ran.err
    assert "Name the server itself in --dsn, not the pooler." in ran.err
    assert cli("status", "--json").json["migrations"][0]["state"] == "pending"
    assert cli("run").code == 0, "no lock was left behind"


def test_a_busy_pooler_is_seen_through_before_the_next_migration(
    pooler: Callable[..., str], database: Database, cli: Cli, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While others hold its sessions, the two that we ask for may be two: then the lock is what betrays it."""
    from pytest_migrations.operations import session

    migrations(m001_users="CREATE TABLE users (id int);", m002_more="SELECT 1;")
    dsn = pooler("transaction", IGNORE)
    usable = session._check_usable

    def busy(ours: session.Session) -> None:
        ours.onlooker.execute("BEGIN")
        usable(ours)
        ours.onlooker.execute("COMMIT")

    monkeypatch.setattr(session, "_check_usable", busy)
    with psycopg.connect(dsn, autocommit=True) as other:
        take = RunLock.take

        def taken_by_another(lock: RunLock, seconds: float) -> None:
            take(lock, seconds)
            other.execute("BEGIN; SELECT 1")

        monkeypatch.setattr(RunLock, "take", taken_by_another)
        ran = cli("run", "--dsn", dsn)
        other.execute("COMMIT")
    assert ran.code == 2
    assert "The run has stopped before the next migration." in ran.err


def test_a_session_is(pooler: Callable[..., str], database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users="CREATE TABLE users (id int);")
    assert cli("run", "--dsn", pooler("session", IGNORE)).code == 0
    assert cli("status").code == 0


@pytest.mark.parametrize("mode", ["session", "transaction"])
@pytest.mark.parametrize("command", ["status", "run"])
def test_one_that_takes_no_settings(
    mode: str, command: str, pooler: Callable[..., str], database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_users="CREATE TABLE users (id int);")
    ran = cli(command, "--dsn", pooler(mode))
    assert ran.code == 2
    assert "refuses the startup parameter options" in ran.err
    assert "transaction mode" not in ran.err
    assert "Name the server itself in --dsn, not the pooler." in ran.err
