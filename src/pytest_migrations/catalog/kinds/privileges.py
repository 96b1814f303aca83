"""Privileges on what belongs to PostgreSQL or an extension, where they are not those it came with."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import privileges
from pytest_migrations.catalog.kinds.kind import Kind


def _changed(catalog: str, prefix: str, letter: str, builtin: str) -> str:
    """Of the objects of one catalog those whose ACL is not the one that initdb or the extension left."""
    alias = letter.lower()
    acl, owner = f"{alias}.{prefix}acl", f"{alias}.{prefix}owner"
    return f"""
    select 'privileges' as kind,
        (select o.type || ' ' || o.identity from pg_identify_object('{catalog}'::regclass, {alias}.oid, 0) o) as name,
        {privileges(acl, letter, owner)} as privileges
    from {catalog} {alias}
        left join pg_init_privs i on i.objoid = {alias}.oid and i.classoid = '{catalog}'::regclass and i.objsubid = 0
    where {acl} is not null and {acl} is distinct from i.initprivs
        and ({builtin} or {alias}.oid in (select objid from pg_depend
            where refclassid = 'pg_extension'::regclass and deptype = 'e' and classid = '{catalog}'::regclass))
        and {alias}.oid = any($1)  -- only
    """


# information_schema is left out, as pg_dump does; public is told with the schemas.

PRIVILEGES = Kind(
    "privileges",
    " union all ".join(
        (
            _changed("pg_namespace", "nsp", "n", "n.nspname = 'pg_catalog'"),
            _changed("pg_language", "lan", "l", "l.oid < 16384"),
            _changed("pg_foreign_data_wrapper", "fdw", "F", "false"),
            _changed("pg_foreign_server", "srv", "S", "false"),
        )
    ),
    written_in=("pg_init_privs", "pg_namespace", "pg_language", "pg_foreign_data_wrapper", "pg_foreign_server"),
)

PRIVILEGES_ON_RELATIONS = Kind(
    "privileges on relations",
    _changed("pg_class", "rel", "r", "r.relnamespace = 'pg_catalog'::regnamespace"),
    written_in=("pg_init_privs", "pg_class of others"),
)

PRIVILEGES_ON_FUNCTIONS = Kind(
    "privileges on functions",
    _changed("pg_proc", "pro", "f", "f.pronamespace = 'pg_catalog'::regnamespace"),
    written_in=("pg_init_privs", "pg_proc of others"),
)

PRIVILEGES_ON_TYPES = Kind(
    "privileges on types",
    _changed("pg_type", "typ", "T", "t.typnamespace = 'pg_catalog'::regnamespace"),
    written_in=("pg_init_privs", "pg_type of others"),
)

PRIVILEGES_ON_COLUMNS = Kind(
    "privileges on columns",
    f"""
    select 'privileges' as kind,
        (select o.type || ' ' || o.identity
            from pg_identify_object('pg_class'::regclass, a.attrelid, a.attnum) o) as name,
        {privileges("a.attacl", "c", "c.relowner")} as privileges
    from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        left join pg_init_privs i on i.objoid = a.attrelid and i.classoid = 'pg_class'::regclass
            and i.objsubid = a.attnum
    where a.attacl is not null and not a.attisdropped and a.attacl is distinct from i.initprivs
        and (c.relnamespace = 'pg_catalog'::regnamespace or a.attrelid in (select objid from pg_depend
            where refclassid = 'pg_extension'::regclass and deptype = 'e' and classid = 'pg_class'::regclass))
        and a.attrelid = any($1)  -- only
    """,
    written_in=("pg_init_privs", "pg_attribute of others", "pg_class of others"),
)
