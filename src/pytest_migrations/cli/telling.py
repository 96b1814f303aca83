"""Tells what a run is doing: lines for people, with a bar in a terminal, or JSON at its end."""

from __future__ import annotations

from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING, Any

from pytest_migrations.cli import output
from pytest_migrations.errors import display_path
from pytest_migrations.operations.backups.keeping import Backup
from pytest_migrations.operations.kept_rollback import own_rollback
from pytest_migrations.operations.patience import Waiting
from pytest_migrations.operations.rolling_back import RolledBack, RollingBack
from pytest_migrations.operations.running import Applied, Applying
from pytest_migrations.operations.validating import Validated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.progress import Progress, TaskID

    from pytest_migrations.migration import Migration

    Event = Validated | Backup | Applying | Applied | RollingBack | RolledBack | Waiting
    Tell = Callable[[Event], None]


@contextmanager
def telling(
    migrations: Sequence[Migration], *, as_json: bool, dry_run: Mapping[str, Any] | None = None
) -> Iterator[Tell]:
    """What is to be told of each event of a run of some migrations; its end is told behind the block.

    ``dry_run`` is what else there is to be told as JSON, where it is one.
    """
    teller: _Lines | _Data = _Data(dry_run) if as_json else _Lines(migrations, is_dry=dry_run is not None)
    try:
        with teller.bar():
            yield teller.tell
    except BaseException as error:
        teller.fail(str(error) or "interrupted")
        raise
    teller.end()


class _Lines:
    def __init__(self, migrations: Sequence[Migration], *, is_dry: bool) -> None:
        self._migrations = migrations
        self._is_dry = is_dry
        self._width = max((len(migration.name) for migration in migrations), default=0)
        self._done: list[Applied | RolledBack] = []
        self._progress: tuple[Progress, TaskID] | None = None

    @contextmanager
    def bar(self) -> Iterator[None]:
        if not output.in_terminal() or not self._migrations:
            yield
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 (for a terminal)

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, transient=True) as progress:
            self._progress = progress, progress.add_task("", total=len(self._migrations))
            yield

    def tell(self, event: Event) -> None:
        if isinstance(event, Validated):
            found = (
                f"nothing breaks, {output.count(len(event.warnings), 'warning')}" if event.warnings else "no findings"
            )
            self._print(f"validate   {output.count(event.migrations, 'migration')}, {found}")
            for warning in event.warnings:
                self._print(f"\n{warning}\n")
        elif isinstance(event, Backup):
            size = f"{output.size(event.size)}, {event.objects} objects"
            self._print(f"backup     {display_path(event.path)} ({size})")
        elif isinstance(event, Waiting):
            who = f" {event.blocker}" if event.blocker else ""
            self._print(f"wait       {event.migration.name}: a lock is held.{who} Trying again in {event.seconds:g} s.")
        elif isinstance(event, Applied | RolledBack):
            self._tell_done(event)
        elif self._progress:
            progress, task = self._progress
            progress.update(task, description=event.migration.name)

    def _tell_done(self, event: Applied | RolledBack) -> None:
        self._done.append(event)
        verb = "apply" if isinstance(event, Applied) else "rollback"
        said = event.entry.rollback_note if own_rollback(event.migration) is None else None
        note = f"   {said}" if said else ""
        took = output.took(event.entry.seconds or 0.0)
        self._print(f"{verb:<8}   {event.migration.name:<{self._width}}   {took:>8}{note}")
        if self._progress:
            progress, task = self._progress
            progress.advance(task)

    def _print(self, text: str) -> None:
        if self._progress:
            self._progress[0].console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            output.line(text)

    def fail(self, _: str) -> None:
        if self._done:
            stay = "" if self._is_dry else ", which stay so"
            output.line(f"{len(self._done)} {self._verb} before that{stay}.")

    def end(self) -> None:
        if not self._done:
            output.line("Nothing to do.")
            return
        took = output.took(sum(event.entry.seconds or 0.0 for event in self._done))
        back, last = "", self._done[-1]
        has_way_back = own_rollback(last.migration) is not None or last.entry.rollback_sql is not None
        if isinstance(last, Applied) and has_way_back and not self._is_dry:
            back = f" Back again: pytest-migrations rollback {quote(last.migration.name)}"
        output.line(f"Done: {len(self._done)} {self._verb} in {took}.{back}")

    @property
    def _verb(self) -> str:
        return "applied" if isinstance(self._done[-1], Applied) else "rolled back"


class _Data:
    def __init__(self, dry_run: Mapping[str, Any] | None) -> None:
        self._dry_run = dry_run
        self._backup: str | None = None
        self._applied: list[dict[str, Any]] = []
        self._rolled_back: list[dict[str, Any]] = []

    @contextmanager
    def bar(self) -> Iterator[None]:
        yield

    def tell(self, event: Event) -> None:
        if isinstance(event, Backup):
            self._backup = str(event.path)
        elif isinstance(event, Applied | RolledBack):
            done = self._applied if isinstance(event, Applied) else self._rolled_back
            done.append({"name": event.migration.name, "seconds": event.entry.seconds})

    def fail(self, error: str) -> None:
        self._print(error)

    def end(self) -> None:
        self._print(None)

    def _print(self, error: str | None) -> None:
        done = {"applied": self._applied, "rolled_back": self._rolled_back}
        if self._dry_run is None:
            output.as_json({"backup": self._backup, **done, "error": error})
        else:
            output.as_json({"dry_run": {**self._dry_run, **done}, "error": error})
