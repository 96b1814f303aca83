"""Asks the hooks of ``hookspecs.py``; what one of them raises is told with its place, without our frames."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy
import pytest

from pytest_migrations.checks import CHECKS
from pytest_migrations.errors import Place, UserError, display_path, path_from, without_passwords
from pytest_migrations.formats import Format
from pytest_migrations.timeline.terms import SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import psycopg

    from pytest_migrations.formats import Folder
    from pytest_migrations.migration import Migration
    from pytest_migrations.timeline.terms import Inspection

_T = TypeVar("_T")
_ASKED_ONCE = re.compile(r"def (pytest_migrations_(?:formats|checks))\b")
_CHECK_NAME = re.compile(r"[A-Za-z_][\w-]*")
_NO_SKIP = "A hook cannot skip. Let it return, or raise what is wrong."
#: The code between a hook and the one who calls it.
_BETWEEN = (Path(pluggy.__file__).parent, Path(__file__).parent, Path(pytest.__file__).parent.parent / "_pytest")


class Hooks:
    """What conftests and other plugins add to a run. Each method raises UserError where a hook fails."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._hook = config.hook
        #: The functions that were there when a hook was asked for all that the run will ever hear of it.
        self._asked: dict[str, list[pluggy.HookImpl]] = {}

    def preparation(self) -> Callable[[psycopg.Connection[Any], Path], None] | None:
        """What makes a fresh database ready; None as long as nobody wants to."""
        return self._prepare if self._hook.pytest_migrations_prepare.get_hookimpls() else None

    def _prepare(self, connection: psycopg.Connection[Any], folder: Path) -> None:
        with blaming("hook pytest_migrations_prepare"):
            self._hook.pytest_migrations_prepare(connection=connection, folder=folder)

    def rows(self) -> Callable[[psycopg.Connection[Any], Migration], None] | None:
        """What puts rows in before a migration is tried on them; None as long as nobody wants to.

        It is given a session in the transaction of the trial. Raises EndedTransactionError where that was ended.
        """
        return self._put_rows_in if self._hook.pytest_migrations_rows.get_hookimpls() else None

    def _put_rows_in(self, connection: psycopg.Connection[Any], migration: Migration) -> None:
        from pytest_migrations.lent import lend_inside  # noqa: PLC0415 (brings the driver)

        hook = "hook pytest_migrations_rows"
        with blaming(hook), lend_inside(connection, f"the {hook}") as lent:
            self._hook.pytest_migrations_rows(connection=lent, migration=migration)

    def leave_out(self, kind: str, name: str) -> bool:
        with blaming("hook pytest_migrations_leave_out"):
            return bool(self._hook.pytest_migrations_leave_out(kind=kind, name=name))

    def formats(self) -> list[Format]:
        hook = "pytest_migrations_formats"
        with blaming(f"hook {hook}"):
            added = [known for formats in self._ask_once(hook) for known in formats]
        for known in added:
            if not isinstance(known, Format):
                raise UserError(f"the hook {hook} gave {known!r}, which is no pytest_migrations.formats.Format")
        return [
            replace(
                known,
                evidence=_blamed(known, known.evidence),
                read=_blamed(known, known.read),
            )
            for known in added
        ]

    def inspections(self) -> dict[str, Inspection]:
        hook = "pytest_migrations_checks"
        with blaming(f"hook {hook}"):
            given = self._ask_once(hook)
        for checks in given:
            if not isinstance(checks, Mapping):
                raise UserError(f"the hook {hook} gave {checks!r}, which is no dict of names and functions")
        inspections: dict[str, Inspection] = {}
        for name, function in (pair for checks in given for pair in checks.items()):
            if not _CHECK_NAME.fullmatch(name) or name in CHECKS or name in inspections:
                raise UserError(
                    f"the hook {hook} names a check {name!r}, which is taken, or not made of letters, digits, _ and -. "
                    "Call it something else."
                )
            _check_signature(hook, name, function)
            inspections[name] = _catching(function)
        return inspections

    def _ask_once(self, hook: str) -> list[Any]:
        caller = getattr(self._hook, hook)
        self._asked[hook] = caller.get_hookimpls()
        return list(caller())

    def unasked(self) -> Iterator[tuple[str, str]]:
        """What came when its hook had been asked: each function's file, seen from rootdir, and what to say of it."""
        for hook, asked in self._asked.items():
            for late in getattr(self._hook, hook).get_hookimpls():
                if late not in asked:
                    code = inspect.unwrap(late.function).__code__
                    path = Path(code.co_filename)
                    told = _too_late(f"{display_path(path)}:{code.co_firstlineno}", hook)
                    yield path_from(self._config.rootpath, path), told


def not_loaded(config: pytest.Config, folders: Iterable[Path]) -> Iterator[str]:
    """What to say of hooks in a conftest.py of a folder of migrations, or above it, that pytest has not loaded yet."""
    for folder in folders:
        for above in (folder, *folder.parents):
            path = above / "conftest.py"
            if config.rootpath in path.parents and path.is_file() and not config.pluginmanager.has_plugin(str(path)):
                for number, line in enumerate(path.read_text("utf-8", "replace").split("\n"), 1):
                    if hook := _ASKED_ONCE.match(line):
                        yield _too_late(f"{display_path(path)}:{number}", hook[1])


def _too_late(place: str, hook: str) -> str:
    return (
        f"{place}: the hook {hook} comes too late: it is asked when the migrations are read, and pytest had not loaded "
        "it by then. Move it to the conftest.py in rootdir, or into a plugin that -p names."
    )


def _check_signature(hook: str, name: str, function: object) -> None:
    takes = "a function of (migration, connection)"
    if not callable(function) or inspect.iscoroutinefunction(function):
        what = "is async, and would never be awaited" if callable(function) else "is none"
        raise UserError(f"the hook {hook} gives for the check {name!r} what {what}: it takes {takes}.")
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        raise UserError(f"the hook {hook} gives for the check {name!r} no {takes[2:]}: {error}.") from None


def _blamed(known: Format, function: Callable[[Folder], _T]) -> Callable[[Folder], _T]:
    def call(folder: Folder) -> _T:
        with blaming(f"format {known.name}"):
            return function(folder)

    return call


def _catching(function: Callable[[Migration, psycopg.Connection[Any]], None]) -> Inspection:
    def inspection(migration: Migration, connection: psycopg.Connection[Any]) -> BaseException | None:
        try:
            function(migration, connection)
        except (KeyboardInterrupt, SystemExit, pytest.exit.Exception):
            raise
        except pytest.skip.Exception as skipped:
            return SkippedError(str(skipped))
        except BaseException as error:  # noqa: BLE001 (pytest.fail among them)
            return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
        return None

    return inspection


@contextmanager
def blaming(whose: str, file: str = "") -> Iterator[None]:
    """``whose`` is "hook ..." or "format ..."; it stands in ``file``, or is the first code that is not ours."""
    try:
        yield
    except (UserError, pytest.UsageError, pytest.exit.Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 (it is anybody's code; pytest.fail and pytest.skip are among them)
        is_said = isinstance(error, pytest.fail.Exception) and str(error)
        what = without_passwords(str(error) if is_said else f"{type(error).__name__}: {error}".rstrip(": "))
        remedy = f"\n\n{_NO_SKIP}" if isinstance(error, pytest.skip.Exception) else ""
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if not any(Path(frame.filename).is_relative_to(folder) for folder in _BETWEEN)
        ]
        theirs = [frame for frame in frames if frame.filename == (file or frames[0].filename)]
        if not theirs or theirs[-1].lineno is None or not Path(theirs[-1].filename).is_file():
            raise UserError(f"the {whose} failed: {what}{remedy}") from None
        path, line = Path(theirs[-1].filename), theirs[-1].lineno
        source = path.read_text("utf-8")
        place = Place(path, line, source.split("\n")[line - 1].find(theirs[-1].line or "") + 1, source)
        raise UserError(f"{place}: the {whose} failed: {what}\n\n{place.excerpt()}{remedy}") from None
