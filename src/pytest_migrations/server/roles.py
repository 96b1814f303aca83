"""The roles that migrations grant to, own by, or run as."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from pytest_migrations.errors import UserError


def missing(admin: psycopg.Connection[Any], names: tuple[str, ...]) -> list[str]:
    """Those of the roles that the server does not have, in their order and each once."""
    rows = admin.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(names)]).fetchall()
    there = {row[0] for row in rows}
    return [name for name in dict.fromkeys(names) if name not in there]


def may_create(admin: psycopg.Connection[Any]) -> bool:
    """Whether the user of the connection may create roles."""
    query = "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
    row = admin.execute(query).fetchone()
    return bool(row and row[0])


def drop(admin: psycopg.Connection[Any], names: list[str]) -> None:
    """Drop roles that the run has created. Raises psycopg.Error where another run's databases still grant to one."""
    for name in names:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def existing(admin: psycopg.Connection[Any]) -> set[str]:
    """The names of all roles of the server."""
    return {row[0] for row in admin.execute("SELECT rolname FROM pg_roles")}


def drop_entirely(admin: psycopg.Connection[Any], names: list[str]) -> None:
    """Drop roles of our databases, which are gone, with what they were granted on what the server shares.

    Raises UserError for those that the server keeps all the same.
    """
    kept = []
    for name in names:
        role = sql.Identifier(name)
        try:
            admin.execute(sql.SQL("DROP OWNED BY {}").format(role))
            admin.execute(sql.SQL("DROP ROLE {}").format(role))
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            kept.append(f"  {name}: {error.diag.message_primary}")
    if kept:
        raise UserError("\n".join(["These roles, which the migrations made, could not be dropped:", *kept]))


def create(admin: psycopg.Connection[Any], names: list[str]) -> None:
    """Create roles that may not log in."""
    for name in names:
        admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))


#: Who owns the databases and runs the migrations on a server that we start, unless another role is asked for.
OWNER = "postgres"


def create_owner(admin: psycopg.Connection[Any], role: str | None, password: str | None) -> str:
    """Create the role that owns the databases, and return its name: ``role``, no superuser, or else postgres, one.

    It is never the superuser of initdb: that one creates and drops databases still when a migration has taken the
    owner's rights, and PostgreSQL (since 16) keeps a migration from taking its.
    """
    name = role or OWNER
    rights = "" if role else "SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS"
    secret = sql.SQL("PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN {} {}").format(sql.Identifier(name), sql.SQL(rights), secret))
    return name
