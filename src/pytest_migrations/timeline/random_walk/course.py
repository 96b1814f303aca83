"""A database on its way along a path, compared after each step with what the straight way gives."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.catalog.difference import Comparison, compare
from pytest_migrations.catalog.respelling import settle
from pytest_migrations.deadline import deadline
from pytest_migrations.failure import MigrationError
from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.losses.contents import contents
from pytest_migrations.rows.losses.losses import losses
from pytest_migrations.rows.losses.moments import Span, moment
from pytest_migrations.rows.reading import tables_of
from pytest_migrations.runner import CLEAN_SESSION
from pytest_migrations.timeline.isolation import TouchesClusterError, refuse_cluster_changes
from pytest_migrations.timeline.random_walk.fault import AstrayError, Fault
from pytest_migrations.timeline.random_walk.ground import is_counted
from pytest_migrations.timeline.random_walk.path import Path, Step
from pytest_migrations.timeline.renewal import renewed
from pytest_migrations.timeline.trial import NOT_CLONED

if TYPE_CHECKING:
    from pytest_migrations.catalog.snapshot import Snapshot
    from pytest_migrations.migration import Migration
    from pytest_migrations.rows.losses.contents import Rows
    from pytest_migrations.rows.losses.loss import Loss
    from pytest_migrations.timeline.random_walk.ground import Ground

#: The rows of all tables, by their names; None of those with too many.
Image = dict[str, "Rows | None"]


class Course:
    """Stands at the end of ``path``; each step may raise AstrayError, and with that the course is over.

    ``close`` drops the database.
    """

    def __init__(self, ground: Ground, start: int, *, rows: int, strict_column_order: bool = False) -> None:
        self.path = Path(start)
        self._ground = ground
        self._rows = rows
        self._strict_column_order = strict_column_order
        self._begin()

    def _begin(self) -> None:
        self._place, self._connection = self._ground.at(self.path.start)
        self._filler = Filler(self._rows)
        self._begun = moment(self._connection)
        #: What the schema is now, and the rows, where it is known.
        self._snapshot: Snapshot | None = None
        self._image: Image | None = None
        #: The rows as they were when this version was left upwards, with none below it visited since.
        self._left: dict[int, Image] = {}

    def close(self) -> None:
        self._connection.close()
        self._ground.end(self._place)

    def take(self, step: Step) -> None:
        """Do it, and look at what came of it.

        :raises AstrayError: when something is wrong that would not be on the straight way.
        """
        {Step.UP: self._up, Step.DOWN: self._down, Step.PUT: self._put}[step]()

    def _up(self) -> None:
        migration = self._ground.history.migrations[self.path.end]
        self._left[self.path.end] = self._read_image()
        path = self.path.then(Step.UP)
        try:
            self._run(migration, Step.UP)
        except MigrationError as error:
            if not path.puts:
                raise AstrayError(Fault(path, error=error)) from None
            self._start_again(path.without_rows())
            return
        self._arrive(path)

    def _down(self) -> None:
        migration = self._ground.history.migrations[self.path.end - 1]
        path = self.path.then(Step.DOWN)
        try:
            self._run(migration, Step.DOWN)
        except MigrationError as error:
            raise AstrayError(Fault(path, error=error)) from None
        self._left = {version: image for version, image in self._left.items() if version <= path.end}
        self._arrive(path)
        if path.end in self._left and (losses := self._losses(self._left[path.end], self._read_image())):
            raise AstrayError(Fault(path, losses=losses))

    def _put(self) -> None:
        """Put rows in, unless that changes the schema: what a trigger does is no step of the path."""
        connection = self._connection
        connection.execute(CLEAN_SESSION)
        before = self._read_image()
        with suppress(psycopg.Error), deadline(self._ground.terms.timeout, partial(_cancel, connection)):
            if self._snapshot is None:
                self._snapshot = self._ground.snapshot(connection)
            with connection.transaction() as transaction:
                tables = tables_of(connection)
                filled = self._filler.fill(connection, tables, seed=self.path.puts)
                after = contents(connection, tables.values())
                if (
                    not any(filled.rows.values())
                    or compare(self._snapshot, self._ground.snapshot(connection, self._snapshot)).differences
                    or self._changes_cluster()
                ):
                    raise psycopg.Rollback(transaction)
                self._image = after
            if self._image is not before:
                by_triggers = self._differing(before, self._image)  # what was there is as they want it
                self._left = {
                    version: {name: rows for name, rows in image.items() if name not in by_triggers}
                    for version, image in self._left.items()
                }
                self.path = self.path.then(Step.PUT)
                return
        self._image = before

    def _changes_cluster(self) -> bool:
        if not self._ground.isolated:
            try:
                refuse_cluster_changes(self._connection)
            except TouchesClusterError:
                return True
        return False

    def _start_again(self, path: Path) -> None:
        """Stand at the end of a path on another database: rows were in the way, and that is no fault of the path."""
        self.close()
        self.path = Path(path.start)
        self._begin()
        for step in path.steps:
            self.take(step)

    def _run(self, migration: Migration, step: Step) -> None:
        """Run the script and note the schema behind it.

        What the counters cannot tell is read as a whole.
        """
        taken: list[Snapshot] = []
        since = self._snapshot if is_counted(migration) else None
        runner = self._ground.runner(self._connection)
        run = runner.apply if step is Step.UP else runner.rollback
        run(migration, look=lambda: taken.append(self._ground.snapshot(self._connection, since)))
        self._snapshot, self._image = taken[-1], None
        server, database = self._place
        self._connection = renewed(self._connection, migration, partial(server.connect, database))

    def _arrive(self, path: Path) -> None:
        self.path = path
        assert self._snapshot is not None
        comparison = compare(self._ground.expected[path.end], self._snapshot)
        if not self._ground.isolated:
            told = tuple(each for each in comparison.differences if each.kind not in NOT_CLONED)
            comparison = replace(comparison, differences=told)
        if not self._is_wrong(comparison):
            return
        self._connection.execute(CLEAN_SESSION)
        with self._connection.transaction():
            comparison = settle(self._connection, comparison, self._snapshot)
        if self._is_wrong(comparison):
            raise AstrayError(Fault(path, comparison))

    def _is_wrong(self, comparison: Comparison) -> bool:
        return not comparison.equal or (self._strict_column_order and bool(comparison.column_order))

    def _losses(self, before: Image, after: Image) -> tuple[Loss, ...]:
        """What of the rows is no longer as it was; there may be others beside them."""
        return tuple(loss for found in self._differing(before, after).values() for loss in found)

    def _differing(self, before: Image, after: Image) -> dict[str, list[Loss]]:
        """The same by the names of tables."""
        span = Span(self._begun, moment(self._connection))
        found = {
            name: [loss for loss in losses(rows, now, span) if loss.change != "left behind"]
            for name, rows in before.items()
            if rows is not None and (now := after.get(name, replace(rows, rows=None))) is not None
        }
        return {name: lost for name, lost in found.items() if lost}

    def _read_image(self) -> Image:
        if self._image is None:
            self._connection.execute(CLEAN_SESSION)
            with self._connection.transaction():
                self._image = contents(self._connection, tables_of(self._connection).values())
        return self._image


def _cancel(connection: psycopg.Connection) -> None:
    with suppress(psycopg.Error):
        connection.cancel()
