"""Which server the run gets."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 (the fields' types are read at run time)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.server import connections, datadir, embedded, installations, roles
from pytest_migrations.server.started import Started

if TYPE_CHECKING:
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.run_folder import RunFolder


@dataclass(frozen=True)
class ServerOptions:
    """What the user has said about the server."""

    #: auto, embedded, embedded:MAJOR, embedded:BIN_DIR, docker, docker:IMAGE or a DSN. May hold a password.
    server: str = field(default="auto", repr=False)
    #: The value of PYTEST_MIGRATIONS_SERVER, which counts where ``server`` is "auto".
    environment: str | None = field(default=None, repr=False)
    #: Of PostgreSQL, added to ours on a server that we start.
    settings: Mapping[str, str] = field(default_factory=dict)
    #: The databases' locale, instead of C.UTF-8.
    locale: str | None = None
    #: Created where they are missing, without LOGIN.
    roles: tuple[str, ...] = ()
    #: The owner of the databases, no superuser, as which the migrations run.
    role: str | None = None


def is_external(options: ServerOptions) -> bool:
    return False


def check_server_option(value: str) -> None:
    pass


def start(run: RunFolder, options: ServerOptions, requirements: Requirements) -> Started:
    installation = next(installations.installed(), None)
    if installation is None:
        raise UserError("no PostgreSQL")
    home = embedded.start(run, installation, options.settings)
    admin = {"host": str(home), "port": "5432", "user": datadir.SUPERUSER, "dbname": "postgres"}
    with connections.connect(admin, external=False) as connection:
        number = connection.info.server_version
        version = connection.info.parameter_status("server_version") or ""
        roles.create(connection, options)
    login = {**admin, "user": options.role or datadir.SUPERUSER}
    return Started(
        kind="embedded",
        version=version.split()[0],
        version_number=number,
        admin=admin,
        login=login,
        owner=options.role,
        database_clauses=_clauses(number),
        clone_strategy="STRATEGY FILE_COPY" if number >= 150000 else "",
        home=str(home),
    )


def _clauses(number: int) -> str:
    if number >= 170000:
        return "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' STRATEGY FILE_COPY"
    return "ENCODING 'UTF8' LOCALE 'C.UTF-8'"
