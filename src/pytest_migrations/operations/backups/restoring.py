"""Restores a backup into a new database beside the target, which stays as it is."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
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
_READ_ONLY = {"default_transaction_read_only": "on", "lock_timeout": "5s"}
#: Whatever the user or the database is set to: that nothing is changed by accident. A new database is no accident.
_WRITABLE = {"default_transaction_read_only": "off"}


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
    admin, used = _administrator(target)
    with closing(admin):
        _check(admin, target, name)
        client, objects = _reader(admin, backup)
        unfinished = f"{PREFIX}restoring_{secrets.token_hex(5)}"
        beside = target.beside(unfinished)
        try:
            _check_roles(admin, archives.script(client, backup, "--create", "--schema-only"))
            with _dropped_on_failure(admin, target, unfinished):
                create, *properties = creation(client, backup, unfinished)
                admin.execute(create.encode())
                _fill(beside, client, backup)
                for statement in properties:
                    admin.execute(statement.encode())
                found = _objects(beside, client)
                comparison = _compared(target, beside)
                admin.execute(_rename(unfinished, name))
        except (ProgramError, psycopg.Error) as error:
            raise UserError(f"{_not_restored(backup, client)}:\n{error}\n{_advice(str(error))}") from None
        lost, gained = Counter(objects) - Counter(found), Counter(found) - Counter(objects)
        way = swap(admin, target, client, used, name)
    return Restored(name, len(objects), time.monotonic() - since, tuple(lost), tuple(gained), comparison, way)


@contextmanager
def _dropped_on_failure(admin: psycopg.Connection[Any], target: Target, name: str) -> Iterator[None]:
    """Drop the database where the block fails, over a new session where that was lost."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    try:
        yield
    except BaseException as failure:
        try:
            _insist(admin, target, statement)
        except psycopg.Error as error:
            raise UserError(
                f"The restore has failed:\n{failure}\nWhat there is of it could not be dropped: {error}\n"
                f"Drop it when the server is well: {statement.as_string()};"
            ) from None
        raise


def _insist(admin: psycopg.Connection[Any], target: Target, statement: sql.Composed) -> None:
    """Run the statement, over a new session where that of the administrator was lost."""
    try:
        admin.execute(statement)
    except psycopg.OperationalError:
        if not admin.closed:
            raise
        with connections.again(lambda: _administrator(target)[0]) as another:
            another.execute(statement)


def _administrator(target: Target) -> tuple[psycopg.Connection[Any], str]:
    """A session on the target's server, and the target's name.

    It is in the target, or where that is gone in a database that every server has.
    """
    try:
        connection = target.connect(_WRITABLE)
    except UserError:
        for other in ("postgres", "template1"):
            with suppress(UserError):
                connection = target.beside(other).connect(_WRITABLE)
                used = target.parameters.get("dbname") or os.environ.get("PGDATABASE") or connection.info.user
                return connection, used
        raise
    return connection, connection.info.dbname


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


def _fill(beside: Target, client: Client, backup: Path) -> None:
    with beside.connect(_WRITABLE) as connection:
        major = connection.info.server_version // 10000
        options = connections.startup_options(_WRITABLE, beside.parameters.get("options", ""))
        login = clients.login_of(connection, {**beside.parameters, "options": options})
        archives.load(client, backup, login, major=major)
        connection.execute("ANALYZE")


def _objects(beside: Target, client: Client) -> list[str]:
    with beside.connect() as connection:
        return archives.entries_of(client, clients.login_of(connection, beside.parameters))


def _compared(target: Target, beside: Target) -> Comparison | None:
    """How the new schema differs from the target's, where there is one; the target is only read."""
    with suppress(UserError, psycopg.Error), target.connect(_READ_ONLY) as there, beside.connect(_WRITABLE) as here:
        actual = take_snapshot(here)
        comparison = compare(take_snapshot(there), actual)
        with here.transaction(force_rollback=True):
            return settle(here, comparison, actual)
    return None


def _rename(old: str, new: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))


def _not_restored(backup: Path, client: Client) -> str:
    return (
        f"{display_path(backup)} was not restored, and there is no new database. pg_restore {client.version} "
        f"{client.where}"
    )


def _advice(reason: str) -> str:
    return next((advice for words, advice in _ADVICE.items() if re.search(words, reason)), "The target is as it was.")


_ADVICE = {
    "must be (?:owner|superuser|able to SET ROLE|a? ?member)|permission denied": (
        "The backup gives things to other owners, and only a superuser, or a member of all of them, may do that. Name "
        "such a user in --dsn."
    ),
    "No space left on device|could not extend file": "The server's disk is full. Make room there.",
    "is not available": (
        "The server has not all extensions that the backup needs. Install them there (its packages), and try again."
    ),
}
