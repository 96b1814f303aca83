"""Sequences: their parameters and owners, not their positions."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import RELATION_KIND, comment, is_own_relation, privileges, schema_parent
from pytest_migrations.catalog.kinds.kind import Kind

SEQUENCES = Kind(
    "sequences",
    f"""
    select 'sequence' as kind, q.oid::regclass as name,
        array_remove(array[{schema_parent("q.relnamespace")}, case when o.deptype is not null then
            {RELATION_KIND} || ' ' || o.refobjid::regclass end,
            'column ' || o.refobjid::regclass || '.' || quote_ident(a.attname)], null) as parent,
        q.relowner::regrole as owner,
        {privileges("q.relacl", "s", "q.relowner")} as privileges,
        {comment("pg_class", "q.oid")} as comment,
        case when q.relpersistence = 'u' then true end as unlogged,
        s.seqtypid::regtype as type, s.seqstart as start, s.seqincrement as increment, s.seqmin as minimum,
        s.seqmax as maximum, s.seqcache as cache, s.seqcycle as cycle,
        case o.deptype when 'a' then o.refobjid::regclass || '.' || quote_ident(a.attname) end as "owned by",
        case o.deptype when 'i' then o.refobjid::regclass || '.' || quote_ident(a.attname) end as "identity of"
    from pg_class q
        join pg_sequence s on s.seqrelid = q.oid
        left join pg_depend o on o.classid = 'pg_class'::regclass and o.objid = q.oid and o.objsubid = 0
            and o.refclassid = 'pg_class'::regclass and o.deptype in ('a', 'i') and o.refobjsubid > 0
        left join pg_class c on c.oid = o.refobjid
        left join pg_attribute a on a.attrelid = o.refobjid and a.attnum = o.refobjsubid
    where q.relkind = 'S' and {is_own_relation("q")}
        and q.oid = any($1)  -- only
    """,
)
