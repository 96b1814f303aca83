"""The rows of tables at one moment, each table as a number: whether they are the same later is one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg import sql

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.rows.table import Table


class Kept(NamedTuple):
    """The columns of a table whose values are to be kept, by the names that SQL needs."""

    table: str
    columns: tuple[str, ...]


#: By table the number of rows and a sum of their hashes.
Image = dict[str, tuple[bytes, ...]]


def kept(tables: Mapping[int, Table]) -> list[Kept]:
    """What is to be the same again of some tables: all columns, in an order that has nothing to do with theirs."""
    return [Kept(table.name, tuple(sorted(column.name for column in table.columns))) for table in whole(tables)]


def whole(tables: Mapping[int, Table]) -> list[Table]:
    """The tables without partitions of each other, whose rows are seen there."""
    return [table for oid, table in tables.items() if table.root == oid or table.root not in tables]


def image_of(row: sql.Composable) -> sql.Composed:
    """SQL of the number of rows, and of a sum of their hashes: it is the same in whatever order they are."""
    return sql.SQL("count(*), sum(pg_catalog.hashtextextended(({})::text, 0))").format(row)


def read_image(connection: psycopg.Connection[Any], tables: Sequence[Kept]) -> Image | None:
    """The image of these columns now; None where one of them, or its table, is not there.

    Raises psycopg.Error where the connection is lost, or its transaction has failed.
    """
    if not tables:
        return {}
    queries = (
        sql.SQL("SELECT {shown}, {image} FROM {table}").format(
            shown=sql.Literal(each.table),
            image=image_of(sql.SQL("ROW({})").format(sql.SQL(", ").join(map(sql.Identifier, each.columns)))),
            table=sql.SQL(each.table),  # quoted by the server
        )
        for each in tables
    )
    try:
        (result,) = pinned(connection, NOT_TEMPORARY + sql.SQL(" UNION ALL ").join(queries).as_string(connection))
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName):
        return None
    return {
        (result.get_value(row, 0) or b"").decode(): (result.get_value(row, 1) or b"", result.get_value(row, 2) or b"")
        for row in range(result.ntuples)
    }
