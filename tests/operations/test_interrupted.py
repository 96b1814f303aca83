"""Ctrl-C, and a server that goes away in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.waiting import until_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.run_folder import RunFolder
    from tests.commands import Cli, Migrations, Query

import psycopg
import pytest

from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Database, Server

SLOW = "CREATE TABLE slow (id int);\nSELECT pg_sleep(30);"


def begin(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pytest_migrations", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )


def await_sleep(query: Query) -> None:
    for _ in range(200):
        if query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(30)' AND state = 'active'") == [(1,)]:
            return
        time.sleep(0.05)
    raise AssertionError("the statement was never sent")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_end_in_order(
    sent: signal.Signals, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users="CREATE TABLE users (id int);", m002_slow=SLOW)
    process = begin("run")
    await_sleep(query)
    process.send_signal(sent)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "1 applied before" in out
    assert "Interrupted." in err
    assert "Traceback" not in err
    assert [m["state"] for m in cli("status", "--json").json["migrations"]] == ["applied", "pending"]
    assert until_alone(query)


@pytest.fixture
def own_server(run_folder: RunFolder) -> Iterator[Server]:
    """One that may crash without harm to other tests."""
    # As on any server but ours for tests, what is committed survives.
    options = ServerOptions(server="embedded", settings={"synchronous_commit": "on"})
    server = Server.start_own(run_folder, options, Requirements())
    assert server is not None
    yield server
    server.stop()


def test_a_server_that_restarts_in_the_middle(
    own_server: Server, database: Database, cli: Cli, migrations: Migrations
) -> None:
    """Where a process of it is killed, PostgreSQL ends all sessions and recovers."""
    crashing = own_server.create_database()
    migrations(m001_users="CREATE TABLE users (id int);", m002_slow=SLOW)
    process = begin("run", "--dsn", crashing.dsn)

    def query(sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(crashing.dsn, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    await_sleep(query)
    ((pid,),) = query("SELECT pid FROM pg_stat_activity WHERE query LIKE '%sleep(30)' AND state = 'active'")
    os.kill(int(str(pid)), signal.SIGKILL)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "002_slow.sql:2:1: the connection was lost" in err
    assert "Nothing of it was kept. Run again when the server is well." in err
    found = cli("status", "--json", "--dsn", crashing.dsn).json["migrations"]
    assert [migration["state"] for migration in found] == ["applied", "pending"]
