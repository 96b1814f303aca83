"""Looks for ledgers in the catalog, whoever keeps them and wherever they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import tuple_row

from pytest_migrations.foreign_ledgers.ledger import ForeignLedger
from pytest_migrations.foreign_ledgers.tool import Kind, Table
from pytest_migrations.foreign_ledgers.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from pytest_migrations.foreign_ledgers.tool import Tool

#: Columns that only our own ledger has, wherever it lies and whatever it is called.
_OURS = {"name", "checksum", "state", "total_statements", "rollback_sql"}

_SHAPES = [shape for tool in TOOLS for shape in tool.shapes]
_NAMES = "|".join(sorted({f"^(?:{shape.named})$" for shape in _SHAPES if shape.named}))
_NEIGHBOURS = sorted({shape.beside for shape in _SHAPES if shape.beside})
_TELLING = sorted({next(iter(shape.columns)) for shape in _SHAPES if not shape.named})

#: Those that the session would find without naming a schema come first.
_QUERY = r"""
select n.nspname::text, c.relname::text, quote_ident(n.nspname), quote_ident(c.relname), quote_ident(current_user),
       pg_catalog.has_schema_privilege(n.oid, 'usage'),
       pg_catalog.has_table_privilege(c.oid, 'select'),
       pg_catalog.row_security_active(c.oid),
       array_agg(a.attname::text order by a.attnum),
       array_agg(pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null) order by a.attnum)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
 where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
   and (c.relname ~ %(names)s or c.relname = any (%(neighbours)s)
        or c.oid in (select attrelid from pg_catalog.pg_attribute where attname = any (%(telling)s)))
 group by n.oid, n.nspname, c.oid, c.relname
 order by array_position(current_schemas(false), n.nspname) nulls last, n.nspname, c.relname
"""


def find(connection: psycopg.Connection[Any]) -> list[ForeignLedger]:
    """The ledgers of other tools in the database, those on the session's search_path first.

    One query of the catalog, which needs no rights and no lock on the tables. Our own ledger is not among them.

    :raises psycopg.Error: where the server does, as in a transaction that has failed already.
    """
    parameters = {"names": _NAMES, "neighbours": _NEIGHBOURS, "telling": _TELLING}
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(_QUERY, parameters).fetchall()
    neighbours: dict[str, set[str]] = {}
    for schema, name, *_ in found:
        neighbours.setdefault(schema, set()).add(name)
    ledgers = []
    for schema, name, in_schema, quoted, role, may_enter, may_select, sees_some_rows, names, types in found:
        table = Table(schema, name, dict(zip(names, map(Kind.of, types), strict=True)))
        if (tool := _tool_of(table, neighbours[schema])) is not None:
            grants = [] if may_enter else [f"GRANT USAGE ON SCHEMA {in_schema} TO {role};"]
            grants += [] if may_select else [f"GRANT SELECT ON {in_schema}.{quoted} TO {role};"]
            hindrance = _hindrance(f"{in_schema}.{quoted}", role, grants, sees_some_rows=sees_some_rows)
            ledgers.append(ForeignLedger(tool, f"{in_schema}.{quoted}", hindrance, table))
    return ledgers


def _tool_of(table: Table, neighbours: set[str]) -> Tool | None:
    """The first tool whose ledger looks like that."""
    if _OURS.issubset(table.columns):
        return None
    return next((tool for tool in TOOLS if any(shape.fits(table, neighbours) for shape in tool.shapes)), None)


def _hindrance(table: str, role: str, grants: Sequence[str], *, sees_some_rows: bool) -> str:
    if grants:
        return f"{role} may not read {table}. Let its owner say: {' '.join(grants)}"
    if sees_some_rows:
        return (
            f"row security may hide rows of {table} from {role}. Connect as its owner, or as a role with BYPASSRLS, so "
            "that nothing is taken for pending that is applied."
        )
    return ""
