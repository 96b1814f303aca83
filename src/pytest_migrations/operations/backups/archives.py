"""Archives in pg_dump's custom format: written, checked, read and loaded by programs that never outlive the call."""

from __future__ import annotations

import math
import os
import re
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.server.programs import ProgramError, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.server.clients import Client
    from pytest_migrations.server.started import Parameters

_LOOK_SECONDS = 0.2
_MOST_JOBS = 4
#: What pg_restore lists: "217; 1259 16438 TABLE public users postgres". The numbers are those of one database only.
_ENTRY = re.compile(r"\d+; \d+ \d+ (.+)")
_SETTING = "Command was: SET transaction_timeout = 0;"
_DATA = re.compile(r"(?:\w+ )*DATA |SEQUENCE SET |BLOBS? |BLOB METADATA ")


def write(
    client: Client,
    login: Parameters,
    archive: Path,
    *arguments: str,
    lock_timeout: float,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Dump a database into a file; ``arguments`` are pg_dump's.

    It waits for each lock (ACCESS SHARE) for ``lock_timeout`` seconds; 0 is for ever. ``progress`` is told now and then
    how many bytes there are. Raises ProgramError, and OSError where there can be no such file.
    """
    arguments = ("--format=custom", f"--lock-wait-timeout={math.ceil(lock_timeout * 1000)}", *arguments)
    with archive.open("wb") as file:
        # Where it can it opens the file itself: in one that it was given, 17 and 18 find no way back to its beginning.
        arguments += () if client.container else (f"--file={archive}",)
        with running(client, "pg_dump", *arguments, login=login, stdout=file) as process:
            while not _has_ended(process):
                progress(archive.stat().st_size)


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
        write(client, login, archive, "--schema-only", lock_timeout=0)
        return entries(client, archive)


def load(client: Client, archive: Path, login: Parameters, *arguments: str, major: int) -> None:
    """Load it into the database of a server of this major version; what fails ends that. Raises ProgramError.

    ``arguments`` are pg_restore's.
    """
    jobs = [] if client.container else [f"--jobs={min(os.cpu_count() or 1, _MOST_JOBS)}"]
    # One of a later version sets what an older server does not know. That fails, and would end it at once.
    stop = ["--exit-on-error"] if client.major == major else []
    try:
        with running(client, "pg_restore", *stop, *jobs, *arguments, login=login, archive=archive):
            pass
    except ProgramError as error:
        if not error.errors or any(_SETTING not in one for one in error.errors):
            raise


def _without_psql(text: str) -> str:
    """The script without the lines that are for psql: where to go on, between words that nobody else can know."""
    word = re.search(r"^\\restrict (\w+)$", text, re.MULTILINE)
    if word is None:  # before the releases of August 2025
        return re.sub(r"^\\(?:connect|encoding) .*$", "", text, flags=re.MULTILINE)
    going_on = rf"^\\unrestrict {word[1]}(?:\n\\.*)*?\n\\restrict {word[1]}$"
    return re.sub(rf"{going_on}|^\\(?:un)?restrict {word[1]}$", "", text, flags=re.MULTILINE)


def _read(client: Client, archive: Path, *arguments: str) -> str:
    with running(client, "pg_restore", *arguments, archive=archive, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        return process.stdout.read().decode(errors="replace")


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LOOK_SECONDS)
    return process.returncode is not None
