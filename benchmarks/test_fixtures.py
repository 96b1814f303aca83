"""What the fixtures cost on the example project, as ratios within one run.

A fresh clone, lent and taken back, is measured against the bare statements on the same server, and in milliseconds
beyond a connection; tests that get one each against the same tests on one shared database.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
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
#: What a clone may cost against CREATE DATABASE, a connection and DROP DATABASE: a test does not wait for the last.
MOST_STATEMENTS = 1.0
#: Seconds that it may cost beyond the connection. Most of them the server takes to copy 661 files.
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


def bare_statements(template: Template, admin: psycopg.Connection) -> tuple[float, float]:
    """The seconds of all, and of the connection alone."""
    name = "pytest_migrations_bare"
    dsn = template.database.dsn.replace(template.database.name, name)
    started = time.perf_counter()
    admin.execute(f"CREATE DATABASE {name} TEMPLATE {template.database} STRATEGY FILE_COPY")
    before = time.perf_counter()
    psycopg.connect(dsn).close()
    connected = time.perf_counter()
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    return time.perf_counter() - started, connected - before


def lend_a_clone(template: Template) -> None:
    database = template.server.clone(template.database)
    template.server.connect(database).close()
    template.server.drop_later(database)


def test_a_clone_against_the_bare_statements(benchmark: BenchmarkFixture, template: Template) -> None:
    with template.server.connect_admin() as admin:
        rounds = [bare_statements(template, admin) for _ in range(50)]
    bare, connection = map(statistics.median, zip(*rounds, strict=True))
    benchmark.pedantic(lend_a_clone, (template,), rounds=50, warmup_rounds=3)
    ratio, more = median(benchmark) / bare, median(benchmark) - connection
    benchmark.extra_info |= {"bare": bare, "connection": connection, "ratio": ratio}
    sys.stdout.write(
        f"\nbare {bare * 1000:.1f} ms, a clone {median(benchmark) * 1000:.1f} ms, {ratio:.2f} x; "
        f"{more * 1000:.1f} ms beyond a connection ({connection * 1000:.1f} ms)\n"
    )
    assert ratio <= MOST_STATEMENTS
    assert more <= MOST_SECONDS


def test_a_database_each_against_one(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    def run(fixture: str, number: int) -> float:
        (tmp_path / "test_it.py").write_text(TESTS.format(fixture=fixture, number=number))
        (tmp_path / "pytest.ini").write_text(f"[pytest]\nmigrations_dir = {MIGRATIONS}\n")
        return pytest_seconds(tmp_path, "test_it.py", "--migrations-server=embedded")

    shared = min(run("migrations_transaction", 100) for _ in range(3))
    benchmark.pedantic(run, ("migrations_connection", 100), rounds=3)
    ratio = median(benchmark) / shared
    benchmark.extra_info |= {"shared": shared, "ratio": ratio}
    sys.stdout.write(f"\n100 tests: shared {shared:.2f} s, a database each {median(benchmark):.2f} s, {ratio:.1f} x\n")
    assert ratio <= MOST_RATIO
