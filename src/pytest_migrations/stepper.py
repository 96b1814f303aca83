"""Goes through a history migration by migration, for tests of what one of them does to data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.runner import Runner
from pytest_migrations.timeline.isolation import TouchesClusterError, refuse_cluster_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.timeline.terms import Terms


class Stepper:
    """Stands at a version: at first ``position`` migrations are applied.

    Migrations run on ``connection``, which is in autocommit mode and yours in between. Each script begins in a clean
    session, as after DISCARD ALL.
    """

    def __init__(
        self,
        history: History,
        connection: psycopg.Connection[Any],
        *,
        position: int,
        terms: Terms,
        isolated: bool,
    ) -> None:
        self.connection = connection
        self.history = history
        #: How many migrations are applied.
        self.position = position
        self._cluster = isolated
        self._leave_out = terms.leave_out
        guard = None if isolated else partial(refuse_cluster_changes, connection)
        self._runner = Runner(connection, timeout=terms.timeout, guard=guard)

    def apply_until(self, version: str) -> None:
        """Apply migrations up to and including the one of this version (or name).

        :raises ValueError: where there is no such migration, it is applied already, or the connection is not ready.
        :raises MigrationError: where one fails.
        """
        __tracebackhide__ = True
        try:
            position = self.history.position_of(version)
        except LookupError as error:
            raise ValueError(str(error)) from None
        if position <= self.position:
            raise ValueError(f"{self.history.migrations[position - 1].name} is applied already")
        while self.position < position:
            self.apply_next()

    def apply_next(self) -> Migration:
        """Apply the next migration, and return it.

        :raises ValueError: where all are applied, or the connection is not ready.
        :raises MigrationError: where it fails.
        """
        __tracebackhide__ = True
        if self.position == len(self.history.migrations):
            raise ValueError(f"all {self.position} migrations are applied")
        migration = self.history.migrations[self.position]
        self._run(self._runner.apply, migration)
        self.position += 1
        return migration

    def rollback(self) -> Migration:
        """Roll the last applied migration back, and return it.

        :raises ValueError: where none is applied, it has no rollback, or the connection is not ready.
        :raises MigrationError: where its rollback fails.
        """
        __tracebackhide__ = True
        if self.position == 0:
            raise ValueError("no migration is applied")
        migration = self.history.migrations[self.position - 1]
        if migration.down is None:
            raise ValueError(f"{migration.name} has no rollback")
        self._run(self._runner.rollback, migration)
        self.position -= 1
        return migration

    def snapshot(self) -> Snapshot:
        """Read the schema as it is now; two snapshots are equal if pg_dump would print the same.

        What the hook pytest_migrations_leave_out names does not count. In a transaction of yours, it is what that sees.

        :raises ValueError: where that transaction has failed, or the connection is closed.
        """
        __tracebackhide__ = True
        self._check_usable()
        return take_snapshot(self.connection, cluster=self._cluster, leave_out=self._leave_out)

    def _run(self, run: Callable[[Migration], object], migration: Migration) -> None:
        __tracebackhide__ = True
        self._check_usable()
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            raise ValueError("the stepper's connection is in a transaction: commit it or roll it back first")
        if not self.connection.autocommit:
            raise ValueError("the stepper's connection is not in autocommit mode: set its autocommit to True")
        try:
            run(migration)
        except MigrationError as error:
            _raise_here(error)
        except TouchesClusterError:
            _raise_here(_hidden(migration))

    def _check_usable(self) -> None:
        __tracebackhide__ = True
        if self.connection.closed:
            raise ValueError("the stepper's connection is closed")
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            raise ValueError("the stepper's connection is in a transaction that has failed: roll it back first")


def _raise_here(error: UserError) -> NoReturn:
    """Without the frames of the runner, which say nothing about the migration."""
    __tracebackhide__ = True
    raise error.with_traceback(None) from None


def _hidden(migration: Migration) -> UserError:
    return UserError(
        f"{migration.name} changes what all databases of a server share (a role, say) by SQL that does not show it. "
        "Nothing of it was kept. Write it as a plain statement: then the stepper gets a server of its own."
    )
