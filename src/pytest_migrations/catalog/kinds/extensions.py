"""Extensions; their members are theirs."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment
from pytest_migrations.catalog.kinds.kind import Kind

# pg_dump prints no version, but ALTER EXTENSION ... UPDATE is a change.
EXTENSIONS = Kind(
    "extensions",
    f"""
    select 'extension' as kind, quote_ident(e.extname) as name,
        e.extnamespace::regnamespace as schema, e.extversion as version,
        {comment("pg_extension", "e.oid")} as comment
    from pg_extension e
    where true
        and e.oid = any($1)  -- only
    """,
    written_in=("pg_extension",),
)
