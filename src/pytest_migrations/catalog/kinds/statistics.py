"""Extended statistics."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import (
    RELATION_KIND,
    comment,
    in_own_schema,
    is_own,
    qualified,
    schema_parent,
)
from pytest_migrations.catalog.kinds.kind import Kind

STATISTICS = Kind(
    "statistics",
    f"""
    select 'statistics' as kind, {qualified("s.stxnamespace", "s.stxname")} as name,
        array[{schema_parent("s.stxnamespace")}, {RELATION_KIND} || ' ' || s.stxrelid::regclass] as parent,
        s.stxrelid::regclass as on,
        s.stxowner::regrole as owner,
        {comment("pg_statistic_ext", "s.oid")} as comment,
        pg_get_statisticsobjdef(s.oid) as definition,
        case when s.stxstattarget >= 0 then s.stxstattarget end as "statistics target"
    from pg_statistic_ext s
        join pg_class c on c.oid = s.stxrelid
    where {is_own("pg_statistic_ext", "s.oid")} and {in_own_schema("s.stxnamespace")}
        and s.oid = any($1)  -- only
    """,
    across=True,
)
