"""Rewrite rules, but for those that make a view a view."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import RELATION_KIND, comment, is_own_relation
from pytest_migrations.catalog.kinds.kind import Kind

RULES = Kind(
    "rules",
    f"""
    select 'rule' as kind, quote_ident(r.rulename) || ' on ' || r.ev_class::regclass as name,
        {RELATION_KIND} || ' ' || r.ev_class::regclass as parent,
        r.ev_class::regclass as on,
        pg_get_ruledef(r.oid) as definition,
        case r.ev_enabled when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end as enabled,
        {comment("pg_rewrite", "r.oid")} as comment
    from pg_rewrite r
        join pg_class c on c.oid = r.ev_class
    where r.rulename <> '_RETURN' and {is_own_relation("c")}
        and r.oid = any($1)  -- only
    """,
    across=True,
)
