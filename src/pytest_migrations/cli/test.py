"""``pytest-migrations test``: the checks of the pytest plugin, on the folder that the command line knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_migrations.cli import FINDINGS, INTERRUPTED, NOT_TRIED
from pytest_migrations.cli.options import FolderOptions, folder_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class _Interruption:
    """A plugin that sees Ctrl-C: pytest's exit code is the same where a test module cannot be imported."""

    seen = False

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.seen = excinfo.type is KeyboardInterrupt  # what that module raises is a kind of it


@click.command(short_help="Prove the migrations with pytest.", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGUMENTS]...")
@click.option("--server", metavar="SERVER", help="Where: auto, embedded, docker, or the DSN of a server of tests.")
@folder_options
def command(folder: FolderOptions, arguments: tuple[str, ...], server: str | None) -> int:
    """Prove that each migration applies, rolls back, leaves the schema as it was, and applies again.

    This runs pytest on the migrations, in databases of its own; no other database is touched. All arguments of pytest
    can be given: -k roundtrip, -x, -n 4, migrations/007_grants.sql.
    """
    import pytest  # noqa: PLC0415 (no other command needs it)

    if not folder.path.is_dir():
        folder.history(warn=False)  # which says so in the words of the command line
    interruption = _Interruption()
    code = pytest.main([*_options(folder, server), *_default(folder, arguments), *arguments], plugins=[interruption])
    if interruption.seen:
        return INTERRUPTED
    return {pytest.ExitCode.OK: 0, pytest.ExitCode.TESTS_FAILED: FINDINGS}.get(pytest.ExitCode(code), NOT_TRIED)


def _options(folder: FolderOptions, server: str | None) -> Iterator[str]:
    yield f"--migrations-dir={folder.path}"
    if folder.format:
        yield f"--migrations-format={folder.format}"
    if server:
        yield f"--migrations-server={server}"
    if folder.placeholders:
        lines = "\n".join(f"{name}={value}" for name, value in folder.placeholders.items())
        yield f"--override-ini=migrations_placeholders={lines}"


def _default(folder: FolderOptions, arguments: tuple[str, ...]) -> list[str]:
    """The folder, where the user names nothing to run: all else that pytest would find there is not asked for."""
    paths = (argument.partition("::")[0] for argument in arguments if not argument.startswith("-"))
    return [] if any(Path(path).exists() for path in paths) else [str(folder.path)]
