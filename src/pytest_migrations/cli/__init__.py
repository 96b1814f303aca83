"""The command line ``pytest-migrations``: what users type, and the exit codes that they get.

0: fine. 1: findings, or a migration that failed. 2: it could not be tried (usage, DSN, connection, rights, a lock that
somebody else holds). 130: interrupted.
"""

from __future__ import annotations

import gc
import io
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pytest_migrations.cli.configuration import configured
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FINDINGS = 1
NOT_TRIED = 2
INTERRUPTED = 130

#: Every command there is, in the order of ``--help``. A new one is one module of its name here, with a ``command``.
_COMMANDS = (
    "new",
    "validate",
    "test",
    "status",
    "run",
    "rollback",
    "mark",
    "baseline",
    "repair",
    "backups",
    "restore",
    "explain",
)


class _Commands(click.Group):
    """Loads a command when it is called: each brings libraries that the others have no use for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's)
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(message="%(prog)s %(version)s", package_name="pytest-migrations")
@click.pass_context
def _group(ctx: click.Context) -> None:
    """Run PostgreSQL migrations on real databases, told beforehand what would break, with a way back.

    Which database and which folder: --dsn or DATABASE_URL, and --dir; or [tool.pytest-migrations] in pyproject.toml.
    """
    ctx.default_map = dict.fromkeys(_COMMANDS, configured())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit. No error of a user's doing ends in a traceback."""
    gc.set_threshold(50_000)  # what is read stays to the end: to sift it often is a tenth of `validate`
    with _terminated_as_interrupted():
        code = _run(arguments)
    sys.exit(code)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM, by which orchestrators end what takes too long, do what Ctrl-C does: end in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: Sequence[str] | None) -> int:
    from pytest_migrations.cli import output  # noqa: PLC0415 (what --version need not load)
    from pytest_migrations.server.hiding import hide_in_dsns  # noqa: PLC0415

    try:
        code: Any = _group.main(arguments, prog_name="pytest-migrations", standalone_mode=False)
    except click.Abort:
        output.error("Interrupted. How far it came: pytest-migrations status")
        return INTERRUPTED
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        click.echo(hide_in_dsns(told.getvalue()), err=True, nl=False)  # a DSN may stand where it does not belong
        return error.exit_code
    except UserError as error:
        output.error(str(error))
        if code := getattr(error, "sqlstate", None):
            output.error(f"More: pytest-migrations explain {code}")
        return FINDINGS if error.is_verdict else NOT_TRIED
    except Exception:  # noqa: BLE001 (the last resort)
        from importlib.metadata import version  # noqa: PLC0415 (what only a mistake of ours needs)

        output.error(f"This is a mistake of pytest-migrations {version('pytest-migrations')}, please report it:")
        output.error(traceback.format_exc())
        return NOT_TRIED
    return code if isinstance(code, int) and code else NOT_TRIED if output.is_lost() else 0
