"""Restores a backup into a new database beside the target, which stays as it is."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from pytest_migrations.catalog.difference import compare
from pytest_migrations.catalog.respelling import settle
from pytest_migrations.catalog.snapshot import take_snapshot
from pytest_migrations.errors import UserError, display_path
from pytest_migrations.operations.backups import archives
from pytest_migrations.operations.backups.creation import creation
from pytest_migrations.operations.backups.swapping import swap
from pytest_migrations.operations.target import LEDGER_SCHEMA
from pytest_migrations.server import clients, connections
from pytest_migrations.server.databases import PREFIX
from pytest_migrations.server.programs import ProgramError
from pytest_migrations.sql.roles import roles_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.catalog.difference import Comparison
    from pytest_migrations.operations.backups.swapping import Swap
    from pytest_migrations.operations.target import Target
    from pytest_migrations.server.clients import Client

_LONGEST_NAME = 63
#: Databases that every server has.
_OTHERS = ("postgres", "template1")
_READ_ONLY = {"default_transaction_read_only": "on", "lock_timeout": "5s"}
#: Whatever the user or the database is set to, lest something be changed by accident, or take long: this is meant to.
_SETTINGS = {"default_transaction_read_only": "off", "statement_timeout": "0", "idle_session_timeout": "0"}


@dataclass(frozen=True)
class Restored:
    """A database that a backup was restored into."""

    name: str
    #: How many objects pg_restore lists for the backup, as for its ``Backup``.
    objects: int
    seconds: float
    #: What the backup lists and the new database does not, and the other way round, in pg_restore's words.
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    #: How its schema differs from the target's as that is now; None where there is no target to compare it with.
    comparison: Comparison | None
    #: How to put it into the target's place.
    swap: Swap


def restore(target: Target, backup: Path, name: str) -> Restored:
    """Restore a backup into a new database of this name on the target's server.

    It gets its name when it is complete. It has the owner, the rights and the settings that the database had of which
    the backup was taken, and statistics for the planner.

    :raises UserError: where it cannot be done, with why; there is no new database then.
    """
    since = time.monotonic()
    with _administrator(target) as admin:
        _check(admin, target, name)
        client, objects = _reader(admin, backup)
        _check_roles(admin, _script(client, backup))
    unfinished = f"{PREFIX}restoring_{secrets.token_hex(5)}"
    beside = target.beside(unfinished)
    try:
        with _dropped_on_failure(target, unfinished):
            create, *properties = creation(client, backup, unfinished)
            _execute(target, create)
            _fill(beside, client, backup)
            _execute(target, *properties)
            found = _objects(beside, client)
            comparison = _compared(target, beside)
            _execute(target, _renaming(unfinished, name))
    except (ProgramError, psycopg.Error) as error:
        raise UserError(f"{_not_restored(backup, client)}:\n{error}\n{_advice(str(error))}") from None
    lost, gained = Counter(objects) - Counter(found), Counter(found) - Counter(objects)
    with _administrator(target) as admin:
        way = swap(admin, target, client, _used(target, admin), name)
    return Restored(name, len(objects), time.monotonic() - since, tuple(lost), tuple(gained), comparison, way)


@contextmanager
def _dropped_on_failure(target: Target, name: str) -> Iterator[None]:
    """Drop the database where the block fails, however that has left the server."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)).as_string()
    try:
        yield
    except BaseException as failure:
        try:
            with connections.again(lambda: _administrator(target)) as admin:
                admin.execute(statement.encode())
        except psycopg.Error as error:
            raise UserError(
                f"The restore has failed:\n{failure}\nWhat there is of it could not be dropped: {error}\n"
                f"Drop it when the server is well: {statement};"
            ) from None
        raise


def _administrator(target: Target) -> psycopg.Connection[Any]:
    """A session in the target, or where that is gone in a database that every server has.

    One for each purpose: while gigabytes are restored, a session in which nothing happens may be cut off.
    """
    try:
        return target.connect(_SETTINGS)
    except UserError:
        for other in _OTHERS:
            with suppress(UserError):
                return target.beside(other).connect(_SETTINGS)
        raise


def _used(target: Target, admin: psycopg.Connection[Any]) -> str:
    """What the target is called, of which ``admin`` is an administrator."""
    named = target.parameters.get("dbname") or os.environ.get("PGDATABASE")
    return named or (admin.info.user if admin.info.dbname in _OTHERS else admin.info.dbname)


def _execute(target: Target, *statements: str) -> None:
    with _administrator(target) as admin:
        for statement in statements:
            admin.execute(statement.encode())


def _check(admin: psycopg.Connection[Any], target: Target, name: str) -> None:
    row = admin.execute(
        "SELECT pg_is_in_recovery(), rolcreatedb OR rolsuper, current_user, "
        "EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s) "
        "FROM pg_catalog.pg_roles WHERE rolname = current_user",
        [name],
    ).fetchone()
    assert row is not None
    standby, may_create, user, exists = row
    if not 0 < len(name.encode()) <= _LONGEST_NAME:
        raise UserError(f"--into {name}: a database's name has 1 to {_LONGEST_NAME} bytes.")
    if standby:
        raise UserError(f"The server at {target.where} is a standby, which takes no new database. Name its primary.")
    if exists:
        raise UserError(
            f"There is a database {name} at {target.where} already, and nothing is restored over one. Name a new one "
            "with --into; how it changes places with another is said at the end."
        )
    if not may_create:
        raise UserError(
            f"The user {user} may not create databases at {target.where}. Name one in --dsn who may, a superuser say, "
            f"or let a superuser say: ALTER ROLE {sql.Identifier(user).as_string(admin)} CREATEDB;"
        )


def _reader(admin: psycopg.Connection[Any], backup: Path) -> tuple[Client, list[str]]:
    """The pg_restore nearest to the server that understands the archive, and what the archive holds."""
    said = ""
    for client in clients.fitting(admin):
        try:
            return client, archives.entries(client, backup)
        except ProgramError as error:  # noqa: PERF203 (of a few)
            said = f"{_not_restored(backup, client)}:\n{error}"
    newer = (
        "It was written by a newer pg_dump: its pg_restore is needed."
        if "unsupported version" in said
        else ("It is no archive of pg_dump, or was damaged.")
    )
    raise UserError(f"{said}\n{newer}")


def _check_roles(admin: psycopg.Connection[Any], script: str) -> None:
    there = {row[0] for row in admin.execute("SELECT rolname FROM pg_catalog.pg_roles")}
    if missing := sorted(roles_named(script) - there):
        creations = "\n".join(f"    CREATE ROLE {sql.Identifier(role).as_string(admin)};" for role in missing)
        raise UserError(
            f"The backup names {'a role' if len(missing) == 1 else 'roles'} that this server does not have, as owners "
            "or in grants: a backup of a database holds none. There is no new database. Create what is missing "
            f"first:\n{creations}\n"
            "(pg_dumpall --roles-only prints those of the old server, with their rights and memberships.)"
        )


def _script(client: Client, backup: Path) -> str:
    """The SQL of its schema."""
    try:
        return archives.script(client, backup, "--create", "--schema-only")
    except ProgramError as error:
        raise UserError(f"{_not_restored(backup, client)}:\n{error}") from None


def _fill(beside: Target, client: Client, backup: Path) -> None:
    with beside.connect(_SETTINGS) as connection:
        major = connection.info.server_version // 10000
        options = connections.startup_options(_SETTINGS, beside.parameters.get("options", ""))
        login = clients.login_of(connection, {**beside.parameters, "options": options})
        archives.load(client, backup, login, major=major)
        connection.execute("ANALYZE")


def _objects(beside: Target, client: Client) -> list[str]:
    with beside.connect() as connection:
        return archives.entries_of(client, clients.login_of(connection, beside.parameters))


def _compared(target: Target, beside: Target) -> Comparison | None:
    """How the new schema differs from the target's, where there is one; the target is only read."""
    with suppress(UserError, psycopg.Error), target.connect(_READ_ONLY) as there, beside.connect(_SETTINGS) as here:
        actual = take_snapshot(here)
        comparison = compare(take_snapshot(there, leave_out=partial(_is_of_ledger, target.ledger)), actual)
        with here.transaction(force_rollback=True):
            return settle(here, comparison, actual)
    return None


def _is_of_ledger(ledger: tuple[str, str], _: str, name: str) -> bool:
    """What says what was done to a database is no part of its schema; neither is a schema that holds nothing else."""
    schema, table = ledger
    return name.startswith(f"{schema}.{table}") or (schema == LEDGER_SCHEMA and name == schema)


def _renaming(old: str, new: str) -> str:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)).as_string()


def _not_restored(backup: Path, client: Client) -> str:
    return (
        f"{display_path(backup)} was not restored, and there is no new database. pg_restore {client.version} "
        f"{client.where}"
    )


def _advice(reason: str) -> str:
    found = (advice for words, advice in _ADVICE.items() if re.search(words, reason, re.IGNORECASE))
    return next(found, "The target is as it was.")


_ADVICE = {
    "read from input file|corrupt archive": "The file was cut off, or damaged: restore another one.",
    "must be (?:owner|superuser|able to SET ROLE|a? ?member)|permission denied": (
        "The backup gives things to other owners, and only a superuser, or a member of all of them, may do that. Name "
        "such a user in --dsn."
    ),
    "No space left on device|could not extend file": "The server's disk is full. Make room there.",
    "is not available": (
        "The server has not all extensions that the backup needs. Install them there (its packages), and try again."
    ),
}
