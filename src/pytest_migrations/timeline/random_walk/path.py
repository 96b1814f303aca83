"""Ways through a history, up and down, and how they become shorter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.migration import History, Migration


class Step(Enum):
    """What is done next, with the number of migrations that it goes up."""

    UP = "up"
    DOWN = "down"
    #: Rows are put into the tables that there are.
    PUT = "put"

    @property
    def rise(self) -> int:
        return {Step.UP: 1, Step.DOWN: -1, Step.PUT: 0}[self]


@dataclass(frozen=True)
class Path:
    """Begins where the first ``start`` migrations are applied, one after another, and nothing else was done."""

    start: int
    steps: tuple[Step, ...] = ()

    @property
    def end(self) -> int:
        """How many migrations are applied in the end."""
        return self.start + sum(step.rise for step in self.steps)

    @property
    def puts(self) -> int:
        return self.steps.count(Step.PUT)

    def then(self, step: Step) -> Path:
        return Path(self.start, (*self.steps, step))

    def without_rows(self) -> Path:
        return Path(self.start, tuple(step for step in self.steps if step is not Step.PUT))

    def crossed(self, history: History) -> list[Migration]:
        """The migration that each step up or down is about, in order."""
        return [
            history.migrations[at if step is Step.UP else at - 1]
            for at, step in self.positions()
            if step is not Step.PUT
        ]

    def shorter(self) -> Iterator[Path]:
        """Shorter paths that end at the same version: without what comes first, then without any steps on end.

        Each in turn from the shortest path to the longest. They may lead where nobody can go.
        """
        count = len(self.steps)
        for length in range(count - 1, 0, -1):
            yield self._without(0, length)
        for length in range(count - 1, 0, -1):
            for first in range(1, count - length + 1):
                yield self._without(first, length)

    def _without(self, first: int, length: int) -> Path:
        """Without so many steps, beginning where those would have led."""
        left_out = self.steps[first : first + length]
        return Path(self.start + sum(step.rise for step in left_out), self.steps[:first] + self.steps[first + length :])

    def positions(self) -> Iterator[tuple[int, Step]]:
        """Each step, and how many migrations are applied before it."""
        at = self.start
        for step in self.steps:
            yield at, step
            at += step.rise


def lines_of(path: Path, history: History, rows: int) -> list[str]:
    """The path for a reader, each step with its migration; ``rows`` are put into a table at once."""
    migrations = history.migrations
    start = f"start at {migrations[path.start - 1].name}" if path.start else f"start before {migrations[0].name}"
    crossed = iter(path.crossed(history))
    put = f"put in {rows} row{'' if rows == 1 else 's'} a table"
    return [start, *(put if step is Step.PUT else f"{step.value:<4}  {next(crossed).name}" for step in path.steps)]


def shortest(
    path: Path, attempt: Callable[[Path], Path | None], most: int, *, is_possible: Callable[[Path], bool]
) -> Path:
    """The path from which no step can be left out, as far as at most so many attempts tell.

    ``attempt`` goes along a path, and gives the part of it that it took to go wrong once more, if it did.
    """
    tried = {path}
    while len(tried) <= most:
        for shorter in path.shorter():
            if shorter in tried or not is_possible(shorter):
                continue
            tried.add(shorter)
            failed = attempt(shorter)
            if failed is not None and len(failed.steps) < len(path.steps):
                path = failed
                break
            if len(tried) > most:
                return path
        else:
            return path
    return path
