"""Triggers of tables and views."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import RELATION_KIND, comment, depends_on_extensions, is_own_relation
from pytest_migrations.catalog.kinds.kind import Kind


def _triggers(which: str, also: str = "") -> str:
    return f"""
    select 'trigger' as kind, quote_ident(g.tgname) || ' on ' || g.tgrelid::regclass as name,
        {RELATION_KIND} || ' ' || g.tgrelid::regclass as parent,
        g.tgrelid::regclass as on,
        pg_get_triggerdef(g.oid) as definition,
        case g.tgenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end
            as enabled,
        {also}
        {depends_on_extensions("pg_trigger", "g.oid")} as "depends on extensions",
        {comment("pg_trigger", "g.oid")} as comment
    from pg_trigger g
        join pg_class c on c.oid = g.tgrelid
        left join pg_trigger u on u.oid = g.tgparentid
    where {is_own_relation("c")}
        and ({which})
        and g.oid = any($1)  -- only
    """


#: A partition's copy of a trigger is told only where it is enabled otherwise than the original, as pg_dump does.
TRIGGERS = Kind(
    "triggers",
    _triggers("not g.tgisinternal and g.tgparentid = 0 or g.tgenabled <> u.tgenabled"),
    across=True,
)
#: With all copies, but those of the triggers that enforce foreign keys.
TRIGGERS_AND_COPIES = Kind(
    "triggers and copies",
    _triggers(
        "not g.tgisinternal or g.tgparentid <> 0 and g.tgname !~ '^RI_ConstraintTrigger'",
        also="case when g.tgparentid <> 0 then true end as copied,",
    ),
    across=True,
)
