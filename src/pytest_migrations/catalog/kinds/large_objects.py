"""Large objects that somebody was given or that have a comment; the others are rows, not schema."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment
from pytest_migrations.catalog.kinds.kind import Kind

# A large object has no name but its OID, which is another at each run: those of one owner are counted together.
LARGE_OBJECTS = Kind(
    "large objects",
    f"""
    select 'large objects' as kind, 'of ' || l.lomowner::regrole || coalesce(': ' || {
        comment("pg_largeobject", "l.oid")
    }, '') || coalesce(' ' || l.lomacl::text, '') as name, count(*) as count
    from pg_largeobject_metadata l
    where (l.lomacl is not null or {comment("pg_largeobject", "l.oid")} is not null)
        and l.oid = any($1)  -- only
    group by 2
    """,
    written_in=("pg_largeobject_metadata", "pg_description"),
)
