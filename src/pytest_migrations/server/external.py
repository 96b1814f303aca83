"""Borrows a server that somebody else runs: creates databases of ours on it, and drops only those."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pytest_migrations.errors import UserError
from pytest_migrations.server import connections, databases, roles, settling
from pytest_migrations.server.findings import Unusable, unusable_server
from pytest_migrations.server.hiding import address
from pytest_migrations.server.started import Started

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.started import Parameters

#: Files in a run's folder with this prefix tell which server the run has borrowed.
RECORD_PREFIX = "external-"
_CONNECT_SECONDS = "10"
_PATIENCE = 5.0


def borrow(run: RunFolder, dsn: str, options: ServerOptions, requirements: Requirements) -> Started:
    """Look at the server, create the missing roles, and note in the run's folder what has to end with the run.

    Raises UserError, with no password in it, where the DSN cannot be read or the server cannot be reached, may not
    create databases, is too old, or lacks what is required.
    """
    admin = _parameters(dsn)
    where = address(admin)
    with connections.connect({"connect_timeout": _CONNECT_SECONDS, **admin}, external=True) as connection:
        try:
            settling.judge(connection, f"at {where}", requirements)
        except Unusable as unusable:
            raise unusable_server(unusable.finding, requirements) from None
        _check_rights(connection, where, options.role)
        missing = roles.missing(connection, options.roles)
        if missing and not roles.may_create(connection):
            user = connection.info.user
            raise UserError(
                f"the roles {', '.join(missing)} (migrations_roles) are missing at {where}, and the user {user} may "
                f"not create roles. Create them, or ALTER ROLE {user} CREATEROLE"
            )
        _note(run.path, admin, roles=missing)
        roles.create(connection, missing)
        return Started(
            kind="external",
            version=settling.version(connection),
            version_number=connection.info.server_version,
            admin=admin,
            login={**admin, "options": _with_role(admin, options.role)},
            owner=options.role,
            database_clauses=settling.database_clauses(connection, options.locale, ours=False),
            # Copying files would force checkpoints on everybody there.
            clone_strategy=settling.clone_strategy(connection, "WAL_LOG"),
        )


@contextmanager
def roles_to_be_made(folder: Path, admin: Parameters, names: list[str]) -> Iterator[None]:
    """Note in the run's folder which roles migrations make meanwhile, for whoever ends the run if we are killed."""
    record = _note(folder, admin, made=names)
    yield
    record.unlink()


def lock_roles(admin: psycopg.Connection[Any]) -> None:
    """Let no other run make or drop roles on the server as long as the connection is open."""
    admin.execute("SELECT pg_advisory_lock(hashtext('pytest-migrations'))")


def end(record: Path, run_id: str) -> str:
    """Drop the run's databases and roles on the server of the record; if that could not be done, why."""
    noted = json.loads(record.read_text())
    try:
        with connections.connect(noted["admin"], external=True, connect_timeout=_CONNECT_SECONDS) as admin:
            _end_sessions(admin, run_id)
            for name in databases.of_run(admin, run_id):
                databases.drop(admin, name, noted["admin"], external=True)
            roles.drop(admin, noted["roles"])
            if noted["made"]:
                lock_roles(admin)
                with suppress(UserError):
                    roles.drop_entirely(admin, sorted(roles.existing(admin) & {*noted["made"]}))
    except psycopg.Error as error:
        return str(error)
    return ""


def _parameters(dsn: str) -> Parameters:
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    except psycopg.ProgrammingError:
        given = {"port": "?"}
    # What libpq says of it repeats parts of the DSN: with a stray / or @ in a password, parts of the password.
    ports, hosts = given.get("port", "5432").split(","), given.get("host", "").split(",")
    if not all(port.isdigit() for port in ports) or any("@" in host[1:] for host in hosts):
        raise UserError(
            "the DSN of the server cannot be read. In postgresql://user:password@host:port/database each of "
            "@ : / ? # % in a user or password is written as %40 %3A %2F %3F %23 %25"
        )
    return {"dbname": "postgres", **given}


def _check_rights(connection: psycopg.Connection[Any], where: str, role: str | None) -> None:
    user = connection.info.user
    row = connection.execute(
        """
        SELECT rolcreatedb OR rolsuper, pg_is_in_recovery(),
               %(role)s::text IS NULL OR EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s),
               coalesce((SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = %(role)s), true)
          FROM pg_roles WHERE rolname = current_user
        """,
        {"role": role},
    ).fetchone()
    assert row is not None
    may_create, standby, role_exists, is_member = row
    if standby:
        raise UserError(f"the server at {where} is a standby, which takes no new databases. Name its primary.")
    if not may_create:
        raise UserError(f"the user {user} may not create databases at {where}. Grant it: ALTER ROLE {user} CREATEDB")
    if not role_exists:
        raise UserError(f"the role {role} (--migrations-role) does not exist at {where}. Create it: CREATE ROLE {role}")
    if not is_member:
        raise UserError(f"the user {user} may not become {role} at {where}. Grant it: GRANT {role} TO {user}")


def _with_role(admin: Parameters, role: str | None) -> str:
    given = admin.get("options", "")
    return connections.startup_options({"role": role}, given) if role else given


def _note(folder: Path, admin: Parameters, *, roles: Sequence[str] = (), made: Sequence[str] = ()) -> Path:
    """Write down what has to end with the run, before it begins; may hold a password, so it is ours alone to read."""
    record = folder / f"{RECORD_PREFIX}{secrets.token_hex(4)}"
    unfinished = folder / f"unfinished-{record.name}"
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps({"admin": dict(admin), "roles": list(roles), "made": list(made)}))
    return unfinished.rename(record)


def _end_sessions(admin: psycopg.Connection[Any], run_id: str) -> None:
    """End the run's administrators and wait until they are gone: one may be in the middle of CREATE DATABASE."""
    deadline = time.monotonic() + _PATIENCE
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    while admin.execute(query, [databases.administrator(run_id)]).fetchone() and time.monotonic() < deadline:
        time.sleep(0.01)
