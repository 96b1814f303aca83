"""Columns of tables, attributes of composite types, and what is said of the columns of views."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import (
    RELATION_KIND,
    comment,
    is_chosen,
    is_of_own,
    is_own_relation,
    privileges,
)
from pytest_migrations.catalog.kinds.kind import Kind

_ACL = privileges("a.attacl", "c", "c.relowner")

#: Minor releases of 2026 (15.20) keep a version of the column there, as "pg_attver", which pg_dump does not print.
_OPTIONS = """case when a.attoptions is not null then
            (select array_agg(o order by o) from unnest(a.attoptions) o where o not like 'pg\\_%') end"""

_CHOSEN = f"""case when {is_chosen("n.conname", "c.relname", "a.attname")} then n.conname end"""

# A NOT NULL of PostgreSQL 18 is a constraint with a name. pg_dump calls it the column's, and so do we; its name is
# compared only where it was chosen by a person (an automatic one keeps an old name when the column gets a new one).
COLUMNS = Kind(
    "columns",
    f"""
    select c.oid as relation, case c.relkind when 'c' then 'attribute' else 'column' end as kind,
        a.attrelid::regclass || '.' || quote_ident(a.attname) as name,
        {RELATION_KIND} || ' ' || a.attrelid::regclass as parent,
        case when a.attinhcount > 0 and not a.attislocal then (
            select array_agg('column ' || h.inhparent::regclass || '.' || quote_ident(a.attname))
            from pg_inherits h where h.inhrelid = a.attrelid) end as follows,
        case when c.relkind not in ('v', 'm') then format_type(a.atttypid, a.atttypmod) end as type,
        case when a.attcollation <> t.typcollation and c.relkind not in ('v', 'm')
            then a.attcollation::regcollation end as collation,
        case when c.relkind in ('r', 'p', 'f') then a.attnotnull end as "not null",
        {_CHOSEN}  -- from 18
            as "not null constraint",  -- from 18
        case when n.connoinherit then true end as "not null no inherit",  -- from 18
        case when not n.convalidated then true end as "not null not valid",  -- from 18
        case when a.attinhcount > 0 and n.conislocal and not c.relispartition  -- from 18
            then true end as "not null local",  -- from 18
        {comment("pg_constraint", "n.oid")} as "not null comment",  -- from 18
        case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default,
        case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
        case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
        case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end as expression,
        case when a.attstorage <> t.typstorage and c.relkind in ('r', 'p', 'm', 'f') then
            case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end
        end as storage,
        case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
        case when a.attstattarget >= 0 then a.attstattarget end as "statistics target",
        {_OPTIONS} as options,
        a.attfdwoptions as "server options",
        case when a.attinhcount > 0 and a.attislocal then 'merged' when a.attinhcount > 0 then 'yes' end as inherited,
        {_ACL} as privileges,
        {comment("pg_class", "a.attrelid", column="a.attnum")} as comment
    from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and {is_of_own("a.attrelid")}
        join pg_type t on t.oid = a.atttypid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum and a.atthasdef
        left join pg_constraint n on n.conrelid = a.attrelid and n.contype = 'n' and n.conkey[1] = a.attnum  -- from 18
    where c.relkind in ('r', 'p', 'f', 'c', 'v', 'm') and {is_own_relation("c")}
        and (c.relkind not in ('v', 'm') or a.atthasdef or a.attacl is not null or {_OPTIONS} is not null
            or a.attstattarget >= 0 or a.attstorage <> t.typstorage or a.attcompression <> ''
            or exists (select from pg_description d
                where d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum))
        and c.oid = any($1)  -- only
        and a.attrelid = any($1)  -- only
    """,
    parts=True,
)

#: With the names of all NOT NULL constraints, which those that put one back have to know.
COLUMNS_AND_NAMES = Kind("columns and names", COLUMNS.query.replace(_CHOSEN, "n.conname"), parts=True)

#: Read apart: a rollback that adds a dropped column again cannot put it back into its place.
COLUMN_ORDER = Kind(
    "column order",
    f"""
    select c.oid as relation, 'column order' as kind, c.oid::regclass as name,
        (select array_agg(a.attname order by a.attnum) from pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c
    where c.relkind in ('r', 'p', 'f', 'c') and {is_own_relation("c")}
        and c.oid = any($1)  -- only
    """,
    parts=True,
)
