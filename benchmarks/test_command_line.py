"""The command line: ``run`` against the bare loop over the same scripts, ``status`` with its start."""

from __future__ import annotations

import statistics
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
#: One after the other by turns: the speed of a machine that others share changes.
ROUNDS = 15
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
    rounds = ROUNDS * 200 // migrations
    # Each has files of its own: what was parsed once is not parsed again.
    folders = [tmp_path / str(number) for number in range(rounds)]
    loops: list[float] = []

    def loop_and_prepare() -> tuple[tuple[str, Path], dict[str, object]]:
        folder = folders[len(loops)]
        write(folder, migrations, migrations // 5)
        loops.append(bare_loop(server, folder))
        return (server.create_database().dsn, folder), {}

    benchmark.pedantic(run_into, setup=loop_and_prepare, rounds=rounds)
    loop = statistics.median(loops)
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
