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
    union all select m.number, 'pg_class'::regclass, a.attrelid, a.attnum::int from made m join pg_attribute a
        on m.kind = 'column' and a.attnum > 0
        and a.attrelid = to_regclass(left(m.name, - length(quote_ident(a.attname)) - 1))
        and m.name = a.attrelid::regclass || '.' || quote_ident(a.attname)
), known(number, class, oid, part) as (
    select * from things
    union all select x.number, 'pg_type'::regclass, t.oid, 0 from things x join pg_type t on t.typrelid = x.oid
        where x.class = 'pg_class'::regclass and x.part = 0
    union all select x.number, 'pg_class'::regclass, t.typrelid, 0 from things x join pg_type t on t.oid = x.oid
        where x.class = 'pg_type'::regclass and t.typrelid <> 0
), owners(class, oid, owner_class, owner) as (
    select 'pg_trigger'::regclass, oid, 'pg_class'::regclass, tgrelid from pg_trigger
    union all select 'pg_constraint'::regclass, oid, 'pg_class'::regclass, conrelid from pg_constraint
        where conrelid <> 0
    union all select 'pg_constraint'::regclass, oid, 'pg_type'::regclass, contypid from pg_constraint
        where contypid <> 0
    union all select 'pg_attrdef'::regclass, oid, 'pg_class'::regclass, adrelid from pg_attrdef
    union all select 'pg_rewrite'::regclass, oid, 'pg_class'::regclass, ev_class from pg_rewrite
    union all select 'pg_policy'::regclass, oid, 'pg_class'::regclass, polrelid from pg_policy
    union all select 'pg_class'::regclass, indexrelid, 'pg_class'::regclass, indrelid from pg_index
    union all select 'pg_type'::regclass, oid, 'pg_type'::regclass, typelem from pg_type
        where typelem <> 0 and typcategory = 'A'
), needs(x, y, goes_with) as (
    select x.number, y.number, o.owner is null and d.deptype in ('a', 'i')
    from known y
        join pg_depend d on d.refclassid = y.class and d.refobjid = y.oid and y.part in (0, d.refobjsubid)
        left join owners o on o.class = d.classid and o.oid = d.objid
        join known x on x.class = coalesce(o.owner_class, d.classid) and x.oid = coalesce(o.owner, d.objid)
            and x.part in (0, d.objsubid)
    where x.number <> y.number
)
select json_agg(json_build_array(x, y, goes_with)) from (select x, y, bool_or(goes_with) from needs group by x, y)
    n(x, y, goes_with)"""
