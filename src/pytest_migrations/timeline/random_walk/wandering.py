"""Goes along one path after another until one leads to a fault."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.server.databases import DatabaseInUse
from pytest_migrations.timeline.random_walk.fault import AstrayError, Fault, RowsInTheWayError
from pytest_migrations.timeline.random_walk.guide import Guide
from pytest_migrations.timeline.random_walk.machine import draw_paths
from pytest_migrations.timeline.random_walk.path import Path, Step, Ways
from pytest_migrations.timeline.random_walk.shortening import shortest
from pytest_migrations.timeline.random_walk.straight_way import CannotGoError, StraightWay
from pytest_migrations.timeline.random_walk.walker import Walker

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_migrations.migration import History
    from pytest_migrations.timeline.terms import Terms
    from pytest_migrations.timeline.timeline import Servers

#: Behind this nobody is sent anywhere at random, and no path is made shorter for longer.
_MOST_SECONDS = 30.0
#: At random there are as many as migrations, for a short history so many.
_LEAST_STEPS = 40


@dataclass(frozen=True)
class Wandered:
    """What came of it: how many paths were gone, of how many steps, and what went wrong, told the shortest way."""

    paths: int = 0
    steps: int = 0
    seconds: float = 0.0
    fault: Fault | None = None
    #: How often rows were put in.
    puts: int = 0
    #: Whether they were to be, and no table ever took any.
    is_bare: bool = False


class _EnoughError(Exception):
    """There were enough steps, or the time for them is over."""


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
    """Go the straight way, then the whole history up and down, and then along paths at random.

    ``barred`` are the indexes of migrations that only the straight way crosses; ``rows`` are put into a table at once.
    ``isolated`` says that the history changes what all databases of a server share.

    :raises CannotGoError: where something else than the history is in the way.
    :raises TouchesClusterError: where the history was not known to change what all databases share.
    :raises UserError: when the server was lost.
    """
    ways = Ways(history, barred, rows=rows > 0)
    if not ways.parts():
        return Wandered()
    straight_way = StraightWay(history, servers, terms, isolated=isolated)
    try:
        straight_way.go()
        return _Wanderer(straight_way, ways, rows, strict_column_order).wander()
    except DatabaseInUse as error:  # by somebody who watches a given server
        raise CannotGoError(str(error)) from error
    except MigrationError as error:
        raise CannotGoError(f"what was applied once does not apply again: {error.headline}") from error
    except psycopg.Error as error:
        raise UserError(f"The history could not be gone up and down: {error}") from error
    finally:
        straight_way.close()


class _Wanderer:
    """Sends guides out, and counts what they go."""

    def __init__(self, straight_way: StraightWay, ways: Ways, rows: int, strict_column_order: bool) -> None:
        self._straight_way = straight_way
        self._ways = ways
        self._filler = Filler(rows)
        self._strict_column_order = strict_column_order
        self._guides: list[Guide] = []
        self._started = time.monotonic()
        #: How many steps there are to be at most, once they are drawn.
        self._most = 0

    def wander(self) -> Wandered:
        fault = None
        try:
            self._go_systematically()
            least = 0 if self._straight_way.isolated else _LEAST_STEPS  # there each path takes a server
            self._most = self._steps + max(least, len(self._straight_way.history))
            draw_paths([at for part in self._ways.parts() for at in part], self._guide, self._go_on)
        except _EnoughError:
            pass
        except AstrayError as astray:
            fault = self._shortened(astray.fault)
        puts = sum(guide.puts for guide in self._guides)
        is_bare = not puts and self._ways.can(Step.PUT, 0) and self._straight_way.has_tables
        seconds = time.monotonic() - self._started
        return Wandered(len(self._guides), self._steps, seconds, fault, puts, is_bare)

    def _go_systematically(self) -> None:
        """With rows; without them too, where they were in the way of a migration."""
        parts = self._ways.parts()
        has_rows = self._ways.can(Step.PUT, 0)
        for rows in (True, False) if has_rows else (False,):
            for part in parts:
                with closing(self._guide(part.start)) as guide:
                    guide.through(part.stop - 1, rows=rows)
            if not any(guide.obstacles for guide in self._guides):
                break

    def _guide(self, start: int) -> Guide:
        self._guides.append(Guide(self._ways, self._walker, start))
        return self._guides[-1]

    def _go_on(self) -> None:
        if self._steps >= self._most or time.monotonic() - self._started > _MOST_SECONDS:
            raise _EnoughError

    @property
    def _steps(self) -> int:
        return sum(guide.steps for guide in self._guides)

    def _walker(self, start: int) -> Walker:
        return Walker(self._straight_way, start, self._filler, strict_column_order=self._strict_column_order)

    def _shortened(self, fault: Fault) -> Fault:
        faults = {fault.path: fault}
        ends = time.monotonic() + _MOST_SECONDS

        def attempt(path: Path) -> Path | None:
            found = self._fault_of(path, ends)
            if found is None:
                return None
            faults[found.path] = found
            return found.path

        found = faults[shortest(fault.path, attempt, self._ways.lead)]
        return replace(found, is_shortest=time.monotonic() < ends)

    def _fault_of(self, path: Path, ends: float) -> Fault | None:
        """What goes wrong on a path, gone on a database of its own; nothing, where the time for that is over."""
        if time.monotonic() > ends:
            return None
        walker = self._walker(path.start)
        try:
            for step in path.steps:
                walker.take(step)
                if time.monotonic() > ends:
                    break
        except AstrayError as astray:
            return astray.fault
        except RowsInTheWayError:
            pass
        finally:
            walker.close()
        return None
