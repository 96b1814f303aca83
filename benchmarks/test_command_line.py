"""The command line: ``run`` against the bare loop over the same scripts, ``status`` with its start."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from benchmarks.generated import write
from benchmarks.test_walk import median
from pytest_migrations.formats.detection import read_history
from pytest_migrations.operations import running
from pytest_migrations.operations.session import Limits, working_on
from pytest_migrations.operations.target import Target

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from pytest_migrations.server.server import Server

#: What a run may cost, its connections, lock and ledger included.
MOST_LOOPS = 2.0
#: Seconds for a command that only looks, start of Python included.
MOST_SECONDS = 1.0


def bare_loop(server: Server, folder: Path) -> float:
    """The least that applies a folder: connect, and send each file in a transaction. The rollbacks are comments."""
    database = server.create_database()
    started = time.perf_counter()
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for path in sorted(folder.iterdir()):
            with connection.transaction():
                connection.execute(path.read_bytes())
    seconds = time.perf_counter() - started
    server.drop(database)
    return seconds


def run_into(dsn: str, folder: Path) -> None:
    history = read_history(folder)
    with working_on(Target.named(dsn), Limits()) as session:
        running.run(session, history, running.plan(history, session.ledger.entries()), lambda _: None)


@pytest.mark.parametrize("migrations", [200, 1000])
def test_run_against_the_bare_loop(
    benchmark: BenchmarkFixture, server: Server, tmp_path: Path, migrations: int
) -> None:
    write(tmp_path, migrations, migrations // 5)
    loop = min(bare_loop(server, tmp_path) for _ in range(3))
    databases = [server.create_database() for _ in range(3)]
    fresh = iter(databases)
    benchmark.pedantic(run_into, setup=lambda: ((next(fresh).dsn, tmp_path), {}), rounds=3)
    ratio = median(benchmark) / loop
    sys.stdout.write(f"\n{migrations} migrations: loop {loop:.2f} s, run {median(benchmark):.2f} s, {ratio:.1f} x\n")
    assert ratio <= MOST_LOOPS


@pytest.mark.parametrize("command", ["status", "validate"])
def test_looking_at_a_thousand(benchmark: BenchmarkFixture, server: Server, tmp_path: Path, command: str) -> None:
    write(tmp_path / "migrations", 1000, 200)
    database = server.create_database()
    arguments = [sys.executable, "-m", "pytest_migrations", command]
    if command == "status":
        run_into(database.dsn, tmp_path / "migrations")
        arguments += ["--dsn", database.dsn]
    benchmark.pedantic(subprocess.run, (arguments,), {"cwd": tmp_path, "check": True, "capture_output": True}, rounds=5)
    sys.stdout.write(f"\n{command} on 1000 migrations: {median(benchmark):.2f} s\n")
    assert median(benchmark) <= MOST_SECONDS
