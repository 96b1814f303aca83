"""Goes along one path after another until one leads to a fault."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.server.databases import DatabaseInUse
from pytest_migrations.timeline.random_walk.course import Course
from pytest_migrations.timeline.random_walk.fault import AstrayError, Fault
from pytest_migrations.timeline.random_walk.ground import CannotGoError, Ground
from pytest_migrations.timeline.random_walk.machine import draw_paths
from pytest_migrations.timeline.random_walk.path import Path, Step, shortest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_migrations.migration import History
    from pytest_migrations.timeline.terms import Terms
    from pytest_migrations.timeline.timeline import Servers

#: No new path is begun behind this: so that a history of which each migration takes long does not take the day.
_LEAST_SECONDS = 30.0
_STRAIGHT_WAYS = 3


class _Effort(NamedTuple):
    paths: int
    #: Of one path.
    moves: int
    #: To make a path shorter that leads to a fault.
    attempts: int


@dataclass(frozen=True)
class Wandered:
    """What came of it: how many paths were gone, of how many steps, and what went wrong, told the shortest way."""

    paths: int = 0
    steps: int = 0
    seconds: float = 0.0
    fault: Fault | None = None


class _EnoughError(Exception):
    """The time for new paths is over."""


def wander(
    history: History,
    servers: Servers,
    terms: Terms,
    *,
    isolated: bool,
    barred: Collection[int],
    rows: int,
    strict_column_order: bool = False,
) -> Wandered:
    """Go the straight way, and then along paths at random.

    ``barred`` are the indexes of migrations that only the straight way crosses; ``rows`` are put into a table at once.
    ``isolated`` says that the history changes what all databases of a server share.

    :raises CannotGoError: where something else than the history is in the way.
    :raises TouchesClusterError: where the history was not known to change what all databases share.
    :raises UserError: when the server was lost.
    """
    starts = _starts(history, barred)
    if not starts:
        return Wandered()
    ground = Ground(history, servers, terms, isolated=isolated)
    try:
        ground.lay()
        return _Wanderer(ground, starts, frozenset(barred), rows, strict_column_order).wander()
    except DatabaseInUse as error:  # by somebody who watches a given server
        raise CannotGoError(str(error)) from error
    except MigrationError as error:
        raise CannotGoError(f"what was applied once does not apply again: {error.headline}") from error
    except psycopg.Error as error:
        raise UserError(f"The history could not be gone up and down: {error}") from error
    finally:
        ground.close()


def _starts(history: History, barred: Collection[int]) -> list[int]:
    """The versions from which a migration can be rolled back, or applied and then rolled back; the highest first."""
    ways = [index for index, each in enumerate(history.migrations) if each.down is not None and index not in barred]
    return sorted({*ways, *(index + 1 for index in ways)}, reverse=True)


def _effort(ground: Ground) -> _Effort:
    if ground.isolated:  # a server for each path, which goes the whole way to its start
        return _Effort(paths=4, moves=8, attempts=30)
    return _Effort(paths=min(10 + len(ground.history) // 100, 30), moves=14, attempts=150)


class _Wanderer:
    """Counts what is gone, and begins each path."""

    def __init__(
        self, ground: Ground, starts: Sequence[int], barred: frozenset[int], rows: int, strict_column_order: bool
    ) -> None:
        self.history = ground.history
        self._barred = barred
        self.rows = rows
        self.steps = 0
        self._ground = ground
        self._starts = starts
        self._strict_column_order = strict_column_order
        self._effort = _effort(ground)
        self._paths = 0
        self._started = time.monotonic()

    def wander(self) -> Wandered:
        fault = None
        try:
            draw_paths(self._starts, self._begin, paths=self._effort.paths, moves=self._effort.moves)
        except _EnoughError:
            pass
        except AstrayError as astray:
            fault = self._shortened(astray.fault)
        return Wandered(self._paths, self.steps, time.monotonic() - self._started, fault)

    def _begin(self, start: int) -> _Drawn:
        if time.monotonic() - self._started > max(_LEAST_SECONDS, _STRAIGHT_WAYS * self._ground.seconds):
            raise _EnoughError
        self._paths += 1
        return _Drawn(self, self._course(start))

    def _course(self, start: int) -> Course:
        return Course(self._ground, start, rows=self.rows, strict_column_order=self._strict_column_order)

    def _shortened(self, fault: Fault) -> Fault:
        faults = {fault.path: fault}

        def attempt(path: Path) -> Path | None:
            found = self._fault_of(path)
            if found is None:
                return None
            faults[found.path] = found
            return found.path

        return faults[shortest(fault.path, attempt, self._effort.attempts, is_possible=self._is_possible)]

    def possible(self, at: int) -> list[Step]:
        """What can be done where so many migrations are applied."""
        migrations = self.history.migrations
        down = [Step.DOWN] if at > 0 and migrations[at - 1].down is not None and at - 1 not in self._barred else []
        up = [Step.UP] if at < len(migrations) and at not in self._barred else []
        return [*down, *up, *([Step.PUT] if self.rows else [])]

    def _is_possible(self, path: Path) -> bool:
        within = range(len(self.history) + 1)
        return all(at in within and step in self.possible(at) for at, step in path.positions())

    def _fault_of(self, path: Path) -> Fault | None:
        """What goes wrong on a path, gone on a database of its own."""
        course = self._course(path.start)
        try:
            for step in path.steps:
                course.take(step)
        except AstrayError as astray:
            return astray.fault
        finally:
            course.close()
        return None


class _Drawn:
    """A path that is being drawn."""

    def __init__(self, wanderer: _Wanderer, course: Course) -> None:
        self._wanderer = wanderer
        self._course = course
        self._last: Step | None = None
        self._direction = Step.DOWN

    def choices(self) -> list[Step]:
        """What can be done next. The first one each time: the whole way down and up, with rows at each version."""
        at, migrations = self._course.path.end, self._wanderer.history.migrations
        possible = self._wanderer.possible(at)
        other = Step.UP if self._direction is Step.DOWN else Step.DOWN  # more likely: to and fro, not round a place
        choices = [step for step in (Step.PUT, self._direction, other, other) if step in possible]
        if self._last is Step.PUT and len(choices) > 1:  # not twice
            choices.remove(Step.PUT)
        if Step.UP in possible and migrations[at].down is None:  # from where a path does not come back: seldom, then
            choices += [step for step in choices if step is not Step.UP] * 2
        return choices or [Step.PUT]

    def take(self, step: Step) -> None:
        self._wanderer.steps += 1
        self._last = step
        self._direction = self._direction if step is Step.PUT else step
        self._course.take(step)

    def close(self) -> None:
        self._course.close()
