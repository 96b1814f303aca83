"""Leads a walker to one version after another."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_migrations.timeline.random_walk.fault import RowsInTheWayError
from pytest_migrations.timeline.random_walk.path import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_migrations.timeline.random_walk.path import Ways
    from pytest_migrations.timeline.random_walk.walker import Walker


class Guide:
    """Sends one walker after another, as rows that are in the way of a migration are no fault of the path."""

    def __init__(self, ways: Ways, begin: Callable[[int], Walker], start: int) -> None:
        #: How many steps were taken, how often rows have come, and how often they were in the way.
        self.steps = 0
        self.puts = 0
        self.obstacles = 0
        self._ways = ways
        self._begin = begin
        self._walker = begin(start)

    def close(self) -> None:
        self.puts += self._walker.path.steps.count(Step.PUT)
        self._walker.close()

    def goals(self) -> Sequence[int]:
        return self._ways.reached_from(self._at)

    def go(self, version: int, *, rows: bool) -> None:
        """Put rows in, or do not, and go there."""
        if rows:
            self._take(Step.PUT)
        while self._at > version:
            self._take(Step.DOWN)
        while self._at < version:
            with self._passing(self._at):
                self._take(Step.UP)

    def through(self, top: int, *, rows: bool) -> None:
        """Go up there, each migration twice, so that what a rollback leaves meets all that comes later.

        With rows that are put in at each version, and from the top, or from where no way leads back, down once more: so
        they meet all later migrations and rollbacks.
        """
        looks = rows or not self._ways.can(Step.PUT, top)  # at those that the migrations put in, if at any
        low = self._at
        while (at := self._at) < top:
            comes_back = self._ways.can(Step.DOWN, at + 1)
            if looks and not comes_back:
                self.go(low, rows=rows)
                self.go(at, rows=False)
            elif rows:
                self._take(Step.PUT)
            with self._passing(at, low):
                self._take(Step.UP, looks=looks)
                if comes_back:
                    self._take(Step.DOWN, looks=False)  # that comes later
                    self._take(Step.UP, looks=looks)
            if not comes_back or not self._walker.path.steps:
                low = self._at
        if looks:
            self.go(low, rows=rows)
            if low:  # else nothing is left that could matter further up
                self.go(top, rows=False)

    @contextmanager
    def _passing(self, at: int, low: int | None = None) -> Iterator[None]:
        """Where rows are in the way of the next migration, another walker goes on behind it.

        The one that met them goes down to where it began to put them in, if it can.
        """
        try:
            yield
        except RowsInTheWayError:
            self.obstacles += 1
            if low is not None and self._walker.stands_as_before():
                self.go(low, rows=False)
            self.close()
            self._walker = self._begin(at + 1)

    @property
    def _at(self) -> int:
        return self._walker.at

    def _take(self, step: Step, *, looks: bool = True) -> None:
        if step is not Step.PUT or self._ways.can(step, self._at):
            self.steps += 1
            self._walker.take(step, looks=looks)
