"""On which database a migration is tried on tables with rows: the walk's, or one that follows it with seeds."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pytest_migrations.errors import UserError
from pytest_migrations.lent import EndedTransactionError
from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.scripts.backfills import Backfills
from pytest_migrations.server.databases import DatabaseInUse
from pytest_migrations.sql.framing import NOT_IN_A_TRANSACTION
from pytest_migrations.timeline.elsewhere import UnavailableError, clone_of
from pytest_migrations.timeline.isolation import refuse_cluster_changes
from pytest_migrations.timeline.positions import may_move, read_positions, restore_positions
from pytest_migrations.timeline.proof import ROWS, Untried, WithRows
from pytest_migrations.timeline.putting_in import Rows
from pytest_migrations.timeline.seeded import Seeded
from pytest_migrations.timeline.with_rows import look_closer, try_with_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import psycopg

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.terms import Terms
    from pytest_migrations.timeline.timeline import Servers

#: A connection, and what guards its commits.
Guarded = tuple["psycopg.Connection", "Callable[[], None] | None"]


class Ground(Protocol):
    """A database that stands before a migration; where it ``is_shaken``, it may hold what nobody was to keep."""

    is_shaken: bool

    @property
    def connection(self) -> psycopg.Connection: ...

    def nothing_kept(self, migration: Migration | None, *, with_rows: bool) -> AbstractContextManager[None]:
        """Begin in a clean session, and put back what PostgreSQL does not roll back.

        ``migration`` is what will run, ``with_rows`` that rows will be put in; without one it can be anything.
        """

    def elsewhere(self) -> AbstractContextManager[Guarded]:
        """Another database in the same state, where things are kept and thrown away.

        :raises UnavailableError: where there is none to be had.
        """


def try_on(ground: Ground, rows: Rows, timeout: float | None) -> WithRows | Untried:
    """What comes of a migration on tables with rows; what is not clean is tried again with real commits."""
    # What a user's hook does nobody knows.
    with ground.nothing_kept(rows.migration if rows.put_more_in is None else None, with_rows=True):
        try:
            return _try_on(ground, rows, timeout)
        except UserError as error:  # of code of the user's
            ground.is_shaken |= isinstance(error, EndedTransactionError)
            return Untried(str(error), error)


def _try_on(ground: Ground, rows: Rows, timeout: float | None) -> WithRows | Untried:
    tried = try_with_rows(ground.connection, rows, timeout)
    # Of a table that takes no row, another session may see it otherwise: PL/pgSQL remembers the types of before.
    if tried is not None and tried.is_clean and not tried.empty:
        return look_closer(ground.connection, rows, inside=True, timeout=timeout) if tried.is_one_way else tried
    if tried is not None and (why := _no_use(tried, ground)):
        return replace(tried, unconfirmed=f"not confirmed with real commits: {why}")
    if tried is None or (tried.failure and tried.failure.sqlstate in NOT_IN_A_TRANSACTION):
        rows.take_all(ground.connection)
    try:
        return _but_for_triggers(partial(_look_elsewhere, ground, rows, timeout))
    except UnavailableError as error:
        why = f"not confirmed with real commits: {error}"
    if tried is None:
        return Untried(why)
    if tried.is_clean:
        return tried
    inside = _but_for_triggers(partial(look_closer, ground.connection, rows, inside=True, timeout=timeout))
    return replace(inside, unconfirmed=why)


def _look_elsewhere(ground: Ground, rows: Rows, timeout: float | None, **options: Any) -> WithRows:
    while True:
        with ground.elsewhere() as (connection, guard):
            closer = look_closer(connection, rows, inside=False, timeout=timeout, guard=guard, **options)
        if not rows.give_way(closer.failure):
            return closer


def _but_for_triggers(look: Callable[..., WithRows]) -> WithRows:
    """What it is to ``look``; that a trigger has noted when the trial ran is no loss.

    It was one where rows are the same without triggers: what a script sets to a moment is lost without them, too.
    """
    seen = look()
    if seen.are_moments and look(without_triggers=True).is_clean:
        return replace(seen, is_same=True, losses=(), culprits=())
    return seen


def _no_use(tried: WithRows, ground: Ground) -> str:
    """Why it is of no use to try it again; empty where it is."""
    if tried.failure and tried.failure.took_too_long:
        return "that would take as long once more"
    return "the connection was lost" if ground.connection.closed else ""  # perhaps a crash: nothing is what it was


class SeededGround:
    """A database with seeds; ``isolated`` says that no clone of it would do."""

    def __init__(self, server: Server, database: Database, connection: psycopg.Connection, *, isolated: bool) -> None:
        self.connection = connection
        self.is_shaken = False
        self._server = server
        self._database = database
        self._isolated = isolated

    @contextmanager
    def nothing_kept(self, migration: Migration | None, *, with_rows: bool) -> Iterator[None]:
        moves = migration is None or may_move(self.connection, migration, with_rows=with_rows)
        positions = read_positions(self.connection) if moves else {}
        yield
        if self.connection.closed:
            with self._server.connect(self._database) as connection:
                restore_positions(connection, positions)
        else:
            restore_positions(self.connection, positions)

    @contextmanager
    def elsewhere(self) -> Iterator[Guarded]:
        if self._isolated:
            raise UnavailableError("the rows of the seeds are in one database only, which has no clone")
        self.connection.close()  # a template may have no sessions
        try:
            with clone_of(self._server, self._database) as connection:
                yield connection, partial(refuse_cluster_changes, connection)
        except DatabaseInUse as error:
            self.connection = self._server.connect(self._database)
            raise UnavailableError(str(error)) from error


class Trials:
    """Tries the migrations of a history on tables with rows, where the run asks for that.

    Without a ``server`` the rows of seeds need one that is started for them alone.
    """

    def __init__(self, history: History, servers: Servers, terms: Terms, *, server: Server | None) -> None:
        self._history = history
        self._servers = servers
        self._terms = terms
        self._server = server
        self._filler = Filler(terms.rows)
        self._backfills = Backfills(history)
        self._seeded: Seeded | None = None

    def of(self, ground: Ground, index: int) -> WithRows | Untried | None:
        """What comes of the migration at ``index``, before which the ground stands; None where nobody asks."""
        migration = self._history.migrations[index]
        if not self._terms.rows or not self._terms.wanted(migration, ROWS):
            return None
        rows = Rows(migration, self._filler, self._terms.put_rows_in, self._backfills.before(index))
        if self._seeded is None and (seeds := self._terms.seeds()):
            self._seeded = Seeded(self._history, self._servers, seeds, server=self._server, timeout=self._terms.timeout)
        if self._seeded is not None and self._seeded.has_rows(index):
            return self._on_seeded(self._seeded, index, rows)
        return try_on(ground, rows, self._terms.timeout)

    def _on_seeded(self, seeded: Seeded, index: int, rows: Rows) -> WithRows | Untried:
        """The same where the rows of seeds are; a seed that failed on the way is told."""
        stand = seeded.stand_before(index)
        if stand.connection is None or stand.server is None or stand.database is None:
            return Untried(stand.why_not)
        ground = SeededGround(stand.server, stand.database, stand.connection, isolated=self._server is None)
        tried = try_on(ground, rows, self._terms.timeout)
        if ground.is_shaken:
            seeded.close()
        failed = stand.failed + seeded.failed_behind(index)
        if isinstance(tried, Untried):
            return replace(tried, failed_seeds=failed)
        return replace(tried, failed_seeds=failed, notes=stand.notes)

    def close(self) -> None:
        if self._seeded is not None:
            self._seeded.close()
