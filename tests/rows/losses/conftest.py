"""A table with some rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.rows.reading import read_tables

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.rows.table import Table


@pytest.fixture
def made(connection: psycopg.Connection[Any]) -> Table:
    connection.execute('CREATE TABLE "T 1" (id int PRIMARY KEY, "a b" text, j json, f float8)')
    connection.execute("""INSERT INTO "T 1" VALUES (1, NULL, '{"a": 1}', 'NaN'), (2, '', '[1]', 0.1)""")
    (table,) = read_tables(connection, names=["T 1"])[0].values()
    return table
