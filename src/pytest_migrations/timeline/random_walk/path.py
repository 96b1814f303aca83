"""Paths through a history, up and down, and where they can lead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_migrations.migration import History, Migration


class Step(Enum):
    """What is done next, with the number of migrations that it goes up."""

    UP = "up"
    DOWN = "down"
    #: Rows are put into the tables that there are.
    PUT = "put"

    @property
    def rise(self) -> int:
        return _RISES[self]


_RISES = {Step.UP: 1, Step.DOWN: -1, Step.PUT: 0}


@dataclass(frozen=True)
class Path:
    """Begins where the first ``start`` migrations are applied, one after another, and nothing else was done."""

    start: int
    steps: tuple[Step, ...] = ()

    @property
    def end(self) -> int:
        """How many migrations are applied in the end."""
        return self.start + sum(step.rise for step in self.steps)

    def then(self, step: Step) -> Path:
        return Path(self.start, (*self.steps, step))

    def crossed(self, history: History) -> list[Migration]:
        """The migration that each step up or down is about, in order."""
        return [
            history.migrations[at if step is Step.UP else at - 1]
            for at, step in self.positions()
            if step is not Step.PUT
        ]

    def positions(self) -> Iterator[tuple[int, Step]]:
        """Each step, and how many migrations are applied before it."""
        at = self.start
        for step in self.steps:
            yield at, step
            at += step.rise


class Ways:
    """Where a path can lead. Nobody crosses the migrations with the ``barred`` indexes, but on the straight way."""

    def __init__(self, history: History, barred: Collection[int], *, rows: bool) -> None:
        #: By the index of each migration.
        self._up = [index not in barred for index in range(len(history))]
        self._down = [up and each.down is not None for up, each in zip(self._up, history.migrations, strict=True)]
        self._rows = rows

    def can(self, step: Step, at: int) -> bool:
        """Whether that can be done where so many migrations are applied."""
        if step is Step.PUT:
            return self._rows
        return any(self._up[at : at + 1]) if step is Step.UP else at > 0 and self._down[at - 1]

    def lead(self, path: Path) -> bool:
        return 0 <= path.start <= len(self._up) and all(self.can(step, at) for at, step in path.positions())

    def reached_from(self, at: int) -> range:
        """The versions to which one way, up or down, leads."""
        up = len(list(takewhile(bool, self._up[at:])))
        down = len(list(takewhile(bool, reversed(self._down[:at]))))
        return range(at - down, at + up + 1)

    def parts(self) -> list[range]:
        """The parts of the history within which all can be gone up, and at least one migration down."""
        starts = [at for at in range(len(self._up)) if self._up[at] and (at == 0 or not self._up[at - 1])]
        parts = [range(start, self.reached_from(start).stop) for start in starts]
        return [part for part in parts if any(self._down[part.start : part.stop - 1])]


def lines_of(path: Path, history: History, rows: int) -> list[str]:
    """The path for a reader, each step with its migration; ``rows`` are put into a table at once."""
    migrations = history.migrations
    start = f"start at {migrations[path.start - 1].name}" if path.start else f"start before {migrations[0].name}"
    crossed = iter(path.crossed(history))
    put = f"put in {rows} row{'' if rows == 1 else 's'} a table"
    return [start, *(put if step is Step.PUT else f"{step.value:<4}  {next(crossed).name}" for step in path.steps)]
