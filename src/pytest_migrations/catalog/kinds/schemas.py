"""Schemas. Also public, of which pg_dump prints what was changed since initdb."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, is_own, privileges
from pytest_migrations.catalog.kinds.kind import Kind

SCHEMAS = Kind(
    "schemas",
    f"""
    select 'schema' as kind, n.oid::regnamespace as name,
        n.nspowner::regrole as owner,
        {privileges("n.nspacl", "n", "n.nspowner")} as privileges,
        {comment("pg_namespace", "n.oid")} as comment
    from pg_namespace n
    where (n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
        and (n.nspname = 'public' or {is_own("pg_namespace", "n.oid")})
        and n.oid = any($1)  -- only
    """,
    written_in=("pg_namespace",),
)
