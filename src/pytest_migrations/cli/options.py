"""The options that several commands share, as the one thing that they name together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from pytest_migrations.cli import output
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_migrations.migration import History
    from pytest_migrations.operations.target import Target

_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class FolderOptions:
    """Where the migrations are."""

    path: Path
    format: str | None
    placeholders: Mapping[str, str]
    #: Whether they were asked for with the command, and not for whatever folders a project has.
    are_for_it: bool = False

    def history(self, *, warn: bool = True) -> History:
        """Read them, and warn of what is wrong with the folder. Raises UserError where they cannot be read."""
        from pytest_migrations.formats.detection import FORMATS, read_history  # noqa: PLC0415 (what --help need not load)
        from pytest_migrations.formats.reading.placeholders import refuse_unused  # noqa: PLC0415 (likewise)

        history = read_history(self.path, self.format, self.placeholders)
        if self.placeholders and self.are_for_it:
            if not FORMATS[history.format].has_placeholders:
                raise UserError(f"--placeholder: migrations in the format {history.format!r} have none. Leave it out.")
            refuse_unused(history, self.placeholders)
        for problem in history.problems if warn else ():
            output.error(f"warning: {problem.message}")
        for item in history.in_code if warn else ():
            output.error(f"warning: {item.name} is not SQL: only the migrations' own tool ({history.format}) runs it.")
        return history


def folder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--dir``, ``--format`` and ``--placeholder``: the command gets ``folder``, FolderOptions."""

    @click.option(
        "--dir", "path", metavar="DIR", default="migrations", show_default=True, help="The migrations' folder."
    )
    @click.option("--format", metavar="NAME", help="Its format, where that cannot be detected (goose, flyway, ...).")
    @click.option("--placeholder", "placeholders", metavar="NAME=VALUE", multiple=True, help="A placeholder's value.")
    @wraps(command)
    def with_folder(*, path: str, format: str | None, placeholders: tuple[str, ...], **others: Any) -> Any:  # noqa: A002 (click's)
        source = click.get_current_context().get_parameter_source("placeholders")
        values = dict(map(_assignment, placeholders))
        folder = FolderOptions(Path(path).absolute(), format or None, values, source is ParameterSource.COMMANDLINE)
        return command(folder=folder, **others)

    return with_folder


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--dsn`` and ``--ledger``: the command gets ``target``, a Target."""

    @click.option("--dsn", envvar="DATABASE_URL", metavar="DSN", help="The database; else DATABASE_URL.")
    @click.option("--ledger", metavar="SCHEMA.TABLE", help="Where it keeps the ledger.")
    @wraps(command)
    def with_target(*, dsn: str | None, ledger: str | None, **others: Any) -> Any:
        return command(target=named_target(dsn, ledger), **others)

    return with_target


def named_target(dsn: str | None, ledger: str | None = None) -> Target:
    """The database that a DSN names, which is not shown: it may hold a password."""
    from pytest_migrations.operations.target import Target  # noqa: PLC0415 (brings the driver)

    if dsn is None or not dsn.strip():
        raise click.UsageError(
            "No database is named. Name one with --dsn postgresql://user@host/database, with DATABASE_URL, or as dsn "
            "in [tool.pytest-migrations] of pyproject.toml."
        )
    return Target.named(dsn, ledger)


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--lock-timeout`` and ``--statement-timeout``: the command gets ``limits``, Limits."""

    @click.option(
        "--lock-timeout", type=Duration(), default="5s", show_default=True, help="The longest to wait for a lock."
    )
    @click.option("--statement-timeout", type=Duration(), default="0", help="The longest that a statement may take.")
    @wraps(command)
    def with_limits(*, lock_timeout: float, statement_timeout: float, **others: Any) -> Any:
        from pytest_migrations.operations.session import Limits  # noqa: PLC0415 (brings the driver)

        return command(limits=Limits(lock_timeout, statement_timeout), **others)

    return with_limits


def backups_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--backups``: the command gets ``backups``, the folder that they are in."""
    return click.option(
        "--backups",
        metavar="DIR",
        type=click.Path(path_type=Path),
        default="backups",
        show_default=True,
        help="The folder of the backups.",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--json``: the command gets ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


class Duration(click.ParamType[float]):
    """A time as PostgreSQL's settings take it, in seconds where there is no unit: 5s, 500ms, 2min, 0 for ever."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h|)", str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no time. Say 500ms, 5s or 2min; 0 is for ever.", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--placeholder={text}: say NAME=VALUE")
    return name, value
