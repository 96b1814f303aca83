"""What new objects will grant: ALTER DEFAULT PRIVILEGES."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import FIRST_OWN_OID
from pytest_migrations.catalog.kinds.kind import Kind

# Without a schema the entry replaces the built-in default; within one it adds to it, so that nothing is its default.
DEFAULT_PRIVILEGES = Kind(
    "default privileges",
    f"""
    select 'default privileges' as kind,
        'for role ' || a.defaclrole::regrole
            || case when a.defaclnamespace <> 0 then ' in schema ' || a.defaclnamespace::regnamespace else '' end
            || ' on ' || case a.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end as name,
        case when a.defaclnamespace <> 0 then 'schema ' || a.defaclnamespace::regnamespace end as parent,
        json_build_object('acl', a.defaclacl, 'default', case when a.defaclnamespace <> 0 then '{{}}'::aclitem[]
            else acldefault(case a.defaclobjtype when 'S' then 's' else a.defaclobjtype end, a.defaclrole) end,
            'owner', a.defaclrole::regrole) as privileges
    from pg_default_acl a
    where a.oid >= {FIRST_OWN_OID}
        and a.oid = any($1)  -- only
    """,
    written_in=("pg_default_acl",),
)
