"""Event triggers."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, is_own
from pytest_migrations.catalog.kinds.kind import Kind

EVENT_TRIGGERS = Kind(
    "event triggers",
    f"""
    select 'event trigger' as kind, quote_ident(e.evtname) as name,
        e.evtowner::regrole as owner,
        {comment("pg_event_trigger", "e.oid")} as comment,
        e.evtevent as event, e.evttags as tags, e.evtfoid::regprocedure as function,
        case e.evtenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end
            as enabled
    from pg_event_trigger e
    where {is_own("pg_event_trigger", "e.oid")}
        and e.oid = any($1)  -- only
    """,
    written_in=("pg_event_trigger",),
)
