"""Sequences: their parameters and owners, not their positions."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import RELATION_KIND, comment, is_own_relation, privileges, schema_parent
from pytest_migrations.catalog.kinds.kind import Kind

# The column is looked up sequence by sequence, and by nothing else (hence the CASE): the planner would read all that
# tables have to do with each other.
SEQUENCES = Kind(
    "sequences",
    f"""
    select q.oid as relation, 'sequence' as kind, q.oid::regclass as name,
        array_remove(array[{schema_parent("q.relnamespace")}, case when c.deptype is not null then
            {RELATION_KIND} || ' ' || c.oid::regclass end,
            'column ' || c.oid::regclass || '.' || quote_ident(c.attname)], null) as parent,
        q.relowner::regrole as owner,
        {privileges("q.relacl", "s", "q.relowner")} as privileges,
        {comment("pg_class", "q.oid")} as comment,
        case when q.relpersistence = 'u' then true end as unlogged,
        s.seqtypid::regtype as type, s.seqstart as start, s.seqincrement as increment, s.seqmin as minimum,
        s.seqmax as maximum, s.seqcache as cache, s.seqcycle as cycle,
        case c.deptype when 'a' then c.oid::regclass || '.' || quote_ident(c.attname) end as "owned by",
        case c.deptype when 'i' then c.oid::regclass || '.' || quote_ident(c.attname) end as "identity of"
    from pg_class q
        join pg_sequence s on s.seqrelid = q.oid
        left join lateral (
            select d.deptype, d.refobjid as oid,
                (select t.relkind from pg_class t where t.oid = d.refobjid) as relkind,
                (select a.attname from pg_attribute a where a.attrelid = d.refobjid and a.attnum = d.refobjsubid)
            from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = q.oid and d.objsubid = 0
                and case d.refclassid when 'pg_class'::regclass then d.deptype in ('a', 'i') and d.refobjsubid > 0 end
            offset 0) c on true
    where q.relkind = 'S' and {is_own_relation("q")}
        and q.oid = any($1)  -- only
        and s.seqrelid = any($1)  -- only
    """,
    parts=True,
)
