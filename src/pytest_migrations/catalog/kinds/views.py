"""Views and materialized views."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import (
    RELATION_KIND,
    comment,
    depends_on_extensions,
    is_own_relation,
    privileges,
    schema_parent,
)
from pytest_migrations.catalog.kinds.kind import Kind

# Whether a materialized view is populated is not in pg_dump's text of a schema; reading an unpopulated one fails.
VIEWS = Kind(
    "views",
    f"""
    select {RELATION_KIND} as kind, c.oid::regclass as name, {schema_parent("c.relnamespace")} as parent,
        c.relowner::regrole as owner,
        {privileges("c.relacl", "r", "c.relowner")} as privileges,
        {comment("pg_class", "c.oid")} as comment,
        pg_get_viewdef(c.oid) as definition,
        case when c.reloptions is not null then (select array_agg(o order by o) from unnest(c.reloptions) o)
        end as options,
        case when c.reltoastrelid <> 0 then (
            select t.reloptions from pg_class t where t.oid = c.reltoastrelid) end as "toast options",
        case when c.relkind = 'm' then (select m.amname from pg_am m where m.oid = c.relam) end as "access method",
        (select s.spcname from pg_tablespace s where s.oid = c.reltablespace) as tablespace,
        case when c.relkind = 'm' then c.relispopulated end as populated,
        {depends_on_extensions("pg_class", "c.oid")} as "depends on extensions"
    from pg_class c
    where c.relkind in ('v', 'm') and {is_own_relation("c")}
        and c.oid = any($1)  -- only
    """,
    across=True,
)
