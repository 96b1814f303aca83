"""Tables: ordinary, partitioned, inherited, typed and foreign."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import RELATION_KIND, comment, is_own_relation, privileges, schema_parent
from pytest_migrations.catalog.kinds.kind import Kind

# An index that is the replica identity says so itself. The order of storage options is no fact: setting one again
# moves it to the end.
TABLES = Kind(
    "tables",
    f"""
    select c.oid as relation, {RELATION_KIND} as kind, c.oid::regclass as name,
        array[{schema_parent("c.relnamespace")}, case when c.relispartition then (
            select 'table ' || h.inhparent::regclass from pg_inherits h where h.inhrelid = c.oid) end] as parent,
        c.relowner::regrole as owner,
        {privileges("c.relacl", "r", "c.relowner")} as privileges,
        {comment("pg_class", "c.oid")} as comment,
        case when c.relpersistence = 'u' then true end as unlogged,
        case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partition by",
        case when c.relispartition then (
            select h.inhparent::regclass from pg_inherits h where h.inhrelid = c.oid) end as "partition of",
        case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound,
        case when c.relispartition then (
            select nullif(h.inhdetachpending, false) from pg_inherits h where h.inhrelid = c.oid
        ) end as "detach pending",
        case when not c.relispartition then (
            select array_agg(h.inhparent::regclass order by h.inhseqno) from pg_inherits h where h.inhrelid = c.oid
        ) end as inherits,
        case when c.reloftype <> 0 then c.reloftype::regtype end as "of type",
        (select m.amname from pg_am m where m.oid = c.relam) as "access method",
        (select s.spcname from pg_tablespace s where s.oid = c.reltablespace) as tablespace,
        case when c.reloptions is not null then (select array_agg(o order by o) from unnest(c.reloptions) o)
        end as options,
        case when c.reltoastrelid <> 0 then (
            select t.reloptions from pg_class t where t.oid = c.reltoastrelid) end as "toast options",
        c.relrowsecurity as "row security",
        case when c.relforcerowsecurity then true end as "row security forced",
        case c.relreplident when 'n' then 'nothing' when 'f' then 'full' when 'i' then (
            select 'an index that is gone' where not exists (
                select from pg_index i where i.indrelid = c.oid and i.indisreplident)) end as "replica identity",
        (select s.srvname from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver
            where f.ftrelid = c.oid) as server,
        (select array_agg(o order by o) from pg_foreign_table f, unnest(f.ftoptions) o where f.ftrelid = c.oid)
            as "server options"
    from pg_class c
    where c.relkind in ('r', 'p', 'f') and {is_own_relation("c")}
        and c.oid = any($1)  -- only
    """,
    parts=True,
)
