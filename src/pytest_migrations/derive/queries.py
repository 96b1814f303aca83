"""What the catalog is asked of single objects, each by its name: one row each.

They are prepared statements, since planning takes several times as long as running them.
"""

# ruff: noqa: S608 (the texts are put together from this module's own words only)

from __future__ import annotations

from typing import NamedTuple

from pytest_migrations.catalog.session import NOT_TEMPORARY

_GENERIC = "set local plan_cache_mode = force_generic_plan;"
_ON_OUR_PATH = _GENERIC + NOT_TEMPORARY
#: Few rows are looked for, wherever statistics do not say so.
NESTED = "set local enable_nestloop = on; set local enable_hashjoin = on; set local enable_mergejoin = on;"
#: The session's own user may look into all schemas, whoever a script has become.
_AS_USER = f"set local session authorization default; set local role none; {_ON_OUR_PATH} {NESTED}"


class Asked(NamedTuple):
    """A query with its name and the settings under which it runs."""

    name: str
    query: str
    settings: str = _ON_OUR_PATH


#: Functions that may write, whoever calls them: not those of PostgreSQL, nor of extensions that only compute.
_MAY_WRITE = """p.oid >= 16384 and p.provolatile = 'v'
    and p.prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
    and not exists (
        select from pg_catalog.pg_depend e
        where e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and e.objid = p.oid and e.deptype = 'e'
            and e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and e.refobjid in (
                select x.oid from pg_catalog.pg_extension x where x.extname in ('pgcrypto', 'uuid-ossp')))"""
SESSION = Asked(
    "session",
    f"""
select coalesce(current_schema(), '') as here, current_schemas(true) as path,
    array(select evtname from pg_catalog.pg_event_trigger where evtenabled <> 'D' and evtevent <> 'login'
        order by evtname) as triggers,
    exists (select from pg_catalog.pg_default_acl) as defaults,
    exists (select from pg_catalog.pg_proc p where {_MAY_WRITE}) as writing""",
    _GENERIC,
)
FOUND = Asked(
    "found",
    """
select n.nspname, c.relkind, (select t.relname from pg_catalog.pg_class t where t.oid = i.indrelid) as of,
    exists (select from pg_catalog.pg_inherits h where h.inhparent = c.oid) as children,
    exists (select from pg_catalog.pg_inherits h where h.inhrelid = c.oid) as inherits
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_index i on i.indexrelid = c.oid
where c.relname = $1 and n.nspname = any ($2::name[])
order by pg_catalog.array_position($2::name[], n.nspname) limit 1""",
)
TYPE = Asked(
    "type",
    """
select n.nspname from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.typname = $1 and n.nspname = any ($2::name[])
order by pg_catalog.array_position($2::name[], n.nspname) limit 1""",
)
ALL_IN = Asked(
    "all in",
    """
with kinds as (select $1::text[] as letters),
    schemas as (select oid, nspname from pg_catalog.pg_namespace where nspname = any ($2::name[]))
select array_agg(distinct array[s.nspname::text, o.name]) as names
from schemas s join (
    select c.relnamespace, c.relname::text from pg_catalog.pg_class c, kinds where c.relkind::text = any (letters)
    union all select p.pronamespace, p.proname::text from pg_catalog.pg_proc p, kinds where letters = '{}'
) o(namespace, name) on o.namespace = s.oid""",
)
#: From the functions that may write up to all that stands on them. What a type, a view or a table calls is what its
#: parts call; what stands on a table does not call what that calls when it is written.
UNSEEN = Asked(
    "unseen",
    f"""
with recursive reached(class, oid) as (
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid from pg_catalog.pg_proc p where {_MAY_WRITE}
    union
    select o.class, o.oid
    from reached r
        join pg_catalog.pg_depend d on d.refclassid = r.class and d.refobjid = r.oid and d.deptype in ('n', 'a')
        cross join lateral (
            select d.classid, d.objid where d.classid in (
                'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass,
                'pg_catalog.pg_type'::pg_catalog.regclass, 'pg_catalog.pg_class'::pg_catalog.regclass)
            union all select 'pg_catalog.pg_class'::pg_catalog.regclass, a.adrelid from pg_catalog.pg_attrdef a
                where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and a.oid = d.objid
            union all select 'pg_catalog.pg_class'::pg_catalog.regclass, k.conrelid from pg_catalog.pg_constraint k
                where d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and k.oid = d.objid
                    and k.conrelid <> 0
            union all select 'pg_catalog.pg_type'::pg_catalog.regclass, k.contypid from pg_catalog.pg_constraint k
                where d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and k.oid = d.objid
                    and k.contypid <> 0
            union all select 'pg_catalog.pg_class'::pg_catalog.regclass, v.ev_class from pg_catalog.pg_rewrite v
                where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and v.oid = d.objid
            union all select 'pg_catalog.pg_class'::pg_catalog.regclass, p.polrelid from pg_catalog.pg_policy p
                where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and p.oid = d.objid
            union all select 'pg_catalog.pg_type'::pg_catalog.regclass, c.casttarget from pg_catalog.pg_cast c
                where d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass and c.oid = d.objid
        ) o(class, oid)
    where r.class <> 'pg_catalog.pg_class'::pg_catalog.regclass
        or exists (select from pg_catalog.pg_class c where c.oid = r.oid and c.relkind = 'v')
), named(name, is_table) as (
    select p.proname, false from reached r join pg_catalog.pg_proc p using (oid)
        where r.class = 'pg_catalog.pg_proc'::pg_catalog.regclass
    union all select o.oprname, false from reached r join pg_catalog.pg_operator o using (oid)
        where r.class = 'pg_catalog.pg_operator'::pg_catalog.regclass
    union all select t.typname, false from reached r join pg_catalog.pg_type t using (oid)
        where r.class = 'pg_catalog.pg_type'::pg_catalog.regclass
    union all select c.relname, c.relkind not in ('v', 'm') and not c.relrowsecurity
        from reached r join pg_catalog.pg_class c using (oid)
        where r.class = 'pg_catalog.pg_class'::pg_catalog.regclass
)
select array_agg(name) filter (where not is_table) as calls, array_agg(name) as tables from named""",
)
REACHED = Asked(
    "reached",
    """
with recursive tree(oid) as (
    select c.oid
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2
    union
    select h.inhrelid from pg_catalog.pg_inherits h join tree on h.inhparent = tree.oid
)
select pg_catalog.bool_or(exists (select from pg_catalog.pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal)
        or exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid)
        or exists (select from pg_catalog.pg_constraint k
            where k.contype = 'f' and k.confrelid = c.oid and k.conrelid <> c.oid)) as runs,
    pg_catalog.array_agg(array[n.nspname, c.relname]) filter (where exists (
        select from pg_catalog.pg_inherits h where h.inhrelid = c.oid and h.inhparent in (select oid from tree)
    )) as descendants
from tree join pg_catalog.pg_class c using (oid) join pg_catalog.pg_namespace n on n.oid = c.relnamespace""",
)
SEQUENCES = Asked(
    "sequences",
    """
select pg_catalog.array_agg(array[pg_catalog.format('%I.%I', n.nspname, c.relname), coalesce(o.name, '')]) as found
from unnest($1::text[], $2::text[]) w(name, part)
    join pg_catalog.pg_class c on c.relkind = 'S' and c.relpersistence <> 't' and c.oid = case
        when w.part = '' then pg_catalog.to_regclass(w.name)
        else pg_catalog.pg_get_serial_sequence(w.name, w.part)::pg_catalog.regclass end
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join lateral (
        select pg_catalog.format('%I.%I', m.nspname, t.relname)
        from pg_catalog.pg_depend d
            join pg_catalog.pg_class t on t.oid = d.refobjid
            join pg_catalog.pg_namespace m on m.oid = t.relnamespace
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
    ) o(name) on true""",
    _GENERIC,
)
DEPENDENTS = Asked(
    "dependents",
    """
select array_agg(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)) as dependents
from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = c.oid
where n.nspname = $1 and c.relname = $2 and d.deptype = 'n'
    and not exists (select from pg_catalog.pg_constraint k
        where d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and k.oid = d.objid and k.conrelid = c.oid)
    and not exists (select from pg_catalog.pg_rewrite r
        where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid and r.ev_class = c.oid)""",
)


#: The row and array types of relations are theirs, and so is what has no life of its own.
NEEDS = Asked(
    "needs",
    """
with made(number, kind, name) as (
    select m.number, m.kind, m.name from unnest($1::text[], $2::text[]) with ordinality m(kind, name, number)
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
    n(x, y, goes_with)""",
    _AS_USER,
)
