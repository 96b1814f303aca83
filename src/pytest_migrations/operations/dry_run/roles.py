"""The roles of a server, made on that of a dry run: what the migrations name is there, with its rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg


class Role(NamedTuple):
    """A role, with what it may in the words of CREATE ROLE."""

    name: str
    rights: tuple[str, ...]


class Membership(NamedTuple):
    """That a role has a member, and how in the words of GRANT."""

    role: str
    member: str
    options: tuple[str, ...]


class Tablespace(NamedTuple):
    """A tablespace, and who may create in it; the empty name is everybody."""

    name: str
    users: tuple[str, ...]


class Roles(NamedTuple):
    """What all databases of a server share that scripts may name."""

    roles: tuple[Role, ...]
    memberships: tuple[Membership, ...]
    tablespaces: tuple[Tablespace, ...]


def read_roles(connection: psycopg.Connection[Any]) -> Roles:
    """Read those of a server, but for its own. Anybody may."""
    return Roles(
        tuple(Role(name, tuple(rights)) for name, rights in connection.execute(_ROLES)),
        tuple(_memberships(connection)),
        tuple(Tablespace(name, tuple(users)) for name, users in connection.execute(_TABLESPACES)),
    )


def make_roles(admin: psycopg.Connection[Any], roles: Roles) -> None:
    """Make them, or change those that are there, on a server that is ours alone."""
    there = {row[0] for row in admin.execute("SELECT rolname FROM pg_catalog.pg_roles")}
    for role in roles.roles:
        if role.name != admin.info.user:  # the first superuser of a server stays one
            command = sql.SQL("ALTER" if role.name in there else "CREATE")
            rights = sql.SQL(" ".join(role.rights))
            admin.execute(sql.SQL("{} ROLE {} {}").format(command, sql.Identifier(role.name), rights))
    for membership in roles.memberships:
        options = sql.SQL("WITH " + ", ".join(membership.options) if membership.options else "")
        names = map(sql.Identifier, (membership.role, membership.member))
        admin.execute(sql.SQL("GRANT {} TO {} {}").format(*names, options))
    if admin.info.server_version >= 150000:  # 14 wants a folder
        admin.execute("SET allow_in_place_tablespaces = on")
        for tablespace in roles.tablespaces:
            name = sql.Identifier(tablespace.name)
            admin.execute(sql.SQL("CREATE TABLESPACE {} LOCATION ''").format(name))
            for user in tablespace.users:
                to = sql.Identifier(user) if user else sql.SQL("PUBLIC")
                admin.execute(sql.SQL("GRANT CREATE ON TABLESPACE {} TO {}").format(name, to))


def _memberships(connection: psycopg.Connection[Any]) -> Iterator[Membership]:
    has_options = connection.info.server_version >= 160000
    query = _MEMBERSHIPS.format(", inherit_option, set_option" if has_options else "")
    for role, member, *values in connection.execute(query.encode()):
        if has_options:
            options = [
                f"{name} {value!s}".upper() for name, value in zip(("ADMIN", "INHERIT", "SET"), values, strict=True)
            ]
        else:
            options = ["ADMIN OPTION"] if values[0] else []
        yield Membership(role, member, tuple(options))


_ROLES = """
SELECT rolname, ARRAY[
    CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
    CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
    CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
    CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
    CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
    CASE WHEN rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END]
FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname
"""
_MEMBERSHIPS = """
SELECT r.rolname, m.rolname, admin_option{} FROM pg_catalog.pg_auth_members a
JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
"""
_TABLESPACES = """
SELECT spcname, ARRAY(SELECT CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee) END
                      FROM aclexplode(coalesce(spcacl, acldefault('t', spcowner))))
FROM pg_catalog.pg_tablespace WHERE spcname !~ '^pg_'
"""
