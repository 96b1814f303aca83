"""What the functions and procedures do that a statement calls: their bodies, by the catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg import sql

from pytest_migrations.catalog.session import aside
from pytest_migrations.rows.scripts.nodes import below, nodes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from pytest_migrations.migration import Statement

#: Those of the user's by a name, in whatever schema: whether they are PL/pgSQL, and what is in them. Where several are
#: called so, nobody knows here which one it is.
_BODIES = """
SELECT min(plain), min(body) FROM (
    SELECT p.oid, p.proname, CASE WHEN l.lanname = 'plpgsql' THEN 'plpgsql' END AS plain,
        CASE WHEN l.lanname = 'plpgsql' OR p.prosqlbody IS NOT NULL
          THEN pg_catalog.pg_get_functiondef(p.oid) ELSE p.prosrc END AS body
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE p.proname = ANY({}) AND p.oid >= 16384 AND p.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'
        AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
) named GROUP BY proname HAVING count(*) = 1 ORDER BY min(oid)
"""
_CALLS = ("select_stmt", "call_stmt", "do_stmt")


def bodies(connection: psycopg.Connection, statement: Statement) -> Iterator[Statement]:
    """What is in the functions that a statement, or a DO block, calls, as if that stood in its place.

    So is what these call in turn. Raises psycopg.Error where the server does.
    """
    names = _called(statement) if statement.kind in _CALLS or statement.script.program else set()
    known = set[str]()
    while names:
        (result,) = aside(connection, sql.SQL(_BODIES).format(list(names)).as_string(connection))
        known |= names
        names = set()
        for row in range(result.ntuples):
            kind = "do_stmt" if result.get_value(row, 0) else ""
            body = replace(statement, text=(result.get_value(row, 1) or b"").decode(), kind=kind)
            names |= _called(body) - known
            yield body


def _called(statement: Statement) -> set[str]:
    return {
        name
        for node in nodes_of(statement)
        for kind, fields in below(node)
        if kind in ("FuncCall", "funccall")
        for name in [fields["funcname"][-1]["String"]["sval"]]
        if fields["funcname"][0]["String"]["sval"] != "pg_catalog"
    }
