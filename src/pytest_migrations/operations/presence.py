"""Whether a database has an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.effects import Named

#: By what names of objects are told apart, each for the parts of a name from the schema on.
_QUERIES: dict[str, LiteralString] = {
    "relation": "pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND c.relname = %s",
    "type": "pg_type t WHERE t.typnamespace = to_regnamespace(quote_ident(%s)) AND t.typname = %s",
    "routine": "pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident(%s)) AND p.proname = %s",
    "schema": "pg_namespace n WHERE n.nspname = %s",
    "column": "pg_attribute a WHERE a.attrelid = to_regclass(quote_ident(%s) || '.' || quote_ident(%s))"
    " AND a.attname = %s AND NOT a.attisdropped",
    "constraint": "pg_constraint k WHERE k.conrelid = to_regclass(quote_ident(%s) || '.' || quote_ident(%s))"
    " AND k.conname = %s",
    "trigger": "pg_trigger g WHERE g.tgrelid = to_regclass(quote_ident(%s) || '.' || quote_ident(%s))"
    " AND g.tgname = %s",
    "policy": "pg_policy p WHERE p.polrelid = to_regclass(quote_ident(%s) || '.' || quote_ident(%s))"
    " AND p.polname = %s",
    "rule": "pg_rewrite r WHERE r.ev_class = to_regclass(quote_ident(%s) || '.' || quote_ident(%s))"
    " AND r.rulename = %s",
}


def is_there(connection: psycopg.Connection[Any], named: Named) -> bool | None:
    """Whether the database has it; None for kinds of which it is not asked."""
    if named.space not in _QUERIES:
        return None
    query: LiteralString = f"SELECT EXISTS (SELECT FROM pg_catalog.{_QUERIES[named.space]})"  # noqa: S608 (ours)
    row = connection.execute(query, named.path).fetchone()
    assert row is not None
    return bool(row[0])
