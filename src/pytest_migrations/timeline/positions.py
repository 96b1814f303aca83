"""Sequence positions, which PostgreSQL does not roll back (PostgreSQL docs 9.17), are put back by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql
from psycopg.rows import tuple_row

from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Migration

#: A position: the last value and whether it was handed out already, as setval takes them.
Position = tuple[int, bool]

_SEQUENCES = b"""
SELECT n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relpersistence <> 't'
  AND CASE WHEN c.relkind = 'S' THEN -- the functions refuse what is no sequence
    pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AND pg_catalog.has_sequence_privilege(c.oid, 'UPDATE')
  END
"""
#: What makes a plain statement call functions: event triggers, and domains whose default fills a new column (those of
#: information_schema, which are below the first OID of users, move nothing).
_CALLS_BY_ITSELF = b"""
SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger)
    OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE oid >= 16384 AND typtype = 'd' AND typdefault LIKE '%(%')
"""
#: What rows that are put in call besides: triggers, and rules on INSERT.
_CALLED_BY_ROWS = b"""
    OR EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal)
    OR EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_type = '3' AND oid >= 16384)
"""
#: One query reads so many at once; a longer UNION ALL would only take the planner's stack.
_BATCH = 500


def may_move(connection: psycopg.Connection, migration: Migration, *, with_rows: bool = False) -> bool:
    """Whether running the migration's scripts can move a sequence: by rows, by calls, or by what DDL brings about.

    ``with_rows`` says that rows are put into tables before.
    """
    for script in migration.scripts:
        if script.program or any(Trait.PLAIN_DDL not in statement.traits for statement in statements(script)):
            return True
    row = connection.execute(_CALLS_BY_ITSELF + (_CALLED_BY_ROWS if with_rows else b"")).fetchone()
    return bool(row and row[0])


def read_positions(connection: psycopg.Connection) -> dict[tuple[str, str], Position]:
    """The position of every sequence that the connection's user may set, by schema and name."""
    cursor = connection.cursor(row_factory=tuple_row)
    names = cursor.execute(_SEQUENCES).fetchall()
    positions: dict[tuple[str, str], Position] = {}
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        query = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(*name)) for name in batch
        )
        positions |= zip(batch, cursor.execute(query).fetchall(), strict=True)
    return positions


def restore_positions(connection: psycopg.Connection, before: dict[tuple[str, str], Position]) -> None:
    """Set every sequence whose position is no longer the one it had ``before``."""
    if not before:
        return
    for name, position in read_positions(connection).items():
        if before.get(name, position) != position:
            value, called = before[name]
            connection.execute(
                sql.SQL("SELECT pg_catalog.setval({}::pg_catalog.regclass, {}, {})").format(
                    sql.Literal(sql.Identifier(*name).as_string(connection)), sql.Literal(value), sql.Literal(called)
                )
            )


def positions_before(
    connection: psycopg.Connection, migration: Migration | None, *, with_rows: bool = False
) -> dict[tuple[str, str], Position]:
    """What is to be put back behind the migration's scripts, or behind anything: nothing where none can move."""
    moves = migration is None or may_move(connection, migration, with_rows=with_rows)
    return read_positions(connection) if moves else {}
