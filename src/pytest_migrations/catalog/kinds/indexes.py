"""Indexes that belong to no constraint; a constraint's index is told with the constraint."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import (
    RELATION_KIND,
    comment,
    depends_on_extensions,
    is_of_own,
    is_own_relation,
)
from pytest_migrations.catalog.kinds.kind import Kind

# pg_dump leaves invalid indexes out. A migration that leaves one behind has failed, so they are seen here.
INDEXES = Kind(
    "indexes",
    f"""
    select i.indrelid as relation, 'index' as kind, i.indexrelid::regclass as name,
        {RELATION_KIND} || ' ' || i.indrelid::regclass as parent,
        i.indrelid::regclass as on,
        pg_get_indexdef(i.indexrelid) as definition,
        case when x.relispartition then (
            select h.inhparent::regclass from pg_inherits h where h.inhrelid = i.indexrelid) end as "partition of",
        case when x.relispartition then (
            select array_agg('index ' || h.inhparent::regclass) from pg_inherits h where h.inhrelid = i.indexrelid
        ) end as follows,
        case when not (i.indisvalid and i.indisready and i.indislive) then true end as invalid,
        case when i.indisclustered then true end as clustered,
        case when i.indisreplident then true end as "replica identity",
        (select s.spcname from pg_tablespace s where s.oid = x.reltablespace) as tablespace,
        (select array_agg(a.attnum || '=' || a.attstattarget order by a.attnum) from pg_attribute a
            where a.attrelid = i.indexrelid and a.attstattarget >= 0) as "statistics targets",
        {depends_on_extensions("pg_class", "i.indexrelid")} as "depends on extensions",
        {comment("pg_class", "i.indexrelid")} as comment
    from pg_index i
        join pg_class c on c.oid = i.indrelid
        join pg_class x on x.oid = i.indexrelid and {is_of_own("x.oid")}
    where {is_own_relation("c")} and c.relkind in ('r', 'p', 'm', 'f')
        and not exists (
            select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid
                and k.contype in ('p', 'u', 'x'))
        and i.indrelid = any($1)  -- only
        and c.oid = any($1)  -- only
    """,
    parts=True,
)
