"""Types: enums, composites, domains, ranges, base types and shells."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import (
    comment,
    in_own_schema,
    is_chosen,
    is_own,
    privileges,
    schema_parent,
)
from pytest_migrations.catalog.kinds.kind import Kind

# Enum labels are compared in order, never by enumsortorder, which has fractions after ALTER TYPE ... ADD VALUE.
TYPES = Kind(
    "types",
    f"""
    select 'type' as kind, t.oid::regtype as name, {schema_parent("t.typnamespace")} as parent,
        t.typowner::regrole as owner,
        {privileges("t.typacl", "T", "t.typowner")} as privileges,
        {comment("pg_type", "t.oid")} as comment,
        case t.typtype when 'b' then 'base' when 'c' then 'composite' when 'd' then 'domain' when 'e' then 'enum'
            when 'r' then 'range' else case when t.typisdefined then 'pseudo' else 'shell' end end as form,
        case t.typtype when 'e' then (
            select array_agg(quote_literal(e.enumlabel) order by e.enumsortorder) from pg_enum e
            where e.enumtypid = t.oid) end as labels,
        case t.typtype when 'd' then format_type(t.typbasetype, t.typtypmod) end as "based on",
        case when t.typtype = 'd' and t.typcollation <> b.typcollation then t.typcollation::regcollation
        end as collation,
        case t.typtype when 'd' then t.typnotnull end as "not null",
        (select k.conname from pg_constraint k where k.contypid = t.oid and k.contype = 'n'  -- from 17
            and {is_chosen("k.conname", "t.typname")}) as "not null constraint",  -- from 17
        (select {comment("pg_constraint", "k.oid")} from pg_constraint k  -- from 17
            where k.contypid = t.oid and k.contype = 'n') as "not null comment",  -- from 17
        case t.typtype when 'd' then pg_get_expr(t.typdefaultbin, 0) end as default
    from pg_type t
        left join pg_type b on b.oid = t.typbasetype
    where (t.typtype in ('d', 'e', 'r')
            or t.typtype = 'c' and (select c.relkind from pg_class c where c.oid = t.typrelid) = 'c'
            or t.typtype in ('b', 'p')
                and not exists (select from pg_type m where m.oid = t.typelem and m.typarray = t.oid))
        and {is_own("pg_type", "t.oid")} and {in_own_schema("t.typnamespace")}
        and t.oid = any($1)  -- only
    """,
    written_in=("types", "pg_enum", "domain constraints"),
)

RANGES = Kind(
    "ranges",
    f"""
    select 'range' as kind, r.rngtypid::regtype as name, 'type ' || r.rngtypid::regtype as parent,
        r.rngsubtype::regtype as subtype,
        case when r.rngcollation <> s.typcollation then r.rngcollation::regcollation end as collation,
        (select o.opcnamespace::regnamespace || '.' || quote_ident(o.opcname)
            from pg_opclass o where o.oid = r.rngsubopc) as "operator class",
        case when r.rngcanonical <> 0 then r.rngcanonical::regprocedure end as canonical,
        case when r.rngsubdiff <> 0 then r.rngsubdiff::regprocedure end as "subtype difference",
        r.rngmultitypid::regtype as multirange
    from pg_range r
        join pg_type t on t.oid = r.rngtypid
        join pg_type s on s.oid = r.rngsubtype
    where {is_own("pg_type", "t.oid")} and {in_own_schema("t.typnamespace")}
        and t.oid = any($1)  -- only
    """,
    written_in=("pg_range",),
)

BASE_TYPES = Kind(
    "base types",
    f"""
    select 'base type' as kind, t.oid::regtype as name, 'type ' || t.oid::regtype as parent,
        t.typlen as length, t.typbyval as "by value", t.typalign as alignment, t.typstorage as storage,
        t.typcategory as category, t.typispreferred as preferred, t.typdelim as delimiter,
        t.typdefault as default, case when t.typcollation <> 0 then t.typcollation::regcollation end as collation,
        case when t.typelem <> 0 then t.typelem::regtype end as element,
        t.typinput as input, t.typoutput as output, t.typreceive as receive, t.typsend as send,
        t.typmodin as "modifier input", t.typmodout as "modifier output", t.typanalyze as analyze,
        t.typsubscript as subscript
    from pg_type t
    where t.typtype = 'b' and {is_own("pg_type", "t.oid")} and {in_own_schema("t.typnamespace")}
        and case when t.typelem <> 0 then not exists (
            select from pg_type m where m.oid = t.typelem and m.typarray = t.oid) else true end
        and t.oid = any($1)  -- only
    """,
    written_in=("types",),
)
