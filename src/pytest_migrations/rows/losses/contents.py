"""All rows of some tables at one moment, in one round trip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned
from pytest_migrations.rows.losses.losses import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from pytest_migrations.rows.table import Table

#: Of a table with more rows nothing is read.
_MOST_ROWS = 10_000
#: One query reads so many tables; a longer UNION ALL would only take the planner's stack.
_BATCH = 200


def contents(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> dict[str, Rows | None]:
    """The rows of tables as they are now, by the tables' names; None of a table with too many.

    Raises psycopg.Error where the connection is lost, or its transaction has failed.
    """
    listed = list(tables)
    found: list[list[dict[str, str | None]]] = [[] for _ in listed]
    for start in range(0, len(listed), _BATCH):
        queries = [_query(place, table) for place, table in enumerate(listed[start : start + _BATCH], start)]
        query = sql.SQL(" UNION ALL ").join(queries)
        (result,) = pinned(connection, NOT_TEMPORARY + query.as_string(connection))
        for row in range(result.ntuples):
            place = int(result.get_value(row, 0) or 0)
            values = json.loads(result.get_value(row, 1) or b"[]")
            found[place].append(dict(zip(_names(listed[place]), values, strict=True)))
    return {
        table.name: Rows(table.shown, table.identity, tuple(rows), _columns(table)) if len(rows) <= _MOST_ROWS else None
        for table, rows in zip(listed, found, strict=True)
    }


def _query(place: int, table: Table) -> sql.Composed:
    values = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in _names(table))
    return sql.SQL("(SELECT {}, pg_catalog.to_json(ARRAY[{}]::text[]) FROM {} LIMIT {})").format(
        sql.Literal(place), values, sql.SQL(table.name), sql.Literal(_MOST_ROWS + 1)
    )


def _columns(table: Table) -> dict[str, str]:
    return {column.name: f"{table.oid}.{column.position}" for column in table.columns}


def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)
