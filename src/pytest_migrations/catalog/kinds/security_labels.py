"""Security labels of whatever object a label provider knows."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import FIRST_OWN_OID
from pytest_migrations.catalog.kinds.kind import Kind

SECURITY_LABELS = Kind(
    "security labels",
    f"""
    select 'security label' as kind, s.provider || ' on ' || o.type || ' ' || o.identity as name,
        o.type || ' ' || o.identity as parent,
        s.label as label
    from pg_seclabel s, pg_identify_object(s.classoid, s.objoid, s.objsubid) o
    where s.objoid >= {FIRST_OWN_OID}
        and s.objoid = any($1)  -- only
    """,
    written_in=("pg_seclabel", "pg_shseclabel"),
)
