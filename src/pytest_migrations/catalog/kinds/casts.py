"""Casts and transforms."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, is_own
from pytest_migrations.catalog.kinds.kind import Kind

CASTS = Kind(
    "casts",
    f"""
    select 'cast' as kind, '(' || s.castsource::regtype || ' as ' || s.casttarget::regtype || ')' as name,
        {comment("pg_cast", "s.oid")} as comment,
        case when s.castfunc <> 0 then s.castfunc::regprocedure end as function,
        case s.castcontext when 'i' then 'implicit' when 'a' then 'assignment' else 'explicit' end as context,
        case s.castmethod when 'f' then 'function' when 'i' then 'inout' else 'binary' end as method
    from pg_cast s
    where {is_own("pg_cast", "s.oid")}
        and s.oid = any($1)  -- only
    """,
    written_in=("pg_cast",),
)

TRANSFORMS = Kind(
    "transforms",
    f"""
    select 'transform' as kind, 'for ' || f.trftype::regtype || ' language ' || quote_ident(l.lanname) as name,
        {comment("pg_transform", "f.oid")} as comment,
        case when f.trffromsql <> 0 then f.trffromsql::regprocedure end as "from sql",
        case when f.trftosql <> 0 then f.trftosql::regprocedure end as "to sql"
    from pg_transform f
        join pg_language l on l.oid = f.trflang
    where {is_own("pg_transform", "f.oid")}
        and f.oid = any($1)  -- only
    """,
    written_in=("pg_transform",),
)
