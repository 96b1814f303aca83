"""Archives in pg_dump's custom format: written, checked, read and loaded by programs that never outlive the call."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Any

from pytest_migrations.server import clients
from pytest_migrations.server.hiding import hide_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.server.clients import Client
    from pytest_migrations.server.started import Parameters

_LOOK_SECONDS = 0.2
_LAST_LINES = 8
_MOST_JOBS = 4
#: What pg_restore lists: "217; 1259 16438 TABLE public users postgres". The numbers are those of one database only.
_ENTRY = re.compile(r"\d+; \d+ \d+ (.+)")
_ERROR = re.compile(r"^pg_\w+: error: .*(?:\n(?!pg_).*)*", re.MULTILINE)
_SETTING = "Command was: SET transaction_timeout = 0;"
_DATA = re.compile(r"(?:\w+ )*DATA |SEQUENCE SET |BLOBS? |BLOB METADATA ")


class ProgramError(Exception):
    """A program ended before its work was done; the text says what it said in the end, or how it ended."""

    def __init__(self, reason: str, errors: list[str]) -> None:
        super().__init__(reason)
        #: All that it called an error, with the command that failed.
        self.errors = errors


def write(
    client: Client,
    login: Parameters,
    archive: int,
    *arguments: str,
    lock_timeout: float,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Dump a database into the open file of this descriptor; ``arguments`` are pg_dump's.

    It waits for each lock (ACCESS SHARE) for ``lock_timeout`` seconds; 0 is for ever. ``progress`` is told now and then
    how many bytes there are. Raises ProgramError.
    """
    arguments = ("--format=custom", f"--lock-wait-timeout={lock_timeout * 1000:.0f}", *arguments)
    with _running(client, "pg_dump", *arguments, login=login, stdout=archive) as process:
        while not _has_ended(process):
            progress(os.fstat(archive).st_size)


def entries(client: Client, archive: Path) -> list[str]:
    """What it holds besides data, in pg_restore's words: "TABLE public users postgres". Raises ProgramError."""
    listed = _read(client, archive, "--list").splitlines()
    return [entry[1] for line in listed if (entry := _ENTRY.match(line)) and not _DATA.match(entry[1])]


def check(client: Client, archive: Path) -> None:
    """Read all of it: the list that it begins with is whole even where its data was cut off. Raises ProgramError."""
    _read(client, archive, f"--file={os.devnull}")


def script(client: Client, archive: Path, *arguments: str) -> str:
    """The SQL that an archive, or the part of it that pg_restore's ``arguments`` say, stands for."""
    text = _read(client, archive, "--file=-", *arguments)
    return _without_psql(text)


def entries_of(client: Client, login: Parameters) -> list[str]:
    """What an archive of a database would hold, as ``entries``. Raises ProgramError."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "schema.dump")
        with archive.open("wb") as file:
            write(client, login, file.fileno(), "--schema-only", lock_timeout=0)
        return entries(client, archive)


def load(client: Client, archive: Path, login: Parameters, *, major: int) -> None:
    """Load it into the database of a server of this major version; what fails ends that. Raises ProgramError."""
    jobs = [] if client.container else [f"--jobs={min(os.cpu_count() or 1, _MOST_JOBS)}"]
    # One of a later version sets what an older server does not know. That fails, and would end it at once.
    stop = ["--exit-on-error"] if client.major == major else []
    try:
        with _running(client, "pg_restore", *stop, *jobs, login=login, archive=archive):
            pass
    except ProgramError as error:
        if not error.errors or any(_SETTING not in one for one in error.errors):
            raise


def _without_psql(text: str) -> str:
    """The script without the lines that are for psql: a database to go to, and a word that nothing else can know."""
    restricted = re.search(r"^\\restrict (\w+)$", text, re.MULTILINE)
    if restricted is None:  # before the releases of August 2025
        return re.sub(r"^\\connect .*$", "", text, flags=re.MULTILINE)
    return re.sub(rf"^\\(un)?restrict {restricted[1]}$(?(1)(\n\\connect .*$)?)", "", text, flags=re.MULTILINE)


def _read(client: Client, archive: Path, *arguments: str) -> str:
    with _running(client, "pg_restore", *arguments, archive=archive, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        return process.stdout.read().decode(errors="replace")


@contextmanager
def _running(client: Client, program: str, *arguments: str, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A program for the time of the block, which reads what it says. Raises ProgramError where it does not end well."""
    with tempfile.TemporaryFile() as said:
        process = client.start(program, *arguments, stderr=said, **more)
        try:
            yield process
            process.wait()
        finally:
            clients.end(process)
        if process.returncode:
            said.seek(0)
            text = hide_secrets(said.read().decode(errors="replace").strip(), more.get("login") or {})
            raise ProgramError(_reason(program, process.returncode, text), _ERROR.findall(text))


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LOOK_SECONDS)
    return process.returncode is not None


def _reason(program: str, code: int, said: str) -> str:
    lines = said.splitlines()[-_LAST_LINES:]
    with suppress(ValueError):
        lines.append(f"{program} was killed by {Signals(-code if code < 0 else code - 128).name}")
    return "\n".join(lines) or f"{program} ended with exit code {code}"
