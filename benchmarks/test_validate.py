"""What validating 1,000 migrations costs, process start included, as a ratio: to what splitting them alone takes.

The ratio stays what it is on a slower machine. ``status`` and ``validate`` are to take less than a second on 1,000.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.generated import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from pytest_benchmark.fixture import BenchmarkFixture

MIGRATIONS = 1000
TABLES = 200
#: How much longer validating takes than starting, reading the folder and splitting its scripts.
MOST_RATIO = 3.0
_SPLIT = (
    "from pathlib import Path; from pytest_migrations.formats import read_history; "
    "from pytest_migrations.sql.grammar import statements; "
    "[statements(script) for script in read_history(Path('migrations')).scripts]"
)


def seconds(run: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def test_validate_a_thousand_migrations(
    benchmark: BenchmarkFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "migrations", MIGRATIONS, TABLES)
    monkeypatch.chdir(tmp_path)
    validate = [sys.executable, "-m", "pytest_migrations", "validate"]

    def run() -> None:
        subprocess.run(validate, check=True, stdout=subprocess.DEVNULL)

    split = seconds(lambda: subprocess.run([sys.executable, "-c", _SPLIT], check=True))
    ratio = seconds(run) / split
    benchmark.extra_info["ratio to splitting the scripts"] = round(ratio, 2)
    benchmark.pedantic(run, rounds=3)
    assert ratio < MOST_RATIO
