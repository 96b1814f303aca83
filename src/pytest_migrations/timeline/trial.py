"""Rolls a migration back and applies it again, and compares the schema after each step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.difference import Comparison, compare
from pytest_migrations.catalog.respelling import settle
from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from pytest_migrations.failure import MigrationError
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.timeline.isolation import refuse_cluster_changes
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.migration import Migration
    from pytest_migrations.runner import Ran, Runner


@dataclass(frozen=True)
class States:
    """The schema before a migration and after it, and whether snapshots look at the whole cluster.

    ``counted`` is False where the server's counters may not tell what the migration writes.
    """

    before: Snapshot
    after: Snapshot
    cluster: bool
    counted: bool = True


@dataclass(frozen=True)
class Trial:
    """What came of a rollback and of applying again; None is what could not be tried."""

    rolled_back: Ran | MigrationError
    roundtrip: Comparison | None = None
    reapplied: Ran | MigrationError | None = None
    reapply: Comparison | None = None

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to report, so that nothing needs to be confirmed."""
        compared = (self.roundtrip, self.reapply)
        return all(comparison is not None and comparison.equal for comparison in compared)


def try_inside(runner: Runner, migration: Migration, states: States) -> Trial | None:
    """Try it in one transaction of which nothing is kept; the database must be in the state after the migration.

    None when a statement of the migration cannot run inside a transaction.
    """
    connection = runner.connection
    connection.execute(b"BEGIN")
    try:
        trial = _try(migration, states, connection, runner.rollback_inside, runner.apply_inside)
    except NeedsCommitsError:
        return None
    else:
        if not states.cluster and connection.info.transaction_status == TransactionStatus.INTRANS:
            refuse_cluster_changes(connection)
        return trial
    finally:
        leave_transaction(connection)


def try_for_good(runner: Runner, migration: Migration, states: States) -> Trial:
    """Try it with real commits, on a database that is thrown away afterwards.

    Where the server has other databases, the runner's guard raises before it commits a change of what they share.
    """
    return _try(migration, states, runner.connection, runner.rollback, runner.apply)


def try_on_clone(runner: Runner, migration: Migration, states: States, inside: Trial | None) -> Trial:
    """Try it with real commits on a clone, which has not the settings, privileges and comment of the original database.

    What the trial ``inside`` a transaction has said of those stays as it was said.
    """
    trial = try_for_good(runner, migration, states)
    return replace(
        trial,
        roundtrip=_with_database_of(inside.roundtrip if inside else None, trial.roundtrip),
        reapply=_with_database_of(inside.reapply if inside else None, trial.reapply),
    )


#: What CREATE DATABASE does not copy from its template (PostgreSQL docs, CREATE DATABASE, Notes).
NOT_CLONED = ("database", "database setting")


def _with_database_of(inside: Comparison | None, on_clone: Comparison | None) -> Comparison | None:
    if on_clone is None:
        return None
    said = [d for d in inside.differences if d.kind in NOT_CLONED] if inside is not None else []
    found = [d for d in on_clone.differences if d.kind not in NOT_CLONED]
    return replace(on_clone, differences=(*found, *said))


def _try(
    migration: Migration,
    states: States,
    connection: psycopg.Connection,
    rollback: Callable[[Migration], Ran],
    apply: Callable[[Migration], Ran],
) -> Trial:
    try:
        rolled_back = rollback(migration)
    except MigrationError as error:
        return Trial(error)
    roundtrip = _compare(connection, states.before, states)
    try:
        reapplied = apply(migration)
    except MigrationError as error:
        return Trial(rolled_back, roundtrip, error)
    return Trial(rolled_back, roundtrip, reapplied, _compare(connection, states.after, states))


def _compare(connection: psycopg.Connection, expected: Snapshot, states: States) -> Comparison:
    actual = take_snapshot(connection, cluster=states.cluster, since=states.after if states.counted else None)
    comparison = compare(expected, actual)
    if comparison.equal:
        return comparison
    with connection.transaction():
        return settle(connection, comparison, actual)
