"""Row security policies. pg_dump prints those on an extension's tables, too."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import FIRST_OWN_OID, RELATION_KIND, comment
from pytest_migrations.catalog.kinds.kind import Kind

POLICIES = Kind(
    "policies",
    f"""
    select 'policy' as kind, quote_ident(p.polname) || ' on ' || p.polrelid::regclass as name,
        {RELATION_KIND} || ' ' || p.polrelid::regclass as parent,
        p.polrelid::regclass as on,
        case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
            else 'all' end as for,
        case when not p.polpermissive then true end as restrictive,
        (select array_agg(case r when 0 then 'public' else r::regrole::text end
            order by case r when 0 then 'public' else r::regrole::text end) from unnest(p.polroles) r) as to,
        pg_get_expr(p.polqual, p.polrelid) as using,
        pg_get_expr(p.polwithcheck, p.polrelid) as "with check",
        {comment("pg_policy", "p.oid")} as comment
    from pg_policy p
        join pg_class c on c.oid = p.polrelid
    where p.oid >= {FIRST_OWN_OID}
        and p.oid = any($1)  -- only
    """,
    across=True,
)
