"""The roles that migrations grant to, own by, or run as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    import psycopg


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


def create(admin: psycopg.Connection[Any], names: list[str]) -> None:
    """Create roles that may not log in."""
    for name in names:
        admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))


def create_owner(admin: psycopg.Connection[Any], name: str, password: str | None) -> None:
    """Create the role that owns the databases: it may log in, and is no superuser."""
    secret = sql.SQL("PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(sql.Identifier(name), secret))
