"""Proving a history against the bare loop over the same scripts on the same server, as a ratio within one run.

The loop is the least that a proof must do: one psycopg connection, and for each migration: apply it, then in a
transaction roll it back and apply it again, of which nothing is kept.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.generated import scripts, write

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from pytest_migrations.server.server import Server

#: What a proof may cost, start of the server and of pytest included.
MOST_LOOPS = 25
#: Seconds to the end of a run with one migration, beyond those of pytest on an empty test.
MOST_SECONDS_TO_FIRST_VERDICT = 0.6


def bare_loop(server: Server, migrations: int, tables: int) -> float:
    database = server.create_database()
    with server.connect(database) as connection:
        started = time.perf_counter()
        for up, down in scripts(migrations, tables):
            with connection.transaction():
                connection.execute(up.encode())
            with connection.transaction(force_rollback=True):
                connection.execute(down.encode())
                connection.execute(up.encode())
        seconds = time.perf_counter() - started
    server.drop(database)
    return seconds


def pytest_seconds(folder: Path, *options: str) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *options]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def median(benchmark: BenchmarkFixture) -> float:
    assert benchmark.stats is not None
    return float(benchmark.stats["median"])


@pytest.mark.parametrize(("migrations", "tables"), [(200, 40), (1000, 200)])
def test_proving_against_the_bare_loop(
    benchmark: BenchmarkFixture, server: Server, tmp_path: Path, migrations: int, tables: int
) -> None:
    write(tmp_path / "migrations", migrations, tables)
    loop = min(bare_loop(server, migrations, tables) for _ in range(3))
    option = "--migrations-dir=migrations"
    benchmark.pedantic(pytest_seconds, (tmp_path, option, "--migrations-server=embedded"), rounds=3)
    ratio = median(benchmark) / loop
    benchmark.extra_info |= {"loop": loop, "ratio": ratio}
    sys.stdout.write(f"\n{migrations} migrations: loop {loop:.2f} s, proof {median(benchmark):.2f} s, {ratio:.1f} x\n")
    assert migrations > 200 or ratio <= MOST_LOOPS


def test_time_to_first_verdict(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write(tmp_path / "migrations", 1, 1)
    (tmp_path / "test_empty.py").write_text("def test_empty(): pass\n")
    empty = min(pytest_seconds(tmp_path, "test_empty.py") for _ in range(3))
    benchmark.pedantic(
        pytest_seconds,
        (tmp_path, "--migrations-dir=migrations", "migrations", "--migrations-server=embedded"),
        rounds=5,
    )
    more = median(benchmark) - empty
    sys.stdout.write(f"\nempty {empty:.2f} s, one migration {median(benchmark):.2f} s: {more:.2f} s more\n")
    assert more <= MOST_SECONDS_TO_FIRST_VERDICT
