"""The roles that migrations grant to, own by, or run as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.server.choice import ServerOptions


def create(admin: psycopg.Connection[Any], options: ServerOptions) -> None:
    if options.role:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(options.role)))
    for role in options.roles:
        if role != options.role:
            admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
