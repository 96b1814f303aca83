"""What all databases of a server share: roles, memberships, settings, tablespaces, parameters, databases, slots."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import privileges
from pytest_migrations.catalog.kinds.kind import Kind


def _shared_comment(catalog: str, oid: str) -> str:
    return (
        f"(select d.description from pg_shdescription d where d.objoid = {oid} and d.classoid = '{catalog}'::regclass)"
    )


# A password's hash has a new salt each time it is set: whether there is one is what can be compared.
ROLES = Kind(
    "roles",
    f"""
    select 'role' as kind, quote_ident(r.rolname) as name,
        r.rolsuper as superuser, r.rolinherit as inherit, r.rolcreaterole as "create role",
        r.rolcreatedb as "create database", r.rolcanlogin as login, r.rolreplication as replication,
        r.rolbypassrls as "bypass row security",
        case when r.rolconnlimit <> -1 then r.rolconnlimit end as "connection limit",
        (select p.rolpassword is not null from pg_authid p where p.oid = r.oid) as password,  -- superuser
        r.rolvaliduntil as "valid until",
        {_shared_comment("pg_authid", "r.oid")} as comment
    from pg_roles r
    where r.rolname !~ '^pg_'
        and r.oid = any($1)  -- only
    """,
    shared=True,
)

MEMBERSHIPS = Kind(
    "memberships",
    """
    select 'membership' as kind, m.member::regrole || ' in ' || m.roleid::regrole
            || ' by ' || m.grantor::regrole  -- from 16
            as name,
        array['role ' || m.member::regrole, 'role ' || m.roleid::regrole] as parent,
        m.inherit_option as inherit, m.set_option as set,  -- from 16
        m.admin_option as admin
    from pg_auth_members m
    where m.member >= 16384 or m.roleid >= 16384
    """,
    shared=True,
)

ROLE_SETTINGS = Kind(
    "role settings",
    """
    select 'role setting' as kind, split_part(o, '=', 1)
            || case when s.setrole <> 0 then ' for ' || s.setrole::regrole else ' for all' end as name,
        case when s.setrole <> 0 then 'role ' || s.setrole::regrole end as parent,
        substr(o, strpos(o, '=') + 1) as value
    from pg_db_role_setting s, unnest(s.setconfig) o
    where s.setdatabase = 0
    """,
    shared=True,
)

TABLESPACES = Kind(
    "tablespaces",
    f"""
    select 'tablespace' as kind, quote_ident(s.spcname) as name,
        s.spcowner::regrole as owner,
        {privileges("s.spcacl", "t", "s.spcowner")} as privileges,
        {_shared_comment("pg_tablespace", "s.oid")} as comment,
        pg_tablespace_location(s.oid) as location, s.spcoptions as options
    from pg_tablespace s
    where s.oid >= 16384
        and s.oid = any($1)  -- only
    """,
    shared=True,
)

# What ALTER SYSTEM has written down, in force or not.
SERVER_SETTINGS = Kind(
    "server settings",
    """
    select 'server setting' as kind, null::text as name, null::text as value where false  -- not superuser
    select 'server setting' as kind, s.name as name, s.setting as value  -- superuser
    from pg_file_settings s where s.sourcefile ~ '[/]postgresql[.]auto[.]conf$'  -- superuser
    """,
    shared=True,
)

# Those that were made after this one by its owner; other ones may come and go while we look.
DATABASES = Kind(
    "databases",
    """
    select 'database' as kind, quote_ident(d.datname) as name
    from pg_database d, pg_database this
    where this.datname = current_database() and d.datdba = this.datdba and d.oid > this.oid
        and d.datname !~ '^pytest_migrations_'
    """,
    shared=True,
)

SLOTS = Kind(
    "replication slots",
    """
    select 'replication slot' as kind, quote_ident(s.slot_name) as name, s.slot_type as type, s.plugin
    from pg_replication_slots s
    where not s.temporary
    """,
    shared=True,
)

# pg_parameter_acl is new in 15. Its default owner is the bootstrap superuser.
PARAMETER_PRIVILEGES = Kind(
    "parameter privileges",
    f"""
    select 'parameter' as kind, null::text as name where false  -- until 14
    select 'parameter' as kind, p.parname as name,  -- from 15
        {privileges("p.paracl", "p", "10::oid")} as privileges  -- from 15
    from pg_parameter_acl p  -- from 15
    """,
    shared=True,
)
