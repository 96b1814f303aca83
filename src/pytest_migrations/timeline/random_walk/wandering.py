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
_LEAST_SECONDS = 10.0
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
    one_way: Collection[int],
    rows: int,
    strict_column_order: bool = False,
) -> Wandered:
    """Go the straight way, and then along paths at random.

    ``one_way`` are the indexes of the migrations that are not to be rolled back, ``rows`` how many are put into a table
    at once. ``isolated`` says that the history changes what all databases of a server share.

    :raises CannotGoError: where something else than the history is in the way.
    :raises TouchesClusterError: where the history was not known to change what all databases share.
    :raises UserError: when the server was lost.
    """
    starts = where_to_start(len(history), one_way)
    if not starts:
        return Wandered()
    ground = Ground(history, servers, terms, isolated=isolated)
    try:
        ground.lay()
        return _Wanderer(ground, starts, frozenset(one_way), rows, strict_column_order).wander()
    except DatabaseInUse as error:  # by somebody who watches a given server
        raise CannotGoError(str(error)) from error
    except MigrationError as error:
        raise CannotGoError(f"what was applied once does not apply again: {error.headline}") from error
    except psycopg.Error as error:
        raise UserError(f"The history could not be gone up and down: {error}") from error
    finally:
        ground.close()


def where_to_start(migrations: int, one_way: Collection[int]) -> list[int]:
    """The versions from which a migration can be rolled back, or applied and then rolled back."""
    ways = [index for index in range(migrations) if index not in one_way]
    return sorted({*ways, *(index + 1 for index in ways)})


def _effort(ground: Ground) -> _Effort:
    if ground.isolated:  # a server for each path, which goes the whole way to its start
        return _Effort(paths=4, moves=10, attempts=30)
    return _Effort(paths=min(5 + len(ground.history) // 40, 30), moves=12, attempts=150)


class _Wanderer:
    """Counts what is gone, and begins each path."""

    def __init__(
        self, ground: Ground, starts: Sequence[int], one_way: frozenset[int], rows: int, strict_column_order: bool
    ) -> None:
        self.one_way = one_way
        self.migrations = len(ground.history)
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

        return faults[shortest(fault.path, attempt, self._effort.attempts)]

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

    def choices(self) -> list[Step]:
        """What can be done next; rows are put in once at a version."""
        at = self._course.path.end
        choices = []
        if at < self._wanderer.migrations:
            choices.append(Step.UP)
        if at > 0 and at - 1 not in self._wanderer.one_way:
            choices.append(Step.DOWN)
        if self._wanderer.rows and self._last is not Step.PUT:
            choices.append(Step.PUT)
        return choices or [Step.PUT]

    def take(self, step: Step) -> None:
        self._wanderer.steps += 1
        self._last = step
        self._course.take(step)

    def close(self) -> None:
        self._course.close()
