"""What the catalog is asked of single objects, each by its name: one row each."""

from __future__ import annotations

SESSION = """
select current_schema() as here, current_schemas(true) as path,
    array(select evtname from pg_catalog.pg_event_trigger where evtenabled <> 'D' and evtevent <> 'login'
        order by evtname) as triggers,
    exists (select from pg_catalog.pg_default_acl) as defaults"""
FOUND = """
select n.nspname, c.relkind, (select t.relname from pg_catalog.pg_class t where t.oid = i.indrelid) as of,
    exists (select from pg_catalog.pg_inherits h where h.inhparent = c.oid) as children
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_index i on i.indexrelid = c.oid
where c.relname = %s and n.nspname = any (%s::name[])
order by pg_catalog.array_position(%s::name[], n.nspname) limit 1"""
TYPE = """
select n.nspname from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.typname = %s and n.nspname = any (%s::name[])
order by pg_catalog.array_position(%s::name[], n.nspname) limit 1"""
ALL_IN = """
with kinds as (select %s::text[] as letters),
    schemas as (select oid, nspname from pg_catalog.pg_namespace where nspname = any (%s::name[]))
select array_agg(distinct array[s.nspname::text, o.name]) as names
from schemas s join (
    select c.relnamespace, c.relname::text from pg_catalog.pg_class c, kinds where c.relkind::text = any (letters)
    union all select p.pronamespace, p.proname::text from pg_catalog.pg_proc p, kinds where letters = '{}'
) o(namespace, name) on o.namespace = s.oid"""
#: Large objects, replication slots, and functions that run text as SQL are PostgreSQL's own as well.
VOLATILE = """
select array_agg(distinct p.proname) as names
from pg_catalog.pg_proc p
where p.proname = any (%s::name[]) and p.provolatile = 'v' and (
    p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
    or p.proname ~ '^(lo_|pg_(create|copy|drop|replication|import|restore|clear)_|query_to|database_to|schema_to)')"""
OTHERS = """
select c.oid
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relname = %s and (
    exists (select from pg_catalog.pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal)
    or exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid)
    or exists (select from pg_catalog.pg_constraint k
        where k.contype = 'f' and k.confrelid = c.oid and k.conrelid <> c.oid))"""
DEPENDENTS = """
select array_agg(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)) as dependents
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = c.oid
where n.nspname = %s and c.relname = %s and d.deptype = 'n'
    and not exists (select from pg_catalog.pg_constraint k
        where d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and k.oid = d.objid and k.conrelid = c.oid)
    and not exists (select from pg_catalog.pg_rewrite r
        where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid and r.ev_class = c.oid)"""


#: The row and array types of relations are theirs, and so is what has no life of its own.
NEEDS = """
with made(number, kind, name) as (
    select m.number, m.kind, m.name from unnest(%s::text[], %s::text[]) with ordinality m(kind, name, number)
), things(number, class, oid, part) as (
    select number, 'pg_class'::regclass, to_regclass(name)::oid, 0 from made where kind = 'relation'
    union all select number, 'pg_type'::regclass, to_regtype(name)::oid, 0 from made where kind = 'type'
    union all select number, 'pg_namespace'::regclass, to_regnamespace(name)::oid, 0 from made where kind = 'schema'
    union all select number, 'pg_proc'::regclass, to_regprocedure(replace(name, '(*)', '()'))::oid, 0 from made
        where kind in ('function', 'procedure', 'aggregate')
    union all select m.number, 'pg_class'::regclass, a.attrelid, a.attnum::int
        from (select number, name, parse_ident(name) as parts from made where kind = 'column') m
            join pg_attribute a on a.attname = parts[cardinality(parts)] and a.attnum > 0
            and a.attrelid = to_regclass(left(name, - length(quote_ident(parts[cardinality(parts)])) - 1))
), known(number, class, oid, part) as (
    select * from things
    union all select x.number, 'pg_type'::regclass, t.oid, 0 from things x join pg_type t on t.typrelid = x.oid
        where x.class = 'pg_class'::regclass and x.part = 0
    union all select x.number, 'pg_class'::regclass, t.typrelid, 0 from things x join pg_type t on t.oid = x.oid
        where x.class = 'pg_type'::regclass and t.typrelid <> 0
), used(y, part, class, oid, subid, goes_with) as (
    select y.number, y.part, d.classid, d.objid, d.objsubid, d.deptype in ('a', 'i')
    from known y join pg_depend d on d.refclassid = y.class and d.refobjid = y.oid and y.part in (0, d.refobjsubid)
), users(y, class, oid, subid, goes_with) as materialized (
    select y, coalesce(o.class, u.class), coalesce(o.oid, u.oid), subid, o.oid is null and goes_with
    from used u left join lateral (
        select 'pg_class'::regclass, tgrelid from pg_trigger where u.class = 'pg_trigger'::regclass and oid = u.oid
        union all select 'pg_class'::regclass, conrelid from pg_constraint
            where u.class = 'pg_constraint'::regclass and oid = u.oid and conrelid <> 0
        union all select 'pg_type'::regclass, contypid from pg_constraint
            where u.class = 'pg_constraint'::regclass and oid = u.oid and contypid <> 0
        union all select 'pg_class'::regclass, adrelid from pg_attrdef
            where u.class = 'pg_attrdef'::regclass and oid = u.oid
        union all select 'pg_class'::regclass, ev_class from pg_rewrite
            where u.class = 'pg_rewrite'::regclass and oid = u.oid
        union all select 'pg_class'::regclass, polrelid from pg_policy
            where u.class = 'pg_policy'::regclass and oid = u.oid
        union all select 'pg_class'::regclass, indrelid from pg_index
            where u.class = 'pg_class'::regclass and indexrelid = u.oid
        union all select 'pg_type'::regclass, typelem from pg_type
            where u.class = 'pg_type'::regclass and oid = u.oid and typelem <> 0 and typcategory = 'A'
    ) o(class, oid) on true
), needs(x, y, goes_with) as (
    select x.number, u.y, u.goes_with
    from users u join known x on x.class = u.class and x.oid = u.oid and x.part in (0, u.subid)
    where x.number <> u.y
)
select json_agg(json_build_array(x, y, goes_with)) from (select x, y, bool_or(goes_with) from needs group by x, y)
    n(x, y, goes_with)"""
