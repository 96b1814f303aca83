"""Procedural languages and access methods."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, is_own, privileges
from pytest_migrations.catalog.kinds.kind import Kind

LANGUAGES = Kind(
    "languages",
    f"""
    select 'language' as kind, quote_ident(l.lanname) as name,
        l.lanowner::regrole as owner,
        {privileges("l.lanacl", "l", "l.lanowner")} as privileges,
        {comment("pg_language", "l.oid")} as comment,
        l.lanpltrusted as trusted, l.lanplcallfoid::regprocedure as handler,
        case when l.laninline <> 0 then l.laninline::regprocedure end as inline,
        case when l.lanvalidator <> 0 then l.lanvalidator::regprocedure end as validator
    from pg_language l
    where l.lanispl and {is_own("pg_language", "l.oid")}
        and l.oid = any($1)  -- only
    """,
    written_in=("pg_language",),
)

ACCESS_METHODS = Kind(
    "access methods",
    f"""
    select 'access method' as kind, quote_ident(m.amname) as name,
        {comment("pg_am", "m.oid")} as comment,
        case m.amtype when 't' then 'table' else 'index' end as type, m.amhandler::regprocedure as handler
    from pg_am m
    where {is_own("pg_am", "m.oid")}
        and m.oid = any($1)  -- only
    """,
    written_in=("pg_am",),
)
