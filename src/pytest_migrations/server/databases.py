"""Creates, clones and drops databases over an administrator's connection."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from pytest_migrations.errors import UserError
from pytest_migrations.server import connections

if TYPE_CHECKING:
    from pytest_migrations.server.started import Parameters, Started

#: Every database of ours begins with it; no other is ever dropped.
PREFIX = "pytest_migrations_"
_LABEL_LENGTH = 20
#: A session that was just closed needs a moment to be gone. The server itself would look only every 100 ms.
_SESSION_SECONDS = 5.0
_ENDING_SECONDS = 0.1


class DatabaseInUse(UserError):  # noqa: N818 (read as what it says)
    """A database with sessions cannot be the template of another."""


def administrator(run_id: str) -> str:
    """The application_name of the sessions that create and drop the run's databases."""
    return f"pytest-migrations {run_id}"


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
    _copy_settings(admin, source, name)


def drop(admin: psycopg.Connection[Any], name: str, parameters: Parameters, *, external: bool) -> None:
    """Drop a database of ours with all that would keep it; one that is gone is no error.

    ``parameters`` are the administrator's, for what can only be removed from within the database.
    """
    if not name.startswith(PREFIX):
        raise ValueError(f"{name} is no database of pytest-migrations")
    _end_sessions(admin, name)
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    try:
        admin.execute(statement)
    except psycopg.errors.ObjectInUse:
        _free(admin, name, {**parameters, "dbname": name}, external=external)
        admin.execute(statement)


def of_run(admin: psycopg.Connection[Any], run_id: str) -> list[str]:
    """The names of the databases that the run has on the server."""
    rows = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{PREFIX}{run_id}_"])
    return [row[0] for row in rows]


def _free(admin: psycopg.Connection[Any], name: str, parameters: Parameters, *, external: bool) -> None:
    """Remove what migrations may have left that not even FORCE ends: prepared transactions, slots, subscriptions."""
    with connections.connect(parameters, external=external) as connection:
        for (transaction,) in connection.execute("SELECT gid FROM pg_prepared_xacts WHERE database = %s", [name]):
            connection.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(transaction)))
        query = "SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = %s)"
        for (subscription,) in connection.execute(query, [name]):
            for action in ("DISABLE", "SET (slot_name = NONE)"):
                connection.execute(
                    sql.SQL("ALTER SUBSCRIPTION {} ").format(sql.Identifier(subscription)) + sql.SQL(action)
                )
            connection.execute(sql.SQL("DROP SUBSCRIPTION {}").format(sql.Identifier(subscription)))
    admin.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = %s", [name])
    admin.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s", [name])


#: Their value is a list of names, each quoted where it has to be (GUC_LIST_QUOTE in PostgreSQL's sources).
_LISTS = {"local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces"}
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^",\s]+)')


def _copy_settings(admin: psycopg.Connection[Any], source: str, name: str) -> None:
    """Give a clone the settings of ALTER DATABASE, which CREATE DATABASE does not copy: sessions begin with them."""
    query = """
        SELECT split_part(o, '=', 1), substr(o, strpos(o, '=') + 1) FROM pg_db_role_setting s, unnest(s.setconfig) o
        WHERE s.setrole = 0 AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = %s)
        """
    for setting, value in admin.execute(query, [source]).fetchall():
        names = [quoted.replace('""', '"') or plain for quoted, plain in _NAME.findall(value)]
        text = sql.SQL(", ").join(map(sql.Literal, names if setting in _LISTS and value else [value]))
        admin.execute(sql.SQL("ALTER DATABASE {} SET {} TO {}").format(sql.Identifier(name), _setting(setting), text))


def _setting(name: str) -> sql.Composable:
    """The name of a setting, of an extension's too (``plpgsql.extra_warnings``)."""
    return sql.SQL(".").join(map(sql.Identifier, name.split(".")))


def _owner(started: Started) -> sql.SQL | sql.Composed:
    return sql.SQL(" OWNER {}").format(sql.Identifier(started.owner)) if started.owner else sql.SQL("")


#: Of a locale that is not there, and of a right that was taken away meanwhile.
_CANNOT = (
    psycopg.errors.WrongObjectType,
    psycopg.errors.InvalidParameterValue,
    psycopg.errors.InsufficientPrivilege,
)


def _execute(admin: psycopg.Connection[Any], statement: sql.Composed) -> None:
    try:
        admin.execute(statement)
    except psycopg.errors.DiskFull as error:
        raise UserError(
            f"no room for another database of the migration tests: {error.diag.message_primary}. Make room on the "
            "server's disk; of one that pytest started, that is the temp directory (TMPDIR)."
        ) from error
    except _CANNOT as error:
        raise UserError(f"the server cannot create the databases: {error.diag.message_primary}") from error


def _end_sessions(admin: psycopg.Connection[Any], name: str) -> None:
    """Of a database to be dropped; the server itself would look only every 100 ms whether they are gone."""
    deadline = time.monotonic() + _ENDING_SECONDS
    query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
    with suppress(psycopg.errors.InsufficientPrivilege):  # it is a superuser's; FORCE says what is to be said
        while admin.execute(query, [name]).fetchone() != (0,) and time.monotonic() < deadline:
            time.sleep(0.001)


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
