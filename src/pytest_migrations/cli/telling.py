"""Tells what a run is doing: lines for people, with a bar in a terminal, or JSON at its end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_migrations.cli import output
from pytest_migrations.errors import UserError
from pytest_migrations.operations.applying import Waiting
from pytest_migrations.operations.rolling_back import RolledBack, RollingBack
from pytest_migrations.operations.running import Applied, Applying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID

    from pytest_migrations.migration import Migration

    Event = Applying | Applied | RollingBack | RolledBack | Waiting


@contextmanager
def telling(total: int, *, as_json: bool) -> Iterator[Callable[[Event], None]]:
    """What is to be told of each event of a run of ``total`` migrations; its end is told behind the block."""
    teller: _Lines | _Data = _Data() if as_json else _Lines(total)
    try:
        with teller.bar():
            yield teller.tell
    except UserError as error:
        teller.fail(error)
        raise
    teller.end()


class _Lines:
    def __init__(self, total: int) -> None:
        self._total = total
        self._seconds = 0.0
        self._verb = "applied"
        self._last: Migration | None = None
        self._done = 0
        self._progress: tuple[Progress, TaskID] | None = None

    @contextmanager
    def bar(self) -> Iterator[None]:
        if not output.in_terminal() or self._total < 2:
            yield
            return
        from rich.progress import Progress  # noqa: PLC0415 (only a terminal needs it)

        with Progress(transient=True) as progress:
            self._progress = progress, progress.add_task("", total=self._total)
            yield

    def tell(self, event: Event) -> None:
        if isinstance(event, Applying | RollingBack):
            if self._progress:
                progress, task = self._progress
                progress.update(task, description=event.migration.name)
            return
        if isinstance(event, Waiting):
            who = f" {event.blocker}" if event.blocker else ""
            self._print(f"wait       {event.migration.name}: a lock is held.{who} Trying again in {event.seconds:g} s.")
            return
        self._last = event.migration
        self._done += 1
        self._seconds += event.entry.seconds or 0.0
        verb = "apply   " if isinstance(event, Applied) else "rollback"
        self._verb = "applied" if isinstance(event, Applied) else "rolled back"
        self._print(f"{verb}   {event.migration.name}   {output.took(event.entry.seconds or 0.0)}")
        if isinstance(event, Applied) and event.migration.down is None and event.entry.rollback_note:
            self._print(f"           {event.entry.rollback_note}")
        if self._progress:
            progress, task = self._progress
            progress.advance(task)

    def _print(self, text: str) -> None:
        if self._progress:
            self._progress[0].console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            output.line(text)

    def fail(self, _: UserError) -> None:
        if self._done:
            output.line(f"{self._done} {self._verb} before the failure, which stay so.")

    def end(self) -> None:
        if self._last is None:
            output.line("Nothing to do: all migrations are applied.")
        elif self._verb == "applied":
            back = f"pytest-migrations rollback {self._last.name}"
            output.line(f"Done: {self._done} applied in {output.took(self._seconds)}. Back again: {back}")
        else:
            output.line(f"Done: {self._done} rolled back in {output.took(self._seconds)}.")


class _Data:
    def __init__(self) -> None:
        self._data: dict[str, list[Any]] = {"applied": [], "rolled_back": []}

    @contextmanager
    def bar(self) -> Iterator[None]:
        yield

    def tell(self, event: Event) -> None:
        if isinstance(event, Applied | RolledBack):
            done = "applied" if isinstance(event, Applied) else "rolled_back"
            self._data[done].append({"name": event.migration.name, "seconds": event.entry.seconds})

    def fail(self, error: UserError) -> None:
        output.as_json({**self._data, "error": str(error)})

    def end(self) -> None:
        output.as_json({**self._data, "error": None})
