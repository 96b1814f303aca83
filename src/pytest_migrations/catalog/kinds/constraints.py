"""Constraints of tables, each with the index that it stands on, and of domains."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import (
    RELATION_KIND,
    comment,
    depends_on_extensions,
    in_own_schema,
    is_of_own,
    is_own,
    is_own_relation,
)
from pytest_migrations.catalog.kinds.kind import Kind

# NOT NULL (contype n) is told with the column, a constraint trigger (t) with the triggers.
# Triggers of a foreign key that were disabled (ALTER TABLE ... DISABLE TRIGGER ALL) are not in pg_dump's text; the
# key is then no longer enforced.
_CONSTRAINTS = f"""
    select k.conrelid as relation, 'constraint' as kind,
        quote_ident(k.conname) || ' on ' || k.conrelid::regclass as name,
        array[{RELATION_KIND} || ' ' || k.conrelid::regclass] as parent,
        case when k.conparentid <> 0 then (
            select array['constraint ' || quote_ident(p.conname) || ' on ' || p.conrelid::regclass]
            from pg_constraint p where p.oid = k.conparentid)
        when k.coninhcount > 0 and not k.conislocal then (
            select array_agg('constraint ' || quote_ident(k.conname) || ' on ' || h.inhparent::regclass)
            from pg_inherits h where h.inhrelid = k.conrelid) end as follows,
        pg_get_constraintdef(k.oid) as definition,
        case when k.coninhcount > 0 and k.conislocal then 'merged' when k.coninhcount > 0 then 'yes' end as inherited,
        case when k.contype = 'f' and k.oid in (select g.tgconstraint from pg_trigger g where g.tgenabled <> 'O')
            then true end as "triggers disabled",
        case when x.relispartition then (
            select h.inhparent::regclass from pg_inherits h where h.inhrelid = x.oid) end as "index partition of",
        case when not (i.indisvalid and i.indisready and i.indislive) then true end as invalid,
        case when i.indisclustered then true end as clustered,
        case when i.indisreplident then true end as "replica identity",
        x.reloptions as "index options",
        (select s.spcname from pg_tablespace s where s.oid = x.reltablespace) as "index tablespace",
        case when i.indexprs is not null then (
            select array_agg(a.attnum || '=' || a.attstattarget order by a.attnum) from pg_attribute a
            where a.attrelid = x.oid and a.attstattarget >= 0) end as "index statistics targets",
        {depends_on_extensions("pg_class", "x.oid")} as "index depends on extensions",
        {comment("pg_class", "x.oid")} as "index comment",
        {comment("pg_constraint", "k.oid")} as comment
    from pg_constraint k
        join pg_class c on c.oid = k.conrelid
        left join pg_class x on x.oid = k.conindid and k.contype in ('p', 'u', 'x') and {is_of_own("x.oid")}
        left join pg_index i on i.indexrelid = x.oid
    where k.contype in ('c', 'f', 'p', 'u', 'x') and {is_own_relation("c")}
        and k.conrelid = any($1)  -- only
        and c.oid = any($1)  -- only
    """
#: The rows that PostgreSQL adds below a foreign key of or to a partitioned table follow it and are left out, as pg_dump
#: does.
CONSTRAINTS = Kind("constraints", f"{_CONSTRAINTS} and not (k.contype = 'f' and k.conparentid <> 0)", parts=True)
#: With those of partitions below a foreign key of the partitioned table, which stay when a partition is let go.
CONSTRAINTS_AND_PARTS = Kind(
    "constraints and parts",
    f"""{_CONSTRAINTS} and (k.contype <> 'f' or k.conparentid = 0
        or k.conrelid <> (select p.conrelid from pg_constraint p where p.oid = k.conparentid))""",
    parts=True,
)

DOMAIN_CONSTRAINTS = Kind(
    "domain constraints",
    f"""
    select 'constraint' as kind,
        quote_ident(k.conname) || ' on ' || k.contypid::regtype as name,
        'type ' || k.contypid::regtype as parent,
        pg_get_constraintdef(k.oid) as definition,
        {comment("pg_constraint", "k.oid")} as comment
    from pg_constraint k
        join pg_type t on t.oid = k.contypid
    where k.contype = 'c' and {is_own("pg_type", "t.oid")} and {in_own_schema("t.typnamespace")}
        and k.oid = any($1)  -- only
    """,
    written_in=("domain constraints",),
)
