"""Collations and conversions of encodings."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, in_own_schema, is_own, qualified, schema_parent
from pytest_migrations.catalog.kinds.kind import Kind

COLLATIONS = Kind(
    "collations",
    f"""
    select 'collation' as kind, l.oid::regcollation as name, {schema_parent("l.collnamespace")} as parent,
        l.collowner::regrole as owner,
        {comment("pg_collation", "l.oid")} as comment,
        case l.collprovider when 'b' then 'builtin' when 'i' then 'icu' when 'c' then 'libc' else 'default' end
            as provider,
        l.collcollate as lc_collate, l.collctype as lc_ctype,
        l.colliculocale as locale,  -- from 15, until 16
        l.colllocale as locale,  -- from 17
        l.collicurules as rules,  -- from 16
        l.collisdeterministic as deterministic
    from pg_collation l
    where {is_own("pg_collation", "l.oid")} and {in_own_schema("l.collnamespace")}
        and l.oid = any($1)  -- only
    """,
    written_in=("pg_collation",),
)

CONVERSIONS = Kind(
    "conversions",
    f"""
    select 'conversion' as kind, {qualified("v.connamespace", "v.conname")} as name,
        {schema_parent("v.connamespace")} as parent,
        v.conowner::regrole as owner,
        {comment("pg_conversion", "v.oid")} as comment,
        pg_encoding_to_char(v.conforencoding) as from, pg_encoding_to_char(v.contoencoding) as to,
        v.conproc::regprocedure as function, case when v.condefault then true end as default
    from pg_conversion v
    where {is_own("pg_conversion", "v.oid")} and {in_own_schema("v.connamespace")}
        and v.oid = any($1)  -- only
    """,
    written_in=("pg_conversion",),
)
