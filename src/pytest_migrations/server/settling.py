"""What is done on a server that has just answered, whatever its kind: judged, given its roles, written down."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from psycopg import errors

from pytest_migrations.server import roles
from pytest_migrations.server.findings import OLDEST_MAJOR, Unusable, lacking, too_old
from pytest_migrations.server.locales import clauses as locale_clauses
from pytest_migrations.server.started import Started

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.started import Parameters


def settle(
    admin: psycopg.Connection[Any],
    parameters: Parameters,
    options: ServerOptions,
    requirements: Requirements,
    *,
    kind: str,
    what: str,
    password: str | None = None,
    home: str | None = None,
    container: str | None = None,
) -> Started:
    """Give a server that we have started its roles, and write down how it is reached.

    ``parameters`` are those of the ``admin`` connection, ``password`` is that of the databases' owner. Raises Unusable,
    naming the server as ``what``, as ``judge`` does.
    """
    judge(admin, what, requirements)
    owner = roles.create_owner(admin, options.role, password)
    roles.create(admin, roles.missing(admin, options.roles))
    return Started(
        kind=kind,
        version=version(admin),
        version_number=admin.info.server_version,
        admin=parameters,
        login={**parameters, "user": owner, **({"password": password} if password else {})},
        owner=owner,
        database_clauses=database_clauses(admin, options.locale, ours=True),
        clone_strategy=clone_strategy(admin, "FILE_COPY"),
        home=home,
        container=container,
    )


def judge(admin: psycopg.Connection[Any], what: str, requirements: Requirements) -> None:
    """Raise Unusable, naming the server as ``what``, if it is too old or lacks what the migrations require."""
    if admin.info.server_version < OLDEST_MAJOR * 10000:
        raise Unusable(too_old(f"PostgreSQL {version(admin)} {what}"))
    lacks = _lacks(admin, requirements)
    if lacks:
        raise Unusable(lacking(f"PostgreSQL {version(admin)} {what}", lacks))


def version(admin: psycopg.Connection[Any]) -> str:
    """As in "18.6", without what a distribution adds to it."""
    return (admin.info.parameter_status("server_version") or "").split()[0]


def system_identifier(connection: psycopg.Connection[Any]) -> str | None:
    """What tells the server's data from that of others; None where a managed one keeps that to itself."""
    with suppress(errors.InsufficientPrivilege, errors.UndefinedFunction), connection.transaction():
        row = connection.execute("SELECT system_identifier::text FROM pg_catalog.pg_control_system()").fetchone()
        return row and row[0]
    return None


#: A server that was copied has the identifier of the other one, but not this.
STARTED = "SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text"


def started(connection: psycopg.Connection[Any]) -> str:
    """When its server was started, to the microsecond: no two of those that run are the same."""
    ((when,),) = connection.execute(STARTED).fetchall()
    return str(when)


def clone_strategy(admin: psycopg.Connection[Any], strategy: str) -> str:
    """The clause for CREATE DATABASE; 14 has none, and copies files."""
    return f"STRATEGY {strategy}" if admin.info.server_version >= 150000 else ""


def database_clauses(admin: psycopg.Connection[Any], locale: str | None, *, ours: bool) -> str:
    """Encoding and locale of new databases; an external server keeps its own locale unless one is asked for."""
    clauses = locale_clauses(admin, locale) if ours or locale else ""
    strategy = clone_strategy(admin, "FILE_COPY") if ours else ""
    return f"ENCODING 'UTF8' {clauses} {strategy}".strip()


def _lacks(admin: psycopg.Connection[Any], requirements: Requirements) -> set[str]:
    lacks: set[str] = set()
    if extensions := requirements.names_of("extension"):
        rows = admin.execute("SELECT name FROM pg_available_extensions").fetchall()
        lacks |= {*extensions} - {row[0] for row in rows}
    # A server that was built with ICU has its collations from initdb on; "unicode" is there without it too.
    if (
        "icu" in requirements.names_of("collation provider")
        and not admin.execute("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'").fetchone()
    ):
        lacks.add("icu")
    if locales := requirements.names_of("locale"):
        rows = admin.execute("SELECT collname, collcollate FROM pg_collation WHERE collprovider = 'c'").fetchall()
        known = {_spelled(name) for row in rows for name in row if name}
        lacks |= {locale for locale in locales if _spelled(locale) not in known}
    return lacks


def _spelled(locale: str) -> str:
    """The operating system takes de_DE.utf8 for de_DE.UTF-8."""
    return locale.lower().replace("-", "")
