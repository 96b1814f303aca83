"""How many rows the tables of a database have, without counting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg


class Rows(NamedTuple):
    """How many rows a table has, and how many bytes they take."""

    #: About; None where nobody has ever counted them (PostgreSQL docs, pg_class, ``reltuples``).
    number: int | None
    bytes: int


def count_rows(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], Rows]:
    """The rows of all tables and materialized views, by schema and name. It takes ACCESS SHARE on each of them."""
    return {(schema, name): Rows(number, size) for schema, name, size, number in connection.execute(_ROWS)}


#: A partitioned table has the rows of its partitions. What was last counted is taken to lie as close on the pages that
#: there are now.
_ROWS = """
WITH RECURSIVE parts AS (
    SELECT oid AS root, oid FROM pg_catalog.pg_class
    WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384 AND relpersistence <> 't'
    UNION ALL
    SELECT p.root, i.inhrelid FROM parts p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
), counted AS (
    SELECT p.root, coalesce(pg_relation_size(c.oid), 0) AS bytes, c.relpages AS pages, c.reltuples AS tuples
    FROM parts p JOIN pg_catalog.pg_class c USING (oid)
)
SELECT n.nspname, t.relname, sum(bytes)::bigint, CASE WHEN bool_and(bytes = 0 OR pages > 0) THEN coalesce(sum(
           tuples * (bytes / current_setting('block_size')::float / nullif(pages, 0))), 0)::bigint END
FROM counted JOIN pg_catalog.pg_class t ON t.oid = root JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
GROUP BY 1, 2
"""
