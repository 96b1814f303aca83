"""What it costs to derive rollbacks: ``run`` of migrations that have none against the same with theirs."""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.generated import write
from benchmarks.test_command_line import run_into
from benchmarks.test_walk import median

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from pytest_migrations.server.server import Server

#: Deriving takes at most about as long as applying; but half of the statements are seen in the catalog here.
MOST_TIMES = {False: 2.0, True: 3.5}
#: By turns: the speed of a machine that others share changes.
ROUNDS = 5
MIGRATIONS = 200


#: What ``benchmarks.generated`` does not write: statements whose effect is read before them and behind.
_SEEN = """
ALTER TABLE {table} ALTER COLUMN name SET DEFAULT 'x';
COMMENT ON TABLE {table} IS 'A table';
ALTER TABLE {table} ALTER COLUMN amount SET NOT NULL;
"""


@pytest.mark.parametrize("seen", [False, True], ids=["told by their texts", "seen in the catalog"])
def test_run_without_rollbacks(benchmark: BenchmarkFixture, server: Server, tmp_path: Path, seen: bool) -> None:
    with_theirs: list[float] = []

    def prepare() -> tuple[tuple[str, Path], dict[str, object]]:
        number = len(with_theirs)
        for rollbacks in (True, False):  # each with files of its own: what was parsed once is not parsed again
            folder = tmp_path / f"{number} {rollbacks}"
            write(folder, MIGRATIONS, MIGRATIONS // 5, rollbacks=rollbacks)
            if seen:
                _change(folder)
        started = time.perf_counter()
        run_into(server.create_database().dsn, tmp_path / f"{number} True")
        with_theirs.append(time.perf_counter() - started)
        return (server.create_database().dsn, tmp_path / f"{number} False"), {}

    benchmark.pedantic(run_into, setup=prepare, rounds=ROUNDS)
    theirs, derived = statistics.median(with_theirs), median(benchmark)
    sys.stdout.write(
        f"\n{MIGRATIONS} migrations: {theirs:.2f} s with rollbacks, {derived:.2f} s without, {derived / theirs:.1f} x\n"
    )
    assert derived <= theirs * MOST_TIMES[seen]


def _change(folder: Path) -> None:
    """Let every fifth migration change the table that the one before it has made."""
    for number, path in enumerate(sorted(folder.iterdir())):
        if number % 5 == 1:
            path.write_text(_SEEN.format(table=f"t{number // 5:03}") + path.read_text())
