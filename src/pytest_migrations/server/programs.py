"""Runs a client program of PostgreSQL on this machine or in a container, and ends it with whoever wanted it.

In a container the server is often process 1, to which every orphan falls; where one is killed, PostgreSQL takes it for
a crash of its own and ends all sessions. So no program in there is given children or a parent, and one that has to go
is asked to, by a second program.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from signal import Signals
from typing import IO, TYPE_CHECKING, Any

from pytest_migrations.server.connections import conninfo
from pytest_migrations.server.hiding import hide_secrets, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.server.clients import Client
    from pytest_migrations.server.started import Parameters

_PATIENCE = 5.0
_LAST_LINES = 8
_ERROR = re.compile(r"^pg_\w+: error: .*(?:\n(?!pg_).*)*", re.MULTILINE)
#: Becomes the program, having said which process that is.
_TELLING_ITS_PID = ["/bin/sh", "-c", 'echo $$ >&2; exec "$@"', "sh"]


class ProgramError(Exception):
    """A program ended before its work was done; the text says what it said in the end, or how it ended."""

    def __init__(self, reason: str, errors: list[str]) -> None:
        super().__init__(reason)
        #: All that it called an error, each with the command that failed.
        self.errors = errors


@contextmanager
def running(
    client: Client,
    program: str,
    *arguments: str,
    login: Parameters | None = None,
    archive: Path | None = None,
    stdout: Any = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the time of the block: on the database that ``login`` names, on an ``archive``, or on both.

    Ctrl-C does not reach it; it ends with the block, however that ends. A password is in its environment, and nowhere
    else. Raises ProgramError where it does not end well.
    """
    with tempfile.TemporaryFile() as said, _opened(archive) as stdin:
        command, environment = _command(client, [program, *arguments], login, archive)
        process = subprocess.Popen(
            command, env=environment, stdin=stdin, stdout=stdout, stderr=said, start_new_session=os.name == "posix"
        )
        try:
            yield process
            process.wait()
        finally:
            _end(process, client, said)
        if process.returncode:
            text = hide_secrets(_text(said, client).strip(), login or {})
            raise ProgramError(_reason(program, process.returncode, text), _ERROR.findall(text))


@contextmanager
def _opened(archive: Path | None) -> Iterator[IO[bytes] | int]:
    if archive is None:
        yield subprocess.DEVNULL
    else:
        with archive.open("rb") as file:
            yield file


def _command(
    client: Client, command: list[str], login: Parameters | None, archive: Path | None
) -> tuple[list[str], dict[str, str]]:
    environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": ""}
    if login is not None:
        login = login if client.container is None else client.container.inside(login)
        command = [*command, "--no-password", f"--dbname={conninfo(without_secrets(login))}"]
        environment |= {"PGPASSWORD": login["password"]} if login.get("password") else {}
    if client.container is not None:
        return client.container.command([*_TELLING_ITS_PID, *command]), environment
    path = str(shutil.which(command[0], path=client.bin))
    return [path, *command[1:], *([str(archive)] if archive else [])], environment


def _end(process: subprocess.Popen[bytes], client: Client, said: IO[bytes]) -> None:
    """End it where it runs still: it cancels then what the server does for it."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        if client.container is None:
            process.terminate()
        elif pid := _pid(said):
            end = client.container.command(["/bin/sh", "-c", f"kill {pid}"])
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run(end, capture_output=True, timeout=_PATIENCE, check=False)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _pid(said: IO[bytes]) -> str:
    said.seek(0)
    return re.sub(r"\D.*", "", said.read().decode(errors="replace"), flags=re.DOTALL)


def _text(said: IO[bytes], client: Client) -> str:
    said.seek(0)
    text = said.read().decode(errors="replace")
    return text if client.container is None else text.partition("\n")[2]


def _reason(program: str, code: int, said: str) -> str:
    lines = said.splitlines()[-_LAST_LINES:]
    with suppress(ValueError):
        lines.append(f"{program} was killed by {Signals(-code if code < 0 else code - 128).name}")
    return "\n".join(lines) or f"{program} ended with exit code {code}"
