"""What the user has said about the server, understood without starting anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "PYTEST_MIGRATIONS_SERVER"
OPTION = "--migrations-server"
_FORMS = """\
  auto                                what is there: embedded, else docker
  embedded, embedded:18, embedded:DIR  an installation: the best, of that major version, or with its programs in DIR
  docker, docker:postgres:17          a container, of that image
  postgresql://user@host/db           a server that may create databases; "host=... user=..." too"""
#: A keyword=value string of libpq; one that names no server could mean any.
_KEYWORDS = re.compile(r"\s*(host|hostaddr|service|user|port|dbname|password|sslmode)\s*=")


@dataclass(frozen=True)
class ServerOptions:
    """What the user has said about the server."""

    #: auto, embedded, embedded:MAJOR, embedded:BIN_DIR, docker, docker:IMAGE or a DSN. May hold a password.
    server: str = field(default="auto", repr=False)
    #: The value of PYTEST_MIGRATIONS_SERVER, which counts where ``server`` is "auto". May hold a password.
    environment: str | None = field(default=None, repr=False)
    #: Of PostgreSQL, added to ours on a server that we start.
    settings: Mapping[str, str] = field(default_factory=dict)
    #: The databases' locale, instead of C.UTF-8: one of the operating system, or "icu:" and one of ICU.
    locale: str | None = None
    #: Created where they are missing, without LOGIN.
    roles: tuple[str, ...] = ()
    #: The owner of the databases, no superuser, as which the migrations run.
    role: str | None = None


@dataclass(frozen=True)
class Auto:
    """Whatever is there and has what the migrations require."""


@dataclass(frozen=True)
class Embedded:
    """An installation: any, of a major version, or with its programs in a folder."""

    major: int | None = None
    folder: Path | None = None

    def __str__(self) -> str:
        return f"embedded:{self.major or self.folder}" if self.major or self.folder else "embedded"


@dataclass(frozen=True)
class Docker:
    """A container; None leaves the image to us."""

    image: str | None = None


@dataclass(frozen=True)
class External:
    """A server that somebody else runs."""

    dsn: str = field(repr=False)


Choice = Auto | Embedded | Docker | External


def choose(options: ServerOptions) -> Choice:
    """What the option says, or where it says "auto" what the environment does. Raises UserError for nonsense."""
    if options.server.strip() != "auto" or not options.environment:
        return _parse(options.server, OPTION)
    return _parse(options.environment, ENVIRONMENT)


def _parse(value: str, source: str) -> Choice:
    value = value.strip()
    kind, _, detail = value.partition(":")
    if value == "auto":
        return Auto()
    if re.match(r"postgres(ql)?://", value) or _KEYWORDS.match(value):
        return External(value)
    if kind == "embedded" and (detail or kind == value):
        return _embedded(detail)
    if kind == "docker" and (detail or kind == value):
        return Docker(detail or None)
    # The value is not shown if it may be a DSN that was mistyped.
    shown = "" if "@" in value or "=" in value else f" {value!r}"
    raise UserError(f"{source}{shown} names no server. It can be:\n{_FORMS}")


def _embedded(detail: str) -> Embedded:
    if not detail:
        return Embedded()
    if detail.isdigit():
        return Embedded(major=int(detail))
    folder = Path(detail).expanduser()
    if not folder.is_dir():
        raise UserError(f"{OPTION}=embedded:{detail}: there is no such folder. It is the one with postgres and initdb.")
    return Embedded(folder=folder.absolute())
