"""What rows cost: to read of a few tables what decides about theirs, and to fill a large table, and many."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.generated import scripts
from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.reading import read_tables, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from pytest_benchmark.fixture import BenchmarkFixture

    from pytest_migrations.server.server import Server

#: Reading a few tables does not take longer where there are many. The quickest round counts: a machine that others
#: share is slow at times.
MOST_TIMES_FOR_MANY = 2
#: Milliseconds.
MOST_TO_FILL_A_THOUSAND = 20
MOST_TO_FILL_FORTY_TABLES = 60

TEN_COLUMNS = """
CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number text NOT NULL UNIQUE, state state NOT NULL,
    amount numeric(12, 2) NOT NULL CHECK (amount >= 0), placed_at timestamptz NOT NULL, paid_on date,
    notes jsonb, tags text[], buyer uuid NOT NULL, parent bigint REFERENCES orders
);
"""


@pytest.fixture
def connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    database = server.create_database()
    with server.connect(database) as connection:
        yield connection
    server.drop(database)


def milliseconds(benchmark: BenchmarkFixture, connection: psycopg.Connection[Any], work: Callable[[], object]) -> float:
    """How long the quickest of some rounds takes, of each of which nothing is kept."""

    def begin() -> None:
        connection.execute("ROLLBACK")
        connection.execute("BEGIN")

    benchmark.pedantic(work, setup=begin, rounds=30, warmup_rounds=2)
    connection.execute("ROLLBACK")
    assert benchmark.stats is not None
    return float(benchmark.stats["min"]) * 1000


def test_a_thousand_rows_of_ten_columns(benchmark: BenchmarkFixture, connection: psycopg.Connection[Any]) -> None:
    connection.execute(TEN_COLUMNS.encode())
    tables, filler = tables_of(connection), Filler(1000)
    took = milliseconds(benchmark, connection, lambda: filler.fill(connection, tables))
    sys.stdout.write(f"\n1,000 rows of ten columns: {took:.1f} ms\n")
    assert took < MOST_TO_FILL_A_THOUSAND


def test_forty_tables(benchmark: BenchmarkFixture, connection: psycopg.Connection[Any]) -> None:
    for up, _ in scripts(200, 40):
        connection.execute(up.encode())
    tables, filler = tables_of(connection), Filler(5)
    took = milliseconds(benchmark, connection, lambda: filler.fill(connection, tables))
    sys.stdout.write(f"\n5 rows for each of {len(tables)} tables: {took:.1f} ms\n")
    assert took < MOST_TO_FILL_FORTY_TABLES


def test_reading_a_few_of_many_tables(benchmark: BenchmarkFixture, connection: psycopg.Connection[Any]) -> None:
    made = iter(scripts(300, 300))
    names = ["t001", "t002"]
    for _ in range(3):
        connection.execute(next(made)[0].encode())
    few = min(timed(lambda: read_tables(connection, names=names)) for _ in range(50))
    for up, _ in made:
        connection.execute(up.encode())
    took = milliseconds(benchmark, connection, lambda: read_tables(connection, names=names))
    sys.stdout.write(f"\nthree tables of three: {few:.2f} ms, of 300: {took:.2f} ms, {took / few:.1f} x\n")
    assert took < few * MOST_TIMES_FOR_MANY


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
