"""The database itself: its properties and settings. Its name is none of them."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import privileges
from pytest_migrations.catalog.kinds.kind import Kind

DATABASE = Kind(
    "database",
    f"""
    select 'database' as kind, 'this database' as name,
        d.datdba::regrole as owner,
        {privileges("d.datacl", "d", "d.datdba")} as privileges,
        (select s.description from pg_shdescription s
            where s.objoid = d.oid and s.classoid = 'pg_database'::regclass) as comment,
        case when d.datconnlimit <> -1 then d.datconnlimit end as "connection limit",
        case when not d.datallowconn then true end as "refuses connections",
        case when d.datistemplate then true end as template
    from pg_database d
    where d.datname = current_database()
        and d.oid = any($1)  -- only
    """,
    written_in=("pg_database",),
)

DATABASE_SETTINGS = Kind(
    "database settings",
    """
    select 'database setting' as kind, split_part(o, '=', 1)
            || case when s.setrole <> 0 then ' for ' || s.setrole::regrole else '' end as name,
        substr(o, strpos(o, '=') + 1) as value
    from pg_db_role_setting s, unnest(s.setconfig) o
    where s.setdatabase = (select oid from pg_database where datname = current_database())
    """,
    written_in=("pg_db_role_setting",),
)
