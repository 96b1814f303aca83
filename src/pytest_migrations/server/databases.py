"""Creates, clones and drops databases over an administrator's connection."""

from __future__ import annotations

import re
import secrets
import time
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pytest_migrations.server.started import Started

#: Every database of ours begins with it; no other is ever dropped.
PREFIX = "pytest_migrations_"
_LABEL_LENGTH = 20
#: A session that was just closed needs a moment to be gone. The server itself would look only every 100 ms.
_SESSION_SECONDS = 5.0


class DatabaseInUse(UserError):  # noqa: N818 (read as what it says)
    """A database with sessions cannot be the template of another."""


class Names:
    """Names for databases of one process of a run: the prefix, the run's id, a label, and what makes them unique."""

    def __init__(self, run_id: str) -> None:
        self._prefix = f"{PREFIX}{run_id}_"
        self._process = secrets.token_hex(3)
        self._count = count(1)

    def new(self, label: str) -> str:
        readable = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:_LABEL_LENGTH]
        return f"{self._prefix}{readable or 'db'}_{self._process}_{next(self._count)}"


def create(admin: psycopg.Connection[Any], started: Started, name: str) -> None:
    """Create an empty database."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}").format(
        sql.Identifier(name), sql.SQL(started.database_clauses)
    )
    _execute(admin, statement + _owner(started))


def clone(admin: psycopg.Connection[Any], started: Started, source: str, name: str) -> None:
    """Create a database as a copy of ``source``. Raises DatabaseInUse if that has sessions."""
    _await_no_sessions(admin, source)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} {}").format(
        sql.Identifier(name), sql.Identifier(source), sql.SQL(started.clone_strategy)
    )
    _execute(admin, statement + _owner(started))


def drop(admin: psycopg.Connection[Any], name: str) -> None:
    """Drop a database of ours with all its sessions; one that is gone is no error."""
    if not name.startswith(PREFIX):
        raise ValueError(f"{name} is no database of pytest-migrations")
    _execute(admin, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _owner(started: Started) -> sql.Composable:
    return sql.SQL(" OWNER {}").format(sql.Identifier(started.owner)) if started.owner else sql.SQL("")


def _execute(admin: psycopg.Connection[Any], statement: sql.Composable) -> None:
    try:
        admin.execute(statement)
    except psycopg.errors.DiskFull as error:
        raise UserError(f"the server's disk is full: {error.diag.message_primary}") from error


def _await_no_sessions(admin: psycopg.Connection[Any], name: str) -> None:
    deadline = time.monotonic() + _SESSION_SECONDS
    query = "SELECT array_agg(application_name || ' (pid ' || pid || ')') FROM pg_stat_activity WHERE datname = %s"
    while (row := admin.execute(query, [name]).fetchone()) and row[0]:
        if time.monotonic() > deadline:
            sessions = ", ".join(row[0])
            raise DatabaseInUse(
                f"database {name} cannot be cloned while it has sessions: {sessions}. Close them first."
            )
        time.sleep(0.001)
