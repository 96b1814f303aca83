"""What a dry run reads of the target, at one moment: its schema, its ledger, its roles, how many rows there are.

All of it in one read-only transaction, with no lock but ACCESS SHARE, before anything else is done.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.operations.backups import archives
from pytest_migrations.operations.backups.taking import advice
from pytest_migrations.operations.blockers import locked
from pytest_migrations.operations.dry_run.roles import read_roles
from pytest_migrations.operations.dry_run.rows import count_rows
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.ownership import make_sure_that_it_is_ours
from pytest_migrations.server import clients
from pytest_migrations.server.programs import ProgramError
from pytest_migrations.server.server_error import ServerError
from pytest_migrations.server.settling import started, version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History
    from pytest_migrations.operations.dry_run.roles import Roles
    from pytest_migrations.operations.dry_run.rows import Rows
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.session import Limits
    from pytest_migrations.operations.target import Target
    from pytest_migrations.server.clients import Client


@dataclass(frozen=True)
class Original:
    """The target as it was read."""

    target: Target
    database: str
    #: Of PostgreSQL, as in "15.20".
    version: str
    major: int
    #: When its server was started, which tells it from others.
    started: str
    #: As whom the migrations are to be run, and why not as the user of the DSN, if so.
    user: str
    why_not_user: str
    #: What the ledger says; None where there is none.
    entries: Mapping[str, Entry] | None
    extensions: Mapping[str, str]
    roles: Roles
    #: What a session of the user begins with, where it tells in the outcome.
    settings: Mapping[str, str]
    #: The schemas in which a session looks for a name, in order.
    search_path: tuple[str, ...]
    #: By schema and name.
    rows: Mapping[tuple[str, str], Rows]
    #: Of pg_dump, without rows, and what reads it.
    client: Client
    schema: Path
    #: How many objects it has.
    objects: int


def read(target: Target, history: History, limits: Limits, folder: Path) -> Original:
    """Read the target; the schema goes into ``folder``.

    :raises UserError: where that cannot be done, or the database is that of another tool.
    """
    try:
        with _reading(target, limits) as connection:
            entries = _entries(connection, target, history)
            archive = folder / "schema.dump"
            client = clients.for_server(connection)
            objects = _dump(connection, client, target, limits, archive)
            return _original(connection, client, target, entries=entries, schema=archive, objects=objects)
    except psycopg.errors.LockNotAvailable as error:
        raise UserError(f"{_NOT_READ}: {error}\nTry again later, or wait longer with --lock-timeout.") from None
    except psycopg.OperationalError as error:
        raise ServerError.of(error, target.parameters) from error
    except psycopg.Error as error:
        raise UserError(f"{_NOT_READ}: {error}\nName a user in --dsn who may read all of it.") from None


def _entries(connection: psycopg.Connection[Any], target: Target, history: History) -> Mapping[str, Entry] | None:
    try:
        ledger = Ledger(connection, target.ledger)
        entries = ledger.entries() if ledger.exists() else None
        make_sure_that_it_is_ours(connection, target, history, has_ledger=entries is not None)
    except psycopg.errors.LockNotAvailable as error:
        raise locked(connection, target.ledger, "The dry run could not read it. ") from error
    return entries


_NOT_READ = "The dry run could not read the target"


@contextmanager
def _reading(target: Target, limits: Limits) -> Iterator[psycopg.Connection[Any]]:
    settings = {**limits.settings, "default_transaction_read_only": "on", "default_transaction_deferrable": "off"}
    with target.connect(settings) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection
        connection.execute("ROLLBACK")


def _dump(connection: psycopg.Connection[Any], client: Client, target: Target, limits: Limits, archive: Path) -> int:
    """Write the schema as the transaction of the connection sees it; how many objects it has."""
    login = clients.login_of(connection, target.parameters)
    (snapshot,) = connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone() or ("",)
    try:
        archives.write(client, login, archive, "--schema-only", f"--snapshot={snapshot}", lock_timeout=limits.lock)
        return len(archives.entries(client, archive))
    except ProgramError as error:
        raise UserError(f"{_NOT_READ}. {client}:\n{error}\n{advice(str(error), target)}") from None


def _original(
    connection: psycopg.Connection[Any],
    client: Client,
    target: Target,
    *,
    entries: Mapping[str, Entry] | None,
    schema: Path,
    objects: int,
) -> Original:
    info = connection.info
    user, why_not_user = _user(connection, target)
    return Original(
        target=target,
        database=info.dbname,
        version=version(connection),
        major=info.server_version // 10000,
        started=started(connection),
        user=user,
        why_not_user=why_not_user,
        entries=entries,
        extensions=dict(connection.execute("SELECT extname, extversion FROM pg_catalog.pg_extension").fetchall()),
        roles=read_roles(connection),
        settings=dict(connection.execute(_SETTINGS).fetchall()),
        search_path=tuple((connection.execute("SELECT current_schemas(false)::text[]").fetchone() or ([],))[0]),
        rows=count_rows(connection),
        client=client,
        schema=schema,
        objects=objects,
    )


def _user(connection: psycopg.Connection[Any], target: Target) -> tuple[str, str]:
    """As whom they can be run: the user of the DSN, or where that may only read the owner of the ledger or database."""
    row = connection.execute(_WHO_MAY, {"schema": target.ledger[0], "table": target.ledger[1]}).fetchone()
    assert row is not None
    user, may_run, other, what = row
    return (user, "") if may_run else (other, f"as {other}, who owns the {what}: {user} may only read")


_SETTINGS = """
SELECT name, setting FROM pg_catalog.pg_settings
WHERE name IN ('bytea_output', 'check_function_bodies', 'DateStyle', 'default_toast_compression', 'IntervalStyle',
    'default_transaction_isolation', 'row_security', 'search_path', 'standard_conforming_strings', 'TimeZone',
    'xmlbinary', 'xmloption')
"""
#: A run begins with the ledger: it writes to it, or makes it.
_WHO_MAY = """
SELECT current_user::text,
    CASE WHEN l.oid IS NOT NULL THEN has_table_privilege(l.oid, 'INSERT')
         WHEN n.oid IS NOT NULL THEN has_schema_privilege(n.oid, 'CREATE')
         ELSE has_database_privilege(d.oid, 'CREATE') END,
    pg_get_userbyid(coalesce(l.relowner, d.datdba))::text, CASE WHEN l.oid IS NULL THEN 'database' ELSE 'ledger' END
FROM pg_catalog.pg_database d
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = %(schema)s
LEFT JOIN pg_catalog.pg_class l ON l.relnamespace = n.oid AND l.relname = %(table)s
WHERE d.datname = current_database()
"""
