"""The options of the plugin: each is ``--migrations-x`` on the command line and ``migrations_x`` in the ini file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_VARIABLE = "PYTEST_MIGRATIONS_SERVER"
#: Of a run whose folders cannot be read, where tests that need none may run all the same: why.
UNREADABLE = pytest.StashKey[str]()
_DEFAULT_TIMEOUT = 300.0
_LONGEST_TIMEOUT = 7 * 24 * 3600.0
_DEFAULT_ROWS = 5
_MOST_ROWS = 100_000


@dataclass(frozen=True)
class Settings:
    """What the user asked for; the command line beats the ini file."""

    folders: tuple[Path, ...]
    format: str | None
    server: str
    environment: str | None
    role: str | None
    roles: tuple[str, ...]
    locale: str | None
    server_settings: Mapping[str, str]
    timeout: float | None
    require_rollback: bool
    strict_column_order: bool
    reports: tuple[Path, ...]
    placeholders: Mapping[str, str]
    since: str | None = None
    baseline: Path | None = None
    update_baseline: bool = False
    #: How many each table gets before a migration is tried on rows; 0: it is not.
    rows: int = _DEFAULT_ROWS
    #: The folder of the seeds, where it is not ``seeds`` in that of the migrations.
    seeds: Path | None = None
    walk: bool = False


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("migrations", "PostgreSQL migrations")

    def both(name: str, help_text: str, *, ini: str = "string", **option: Any) -> None:
        group.addoption(f"--migrations-{name}", default=None, help=help_text, **option)
        parser.addini(f"migrations_{name.replace('-', '_')}", help_text, type=ini, default=None)  # type: ignore[arg-type]

    def only_ini(name: str, help_text: str, *, ini: str) -> None:
        parser.addini(f"migrations_{name}", help_text, type=ini, default=None)  # type: ignore[arg-type]

    both("dir", "prove the migrations in this folder (repeatable)", ini="paths", action="append", metavar="DIR")
    both(
        "format",
        "the format of the folders, where it cannot be detected: ours, pairs, directories, ...",
        metavar="NAME",
    )
    both(
        "server",
        "auto, embedded, embedded:MAJOR, embedded:BIN_DIR, docker, docker:IMAGE, or the DSN of a server on which "
        "databases may be created and dropped",
        metavar="SERVER",
    )
    both("role", "run the migrations as this role, which owns the database and is no superuser", metavar="ROLE")
    both("timeout", f"the longest that a script may take, in seconds; 0: for ever (default: {_DEFAULT_TIMEOUT:g})")
    both(
        "rows",
        f"try each migration on tables with so many rows each; 0: on none (default: {_DEFAULT_ROWS})",
        metavar="N",
    )
    both(
        "seeds",
        "rows of your own, as SQL by version: 006.sql (default: the folder seeds in that of the migrations)",
        metavar="DIR",
    )
    both("require-rollback", "a migration without a rollback fails", ini="bool", action="store_true")
    both(
        "column-order", "strict: another order of columns after a rollback fails as well", choices=["report", "strict"]
    )
    both("walk", "go up and down the history at random, with rows", ini="bool", action="store_true")
    both("since", "prove what was added since this revision of git: origin/main", metavar="REV")
    both("baseline", "accept the failures that this file lists, and no others", metavar="FILE")
    group.addoption("--migrations-update-baseline", action="store_true", help="write what fails now into the baseline")
    both(
        "report",
        "write the results to this file: .json, .md or .sarif (repeatable)",
        ini="linelist",
        action="append",
        metavar="FILE.json",
    )
    group.addoption(
        "--migrations-keep",
        action="store_true",
        help="keep the databases of failed tests, and say how to look at them",
    )
    only_ini("roles", "roles that the migrations grant to or own by; they are created", ini="args")
    only_ini("placeholders", "values of placeholders in the migrations: name = value, one a line", ini="linelist")
    only_ini("locale", "the locale of the databases (default: C.UTF-8)", ini="string")
    only_ini("server_settings", "settings of a server that we start: name = value, one a line", ini="linelist")


def read_settings(config: pytest.Config) -> Settings:
    """Read the options and the ini file.

    :raises pytest.UsageError: for a value that cannot be meant.
    """

    def value(name: str) -> Any:
        option = config.getoption(f"migrations_{name}", None)
        return config.getini(f"migrations_{name}") if option is None else option

    def named(name: str) -> str:
        """How the user has named the option, for messages."""
        ini = f"migrations_{name.replace('-', '_')}"
        return f"ini {ini}" if config.getoption(ini, None) is None else f"--migrations-{name}"

    invocation = config.invocation_params.dir
    folders = tuple(dict.fromkeys(Path(os.path.normpath(invocation / folder)) for folder in value("dir") or ()))
    return Settings(
        folders=folders,
        format=value("format") or None,
        server=value("server") or "auto",
        environment=os.environ.get(ENVIRONMENT_VARIABLE) or None,
        role=value("role") or None,
        roles=_roles(config.getini("migrations_roles") or ()),
        locale=config.getini("migrations_locale") or None,
        server_settings={
            name: value.strip("'") for name, value in _assignments(config, "migrations_server_settings").items()
        },
        placeholders=_assignments(config, "migrations_placeholders"),
        timeout=_timeout(value("timeout"), named("timeout")),
        require_rollback=bool(value("require_rollback")),
        strict_column_order=_column_order(value("column_order"), named("column-order")),
        reports=_paths(config, "report"),
        since=value("since") or None,
        baseline=_baseline(config),
        update_baseline=config.getoption("migrations_update_baseline", False),
        rows=_rows(value("rows"), named("rows")),
        seeds=_seeds(config, named("seeds"), len(folders)),
        walk=bool(value("walk")),
    )


def _paths(config: pytest.Config, name: str) -> tuple[Path, ...]:
    """The paths of the command line count from the invocation directory, those of the ini file from there."""
    folder, given = config.invocation_params.dir, config.getoption(f"migrations_{name}", None)
    if given is None and config.inipath is not None:
        folder, given = config.inipath.parent, config.getini(f"migrations_{name}")
    paths = [given] if isinstance(given, str) else given or ()
    return tuple(dict.fromkeys(folder / path for path in paths if path))


def _baseline(config: pytest.Config) -> Path | None:
    path = next(iter(_paths(config, "baseline")), None)
    if path is None and config.getoption("migrations_update_baseline", False):
        raise pytest.UsageError("--migrations-update-baseline: name the file as well, --migrations-baseline=FILE")
    return path


def _roles(words: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for word in words for name in word.split(",") if name)


def _assignments(config: pytest.Config, ini: str) -> dict[str, str]:
    assignments = {}
    for line in config.getini(ini) or ():
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise pytest.UsageError(f"ini {ini}: {line!r} is not of the form: name = value")
        assignments[name.strip()] = value.strip()
    return assignments


def _timeout(value: str | None, named: str) -> float | None:
    if value in (None, ""):
        return _DEFAULT_TIMEOUT
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_TIMEOUT:
        raise pytest.UsageError(f"{named}: {value!r} is not a number of seconds")
    return seconds or None


def _rows(value: str | None, named: str) -> int:
    if value in (None, ""):
        return _DEFAULT_ROWS
    rows = int(value) if value.isdecimal() and len(value) <= len(str(_MOST_ROWS)) else -1
    if not 0 <= rows <= _MOST_ROWS:
        raise pytest.UsageError(f"{named}: {value!r} is not a number of rows, from 0 (none) to {_MOST_ROWS}")
    return rows


def _seeds(config: pytest.Config, named: str, folders: int) -> Path | None:
    path = next(iter(_paths(config, "seeds")), None)
    if path is None:
        return None
    path = Path(os.path.normpath(path))
    if not path.is_dir():
        what = "is no folder" if path.exists() else "does not exist"
        raise pytest.UsageError(f"{named}: {path} {what}")
    if folders > 1:
        raise pytest.UsageError(
            f"{named} names the seeds of one folder of migrations, and there are {folders}: "
            "put a folder named seeds into each instead, or prove each in a run of its own"
        )
    return path


def _column_order(value: str | None, named: str) -> bool:
    if value not in (None, "", "report", "strict"):
        raise pytest.UsageError(f"{named}: {value!r} is neither report nor strict")
    return value == "strict"
