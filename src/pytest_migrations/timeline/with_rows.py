"""Tries a migration and its rollback on tables with rows in them, as they are in production."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.failure import MigrationError
from pytest_migrations.rows.image import kept, read_image, whole
from pytest_migrations.rows.reading import read_tables
from pytest_migrations.rows.sought import sought_by
from pytest_migrations.rows.touching import locked, may_touch_others, named_in, tables_among
from pytest_migrations.runner import CLEAN_SESSION, Ran, Runner
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.timeline.watching_rows import RowsWatch
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from pytest_migrations.errors import UserError
    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.rows.filling import Filled, Filler
    from pytest_migrations.rows.losses import Loss
    from pytest_migrations.rows.table import Table
    from pytest_migrations.timeline.culprits import Culprit
    from pytest_migrations.timeline.terms import PutRowsIn

#: unique_violation and exclusion_violation (PostgreSQL docs, Appendix A): rows are in each other's way.
_MEET = ("23505", "23P01")
#: Other values for rows that meet those of the migration.
_SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class WithRows:
    """What came of a migration on tables with rows.

    ``rows`` has for each table that it touches how many rows were put in, ``empty`` why none could be.
    """

    applied: Ran | MigrationError
    #: None where there is no rollback, or nothing to roll back.
    rolled_back: Ran | MigrationError | None = None
    #: Whether all rows were as before behind the rollback.
    is_same: bool = True
    losses: tuple[Loss, ...] = ()
    culprits: tuple[Culprit, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    #: What was said of seeds that do not run, and what is to be known of others.
    failed_seeds: tuple[UserError, ...] = ()
    notes: tuple[str, ...] = ()
    #: Why what was found was not tried again with real commits; empty where it was or need not be.
    unconfirmed: str = ""

    @property
    def is_clean(self) -> bool:
        return self.is_same and not any(isinstance(ran, MigrationError) for ran in (self.applied, self.rolled_back))

    @property
    def idle(self) -> tuple[Statement, ...]:
        """The statements of the migration that were to change rows and found none to change.

        Those of its rollback may be about rows that can only come behind it.
        """
        return self.applied.idle if isinstance(self.applied, Ran) else ()


@dataclass(frozen=True)
class Untried:
    """It could not be tried on tables with rows, and why; that is an ``error`` where the user has to mend something."""

    why: str
    error: UserError | None = None


@dataclass
class Rows:
    """How rows get into the tables that a migration touches; it learns from each trial which these are."""

    migration: Migration
    filler: Filler
    #: What puts the user's own in beside them.
    put_more_in: PutRowsIn
    seed: int = 0
    oids: set[int] = field(default_factory=set)

    def put_in(self, connection: psycopg.Connection) -> PutIn:
        """Put rows into the tables, in the open transaction."""
        tables, asked = read_tables(connection, names=named_in(self.migration), oids=self.oids)
        # What it looks for it may also bring itself.
        sought = sought_by(self.migration) if self.seed == 0 else {}
        filled = self.filler.fill(connection, tables, seed=self.seed, sought=sought)
        self.put_more_in(connection, self.migration)
        return PutIn(tables, asked, filled)

    def has_learned(self, connection: psycopg.Connection, touched: set[int], tables: Mapping[int, Table]) -> bool:
        """Whether tables were touched that had been given no rows; behind the end of the transaction."""
        missed = tables_among(connection, touched - tables.keys())
        self.oids |= missed
        return bool(missed)


@dataclass(frozen=True)
class PutIn:
    tables: Mapping[int, Table]
    asked: set[int]
    filled: Filled

    @property
    def rows(self) -> dict[str, int]:
        return {self.tables[oid].shown: count for oid, count in sorted(self.filled.rows.items()) if oid in self.asked}

    @property
    def empty(self) -> dict[str, str]:
        """Of what never holds a row there is nothing to prove."""
        return {
            self.tables[oid].shown: why
            for oid, why in self.filled.empty.items()
            if oid in self.asked and not self.tables[oid].cannot
        }


def try_with_rows(runner: Runner, rows: Rows) -> WithRows | None:
    """Try it in transactions of which nothing is kept; the database must be in the state before the migration.

    None when a statement of the migration cannot run inside a transaction.
    """
    connection = runner.connection
    reaches_further = may_touch_others(rows.migration)
    while True:
        connection.execute(b"BEGIN")
        touched = set[int]()
        try:
            put_in = rows.put_in(connection)
            if not put_in.tables and not reaches_further:
                return WithRows(Ran(0, 0.0))
            tried = _try(runner, rows.migration, put_in, touched if reaches_further else None)
        except NeedsCommitsError:
            return None
        finally:
            leave_transaction(connection)
        if isinstance(tried.applied, MigrationError) and tried.applied.sqlstate in _MEET and rows.seed < _SEEDS[-1]:
            rows.seed += 1
        elif not touched or not rows.has_learned(connection, touched, put_in.tables):
            return tried


def _try(runner: Runner, migration: Migration, put_in: PutIn, touched: set[int] | None) -> WithRows:
    before = read_image(runner.connection, columns := kept(put_in.tables))
    rolled_back: Ran | MigrationError | None = None
    try:
        applied: Ran | MigrationError = runner.apply_inside(migration)
    except MigrationError as error:
        return WithRows(error, rows=put_in.rows, empty=put_in.empty)
    is_same = True
    if migration.down is not None:
        try:
            rolled_back = runner.rollback_inside(migration)
        except MigrationError as error:
            rolled_back = error
        else:
            is_same = read_image(runner.connection, columns) == before
    if touched is not None and not isinstance(rolled_back, MigrationError):
        touched |= locked(runner.connection)
    return WithRows(applied, rolled_back, is_same=is_same, rows=put_in.rows, empty=put_in.empty)


def look_closer(
    connection: psycopg.Connection,
    rows: Rows,
    *,
    inside: bool,
    timeout: float | None,
    guard: Callable[[], None] | None = None,
) -> WithRows:
    """Try it once more and see which statement does what to the rows.

    With real commits, on a database that is thrown away afterwards, or ``inside`` a transaction of which nothing is
    kept.

    :raises NeedsCommitsError: when a statement of the migration cannot run inside.
    """
    connection.execute(b"BEGIN; " + CLEAN_SESSION)
    try:
        put_in = rows.put_in(connection)
        if not inside:
            connection.execute(b"COMMIT")
        watch = RowsWatch(connection, whole(put_in.tables), named_in(rows.migration))
        runner = Runner(connection, timeout=timeout, guard=guard, after_statement=watch.look)
        apply, roll_back = (runner.apply_inside, runner.rollback_inside) if inside else (runner.apply, runner.rollback)
        return _watched(apply, roll_back, rows.migration, put_in, watch)
    finally:
        leave_transaction(connection)


def _watched(
    apply: Callable[[Migration], Ran],
    roll_back: Callable[[Migration], Ran],
    migration: Migration,
    put_in: PutIn,
    watch: RowsWatch,
) -> WithRows:
    try:
        applied = apply(migration)
    except MigrationError as error:
        return WithRows(error, rows=put_in.rows, empty=put_in.empty)
    rolled_back: Ran | MigrationError | None = None
    losses: tuple[Loss, ...] = ()
    culprits: tuple[Culprit, ...] = ()
    if migration.down is not None:
        watch.rollback_begins()
        try:
            rolled_back = roll_back(migration)
        except MigrationError as error:
            rolled_back = error
        else:
            losses, culprits = watch.losses()
    return WithRows(
        applied,
        rolled_back,
        is_same=not losses,
        losses=losses,
        culprits=culprits,
        rows=put_in.rows,
        empty=put_in.empty,
    )
