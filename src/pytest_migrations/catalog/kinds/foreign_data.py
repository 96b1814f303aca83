"""Foreign-data wrappers, foreign servers and user mappings. Options are shown without their values."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, is_own, privileges
from pytest_migrations.catalog.kinds.kind import Kind


def _options(options: str) -> str:
    """Which are set; a second column holds a digest of the values, since one may be a password."""
    return (
        f"(select array_agg(split_part(o, '=', 1) order by o) from unnest({options}) o) as options, "
        "(select encode(sha256(convert_to(string_agg(o, chr(1) order by o), 'UTF8')), 'hex') "
        f"from unnest({options}) o) "
        'as "values (hidden)"'
    )


FOREIGN_DATA_WRAPPERS = Kind(
    "foreign-data wrappers",
    f"""
    select 'foreign-data wrapper' as kind, quote_ident(w.fdwname) as name,
        w.fdwowner::regrole as owner,
        {privileges("w.fdwacl", "F", "w.fdwowner")} as privileges,
        {comment("pg_foreign_data_wrapper", "w.oid")} as comment,
        case when w.fdwhandler <> 0 then w.fdwhandler::regprocedure end as handler,
        case when w.fdwvalidator <> 0 then w.fdwvalidator::regprocedure end as validator,
        {_options("w.fdwoptions")}
    from pg_foreign_data_wrapper w
    where {is_own("pg_foreign_data_wrapper", "w.oid")}
        and w.oid = any($1)  -- only
    """,
    written_in=("pg_foreign_data_wrapper",),
)

FOREIGN_SERVERS = Kind(
    "foreign servers",
    f"""
    select 'server' as kind, quote_ident(s.srvname) as name,
        'foreign-data wrapper ' || quote_ident(w.fdwname) as parent,
        s.srvowner::regrole as owner,
        {privileges("s.srvacl", "S", "s.srvowner")} as privileges,
        {comment("pg_foreign_server", "s.oid")} as comment,
        w.fdwname as wrapper, s.srvtype as type, s.srvversion as version,
        {_options("s.srvoptions")}
    from pg_foreign_server s
        join pg_foreign_data_wrapper w on w.oid = s.srvfdw
    where {is_own("pg_foreign_server", "s.oid")}
        and s.oid = any($1)  -- only
    """,
    written_in=("pg_foreign_server",),
)

# The view shows the options only to those who may see them (PostgreSQL docs, "pg_user_mappings").
USER_MAPPINGS = Kind(
    "user mappings",
    f"""
    select 'user mapping' as kind,
        'for ' || case u.umuser when 0 then 'public' else u.umuser::regrole::text end || ' on '
            || quote_ident(u.srvname) as name,
        'server ' || quote_ident(u.srvname) as parent,
        {_options("u.umoptions")}
    from pg_user_mappings u
    where true
        and u.umid = any($1)  -- only
    """,
    written_in=("pg_user_mapping",),
)
