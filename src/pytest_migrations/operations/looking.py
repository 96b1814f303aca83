"""What the catalog says now of the indexes, partitions and databases that a stopped statement was about.

Each is asked for by its name as SQL has it, with its schema: that means the same in every session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg


class Index(NamedTuple):
    name: str
    is_valid: bool
    shape: list[Any]


def indexes_of(connection: psycopg.Connection[Any], table: str | None) -> dict[str, Index]:
    """The indexes of a table by their names as SQL has them, but for those that are being built right now."""
    rows = connection.execute(
        """
        SELECT format('%%I.%%I', n.nspname, c.relname), c.relname, i.indisvalid,
               m.amname, i.indisunique, i.indpred IS NOT NULL, ARRAY(
                   SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place)
                   LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                   ORDER BY place)
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_am m ON m.oid = c.relam
        WHERE i.indrelid = to_regclass(%s) AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        """,
        [table],
    )
    return {index: Index(name, is_valid, shape) for index, name, is_valid, *shape in rows}


def is_valid_index(connection: psycopg.Connection[Any], index: str | None) -> bool:
    """Whether there is one of this name, and queries may use it."""
    query = "SELECT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(%s)"
    return connection.execute(query, [index]).fetchone() == (True,)


def definition_of(connection: psycopg.Connection[Any], index: str | None) -> str | None:
    """What makes an index anew; None where more belongs to it than that says. It means the same in every session."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path TO ''")  # by which PostgreSQL shortens names
        row = connection.execute(
            """
            SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE i.indexrelid = to_regclass(%s) AND i.indisvalid AND NOT i.indisclustered AND NOT i.indisreplident
              AND c.reltablespace = 0
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_description d WHERE d.objoid = i.indexrelid)
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                              WHERE a.attrelid = i.indexrelid AND coalesce(a.attstattarget, -1) >= 0)
            """,
            [index],
        ).fetchone()
    return row[0] if row else None


def half_built(connection: psycopg.Connection[Any], relation: str | None) -> list[str]:
    """What REINDEX CONCURRENTLY has left of a table's indexes, or of one; of all where none is named."""
    rows = connection.execute(
        r"""
        SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)\d*$' AND n.nspname !~ '^pg_toast'
          AND (%(name)s::text IS NULL OR i.indrelid IN (
              SELECT coalesce(x.indrelid, r.oid) FROM (
                  SELECT to_regclass(%(name)s)
                  UNION SELECT relid FROM pg_catalog.pg_partition_tree(to_regclass(%(name)s))) AS r (oid)
              LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = r.oid))
          AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        ORDER BY 1
        """,
        {"name": relation},
    )
    return [index for (index,) in rows]


def is_detach_pending(connection: psycopg.Connection[Any], parent: str | None, partition: str | None) -> bool | None:
    """None where the one is no partition of the other."""
    row = connection.execute(
        "SELECT inhdetachpending FROM pg_catalog.pg_inherits "
        "WHERE inhparent = to_regclass(%s) AND inhrelid = to_regclass(%s)",
        [parent, partition],
    ).fetchone()
    return row[0] if row else None


def bound_and_checks(connection: psycopg.Connection[Any], name: str | None) -> tuple[str | None, list[str]]:
    """The bound of a partition, and the names of its check constraints as SQL has them."""
    row = connection.execute(
        """
        SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid), ARRAY(
            SELECT quote_ident(k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')
        FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(%s)
        """,
        [name],
    ).fetchone()
    return row or (None, [])


def is_database(connection: psycopg.Connection[Any], name: str) -> bool:
    return connection.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", [name]).fetchone() is not None


def resolved(connection: psycopg.Connection[Any], name: str | None) -> str | None:
    """The name with its schema, as this session understands it; None where there is no such relation."""
    row = connection.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s)",
        [name],
    ).fetchone()
    return row[0] if row else None
