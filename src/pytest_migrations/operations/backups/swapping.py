"""How a restored database comes into the place of the one that applications use: printed, for a person to run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pytest_migrations.server.clients import login_of
from pytest_migrations.server.connections import conninfo
from pytest_migrations.server.hiding import without_secrets

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.operations.target import Target
    from pytest_migrations.server.clients import Client

_LONGEST_NAME = 63


@dataclass(frozen=True)
class Swap:
    """How two databases exchange their names, so that nobody meets a half of it and nobody comes in between."""

    #: The database that applications use, by its name.
    used: str
    #: What that is called afterwards; None where there is none any more.
    aside: str | None
    #: For psql, or whatever else sends them one by one, in a session on neither of the two.
    statements: tuple[str, ...]
    #: The command that opens such a session, for a shell; it holds no password.
    psql: str
    #: What lets sessions in again where it stopped half-way; empty where nobody was shut out.
    on_failure: str


def swap(admin: psycopg.Connection[Any], target: Target, client: Client, used: str, restored: str) -> Swap:
    """How the database ``restored`` takes the place of ``used``. ``admin`` is a session on their server."""
    names = {row[0] for row in admin.execute("SELECT datname FROM pg_catalog.pg_database")}
    aside = _free(used, names) if used in names else None
    rename = f"ALTER DATABASE {_name(restored)} RENAME TO {_name(used)};"
    databases = ", ".join(sql.Literal(name).as_string(admin) for name in (used, restored))
    # Who comes back at once would keep the names from being changed: so nobody is let in meanwhile.
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ({databases});"  # noqa: S608 (quoted)
    on_failure, statements = "", [end, rename]
    if aside is not None:
        on_failure = " ".join(_allowing(name, "true") for name in (used, restored))
        statements = [
            *(_allowing(name, "false") for name in (used, restored)),
            end,
            "BEGIN;",
            f"ALTER DATABASE {_name(used)} RENAME TO {_name(aside)};",
            rename,
            "COMMIT;",
            *(_allowing(name, "true") for name in (used, aside)),
        ]
    elsewhere = next(name for name in ("postgres", "template1") if name not in (used, restored))
    return Swap(used, aside, tuple(statements), _psql(admin, target, client, elsewhere), on_failure)


def _allowing(name: str, whether: str) -> str:
    return f"ALTER DATABASE {_name(name)} ALLOW_CONNECTIONS {whether};"


def _name(name: str) -> str:
    return sql.Identifier(name).as_string()


def _free(used: str, taken: set[str]) -> str:
    """A name for what was in use, that no database has."""
    for number in range(len(taken) + 1):
        end = f"_replaced_{datetime.now(timezone.utc):%Y%m%d}" + (f"_{number}" if number else "")
        name = used.encode()[: _LONGEST_NAME - len(end)].decode(errors="ignore") + end
        if name not in taken:
            return name
    raise AssertionError("one more name than there are databases is free")


def _psql(admin: psycopg.Connection[Any], target: Target, client: Client, database: str) -> str:
    login = without_secrets({**login_of(admin, target.parameters), "dbname": database})
    login = {name: value for name, value in login.items() if value and name not in ("connect_timeout", "options")}
    command = ["psql", "-v", "ON_ERROR_STOP=1"]
    if client.container is None:
        return shlex.join([*command, conninfo(login)])
    return shlex.join(["docker", "exec", "-i", client.container.name, *command, "-U", login["user"], database])
