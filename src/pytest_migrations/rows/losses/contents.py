"""The rows of tables at one moment, as PostgreSQL prints their values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg

    from pytest_migrations.rows.table import Table

#: Of a table with more rows the first are read.
_MOST_ROWS = 100_000
#: Where all tables are read, again and again, nothing is said of one with more rows.
_MOST_OF_ALL = 10_000
#: One query reads so many tables; a longer UNION ALL would only take the planner's stack.
_BATCH = 200
#: A row by the names of its columns; None is NULL.
Row = dict[str, "str | None"]


@dataclass(frozen=True)
class Rows:
    """The rows of a table at one moment; None where it is not there. ``key`` is what tells one row from another.

    ``columns`` has by the name of each column what it keeps for as long as it is the same one.
    """

    shown: str
    key: tuple[str, ...]
    rows: tuple[Row, ...] | None
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Whether its rows are also those of another table.
    is_partition: bool = False
    oid: int = 0
    #: Whether all rows were read.
    is_whole: bool = True


class _Found(NamedTuple):
    """A table as it is now."""

    table: Table
    oid: int
    name: str
    is_partitioned: bool
    is_partition: bool
    columns: list[tuple[str, int]]


def contents(connection: psycopg.Connection[Any], tables: Iterable[Table]) -> dict[str, Rows | None]:
    """The rows of tables, by their names; None of a table with too many.

    Raises psycopg.Error as ``read_rows`` does.
    """
    listed = list(tables)
    read = read_rows(connection, listed, most=_MOST_OF_ALL)
    return {table.name: read[table.oid] if read[table.oid].is_whole else None for table in listed}


def read_rows(
    connection: psycopg.Connection[Any], tables: Iterable[Table], *, renamed: bool = False, most: int = _MOST_ROWS
) -> dict[int, Rows]:
    """The rows of tables, which are found by their names, or where they may be ``renamed`` by their OIDs.

    Those of tables that inherit from one are theirs. The keys are the OIDs that the tables had.
    Raises psycopg.Error where the connection is lost, or its transaction has failed.
    """
    listed = list(tables)
    of_table = {table.oid: Rows(table.shown, table.identity, None) for table in listed}
    found = _find(connection, listed, renamed=renamed) if listed else []
    for start in range(0, len(found), _BATCH):
        batch = found[start : start + _BATCH]
        rows: list[list[Row]] = [[] for _ in batch]
        query = sql.SQL(" UNION ALL ").join(_query(place, each, most) for place, each in enumerate(batch))
        (result,) = pinned(connection, NOT_TEMPORARY + query.as_string(connection))
        for row in range(result.ntuples):
            place, values = int(result.get_value(row, 0) or 0), json.loads(result.get_value(row, 1) or b"[]")
            rows[place].append(dict(zip((name for name, _ in batch[place].columns), values, strict=True)))
        for each, its in zip(batch, rows, strict=True):
            table, columns = each.table, {name: f"{each.oid}.{number}" for name, number in each.columns}
            of_table[table.oid] = Rows(
                table.shown, table.identity, tuple(its), columns, each.is_partition, each.oid, len(its) < most
            )
    return of_table


def _find(connection: psycopg.Connection[Any], tables: list[Table], *, renamed: bool) -> list[_Found]:
    given = [str(table.oid) if renamed else table.name for table in tables]
    oid = "given.name::pg_catalog.oid" if renamed else "pg_catalog.to_regclass(given.name)"
    (result,) = pinned(connection, sql.SQL(_FIND).format(given, oid=sql.SQL(oid)).as_string(connection))
    texts = ([(result.get_value(row, place) or b"").decode() for place in range(6)] for row in range(result.ntuples))
    return [
        _Found(tables[int(place) - 1], int(oid), name, is_partitioned == "t", is_partition == "t", json.loads(columns))
        for place, oid, name, is_partitioned, is_partition, columns in texts
    ]


_FIND = """
SELECT given.place, c.oid, c.oid::pg_catalog.regclass, c.relkind = 'p', c.relispartition, coalesce((
    SELECT json_agg(json_build_array(a.attname, a.attnum) ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]')
FROM pg_catalog.unnest({}::text[]) WITH ORDINALITY given(name, place) JOIN pg_catalog.pg_class c ON c.oid = {oid}
ORDER BY given.place
"""


def _query(place: int, found: _Found, most: int) -> sql.Composed:
    names = [name for name, _ in found.columns]
    order = [sql.Identifier(name) for name in found.table.identity if name in names]
    return sql.SQL("(SELECT {}, pg_catalog.to_json(ARRAY[{}]::text[]) FROM {}{}{} LIMIT {})").format(
        sql.Literal(place),
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names),
        sql.SQL("" if found.is_partitioned else "ONLY "),
        sql.SQL(found.name),  # quoted by the server
        sql.SQL(" ORDER BY {}").format(sql.SQL(", ").join(order)) if order else sql.SQL(""),
        sql.Literal(most),
    )
