"""Proving a history with rows in its tables against proving it without, as a ratio within one run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.generated import write
from benchmarks.test_walk import median, pytest_seconds

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

#: What the check on rows may cost, start of the server and of pytest included.
MOST_TIMES = 2.0


def test_with_rows_against_without(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write(tmp_path / "migrations", 200, 40)
    options = ("--migrations-dir=migrations", "migrations", "--migrations-server=embedded")
    without = min(pytest_seconds(tmp_path, *options, "--migrations-rows=0") for _ in range(3))
    benchmark.pedantic(pytest_seconds, (tmp_path, *options), rounds=3)
    ratio = min(benchmark.stats.stats.data) / without if benchmark.stats else 0.0
    benchmark.extra_info |= {"without": without, "ratio": ratio}
    sys.stdout.write(f"\n200 migrations: without rows {without:.2f} s, with {median(benchmark):.2f} s, {ratio:.2f} x\n")
    assert ratio <= MOST_TIMES
