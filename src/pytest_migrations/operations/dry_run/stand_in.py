"""The stand-in of a target: a database with its schema and ledger and no rows, on a server of the dry run's own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from pytest_migrations.errors import UserError
from pytest_migrations.operations.backups import archives
from pytest_migrations.operations.backups.creation import creation
from pytest_migrations.operations.dry_run import outside, servers
from pytest_migrations.operations.dry_run.roles import make_roles
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.target import Target
from pytest_migrations.server import clients
from pytest_migrations.server.connections import startup_options
from pytest_migrations.server.programs import ProgramError
from pytest_migrations.server.server import Database
from pytest_migrations.server.settling import database_clauses
from pytest_migrations.sql.roles import roles_named

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_migrations.operations.dry_run.original import Original
    from pytest_migrations.server.clients import Client
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.server import Server

#: Tablespaces are of one machine; subscriptions reach others.
_LEFT_OUT = ("--no-tablespaces", "--no-subscriptions")
#: Where a database may be dropped from that is called as every server has one.
_ASIDE = "template1"


@dataclass(frozen=True)
class StandIn:
    """What stands in for the target."""

    target: Target
    #: As in "PostgreSQL 15.18 (embedded)".
    server: str
    #: In what it is not like the target, a sentence each.
    notes: tuple[str, ...]


def stand_in(original: Original, run: RunFolder, wanted: str, needs: Collection[str]) -> StandIn:
    """Make a stand-in, which ends with the ``run``. ``wanted`` is --server's, ``needs`` are more extensions.

    :raises UserError: where there is no server for it, or the target's schema cannot be made there.
    """
    named = roles_named(archives.script(original.client, original.schema, "--schema-only"))
    server = servers.start(run, original, wanted, {*original.extensions, *needs} - {"plpgsql"}, named)
    try:
        return _borrowed(original, server) if server.kind == "external" else _own(original, server)
    except (ProgramError, psycopg.Error) as error:
        raise UserError(
            f"The schema of {original.database} could not be made on {_said(server)}, where the dry run was to be:\n"
            f"{error}\nNothing was changed. Name another server of that major version with --server, one that is more "
            "like the target's."
        ) from error


def _own(original: Original, server: Server) -> StandIn:
    """On a server that we started: with the database's own name, and the roles as they are."""
    password = secrets.token_hex(16)
    notes = []
    with server.connect_admin(dbname=_ASIDE) as admin:
        client = _reader(admin, original)
        make_roles(admin, original.roles)
        admin.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(original.user), sql.Literal(password))
        )
        create, *properties = creation(client, original.schema, original.database, *_LEFT_OUT)
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(original.database)))
        try:
            admin.execute(create.encode())
        except psycopg.DatabaseError as error:
            notes.append(f"It sorts and compares texts in another way: {error.diag.message_primary}.")
            _create_otherwise(admin, original.database)
    login = {**_login(server), "user": original.user, "password": password, "dbname": original.database}
    notes += _fill(server, Database(original.database, ""), client, original, properties)
    return _standing_in(original, server, login, notes)


def _borrowed(original: Original, server: Server) -> StandIn:
    """On somebody else's server: in a database that is dropped with the run, as the user who may make it."""
    database = server.create_database(label="dry_run")
    with server.connect_admin() as admin:
        client = _reader(admin, original)
    login = {**_login(server), "dbname": database.name}
    notes = [f"It runs as the user of --server, not as {original.user}."]
    notes += _fill(server, database, client, original, [])
    return _standing_in(original, server, login, notes)


def _create_otherwise(admin: psycopg.Connection[Any], name: str) -> None:
    clauses = sql.SQL(database_clauses(admin, None, ours=True))
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}").format(sql.Identifier(name), clauses))


def _fill(server: Server, database: Database, client: Client, original: Original, properties: list[str]) -> list[str]:
    """Give the new database the target's schema, properties and ledger; in what it is not like it."""
    with server.connect_admin(database) as admin:
        login = clients.login_of(admin, _login(server))
        archives.load(client, original.schema, login, *_LEFT_OUT, major=original.major)
        notes = outside.cut_off(admin)
        for statement in properties:
            admin.execute(statement.encode())
    with server.connect_admin(database, options="-c default_transaction_read_only=off") as admin:
        ledger = Ledger(admin, original.target.ledger)
        for entry in (original.entries or {}).values():
            ledger.write(entry)
        there = dict(admin.execute("SELECT extname, extversion FROM pg_catalog.pg_extension").fetchall())
    return notes + [
        f"It has the extension {name} in version {there[name]}, the target in {version}."
        for name, version in original.extensions.items()
        if there.get(name, version) != version
    ]


def _reader(admin: psycopg.Connection[Any], original: Original) -> Client:
    """A pg_restore that reaches the server, and reads the archive of the target's pg_dump."""
    for client in (found := clients.fitting(admin)):
        try:
            archives.entries(client, original.schema)
        except ProgramError:
            continue
        return client
    return found[0]


def _login(server: Server) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo_to_dict(server.dsn).items()}


def _standing_in(original: Original, server: Server, login: dict[str, str], notes: list[str]) -> StandIn:
    options = startup_options(original.settings, login.get("options", ""))
    target = Target({**login, "options": options}, original.target.ledger)
    return StandIn(target, _said(server), tuple(notes))


def _said(server: Server) -> str:
    return f"PostgreSQL {server.version} ({server.kind})"
