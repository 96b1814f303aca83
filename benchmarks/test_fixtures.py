"""What the fixtures cost on the example project, as ratios within one run.

A fresh clone is measured against opening a connection, and tests that get one each against the same tests on one shared
database.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.test_walk import median, pytest_seconds
from pytest_migrations.formats import read_history
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.servers import RunServers
from pytest_migrations.templates import Template, Templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_benchmark.fixture import BenchmarkFixture

MIGRATIONS = Path(__file__).parents[1] / "example_project" / "migrations"
#: Seconds that a fresh database, dropped again, may cost a test beyond its connection.
MOST_SECONDS = 0.030
#: How much longer tests may take that get a database each than the same tests on a shared one.
MOST_RATIO = 3
TESTS = """
import pytest

@pytest.mark.parametrize("number", range({number}))
def test_it({fixture}, number):
    {fixture}.execute("INSERT INTO users (email, name) VALUES ('ada@example.org', 'Ada')")
    assert {fixture}.execute("SELECT count(*) FROM users").fetchone() == (1,)
"""


@pytest.fixture(scope="module")
def template() -> Iterator[Template]:
    run = RunFolder.reserve()
    history = read_history(MIGRATIONS)
    servers = RunServers(lambda: run, ServerOptions(server="embedded"), [history])
    yield Templates(history, servers, None).at()
    run.close()


def connect(template: Template) -> None:
    template.server.connect(template.database).close()


def clone_and_connect(template: Template) -> None:
    database = template.server.clone(template.database)
    template.server.connect(database).close()
    template.server.drop_later(database)


def test_a_clone_against_a_connection(benchmark: BenchmarkFixture, template: Template) -> None:
    seconds = []
    other = template.server.clone(template.database)
    for _ in range(50):
        started = time.perf_counter()
        connect(Template(template.server, other))
        seconds.append(time.perf_counter() - started)
    benchmark.pedantic(clone_and_connect, (template,), rounds=50, warmup_rounds=3)
    more = median(benchmark) - sorted(seconds)[25]
    sys.stdout.write(f"\nconnection {sorted(seconds)[25] * 1000:.1f} ms, clone and drop {more * 1000:.1f} ms more\n")
    assert more <= MOST_SECONDS


def test_a_database_each_against_one(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The seconds of 100 tests: of a run with 101 less those of a run with one."""

    def run(fixture: str, number: int) -> float:
        (tmp_path / "test_it.py").write_text(TESTS.format(fixture=fixture, number=number))
        (tmp_path / "pytest.ini").write_text(f"[pytest]\nmigrations_dir = {MIGRATIONS}\n")
        return pytest_seconds(tmp_path, "test_it.py", "--migrations-server=embedded")

    shared = min(run("migrations_transaction", 101) for _ in range(3))
    benchmark.pedantic(run, ("migrations_connection", 101), rounds=3)
    ratio = median(benchmark) / shared
    benchmark.extra_info |= {"shared": shared, "ratio": ratio}
    sys.stdout.write(f"\n101 tests: shared {shared:.2f} s, a database each {median(benchmark):.2f} s, {ratio:.1f} x\n")
    assert ratio <= MOST_RATIO
