"""A new database whose tables have got rows, and what was told of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from pytest_migrations.rows.filling.filler import Filled, Filler
from pytest_migrations.rows.reading import tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.catalog.conftest import Server


#: PostgreSQL before this does not know what is in it.
_SINCE = (("NULLS NOT DISTINCT", 15), (") VIRTUAL", 18), ("WITHOUT OVERLAPS", 18), ("NOT ENFORCED", 18))


@contextmanager
def filled(
    server: Server, sql: str, *, rows: int = 5, seed: int = 0
) -> Iterator[tuple[psycopg.Connection[Any], dict[str, int], dict[str, str]]]:
    """A new database with a schema, how many rows each table of it has got, and why not in the usual way.

    Nothing but rows is changed, and the transaction goes on.
    """
    with server.fresh() as connection:
        if any(word in sql and connection.info.server_version < since * 10000 for word, since in _SINCE):
            pytest.skip("PostgreSQL does not know that yet")
        connection.execute(sql.encode())
        connection.execute("BEGIN")
        tables = tables_of(connection)
        before = settings(connection)
        was = counts(connection)
        found = Filler(rows).fill(connection, tables, seed=seed)
        assert connection.info.transaction_status == TransactionStatus.INTRANS
        assert settings(connection) == before
        assert_told(found, was, counts(connection))
        shown = {oid: tables[oid].name.removeprefix("public.") for oid in tables}
        yield (
            connection,
            {shown[oid]: count for oid, count in found.rows.items() if count},
            {shown[oid]: why for oid, why in found.empty.items()}
            | {shown[oid]: f"without triggers: {why}" for oid, why in found.without_triggers.items()},
        )
        connection.execute("ROLLBACK")


def settings(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    query = "SELECT name, setting FROM pg_settings ORDER BY name"
    return connection.cursor(row_factory=tuple_row).execute(query).fetchall()


def counts(connection: psycopg.Connection[Any]) -> dict[int, int]:
    """How many rows there are in each table and what inherits from it."""
    cursor = connection.cursor(row_factory=tuple_row)
    return {
        oid: cursor.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchall()[0][0]
        for oid, table in tables_of(connection).items()
    }


def assert_told(found: Filled, before: dict[int, int], after: dict[int, int]) -> None:
    """No table is empty silently, and none is called empty that is not."""
    assert {oid for oid, count in after.items() if not count} == found.empty.keys()
    for oid, count in found.rows.items():
        assert after[oid] - before[oid] >= count
