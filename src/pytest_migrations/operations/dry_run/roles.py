"""The roles of the target's server, made on that of a dry run: what the migrations name is there, with its rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.operations.dry_run.original import Original


def create(admin: psycopg.Connection[Any], original: Original) -> None:
    """Make them, with their rights and memberships, and the tablespaces, of which an empty folder is as good as any."""
    there = {row[0] for row in admin.execute("SELECT rolname FROM pg_catalog.pg_roles")}
    for role in original.roles:
        if role.name != admin.info.user:  # the first superuser of a server stays one
            command = sql.SQL("ALTER" if role.name in there else "CREATE")
            rights = sql.SQL(" ".join(role.rights))
            admin.execute(sql.SQL("{} ROLE {} {}").format(command, sql.Identifier(role.name), rights))
    for membership in original.memberships:
        options = sql.SQL("WITH " + ", ".join(membership.options) if membership.options else "")
        names = map(sql.Identifier, (membership.role, membership.member))
        admin.execute(sql.SQL("GRANT {} TO {} {}").format(*names, options))
    if admin.info.server_version >= 150000:
        for name in original.tablespaces:
            admin.execute("SET allow_in_place_tablespaces = on")
            admin.execute(sql.SQL("CREATE TABLESPACE {} LOCATION ''").format(sql.Identifier(name)))
