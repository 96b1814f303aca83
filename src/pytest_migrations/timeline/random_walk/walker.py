"""A database on its way along a path, compared after each step with what the straight way gives."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.catalog.difference import Comparison, compare
from pytest_migrations.catalog.respelling import settle
from pytest_migrations.deadline import deadline
from pytest_migrations.failure import MigrationError
from pytest_migrations.rows.losses.contents import contents
from pytest_migrations.rows.losses.losses import losses
from pytest_migrations.rows.losses.moments import Span, moment
from pytest_migrations.rows.reading import tables_of
from pytest_migrations.rows.scripts.sought import sought_by
from pytest_migrations.runner import CLEAN_SESSION
from pytest_migrations.sql.grammar import statements
from pytest_migrations.timeline.isolation import TouchesClusterError, refuse_cluster_changes
from pytest_migrations.timeline.random_walk.fault import AstrayError, Fault, RowsInTheWayError
from pytest_migrations.timeline.random_walk.path import Path, Step
from pytest_migrations.timeline.random_walk.straight_way import is_counted
from pytest_migrations.timeline.renewal import renewed
from pytest_migrations.timeline.trial import NOT_CLONED

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping

    from pytest_migrations.catalog.snapshot import Snapshot
    from pytest_migrations.migration import Migration
    from pytest_migrations.rows.filling.filler import Filler
    from pytest_migrations.rows.losses.contents import Rows
    from pytest_migrations.rows.losses.loss import Loss
    from pytest_migrations.rows.table import Table
    from pytest_migrations.timeline.random_walk.straight_way import StraightWay

#: The rows of all tables, by their names; None of those with too many.
Contents = dict[str, "Rows | None"]
#: A table that is what it was gets rows so many times: a history of hundreds must not fill it hundreds of times. But
#: those that the next migration looks for it gets.
_MOST_PUTS = 2


class Walker:
    """Stands at the end of ``path``; each step may raise AstrayError, and with that the path is over.

    ``close`` drops the database.
    """

    def __init__(
        self, straight_way: StraightWay, start: int, filler: Filler, *, strict_column_order: bool = False
    ) -> None:
        self.path = Path(start)
        #: Where it ends.
        self.at = start
        self._straight_way = straight_way
        self._filler = filler
        self._strict_column_order = strict_column_order
        self._site, self._connection = straight_way.at(start)
        self._begun = moment(self._connection)
        #: What the schema is now, and the rows, where it is known.
        self._snapshot: Snapshot | None = None
        self._contents: Contents | None = None
        #: The rows as they were when this version was left upwards, with none below it visited since.
        self._left: dict[int, Contents] = {}
        #: How often each table has got rows; of one whose triggers act nobody knows where they went.
        self._filled: Counter[Table] = Counter()
        #: Those whose triggers let nobody put rows in.
        self._left_out: set[Table] = set()
        #: The migrations that were applied since rows were put in.
        self._applied: set[int] = set()

    def close(self) -> None:
        self._connection.close()
        self._straight_way.end(self._site)

    def take(self, step: Step, *, looks: bool = True) -> None:
        """Do it, and look at what came of it; at the rows, only if it ``looks``.

        :raises AstrayError: when something is wrong that would not be on the straight way.
        :raises RowsInTheWayError: when a migration does not apply on rows that were put in.
        """
        if step is Step.UP:
            self._up(looks=looks)
        elif step is Step.DOWN:
            self._down(looks=looks)
        else:
            self._put()

    def stands_as_before(self) -> bool:
        """Whether the step that failed has left nothing, so that others can be taken from here."""
        version, self._contents = self.at, None
        try:
            self._snapshot = self._straight_way.snapshot(self._connection)
            is_as_before = self._compared(version).equal and self._read_contents() == self._left[version]
        except psycopg.Error:
            return False
        return is_as_before

    def _up(self, *, looks: bool) -> None:
        version = self.at
        if looks and (self._contents is not None or version not in self._left):
            self._left[version] = self._read_contents()
        path = self.path.then(Step.UP)
        try:
            self._run(self._straight_way.history.migrations[version], Step.UP)
        except MigrationError as error:
            if Step.PUT in self.path.steps and version not in self._applied:
                raise RowsInTheWayError from error
            raise AstrayError(Fault(path, error=error)) from None
        self._applied.add(version)
        self._arrive(path, version + 1)

    def _down(self, *, looks: bool) -> None:
        version = self.at - 1
        path = self.path.then(Step.DOWN)
        try:
            self._run(self._straight_way.history.migrations[version], Step.DOWN)
        except MigrationError as error:
            raise AstrayError(Fault(path, error=error)) from None
        self._left.pop(version + 1, None)
        self._arrive(path, version)
        if looks and version in self._left and (lost := self._losses(self._left[version], self._read_contents())):
            raise AstrayError(Fault(path, losses=lost))

    def _put(self) -> None:
        self._connection.execute(CLEAN_SESSION)
        tables = self._straight_way.backfilled[self.at].within(tables_of(self._connection))
        acting = [table for table in tables.values() if table.acts]
        before = self._read_contents() if acting else None
        come = self._fill(tables, watched=bool(acting))
        if acting and not come:
            self._left_out.update(acting)
            come = self._fill(tables, watched=True)
        if come:
            self.path = self.path.then(Step.PUT)
            self._applied.clear()
            self._left.pop(self.at, None)
            self._contents = None
            if before is not None:
                self._leave_to_triggers(self._differing(before, self._read_contents()))

    def _fill(self, tables: Mapping[int, Table], *, watched: bool) -> bool:
        """Put rows in for good; whether any came, within the time for it.

        None do where the schema is ``watched`` and changes: what a trigger does is no step of the path.
        """
        connection, come = self._connection, False
        if watched and self._snapshot is None:
            self._snapshot = self._straight_way.snapshot(connection)
        following = self._straight_way.history.migrations[self.at : self.at + 1]
        sought = sought_by((each for next_ in following for each in statements(next_.up)), tables.values())
        full = {oid: 0 for oid, table in tables.items() if self._takes_no_more(table, sought)}
        seed = self.path.steps.count(Step.PUT)
        with suppress(psycopg.Error), deadline(self._straight_way.terms.timeout, partial(_cancel, connection)):
            with connection.transaction() as transaction:
                filled = self._filler.fill(connection, tables, seed=seed, sought=sought, most=full)
                come = any(filled.rows.values()) and not (watched and self._schema_is_changed())
                if not come:
                    raise psycopg.Rollback(transaction)
            if come:
                self._filled.update(tables[oid] for oid, rows in filled.rows.items() if rows or tables[oid].acts)
            return come
        return False

    def _takes_no_more(self, table: Table, sought: Container[str]) -> bool:
        had_its_turns = self._filled[table] >= _MOST_PUTS and table.bare_name not in sought
        return had_its_turns or table in self._left_out or table.bare_name in self._straight_way.archives

    def _schema_is_changed(self) -> bool:
        assert self._snapshot is not None
        if compare(self._snapshot, self._straight_way.snapshot(self._connection, self._snapshot)).differences:
            return True
        if not self._straight_way.isolated:
            try:
                refuse_cluster_changes(self._connection)
            except TouchesClusterError:
                return True
        return False

    def _leave_to_triggers(self, tables: Collection[str]) -> None:
        """Say no more of the rows that some tables had: they are as triggers want them."""
        self._left = {
            version: {name: rows for name, rows in left.items() if name not in tables}
            for version, left in self._left.items()
        }

    def _run(self, migration: Migration, step: Step) -> None:
        """Run the script and note the schema behind it.

        What the counters cannot tell is read as a whole.
        """
        taken: list[Snapshot] = []
        since = self._snapshot if is_counted(migration) else None
        runner = self._straight_way.runner(self._connection)
        run = runner.apply if step is Step.UP else runner.rollback
        run(migration, look=lambda: taken.append(self._straight_way.snapshot(self._connection, since)))
        self._snapshot, self._contents = taken[-1], None
        server, database = self._site
        self._connection = renewed(self._connection, migration, partial(server.connect, database))

    def _arrive(self, path: Path, version: int) -> None:
        self.path, self.at = path, version
        comparison = self._compared(version)
        if not self._is_wrong(comparison):
            return
        self._connection.execute(CLEAN_SESSION)
        assert self._snapshot is not None
        with self._connection.transaction():
            comparison = settle(self._connection, comparison, self._snapshot)
        if self._is_wrong(comparison):
            raise AstrayError(Fault(path, comparison))

    def _compared(self, version: int) -> Comparison:
        assert self._snapshot is not None
        comparison = compare(self._straight_way.expected[version], self._snapshot)
        if self._straight_way.isolated:
            return comparison
        told = tuple(each for each in comparison.differences if each.kind not in NOT_CLONED)
        return replace(comparison, differences=told)

    def _is_wrong(self, comparison: Comparison) -> bool:
        return not comparison.equal or (self._strict_column_order and bool(comparison.column_order))

    def _losses(self, before: Contents, after: Contents) -> tuple[Loss, ...]:
        """What of the rows is no longer as it was; there may be others beside them."""
        return tuple(loss for found in self._differing(before, after).values() for loss in found)

    def _differing(self, before: Contents, after: Contents) -> dict[str, list[Loss]]:
        """The same by the names of tables."""
        span = Span(self._begun, moment(self._connection))
        found = {
            name: [loss for loss in losses(rows, now, span) if loss.change != "left behind"]
            for name, rows in before.items()
            if rows is not None and (now := after.get(name, replace(rows, rows=None))) is not None
        }
        return {name: lost for name, lost in found.items() if lost}

    def _read_contents(self) -> Contents:
        if self._contents is None:
            self._connection.execute(CLEAN_SESSION)
            with self._connection.transaction():
                self._contents = contents(self._connection, tables_of(self._connection).values())
        return self._contents


def _cancel(connection: psycopg.Connection) -> None:
    with suppress(psycopg.Error):
        connection.cancel()
